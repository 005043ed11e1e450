"""A random search at shrinking distances, for an attacker who sees scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._ball import Compass, some, starts, within
from sparring.attacks.evasion._blackbox import Ledger
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Floats, Ints

LARGEST = 1.0
"""Spreads at which the search begins, the largest size on the curve."""
RUNGS = 4
PATIENCE = 4
"""Passes without success after which a row works halfway back to its best, or farther out where it has none."""
WIDER, WIDEST = 1.5, 30.0
"""Factor by which a row without success looks farther out, and the spreads at which it stops doing so."""


@dataclass(eq=False)
class Descent:
    """All rows at work, each at its own distance: margins there are raised until they pass, then the distance shrinks.

    Parameters
    ----------
    ledger : Ledger
    streams : list of numpy.random.Generator
    batch : int
        Candidates for each row in one pass.
    compass : Compass

    Attributes
    ----------
    point : ndarray of shape (n, d)
        Where each row stands, at most `size` from its original.
    margin : ndarray of shape (n,)
        How far `point` is on the wanted side; -inf where it was not asked.
    size : ndarray of shape (n,)
        In spreads.
    misses : ndarray of shape (n,)
        Passes since the last success.
    """

    ledger: Ledger
    streams: list[np.random.Generator]
    batch: int
    compass: Compass
    point: Floats = field(init=False)
    margin: Floats = field(init=False)
    size: Floats = field(init=False)
    misses: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Stand at the originals."""
        n = len(self.ledger.x)
        self.point, self.margin = self.ledger.x.copy(), np.full(n, -np.inf)
        self.size, self.misses = np.full(n, LARGEST), np.zeros(n, dtype=np.int64)

    def run(self, *, copies: int) -> Iterator[AdversarialExamples]:
        """Yield after each pass: copies of wanted rows and corners, then draws and ladders until tries end."""
        ledger, queries = self.ledger, self.ledger.case.effort.queries
        row, x_adv = starts(ledger, k=min(copies, max(1, queries // 10)), size=LARGEST)
        self._stand(row, x_adv, ledger.weigh(row, x_adv))
        yield ledger.attempt
        while len(rows := ledger.open()):
            passed = self.margin[rows] > 0
            self._ladder(rows[passed])
            self._draw(rows[~passed])
            self._reconsider(rows[~passed])
            yield ledger.attempt

    def _stand(self, row: Ints, x_adv: Floats, margin: Floats) -> None:
        """Move to the candidate with the largest margin, also where it is no larger: plateaus are crossed by ties."""
        order = np.lexsort((-margin, row))
        first = order[np.diff(row[order], prepend=-1) != 0]
        first = first[margin[first] >= self.margin[row[first]]]
        self.point[row[first]], self.margin[row[first]] = x_adv[first], margin[first]

    def _ladder(self, rows: Ints) -> None:
        """Ask below the best, and go on at the largest size there that does not pass."""
        if not len(rows):
            return
        ledger = self.ledger
        # far down after the first success; later ones are near the end already
        lowest = np.where(self.misses[rows] < 0, 0.8, 0.5)
        share = lowest[:, None] + (1 - lowest[:, None]) * np.arange(1, RUNGS + 1) / (RUNGS + 1)
        sizes = ledger.size[rows, None] * share
        row = np.repeat(rows, RUNGS)
        x_adv = within(ledger.space, ledger.x[row], ledger.best[row], sizes.ravel())
        margin = ledger.weigh(row, x_adv).reshape(sizes.shape)
        passed = margin > 0
        lowest_passed = np.where(passed.any(axis=1), passed.argmax(axis=1), RUNGS)
        place = np.arange(len(rows)), np.maximum(lowest_passed - 1, 0)
        self.point[rows] = x_adv.reshape(len(rows), RUNGS, -1)[place]
        self.margin[rows], self.size[rows] = margin[place], sizes[place]
        self.misses[rows] = np.where(lowest_passed > 0, -1, self.misses[rows])

    def _draw(self, rows: Ints) -> None:
        """Ask for points at the same distance in which some columns moved to one of their ends."""
        if not len(rows):
            return
        ledger, space, batch, d = self.ledger, self.ledger.space, self.batch, len(self.ledger.space)
        u = np.stack([self.streams[i].random((batch, 3 * d + 2)) for i in rows]).reshape(-1, 3 * d + 2)
        row = np.repeat(rows, batch)
        x, reach = ledger.x[row], self.size[row, None] * space.spread
        ends = x + self.compass.sides(row, u[:, d : 3 * d]) * reach
        moved = np.where(space.categorical, self._codes(x, u[:, d : 2 * d], row), ends)
        drawn = some(space, u[:, :d], u[:, -2])
        x_adv = within(space, x, space.project(x, np.where(drawn, moved, self.point[row])), self.size[row])
        margin = ledger.weigh(row, x_adv)
        self._stand(row, x_adv, margin)
        stood = np.where(space.categorical, 0.0, (x_adv - x) / reach)
        self.compass.learn(rows, stood.reshape(-1, batch, d), _ranks(margin.reshape(-1, batch)))
        passed = self.margin[rows] > 0
        self.misses[rows] = np.where(passed, np.minimum(self.misses[rows], 0), np.maximum(self.misses[rows], 0) + 1)

    def _codes(self, x: Floats, u: Floats, row: Ints) -> Floats:
        """Any category where the distance allows another one, the row's own otherwise."""
        codes = np.floor(u * (np.maximum(self.ledger.space.high, 0) + 1))
        return np.where(self.size[row, None] < 1, x, codes)

    def _reconsider(self, rows: Ints) -> None:
        ledger = self.ledger
        tired = rows[(self.misses[rows] >= PATIENCE) & (self.margin[rows] <= 0)]
        if not len(tired):
            return
        found = ledger.found[tired]
        back, out = tired[found], tired[~found]
        self.size[back] = (self.size[back] + ledger.size[back]) / 2
        self.size[out] = np.minimum(self.size[out] * WIDER, WIDEST)
        self.point[back] = within(ledger.space, ledger.x[back], ledger.best[back], self.size[back])
        self.margin[tired], self.misses[tired] = -np.inf, 0


def _ranks(margin: Floats) -> Floats:
    """Ranks within each row of candidates, from -1/2 to 1/2; ties get their mean, so that a plateau teaches nothing."""
    below = (margin[:, :, None] > margin[:, None, :]).sum(axis=2)
    above = (margin[:, :, None] < margin[:, None, :]).sum(axis=2)
    return np.asarray((below - above) / (2 * max(1, margin.shape[1] - 1)))
