"""The cheapest columns to misstate: one and two by enumeration over the trees, more by a beam search on top of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sparring.attacks.evasion._tree_columns import ColumnSearch, Edits, Found, with_entry, with_pair
from sparring.attacks.evasion._tree_ways import TreeWays, Way
from sparring.core.case import Attempt, Bounds
from sparring.core.examples import Floats, Ints

MOST_PAIRS = 2048
"""Pairs of columns of which each one's least score is kept; where there are more, two columns prove nothing."""
EPS = 1e-6


class CostSearch(ColumnSearch):
    """Looks for the cheapest single column, then for cheaper pairs, then for cheaper sets of more.

    Unlike with a count, a row that is found with one column may still be found cheaper with three.

    Parameters
    ----------
    ways : TreeWays
    beam : int
        Edits carried from one number of columns to the next.
    pair_cells : int
        Pairs of cells that may be enumerated for one row.
    """

    def __init__(self, ways: TreeWays, *, beam: int, pair_cells: int) -> None:
        super().__init__(ways, beam=beam, pair_cells=pair_cells)
        space = ways.case.space
        self.price = space.cost
        cheapest = np.sort(self.price[space.movable])
        self.sums = np.concatenate([[0.0], cheapest.cumsum(), [np.inf] * 4])
        """Least money for 0, 1, 2, ... columns."""
        shape = len(ways.x), max(1, len(ways.margins))
        self.bound = np.zeros(shape)
        self.of_one = np.zeros(shape)

    def passes(self) -> Iterator[Attempt]:
        """Yield what one column does, what two do, what more do, with bounds after each."""
        ways = self.ways
        for columns, search in enumerate((self.one, self.two, self.more), start=1):
            # what is in hand is left alone where so many columns cannot be cheaper
            rows = np.flatnonzero(ways.size > max(self.sums[columns], 0.0) + EPS if columns > 1 else ways.size > 0)
            ways.improve(rows, search)
            yield Bounds(ways.least(self.bound))
            yield ways.attempt
            if ways.case.cancelled():
                return

    def one(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Value every cell of every single column."""
        x = self.ways.x[rows]
        option, _, _, _ = self._survey(way, attempt, x, self.fixed[rows], pair_cells=0)
        found = [Found(size) for size in limit]
        for i, row in enumerate(rows):
            edits = self._extend(x[i], x[i], option[i], found[i])
            if self.ways.one_of_several:
                found[i] = Found(limit[i])
                self._one_of_several(int(row), found[i])
            self.edits[int(row), way.number] = self._best(x[i], edits, self.beam)
        if way.number is not None:
            possible = option[:, :, 0] < way.doubt_at(attempt)
            single = np.where(possible, self.price, np.inf).min(axis=1)
            self.of_one[rows, way.number] = single
            self._raise_bound(way.number, rows, np.minimum(single, self.sums[2]))
        return self._result(x, found)

    def two(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Value every pair of cells; where there are too many, single columns on top of the most promising ones."""
        x = self.ways.x[rows]
        found = [Found(size) for size in limit]
        movable = int(self.ways.case.space.movable.sum())
        pairs = movable * (movable - 1) // 2
        kept = max(1, min(pairs, MOST_PAIRS))
        _, least, _, top = self._survey(way, attempt, x, self.fixed[rows], pair_cells=self.pair_cells, keep=kept)
        for i, row in enumerate(rows):
            if least[i] == -np.inf:
                edits = self._one_more(way, attempt, x[i], self.edits.get((int(row), way.number), Edits()), found[i])
            else:
                edits = self._pairs(x[i], top[i], found[i])
                if way.number is not None and pairs <= MOST_PAIRS:
                    possible = top[i][top[i][:, 0] < way.doubt_at(attempt)]
                    pair = self.price[possible[:, 1:3].astype(np.int64)].sum(axis=1).min(initial=np.inf)
                    least_of_all = min(float(self.of_one[row, way.number]), float(pair), float(self.sums[3]))
                    self._raise_bound(way.number, rows[i : i + 1], np.array([least_of_all]))
            self.edits[int(row), way.number] = self._best(x[i], edits, self.beam)
        return self._result(x, found)

    def more(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Add columns to the most promising edits as long as that may be cheaper than what is in hand."""
        x = self.ways.x[rows]
        found = [Found(size) for size in limit]
        for i, row in enumerate(rows):
            edits = self.edits.get((int(row), way.number), Edits())
            wide = self.beam
            while edits.rows and not self.ways.case.cancelled():
                wide = max(2, wide // 2)
                edits = self._best(x[i], self._one_more(way, attempt, x[i], edits, found[i]), wide, below=found[i].size)
        none = np.array([f.row is None for f in found]) & np.isinf(limit)
        self._prove_impossible(way, rows[none], attempt)
        return self._result(x, found)

    def _pairs(self, x: Floats, top: Floats, found: Found) -> Edits:
        """Offer each pair of columns whose least score flips, and return the others."""
        space, edits = self.ways.case.space, Edits()
        for pair in top[np.isfinite(top[:, 0])]:
            row = with_pair(x, pair)
            if pair[0] < 0:
                cost = float(self.price[[int(pair[1]), int(pair[2])]].sum())
                if cost < found.size:
                    found.offer(cost, float(space.size_in_spreads(x[None], row[None])[0]), row)
            else:
                edits.rows.append(row)
                edits.scores.append(float(pair[0]))
        return edits

    def _extend(self, x: Floats, start: Floats, option: Floats, found: Found) -> Edits:
        """Put what single columns can do on top of an edit."""
        space = self.ways.case.space
        spent = float(space.size_in_cost(x[None], start[None])[0])
        spread = float(space.size_in_spreads(x[None], start[None])[0])
        edits = Edits()
        for j, (score, entry, flip, flip_entry) in enumerate(option):
            if np.isfinite(flip):
                found.offer(spent + self.price[j], max(spread, float(flip)), with_entry(start, j, flip_entry))
            elif np.isfinite(score):
                edits.rows.append(with_entry(start, j, entry))
                edits.scores.append(float(score))
        return edits

    def _best(self, x: Floats, edits: Edits, n: int, *, below: float = np.inf) -> Edits:
        """Return the `n` edits that promise most: half by their score, half by what they gained for their money."""
        if not edits.rows:
            return edits
        spent = self.ways.case.space.size_in_cost(np.broadcast_to(x, (len(edits.rows), len(x))), np.array(edits.rows))
        open_ = np.flatnonzero(spent + self.sums[1] < below)
        some = Edits([edits.rows[k] for k in open_], [edits.scores[k] for k in open_])
        if not some.rows:
            return some
        near = some.best(max(1, n // 2))
        score = np.array(some.scores)
        # what every further column is likely to gain, the lower the score the fewer of them it takes
        steps = score / max(float(np.ptp(score)), 1e-12)
        priced = Edits(some.rows, list(spent[open_] / max(float(spent[open_].max()), 1e-12) + steps)).best(n)
        both = Edits(near.rows + priced.rows, near.scores + [np.inf] * len(priced.rows))
        return both.best(n)

    def _raise_bound(self, number: int, rows: Ints, least: Floats) -> None:
        self.bound[rows, number] = np.maximum(self.bound[rows, number], least)

    def _one_of_several(self, row: int, found: Found) -> None:
        """Try every cell on the whole model, and take the cheapest column that leads to the wanted class."""
        column, distance, rows = self._flips_of_one(row)
        for k in np.lexsort((distance, self.price[column]))[:1]:
            found.offer(float(self.price[column[k]]), float(distance[k]), rows[k])
