"""What attacks that only ask have in common: each row's tries, what was found, and where to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.space import TableSpace
from sparring.core.target import Decision
from sparring.errors import BudgetSpent

CALL_ROWS = 16384
"""Rows in one call of the model at most: many models need as long to begin as for 2,000 rows, so that a call must be
large, and yet small enough to look at the clock in between."""
BLOCK = 32_768
"""Numbers that are worked on at a time: so few that what is computed on the way stays in the processor's cache."""
IDLE_CALLS = 10
"""Calls without a single change after which a row gets no further ones."""
POOL_ROWS = 2000
"""Background rows that are compared with each attacked row; more hardly ever are nearer."""


@dataclass(eq=False)
class Ledger:
    """Tries, and the smallest wanted row so far, of every attacked row.

    Parameters
    ----------
    case : Case

    Attributes
    ----------
    x, best : ndarray of shape (n, d)
        Originals; smallest wanted rows, the original where there is none.
    wanted : ndarray of shape (n, n_classes)
        Which decisions count as success.
    size, other_size : ndarray of shape (n,)
        Of `best` in the objective's unit, and in the other one, which breaks ties; inf where there is none.
    queries, limit, until : ndarray of shape (n,)
        Rows asked so far, at most, and up to the first find of the headline's size (-1: none).
    idle : ndarray of shape (n,)
        Calls in a row in which no candidate of a row was a change; a search that proposes nothing is over.
    """

    case: EvasionCase
    x: Floats = field(init=False)
    best: Floats = field(init=False)
    wanted: Bools = field(init=False)
    size: Floats = field(init=False)
    other_size: Floats = field(init=False)
    queries: Ints = field(init=False)
    limit: Ints = field(init=False)
    until: Ints = field(init=False)
    idle: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing asked and nothing found; rows that have nothing to gain get no tries."""
        rows, n = self.case.rows, len(self.case.rows)
        self.x = np.asarray(rows.x, dtype=float)
        self.best = self.x.copy()
        self.wanted = wanted_mask(self.case, rows.y)
        self.size, self.other_size = np.full(n, np.inf), np.full(n, np.inf)
        self.queries, self.idle, self.until = (np.full(n, start, dtype=np.int64) for start in (0, 0, -1))
        hopeless = self.wanted[np.arange(n), rows.y] | (not self.space.movable.any())
        self.limit = np.where(hopeless, 0, self.case.effort.queries).astype(np.int64)

    @property
    def space(self) -> TableSpace:
        """Columns and what may change in them."""
        return self.case.space

    @cached_property
    def prices(self) -> Floats:
        """What a change of each column counts for where columns or money are counted, shape (d,)."""
        return prices_of(self.case)

    @property
    def found(self) -> Bools:
        """Rows with a wanted row in hand, shape (n,)."""
        return np.isfinite(self.size)

    @property
    def room(self) -> Ints:
        """Tries left of each row, shape (n,)."""
        return self.limit - self.queries

    @property
    def attempt(self) -> AdversarialExamples:
        """A copy of what is known now."""
        return AdversarialExamples(self.best.copy(), self.found, self.queries.copy(), self.until.copy())

    def open(self, *, above: float = 0.0) -> Ints:
        """Return the rows that have tries left and no wanted row of size `above` or less; none once time is up."""
        if self.case.cancelled():
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero((self.room > 0) & (self.size > above) & (self.idle < IDLE_CALLS))

    def least(self, columns: int) -> float:
        """Return the least size that an edit of so many columns can have; above it, one of them may still improve."""
        if self.case.threat.objective == "columns":
            return float(columns)
        return float(np.sort(self.prices[self.space.movable])[:columns].sum())

    def worth_asking(self, rows: Ints, x_adv: Floats) -> Floats:
        """Put the original, which costs no try, in place of candidates that cost no less than the best in hand."""
        if self.case.threat.objective != "cost":
            return x_adv
        dear = self.space.size_in_cost(self.x[rows], x_adv) >= self.size[rows]
        return np.where(dear[:, None], self.x[rows], x_adv)

    def ask(self, rows: Ints, x_adv: Floats) -> Bools:
        """Ask for decisions on candidates, repaired where columns are related; keep the smallest decided as wanted.

        Parameters
        ----------
        rows : ndarray of shape (m,)
            Which attacked row each candidate stands in for.
        x_adv : ndarray of shape (m, d)

        Returns
        -------
        ndarray of shape (m,)
            Whether a candidate is decided as wanted; False for those that are no change or had no try left.
        """
        x_adv = self.space.repair(self.x[rows], x_adv)
        served = self._admit(rows, x_adv)
        labels, served = self._call(self.case.oracle.predict, rows, x_adv, served)
        hit = np.zeros(len(rows), dtype=bool)
        if len(served):
            hit[served] = self.wanted[rows[served], labels.astype(np.int64)]
        self._keep(rows[hit], x_adv[hit])
        return hit

    def weigh(self, rows: Ints, x_adv: Floats) -> Floats:
        """Ask for probabilities on candidates, repaired as for `ask`, and keep the smallest that is decided as wanted.

        Where the decision is the model's own, probabilities need not tell it: the smallest candidate of each row that
        they call wanted is asked about once more.

        Parameters
        ----------
        rows : ndarray of shape (m,)
        x_adv : ndarray of shape (m, d)

        Returns
        -------
        ndarray of shape (m,)
            Signed margin, above zero where wanted and never where the model itself refused its row's smallest; -inf for
        candidates that are no change or had no try left.
        """
        x_adv = self.space.repair(self.x[rows], x_adv)
        served = self._admit(rows, x_adv)
        scores, served = self._call(self.case.oracle.scores, rows, x_adv, served)
        margin = np.full(len(rows), -np.inf)
        if not len(served):
            return margin
        decision = self.case.oracle.decision
        margin[served] = margins(scores, decision, self.wanted[rows[served]])
        hit = np.zeros(len(rows), dtype=bool)
        hit[served] = self.wanted[rows[served], decision.apply(scores)]
        if decision.needs_scores:
            self._keep(rows[hit], x_adv[hit])
            return margin
        first = self._smallest(rows[hit], x_adv[hit])
        chosen = np.flatnonzero(hit)[first]
        refused = ~self.ask(rows[chosen], x_adv[chosen])
        if refused.any():
            doubted = hit & np.isin(rows, rows[chosen[refused]])
            # still the best by their scores, and yet below zero
            margin[doubted] = -1e-9 / (1.0 + margin[doubted])
        return margin

    def _admit(self, rows: Ints, x_adv: Floats) -> Ints:
        places = blocks(np.arange(len(rows)), each=x_adv.shape[1])
        changed = np.concatenate([at[self._differ(rows[at], x_adv[at[0] : at[-1] + 1])] for at in places] or [rows[:0]])
        self.idle[rows] += 1
        self.idle[rows[changed]] = 0
        return np.asarray(changed[occurrence(rows[changed]) < self.room[rows[changed]]])

    def _differ(self, rows: Ints, x_adv: Floats) -> Bools:
        return np.asarray(self.space.changed(self.x[rows], x_adv).any(axis=1))

    def _call(self, ask: Callable[[Floats], Any], rows: Ints, x_adv: Floats, served: Ints) -> tuple[Any, Ints]:
        answers: list[Any] = []
        done = 0
        size = -(-len(served) // max(1, -(-len(served) // CALL_ROWS)))  # calls of one size, not a small last one
        if len(served) < len(rows):
            x_adv = x_adv[served]
        while done < len(served) and not (done and self.case.cancelled()):
            part = x_adv[done : done + size]
            try:
                answer = ask(part)
            except BudgetSpent as spent:
                answer = np.asarray([] if spent.served is None else spent.served)
                self.limit[:] = 0  # the oracle serves nobody any more
            done += len(answer)
            if len(answer):
                answers.append(answer)
            if len(answer) < len(part):
                break
        served = served[:done]
        self.queries += np.bincount(rows[served], minlength=len(self.queries))
        return (np.concatenate(answers) if answers else np.empty(0)), served

    def _sizes(self, rows: Ints, x_adv: Floats) -> tuple[Floats, Floats]:
        x = self.x[rows]
        objective, spreads = self.case.threat.objective, self.space.size_in_spreads(x, x_adv)
        if objective == "spread":
            return spreads, self.space.size_in_columns(x, x_adv)
        return self.space.size(x, x_adv, objective), spreads

    def _smallest(self, rows: Ints, x_adv: Floats) -> Ints:
        """Index of the smallest candidate of each row, where it improves on the best."""
        size, other = self._sizes(rows, x_adv)
        order = np.lexsort((other, size, rows))
        first = order[np.diff(rows[order], prepend=-1) != 0]
        row = rows[first]
        better = (size[first] < self.size[row]) | (
            (size[first] == self.size[row]) & (other[first] < self.other_size[row])
        )
        return np.asarray(first[better])

    def _keep(self, rows: Ints, x_adv: Floats) -> None:
        first = self._smallest(rows, x_adv) if len(rows) else rows
        row = rows[first]
        self.best[row] = x_adv[first]
        self.size[row], self.other_size[row] = self._sizes(row, x_adv[first])
        fresh = row[(self.until[row] < 0) & (self.size[row] <= self.case.threat.headline + 1e-9)]
        self.until[fresh] = self.queries[fresh]


def prices_of(case: EvasionCase) -> Floats:
    """Return what a change of each column counts for: its cost where money is counted, else 1; shape (d,)."""
    return case.space.cost if case.threat.objective == "cost" else np.ones(len(case.space))


def wanted_mask(case: EvasionCase, y: Ints) -> Bools:
    """Say which classes count as success for rows decided as `y`, shape (n, n_classes)."""
    k = case.threat.n_classes
    table = np.zeros((k, k), dtype=bool)
    for label in range(k):
        table[label, list(case.threat.wanted(label))] = True
    return table[y]


def occurrence(rows: Ints) -> Ints:
    """Count for each entry how often its value stood earlier in `rows`, shape (m,)."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    out = np.empty(len(rows), dtype=np.int64)
    out[order] = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
    return out


