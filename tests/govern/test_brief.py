"""What an assessment means for each team: nothing is owned by silence, and each finding says when it is done."""

from __future__ import annotations

import json
import runpy
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest

from report.sample import assessment
from sparring.core.answers import Answers
from sparring.core.decisions import Decided
from sparring.core.policy import Policy, Standing
from sparring.core.threat import Attacker
from sparring.core.threat_model import Applies
from sparring.errors import DecisionError
from sparring.govern import lock, undecided
from sparring.govern.brief import STAGES, brief
from sparring.govern.derive import profiles_of, threat_model
from sparring.govern.owners import check, covers, owned
from sparring.govern.threats_measured import measured, threat_of
from sparring.knowledge import load
from sparring.report import render
from sparring.report.facts import Facts
from sparring.report.tickets import GENERATED, TICKET, card, tickets

TODAY = date(2026, 11, 24)
FOUR = Answers(wants="good", senders="account", sees=("decision", "scores"), answered=True)
OWNERS = {"data": "@data", "model": "@credit", "running": "@platform", "security": "nobody", "risk": "@risk"}


def document(answers=FOUR, **more):
    base = assessment(**more)
    profiles = profiles_of(answers, base.columns)
    return base.model_copy(update={"answers": answers, "profiles": profiles, "within": base.worst_case})


def named(**changes):
    return FOUR.model_copy(update={"owners": OWNERS, **changes})


def decision(**changes):
    values = {
        "finding": "evasion_query",
        "decision": "mitigate",
        "owner": "@platform",
        "reason": "a limit on tries comes in January",
        "created": TODAY,
        "expires": TODAY + timedelta(days=90),
    }
    return Decided(**{**values, **changes})


# --- the first page ---


def test_first_page_answers_how_bad_what_next_and_who():
    text = render(document(), format="text", brief=brief(document())).replace("\n", " ")
    order = [text.index(f"{question}:") for question in ("How sure", "Worst outcome", "What to do next", "Who")]
    assert order == sorted(order)
    assert "What one such case costs, nobody has said." in " ".join(text.split())
    assert "Nobody was named to answer for it" in " ".join(text.split())


def test_worst_outcome_is_in_money_where_somebody_has_said_it():
    said = brief(document(named(loss_accepted=(300, 1000, 3000), unit="EUR"))).worst
    assert said.endswith("One such case costs 300 to 3,000 EUR, by the answers.")
    assert brief(document(named(harm="severe"))).worst.endswith("one such case does severe harm.")


def test_who_is_the_owner_of_the_stage_of_the_threat_in_front():
    found = brief(document(named()))
    front = next(item for item in found.items if item.name == "evasion_query")
    assert (front.stage, front.owner) == ("deployment", "@platform")
    assert found.who == "@platform answers for it (deployment)."


def test_what_to_do_next_names_defenses_that_change_no_prediction():
    steps = " ".join(brief(document(named())).steps)
    free = [d.heading for d in load().defenses.values() if d.accuracy_cost == "none"]
    quoted = [part.partition("”")[0] for part in steps.split("“")[1:]]
    assert quoted
    assert set(quoted) <= set(free)
    assert "sparring decide evasion_query" in steps


# --- findings by team ---


def test_every_threat_that_applies_is_some_teams_finding():
    found = brief(document())
    applying = {threat.name for threat in found.threats.standing(Applies.YES)}
    assert {item.name for item in found.items if item.kind == "threat"} == applying
    assert [item.stage for item in found.items] == sorted((i.stage for i in found.items), key=STAGES.index)
    assert all(item.accept.startswith("sparring ") for item in found.items)


def test_what_nobody_knows_becomes_a_question_to_the_team_that_would():
    found = brief(document())
    asked = {item.stage: item.text for item in found.items if item.kind == "unknown"}
    assert "Where do training rows and their labels come from?" in asked["data"]
    assert "Where does the model file lie?" in asked["management"]
    told = brief(document(named(sources=("staff",), writers="few", secrets=("nothing",))))
    assert "data" not in {item.stage for item in told.items if item.kind == "unknown"}


def test_nobody_is_a_finding():
    items = {item.name: item for item in brief(document(named())).items}
    assert items["nobody-security"].text == "By the answers nobody does; it falls to @risk."
    assert items["nobody-security"].evidence == "1 threat without an owner"
    assert "nobody-deployment" not in items
    everyone = {item.stage for item in brief(document()).items if item.kind == "nobody"}
    assert {"deployment", "security"} <= everyone


def test_evidence_is_that_of_attackers_who_follow_from_the_answers():
    item = next(i for i in brief(document()).items if i.name == "evasion_query")
    assert "outsider who sees scores" in item.evidence
    # the sample holds no finding of somebody who sees decisions
    decided = document(FOUR.model_copy(update={"sees": ("decision",)}))
    item = next(i for i in brief(decided).items if i.name == "evasion_query")
    assert item.evidence == "nothing was measured"


