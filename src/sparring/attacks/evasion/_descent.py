"""A random search at shrinking distances, for an attacker who sees scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._ball import Compass, some, starts, within
from sparring.attacks.evasion._blackbox import Ledger, blocks, uniforms
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
            self._step(rows[passed], rows[~passed])
            self._reconsider(rows[~passed])
            yield ledger.attempt

    def _step(self, down: Ints, around: Ints) -> None:
        """Ask in one go: rows that have passed farther down, the others all around where they stand."""
        ledger, d = self.ledger, len(self.ledger.space)
        lower, sizes = self._lower(down)
        moved = np.empty((len(around), self.batch, d))
        for part in blocks(np.arange(len(around)), each=self.batch * d):
            moved[part] = self._moved(around[part])
        row = np.concatenate([np.repeat(down, RUNGS), np.repeat(around, self.batch)])
        margin = ledger.weigh(row, np.concatenate([lower.reshape(-1, d), moved.reshape(-1, d)]))
        ladder, draws = np.split(margin, [len(down) * RUNGS])
        if len(down):
            self._settle(down, lower, sizes, ladder.reshape(sizes.shape))
        if len(around):
            self._learn(around, moved, draws)

    def _stand(self, row: Ints, x_adv: Floats, margin: Floats) -> None:
        """Move to the candidate with the largest margin, also where it is no larger: plateaus are crossed by ties."""
        order = np.lexsort((-margin, row))
        first = order[np.diff(row[order], prepend=-1) != 0]
        first = first[margin[first] >= self.margin[row[first]]]
        self.point[row[first]], self.margin[row[first]] = x_adv[first], margin[first]

    def _lower(self, rows: Ints) -> tuple[Floats, Floats]:
        """Pull the best to sizes below its own; shapes (r, RUNGS, d) and (r, RUNGS)."""
        ledger = self.ledger
        # far down after the first success; later ones are near the end already
        lowest = np.where(self.misses[rows] < 0, 0.8, 0.5)
        share = lowest[:, None] + (1 - lowest[:, None]) * np.arange(1, RUNGS + 1) / (RUNGS + 1)
        sizes = np.asarray(ledger.size[rows, None] * share)
        return within(ledger.space, ledger.x[rows, None], ledger.best[rows, None], sizes), sizes

    def _settle(self, rows: Ints, x_adv: Floats, sizes: Floats, margin: Floats) -> None:
        """Go on at the largest size below the best that does not pass."""
        passed = margin > 0
        lowest_passed = np.where(passed.any(axis=1), passed.argmax(axis=1), RUNGS)
        place = np.arange(len(rows)), np.maximum(lowest_passed - 1, 0)
        self.point[rows], self.margin[rows], self.size[rows] = x_adv[place], margin[place], sizes[place]
        self.misses[rows] = np.where(lowest_passed > 0, -1, self.misses[rows])

    def _moved(self, rows: Ints) -> Floats:
        """Draw points at the same distance in which some columns moved to one of their ends, shape (r, batch, d)."""
        space, d = self.ledger.space, len(self.ledger.space)
        u = uniforms(self.streams, rows, (self.batch, 2 * d + 1))
        x, size = self.ledger.x[rows, None], self.size[rows, None]
        moved = x + self.compass.sides(rows, u[..., d : 2 * d]) * (size[..., None] * space.spread)
        if space.categorical.any():
            # any category where the distance allows another one, the row's own otherwise
            codes = np.floor(u[..., d : 2 * d] * (np.maximum(space.high, 0) + 1))
            moved = np.where(space.categorical, np.where(size[..., None] < 1, x, codes), moved)
        drawn = some(space, u[..., :d], u[..., -1])
        return within(space, x, np.where(drawn, moved, self.point[rows, None]), size)

    def _learn(self, rows: Ints, x_adv: Floats, margin: Floats) -> None:
        """Stand where it is best, and remember which sides were better."""
        space, batch = self.ledger.space, self.batch
        self._stand(np.repeat(rows, batch), x_adv.reshape(-1, len(space)), margin)
        answer = _ranks(margin.reshape(-1, batch))
        for part in blocks(np.arange(len(rows)), each=batch * len(space)):
            stood = x_adv[part] - self.ledger.x[rows[part], None]
            stood /= self.size[rows[part], None, None] * space.spread
            if space.categorical.any():
                stood = np.where(space.categorical, 0.0, stood)
            self.compass.learn(rows[part], stood, answer[part])
        passed = self.margin[rows] > 0
        self.misses[rows] = np.where(passed, np.minimum(self.misses[rows], 0), np.maximum(self.misses[rows], 0) + 1)

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
    above = np.asarray(margin[:, :, None] > margin[:, None, :])
    return np.asarray((above.sum(axis=2) - above.sum(axis=1)) / (2 * max(1, margin.shape[1] - 1)))