def margins(scores: Floats, decision: Decision, wanted: Bools) -> Floats:
    """Return how far rows are on the wanted side of the decision, in log-odds, shape (m,).

    Parameters
    ----------
    scores : ndarray of shape (m, n_classes)
        Probabilities.
    decision : Decision
    wanted : ndarray of shape (m, n_classes)
    """
    tiny = np.finfo(float).tiny
    log = np.log(np.clip(scores, tiny, None))
    if decision.cut is None or decision.positive is None:
        return _lead(log, wanted)
    p = np.clip(scores[:, decision.positive], 0.0, 1.0)
    cut = min(decision.cut, 1 - 1e-12)
    reach = np.log(np.clip(p, tiny, None)) - np.log(np.clip(1 - p, 1e-300, None)) - np.log(cut) + np.log1p(-cut)
    log[:, decision.positive] = -np.inf
    elsewhere = wanted.copy()
    elsewhere[:, decision.positive] = False
    fall = np.minimum(-reach, _lead(log, elsewhere) if scores.shape[1] > 2 else np.inf)
    fall = np.where(elsewhere.any(axis=1), fall, -np.inf)
    return np.asarray(np.where(wanted[:, decision.positive], np.maximum(reach, fall), fall))


def _lead(log: Floats, wanted: Bools) -> Floats:
    ours = np.where(wanted, log, -np.inf).max(axis=1)
    theirs = np.where(wanted, -np.inf, log).max(axis=1)
    with np.errstate(invalid="ignore"):
        lead = ours - theirs
    return np.asarray(np.where(np.isnan(lead), np.inf, lead))


