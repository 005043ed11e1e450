from __future__ import annotations

import pytest
import yaml

from cli_place import QUICK, make_rows
from sparring.assess.system import read_system
from sparring.govern.open_questions import open_questions

INIT = ("init", "model.joblib", "data.csv", "--target", "class")


def entries(place, name="security/system.yaml"):
    return yaml.safe_load((place / name).read_text())["columns"]


def test_without_a_person_nothing_is_guessed(place):
    result = place.run(*INIT)
    assert "nobody was asked" in result.stderr
    assert {entry["who"] for entry in entries(place).values()} == {"unknown"}


def test_guesses_are_accepted_when_that_is_said(place):
    place.run(*INIT, "--yes")
    assert {name: entry["who"] for name, entry in entries(place).items()} == {
        "income": "anyone",
        "age": "nobody",
        "job": "anyone",
        "savings": "anyone",
    }


def test_edits_by_hand_survive_every_run(place):
    place.run(*INIT, "--yes")
    file = place / "security" / "system.yaml"
    text = file.read_text().replace("who: anyone, change: misstated, checked: never", "who:   us, cost: 12.5", 1)
    text = text.replace("answers:\n", "answers:  # asked the branch\n  decides: loans   # all of them\n\n")
    text = text.replace("  # senders: unknown", "  senders: 'account'  # since May\n  # note")
    text = text.replace("columns:\n", "\n# the table\ncolumns:   # by column\n")
    file.write_text(text)
    stamp = file.stat().st_mtime_ns
    for more in (("--yes",), ("--no-input",), ("--full", "--yes")):
        result = place.run(*INIT, *more)
        assert "is as it was" in result.stderr
        assert file.read_text() == text
        assert file.stat().st_mtime_ns == stamp
    assert [path.name for path in file.parent.iterdir()] == ["system.yaml"]
    known = read_system(file)
    assert known.answers.decides == "loans"
    assert known.answers.senders == "account"
    assert known.columns["income"] | {"cost": 12.5, "who": "us"} == known.columns["income"]


def test_what_is_answered_anew_changes_and_nothing_else(place):
    file = place / "security" / "system.yaml"
    file.parent.mkdir()
    text = """\
# ours

answers:
  wants: bad   # says the clerk
  # senders: unknown  (anyone | account)
columns:
  income: {who: unknown}   # who knows?
  job:
    # on the form
    who: us
"""
    file.write_text(text)
    (place / "more.yaml").write_text(
        "answers: {wants: good, senders: staff, caught: [0.4, 0.85], owners: {data: Ann}}\n"
        "columns: {income: {who: anyone, range: [500, 6000]}}\n"
    )
    result = place.run(*INIT, "--answers", "more.yaml", "--yes")
    assert "everything else in it is as it was" in result.stderr
    found = file.read_text()
    changed = [
        ("wants: bad ", "wants: good "),
        ("# senders: unknown  (anyone | account)\n", "senders: staff\n"),
        ("{who: unknown}", "{who: anyone, range: [500, 6000]}"),
    ]
    for old, new in changed:
        assert new in found
        text = text.replace(old, new)
    at = 0
    for line in text.splitlines():  # every line of before stands there, in order
        at = found.index(line, at) + len(line)
    known = read_system(file)
    assert known.answers.caught == (0.4, 0.85)
    assert known.answers.owners == {"data": "Ann"}
    assert set(known.columns) == {"income", "job", "age", "savings"}
    assert known.columns["job"] == {"who": "us"}


def test_a_file_that_cannot_be_patched_is_written_anew_beside_a_copy(place):
    file = place / "security" / "system.yaml"
    file.parent.mkdir()
    text = "answers:\n  decides: |+\n    loans\n\n\n"
    file.write_text(text)
    result = place.run(*INIT, "--yes")
    assert "system.yaml.1.bak" in result.stderr
    assert (place / "security" / "system.yaml.1.bak").read_text() == text
    known = read_system(file)
    assert known.answers.decides.strip() == "loans"
    assert known.columns["age"]["who"] == "nobody"


def test_answers_come_from_a_file_of_the_same_form(place):
    (place / "said.yaml").write_text("answers:\n  tries: 7\n  watched: yes\n  decides: unknown\n")
    place.run(*INIT, "--answers", "said.yaml", "--no-input")
    known = read_system(place / "security" / "system.yaml")
    assert (known.answers.tries, known.answers.watched, known.answers.decides) == (7, True, None)
    assert {entry["who"] for entry in known.columns.values()} == {"unknown"}


def test_columns_and_relations_come_from_a_file_of_answers(place):
    rows = make_rows(120, seed=1)
    rows["asked"] = rows["income"] - 100 * (rows["age"] % 5)
    rows.to_csv(place / "data.csv", index=False)
    (place / "said.yaml").write_text("columns: {age: {kind: carried}}\nrelations:\n  - {at_most: [asked, income]}\n")
    place.run("init", "--data", "data.csv", "--target", "class", "--answers", "said.yaml", "--no-input")
    known = read_system(place / "security" / "system.yaml")
    assert known.columns["age"]["kind"] == "carried"
    assert [relation.confirmed for relation in known.relations] == [True]
    (place / "said.yaml").write_text("relations: []\n")
    place.run("init", "--data", "data.csv", "--target", "class", "--answers", "said.yaml", "--no-input")
    assert read_system(place / "security" / "system.yaml").relations == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("answers: {senders: anyon}\n", "said.yaml:1: senders cannot be 'anyon'; did you mean 'anyone'?"),
        ("answers:\n  outside_share: 2\n", "said.yaml:2: outside_share must be a fraction from 0 to 1"),
        ("columns: {incme: {who: us}}\n", "said.yaml:1: no column 'incme'"),
        ("relations:\n  - {at_most: [income, age]}\n", "relation income <= age must hold"),
    ],
)
@pytest.mark.parametrize("before", [None, "columns: {age: {who: us}}\n"])
def test_a_bad_file_of_answers_writes_nothing(place, text, says, before):
    file = place / "security" / "system.yaml"
    if before is not None:
        file.parent.mkdir()
        file.write_text(before)
    if text is not None:
        (place / "said.yaml").write_text(text)
    assert says in place.complaint(*INIT, "--answers", "said.yaml", "--yes")
    assert (file.read_text() if file.exists() else None) == before


