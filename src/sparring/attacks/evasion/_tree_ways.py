"""The ways in which rows come to be decided otherwise by a tree ensemble, each one a sum of trees to take below zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import LEAF, Margin, TreeEnsemble, argmax_margin

if TYPE_CHECKING:
    from sparring.kernels.cells import CellTrees, Limits

SLACKS = (1.0, 16.0, 1024.0)
"""By how many rounding errors a row must flip, at its first, second and third try."""

Searcher = Callable[["Way", Ints, int, Floats], tuple[Floats, Floats]]
"""Given a way, rows, the number of the try, and sizes in hand: smaller sizes (or what was in hand), and changed rows."""


@dataclass(frozen=True, eq=False)
class Way:
    """One margin of some rows: below zero they are decided otherwise.

    Parameters
    ----------
    trees : CellTrees
        The trees that the margin depends on.
    value : ndarray of shape (n_nodes,)
        What each leaf adds to the margin.
    base : float
        What is added to all trees.
    rounding : float
        Usual error of the model's own sum.
    worst : float
        Bound on that error.
    ties : bool
        Whether exactly zero is decided otherwise, too.
    number : int or None
        Among the margins of the case; None for a mixed one.
    """

    trees: CellTrees
    value: Floats
    base: float
    rounding: float
    worst: float
    ties: bool
    number: int | None

    def base_at(self, attempt: int) -> float:
        """Return the base with which a sum below zero counts as a flip at the given try; ties are believed once."""
        slack = SLACKS[attempt] * self.rounding
        return self.base - slack if self.ties and attempt == 0 else self.base + slack

    def doubt_at(self, attempt: int) -> float:
        """Return the sum, counted from that base, from which on rounding can flip nothing."""
        return self.worst + (self.base_at(attempt) - self.base)


class Ways:
    """All ways for the rows of a case, and the best row found for each.

    Parameters
    ----------
    case : Case
    ensemble : TreeEnsemble
    """

    def __init__(self, case: EvasionCase, ensemble: TreeEnsemble) -> None:
        from sparring.kernels.cells import cell_trees, limits

        self.case = case
        self.ensemble = ensemble
        self.x = np.ascontiguousarray(case.rows.x, dtype=np.float64)
        self.trees = cell_trees(ensemble)
        self.limits: Limits = limits(case.space, center=_center(case))
        n = len(self.x)
        self.x_adv = self.x.copy()
        self.size = np.full(n, np.inf)
        self.queries = np.zeros(n, dtype=np.int64)
        self.mixed: dict[int, Margin] = {}
        self.margins, self.of_row = self._margins()

    @property
    def attempt(self) -> AdversarialExamples:
        """The best so far."""
        return AdversarialExamples(self.x_adv.copy(), np.isfinite(self.size), self.queries.copy())

    def _margins(self) -> tuple[list[Margin], Ints]:
        """List the margins, and for each row the numbers of its own, nearest to flipping first; -1 fills up."""
        margins: list[Margin] = []
        labels = self.case.rows.y
        own: dict[int, list[int]] = {}
        for label in np.unique(labels):
            wanted = tuple(c for c in self.case.threat.wanted(int(label)) if c != label)
            found: list[Margin] = []
            if wanted:
                found = self.case.oracle.decision.margins(
                    label=int(label), wanted=wanted, link=self.ensemble.link, n_outputs=self.ensemble.n_outputs
                )
            own[int(label)] = list(range(len(margins), len(margins) + len(found)))
            margins.extend(found)
        of_row = np.full((len(labels), max([1, *map(len, own.values())])), -1, dtype=np.int64)
        for i, label in enumerate(labels):
            of_row[i, : len(own[int(label)])] = own[int(label)]
        return margins, self._nearest_first(margins, of_row)

    def _nearest_first(self, margins: list[Margin], of_row: Ints) -> Ints:
        if of_row.shape[1] < 2:
            return of_row
        from sparring.kernels.predict import raw_scores

        weights = np.array([margin.weights for margin in margins])
        offset = np.array([margin.offset for margin in margins])
        score = raw_scores(self.ensemble, self.x) @ weights.T + offset
        height = np.where(of_row >= 0, np.take_along_axis(score, np.maximum(of_row, 0), axis=1), np.inf)
        return np.take_along_axis(of_row, np.argsort(height, axis=1, kind="stable"), axis=1)

    @cached_property
    def _tree_of_node(self) -> Ints:
        """The tree of each node, where it matters which output a tree adds to."""
        owner = np.zeros(len(self.ensemble.column), dtype=np.int64)
        level, tree = np.asarray(self.ensemble.roots), np.arange(self.ensemble.n_trees)
        while len(level):
            owner[level] = tree
            inner = np.asarray(self.ensemble.column)[level] != LEAF
            level, tree = level[inner], tree[inner]
            level = np.concatenate([np.asarray(self.ensemble.left)[level], np.asarray(self.ensemble.right)[level]])
            tree = np.concatenate([tree, tree])
        return owner

    def way(self, margin: Margin, number: int | None) -> Way:
        """Turn a margin into a sum of trees."""
        ensemble, trees = self.ensemble, self.trees
        if ensemble.vector_leaves:
            value = np.asarray(ensemble.value @ margin.weights, dtype=np.float64)
        elif ensemble.n_outputs == 1:
            value = np.asarray(ensemble.value[:, 0] * margin.weights[0], dtype=np.float64)
        else:
            weight = margin.weights[np.asarray(ensemble.output)]
            value = np.asarray(ensemble.value[:, 0] * weight[self._tree_of_node], dtype=np.float64)
            trees = trees._replace(roots=np.ascontiguousarray(trees.roots[weight != 0]))
        base = float(ensemble.intercept @ margin.weights + margin.offset)
        return Way(trees, value, base, *_rounding(ensemble, value, base), ties=margin.ties, number=number)

    def improve(self, rows: Ints, search: Searcher, *, chunk: int = 32) -> None:
        """Search for changes smaller than those in hand, and keep what the model confirms.

        Parameters
        ----------
        rows : ndarray
            Rows to search for.
        search : callable
            See Searcher.
        chunk : int
            Rows between two looks at the clock.
        """
        for start in range(0, len(rows), chunk):
            if self.case.cancelled():
                return
            open_rows = rows[start : start + chunk]
            for attempt in range(len(SLACKS)):
                open_rows = self._try(open_rows, search, attempt)
                if not len(open_rows):
                    break

    def _try(self, rows: Ints, search: Searcher, attempt: int) -> Ints:
        """Search once for each row in each of its ways; return rows whose change the model did not confirm."""
        limit = self.size.copy()
        proposal = self.x.copy()
        proposed = np.zeros(len(self.x), dtype=bool)
        for rank in range(self.of_row.shape[1]):
            number = self.of_row[rows, rank]
            for m in np.unique(number[number >= 0]):
                for some, way in self._groups(rows[number == m], int(m)):
                    size, x_adv = search(way, some, attempt, limit[some])
                    better = size < limit[some]
                    limit[some[better]], proposal[some[better]], proposed[some[better]] = (
                        size[better],
                        x_adv[better],
                        True,
                    )
        rows = rows[proposed[rows]]
        if not len(rows):
            return rows
        won = self._ask(rows, proposal[rows])
        self.x_adv[rows[won]], self.size[rows[won]] = proposal[rows[won]], limit[rows[won]]
        return rows[~won]

    def _groups(self, rows: Ints, number: int) -> Iterator[tuple[Ints, Way]]:
        """Split rows by the margin to use: the usual one, or one mixed for a row because a third class won."""
        special = np.array([int(i) in self.mixed for i in rows], dtype=bool)
        if len(rows[~special]):
            yield rows[~special], self.way(self.margins[number], number)
        for i in rows[special]:
            yield np.array([i]), self.way(self.mixed[int(i)], None)

    def _ask(self, rows: Ints, x_adv: Floats) -> Bools:
        """Ask the model for its decision; where a class won that nobody wants, mix it into the row's margin."""
        threat = self.case.threat
        self.queries[rows] += 1
        decided = self.case.oracle.predict(x_adv)
        labels = self.case.rows.y[rows]
        won = np.array(
            [int(a) in threat.wanted(int(b)) and a != b for a, b in zip(decided, labels, strict=True)], dtype=bool
        )
        if threat.wants is not None and self.ensemble.n_outputs > 1:
            for i, winner in zip(rows[~won & (decided != labels)], decided[~won & (decided != labels)], strict=True):
                old = self.mixed.get(int(i), self.margins[self.of_row[i, 0]])
                new = argmax_margin(self.ensemble.n_outputs, label=int(winner), other=threat.wants)
                weights, offset = (old.weights + new.weights) / 2, (old.offset + new.offset) / 2
                self.mixed[int(i)] = Margin(weights, offset, old.ties and new.ties)
        return won

    def least(self, bound: Floats) -> Floats:
        """Return the least of each row's bounds, shape (n,); they come as one column for each margin."""
        own = np.take_along_axis(bound, np.maximum(self.of_row, 0), axis=1)
        return np.asarray(np.where(self.of_row >= 0, own, np.inf).min(axis=1))

    def states(self, name: str) -> NDArray[np.uint64]:
        """Return the start of one random stream for each row."""
        return np.array([stream.integers(1, 2**63) for stream in self.case.streams(name)], dtype=np.uint64)


