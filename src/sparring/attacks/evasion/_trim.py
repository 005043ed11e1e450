"""Fewest columns for an attacker who sees decisions only: copy a wanted row, then put columns back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._candidates import Candidates, candidates, try_edits
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Bools, Floats, Ints

SHARES = (0.4, 0.2, 0.1)
"""Shares of the tries that go to single columns, pairs and threes of telling columns before copies are thinned out."""
WIDE = (12, 8)
"""How many of the most telling columns are combined in pairs and threes."""
BIAS = 0.7
"""How much later columns are put back that were needed before; 1 would leave nothing to chance."""


@dataclass(eq=False)
class _Trimmers:
    """Several attempts to thin out one wanted row each, for all rows; arrays of shape (n, k, d) or (n, k).

    `kept` are the columns still copied, `needed` those whose return spoiled it, `chunk` how many go back at a time.
    """

    origin: Floats
    kept: Bools
    needed: Bools
    keys: Floats
    chunk: Ints
    turn: Ints

    @classmethod
    def idle(cls, n: int, k: int, d: int) -> _Trimmers:
        nothing = np.zeros((n, k, d), dtype=bool)
        zeros = np.zeros((n, k), dtype=np.int64)
        return cls(np.zeros((n, k, d)), nothing, nothing.copy(), np.zeros((n, k, d)), zeros, zeros.copy())


@dataclass(eq=False)
class _Agenda:
    """Edits of each row in their order, and how many of them were asked."""

    levels: Ints
    columns: Ints
    done: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.done = np.zeros(len(self.levels), dtype=np.int64)

    def left(self, rows: Ints) -> Bools:
        return np.asarray(self.done[rows] < (self.levels[rows] >= 0).sum(axis=1))

    def take(self, rows: Ints, count: int) -> tuple[Ints, Ints]:
        place = self.done[rows, None] + np.arange(count)
        last = self.levels.shape[1] - 1
        self.done[rows] += count
        if last < 0:
            return np.empty((len(rows), 0), dtype=np.int64), np.empty((len(rows), 0, 1), dtype=np.int64)
        at = rows[:, None], np.minimum(place, last)
        return np.where(place <= last, self.levels[at], -1), self.columns[at]


@dataclass(eq=False)
class Trim:
    """All rows on their way to fewer columns.

    Parameters
    ----------
    ledger : Ledger
    streams : list of numpy.random.Generator
    batch : int
        Candidates for each row in one pass: some thin out a copy, the others combine columns found to be needed.

    Attributes
    ----------
    weight : ndarray of shape (n, d)
        How often a column was needed, on top of how telling the background makes it.
    dear : ndarray of shape (d,)
        Price of each column, as a multiple of a usual one.
    """

    ledger: Ledger
    streams: list[np.random.Generator]
    batch: int
    pool: Candidates = field(init=False)
    weight: Floats = field(init=False)
    starts: Floats = field(init=False)
    passed: Bools = field(init=False)
    singles: _Agenda = field(init=False)
    dear: Floats = field(init=False)

    def run(self, *, copies: int) -> Iterator[AdversarialExamples]:
        """Yield after each pass: copies, single columns, pairs, threes; then copies are thinned out until tries end."""
        ledger, queries = self.ledger, self.ledger.case.effort.queries
        n, d = ledger.x.shape
        self.pool = candidates(ledger, copies=min(copies, max(1, queries // 10)))
        rank = np.argsort(self.pool.order, axis=1)
        self.weight = np.where(ledger.space.movable, 0.5 / (1.0 + rank), 0.0)
        prices = ledger.prices[ledger.space.movable]
        usual = float(prices.mean()) if len(prices) else 1.0
        self.dear = np.maximum(ledger.prices / (usual or 1.0), 1e-3)
        levels, columns = self.pool.singles()
        self.singles = _Agenda(levels, columns[:, :, None])
        self._copy()
        yield ledger.attempt
        groups = [_Agenda(*self.pool.groups(size, wide=wide)) for size, wide in enumerate(WIDE, start=2)]
        for size, (agenda, share) in enumerate(zip((self.singles, *groups), SHARES, strict=True), start=1):
            for _ in range(0, int(share * queries), self.batch):
                self._next(agenda, ledger.open(above=ledger.least(size)))
                yield ledger.attempt
        trimmers = _Trimmers.idle(n, max(1, min(self.batch // 2, queries // 80)), d)
        while len(rows := self._open()):
            # nothing but another single column improves on two
            pair = ledger.size[rows] <= ledger.least(2)
            self._next(self.singles, rows[pair])
            if not pair.all():
                self._thin_out(rows[~pair], trimmers)
            yield ledger.attempt

    def _next(self, agenda: _Agenda, rows: Ints) -> None:
        if len(rows):
            try_edits(self.ledger, self.pool, rows, *agenda.take(rows, self.batch))

    def _open(self) -> Ints:
        rows = self.ledger.open(above=self.ledger.least(1))
        return rows[self.singles.left(rows) | (self.ledger.size[rows] > self.ledger.least(2))]

    def _copy(self) -> None:
        ledger, levels = self.ledger, np.array(self.pool.copies)
        self.starts = self.pool.values[levels].swapaxes(0, 1)
        rows = ledger.open()
        row = np.repeat(rows, len(levels))
        hit = ledger.ask(row, self.starts[rows].reshape(-1, ledger.x.shape[1]))
        self.passed = np.zeros((len(ledger.x), len(levels)), dtype=bool)
        self.passed[rows] = hit.reshape(len(rows), -1)

    def _thin_out(self, rows: Ints, trimmers: _Trimmers) -> None:
        n_trim, d = trimmers.chunk.shape[1], self.ledger.x.shape[1]
        u = np.stack([self.streams[i].random((self.batch, d + 3)) for i in rows])
        self._restart(rows, trimmers, u[:, :n_trim])
        given_up, less = self._proposal(rows, trimmers)
        combined = self._combine(rows, u[:, n_trim:])
        again = np.repeat(rows, combined.shape[1])
        combined = self.ledger.worth_asking(again, combined.reshape(-1, d)).reshape(combined.shape)
        x_adv = np.concatenate([less, combined], axis=1)
        row = np.repeat(rows, self.batch)
        hit = self.ledger.ask(row, x_adv.reshape(-1, d)).reshape(len(rows), -1)
        self._note(rows, trimmers, given_up, hit[:, :n_trim])

    def _restart(self, rows: Ints, trimmers: _Trimmers, u: Floats) -> None:
        """Give new work to those that have nothing left to put back, or can no longer improve on the best."""
        needed = trimmers.needed[rows].sum(axis=2)
        free = trimmers.kept[rows] & ~trimmers.needed[rows]
        paid = trimmers.needed[rows] @ self.ledger.prices
        idle = np.asarray(~free.any(axis=2) | (paid >= self.ledger.size[rows, None]))
        self.weight[rows] += (trimmers.needed[rows] & idle[:, :, None]).sum(axis=1) / np.maximum(needed.max(axis=1), 1)[
            :, None
        ]
        has_start = self.passed[rows].any(axis=1)
        at, k = np.nonzero(idle & np.asarray(has_start)[:, None])
        i = rows[at]
        trimmers.turn[i, k] += 1
        start = _nth_true(self.passed[i], trimmers.turn[i, k] - 1 + k)
        trimmers.origin[i, k] = self.starts[i, start]
        kept = self.ledger.space.changed(self.ledger.x[i], self.starts[i, start])
        trimmers.kept[i, k], trimmers.needed[i, k] = kept, False
        trimmers.chunk[i, k] = np.maximum(1, kept.sum(axis=1) // 2)
        weight = self.weight[i] / self.dear
        late = weight / np.maximum(weight.max(axis=1, keepdims=True), 1e-9)
        trimmers.keys[i, k] = (1 - BIAS) * u[at, k, :-3] + BIAS * late

    def _proposal(self, rows: Ints, trimmers: _Trimmers) -> tuple[Bools, Floats]:
        """Choose the columns that go back, those with the smallest keys, and the rows that result."""
        free = np.asarray(trimmers.kept[rows] & ~trimmers.needed[rows])
        keys = np.where(free, trimmers.keys[rows], np.inf)
        place = keys.argsort(axis=2, kind="stable").argsort(axis=2, kind="stable")
        back = np.asarray(free & (place < trimmers.chunk[rows][:, :, None]))
        x = self.ledger.x[rows][:, None, :]
        x_adv = np.where(trimmers.kept[rows] & ~back, trimmers.origin[rows], x)
        return back, np.where(np.asarray(back.any(axis=2))[:, :, None], x_adv, x)

    def _combine(self, rows: Ints, u: Floats) -> Floats:
        """Draw edits of fewer columns than the best, more often of columns that were needed before."""
        d = self.ledger.x.shape[1]
        best = self.ledger.space.size_in_columns(self.ledger.x[rows], self.ledger.best[rows])
        # as many columns can be had for less money
        fewer = 0 if self.ledger.case.threat.objective == "cost" else 1
        best = np.where(self.ledger.found[rows], best, 4.0)
        most = np.minimum(best - fewer, self.ledger.space.movable.sum())[:, None]
        # usually one column fewer; sometimes two columns however many the best has
        many = np.where(u[:, :, -1] < 0.3, np.minimum(2, most), most)
        with np.errstate(divide="ignore"):
            keys = (
                -np.log(u[:, :, :d]) / (self.weight[rows] / self.dear)[:, None, :]
            )  # the smallest few: drawn by weight, without repeats
        place = keys.argsort(axis=2, kind="stable").argsort(axis=2, kind="stable")
        levels = np.array([self.pool.extreme, *self.pool.copies])
        level = levels[(u[:, :, -2] * len(levels)).astype(np.int64)]
        drawn = self.pool.values[level, rows[:, None]]
        return np.where(place < many[:, :, None], drawn, self.ledger.x[rows][:, None, :])

    def _note(self, rows: Ints, trimmers: _Trimmers, back: Bools, hit: Bools) -> None:
        trimmers.kept[rows] &= ~(back & hit[:, :, None])
        chunk = trimmers.chunk[rows]
        spoiled = ~hit & (chunk == 1)
        trimmers.needed[rows] |= back & spoiled[:, :, None]
        trimmers.chunk[rows] = np.where(hit | spoiled, chunk, np.maximum(1, chunk // 2))


def _nth_true(mask: Bools, n: Ints) -> Ints:
    """Index of the n-th true entry of each row, counting on from the first again after the last."""
    count = mask.sum(axis=1)
    place = np.cumsum(mask, axis=1) - 1
    return np.asarray((mask & (place == (n % np.maximum(count, 1))[:, None])).argmax(axis=1))
