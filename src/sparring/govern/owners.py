"""Who answers for what: decisions that hold, that have run out, that were reopened, and findings that nobody owns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sparring.assess.findings import EPS
from sparring.core.decisions import Decided
from sparring.core.document import Assessment, Finding
from sparring.core.policy import Policy, Standing, Verdict
from sparring.core.threat import headline_of
from sparring.errors import DecisionError
from sparring.store.careful_yaml import near

REMIND_DAYS = 30
LATER = "sparring decide FINDING --decision ... --owner ... renews it"


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
        One is about a finding that the assessment does not have.
    """
    ids = [finding.id for finding in current.findings]
    for decided in decisions:
        if decided.finding not in ids:
            raise DecisionError(
                f"a decision is about {decided.finding!r}, and there is no such finding{near(decided.finding, ids)}"
            )
        yield _about(decided, current, policy, today)
    known = {decided.finding for decided in decisions}
    for finding in current.findings:
        most = policy.max_success.get(finding.threat.objective)
        if most is not None and finding.id not in known and _above(finding, most):
            yield Verdict(
                check=f"owner {finding.id}",
                standing=policy.fault_in("enforce"),
                text=f"More rows are broken by {finding.id} than the {most:.0%} that are borne, and nobody owns that.",
                cure=f"sparring decide {finding.id} --decision ... --owner ...",
            )


def _about(decided: Decided, current: Assessment, policy: Policy, today: date) -> Verdict:
    check, who = f"decision {decided.finding}", decided.owner
    if decided.has_expired(today):
        text = f"What {who} decided about {decided.finding} ({decided.decision}) ran out on {decided.expires}."
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=LATER)
    reopened = decided.reopened_by(model=current.target.sha256, data=current.data.sha256)
    if reopened:
        text = f"What {who} decided about {decided.finding} ({decided.decision}) is open again: {reopened}."
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=LATER)
    left = (decided.expires - today).days
    until = f"until {decided.expires} (recorded, not authenticated)"
    text = f"{who} decided about {decided.finding}: {decided.decision}, {until}."
    if left <= REMIND_DAYS:
        return Verdict(check=check, standing=Standing.WARNING, text=f"{text} That is in {left} days.", cure=LATER)
    return Verdict(check=check, standing=Standing.PASS, text=text)


def _above(finding: Finding, most: float) -> bool:
    """Whether a finding's success at the headline size is shown to be above what is borne."""
    at = headline_of(finding.threat.objective, [point.size for point in finding.curve])
    success = next((point.success for point in finding.curve if abs(point.size - at) <= EPS), None)
    return success is not None and success.low is not None and success.low > most


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
    above = [f.id for f in current.findings if f.threat.objective == objective and _above(f, most)]
    return bool(above) and valid.issuperset(above)
