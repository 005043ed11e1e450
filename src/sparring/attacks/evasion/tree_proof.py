"""What nobody can do, whatever they know: sizes below which no row is decided otherwise, proved from the model file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._tree_columns import ColumnSearch
from sparring.attacks.evasion._tree_spread import SpreadSearch
from sparring.attacks.evasion._tree_ways import TreeWays, Way
from sparring.attacks.evasion._ways import cannot_read
from sparring.core.case import Attempt, Bounds, EvasionCase
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import TreeEnsemble
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective

SETTLED = 2e-6
"""In spreads: how far below a row's size a bound may stay that settles it."""
SHARES = (0.1, 1.0)
"""Of the effort, in one pass after the other; what the first one settles is left alone in the next."""
ROWS_AT_ONCE = 4
"""Rows between two looks at the clock."""


class TreeProof(Attack[Evasion]):
    """Prove that nothing smaller exists: priced trees give a bound, and boxes are halved where that falls short."""

    id: ClassVar[str] = "evasion/tree-proof"
    title: ClassVar[str] = "Prove from the trees of the model file what no change can do"
    attacker: ClassVar[Attacker] = Attacker.INSIDER
    needs: ClassVar[frozenset[Access]] = frozenset({Access.PARAMETERS, Access.LABELS})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread")
    reference: ClassVar[str] = (
        "Globerson and Jaakkola, 'Fixing Max-Product', NeurIPS 2007, for bounds by dual block coordinate ascent, and "
        "Kantchelian et al., 'Evasion and Hardening of Tree Ensemble Classifiers', ICML 2016 (arXiv 1509.07892), for "
        "the problem. Here factors are whole trees, prices are kept on each tree's own segments of a column, and "
        "branch and bound over cells goes on from them; one and two columns are enumerated, and for more each changed "
        "column pays a fee, a Lagrange multiplier."
    )

    first: float = Field(0.02, gt=0, description="size of the search's first box around a row, in spreads")
    growth: float = Field(1.25, gt=1, description="ratio of one box of the search to the one before")
    mean_field: int = Field(5, ge=0, description="sweeps of the search's mean field")
    entries: int = Field(
        90_000, ge=1, description="entries of price lists gone through for one row, for each of effort's sweeps"
    )
    pair_cells: int = Field(
        2_500_000, ge=0, description="pairs of cells that may be enumerated for one row, for each of effort's sweeps"
    )

    def unsuited(self, target: Target, threat: Evasion) -> str | None:
        """Refuse what is not a tree ensemble, and rules that no sum of trees can stand for."""
        otherwise = "it proves things of trees, and this model has none; evasion/linear-exact is exact on linear models"
        return cannot_read(target, threat, TreeEnsemble, otherwise)

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[Attempt]:
        """Yield bounds and rows after each pass: a search, then proofs with more and more effort."""
        ways = TreeWays.of(case)
        if case.threat.objective == "columns":
            yield from self._columns(ways)
        else:
            yield from self._spread(ways)
        yield from ways.asked()

    def _columns(self, ways: TreeWays) -> Iterator[Attempt]:
        sweeps = ways.case.effort.sweeps
        search = ColumnSearch(ways, beam=2, pair_cells=self.pair_cells * sweeps)
        yield from search.passes()
        if ways.case.cancelled():
            return
        proof = ColumnProof(search, effort=sweeps * self.entries)
        ways.improve(np.flatnonzero(proof.open), proof.prove, chunk=ROWS_AT_ONCE)
        yield Bounds(ways.least(search.bound))
        yield ways.attempt

    def proof(self, ways: TreeWays) -> SpreadProof:
        """Return what proves sizes in spreads, with the search that goes before."""
        from sparring.kernels.spread_search import Settings

        settings = Settings(self.first, self.growth, self.mean_field, ways.case.effort.sweeps, 1)
        return SpreadProof(SpreadSearch(ways, self.id, settings))

    def _spread(self, ways: TreeWays) -> Iterator[Attempt]:
        proof = self.proof(ways)
        ways.improve(np.arange(len(ways.x)), proof.search)
        yield Bounds(proof.search.lower)
        yield ways.attempt
        for share in SHARES:
            if ways.case.cancelled():
                return
            proof.effort = int(share * ways.case.effort.sweeps * self.entries)
            ways.improve(np.flatnonzero(proof.open), proof.prove, chunk=ROWS_AT_ONCE)
            yield Bounds(proof.search.lower)
            yield ways.attempt


class SpreadProof:
    """The smallest change in spreads, from both sides, for rows in one of their ways.

    Parameters
    ----------
    search : SpreadSearch
        Its bounds are raised.

    Attributes
    ----------
    effort : int
        Entries of price lists that may be gone through for one row.
    """

    def __init__(self, search: SpreadSearch) -> None:
        self.search = search
        self.ways = search.ways
        self.effort = 0

    @property
    def open(self) -> Bools:
        """Rows whose bound falls short of the size found."""
        lower = self.search.lower
        return np.asarray((lower < self.ways.size - SETTLED) & (lower < np.inf))

    def prove(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Prove that no change is smaller than `limit`, or as much of that as the effort allows, or find one."""
        from sparring.kernels.branching import USUAL
        from sparring.kernels.spread_proof import prove_nearest

        size, x, x_adv = limit.copy(), self.ways.x[rows], self.ways.x[rows].copy()
        lower = np.zeros(len(rows)) if way.number is None else self.search.bound[rows, way.number]
        base, doubt, limits = way.base_at(attempt), way.doubt_at(attempt), self.ways.limits
        prove_nearest(way.trees, way.value, base, x, size, limits, doubt, self.effort, USUAL, lower, x_adv)
        self.search.prove(way, rows, lower)
        return size, x_adv


class ColumnProof:
    """Numbers of columns that cannot suffice, beyond those that were enumerated.

    Parameters
    ----------
    search : ColumnSearch
        Its bounds are raised.
    effort : int
        Entries of price lists that may be gone through for one row.
    """

    def __init__(self, search: ColumnSearch, *, effort: int) -> None:
        self.search = search
        self.ways = search.ways
        self.effort = effort
        self.most = int(self.ways.case.threat.sizes[-1])

    @property
    def open(self) -> Bools:
        """Rows whose bound falls short of the number of columns found, and of the largest that is reported."""
        lower = self.ways.least(self.search.bound)
        return np.asarray((lower <= self.most) & (lower < np.floor(self.ways.size)))

    def prove(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Raise the bounds of rows in one of their ways; no row is looked for."""
        from sparring.kernels.branching import USUAL
        from sparring.kernels.columns_proof import prove_columns

        x = self.ways.x[rows]
        if way.number is not None:
            lower = self.search.bound[rows, way.number]
            most = int(min(self.most, np.floor(limit.max()) - 1))
            doubt = way.doubt_at(attempt)
            prove_columns(
                way.trees, way.value, way.base_at(attempt), x, self.ways.limits, doubt, most, self.effort, USUAL, lower
            )
            self.search.bound[rows, way.number] = lower
        return limit, x