def nearest(case: EvasionCase, x: Floats, *, wanted: Bools, k: int) -> list[Floats]:
    """Return for each row the `k` nearest background rows that the model decides as wanted, as they are.

    Columns that may not change do not count, since a copy keeps the row's own value there. `columns` counts columns
    that differ, `spread` takes the largest difference; the sum of differences in spreads breaks ties.

    Parameters
    ----------
    case : Case
    x : ndarray of shape (n, d)
    wanted : ndarray of shape (n, n_classes)
    k : int

    Returns
    -------
    list of ndarray of shape (at most k, d)
    """
    out: list[Floats] = [np.empty((0, x.shape[1]))] * len(x)
    for rows, pool in _pools(case, x, wanted):
        if not len(pool):
            continue
        for part in blocks(rows, each=len(pool)):
            for i, first, second in zip(part, *_gaps(case, x[part], pool), strict=True):
                out[i] = pool[_least(first, second, k=k)]
    return out


def _pools(case: EvasionCase, x: Floats, wanted: Bools) -> Iterator[tuple[Ints, Floats]]:
    """Yield rows with the background rows that are decided as wanted, in their place, for all of them alike."""
    background, decision = case.background, case.oracle.decision
    signatures, group = np.unique(wanted, axis=0, return_inverse=True)
    for g, signature in enumerate(signatures):
        rows = np.flatnonzero(group.ravel() == g)
        if not decision.relative:
            yield rows, background.x[signature[background.y]][:POOL_ROWS]
            continue
        for i in rows:
            labels = decision.seen_from(x[i], background.x, background.y)
            yield np.array([i]), background.x[signature[labels]][:POOL_ROWS]


