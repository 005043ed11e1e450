"""The gate: what an assessment means for a policy, next to the assessment that was accepted before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import get_args

import numpy as np

from sparring.assess.findings import EPS
from sparring.core.decisions import Decided
from sparring.core.document import Assessment, Estimate, Finding, Outcome
from sparring.core.policy import GateReport, Policy, Standing, Verdict
from sparring.core.threat import Objective, headline_of
from sparring.core.threat_model import ThreatModel
from sparring.errors import UserError
from sparring.govern import undecided
from sparring.govern.owners import covers, owned
from sparring.govern.ratchet import LEVEL, compared, smallest_shown

FEW_ROWS = 30
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)


def judged(
    current: Assessment,
    baseline: Assessment | None,
    policy: Policy,
    *,
    folder: str,
    decisions: Sequence[Decided] = (),
    threats: ThreatModel | None = None,
    follows: bool | None = None,
    today: date | None = None,
) -> GateReport:
    """Hold an assessment against a policy and a baseline.

    Parameters
    ----------
    current : Assessment
    baseline : Assessment or None
        What was accepted before.
    policy : Policy
    folder : str
        Where the assessment lies, for the report.
    decisions : sequence of Decided
        What was decided about findings.
    threats : ThreatModel or None
        What follows from the answers; None: nobody has derived it, and nothing is said of threats.
    follows : bool or None
        Whether it still does; None: there are no answers to follow from.
    today : date, optional
        For expiry; needed where there are decisions.

    Raises
    ------
    UserError
        It is not complete, or the baseline was made on other rows.
    """
    if not current.complete:
        raise UserError(f"{folder} must be complete to be judged; run the same assess command again to finish it")
    today = today or date.today()  # noqa: DTZ011  # a day, where the user is
    verdicts = [*_not_assessed(current, policy), *tolerances(current, policy, decisions=decisions, today=today)]
    verdicts += owned(current, policy, decisions, today=today)
    if threats is not None:
        verdicts += undecided.threats(threats, current, policy, decisions, follows=follows is not False)
    elif follows is not None:
        text = "There are answers in security/system.yaml, and nobody has derived which threats follow from them."
        fault = policy.fault_in("enforce")
        verdicts.append(Verdict(check="threats lock", standing=fault, text=text, cure="run sparring threats"))
    if baseline is None:
        verdicts.append(_without_baseline(policy))
    else:
        _require_same_rows(current, baseline)
        verdicts += _ratchets(current, baseline, policy)
    return GateReport(mode=policy.mode, folder=folder, fingerprint=current.fingerprint, verdicts=tuple(verdicts))


def _not_assessed(current: Assessment, policy: Policy) -> Iterator[Verdict]:
    """Say what is missing: silence never reads as safety."""
    for finding in current.findings:
        if finding.outcome in (Outcome.SKIPPED, Outcome.FAILED):
            text = f"{finding.id} was not assessed: {finding.reason}."
        elif finding.stopped_by == "time":
            text = f"{finding.id} was ended by the clock; more time would break as many rows or more."
        else:
            continue
        cure = "assess again with a larger --budget" if finding.outcome is not Outcome.FAILED else "see its reason"
        yield Verdict(check=f"assessed {finding.id}", standing=policy.fault_in("enforce"), text=text, cure=cure)


def tolerances(
    current: Assessment, policy: Policy, *, decisions: Sequence[Decided] = (), today: date = date.min
) -> Iterator[Verdict]:
    """Compare what all attackers reach together with what is borne.

    Parameters
    ----------
    current : Assessment
    policy : Policy
    decisions : sequence of Decided
        What is above is no fault where somebody has accepted each finding that is.
    today : date
        For their expiry.
    """
    for objective, most in policy.max_success.items():
        check = f"tolerance@{objective}"
        success = _union(current, objective)
        if success is None or success.value is None or success.low is None or success.high is None:
            text = f"At most {most:.0%} are borne in {objective}, and nothing was measured there."
            yield Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure="assess that objective")
            continue
        shown = f"{success.value:.1%} of {success.n} attacked rows are broken ({success.low:.1%} to {success.high:.1%})"
        if success.low > most and covers(current, objective, most, decisions, today=today):
            text = f"{shown}, and at most {most:.0%} are borne; each finding above that was accepted or passed on."
            yield Verdict(check=check, standing=Standing.WARNING, text=text, cure="see the decisions, and their ends")
        elif success.low > most:
            text = f"{shown}, and at most {most:.0%} are borne."
            yield Verdict(
                check=check, standing=policy.fault_in("enforce"), text=text, cure="mend the model, or accept it"
            )
        elif success.high <= most:
            yield Verdict(check=check, standing=Standing.PASS, text=f"{shown}, and {most:.0%} are borne.")
        else:
            text = f"{shown}; whether that is above the {most:.0%} that are borne, so few rows cannot tell."
            yield Verdict(check=check, standing=Standing.WARNING, text=text, cure="assess more rows")


def _union(current: Assessment, objective: str) -> Estimate | None:
    # what is borne is about those who follow from the answers, as the headline is
    worst = next((w for w in (*current.within, *current.worst_case) if w.objective == objective), None)
    if worst is None:
        return None
    return next((point.success for point in worst.union if abs(point.size - worst.size) <= EPS), None)


def _without_baseline(policy: Policy) -> Verdict:
    text = "There is no baseline yet, so that nothing can be called worse than before."
    return Verdict(
        check="baseline",
        standing=policy.fault_in("ratchet", "enforce"),
        text=text,
        cure="sparring gate FOLDER --set-baseline takes this assessment",
    )


def _require_same_rows(current: Assessment, baseline: Assessment) -> None:
    if current.data.sha256 != baseline.data.sha256:
        raise UserError(
            f"a baseline must be made on the same rows: it rests on {baseline.data.source} ({baseline.data.rows:,} "
            f"rows), and this assessment on {current.data.source} ({current.data.rows:,} rows), whose content differs; "
            "assess those rows, or set a new baseline"
        )


def _ratchets(current: Assessment, baseline: Assessment, policy: Policy) -> Iterator[Verdict]:
    """Compare each objective with the baseline, on the rows that were attacked both times, with the same effort."""
    before = {f.id: f for f in baseline.findings if f.sizes}
    now = {f.id: f for f in current.findings if f.sizes}
    for name in before.keys() - now.keys():
        text = f"{name} is in the baseline and was not measured now."
        yield Verdict(check=f"ratchet {name}", standing=policy.fault_in("enforce"), text=text, cure="assess it again")
    equal = [name for name in now if name in before and now[name].effort == before[name].effort]
    for name in now.keys() & before.keys() - set(equal):
        text = f"{name} was tried with another effort than in the baseline, and is left out of the comparison."
        cure = "assess with --plan and the baseline's file"
        yield Verdict(check=f"ratchet {name}", standing=policy.fault_in("enforce"), text=text, cure=cure)
    objectives = [o for o in OBJECTIVES if any(name.endswith(f"@{o}") for name in equal)]
    for objective in objectives:
        pairs = [(before[name], now[name]) for name in equal if name.endswith(f"@{objective}")]
        yield _ratchet(objective, pairs, policy, level=LEVEL / len(objectives))


def _ratchet(objective: str, pairs: list[tuple[Finding, Finding]], policy: Policy, *, level: float) -> Verdict:
    check = f"ratchet@{objective}"
    rows = sorted(set.intersection(*(set(f.sizes) for pair in pairs for f in pair)))
    at = headline_of(objective, [point.size for point in pairs[0][1].curve])
    if len(rows) < FEW_ROWS:
        text = f"Only {len(rows)} rows were attacked both times, too few to compare."
        return Verdict(check=check, standing=Standing.WARNING, text=text, cure="assess with the baseline's --rng")
    old, new = (np.array([_least(part, row) for row in rows]) <= at + EPS for part in zip(*pairs, strict=True))
    found = compared(old, new, level=level)
    shown = (
        f"On {found.n} rows {found.after:.1%} are broken now by the best of all attackers and {found.before:.1%} were "
        f"before, a difference of {100 * found.worse_by:+.1f} points"
    )
    if found.is_worse(policy.margin):
        text = f"{shown}, more than the {100 * policy.margin:g} that are borne, and not by chance."
        cure = "find out what changed in the model; sparring gate FOLDER --set-baseline accepts it"
        return Verdict(check=check, standing=policy.fault_in("ratchet", "enforce"), text=text, cure=cure)
    if found.is_no_worse(policy.margin):
        return Verdict(check=check, standing=Standing.PASS, text=f"{shown}; worse by less than is borne.")
    smallest = smallest_shown(found.n, float((old != new).mean()), margin=policy.margin, level=level)
    text = (
        f"{shown}; that it is worse by less than {100 * policy.margin:g} points is not shown. So many rows show a "
        f"worsening of {100 * smallest:.0f} points four times in five."
    )
    return Verdict(check=check, standing=Standing.WARNING, text=text, cure="assess more rows to tell")


def _least(findings: tuple[Finding, ...], row: int) -> float:
    sizes = (finding.sizes[row] for finding in findings)
    return min((size for size in sizes if size is not None), default=float("inf"))
