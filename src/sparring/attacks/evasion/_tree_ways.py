"""A tree ensemble's ways: each one a sum of trees to take below zero."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sparring.attacks.evasion._ways import Ways, base_at
from sparring.core.case import EvasionCase
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import LEAF, Margin, TreeEnsemble
from sparring.errors import NotApplicable

if TYPE_CHECKING:
    from sparring.kernels.cells import CellTrees, Limits


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
        return base_at(self.base, rounding=self.rounding, ties=self.ties, attempt=attempt)

    def doubt_at(self, attempt: int) -> float:
        """Return the sum, counted from that base, from which on rounding can flip nothing."""
        return self.worst + (self.base_at(attempt) - self.base)


class TreeWays(Ways[Way]):
    """All ways for the rows of a case, the model cut into cells once for all of them.

    Parameters
    ----------
    case : Case
    ensemble : TreeEnsemble
    """

    def __init__(self, case: EvasionCase, ensemble: TreeEnsemble) -> None:
        from sparring.kernels.cells import cell_trees, limits

        self.ensemble = ensemble
        self.trees: CellTrees = cell_trees(ensemble)
        self.limits: Limits = limits(case.space, center=_center(case))
        super().__init__(case, link=ensemble.link, n_outputs=ensemble.n_outputs)

    @classmethod
    def of(cls, case: EvasionCase) -> TreeWays:
        """Read the model of a case.

        Raises
        ------
        NotApplicable
            It has no trees.
        """
        model = case.oracle.parameters()
        if not isinstance(model, TreeEnsemble):
            raise NotApplicable("this model has no trees")
        return cls(case, model)

    def leave(self, columns: Bools) -> None:
        """Leave columns as they are from now on."""
        movable = np.asarray(self.limits.movable, dtype=bool) & ~columns
        self.limits = self.limits._replace(movable=movable.astype(self.limits.movable.dtype))

    @property
    def one_of_several(self) -> bool:
        """Whether one class is wanted where a third one may win instead."""
        return self.case.threat.wants is not None and self.n_outputs > 1

    def raw(self, x: Floats) -> Floats:
        """Return raw scores, shape (n, n_outputs)."""
        from sparring.kernels.predict import raw_scores

        return raw_scores(self.ensemble, x)

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


def _center(case: EvasionCase) -> Floats:
    """Return a usual value of each column: the median among the rows that the attacker may own, else mid-range."""
    x, space = case.background.x, case.space
    if not len(x):
        # never taken from the attacked rows: what becomes of one row must not depend on the others
        middle = (space.low + space.high) / 2
        return np.where(np.isfinite(middle), middle, 0.0)
    filled = np.where(np.isnan(x).all(axis=0), 0.0, x)
    # the lower of two middle values: a value that occurs, also among codes
    return np.asarray(np.nanquantile(filled, 0.5, axis=0, method="lower"), dtype=np.float64)


def _rounding(ensemble: TreeEnsemble, value: Floats, base: float) -> tuple[float, float]:
    """Return the usual error of the model's own sum, and a bound on it.

    XGBoost adds up in float32, and goes on doing so behind preprocessing that is compared in float64.
    """
    leaves = np.abs(value[np.asarray(ensemble.column) == LEAF])
    largest, n = float(leaves.max(initial=0.0)), ensemble.n_trees
    single = ensemble.adds_in == "float32"
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
