"""What somebody who holds the model file finds in it: the nearest row that a tree ensemble decides otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._tree_columns import ColumnSearch
from sparring.attacks.evasion._tree_costs import CostSearch
from sparring.attacks.evasion._tree_spread import SpreadSearch
from sparring.attacks.evasion._tree_ways import TreeWays
from sparring.attacks.evasion._ways import cannot_read
from sparring.core.case import Attempt, Bounds, EvasionCase
from sparring.core.parameters import TreeEnsemble
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective


class TreeSearch(Attack[Evasion]):
    """Search over the cells that the trees cut the table into, without asking the model until a row is found."""

    id: ClassVar[str] = "evasion/tree-search"
    title: ClassVar[str] = "Search through the trees of the model file"
    attacker: ClassVar[Attacker] = Attacker.INSIDER
    needs: ClassVar[frozenset[Access]] = frozenset({Access.PARAMETERS, Access.LABELS})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread", "cost")
    reference: ClassVar[str] = (
        "Kantchelian et al., 'Evasion and Hardening of Tree Ensemble Classifiers', ICML 2016 (arXiv 1509.07892), for "
        "the problem, and Zhang et al., 'An Efficient Adversarial Attack for Tree Ensembles', NeurIPS 2020 (arXiv "
        "2010.11598), for search over leaves. Neither's algorithm: trees are pruned to a growing box and a mean field "
        "over threshold cells, descent and a heat bath find the row; one and two columns are enumerated."
    )

    first: float = Field(0.02, gt=0, description="size of the first box around a row, in spreads")
    growth: float = Field(1.25, gt=1, description="ratio of one box to the one before")
    mean_field: int = Field(5, ge=0, description="sweeps of the mean field")
    beam: int = Field(16, ge=1, description="edits carried from two columns to three")
    pair_cells: int = Field(
        2_500_000, ge=0, description="pairs of cells that may be enumerated for one row, for each of effort's sweeps"
    )

    def unsuited(self, target: Target, threat: Evasion) -> str | None:
        """Refuse what is not a tree ensemble, and rules that no sum of trees can stand for."""
        otherwise = "it searches through trees, and this model has none; evasion/linear-exact reads linear models"
        return cannot_read(target, threat, TreeEnsemble, otherwise)

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[Attempt]:
        """Yield rows after each pass, each deeper than the one before, and bounds where there are any."""
        ways = TreeWays.of(case)
        if case.threat.objective != "spread":
            kind = ColumnSearch if case.threat.objective == "columns" else CostSearch
            cells = self.pair_cells * case.effort.sweeps
            yield from ways.passes(lambda: kind(ways, beam=self.beam, pair_cells=cells).passes())
        else:
            yield from ways.passes(lambda: self._spread(ways))

    def _spread(self, ways: TreeWays) -> Iterator[Attempt]:
        from sparring.kernels.spread_search import Settings

        sweeps = ways.case.effort.sweeps
        rows = np.arange(len(ways.x))
        plan = [(self.mean_field, 0, 1)]
        if sweeps:
            plan.append((self.mean_field, sweeps, 1))
        if sweeps > 20:
            plan.append((self.mean_field + 3, sweeps, 1 + sweeps // 20))
        deeper = [Settings(self.first, self.growth, *further) for further in plan]
        search = SpreadSearch(ways, self.id, deeper[0])
        for search.settings in deeper:
            ways.improve(rows, search)
            yield Bounds(search.lower)
            yield ways.attempt
            if ways.case.cancelled():
                return
