"""Slopes of a smooth model from its scores: two questions for each column, then a step against the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._ball import within
from sparring.attacks.evasion._blackbox import Ledger
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Floats, Ints
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective

LADDER = (0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Sizes in spreads at which each slope is followed before anything is found."""
SHARES = (0.3, 0.5, 0.65, 0.75, 0.82, 0.88, 0.93, 0.96, 0.98, 0.995)
"""Sizes as shares of the best afterwards."""


class FiniteDifferences(Attack[Evasion]):
    """Estimates the slope of the scores in every number, and moves all numbers along it by equally many spreads."""

    id: ClassVar[str] = "evasion/finite-differences"
    title: ClassVar[str] = "Follows slopes estimated from the model's scores"
    attacker: ClassVar[Attacker] = Attacker.SEES_SCORES
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS, Access.SCORES})
    objectives: ClassVar[tuple[Objective, ...]] = ("spread",)
    reference: ClassVar[str] = (
        "Chen et al., 'ZOO: Zeroth Order Optimization', AISec 2017 (arXiv 1708.03999). Departures: steps follow the "
        "sign of the slope in spreads, as L-infinity asks, not Adam on a sum of losses; models of trees are refused."
    )

    width: float = Field(0.05, gt=0, description="distance of the two questions from the middle, in spreads")

    def unsuited(self, target: Target, threat: Evasion) -> str | None:
        """Refuse trees, on which this finds nothing and would be read as strength of the model."""
        if target.family != "trees":
            return None
        return (
            "trees answer in steps, so that a finite difference is zero almost everywhere and the rows would stay as "
            "they are: that says nothing about the model"
        )

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield after each slope and each ladder; the slope is taken again at the best row so far."""
        ledger = Ledger(case)
        yield ledger.attempt
        space = ledger.space
        columns = np.flatnonzero(space.movable & ~space.categorical)
        here, flat = ledger.x.copy(), np.zeros(len(ledger.x), dtype=bool)
        # one round needs the slope and at least one step
        while len(columns) and len(rows := _able(ledger, flat, cost=2 * len(columns) + 1)):
            slope = self._slope(ledger, here, rows, columns)
            yield ledger.attempt
            flat[rows] = ~slope.any(axis=1)
            self._step(ledger, here, rows[~flat[rows]], slope[~flat[rows]])
            yield ledger.attempt

    def _slope(self, ledger: Ledger, here: Floats, rows: Ints, columns: Ints) -> Floats:
        """Central differences of the margin, shape (r, d); zero where a side could not be asked."""
        d, k = len(ledger.space), len(columns)
        row = np.repeat(rows, 2 * k)
        x_adv = here[row]
        place = np.arange(len(row))
        column = np.tile(np.repeat(columns, 2), len(rows))
        sign = np.tile([1.0, -1.0], len(row) // 2)
        x_adv[place, column] += sign * self.width * ledger.space.spread[column]
        x_adv = ledger.space.project(ledger.x[row], x_adv)
        margin = ledger.weigh(row, x_adv).reshape(len(rows), k, 2)
        moved = x_adv[place, column].reshape(len(rows), k, 2) / ledger.space.spread[columns][:, None]
        run = moved[:, :, 0] - moved[:, :, 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            rise = (margin[:, :, 0] - margin[:, :, 1]) / run
        slope = np.zeros((len(rows), d))
        slope[:, columns] = np.where(np.isfinite(rise), rise, 0.0)
        return slope

    def _step(self, ledger: Ledger, here: Floats, rows: Ints, slope: Floats) -> None:
        """Ask at several sizes along the slope; the next slope is taken at the best row, or where scores rose most."""
        if not len(rows):
            return
        count = len(LADDER)
        found = ledger.found[rows, None]
        sizes = np.where(found, np.where(found, ledger.size[rows, None], 0.0) * np.array(SHARES), np.array(LADDER))
        row, size = np.repeat(rows, count), sizes.ravel()
        x = ledger.x[row]
        ends = x + np.sign(np.repeat(slope, count, axis=0)) * size[:, None] * ledger.space.spread
        x_adv = within(ledger.space, x, ends, size)
        margin = ledger.weigh(row, x_adv).reshape(-1, count)
        top = margin.argmax(axis=1)
        best = x_adv.reshape(-1, count, x_adv.shape[1])[np.arange(len(rows)), top]
        here[rows] = np.where(ledger.found[rows, None], ledger.best[rows], best)


def _able(ledger: Ledger, flat: np.ndarray, *, cost: int) -> Ints:
    rows = ledger.open()
    return np.asarray(rows[(ledger.room[rows] >= cost) & ~flat[rows]])
