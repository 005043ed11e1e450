"""From an assessment to what it means for each team: findings, owners, and commands that show they are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sparring.core.answers import Answers
from sparring.core.brief import Brief, Item
from sparring.core.decisions import APPROVED, Decided
from sparring.core.document import Assessment, Finding
from sparring.core.risk import RiskEstimate
from sparring.core.threat_model import Applies, Threat, ThreatModel
from sparring.govern.derive import ROLE, owner, threat_model
from sparring.govern.scenarios import risks, without_money
from sparring.govern.threats_measured import measured, threat_of
from sparring.knowledge import Fact, load
from sparring.report import words
from sparring.report.facts import Facts, attacker_title, headline_point
from sparring.report.risk import PARTS, in_words, level_in_words
from sparring.report.threats import because, threat_title

STAGES = tuple(ROLE)
DONE = "sparring gate --mode enforce"
HARM = {"minor": "minor harm", "moderate": "moderate harm", "serious": "serious harm", "severe": "severe harm"}


def brief(assessment: Assessment, *, decisions: Sequence[Decided] = (), today: date | None = None) -> Brief:
    """Say what an assessment means for the people around the model.

    Parameters
    ----------
    assessment : Assessment
    decisions : sequence of Decided
    today : date, optional
        Decisions that have run out by then count as none; None: all of them count.
    """
    answers = assessment.answers
    model = threat_model(answers, assessment.columns)
    held = {d.finding: d for d in decisions if _holds(d, assessment, today)}
    facts = Facts(assessment)
    items = [_threat_item(threat, facts, held.get(threat.name)) for threat in model.standing(Applies.YES)]
    items += unsettled(model, answers)
    front, found = _front(facts, model), risks(assessment, model)
    return Brief(
        threats=model,
        items=tuple(sorted(items, key=lambda item: STAGES.index(item.stage))),
        decisions=tuple(held.values()),
        risks=found,
        ordinal=None if found else without_money(facts, answers),
        worst=_worst(front, answers, found, facts),
        steps=tuple(_steps(facts, model, front, held, found)),
        who=_who(front, answers),
    )


def _holds(decided: Decided, assessment: Assessment, today: date | None) -> bool:
    """Whether a decision has neither run out nor been reopened."""
    reopened = decided.reopened_by(model=assessment.target.sha256, data=assessment.data.sha256)
    return not reopened and (today is None or not decided.has_expired(today))


def _front(facts: Facts, model: ThreatModel) -> Threat | None:
    """Return the threat that the headline speaks of, or the first that applies."""
    for finding in facts.headlined(facts.objective):
        name = threat_of(finding.threat.attacker)
        if name is not None and model[name].applies is not Applies.NO:
            return model[name]
    return next(iter(model.standing(Applies.YES)), None)


def _threat_item(threat: Threat, facts: Facts, decided: Decided | None) -> Item:
    known = load().defenses
    finding = measured(threat.name, facts)
    return Item(
        name=threat.name,
        kind="threat",
        stage=threat.stage,
        title=threat_title(threat.name),
        text=because(threat),
        evidence=_evidence(finding, facts),
        first=tuple(known[name].heading for name in threat.defenses if name in known),
        owner=threat.owner,
        decided="" if decided is None else f"{decided.decision}, by {decided.owner}, until {decided.expires}",
        accept=DONE,
        done_when=f"it shows {threat.name} as borne or decided",
    )


def _evidence(finding: Finding | None, facts: Facts) -> str:
    if finding is None:
        return "nothing was measured"
    point = headline_point(finding)
    limit = facts.limit(point.size, finding.threat.objective)
    who = attacker_title(finding.threat.attacker)
    return f"{words.counted_rate(point.success)} with {limit} ({who[:1].lower()}{who[1:]})"


def unsettled(model: ThreatModel, answers: Answers) -> tuple[Item, ...]:
    """Return what the answers leave open: questions that nobody has answered, and stages that nobody answers for.

    Parameters
    ----------
    model : ThreatModel
        Derived from the answers.
    answers : Answers
    """
    return (*_open_items(model, answers), *_nobody_items(model, answers))


def _open_items(model: ThreatModel, answers: Answers) -> Iterator[Item]:
    """Turn what nobody has said into a question to the team that would know, with what is assumed meanwhile."""
    missing = {reason.fact for threat in model.standing(Applies.ASSUMED) for reason in threat.because}
    for stage in STAGES:
        asked = [
            fact
            for question in load().questions.values()
            for fact in question.facts
            if question.stage == stage and fact.name in missing
        ]
        if asked:
            rests = [threat_title(threat.name) for threat in model.standing(Applies.ASSUMED) if _rests(threat, asked)]
            yield Item(
                name=f"open-{stage}",
                kind="unknown",
                stage=stage,
                title="Questions that are open",
                text=" ".join(f"{fact.ask} (Assumed: {fact.assumed}.)" for fact in asked),
                first=("the questions of sparring init --full; security/system.yaml takes the answers",),
                evidence=f"threats that are assumed until then: {words.listed(rests)}",
                owner=owner(answers, stage),
                accept=f"sparring threats --settled {stage}",
                done_when="it finds nothing that is open",
            )


def _rests(threat: Threat, asked: Sequence[Fact]) -> bool:
    return bool({fact.name for fact in asked} & {reason.fact for reason in threat.because})


def _nobody_items(model: ThreatModel, answers: Answers) -> Iterator[Item]:
    for stage in STAGES:
        mine = [t for t in model.standing(Applies.YES) if t.stage == stage]
        if mine and owner(answers, stage) is None:
            said = answers.owners.get(ROLE[stage])  # type: ignore[call-overload]  # one of the roles
            told = "By the answers nobody does" if said else "Nobody was named"
            yield Item(
                name=f"nobody-{stage}",
                kind="nobody",
                stage=stage,
                title="Nobody answers for this",
                text=f"{told}; it falls to {_fallback(answers)}.",
                evidence=f"{words.counted(len(mine), 'threat')} without an owner",
                owner=None,
                accept=f"sparring threats --settled {stage}",
                done_when="it finds an owner for each threat that applies",
            )


def _fallback(answers: Answers) -> str:
    named = owner(answers, "management")
    return (
        words.plain(named, longest=60)
        if named
        else "whoever accepts what remains, and nobody was named for that either"
    )


def _worst(front: Threat | None, answers: Answers, found: tuple[RiskEstimate, ...], facts: Facts) -> str:
    entry = load().threats.get(front.name) if front else None
    told = f"{entry.worst[:1].upper()}{entry.worst[1:]}." if entry else "No threat applies by the answers."
    if front is None or measured(front.name, facts) is None:
        return told  # what one case costs was said of cases that were attacked
    if answers.loss is not None:
        low, _, high = answers.loss
        unit = words.plain(answers.unit, longest=20) if answers.unit else "in money"
        cost = f"{told} One such case costs {low:,.0f} to {high:,.0f} {unit}, by the answers."
        return f"{cost} {_in_money(found[0])}" if found else cost
    if answers.harm is not None:
        return f"{told} By the answers, one such case does {HARM[answers.harm]}."
    return f"{told} What one such case costs, nobody has said."


def _in_money(risk: RiskEstimate) -> str:
    """Say what a year costs, range first, and on whom the width of the range hangs."""
    level = f" Level: {level_in_words(risk)} (evidence {risk.evidence.grade.value})." if risk.level else ""
    ask = ""
    if risk.drivers:
        widest = risk.drivers[0]
        much = "Most" if widest.share > 0.5 else "The largest part"
        ask = f" {much} of that width comes from {PARTS[widest.part]}: ask {widest.ask}."
    return f"In money: {in_words(risk)}.{level}{ask}"


def _in_place(defense: str, answers: Answers) -> bool:
    """Whether the answers say that a defense is there already."""
    sees, between = answers.sees or ("scores",), answers.between or ()
    return {
        "hide_scores": not {"rounded", "scores", "reasons"} & set(sees),
        "rate_limit": answers.apart == "limit",
        "authenticate": answers.senders in ("vetted", "staff", "systems", "nobody"),
        "detect_queries": answers.watched is True,
        "human_review": bool({"person-all", "person-borderline"} & set(between)),
        "randomize_review": bool({"person-all", "person-sample"} & set(between)),
    }.get(defense, False)


def _steps(
    facts: Facts,
    model: ThreatModel,
    front: Threat | None,
    held: Mapping[str, Decided],
    found: tuple[RiskEstimate, ...],
) -> Iterator[str]:
    if facts.assumed:
        yield "Say who can set each column: sparring init MODEL DATA --target COLUMN --columns."
    names = [name for name in (front.defenses if front else ()) if not _in_place(name, facts.assessment.answers)]
    candidates = [load().defenses[name] for name in names]
    free = [f"“{defense.heading}”" for defense in candidates if defense.accuracy_cost == "none"]
    if front is not None and free:
        yield f"Look at what changes no prediction first: {words.listed(free[:3])}."
    if model.standing(Applies.ASSUMED):
        count = len({r.fact for t in model.standing(Applies.ASSUMED) for r in t.because})
        yield f"Answer {words.counted(count, 'open question')}: sparring init --full."
    if front is not None and front.name not in held and front.applies is Applies.YES:
        agreed = " --approved-by NAME" if found and found[0].level in APPROVED else ""
        command = f"sparring decide {front.name} --decision WORD --owner NAME{agreed} --reason TEXT"
        yield f"Decide who does what about it: {command}"


def _who(front: Threat | None, answers: Answers) -> str:
    if front is None:
        return "Nobody has a finding to answer for."
    named = front.owner
    if named is not None:
        return f"{words.plain(named, longest=60)} answers for it ({front.stage})."
    fallback = owner(answers, "management")
    if fallback is None:
        return f"Nobody was named to answer for it ({front.stage}), and nobody to accept what remains."
    return f"Nobody was named to answer for it ({front.stage}); until then it falls to {_fallback(answers)}."
