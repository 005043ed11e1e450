"""From an assessment and answers to scenarios of loss: one for each measured threat, and one for all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparring.core.answers import Answers
from sparring.core.document import Assessment, Finding
from sparring.core.risk import Attacked, Elicited, ElicitedShare, Lines, RiskEstimate, Scenario, ThreePoint
from sparring.core.threat import Attacker
from sparring.core.threat_model import Applies, ThreatModel
from sparring.govern import ordinal
from sparring.govern.risk import simulate
from sparring.govern.threats_measured import measured, threat_of
from sparring.knowledge import load
from sparring.report import words
from sparring.report.facts import Facts, headline_point
from sparring.report.risk import HEADLINE

TOGETHER = HEADLINE
"""Scenario in which those who try are of whatever kind does best on each row, among those of the headline."""
FOUND = 0.9
"""Share of planted weaknesses that a search must find to count as checked."""


def risks(assessment: Assessment, model: ThreatModel) -> tuple[RiskEstimate, ...]:
    """Estimate what a year could cost, first for the headline, then for each measured threat as if all tries were so.

    Parameters
    ----------
    assessment : Assessment
    model : ThreatModel

    Returns
    -------
    tuple of RiskEstimate
        Empty where nobody has said how many would try, or what a success costs. Equal documents give equal figures.
    """
    found = scenarios(assessment, model)
    return simulate(found, lines_of(assessment.answers), rng=assessment.entropy) if found else ()


def scenarios(assessment: Assessment, model: ThreatModel) -> tuple[Scenario, ...]:
    """Return what `risks` simulates."""
    answers, facts = assessment.answers, Facts(assessment)
    if answers.attempts is None or answers.loss is None or facts.top is None or facts.nobody:
        return ()
    together = facts.headlined(facts.objective)
    found = [scenario(TOGETHER, _union(facts, together), answers)]
    for threat in model.threats:
        if threat.applies is Applies.NO or not load().threats[threat.name].measured_by:
            continue
        finding, known = measured(threat.name, facts), None
        if finding is not None:
            success = headline_point(finding).success
            known = Attacked(k=words.successes(success), n=success.n, **_care([finding], assessment))
        if known is not None or threat.applies is Applies.YES:  # one that applies and was not measured is hollow
            found.append(scenario(threat.name, known, answers))
    return tuple(found)


def without_money(facts: Facts, answers: Answers) -> str | None:
    """Rate the headline by classes, where nobody has put it into money; None where the answers do not allow it."""
    if answers.harm is None or answers.use is None or answers.senders is None or facts.top is None:
        return None
    bound = facts.points[-1].success.high
    return ordinal.shown(ordinal.rated(bound=bound, reach=answers.senders, harm=answers.harm, use=answers.use))


def level_of(subject: str, assessment: Assessment, found: Sequence[RiskEstimate]) -> str | None:
    """Return the level of what a decision is about; None where management has set no lines, or nothing is in money.

    Parameters
    ----------
    subject : str
        A threat, a finding by its id, or `@columns`, which is all of it.
    assessment : Assessment
    found : sequence of RiskEstimate
        What `risks` returns.
    """
    finding = next((f for f in assessment.findings if f.id == subject), None)
    name = TOGETHER if subject.startswith("@") else subject
    name = name if finding is None else threat_of(finding.threat.attacker) or TOGETHER
    return next((risk.level for risk in found if risk.name == name), None)


def lines_of(answers: Answers) -> Lines | None:
    """Return the lines that management has set; None where it has not."""
    return None if answers.lines is None else Lines(amounts=answers.lines, unit=answers.unit or "")


def scenario(name: str, success: Attacked | None, answers: Answers) -> Scenario:
    """Put a success rate beside the owner's own figures, which must be there: attempts and what one success costs.

    Parameters
    ----------
    name : str
    success : Attacked or None
        None: it was not measured.
    answers : Answers
    """
    assert answers.attempts is not None
    assert answers.loss is not None
    (least, most), (low, likely, high) = answers.attempts, answers.loss
    caught = None if answers.caught is None else ElicitedShare(low=answers.caught[0], high=answers.caught[1])
    return Scenario(
        name=name,
        attempts=Elicited(low=least, high=most),
        success=success,
        caught=caught,
        loss=ThreePoint(low=low, likely=likely, high=high),
        unit=answers.unit or "",
    )


def _union(facts: Facts, together: Sequence[Finding]) -> Attacked:
    success = facts.points[-1].success
    return Attacked(k=words.successes(success), n=success.n, **_care(together, facts.assessment))


def _care(found: Sequence[Finding], assessment: Assessment) -> dict[str, Any]:
    """Say how the attacks were made: fitted to this model, and with nothing to doubt."""
    tried = [finding for finding in found if finding.threat.attacker != Attacker.NOBODY]
    planted = [finding.planted.value for finding in tried if finding.planted and finding.planted.value is not None]
    checked = not assessment.caveats and not any(finding.caveats for finding in tried)
    return {
        "adaptive": any(finding.threat.attacker == Attacker.INSIDER for finding in tried),
        "checked": checked and bool(planted) and min(planted) >= FOUND,
    }