def test_each_attacker_but_chance_belongs_to_one_threat():
    assert threat_of(Attacker.NOBODY) is None
    found = {attacker: threat_of(attacker) for attacker in Attacker if attacker is not Attacker.NOBODY}
    assert None not in found.values()
    assert measured("poison_degrade", Facts(document())) is None


def test_a_decision_counts_until_it_ends():
    held = brief(document(named()), decisions=[decision()], today=TODAY)
    item = next(i for i in held.items if i.name == "evasion_query")
    assert item.decided == "mitigate, by @platform, until 2027-02-22"
    late = brief(document(named()), decisions=[decision()], today=TODAY + timedelta(days=91))
    assert late.decisions == ()
    assert next(i for i in late.items if i.name == "evasion_query").decided == ""


# --- tickets and the card ---


def test_one_ticket_for_each_finding_and_team():
    found = brief(document(named()), decisions=[decision()], today=TODAY)
    made = tickets(found, source="out")
    assert set(made) == {f"{item.stage}-{item.name}.md" for item in found.items}
    text = made["deployment-evasion_query.md"]
    assert text.startswith(TICKET)
    assert "**Owner**: @platform" in text.replace("\\@", "@")
    assert "recorded, not authenticated" in text
    assert "```sh\nsparring gate --mode enforce\n```" in text


def test_a_name_in_a_ticket_is_shown_and_not_obeyed():
    evil = named(owners={**OWNERS, "running": "[x](http://evil) <script>"})
    text = tickets(brief(document(evil)), source="out")["deployment-evasion_query.md"]
    assert "<script>" not in text
    assert "[x](http" not in text


def test_card_holds_decisions_and_says_that_they_are_recorded_only():
    found = brief(document(named()), decisions=[decision()], today=TODAY)
    text = card(document(named()), found)
    assert text.startswith(GENERATED)
    for heading in ("What was decided", "Findings by team", "What applies, and why", "What was not measured"):
        assert f"## {heading}" in text
    assert "recorded, not authenticated" in text
    assert "evasion\\_query" in text or "evasion_query" in text


# --- the gate ---


def verdicts(answers, decisions=(), **policy):
    current = document(answers)
    model = threat_model(answers, current.columns)
    return {v.check: v for v in undecided.threats(model, current, Policy(**policy), decisions)}


def test_a_threat_without_an_owner_fails_where_it_is_enforced():
    found = verdicts(FOUR, mode="enforce")["threat evasion_query"]
    assert found.standing is Standing.FAIL
    assert "nobody answers for it (deployment)" in found.text
    assert verdicts(FOUR)["threat evasion_query"].standing is Standing.WARNING


def test_a_threat_that_was_not_assessed_fails_where_it_is_enforced():
    found = verdicts(named(), mode="enforce")["threat extraction"]
    assert found.standing is Standing.FAIL
    assert "not assessed or decided about" in found.text


def test_a_measured_threat_needs_a_tolerance_or_a_decision():
    found = verdicts(named(), mode="enforce")["threat evasion_query"]
    assert "nobody has said how much is borne" in found.text
    borne = verdicts(named(), mode="enforce", max_success={"columns": 0.5})["threat evasion_query"]
    assert borne.standing is Standing.PASS
    assert "threat evasion_query" not in verdicts(named(), [decision()], mode="enforce")


def test_what_is_assumed_is_said_and_fails_nothing():
    found = verdicts(FOUR, mode="enforce")["threats assumed"]
    assert found.standing is Standing.WARNING
    assert "a copy in other hands" in found.text


def test_a_decision_needs_a_threat_that_there_is_and_an_owner_who_was_named():
    check(decision(), current=document(named()))
    check(decision(), current=document())
    with pytest.raises(DecisionError, match="no such finding or threat; did you mean 'evasion_query'"):
        check(decision(finding="evasion_qery"), current=document())
    with pytest.raises(DecisionError, match="it is '@platfrom'; did you mean '@platform'"):
        check(decision(owner="@platfrom"), current=document(named()))


def test_a_decision_about_a_threat_covers_the_findings_of_its_attackers():
    current = document(named())
    accepted = [
        decision(finding=name, decision="accept", approved_by="@risk")
        for name in ("evasion_manual", "evasion_query", "evasion_whitebox", "evasion_transfer")
    ]
    assert covers(current, "columns", 0.01, accepted, today=TODAY)
    assert not covers(current, "columns", 0.01, accepted[:1], today=TODAY)


# --- the lock ---


