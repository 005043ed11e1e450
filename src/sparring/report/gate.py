"""What a gate says, for a terminal, a pull request, and the tools that read test results and findings."""

from __future__ import annotations

import json
import textwrap
from typing import Any, Literal, get_args
from xml.etree import ElementTree as ET

from sparring.core.policy import GateReport, Standing, Verdict
from sparring.errors import OptionError
from sparring.report import words
from sparring.report.markdown import escape

GateFormat = Literal["text", "markdown", "json", "junit", "sarif"]
SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Standing.FAIL: "error", Standing.WARNING: "warning", Standing.PASS: "none"}
KINDS = {Standing.FAIL: "fail", Standing.WARNING: "fail", Standing.PASS: "pass"}
"""A level other than none belongs to the kind fail, and to no other."""
TAGS = ("external/cwe/cwe-1039", "ATLAS AML.T0015 Evade AI Model (related to)")
OUTCOME = {
    True: "The gate fails.",
    False: "The gate passes.",
}
OBSERVED = "The gate only observes: it fails nothing."


def render_gate(report: GateReport, *, format: GateFormat, width: int = 80, source: str = "") -> str:  # noqa: A002
    """Write what a gate says.

    Parameters
    ----------
    report : GateReport
    format : {'text', 'markdown', 'json', 'junit', 'sarif'}
    width : int
        Columns of the terminal, for text.
    source : str
        File of results that SARIF points to, relative to the repository.

    Raises
    ------
    OptionError
        There is no such format.
    """
    if format == "json":
        return report.model_dump_json(indent=2) + "\n"
    if format == "text":
        return _text(report, width)
    if format == "markdown":
        return _markdown(report)
    if format == "junit":
        return _junit(report)
    if format == "sarif":
        return json.dumps(_sarif(report, source), indent=2) + "\n"
    raise OptionError(f"format must be one of {', '.join(get_args(GateFormat))}, got {format!r}")


def _conclusion(report: GateReport) -> str:
    return OBSERVED if report.mode == "observe" else OUTCOME[report.failed]


def _text(report: GateReport, width: int) -> str:
    lines = [f"{_conclusion(report)} Mode: {report.mode}.", ""]
    for verdict in _worst_first(report):
        lines.append(f"{verdict.standing.upper():<8} {words.plain(verdict.check, longest=60)}")
        for text in (verdict.text, f"What to do: {verdict.cure}." if verdict.cure else ""):
            lines += textwrap.wrap(
                words.plain(text, longest=600), width - 1, initial_indent=" " * 9, subsequent_indent=" " * 9
            )
    return "\n".join(lines) + "\n"


def _worst_first(report: GateReport) -> list[Verdict]:
    order = [Standing.FAIL, Standing.WARNING, Standing.PASS]
    return sorted(report.verdicts, key=lambda verdict: order.index(verdict.standing))


def _markdown(report: GateReport) -> str:
    rows = [
        f"| {verdict.standing} | {_cell(verdict.check)} | {_cell(verdict.text)} | {_cell(verdict.cure)} |"
        for verdict in _worst_first(report)
    ]
    head = ["| standing | check | what was seen | what to do |", "|---|---|---|---|"]
    return "\n".join([f"**{_conclusion(report)}** Mode: {report.mode}.", "", *head, *rows]) + "\n"


def _cell(text: str) -> str:
    return escape(words.plain(text, longest=600))


def _junit(report: GateReport) -> str:
    fails = sum(verdict.standing is Standing.FAIL for verdict in report.verdicts)
    skipped = sum(verdict.standing is Standing.WARNING for verdict in report.verdicts)
    suite = ET.Element(
        "testsuite",
        name="sparring gate",
        tests=str(len(report.verdicts)),
        failures=str(fails),
        errors="0",
        skipped=str(skipped),
        time="0",
    )
    for verdict in report.verdicts:
        case = ET.SubElement(suite, "testcase", name=words.plain(verdict.check), classname="sparring.gate", time="0")
        said = words.plain(f"{verdict.text} {verdict.cure}", longest=800)
        if verdict.standing is Standing.FAIL:
            ET.SubElement(case, "failure", message=words.plain(verdict.text, longest=600)).text = said
        elif verdict.standing is Standing.WARNING:
            ET.SubElement(case, "skipped", message=said)
        else:
            ET.SubElement(case, "system-out").text = said
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _sarif(report: GateReport, source: str) -> dict[str, Any]:
    kinds = sorted({verdict.check.partition("@")[0].partition(" ")[0] for verdict in report.verdicts})
    rules = [
        {"id": kind, "shortDescription": {"text": f"sparring gate: {kind}"}, "properties": {"tags": list(TAGS)}}
        for kind in kinds
    ]
    results = [
        {
            "ruleId": (rule := verdict.check.partition("@")[0].partition(" ")[0]),
            "ruleIndex": kinds.index(rule),
            "level": LEVELS[verdict.standing],
            "kind": KINDS[verdict.standing],
            "message": {"text": words.plain(f"{verdict.check}: {verdict.text} {verdict.cure}", longest=900)},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": source or "sparring-out/assessment.json"}}}
            ],
            "partialFingerprints": {"sparring/v1": f"{report.fingerprint}:{verdict.check}"},
        }
        for verdict in report.verdicts
    ]
    driver = {"name": "sparring", "rules": rules}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