def blocks(rows: Ints, *, each: int) -> Iterator[Ints]:
    """Split rows so that a part stands for about `BLOCK` numbers where each row stands for `each`."""
    size = max(1, BLOCK // max(1, each))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _gaps(case: EvasionCase, x: Floats, pool: Floats) -> tuple[Floats, Floats]:
    """Return how far each row is from each of the pool in the objective's unit, and what breaks ties, shapes (n, m)."""
    space = case.space
    first, second = np.zeros((2, len(x), len(pool)))
    prices = prices_of(case)
    for j in np.flatnonzero(space.movable):
        ours, theirs = x[:, j, None], pool[:, j]
        with np.errstate(invalid="ignore"):
            gap = np.subtract(theirs, ours)
            np.divide(np.abs(gap, out=gap), space.spread[j], out=gap)
        blank = np.isnan(gap)
        if space.categorical[j] or blank.any():
            gap = np.where(space.categorical[j] | blank, space.changed(ours, theirs), gap)
        second += gap
        if case.threat.objective != "spread":
            first += (gap > 0) * prices[j]
        else:
            np.maximum(first, gap, out=first)
    return first, second


def _least(first: Floats, second: Floats, *, k: int) -> Ints:
    """Index of the `k` smallest by `first`, then by `second`, then by place; the smallest comes first."""
    if k < len(first):
        near = np.flatnonzero(first <= np.partition(first, k - 1)[k - 1])
        return np.asarray(near[np.lexsort((second[near], first[near]))[:k]])
    return np.asarray(np.lexsort((second, first))[:k])


def uniforms(streams: list[np.random.Generator], rows: Ints, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Draw on [0, 1), for each row from its own stream; shape (r, *shape)."""
    out = np.empty((len(rows), *shape), dtype=np.float32)
    for place, i in enumerate(rows):
        streams[i].random(dtype=np.float32, out=out[place])
    return out


def noise(space: TableSpace, x: Floats, size: float, *, rng: np.random.Generator, count: int) -> Floats:
    """Draw uniform noise of up to `size` spreads in every number of one row; from one spread on, any category, too.

    Parameters
    ----------
    space : TableSpace
    x : ndarray of shape (d,)
    size : float
    rng : numpy.random.Generator
    count : int

    Returns
    -------
    ndarray of shape (count, d)
        Not yet made legal.
    """
    out = x + rng.uniform(-size, size, (count, len(x))) * space.spread
    if size < 1:
        return np.where(space.categorical, x, out)
    codes = np.floor(rng.random((count, len(x))) * (np.maximum(space.high, 0) + 1))
    return np.where(space.categorical, codes, out)