def _center(case: EvasionCase) -> Floats:
    """Return the median of each column among the rows that the attacker may own, else among those attacked."""
    x = case.background.x if len(case.background) else case.rows.x
    filled = np.where(np.isnan(x).all(axis=0), 0.0, x)
    # the lower of two middle values: a value that occurs, also among codes
    return np.asarray(np.nanquantile(filled, 0.5, axis=0, method="lower"), dtype=np.float64)


def _rounding(ensemble: TreeEnsemble, value: Floats, base: float) -> tuple[float, float]:
    """Return the usual error of the model's own sum, and a bound on it.

    Boosted models that compare in float32 add up in float32; averages of probabilities are added up in float64.
    """
    leaves = np.abs(value[np.asarray(ensemble.column) == LEAF])
    largest, n = float(leaves.max(initial=0.0)), ensemble.n_trees
    single = ensemble.dtype == "float32" and ensemble.link != "identity"
    epsilon = float(np.finfo(np.float32 if single else np.float64).eps)
    usual = 4 * epsilon * (abs(base) + largest * np.sqrt(n))
    bound = epsilon * n * (abs(base) + float(_largest_leaves(ensemble, value)))
    # float64 is so fine that nothing is lost by being careful
    return (usual if single else bound), max(usual, bound)


def _largest_leaves(ensemble: TreeEnsemble, value: Floats) -> float:
    """Return the sum over trees of the largest absolute leaf."""
    nodes = np.where(np.asarray(ensemble.column) == LEAF, np.abs(value), 0.0)
    roots = np.asarray(ensemble.roots)
    if np.all(np.diff(roots) > 0) and roots[0] == 0:
        return float(np.maximum.reduceat(nodes, roots).sum())  # trees lie one after the other
    return float(nodes.max(initial=0.0) * len(roots))
