"""Answers to profiles and threats: three-valued, whatever the order, and never turned round by knowing more."""

from __future__ import annotations

import random
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.core.answers import Answers
from sparring.core.space import Column
from sparring.core.threat import Attacker
from sparring.core.threat_model import Applies, headliners
from sparring.errors import OptionError
from sparring.govern.conditions import World
from sparring.govern.derive import changed_facts, columns_of, compared, owner, profiles_of, threat_model
from sparring.knowledge import load

OPEN = (
    Column(name="purpose", kind="category", who="anyone"),
    Column(name="age", kind="number", who="nobody", spread=1),
)
CLOSED = (Column(name="age", kind="number", who="us", spread=1),)
UNKNOWN = (Column(name="age", kind="number", spread=1),)
WORKED_OUT = {"somebody", "editable", "freely", "outsiders", "queries"}
FACTS = {fact.name: fact for question in load().questions.values() for fact in question.facts}


def codes_of(field: str) -> tuple[str, ...]:
    """Codes that a field of the answers takes, out of its type."""

    def inside(annotation) -> tuple[str, ...]:
        if typing.get_origin(annotation) is typing.Literal:
            return typing.get_args(annotation)
        return next((found for part in typing.get_args(annotation) if (found := inside(part))), ())

    return inside(Answers.model_fields[field].annotation)


def atoms(condition):
    ((key, said),) = condition.items()
    if key in ("all", "any"):
        for part in said:
            yield from atoms(part)
    else:
        yield key, said


# --- the knowledge base and the answers speak of the same things ---


def test_every_question_is_there_and_asks_for_fields_of_the_answers():
    questions = load().questions
    assert sorted(questions) == sorted(f"Q{number}" for number in range(16))
    assert [q.name for q in sorted(questions.values(), key=lambda q: q.first) if q.first] == ["Q2", "Q4", "Q5", "Q6"]
    assert set(FACTS) - {"columns"} == set(Answers.model_fields) - {"answered"}


@pytest.mark.parametrize("name", [n for n, f in FACTS.items() if f.kind in ("one", "several", "auto") and f.options])
def test_options_are_the_codes_of_the_field(name):
    said = set(FACTS[name].options)
    codes = set(codes_of(name))
    assert said == (codes or {"yes", "no"})


@pytest.mark.parametrize("rule", load().rules)
def test_conditions_name_what_there_is(rule):
    for key, said in atoms(load().rules[rule].when):
        if key == "rule":
            assert said in load().rules
            assert said < rule, "a rule rests on earlier ones, so that none rests on itself"
        elif key not in WORKED_OUT | {"always"}:
            codes = codes_of(key)
            assert set(said) <= (set(codes) if codes else {True, False}), (key, said)


def test_there_are_twenty_rules():
    assert sorted(load().rules) == [f"R{number:02}" for number in range(1, 21)]


def test_a_condition_on_something_else_is_refused():
    with pytest.raises(OptionError, match="a field of the answers, got 'weather'"):
        World(Answers()).weigh({"weather": ["good"]})


# --- three values ---

FOUR = Answers(wants="good", senders="account", sees=("decision",))


