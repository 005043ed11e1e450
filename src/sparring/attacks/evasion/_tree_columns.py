"""The fewest columns to misstate: one and two by enumeration over the trees, more by a beam search on top of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._tree_ways import TreeWays, Way
from sparring.core.case import Attempt, Bounds
from sparring.core.examples import Bools, Floats, Ints

SPREAD_WEIGHT = 1e-9
"""Weight of a size in spreads beside a count of columns: it decides between equal counts only."""


@dataclass(eq=False)
class Edits:
    """Unfinished edits of one row in one way, the lowest score first.

    Parameters
    ----------
    rows : list of ndarray of shape (d,)
    scores : list of float
    """

    rows: list[Floats] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def best(self, n: int) -> Edits:
        """Return the `n` edits of lowest score, each once."""
        kept = Edits()
        seen: set[bytes] = set()
        for k in np.argsort(self.scores, kind="stable"):
            if len(kept.rows) == n:
                break
            if self.rows[k].tobytes() not in seen:
                seen.add(self.rows[k].tobytes())
                kept.rows.append(self.rows[k])
                kept.scores.append(self.scores[k])
        return kept


@dataclass(eq=False)
class Found:
    """The best finished edit of one row: first fewest columns or least money, then smallest in spreads."""

    size: float = np.inf
    row: Floats | None = None

    def offer(self, size: float, spread: float, row: Floats) -> None:
        """Take `row` if it is better."""
        size += SPREAD_WEIGHT * min(spread, 1e6)
        if size < self.size:
            self.size, self.row = size, row


class ColumnSearch:
    """Looks for one column, then two, then more, each for the rows that are left.

    Parameters
    ----------
    ways : TreeWays
    beam : int
        Edits carried from one number of columns to the next.
    pair_cells : int
        Pairs of cells that may be enumerated for one row.
    """

    def __init__(self, ways: TreeWays, *, beam: int, pair_cells: int) -> None:
        self.ways = ways
        self.beam = beam
        self.pair_cells = pair_cells
        self.fixed = np.zeros(ways.x.shape, dtype=np.bool_)
        self.bound = np.ones((len(ways.x), max(1, len(ways.margins))))
        self.edits: dict[tuple[int, int | None], Edits] = {}

    def passes(self) -> Iterator[Attempt]:
        """Yield what one column does, what two do, what more do, with bounds after each."""
        ways = self.ways
        for search in (self.one, self.two, self.more):
            ways.improve(np.flatnonzero(np.isinf(ways.size)), search)
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
            self.edits[int(row), way.number] = edits.best(self.beam)
        self._prove(way, rows, option[:, :, 0].min(axis=1), attempt, columns=1)
        return self._result(x, found)

    def _one_of_several(self, row: int, found: Found) -> None:
        """Try every cell on the whole model: with one of several classes wanted, no single margin decides."""
        _, distance, rows = self._flips_of_one(row)
        if len(rows):
            nearest = np.argmin(distance)
            found.offer(1, float(distance[nearest]), rows[nearest])

    def _flips_of_one(self, row: int) -> tuple[Ints, Floats, Floats]:
        """Return every single entry that leads to the wanted class: its column, its size in spreads, the row."""
        from sparring.kernels.column_search import single_entries

        ways, x = self.ways, self.ways.x[row]
        column, entry, distance = single_entries(ways.trees, ways.ensemble.value[:, 0].copy(), x, ways.limits)
        rows = np.tile(x, (len(column), 1))
        rows[np.arange(len(column)), column] = entry
        decided = ways.case.oracle.decision.decide(ways.raw(rows), ways.ensemble.link)
        flips = np.flatnonzero(decided == ways.case.threat.wants)
        return column[flips].astype(np.int64), distance[flips], rows[flips]

    def two(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Value every pair of cells; where there are too many, single columns on top of the most promising ones."""
        x = self.ways.x[rows]
        found = [Found(size) for size in limit]
        _, least, flip, top = self._survey(way, attempt, x, self.fixed[rows], pair_cells=self.pair_cells)
        for i, row in enumerate(rows):
            if least[i] == -np.inf:
                edits = self._one_more(way, attempt, x[i], self.edits.get((int(row), way.number), Edits()), found[i])
            else:
                edits = Edits([with_pair(x[i], pair) for pair in top[i] if np.isfinite(pair[0])])
                edits.scores = [float(pair[0]) for pair in top[i] if np.isfinite(pair[0])]
                if np.isfinite(flip[i, 0]):
                    found[i].offer(2, float(flip[i, 0]), with_pair(x[i], flip[i]))
            self.edits[int(row), way.number] = edits.best(self.beam)
        self._prove(way, rows, least, attempt, columns=2)
        return self._result(x, found)

    def more(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Add columns to the most promising edits until one flips."""
        x = self.ways.x[rows]
        found = [Found(size) for size in limit]
        for i, row in enumerate(rows):
            edits = self.edits.get((int(row), way.number), Edits())
            wide = self.beam
            while edits.rows and found[i].row is None and not self.ways.case.cancelled():
                wide = max(2, wide // 2)
                edits = self._one_more(way, attempt, x[i], edits, found[i]).best(wide)
                if found[i].row is None:
                    edits = self._swap(way, attempt, x[i], edits, found[i]).best(wide)
        self._prove_impossible(way, rows[[f.row is None for f in found]], attempt)
        return self._result(x, found)

    def _survey(
        self, way: Way, attempt: int, x: Floats, fixed: Bools, *, pair_cells: int, keep: int | None = None
    ) -> tuple[Floats, Floats, Floats, Floats]:
        from sparring.kernels.column_search import survey_columns

        n, d = x.shape
        option, least, flip, top = (
            np.empty((n, d, 4)),
            np.empty(n),
            np.empty((n, 5)),
            np.empty((n, keep or self.beam, 5)),
        )
        survey_columns(
            way.trees,
            way.value,
            way.base_at(attempt),
            np.ascontiguousarray(x),
            np.ascontiguousarray(fixed),
            self.ways.limits,
            pair_cells,
            option,
            least,
            flip,
            top,
        )
        return option, least, flip, top

    def _one_more(self, way: Way, attempt: int, x: Floats, edits: Edits, found: Found) -> Edits:
        """Try every cell of one more column on top of each edit."""
        if not edits.rows:
            return Edits()
        starts = np.array(edits.rows)
        moved = self.ways.case.space.changed(x[None], starts)
        option, _, _, _ = self._survey(way, attempt, starts, moved, pair_cells=0)
        longer = Edits()
        for start, each in zip(starts, option, strict=True):
            more = self._extend(x, start, each, found)
            longer.rows += more.rows
            longer.scores += more.scores
        return longer

    def _swap(self, way: Way, attempt: int, x: Floats, edits: Edits, found: Found) -> Edits:
        """Take one column at a time out of the best edits, and try every column in its place."""
        shorter = Edits()
        for row in edits.rows[: max(1, self.beam // 4)]:
            for j in np.flatnonzero(self.ways.case.space.changed(x[None], row[None])[0]):
                without = row.copy()
                without[j] = x[j]
                shorter.rows.append(without)
                shorter.scores.append(0.0)
        swapped = self._one_more(way, attempt, x, shorter.best(len(shorter.rows)), found)
        return Edits(edits.rows + swapped.rows, edits.scores + swapped.scores)

    def _extend(self, x: Floats, start: Floats, option: Floats, found: Found) -> Edits:
        """Put what single columns can do on top of an edit."""
        space = self.ways.case.space
        columns = int(space.size_in_columns(x[None], start[None])[0]) + 1
        spread = float(space.size_in_spreads(x[None], start[None])[0])
        edits = Edits()
        for j, (score, entry, flip, flip_entry) in enumerate(option):
            if np.isfinite(flip):
                found.offer(columns, max(spread, float(flip)), with_entry(start, j, flip_entry))
            if np.isfinite(score):
                edits.rows.append(with_entry(start, j, entry))
                edits.scores.append(float(score))
        return edits

    def _prove(self, way: Way, rows: Ints, least: Floats, attempt: int, *, columns: int) -> None:
        """Where no change of so many columns comes near zero, none of so many flips."""
        if way.number is None:
            return
        bound = self.bound[rows, way.number]
        ruled_out = (least >= way.doubt_at(attempt)) & (bound >= columns)
        self.bound[rows[ruled_out], way.number] = np.maximum(bound[ruled_out], columns + 1)

    def _prove_impossible(self, way: Way, rows: Ints, attempt: int) -> None:
        """Where every tree at its least reachable leaf does not flip a row, nothing does."""
        from sparring.kernels.spread_search import Settings, nearest_flips

        if way.number is None or not len(rows):
            return
        x, lower = self.ways.x[rows], np.zeros(len(rows))
        state = np.ones(len(rows), dtype=np.uint64)
        # a first box as wide as the table; no search, only its bound
        settings = Settings(1e300, 2.0, 0, 0, 0)
        base, doubt, size = way.base_at(attempt), way.doubt_at(attempt), np.full(len(rows), np.inf)
        nearest_flips(way.trees, way.value, base, x, size, self.ways.limits, settings, doubt, state, lower, x.copy())
        impossible = rows[np.isinf(lower)]
        self.bound[impossible, way.number] = np.inf

    @staticmethod
    def _result(x: Floats, found: list[Found]) -> tuple[Floats, Floats]:
        rows = [was if f.row is None else f.row for was, f in zip(x, found, strict=True)]
        return np.array([f.size for f in found]), np.array(rows)


def with_entry(row: Floats, j: int, entry: float) -> Floats:
    """Return the row with another entry in one column."""
    changed = row.copy()
    changed[j] = entry
    return changed


def with_pair(row: Floats, pair: Floats) -> Floats:
    """Return the row with the two entries of a pair, as `column_search` writes them."""
    changed = row.copy()
    changed[int(pair[1])], changed[int(pair[2])] = pair[3], pair[4]
    return changed
