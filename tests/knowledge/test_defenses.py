"""Defenses are all there, name maintained tools, and say what they cost."""

from __future__ import annotations

import re
from datetime import date

import pytest

from sparring.knowledge import load

DEFENSES = load().defenses
WITH_TOOL = [name for name, defense in DEFENSES.items() if defense.tool is not None]
LICENSES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MPL-2.0"}
OLDEST, NEWEST = date(2024, 11, 1), date(2026, 11, 24)  # two years before the tools were looked up, and that day
OTHERWISE_NONE = {
    "cap_contribution": "none-low",
    "dp_training": "measured",
    "drop_feature": "measured",
    "ensemble": "low",
    "harden": "measured",
    "regularize": "none-low",
    "restore_inputs": "low",
    "sanitize_data": "low",
    "validate_inputs": "none-low",
}
NAMES = {
    "hide_scores", "rate_limit", "authenticate", "log_queries", "detect_queries", "validate_inputs", "restore_inputs",
    "harden", "ensemble", "drop_feature", "second_signal", "human_review", "randomize_review", "sanitize_data",
    "provenance", "cap_contribution", "quarantine_feedback", "restrict_write", "promote_gate", "sign_model",
    "safe_format", "bom", "distribution", "encrypt", "less_public_info", "dp_training", "regularize", "resource_caps",
    "rollback", "trigger_scan", "train_people",
}  # fmt: skip


def test_all_defenses_are_there():
    assert set(DEFENSES) == NAMES
    assert len(DEFENSES) == 31


def test_accuracy_costs_are_those_of_the_table():
    assert {name: d.accuracy_cost for name, d in DEFENSES.items() if d.accuracy_cost != "none"} == OTHERWISE_NONE


@pytest.mark.parametrize("name", DEFENSES)
def test_text_says_whether_predictions_change(name):
    defense = DEFENSES[name]
    unchanged = re.search(r"\bno prediction (of a model )?changes\b", defense.text, re.IGNORECASE)
    changed = re.search(r"\bpredictions (may )?change\b", defense.text, re.IGNORECASE)
    assert bool(unchanged) == (defense.accuracy_cost == "none")
    assert bool(changed) == (defense.accuracy_cost != "none")


def test_most_defenses_change_no_prediction():
    assert sum("o prediction changes" in defense.text for defense in DEFENSES.values()) >= 20


@pytest.mark.parametrize("name", DEFENSES)
def test_text_says_how_to_start_and_where_it_ends(name):
    text = DEFENSES[name].text
    assert re.search(r"\bTo\s+start,", text)
    assert re.search(r"\bstops\s+helping\b", text)
    assert DEFENSES[name].costs
    assert not DEFENSES[name].costs.endswith(".")


@pytest.mark.parametrize("name", DEFENSES)
def test_either_a_tool_or_how_it_is_done_without(name):
    defense = DEFENSES[name]
    assert (defense.tool is None) == bool(defense.without)
    assert not defense.without or defense.without.endswith(".")


@pytest.mark.parametrize("name", WITH_TOOL)
def test_tool_is_open_and_maintained(name):
    tool = DEFENSES[name].tool
    assert tool.name
    assert re.fullmatch(r"https://(github\.com|pypi\.org)/[\w./-]+", tool.url)
    assert set(tool.license.split(" OR ")) <= LICENSES
    version, day = tool.released.split(", ")
    assert re.fullmatch(r"\d+(\.\d+)+", version)
    assert OLDEST < date.fromisoformat(day) <= NEWEST
    assert tool.does_not.endswith(".")


def test_a_tool_that_stands_twice_is_described_alike():
    found = {}
    for name in WITH_TOOL:
        tool = DEFENSES[name].tool
        facts = (tool.url, tool.license, tool.released)
        assert found.setdefault(tool.name, facts) == facts
    assert len(found) >= 15


@pytest.mark.parametrize("name", DEFENSES)
def test_related_are_mitigations(name):
    for related in DEFENSES[name].related:
        assert related.framework == "mitre-atlas"
        assert related.version == "5.6.1"
        assert re.fullmatch(r"AML\.M\d{4}", related.id)
