"""From answers and measured figures to money: only where somebody has said what it takes, and for whom it applies."""

from __future__ import annotations

import pytest

from report.sample import assessment
from sparring.core.answers import Answers
from sparring.core.risk import Grade
from sparring.govern.brief import brief
from sparring.govern.derive import profiles_of, threat_model
from sparring.govern.scenarios import TOGETHER, level_of, lines_of, risks, scenarios
from sparring.report import render
from sparring.report.facts import Facts, headline_point

MONEY = {"attempts": (20, 400), "loss_accepted": (300, 1000, 3000), "unit": "EUR"}
FOUR = {"wants": "good", "senders": "account", "sees": ("decision", "scores"), "answered": True}


def document(**said):
    base, answers = assessment(), Answers(**{**FOUR, **MONEY, **said})
    profiles = profiles_of(answers, base.columns)
    return base.model_copy(update={"answers": answers, "profiles": profiles, "within": base.worst_case})


def of(current):
    return threat_model(current.answers, current.columns)


def test_one_scenario_for_the_headline_and_one_for_each_measured_threat():
    current = document()
    found = {scenario.name: scenario for scenario in scenarios(current, of(current))}
    # a copy applies and was not measured: it is there, and hollow
    assert set(found) == {TOGETHER, "evasion_manual", "evasion_query", "evasion_transfer", "evasion_whitebox"}
    assert found["evasion_transfer"].success is None
    point = Facts(current).points[-1].success
    assert (found[TOGETHER].success.k, found[TOGETHER].success.n) == (round(point.value * point.n), point.n)
    hand = headline_point(current["evasion/hand-edit@columns"]).success
    assert found["evasion_manual"].success.k == round(hand.value * hand.n)
    assert (found[TOGETHER].attempts.low, found[TOGETHER].loss.likely, found[TOGETHER].unit) == (20, 1000, "EUR")
    assert found[TOGETHER].caught is None


@pytest.mark.parametrize("missing", [{"attempts": None}, {"loss_accepted": None}])
def test_nothing_is_put_into_money_that_nobody_has_put_into_money(missing):
    current = document(**missing)
    assert risks(current, of(current)) == ()
    text = " ".join(render(current, format="text", brief=brief(current)).split())
    assert "With attempts and loss_accepted in security/system.yaml it can be put into money" in text


def test_a_threat_that_does_not_apply_is_no_risk():
    current = document(place="server", gains=("person",))
    assert "evasion_whitebox" not in {s.name for s in scenarios(current, of(current))}


def test_no_lines_no_level():
    current = document()
    assert lines_of(current.answers) is None
    assert level_of("evasion_query", current, risks(current, of(current))) is None
    assert {risk.level for risk in risks(current, of(current))} == {None}


def test_level_is_that_of_the_threat_the_finding_or_everything():
    current = document(lines=(1, 2, 10**9))
    assert level_of("evasion_query", current, risks(current, of(current))) == "High"
    assert level_of("evasion/hand-edit@columns", current, risks(current, of(current))) == "High"
    assert level_of("@columns", current, risks(current, of(current))) == "High"
    assert level_of("extraction", current, risks(current, of(current))) is None
    low = document(lines=(10**8, 10**9, 10**10))
    assert level_of("@columns", low, risks(low, of(low))) == "Low"


def test_equal_documents_give_equal_figures():
    current = document(caught=(0.4, 0.85), lines=(10_000, 50_000, 250_000))
    assert risks(current, of(current)) == risks(current, of(current))


def test_what_is_noticed_in_time_is_no_loss():
    open_, caught = document(), document(caught=(0.89, 0.91))
    before, after = (risks(one, of(one))[0].mean for one in (open_, caught))
    assert after == pytest.approx(0.1 * before, rel=0.05)


def test_evidence_is_e2_until_checks_have_passed():
    current = document(lines=(1, 2, 3))
    grades = {risk.name: risk.evidence.grade for risk in risks(current, of(current))}
    assert grades.pop("evasion_transfer") is Grade.NOT_ASKED
    assert set(grades.values()) == {Grade.STANDARD}


def test_page_shows_the_range_first_and_the_curve():
    current = document(lines=(10_000, 50_000, 250_000))
    said = brief(current)
    text = " ".join(render(current, format="text", brief=said).split())
    assert "One such case costs 300 to 3,000 EUR, by the answers. In money:" in text
    assert "Most of that width comes from how often somebody tries: ask security." in text
    assert "The curve of yearly losses falls from" in text
    page = render(current, format="html", brief=said)
    assert "How likely a yearly loss above each amount is" in page
    assert page.count("<svg") > render(current, format="html").count("<svg")


def test_classes_where_nobody_names_money():
    current = document(attempts=None, harm="serious", use="acts")
    said = brief(current)
    assert said.risks == ()
    assert "ordinal, not arithmetic" in said.ordinal
    assert "after NIST SP 800-30" in " ".join(render(current, format="text", brief=said).split())
    assert brief(document(attempts=None, harm="serious")).ordinal is None
