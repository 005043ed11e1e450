"""The baseline: somebody who does not try, with changes of the same size and as many tries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._blackbox import Ledger, noise, prices_of
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Floats, Ints
from sparring.core.plugin import Attack
from sparring.core.space import TableSpace
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion, Objective

UNLIMITED = 3.0
"""Spreads around the row's own value from which a number is drawn where nothing else is known of its column."""


class RandomNoise(Attack[Evasion]):
    """Random changes of each size on the curve. An attack that finds no more than this has found nothing."""

    id: ClassVar[str] = "evasion/random-noise"
    title: ClassVar[str] = "Random changes of equal size, without trying"
    attacker: ClassVar[Attacker] = Attacker.NOBODY
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread", "cost")
    reference: ClassVar[str] = (
        "Carlini et al., 'On Evaluating Adversarial Robustness' (arXiv 1902.06705), on random baselines. Uniform noise "
        "within each size; for columns and money, values drawn from those that occur in the column."
    )

    batch: int = Field(20, ge=1, description="candidates for each row in one pass")

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield after each batch, from the smallest size to the largest."""
        ledger = Ledger(case)
        yield ledger.attempt
        streams = case.streams(f"{self.id}@{case.threat.objective}")
        draw = _noise if case.threat.objective == "spread" else _values
        share = case.effort.queries // max(1, len(case.threat.sizes))
        for size in case.threat.sizes:
            for start in range(0, share, self.batch):
                rows = ledger.open(above=size)
                if not len(rows):
                    break
                count = min(self.batch, share - start)
                parts = [draw(case, ledger.x[i], size, rng=streams[i], count=count) for i in rows]
                row = np.repeat(rows, count)
                ledger.ask(row, ledger.space.project(ledger.x[row], np.concatenate(parts)))
                yield ledger.attempt


def _noise(case: EvasionCase, x: Floats, size: float, *, rng: np.random.Generator, count: int) -> Floats:
    return noise(case.space, x, size, rng=rng, count=count)


def _values(case: EvasionCase, x: Floats, size: float, *, rng: np.random.Generator, count: int) -> Floats:
    """Other values in random columns that may change: in `size` of them, or in as many as `size` pays for."""
    movable = np.flatnonzero(case.space.movable)
    by_count = case.threat.objective == "columns"
    chosen = rng.random((count, len(movable))).argsort(axis=1)[:, : int(size) if by_count else len(movable)]
    out = np.repeat(x[None], count, axis=0)
    prices, spent = prices_of(case), np.zeros(count)
    for k in range(chosen.shape[1]):
        columns = movable[chosen[:, k]]
        paid = np.flatnonzero(by_count | (spent + prices[columns] <= size))
        spent[paid] += prices[columns[paid]]
        out[paid, columns[paid]] = _drawn(case.space, case.background.x, x, columns, rng=rng)[paid]
    return out


def _drawn(space: TableSpace, seen: Floats, x: Floats, columns: Ints, *, rng: np.random.Generator) -> Floats:
    u = rng.random(len(columns))
    if len(seen):
        return seen[(u * len(seen)).astype(np.int64), columns]
    low = np.where(np.isfinite(space.low), space.low, x - UNLIMITED * space.spread)[columns]
    high = np.where(np.isfinite(space.high), space.high, x + UNLIMITED * space.spread)[columns]
    width = high - low + space.categorical[columns]
    value = low + u * width
    return np.asarray(np.where(space.categorical[columns], np.floor(value), value))