def test_the_lock_comes_back_as_it_was_written(tmp_path):
    model = threat_model(FOUR, document().columns)
    lock.write(tmp_path / "t.json", model)
    assert lock.read(tmp_path / "t.json") == model
    before = (tmp_path / "t.json").read_bytes()
    lock.write(tmp_path / "t.json", model)
    assert (tmp_path / "t.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "must be JSON"),
        ("[]", "schema_version must be 1, got None"),
        ('{"schema_version": 2}', "schema_version must be 1, got 2"),
        ('{"schema_version": 1, "extra": 0}', "not as sparring threats writes it"),
    ],
)
def test_a_lock_that_cannot_be_read_is_one_sentence(tmp_path, text, says):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(DecisionError, match=says) as caught:
        lock.read(tmp_path / "t.json")
    assert "sparring threats writes it anew" in str(caught.value)
    with pytest.raises(DecisionError, match="cannot be read"):
        lock.read(tmp_path / "none.json")


def test_schema_of_the_lock_in_the_repository_is_up_to_date():
    root = Path(__file__).parents[2]
    tool = runpy.run_path(str(root / "tools" / "write_schemas.py"))
    file = root / "schemas" / "threats-1.json"
    assert file.read_text(encoding="utf-8") == tool["text"](tool["threats_schema"]()), (
        "run python tools/write_schemas.py"
    )
    jsonschema.validate(
        json.loads(threat_model(FOUR, document().columns).model_dump_json()), json.loads(file.read_text())
    )


def test_a_lock_from_other_answers_is_said():
    current = document()
    model = threat_model(FOUR, current.columns)
    found = next(undecided.threats(model, current, Policy(mode="enforce"), (), follows=False))
    assert found.check == "threats lock"
    assert found.standing is Standing.FAIL
    assert found.cure == "run sparring threats"


def test_a_decision_that_was_reopened_is_none():
    held = decision(model_sha256="a" * 64)
    assert brief(document(named()), decisions=[held], today=TODAY).decisions == ()


def test_after_a_decision_nobody_is_told_to_decide():
    before, after = brief(document(named())), brief(document(named()), decisions=[decision()], today=TODAY)
    assert "sparring decide evasion_query" in " ".join(before.steps)
    assert "sparring decide" not in " ".join(after.steps)


def test_where_nobody_could_attack_the_page_says_so_and_counts_no_money():
    nobody = Answers(senders="nobody", gains=("nobody",), place="server", sees=("nothing",), sources=("staff",))
    money = nobody.model_copy(update={"attempts": (20, 400), "loss_accepted": (300, 1000, 3000)})
    current = document(money)
    current = current.model_copy(update={"within": ()})
    found = brief(current)
    assert found.risks == ()
    assert "costs" not in found.worst
    text = " ".join(render(current, format="text", brief=found).split())
    assert "By your answers nobody could do this" in text


def test_decisions_about_findings_and_objectives_count_for_their_threats():
    for about in ("evasion/cube-search@columns", "@columns"):
        assert "threat evasion_query" not in verdicts(named(), [decision(finding=about)], mode="enforce")


def test_a_threat_that_came_after_the_assessment_is_said():
    current = document(named(place="server", gains=("person",)))
    now = threat_model(named(place="public", gains=("person",)), current.columns)
    found = {v.check: v for v in undecided.threats(now, current, Policy(mode="enforce"), ())}
    assert "evasion_whitebox" in found["threats assessed"].text
    assert "threats assessed" not in verdicts(named(), mode="enforce")


def test_from_level_high_on_somebody_else_has_to_agree():
    rich = named(attempts=(20, 400), loss_accepted=(300, 1000, 3000), lines=(1, 2, 10**9))
    (verdict,) = (
        v
        for v in owned(document(rich), Policy(mode="enforce"), [decision()], today=TODAY)
        if v.check.startswith("decision")
    )
    assert verdict.standing is Standing.FAIL
    assert "is at level High, and nobody else has agreed to it" in verdict.text


@pytest.mark.parametrize(("owner", "approver"), [("nobody", "@b"), ("@a", "Nobody"), ("@a", "@A ")])
def test_nobody_decides_and_nobody_agrees_with_himself(owner, approver):
    with pytest.raises(ValueError, match=r"must name somebody|must differ"):
        decision(owner=owner, approved_by=approver, decision="accept")


def test_names_command_nothing():
    evil = "a\x1b[31mb"
    owners = {**OWNERS, "risk": evil, "running": evil}
    rich = named(owners=owners, attempts=(20, 400), loss_accepted=(300, 1000, 3000), unit=evil)
    shown = render(document(rich), format="text", brief=brief(document(rich), decisions=[decision(owner=evil)]))
    assert "\x1b" not in shown


def test_an_open_question_stands_with_the_worst_plausible_answer():
    text = next(item.text for item in brief(document()).items if item.name == "open-management")
    assert "Where does the model file lie? (Assumed: it is public.)" in text
