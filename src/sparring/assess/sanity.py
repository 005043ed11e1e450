"""Automatic doubts: what makes a number weaker than it looks. Each becomes a caveat in the document.

After Carlini et al. (2019), *On evaluating adversarial robustness*, the flags of AutoAttack (Croce and Hein 2020) and
Zimmermann et al. (2022), *Increasing confidence in adversarial robustness evaluations*; adapted to tables.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparring.assess import stats
from sparring.assess.findings import EPS, Baseline
from sparring.assess.judge import Judged
from sparring.assess.run import Trace
from sparring.core.document import Caveat
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.metered import Metered
from sparring.core.relations import Relation
from sparring.core.space import TableSpace, grid_value
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import HEADLINE, Attacker, Evasion

FEW_ROWS = 30
CHECKED_ROWS = 2000
COMPARED_ENTRIES = 6e7
ASKED_TWICE = 40  # where rows are counted
SAME_SCORE = 1e-4
ROUGH_ROWS, ROUGH_TRIES = 100, 8
NEXT_TO_NOTHING = 0.01  # spreads
ROUGH = 0.1  # of the interquartile range of scores, and of the rows
FLAT = 0.5  # of the rows
REFUSED = 0.01  # a share of the data that a true columns table may still refuse


def stochastic(target: Target, x: Floats) -> list[Caveat]:
    """Ask twice and compare."""
    if isinstance(target, Metered):
        # its answers are remembered: ask anew about a few, in other company than before
        x = x[:: -max(1, len(x) // ASKED_TWICE)][:ASKED_TWICE]
        first, second = target.predict(x), target.again(x)
    else:
        first, second = target.predict(x), target.predict(x)
    differ = int((first != second).sum())
    if differ:
        text = f"The model answers {differ} of {len(x)} rows differently when asked twice; every figure moves with it."
        return [Caveat(code="stochastic-model", text=text)]
    if Access.SCORES not in target.offers or isinstance(target, Metered):
        return []
    wavers = int((np.abs(target.scores(x) - target.scores(x)).max(axis=1, initial=0.0) > SAME_SCORE).sum())
    if not wavers:
        return []
    text = f"The model scores {wavers} of {len(x)} rows differently when asked twice, though it decides them alike."
    return [Caveat(code="stochastic-model", text=text)]


def drawn(rows: int, read: int | None) -> list[Caveat]:
    """Say that the data were too many to look at all of them."""
    if read is None:
        return []
    text = f"The figures rest on {rows:,} of the {read:,} rows, drawn at random and always the same."
    return [Caveat(code="sampled-rows", text=text)]


def saturated(target: Target, x: Floats) -> list[Caveat]:
    """Look for probabilities that are exactly 0 or 1, between which no search can see a slope."""
    if Access.SCORES not in target.offers:
        return []
    p = target.scores(x)
    share = float(((p == 0) | (p == 1)).any(axis=1).mean())
    if share < 0.1:
        return []
    text = (
        f"{share:.0%} of rows have a probability of exactly 0 or 1. Attacks that follow scores see no slope there, "
        "so their figures may be too low."
    )
    return [Caveat(code="saturated-scores", text=text)]


def rough(target: Target, x: Floats) -> list[Caveat]:
    """Move rows by next to nothing, and compare how their scores move with how scores differ between rows.

    Trees answer in steps by nature; attacks that need a slope are not set on them.
    """
    space = target.space
    free = np.flatnonzero(space.movable & ~space.categorical & (space.step == 0))
    if Access.SCORES not in target.offers or isinstance(target, Metered) or not len(free):
        return []
    rows = x[:ROUGH_ROWS]
    near = np.repeat(rows[:, None], ROUGH_TRIES, axis=1)
    noise = np.random.default_rng(0).uniform(-NEXT_TO_NOTHING, NEXT_TO_NOTHING, (*near.shape[:2], len(free)))
    near[:, :, free] += noise * space.spread[free]
    p = target.scores(rows)
    top = p.argmax(axis=1)
    moved = target.scores(near.reshape(-1, x.shape[1])).reshape(*near.shape[:2], -1)
    moved = np.take_along_axis(moved, top[:, None, None], axis=2)[:, :, 0]
    usual = np.subtract(*np.quantile(p.max(axis=1), [0.75, 0.25]))
    share = float((moved.std(axis=1) > ROUGH * usual).mean())
    level = float((np.ptp(moved, axis=1) == 0).mean())
    if level > FLAT and target.family != "trees":
        text = (
            f"Changes of at most {NEXT_TO_NOTHING:g} spreads leave the scores of {level:.0%} of rows exactly as they "
            "are. Searches that follow scores see no slope there, so that their figures may be too low."
        )
        return [Caveat(code="flat-scores", text=text)]
    if share <= ROUGH:
        return []
    text = (
        f"Changes of at most {NEXT_TO_NOTHING:g} spreads move the scores of {share:.0%} of rows by more than a tenth "
        "of how far scores usually lie apart. Searches that follow scores lose their way there."
    )
    return [Caveat(code="rough-scores", text=text)]


def weak_model(correct: Bools, y: Ints, decided: Ints) -> list[Caveat]:
    """Compare with always answering the commonest class."""
    found = []
    if len(np.unique(decided)) == 1:
        text = "The model gives every row the same answer. No edit can change it, and that is no merit."
        found.append(Caveat(code="constant-model", text=text))
    usual = y == np.bincount(y).argmax()
    gain = stats.paired_difference(usual, correct)
    if gain.low is not None and gain.low <= 0 and not found:
        shown = "" if correct.mean() <= usual.mean() else " That it is better is not shown."
        text = (
            f"The model is right on {correct.mean():.1%} of rows; always giving the commonest answer is right on "
            f"{usual.mean():.1%}.{shown} (A cut-off chosen for costs can do this on purpose.)"
        )
        found.append(Caveat(code="no-better-than-majority", text=text))
    return found


def weak_regressor(before: Floats, truth: Floats) -> list[Caveat]:
    """Compare with always predicting the median.

    Parameters
    ----------
    before, truth : ndarray of shape (n,)
        Predictions and true values.
    """
    if np.ptp(before) == 0:
        text = "The model predicts the same for every row. No edit can change it, and that is no merit."
        return [Caveat(code="constant-model", text=text)]
    off, usual = np.abs(before - truth).mean(), np.abs(np.median(truth) - truth).mean()
    if off < usual:
        return []
    text = (
        f"The model is off by {off:.3g} on average, and always predicting the median by {usual:.3g}. (A model of a "
        "quantile does this on purpose.)"
    )
    return [Caveat(code="no-better-than-majority", text=text)]


def overlap(rows: Examples, train: Floats | None) -> list[Caveat]:
    """Look for test rows that stand among the training rows, and for repeated test rows."""
    found = []
    keys = _keys(rows.x)
    if train is not None:
        seen = np.isin(keys, _keys(train))
        if seen.any():
            text = (
                f"{int(seen.sum())} of {len(rows)} rows also stand among the training rows; accuracy on them flatters."
            )
            found.append(Caveat(code="train-rows-in-data", text=text))
    repeated = len(keys) - len(np.unique(keys))
    if repeated > 0.05 * len(keys):
        text = (
            f"{repeated} of {len(rows)} rows repeat another row; intervals treat them as independent, so they are "
            "too narrow."
        )
        found.append(Caveat(code="repeated-rows", text=text))
    return found


def _keys(x: Floats) -> np.ndarray:
    clean = np.ascontiguousarray(np.where(np.isnan(x), np.inf, x) + 0.0)
    return clean.view([("", clean.dtype)] * clean.shape[1]).ravel() if clean.shape[1] else np.zeros(len(clean))


def limits_hold(space: TableSpace, x: Floats) -> list[Caveat]:
    """Check that the columns table admits at least 99 % of the data itself: range, step and blanks."""
    found = []
    for j in np.flatnonzero(space.movable) if len(x) else ():
        name, values = space.names[j], x[:, j]
        outside = ((values < space.low[j]) | (values > space.high[j])).mean()
        if outside > REFUSED:
            text = f"{outside:.1%} of the data lie outside the range given for column {name!r}; the range may be wrong."
            found.append(Caveat(code="range-against-data", text=text))
        off = _off_grid(values[np.isfinite(values)], float(space.step[j]))
        if off > REFUSED:
            text = (
                f"{off:.1%} of the values in column {name!r} are no multiples of its step, {space.step[j]:g}; "
                "the step may be too coarse."
            )
            found.append(Caveat(code="step-against-data", text=text))
        blank = np.isnan(values).mean()
        if blank > REFUSED and not space.may_miss[j]:
            text = f"{blank:.1%} of the data are blank in column {name!r}, where the columns table allows no blank."
            found.append(Caveat(code="missing-against-data", text=text))
    return found


def _off_grid(values: Floats, step: float) -> float:
    """Return the share of values that are no multiples of a step, to the digits that float32 holds; step 0: none."""
    if not step or not len(values):
        return 0.0
    return float((~np.isclose(values, grid_value(np.round(values / step), step), rtol=1e-6, atol=1e-6 * step)).mean())


def assumed(space: TableSpace) -> list[Caveat]:
    """Say that nobody has said who can set some columns."""
    names = [c.name for c in space.columns if c.assumed and c.movable]
    if not names:
        return []
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    text = (
        f"Nobody has said who can set {shown}; every figure assumes that everything there can be changed, "
        "so it is an upper bound."
    )
    return [Caveat(code="assumed-columns", text=text)]


def unconfirmed(relations: Sequence[Relation]) -> list[Caveat]:
    """Say that nobody has said whether what holds in all rows of the data must hold in every row."""
    if not relations:
        return []
    shown = "; ".join(relation.text for relation in relations[:3])
    more = f"; and {len(relations) - 3} more" if len(relations) > 3 else ""
    text = (
        f"Every row of the data keeps to this, and nobody has said whether every row must: {shown}{more}. Edits may "
        "break it, so that figures may count rows that could not be entered."
    )
    return [Caveat(code="unconfirmed-relations", text=text)]


def coarse(space: TableSpace) -> list[Caveat]:
    """Say so where no column can change by as little as headlines in spreads allow."""
    smallest = (space.step / space.spread)[space.movable]  # 1 for a category, 0 without steps
    at = HEADLINE["spread"]
    if not len(smallest) or smallest.min() <= at + EPS:
        return []
    text = (
        f"No column can change by {at:g} spreads or less: the smallest possible change is {smallest.min():.2g}. "
        "That nothing passes at such sizes follows from the columns table alone."
    )
    return [Caveat(code="coarse-columns", text=text)]


def of_finding(
    trace: Trace,
    judged: Judged,
    *,
    threat: Evasion,
    baselines: Sequence[Baseline],
    feasible: Bools,
    more_helps: bool,
    background: Floats,
    space: TableSpace,
) -> tuple[Caveat, ...]:
    """Collect the doubts about one finding.

    Parameters
    ----------
    trace : Trace
    judged : Judged
    threat : Evasion
    baselines : sequence of Baseline
    feasible : ndarray of bool, shape (n,)
        Rows that an attacker who sees no more, or copying a real row, has turned within the sizes of the curve.
    more_helps : bool
        Whether a larger budget would let this attacker try harder.
    background : ndarray of shape (m, d)
        Real rows, to compare with.
    space : TableSpace
    """
    found: list[Caveat] = []
    n = len(judged.size)
    if n < FEW_ROWS:
        found.append(
            Caveat(code="few-rows", text=f"It rests on {n} rows only; look at the interval, not at the figure.")
        )
    if trace.stopped_by == "time":
        text = "The clock ended it before its planned effort; more time would break as many rows or more."
        found.append(Caveat(code="stopped-by-time", text=text))
    if trace.stopped_by == "exhausted":
        text = "The model may be asked no more rows (max_queries); more would break as many rows or more."
        found.append(Caveat(code="stopped-by-cap", text=text))
    if trace.fault:
        found.append(Caveat(code="broke-off", text=f"It broke off and kept what it had: {trace.fault}."))
    if judged.deaths:
        text = (
            f"{len(judged.deaths)} of {int(trace.examples.found.sum())} proposed rows did not hold: {judged.deaths[0]}."
        )
        found.append(Caveat(code="rows-died", text=text))
    if threat.attacker is not Attacker.NOBODY:
        found += _weak_attack(judged, threat=threat, baselines=baselines)
    if threat.attacker not in (Attacker.NOBODY, Attacker.BY_HAND):
        found += _missed(judged, threat=threat, feasible=feasible)
    if more_helps:
        found += _not_converged(trace)
    found += _outside(judged, background, space)
    return tuple(found)


def _weak_attack(judged: Judged, *, threat: Evasion, baselines: Sequence[Baseline]) -> list[Caveat]:
    found = []
    at = threat.headline
    for baseline in baselines:
        gain = stats.paired_difference(baseline.size <= at + EPS, judged.size <= at + EPS)
        if gain.low is not None and gain.low <= 0 and (baseline.size <= at + EPS).any():
            more = f"{100 * (gain.value or 0):+.1f} %"
            text = f"Not shown to do better than {baseline.name} on the same rows (difference {more})."
            found.append(Caveat(code="no-better-than-baseline", text=text))
    return found


def _missed(judged: Judged, *, threat: Evasion, feasible: Bools) -> list[Caveat]:
    """Compare with those who should not do better; a person who tries by hand is not meant to find everything."""
    largest = reach(threat)
    missed, n = (
        int((feasible & ~(np.isfinite(judged.size) & (judged.size <= largest + EPS))).sum()),
        int(feasible.sum()),
    )
    if missed <= 0.05 * max(1, n):
        return []
    unit = "columns" if threat.objective == "columns" else threat.money
    within = "" if largest == np.inf else f" with at most {largest:g} {unit}"
    text = f"It missed {missed} of {n} rows that are known to pass{within}."
    return [Caveat(code="misses-what-is-there", text=text)]


def reach(threat: Evasion) -> float:
    """Return the largest size that a search is meant to find; in spreads it is meant to find anything there is."""
    return np.inf if threat.objective == "spread" else threat.sizes[-1]


def _not_converged(trace: Trace) -> list[Caveat]:
    half = [p for p in trace.passes if p.queries <= trace.passes[-1].queries / 2] if trace.passes else []
    if not half or trace.passes[-1].found - half[-1].found <= 0.01 * len(trace.lower):
        return []
    gained = trace.passes[-1].found - half[-1].found
    return [Caveat(code="not-converged", text=f"The second half of its effort still found {gained} more rows.")]


def _outside(judged: Judged, background: Floats, space: TableSpace) -> list[Caveat]:
    """Compare each adversarial row's distance to the nearest real row with that of real rows to each other."""
    rows = judged.x_adv[judged.broken]
    # all pairs and all columns are compared: with more columns, fewer rows
    real = background[: int(np.clip(np.sqrt(COMPARED_ENTRIES / max(1, len(space))), 100, 1000))]
    if len(rows) == 0 or len(real) < 50:
        return []
    usual = np.quantile(_nearest(real, real, space, skip_self=True), 0.99)
    share = float((_nearest(rows, real, space) > usual).mean())
    if share <= 0.1:
        return []
    text = (
        f"{share:.0%} of its rows lie farther from any real row than 99 % of real rows do; a check for unusual "
        "applications could notice them."
    )
    return [Caveat(code="outside-the-data", text=text)]


def _nearest(rows: Floats, real: Floats, space: TableSpace, *, skip_self: bool = False) -> Floats:
    """Return each row's distance to the nearest real one over the user's own columns, in spreads, shape (n,)."""
    d = len(space.shown)
    spread, categorical, real = space.spread[:d], space.categorical[:d], real[:, :d]
    out = np.empty(len(rows))
    for i, row in enumerate(rows[:, :d]):
        with np.errstate(invalid="ignore"):
            gap = np.abs(real - row) / spread
        gap = np.where(categorical | np.isnan(gap), (real != row) & ~(np.isnan(real) & np.isnan(row)), gap)
        total = np.minimum(gap, 10.0).sum(axis=1)
        if skip_self:
            total[i] = np.inf
        out[i] = total.min()
    return out
