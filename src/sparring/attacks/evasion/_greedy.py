"""Fewest columns for an attacker who sees scores: the best single edits, then the most promising combinations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._candidates import Candidates, candidates
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Bools, Floats, Ints

SINGLES, PAIRS = 0.5, 0.3
"""Shares of the tries; what is left goes to threes, then to more."""
OPTIONS = 24
"""Single edits of each row that are combined, those with the largest margins; fewer than bits in a set."""
PER_COLUMN = 2
"""Values of one column among them at most."""
BEAM = 8
"""Best sets of each row that are made larger."""


@dataclass(eq=False)
class Greedy:
    """All rows at work, first with one column, then with one more at a time.

    Parameters
    ----------
    ledger : Ledger
    batch : int
        Candidates for each row in one pass.

    Attributes
    ----------
    column, value, margin : ndarray of shape (n, k)
        The options of each row, best first; margin -inf behind the last.
    """

    ledger: Ledger
    batch: int
    pool: Candidates = field(init=False)
    column: Ints = field(init=False)
    value: Floats = field(init=False)
    margin: Floats = field(init=False)

    def run(self, *, copies: int) -> Iterator[AdversarialExamples]:
        """Yield after each pass."""
        ledger, queries = self.ledger, self.ledger.case.effort.queries
        self.pool = candidates(ledger, copies=min(copies, max(1, queries // 10)))
        yield from self._singles(int(SINGLES * queries))
        n, k = self.margin.shape
        # a set is a bit for each option; singles are the sets to begin with
        sets, margin = np.broadcast_to(1 << np.arange(k, dtype=np.int64), (n, k)), self.margin
        for size in range(2, int(ledger.space.movable.sum()) + 1):
            if not len(ledger.open(above=ledger.least(size))):
                return
            sets, predicted = self._larger(sets, margin)
            limit = int(PAIRS * queries) if size == 2 else queries
            sets, predicted = sets[:, :limit], predicted[:, :limit]
            margin = np.full(sets.shape, -np.inf)
            for start in range(0, sets.shape[1], self.batch):
                rows = ledger.open(above=ledger.least(size))
                if not len(rows):
                    break
                part = slice(start, start + self.batch)
                margin[rows, part] = self._weigh(rows, sets[rows, part], predicted[rows, part])
                yield ledger.attempt
            best = np.argsort(-margin, axis=1, kind="stable")[:, :BEAM]
            sets, margin = np.take_along_axis(sets, best, axis=1), np.take_along_axis(margin, best, axis=1)

    def _singles(self, tries: int) -> Iterator[AdversarialExamples]:
        """Ask about single columns, and keep the best options of each row."""
        ledger = self.ledger
        levels, columns = self.pool.singles()
        levels, columns = levels[:, : max(1, tries)], columns[:, : max(1, tries)]
        values = self.pool.values[levels, np.arange(len(levels))[:, None], columns]
        margin = np.full(levels.shape, -np.inf)
        for start in range(0, levels.shape[1], self.batch):
            rows = ledger.open(above=ledger.least(1))
            where, k = np.nonzero(levels[rows, start : start + self.batch] >= 0)
            row, k = rows[where], k + start
            x_adv = ledger.x[row].copy()
            x_adv[np.arange(len(row)), columns[row, k]] = values[row, k]
            margin[row, k] = ledger.weigh(row, ledger.worth_asking(row, x_adv))
            yield ledger.attempt
        order = np.argsort(-margin, axis=1, kind="stable")
        columns, values, margin = (np.take_along_axis(part, order, axis=1) for part in (columns, values, margin))
        # later values of a column that has had its turns fall behind the others
        turn = np.zeros(columns.shape, dtype=np.int64)
        for j in range(len(ledger.space)):
            here = columns == j
            turn = np.where(here, here.cumsum(axis=1) - 1, turn)
        margin = np.where(turn < PER_COLUMN, margin, -np.inf)
        order = np.argsort(-margin, axis=1, kind="stable")[:, :OPTIONS]
        self.column, self.value, self.margin = (
            np.take_along_axis(part, order, axis=1) for part in (columns, values, margin)
        )

    def _larger(self, sets: Ints, margin: Floats) -> tuple[Ints, Floats]:
        """Add one option to each set, and order the results by the sum of margins: as if effects added up."""
        n, k = self.margin.shape
        bit = 1 << np.arange(k, dtype=np.int64)
        larger = (sets[:, :, None] | bit).reshape(n, -1)
        taken = self._columns_of(sets)
        clash = np.take_along_axis(taken, np.broadcast_to(self.column[:, None, :], (n, sets.shape[1], k)), axis=2)
        with np.errstate(invalid="ignore"):
            predicted = (margin[:, :, None] + self.margin[:, None, :]).reshape(n, -1)
        predicted = np.where(clash.reshape(n, -1), -np.inf, predicted)
        order = self._promising_first(larger, predicted)
        larger, predicted = np.take_along_axis(larger, order, axis=1), np.take_along_axis(predicted, order, axis=1)
        for i in range(n):
            repeated = np.ones(larger.shape[1], dtype=bool)
            repeated[np.unique(larger[i], return_index=True)[1]] = False
            predicted[i, repeated] = -np.inf
        order = self._promising_first(larger, predicted)
        order = order[:, : int(np.isfinite(predicted).sum(axis=1).max(initial=0))]
        return np.take_along_axis(larger, order, axis=1), np.take_along_axis(predicted, order, axis=1)

    def _promising_first(self, sets: Ints, predicted: Floats) -> Ints:
        """Order sets by what they are predicted to reach; where money is counted, those that will do by their cost."""
        if self.ledger.case.threat.objective != "cost":
            return np.argsort(-predicted, axis=1, kind="stable")
        price = self.ledger.prices[self.column]
        cost = np.zeros(sets.shape)
        for t in range(price.shape[1]):
            cost += np.where(sets >> t & 1, price[:, t, None], 0.0)
        predicted[cost >= self.ledger.size[:, None]] = -np.inf
        return np.lexsort((-predicted, np.where(predicted > 0, cost, np.inf)), axis=1)

    def _columns_of(self, sets: Ints) -> Bools:
        k = self.margin.shape[1]
        taken = np.zeros((*sets.shape, len(self.ledger.space)), dtype=bool)
        for t in range(k):
            row, place = np.nonzero(sets >> t & 1)
            taken[row, place, self.column[row, t]] = True
        return taken

    def _weigh(self, rows: Ints, sets: Ints, predicted: Floats) -> Floats:
        ledger = self.ledger
        where, place = np.nonzero(np.isfinite(predicted))
        row, chosen = rows[where], sets[where, place]
        x_adv = ledger.x[row].copy()
        for t in range(self.margin.shape[1]):
            at = np.flatnonzero(chosen >> t & 1)
            x_adv[at, self.column[row[at], t]] = self.value[row[at], t]
        margin = np.full(sets.shape, -np.inf)
        margin[where, place] = ledger.weigh(row, ledger.worth_asking(row, x_adv))
        return margin
