"""What a gate says, read back by the tools that read such files."""

import json

import pytest
from junitparser import Failure, JUnitXml, Skipped
from sarif.loader import load_sarif_file

from sparring.core.policy import GateReport, Standing, Verdict
from sparring.errors import OptionError
from sparring.report.gate import render_gate

VERDICTS = (
    Verdict(check="ratchet@columns", standing=Standing.PASS, text="On 200 rows 5.0% are broken now; worse by less."),
    Verdict(check="tolerance@spread", standing=Standing.FAIL, text="9 | of <10> rows & more.", cure="mend `it`"),
    Verdict(check="assessed evasion/transfer@columns", standing=Standing.WARNING, text="It was \x1b[31mnot\nassessed."),
)


def report(mode="enforce", verdicts=VERDICTS):
    return GateReport(mode=mode, folder="out", fingerprint="f" * 64, verdicts=verdicts)


def test_junit_is_read_back():
    xml = JUnitXml.fromstring(render_gate(report(), format="junit").encode())
    (suite,) = list(xml)
    assert (suite.tests, suite.failures, suite.skipped) == (3, 1, 1)
    cases = {case.name: case for case in suite}
    assert isinstance(cases["tolerance@spread"].result[0], Failure)
    assert "9 | of <10> rows & more." in cases["tolerance@spread"].result[0].message
    assert isinstance(cases["assessed evasion/transfer@columns"].result[0], Skipped)
    assert cases["ratchet@columns"].result == []


def test_sarif_is_read_back(tmp_path):
    file = tmp_path / "gate.sarif"
    file.write_text(render_gate(report(), format="sarif", source="sparring-out/assessment.json"))
    found = load_sarif_file(str(file))
    records = found.get_records()
    assert [record["Severity"] for record in records].count("error") == 1
    assert {record["Location"] for record in records} == {"sparring-out/assessment.json"}
    (run,) = json.loads(file.read_text())["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert set(rules) == {"ratchet", "tolerance", "assessed"}
    assert all("external/cwe/cwe-1039" in rule["properties"]["tags"] for rule in rules.values())
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["kind"] == "fail" or result["level"] in ("none", "warning")
        assert result["partialFingerprints"]["sparring/v1"].startswith("f" * 64)


def test_json_is_the_report_itself():
    assert GateReport.model_validate_json(render_gate(report(), format="json")) == report()


def test_text_fits_and_begins_with_the_worst():
    text = render_gate(report(), format="text", width=60)
    lines = text.splitlines()
    assert lines[0] == "The gate fails. Mode: enforce."
    assert max(map(len, lines)) < 60
    assert "\x1b" not in text
    standings = [
        line.split()[0] for line in lines if line[:1].isupper() and " " in line and line[:4] in ("FAIL", "WARN", "PASS")
    ]
    assert standings == ["FAIL", "WARNING", "PASS"]
    assert render_gate(report("observe", VERDICTS[:1]), format="text").startswith("The gate only observes")
    assert render_gate(report("ratchet", VERDICTS[:1]), format="text").startswith("The gate passes.")


def test_markdown_keeps_its_table():
    text = render_gate(report(), format="markdown")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
    assert "9 \\| of" in text


def test_another_format_is_refused():
    with pytest.raises(OptionError, match="format must be one of"):
        render_gate(report(), format="docx")


def test_nothing_to_say_is_valid_too():
    empty = report(verdicts=())
    (suite,) = list(JUnitXml.fromstring(render_gate(empty, format="junit").encode()))
    assert list(suite) == []
    assert json.loads(render_gate(empty, format="sarif"))["runs"][0]["results"] == []
