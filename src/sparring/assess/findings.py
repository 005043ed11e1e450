"""From a judged trace to a finding: rates with intervals, baselines, the cheapest edits in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparring.assess import stats
from sparring.assess.judge import Judged
from sparring.assess.plan import Planned
from sparring.assess.run import Trace, stream
from sparring.assess.survival import kaplan_meier
from sparring.core.document import (
    UNKNOWN,
    Caveat,
    Change,
    Counts,
    Edit,
    Estimate,
    Finding,
    Named,
    Outcome,
    Point,
    Queries,
    ThreatRecord,
)
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.space import Column, TableSpace
from sparring.core.threat import GRANTS, Evasion

MEASURES = {
    "columns": "share of attacked rows that pass by misstating at most {size:g} columns",
    "spread": "share of attacked rows that pass with no column moved by more than {size:g} spreads",
    "cost": "share of attacked rows that pass by spending at most {size:g} {money}",
}
SHOWN_EDITS = 10
EPS = 1e-9  # sizes are sums of floats; 0.25 spreads may arrive as 0.25000000000000006


@dataclass(frozen=True, eq=False)
class Baseline:
    """What an attacker who does not try gets on the same rows.

    Parameters
    ----------
    name : str
    size : ndarray of shape (n,)
        Smallest size that works for each row, inf where none does.
    """

    name: str
    size: Floats


def record_threat(threat: Evasion, classes: Sequence[str]) -> ThreatRecord:
    """Put the threat into the words of the document."""
    wants = None if threat.wants is None else classes[threat.wants]
    goal = "decided otherwise" if wants is None else f"decided as {wants}"
    access = tuple(sorted(GRANTS[threat.attacker]))
    return ThreatRecord(goal=goal, attacker=threat.attacker, access=access, objective=threat.objective, wants=wants)


def unmeasured(
    planned: Planned, outcome: Outcome, reason: str, *, classes: Sequence[str], fingerprint: str, eligible: int = 0
) -> Finding:
    """Return the finding of an attack that did not run, with why."""
    threat = record_threat(planned.threat, classes)
    if planned.attack is None:
        threat = threat.model_copy(update={"attacker": UNKNOWN, "access": ()})
    return Finding(
        id=planned.id,
        fingerprint=fingerprint,
        title=planned.attack.title if planned.attack else planned.id,
        threat=threat,
        params=planned.attack.model_dump(mode="json") if planned.attack else {},
        effort=planned.effort,
        outcome=outcome,
        reason=reason,
        counts=Counts(eligible=eligible),
    )


def measured(
    planned: Planned,
    trace: Trace,
    judged: Judged,
    rows: Examples,
    *,
    space: TableSpace,
    classes: Sequence[str],
    fingerprint: str,
    eligible: int,
    entropy: int,
    baselines: Sequence[Baseline] = (),
    planted: Estimate | None = None,
    caveats: Sequence[Caveat] = (),
) -> Finding:
    """Return the finding of an attack that ran.

    Parameters
    ----------
    planned : Planned
    trace : Trace
    judged : Judged
    rows : Examples
        The attacked rows; `y` holds what the model decided for them.
    space : TableSpace
    classes : sequence of str
    fingerprint : str
    eligible : int
        Rows of the data that could have been attacked.
    entropy : int
    baselines : sequence of Baseline
    planted : Estimate or None
        Share of rows with a planted weakness in which it was found.
    caveats : sequence of Caveat
    """
    threat, sizes, headline = planned.threat, planned.threat.sizes, planned.threat.headline
    assert planned.attack is not None
    return Finding(
        id=planned.id,
        fingerprint=fingerprint,
        title=planned.attack.title,
        threat=record_threat(planned.threat, classes),
        params=planned.attack.model_dump(mode="json"),
        effort=planned.effort,
        outcome=Outcome.MEASURED,
        stopped_by=trace.stopped_by,
        primary=Named(
            measure=MEASURES[threat.objective].format(size=headline, money=threat.money),
            estimate=success(judged.size, headline),
        ),
        also=_also(judged, rows, threat=threat, classes=classes, rng=stream(entropy, planned.id + "/stats")),
        baselines=tuple(Named(measure=b.name, estimate=success(b.size, headline)) for b in baselines),
        planted=planted,
        curve=curve(judged.size, trace.lower, sizes),
        counts=_counts(trace, judged, eligible=eligible, largest=sizes[-1]),
        bounds={
            int(i): None if np.isinf(at) else float(at) for i, at in zip(rows.ids, trace.lower, strict=True) if at > 0
        },
        sizes={int(i): float(s) if b else None for i, s, b in zip(rows.ids, judged.size, judged.broken, strict=True)},
        tries=dict(zip(map(int, rows.ids), map(int, _tries(trace, judged, at=headline)[0]), strict=False)),
        queries=_queries(trace, judged, largest=sizes[-1], at=headline),
        seconds=round(trace.seconds, 3),
        edits=edits(judged, rows, space=space, classes=classes),
        columns_used=_columns_used(judged, rows, space),
        caveats=tuple(caveats),
    )


def success(size: Floats, at: float) -> Estimate:
    """Share of rows with a working change of at most `at`."""
    return stats.wilson(int((size <= at + EPS).sum()), len(size))


def curve(size: Floats, lower: Floats, sizes: Sequence[float]) -> tuple[Point, ...]:
    """Return success and proofs at each of `sizes`."""
    return tuple(Point(size=s, success=success(size, s), proven=int(proven(lower, size, s).sum())) for s in sizes)


def proven(lower: Floats, size: Floats, at: float) -> Bools:
    """Say for which rows no working change of at most `at` exists, shape (n,).

    Parameters
    ----------
    lower : ndarray of shape (n,)
        Sizes below which nothing exists.
    size : ndarray of shape (n,)
        Smallest working change that the judge confirmed, inf where none; it refutes a bound that says otherwise.
    at : float
    """
    return (lower > at + EPS) & ~(size <= at + EPS)


def _counts(trace: Trace, judged: Judged, *, eligible: int, largest: float) -> Counts:
    broken = judged.size <= largest + EPS
    shown = proven(trace.lower, judged.size, largest)
    return Counts(
        eligible=eligible,
        attacked=len(broken),
        broken=int(broken.sum()),
        proven=int(shown.sum()),
        undecided=int((~broken & ~shown).sum()),
        died=len(judged.deaths),
    )


def _queries(trace: Trace, judged: Judged, *, largest: float, at: float) -> Queries:
    spent = trace.examples.queries[judged.size <= largest + EPS]
    tries, broken = _tries(trace, judged, at=at)
    return Queries(
        rows=trace.asked,
        per_success=float(np.median(spent)) if len(spent) else None,
        until_half=_until_half(tries, broken) if len(tries) else None,
    )


def _tries(trace: Trace, judged: Judged, *, at: float) -> tuple[Ints, Bools]:
    """Return rows asked until success or until giving up, and which of the two it was; empty where nobody counted."""
    until = trace.examples.until
    if until is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    broken = (until >= 0) & (judged.size <= at + EPS)  # a find that the judge refused is none
    return np.where(broken, until, trace.examples.queries), broken


def _until_half(tries: Ints, broken: Bools) -> Estimate:
    """Return the rows asked until half of the rows are broken; rows that held are kept as long as they held."""
    found = kaplan_meier(tries, broken)
    low, high = found.median_interval
    method = "kaplan-meier, log-log" if found.median is not None else "kaplan-meier: fewer than half were broken"
    return Estimate(value=found.median, low=low, high=high, n=found.n, method=method, unit="rows")


def _also(
    judged: Judged, rows: Examples, *, threat: Evasion, classes: Sequence[str], rng: np.random.Generator
) -> tuple[Named, ...]:
    unit = {"columns": "columns", "spread": "spreads"}.get(threat.objective, threat.money)
    median = stats.median(judged.size[judged.broken], unit=unit, rng=rng)
    by_class = [
        Named(
            measure=f"success among rows decided as {classes[c]}",
            estimate=success(judged.size[rows.y == c], threat.headline),
        )
        for c in np.unique(rows.y)
        if len(np.unique(rows.y)) > 1
    ]
    return (Named(measure="median size of the smallest change, where one was found", estimate=median), *by_class)


def edits(judged: Judged, rows: Examples, *, space: TableSpace, classes: Sequence[str]) -> tuple[Edit, ...]:
    """List judged changes as a person would read them: the cheapest of each set of columns, then the next cheapest."""
    order = np.lexsort([rows.ids, space.size_in_spreads(rows.x, judged.x_adv), judged.size])
    changed = space.changed(rows.x, judged.x_adv)
    seen: Counter[bytes] = Counter()
    turns = []
    for i in order[judged.broken[order]]:
        key = changed[i].tobytes()
        turns.append(seen[key])
        seen[key] += 1
    shown = order[judged.broken[order]][np.argsort(turns, kind="stable")][:SHOWN_EDITS]
    return tuple(
        Edit(
            row=int(rows.ids[i]),
            size=float(judged.size[i]),
            decided_before=classes[rows.y[i]],
            decided_after=classes[judged.decided[i]],
            changes=tuple(
                _change(space.columns[j], float(rows.x[i, j]), float(judged.x_adv[i, j]))
                for j in np.flatnonzero(changed[i])
            ),
        )
        for i in shown
    )


def _change(column: Column, before: float, after: float) -> Change:
    """Write both values with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 12, 17):
        a, b = in_words(column, before, digits=digits), in_words(column, after, digits=digits)
        if a != b:
            break
    return Change(column=column.name, before=a, after=b)


def in_words(column: Column, value: float, *, digits: int = 6) -> str:
    """Write one encoded value as a person would, a fraction with `digits` significant digits.

    Examples
    --------
    >>> in_words(Column(name="age", kind="number", step=1), 41.0)
    '41'
    """
    if np.isnan(value):
        return "(blank)"
    if column.kind == "number":
        return f"{value:.0f}" if column.step and value == round(value) else f"{value:.{digits}g}"
    known = column.categories
    return str(known[int(value)]) if value < len(known) else "(a value never seen)"


def _columns_used(judged: Judged, rows: Examples, space: TableSpace) -> dict[str, int]:
    used = space.changed(rows.x, judged.x_adv)[judged.broken].sum(axis=0)
    return {space.names[j]: int(used[j]) for j in np.argsort(-used, kind="stable") if used[j]}
