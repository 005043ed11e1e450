from __future__ import annotations

import json

import pytest

from cli_place import QUICK
from sparring.core.document import Assessment


@pytest.fixture
def done(place):
    place.run("assess", "model.joblib", "data.csv", "--target", "class", *QUICK, "--yes", "--attacker-wants", "good")
    return place


def test_report_in_every_format_without_the_model(done, monkeypatch):
    (done / "model.joblib").unlink()
    monkeypatch.setattr("sparring.artifact.load", lambda *args, **kwargs: pytest.fail("a report loads no model"))
    assert "WHAT MISSTATED COLUMNS COULD DO" in done.run("report", "sparring-out").stdout
    assert done.run("report", "sparring-out", "--format", "markdown").stdout.startswith("#")
    assert "<html" in done.run("report", "sparring-out", "--format", "html").stdout
    found = Assessment.model_validate_json(done.run("report", "sparring-out", "--format", "json").stdout)
    assert found.complete
    assert done.run("report", "sparring-out/assessment.json").stdout == done.run("report").stdout


def test_report_into_a_file(done):
    result = done.run("report", "--format", "markdown", "-o", "report.md")
    assert (done / "report.md").read_text().startswith("#")
    assert result.stdout == ""
    assert "cannot be written" in done.complaint("report", "-o", "no/such/folder.md")


def test_whole_rows_only_when_asked_for(done):
    plain = done.run("report", "--format", "markdown").stdout
    rows = done.run("report", "--format", "markdown", "--with-rows").stdout
    assert "Personal data" in rows
    assert "Personal data" not in plain
    assert len(rows) > len(plain) + 500
    assert "savings" in rows.split("Personal data")[1]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("report", "none"), "none"),
        (("report", "sparring-out", "--format", "pdf"), "html, markdown, json, text"),
        (("report", "data.csv"), "data.csv"),
        (("report", "."), "assessment.json"),
    ],
)
def test_reports_that_cannot_be_made(place, args, says):
    assert says in place.complaint(*args)


def test_a_damaged_document_is_one_sentence(done):
    path = done / "sparring-out" / "assessment.json"
    path.write_text(path.read_text()[:500])
    assert "assessment.json" in done.complaint("report")
    path.write_text(json.dumps({"schema_version": 99}))
    assert "99" in done.complaint("report")


def test_explain_lists_and_explains_everything(place):
    from sparring import knowledge

    listed = place.run("explain").stdout
    for name, entry in knowledge.load().every().items():
        assert name in listed
        assert entry.says.split()[0] in place.run("explain", name).stdout


def test_explain_speaks_of_the_users_columns_where_there_is_a_result(done):
    text = done.run("explain", "evasion/hand-edit@columns").stdout
    assert "In your assessment" in text
    assert any(name in text for name in ("income", "job", "savings"))
    assert "In your assessment" not in done.run("explain", "evasion/hand-edit", "--folder", "none").stdout
    assert "a column of your table" in done.run("explain", "age").stdout


def test_explain_suggests_the_nearest_name(place):
    assert "did you mean 'evasion/hand-edit'" in place.complaint("explain", "evasion/hand-edti")
    assert "lists what there is" in place.complaint("explain", "qqqq")


def test_plugins_are_listed_with_where_they_come_from(place):
    text = place.run("plugins").stdout
    assert "evasion/hand-edit" in text
    assert "adapter  sklearn" in text
    entries = json.loads(place.run("plugins", "--json").stdout)
    assert {entry["group"] for entry in entries} == {"sparring.attacks", "sparring.adapters"}
    assert all(entry["reason"] is None for entry in entries), entries
