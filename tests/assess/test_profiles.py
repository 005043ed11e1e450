"""Headlines speak of the attackers that follow from the answers; all are measured, and what is proven holds for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

import sparring
from sparring.core.answers import Answers
from sparring.core.document import Assessment
from sparring.core.threat import Attacker
from sparring.report.facts import Facts
from sparring.report.summary import summarize

COLUMNS = {"a": {"who": "anyone"}, "b": {"who": "anyone"}, "c": {"who": "anyone"}, "d": {"who": "us"}}
DECISIONS = Answers(senders="account", sees=("decision",), tries=12)


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 4)).round(2), columns=list("abcd"))
    # good lies in a narrow corner, which few tries miss
    y = np.where((frame["a"] - 1).abs() + (frame["b"] + 1).abs() + (frame["c"] - 0.5).abs() < 1.2, "good", "bad")
    return RandomForestClassifier(20, random_state=0).fit(frame[:200], y[:200]), frame[200:], y[200:]


def measured(trained, answers: Answers | None) -> Assessment:
    model, X, y = trained
    only = ("evasion/random-noise", "evasion/hand-edit", "evasion/tree-search@columns")
    return sparring.assess(
        model, X, y, columns=COLUMNS, attacker_wants="good", answers=answers, only=only, rng=0, budget="20s"
    ).assessment


@pytest.fixture(scope="module")
def decided(trained):
    return measured(trained, DECISIONS)


def union(cases, objective="columns"):
    (worst,) = (case for case in cases if case.objective == objective)
    return {point.size: point for point in worst.union}


def broken(finding, size):
    return {row for row, least in finding.sizes.items() if least is not None and least <= size}


def test_a_product_that_shows_decisions_is_not_headlined_by_an_insider(decided):
    insider = decided["evasion/tree-search@columns"]
    others = [f for f in decided.findings if f.threat.objective == "columns" and f is not insider]
    for size, point in union(decided.within).items():
        mine = set().union(*(broken(finding, size) for finding in others))
        assert round(point.success.value * point.success.n) == len(mine)
        assert round(union(decided.worst_case)[size].success.value * point.success.n) == len(
            mine | broken(insider, size)
        )
    assert any(
        union(decided.within)[size].success.value < union(decided.worst_case)[size].success.value for size in (1, 2, 3)
    ), "the insider must do better for this to show anything"


def test_what_is_proven_holds_for_everybody(decided):
    for size, point in union(decided.within).items():
        assert point.proven == union(decided.worst_case)[size].proven


def test_the_page_says_what_somebody_with_the_file_would_reach(decided):
    summary, facts = summarize(decided), Facts(decided)
    (beyond,) = (answer for question, answer in summary.lead if question == "Beyond your answers")
    assert facts.top.threat.attacker != Attacker.INSIDER
    assert "insider with the model file would reach" in beyond
    assert "assumed, since nobody has said" in beyond
    for point in facts.points:
        assert f"{round(point.success.value * point.success.n):,}" in summary.headline


def test_without_answers_on_access_the_headline_speaks_of_all(trained):
    document = measured(trained, Answers(tries=12))
    assert document.within == ()
    assert {profile.name for profile in document.profiles} == {a.value for a in Attacker} | {"supplies-rows"}
    assert Facts(document).top.threat.attacker == Attacker.INSIDER
    assert "Beyond your answers" not in dict(summarize(document).lead)


def test_an_insider_who_follows_from_the_answers_is_in_the_headline(trained):
    document = measured(trained, DECISIONS.model_copy(update={"place": "app"}))
    assert union(document.within) == union(document.worst_case)


def test_answers_bound_the_tries_of_attackers(trained):
    few = measured(trained, DECISIONS.model_copy(update={"sees": ("outcome",)}))
    assert few["evasion/hand-edit@columns"].effort.queries == 10
    assert few["evasion/random-noise@columns"].effort.queries == 10


def test_a_document_keeps_its_profiles(decided):
    again = Assessment.model_validate_json(decided.model_dump_json())
    assert (again.profiles, again.within) == (decided.profiles, decided.within)


def test_rows_that_held_count_as_long_as_they_held(decided):
    finding = decided["evasion/hand-edit@columns"]
    assert set(finding.tries) == set(finding.sizes)
    assert max(finding.tries.values()) <= finding.effort.queries
    broken = [row for row, size in finding.sizes.items() if size is not None and size <= 3]
    assert len(finding.sizes) / 2 < len(broken) < len(finding.sizes)
    # by hand: the share that holds beyond each number of tries, rows that were given up leaving without a fall
    share, half = 1.0, None
    for tries in sorted(set(finding.tries.values())):
        at_risk = sum(t >= tries for t in finding.tries.values())
        share *= 1 - sum(finding.tries[row] == tries for row in broken) / at_risk
        half = tries if half is None and share <= 0.5 else half
    assert (finding.queries.until_half.value, finding.queries.until_half.n) == (half, len(finding.sizes))
    assert decided["evasion/tree-search@columns"].tries == {}


def test_tries_do_not_depend_on_the_worker_count(trained):
    model, X, y = trained
    one, two = (
        sparring.assess(
            model, X, y, columns=COLUMNS, attacker_wants="good", only="evasion/cube-search", rng=0, budget="30s", jobs=n
        ).assessment
        for n in (1, 2)
    )
    for finding in one.findings:
        assert finding.tries == two[finding.id].tries
        assert finding.queries.until_half == two[finding.id].queries.until_half


def test_half_that_was_not_reached_has_no_number(trained):
    few = measured(trained, DECISIONS.model_copy(update={"tries": 1}))["evasion/hand-edit@columns"]
    broken = sum(size is not None and size <= 3 for size in few.sizes.values())
    assert broken < len(few.sizes) / 2
    assert few.queries.until_half.value is None
    assert "fewer than half" in few.queries.until_half.method
