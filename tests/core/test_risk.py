"""What goes into a risk: what is refused, and in which words."""

import pytest
from pydantic import ValidationError

from sparring.core.risk import (
    Attacked,
    Counted,
    Deterrence,
    Elicited,
    ElicitedShare,
    Evidence,
    Lines,
    Scenario,
    Seen,
    ThreePoint,
    Weighed,
)

NAN, INF = float("nan"), float("inf")
GOOD = {"name": "a", "attempts": {"low": 20, "high": 400}, "loss": {"low": 300, "high": 3000}}


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        (Elicited, {"low": 3, "high": 2}, "low must not lie above high, got 3 and 2"),
        (Elicited, {"low": 0, "high": 2}, "above 0, got 0"),
        (Elicited, {"low": -5, "high": 2}, "above 0, got -5"),
        (Elicited, {"low": 1, "high": NAN}, "finite number"),
        (Elicited, {"low": 1, "high": INF}, "finite number"),
        (ElicitedShare, {"low": 0.2, "high": 1.2}, "high must be a share, a fraction from 0 to 1, got 1.2"),
        (ElicitedShare, {"low": -0.1, "high": 0.2}, "low must be a share"),
        (ElicitedShare, {"low": 0.5, "high": 0.2}, "low must not lie above high"),
        (ElicitedShare, {"low": 0, "high": 0.2}, "inside 0 to 1, got 0 to 0.2; give 0.001"),
        (ElicitedShare, {"low": 0.3, "high": 1}, "inside 0 to 1"),
        (ElicitedShare, {"low": NAN, "high": 1}, "finite number"),
        (Weighed, {"a": 0, "b": 1}, "a must be above 0"),
        (Weighed, {"a": 1, "b": -1}, "b must be above 0"),
        (Counted, {"k": 5, "n": 3}, "k must lie between 0 and n = 3, got 5"),
        (Counted, {"k": -1, "n": 3}, "k must lie between 0 and n = 3, got -1"),
        (Attacked, {"k": 0, "n": 0}, "n must be at least one case"),
        (Seen, {"events": -1, "years": 2}, "events must be a count"),
        (Seen, {"events": 1, "years": 0}, "years must be above 0"),
        (ThreePoint, {"low": -1, "likely": 2, "high": 3}, "money must not be negative"),
        (ThreePoint, {"low": 1, "likely": 0.5, "high": 3}, "low must not lie above likely"),
        (ThreePoint, {"low": 1, "likely": 4, "high": 3}, "likely must not lie above high"),
        (ThreePoint, {"low": 0, "likely": 0, "high": 0}, "a loss of nothing"),
        (Lines, {"amounts": [1, 3, 2]}, "must be amounts above 0 that rise"),
        (Lines, {"amounts": [0, 1, 2]}, "must be amounts above 0 that rise"),
        (Lines, {"amounts": [1, 2]}, "2 lines and 3 names"),
        (Lines, {"amounts": [1, 2], "names": ["x", "x"]}, "must differ"),
        (Lines, {"amounts": [1, 2], "names": ["x", "Low"]}, "must differ"),
        (Lines, {"amounts": []}, "at least 1 item"),
        (Scenario, GOOD | {"name": ""}, "at least 1 character"),
        (Scenario, GOOD | {"attempts": {"k": 1, "n": 2}}, "given as low and high, or events and years"),
        (Scenario, GOOD | {"success": 0.5}, "given as k and n"),
        (Scenario, GOOD | {"success": Counted(k=1, n=2)}, "given as k and n"),
        (Scenario, GOOD | {"loss": {"low": 3, "likely": 2, "high": 5}}, "low must not lie above likely"),
        (Scenario, GOOD | {"caught": {"k": 3, "n": 2}}, "k must lie between"),
    ],
)
def test_bad_input_is_one_sentence(kind, given, says):
    with pytest.raises(ValidationError, match=says) as refused:
        kind.model_validate(given)
    assert refused.value.error_count() == 1


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"success": {"k": 3, "n": 9, "adaptive": True}},
        {"success": {"low": 0.1, "high": 0.2}, "caught": {"a": 8, "b": 4}},
        {"success": {"a": 1, "b": 1}, "caught": {"k": 2, "n": 3}},
        {"attempts": {"events": 0, "years": 2}, "loss": {"low": 0, "likely": 5, "high": 9}},
        {"deterrence": {"gain": {"low": 1, "high": 2}, "cost": {"low": 1, "high": 1}}, "unit": "EUR"},
    ],
)
def test_scenarios_come_back_from_json(more):
    scenario = Scenario.model_validate(GOOD | more)
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


def test_forms_are_told_apart():
    scenario = Scenario.model_validate(
        GOOD | {"attempts": {"events": 3, "years": 2}, "success": {"k": 1, "n": 2}, "caught": {"k": 1, "n": 2}}
    )
    assert type(scenario.attempts) is Seen
    assert type(scenario.success) is Attacked
    assert type(scenario.caught) is Counted
    assert type(scenario.loss) is Elicited


def test_levels_have_names():
    lines = Lines(amounts=(1, 2, 3))
    assert [lines.level(k) for k in range(4)] == ["Low", "Medium", "High", "Critical"]
    assert Lines(amounts=(1,), names=("bad",)).level(1) == "bad"


@pytest.mark.parametrize(("grade", "hollow"), [("E0", True), ("E1", True), ("E2", False), ("E3", False), ("E4", False)])
def test_what_was_not_measured_is_hollow(grade, hollow):
    assert Evidence(grade=grade, reason="x").hollow is hollow


def test_deterrence_needs_both():
    with pytest.raises(ValidationError, match="cost"):
        Deterrence.model_validate({"gain": {"low": 1, "high": 2}})