@pytest.mark.parametrize(
    ("answers", "columns", "rule", "truth"),
    [
        (Answers(), None, "R01", None),
        (FOUR, OPEN, "R01", True),
        (FOUR, CLOSED, "R01", False),
        (FOUR, UNKNOWN, "R01", None),
        (Answers(gains=("nobody",)), OPEN, "R01", False),
        # a form that goes through our own systems is filled in outside all the same
        (Answers(wants="good", senders="systems"), OPEN, "R01", True),
        (FOUR, OPEN, "R02", True),
        (FOUR.model_copy(update={"tries": 9}), OPEN, "R02", False),
        (FOUR.model_copy(update={"tries": 10}), OPEN, "R02", True),
        (FOUR.model_copy(update={"sees": ("nothing",)}), OPEN, "R02", False),
        (FOUR.model_copy(update={"senders": "systems"}), OPEN, "R02", False),
        (FOUR.model_copy(update={"senders": "staff"}), OPEN, "R02", None),
        (FOUR.model_copy(update={"senders": "staff", "gains": ("inside",)}), OPEN, "R02", True),
        (FOUR.model_copy(update={"senders": "staff", "gains": ("person",)}), OPEN, "R02", False),
        (FOUR, OPEN, "R03", None),
        (FOUR.model_copy(update={"sees": ("scores",)}), OPEN, "R03", True),
        (Answers(downloads=("packages",), sources=("staff",), sees=("decision",), wants="good"), OPEN, "R03", False),
        (Answers(place="app"), None, "R04", True),
        (Answers(place="server", gains=("person",)), None, "R04", False),
        (Answers(place="server"), None, "R04", None),
        (Answers(data_kind="table"), None, "R05", False),
        (Answers(sources=("staff", "web")), None, "R06", True),
        (Answers(retrain="never"), None, "R07", False),
        (Answers(downloads=("packages",)), None, "R08", False),
        (Answers(downloads=("packages",)), None, "R09", None),
        (Answers(file_format="pickle"), None, "R09", True),
        (Answers(downloads=("dataset",)), None, "R10", True),
        (Answers(), None, "R11", True),
        (Answers(), None, "R12", None),
        (Answers(writers="few"), None, "R12", False),
        (Answers(copy_hurts="value", sees=("outcome",)), CLOSED, "R13", True),
        (Answers(copy_hurts="no", sees=("outcome",), wants="good"), CLOSED, "R13", False),
        (Answers(secrets=("nothing",)), None, "R14", False),
        (Answers(secrets=("attribute",), sees=("nothing",)), None, "R15", False),
        (Answers(secrets=("dataset",), place="public"), None, "R16", True),
        (Answers(senders="anyone", data_kind="table"), None, "R17", False),
        (Answers(senders="anyone", metered=True), None, "R18", True),
        (Answers(senders="anyone", metered=False), None, "R18", False),
        (Answers(between=("rules", "person-sample")), None, "R19", True),
        (FOUR.model_copy(update={"sees": ("reasons",)}), OPEN, "R20", True),
        (FOUR, OPEN, "R20", False),
    ],
)
def test_rule(answers, columns, rule, truth):
    assert World(answers, columns).rule(rule).truth is truth


def test_false_is_false_whatever_is_missing_elsewhere():
    weighed = World(Answers(gains=("nobody",))).rule("R01")
    assert weighed.truth is False
    assert weighed.facts == {"gains"}


def test_what_is_assumed_names_what_nobody_has_said():
    (insider,) = (p for p in profiles_of(FOUR, OPEN) if p.name == "insider")
    assert insider.applies is Applies.ASSUMED
    assert {reason.fact for reason in insider.because} == {"gains", "place"}
    assert all(reason.text.endswith("nobody has said") for reason in insider.because)


def some(field: str):
    fact = FACTS[field]
    if fact.kind in ("one", "auto"):
        codes = codes_of(field)
        return st.none() | (st.sampled_from(codes) if codes else st.booleans())
    codes = [code for code in codes_of(field) if code not in ("nobody", "nothing", "packages")]
    return st.none() | st.lists(st.sampled_from(codes), min_size=1, unique=True).map(tuple)


CODED = [name for name, fact in FACTS.items() if fact.kind in ("one", "several", "auto") and fact.options]
ANSWERS = st.fixed_dictionaries({name: some(name) for name in CODED})
COLUMNS = st.sampled_from([None, OPEN, CLOSED, UNKNOWN])


@settings(max_examples=150, deadline=None)
@given(said=ANSWERS, columns=COLUMNS, hidden=st.sets(st.sampled_from(CODED)))
def test_knowing_more_turns_nothing_round(said, columns, hidden):
    more = World(Answers(**said), columns)
    less = World(Answers(**{name: value for name, value in said.items() if name not in hidden}), columns)
    for rule in load().rules:
        known = less.rule(rule).truth
        assert known is None or known is more.rule(rule).truth, rule


