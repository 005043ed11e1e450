"""An outsider who trains a copy of the model, searches the copy, and tries on the model what passed there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._surrogate import case_of, train
from sparring.attacks.evasion._tree_columns import ColumnSearch
from sparring.attacks.evasion._tree_spread import SpreadSearch
from sparring.attacks.evasion._tree_ways import TreeWays
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Floats, Ints
from sparring.core.parameters import TreeEnsemble
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective

STRETCHES = (1.1, 1.25, 1.5, 2.0)
HALVINGS = 8


class Transfer(Attack[Evasion]):
    """Trains a copy on real rows and their decisions, searches through the copy's trees, and asks the model last."""

    id: ClassVar[str] = "evasion/transfer"
    title: ClassVar[str] = "Search through a copy, tried on your model"
    attacker: ClassVar[Attacker] = Attacker.HAS_A_COPY
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS, Access.BACKGROUND})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread")
    reference: ClassVar[str] = (
        "Papernot, McDaniel and Goodfellow, 'Transferability in Machine Learning' (arXiv 1605.07277). Departures: the "
        "copy is boosted trees, trained on background rows alone; it is searched several times, each deeper on the "
        "wanted side; what the model refuses is tried again farther from the original, what it admits nearer."
    )

    depths: tuple[float, ...] = Field((0.5, 0.7, 0.9), description="how sure the copy has to be, one search for each")
    trees: int = Field(60, ge=1, description="trees of the copy")
    sweeps: int = Field(5, ge=0, description="sweeps of the heat bath in the search by spreads")
    beam: int = Field(8, ge=1, description="edits carried from two columns to three")
    pair_cells: int = Field(200_000, ge=0, description="pairs of cells that may be enumerated for one row")

    def unsuited(self, target: Target, threat: Evasion) -> str | None:
        """Refuse rules that compare with the row as it was: no single copy can stand for them."""
        if target.decision.relative:
            return "it trains one copy for all rows, and here what counts as a success differs from row to row"
        return None

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield after each search."""
        ledger = Ledger(case)
        seed = int(rng.integers(2**31))
        yield ledger.attempt
        opened = ledger.open()
        tried = ledger.x.copy()
        for label in np.unique(case.rows.y[opened]):
            rows = opened[case.rows.y[opened] == label]
            wanted = ledger.wanted[rows[0]][case.background.y]
            if case.cancelled():
                return
            if wanted.all() or not wanted.any():
                continue  # nothing to learn from
            copy = train(case.background.x, wanted, seed=seed, trees=self.trees)
            for depth in self.depths:
                if case.cancelled():
                    return
                self._try(ledger, rows, self._search(case, copy, rows, depth), tried)
                yield ledger.attempt
        if not case.cancelled():
            _nearer(ledger, opened)
            yield ledger.attempt

    def _search(self, case: EvasionCase, copy: TreeEnsemble, rows: Ints, depth: float) -> Floats:
        """Return what the copy admits, shape (m, d); the original where nothing was found."""
        from sparring.kernels.spread_search import Settings

        inner, sure = case_of(case, copy, rows, depth=depth, sweeps=self.sweeps)
        ways = TreeWays(inner, sure)
        if case.threat.objective == "columns":
            for _ in ColumnSearch(ways, beam=self.beam, pair_cells=self.pair_cells).passes():
                pass
        else:
            ways.improve(np.arange(len(rows)), SpreadSearch(ways, self.id, Settings(0.02, 1.25, 5, self.sweeps, 1)))
        return ways.x_adv

    def _try(self, ledger: Ledger, rows: Ints, x_adv: Floats, tried: Floats) -> None:
        """Ask about candidates, farther and farther where the model refuses."""
        new = ledger.space.changed(tried[rows], x_adv).any(axis=1)
        tried[rows] = x_adv
        rows, x_adv = rows[new], x_adv[new]
        for stretch in (1.0, *STRETCHES):
            worth = ledger.room[rows] > 0
            farther = scaled(ledger, rows, x_adv, np.full(len(rows), stretch))
            worth &= ledger.space.size(ledger.x[rows], farther, ledger.case.threat.objective) < ledger.size[rows]
            rows, x_adv, farther = rows[worth], x_adv[worth], farther[worth]
            if not len(rows):
                return
            refused = ~ledger.ask(rows, farther)
            rows, x_adv = rows[refused], x_adv[refused]


def scaled(ledger: Ledger, rows: Ints, x_adv: Floats, factor: Floats) -> Floats:
    """Return legal rows with changes of numbers `factor` times as large, shape (m, d); other changes stay."""
    x, space = ledger.x[rows], ledger.space
    with np.errstate(invalid="ignore"):
        moved = x + factor[:, None] * (x_adv - x)
    keep = space.categorical | np.isnan(moved) | (factor == 1.0)[:, None]
    return space.project(x, np.where(keep, x_adv, moved))


def _nearer(ledger: Ledger, rows: Ints) -> None:
    """Halve the way between a confirmed row and the original, where sizes are spreads."""
    if ledger.case.threat.objective != "spread":
        return
    rows = rows[ledger.found[rows]]
    end = ledger.best.copy()
    low, high = np.zeros(len(ledger.x)), np.ones(len(ledger.x))
    for _ in range(HALVINGS):
        rows = rows[ledger.room[rows] > 0]
        if not len(rows):
            return
        middle = (low[rows] + high[rows]) / 2
        hit = ledger.ask(rows, scaled(ledger, rows, end[rows], middle))
        high[rows[hit]], low[rows[~hit]] = middle[hit], middle[~hit]
