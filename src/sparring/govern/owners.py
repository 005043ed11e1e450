"""Who answers for what: decisions that hold, that have run out, that were reopened, and findings that nobody owns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sparring.assess.findings import EPS
from sparring.core.decisions import APPROVED, NOT_NAMED, REMIND_DAYS, Decided
from sparring.core.document import Assessment, Finding
from sparring.core.policy import Policy, Standing, Verdict
from sparring.core.threat import Attacker, headline_of
from sparring.core.threat_model import headliners
from sparring.errors import DecisionError
from sparring.govern.derive import threat_model
from sparring.govern.scenarios import level_of, risks
from sparring.knowledge import load
from sparring.store.careful_yaml import near

LATER = "sparring decide FINDING --decision WORD --owner NAME --reason TEXT renews it"


def owned(current: Assessment, policy: Policy, decisions: Sequence[Decided], *, today: date) -> Iterator[Verdict]:
    """Yield what is to be said of each decision, and of findings above what is borne that nobody decided about.

    Parameters
    ----------
    current : Assessment
    policy : Policy
    decisions : sequence of Decided
    today : date

    Raises
    ------
    DecisionError
        One is about a finding that the assessment does not have, a threat that there is not, or has an owner who was
        not named.
    """
    in_money = current.answers.lines is not None and decisions
    found = risks(current, threat_model(current.answers, current.columns)) if in_money else ()
    for decided in decisions:
        check(decided, current=current)
        yield _about(decided, current, policy, today, level=level_of(decided.finding, current, found))
    known = {decided.finding for decided in decisions}
    for objective, most in policy.max_success.items():
        unowned = [name for name in _above(current, objective, most) if name not in known]
        if unowned and f"@{objective}" not in known:
            yield Verdict(
                check=f"owner@{objective}",
                standing=policy.fault_in("enforce"),
                text=f"Above the {most:.0%} that are borne, and owned by nobody: {', '.join(unowned)}.",
                cure=f"sparring decide @{objective} ..., or one of them by its id",
            )


def _about(decided: Decided, current: Assessment, policy: Policy, today: date, *, level: str | None) -> Verdict:
    check, who = f"decision {decided.finding}", decided.owner
    if decided.has_expired(today):
        text = f"What {who} decided about {decided.finding} ({decided.decision}) ran out on {decided.expires}."
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=LATER)
    reopened = decided.reopened_by(model=current.target.sha256, data=current.data.sha256)
    if reopened:
        text = f"What {who} decided about {decided.finding} ({decided.decision}) is open again: {reopened}."
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=LATER)
    if level in APPROVED and not decided.approved_by:
        text = f"What {who} decided about {decided.finding} is at level {level}, and nobody else has agreed to it."
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=LATER)
    left = (decided.expires - today).days
    until = f"until {decided.expires} (recorded, not authenticated)"
    text = f"{who} decided about {decided.finding}: {decided.decision}, {until}."
    if left <= REMIND_DAYS:
        return Verdict(check=check, standing=Standing.WARNING, text=f"{text} That is in {left} days.", cure=LATER)
    return Verdict(check=check, standing=Standing.PASS, text=text)


def check(decided: Decided, *, current: Assessment) -> None:
    """Refuse a decision about nothing, or by nobody.

    Raises
    ------
    DecisionError
        The assessment has no such finding, there is no such threat, or the owner is none of those that were named.
    """
    ids = subjects(current)
    if decided.finding not in ids:
        raise DecisionError(
            f"a decision is about {decided.finding!r}, and there is no such finding or threat"
            f"{near(decided.finding, ids)}"
        )
    named = named_owners(current)
    if named and decided.owner not in named:
        raise DecisionError(
            f"the owner of a decision must be one of those named under owners in the answers, and for "
            f"{decided.finding} it is {decided.owner!r}{near(decided.owner, named)}"
        )


def named_owners(current: Assessment) -> list[str]:
    """Return everybody whom the answers name; 'nobody' is nobody."""
    return [name for name in current.answers.owners.values() if name.strip().casefold() not in NOT_NAMED]


def subjects(current: Assessment) -> list[str]:
    """Return what can be decided about: a threat, a finding, or `@columns`, which is all of one objective together."""
    objectives = dict.fromkeys(f"@{finding.threat.objective}" for finding in current.findings)
    return [*objectives, *(finding.id for finding in current.findings), *load().threats]


def _above(current: Assessment, objective: str, most: float) -> list[str]:
    """Return the findings of an objective whose success at the headline size is shown to be above what is borne.

    Random changes are a yardstick, and nobody's doing; whoever does not follow from the answers does not count.
    """
    among = headliners(current.profiles) if current.within else None
    mine = [f for f in current.findings if f.threat.objective == objective and f.threat.attacker != Attacker.NOBODY]
    mine = mine if among is None else [f for f in mine if f.threat.attacker in among]
    return [finding.id for finding in mine if _low(finding) > most]


def _low(finding: Finding) -> float:
    at = headline_of(finding.threat.objective, [point.size for point in finding.curve])
    lows = [point.success.low for point in finding.curve if abs(point.size - at) <= EPS]
    return lows[0] if lows and lows[0] is not None else -1.0


def covers(current: Assessment, objective: str, most: float, decisions: Sequence[Decided], *, today: date) -> bool:
    """Whether somebody has accepted or passed on every finding of an objective that is above what is borne.

    Parameters
    ----------
    current : Assessment
    objective : str
    most : float
    decisions : sequence of Decided
    today : date
    """
    valid = {
        decided.finding
        for decided in decisions
        if decided.decision in ("accept", "transfer")
        and not decided.has_expired(today)
        and not decided.reopened_by(model=current.target.sha256, data=current.data.sha256)
    }
    above = _above(current, objective, most)
    by = {attacker for name in valid if name in load().threats for attacker in load().threats[name].measured_by}
    valid |= {name for name in above if current[name].threat.attacker in by}
    return f"@{objective}" in valid or (bool(above) and valid.issuperset(above))