@settings(max_examples=60, deadline=None)
@given(said=ANSWERS, columns=COLUMNS, seed=st.integers(0, 10**6))
def test_order_does_not_matter(said, columns, seed):
    def shuffled(condition):
        ((key, parts),) = condition.items()
        if key not in ("all", "any"):
            return condition
        inner = [shuffled(part) for part in parts]
        random.Random(seed).shuffle(inner)
        return {key: inner}

    one, other = World(Answers(**said), columns), World(Answers(**said), columns)
    for name in random.Random(seed).sample(sorted(load().rules), len(load().rules)):
        assert other.rule(name) == other.weigh(shuffled(load().rules[name].when))
    assert [one.rule(name) for name in load().rules] == [other.rule(name) for name in load().rules]


@settings(max_examples=40, deadline=None)
@given(said=ANSWERS, columns=COLUMNS)
def test_every_threat_has_a_standing_and_says_why(said, columns):
    model = threat_model(Answers(**said), columns)
    assert [threat.name for threat in model.threats] == list(load().threats)
    for threat in model.threats:
        assert threat.because or threat.rules == ("R11",)
        if threat.applies is Applies.ASSUMED:
            assert not any(reason.known for reason in threat.because)
        else:
            assert all(reason.known for reason in threat.because)
    assert threat_model(Answers(**said), columns) == model


# --- profiles ---


def named(answers, columns=OPEN):
    return {profile.name: profile for profile in profiles_of(answers, columns)}


def test_profiles_hold_what_somebody_can_afford():
    found = named(FOUR.model_copy(update={"loss_accepted": (100, 200, 300), "unit": "EUR", "outside_share": 0.02}))
    assert set(found) == {a.value for a in Attacker} | {"supplies-rows"}
    assert (found["by-hand"].queries, found["sees-decisions"].queries, found["insider"].queries) == (30, 1000, None)
    assert found["sees-scores"].applies is Applies.NO
    assert found["sees-decisions"].access == ("decision",)
    assert found["insider"].access == ("the model file",)
    assert found["insider"].knowledge == "full"
    assert found["supplies-rows"].share == 0.02
    assert (found["by-hand"].gain, found["by-hand"].unit) == ((100, 200, 300), "EUR")
    assert "good" in found["by-hand"].goal


@pytest.mark.parametrize(
    ("answers", "most"),
    [
        (Answers(), None),
        (Answers(senders="anyone"), 10_000),
        (Answers(senders="staff"), 100),
        (Answers(senders="anyone", tries=7), 7),
        (Answers(senders="account", tries=50_000), 1_000),
        (Answers(senders="anyone", sees=("outcome",)), 10),
        (Answers(senders="anyone", sees=("outcome", "decision")), 10_000),
        (Answers(senders="systems"), None),
    ],
)
def test_queries(answers, most):
    assert answers.most_queries == most


def test_headlines_speak_of_all_until_both_questions_on_access_are_answered():
    assert headliners(()) is None
    assert headliners(profiles_of(Answers(wants="good"), OPEN)) is None
    assert headliners(profiles_of(Answers(wants="good", senders="anyone"), OPEN)) is None
    assert headliners(profiles_of(FOUR, OPEN)) == {"nobody", "by-hand", "sees-decisions"}
    scores = FOUR.model_copy(update={"sees": ("scores",), "place": "app"})
    everyone = {attacker.value for attacker in Attacker}
    assert headliners(profiles_of(scores, OPEN)) == everyone


def test_headlines_speak_of_all_where_nobody_surely_attacks():
    assert headliners(profiles_of(FOUR, CLOSED)) is None


# --- owners, files, comparisons ---


@pytest.mark.parametrize(("said", "found"), [({"data": "@data"}, "@data"), ({"data": " Nobody"}, None), ({}, None)])
def test_owner_of_a_stage(said, found):
    assert owner(Answers(owners=said), "data") == found


def test_columns_of_a_table_are_those_that_it_names():
    (column,) = columns_of({"age": {"kind": "number", "who": "us", "range": [0, 1]}})
    assert (column.name, column.who, column.movable) == ("age", "us", False)


def test_a_changed_answer_moves_the_threats_that_rest_on_it():
    before, after = Answers(retrain="never"), Answers(retrain="scheduled")
    moved = compared(threat_model(before), threat_model(after))
    assert moved == {"feedback_skew": (Applies.NO, Applies.YES)}
    assert changed_facts(before, after) == ("retrain",)
    assert threat_model(before).answers_sha256 != threat_model(after).answers_sha256