def test_data_and_model_tell_what_kind_they_are(place):
    result = place.run("init", "--data", "data.csv", "--target", "class", "--yes")
    assert "data: a table\n" in result.stderr
    file = place / "security" / "system.yaml"
    assert read_system(file).answers.file_format is None
    result = place.run(*INIT, "--yes")
    assert "data: a table; model: in a pickle or joblib file" in result.stderr
    assert read_system(file).answers.file_format == "pickle"
    text = file.read_text().replace("file_format: pickle", "file_format: native  # exported")
    file.write_text(text)
    assert "says file_format: native, and it looks like pickle" in place.run(*INIT, "--yes").stderr
    assert file.read_text() == text


def test_what_is_open_is_counted(place):
    result = place.run(*INIT, "--yes")
    assert "the worst plausible answer counts" in " ".join(result.stderr.split())
    assert "`sparring init --full` asks them" in " ".join(result.stderr.split())
    assert len(open_questions(read_system(place / "security" / "system.yaml").answers)) > 30


def test_everything_or_the_table_alone(place):
    assert "give one of them" in " ".join(place.run(*INIT, "--full", "--columns", code=2).stderr.split())


def test_numbers_that_are_called_categories_stay_so_from_command_to_command(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text(
        "columns:\n  age: {kind: category, who: anyone}\n  job: {who: anyone}\n"
    )
    for more in (INIT, ("init", "--data", "data.csv", "--target", "class")):
        place.run(*more, "--yes")
        assert entries(place)["age"] == {"kind": "category", "who": "anyone"}
    place.run("assess", "model.joblib", "data.csv", "--target", "class", *QUICK)
    used = yaml.safe_load((place / "sparring-out" / "columns.suggested.yaml").read_text())["columns"]["age"]
    assert (used["kind"], used["who"]) == ("category", "anyone")
    (place / "security" / "system.yaml").write_text("columns:\n  age: {kind: category, step: 1}\n")
    text = place.complaint("init", "--data", "data.csv", "--target", "class", "--yes")
    assert "system.yaml:2: column 'age' holds categories, and step is for numbers; remove it" in text


def test_a_file_made_without_a_model_serves_a_model_that_uses_fewer_columns(place):
    place.run("init", "--data", "data.csv", "--target", "class", "--yes")
    assert "customer_id" in entries(place)
    place.run("assess", "model.joblib", "data.csv", "--target", "class", *QUICK)
    before = entries(place)
    place.run(*INIT, "--yes")
    assert entries(place) == before


def test_a_new_column_joins_the_file(place):
    place.run(*INIT, "--yes")
    more = place.rows(make_rows(50, seed=0).assign(purpose=["car", "boat"] * 25))
    place.run("init", "--data", more, "--target", "class", "--yes")
    assert entries(place)["purpose"]["who"] == "anyone"


def test_a_column_that_is_gone_is_named_and_nothing_is_lost(place):
    place.run(*INIT, "--yes")
    before = (place / "security" / "system.yaml").read_text()
    less = place.rows(make_rows(50, seed=0).drop(columns="savings"))
    text = place.complaint("init", "--data", less, "--target", "class", "--yes")
    assert "security/system.yaml:" in text
    assert "'savings'" in text
    assert (place / "security" / "system.yaml").read_text() == before


def test_a_file_that_cannot_be_understood_is_left_alone(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text("columns: [1\n")
    assert "security/system.yaml:" in place.complaint(*INIT)
    assert (place / "security" / "system.yaml").read_text() == "columns: [1\n"


def test_model_and_data_or_data_alone(place):
    for args in ((), ("model.joblib",), ("model.joblib", "data.csv", "--data", "data.csv")):
        assert "give MODEL and DATA" in " ".join(place.run("init", *args, "--target", "class", code=2).stderr.split())


def test_a_place_that_cannot_be_written(place):
    (place / "file").write_text("")
    assert "cannot be written" in place.complaint(*INIT, "--file", "file/system.yaml")


def test_relations_of_the_data_are_written_down_and_bind_nobody(place):
    rows = make_rows(120, seed=1)
    rows["asked"] = rows["income"] - 100 * (rows["age"] % 5)
    rows.to_csv(place / "data.csv", index=False)
    place.run("init", "--data", "data.csv", "--target", "class", "--yes")
    file = place / "security" / "system.yaml"
    text = file.read_text()
    assert "  - {at_most: [asked, income], confirmed: false}" in text
    place.run("init", "--data", "data.csv", "--target", "class", "--yes")  # what stays open is found once
    assert file.read_text().count("at_most: [") == 2  # the comment's and its own


def test_a_relation_that_the_data_break_stops_with_one_sentence(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text("columns: {}\nrelations:\n  - {at_most: [income, age]}\n")
    for more in (INIT, ("assess", *INIT[1:], *QUICK)):
        result = place.run(*more, code=2)
        assert "relation income <= age must hold in every row of the data" in result.stderr
        assert result.stderr.count("Error") <= 1
        assert "Traceback" not in result.stderr
    assert not (place / "sparring-out").exists()
