"""A walk along the decision boundary toward the original, for an attacker who sees decisions only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._ball import Compass, some, starts, within
from sparring.attacks.evasion._blackbox import Ledger, blocks, noise, uniforms
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Floats, Ints

SHORTEST, LONGEST = 0.001, 0.4
"""How much nearer, as a share of the present distance, candidates are drawn on average."""
FAR = 3.0
"""Spreads within which rows without a start look for one."""


@dataclass(eq=False)
class Walk:
    """All rows on their way; each keeps a wanted row, draws nearer ones, and remembers which sides were wanted.

    Parameters
    ----------
    ledger : Ledger
    streams : list of numpy.random.Generator
    batch : int
        Candidates for each row in one pass.
    compass : Compass

    Attributes
    ----------
    pace : ndarray of shape (n,)
        How much nearer candidates are drawn on average, as a share of the present distance.
    """

    ledger: Ledger
    streams: list[np.random.Generator]
    batch: int
    compass: Compass
    pace: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Start at a middling pace."""
        self.pace = np.full(len(self.ledger.x), 0.2)

    def run(self, *, copies: int) -> Iterator[AdversarialExamples]:
        """Yield after each pass: starts, two ladders, then draws, and last of all columns are put back."""
        ledger = self.ledger
        queries = ledger.case.effort.queries
        self._start(min(copies, max(1, queries // 10)))
        yield ledger.attempt
        refused = np.zeros(len(ledger.x))
        for _ in range(2):
            refused = self._ladder(refused)
            yield ledger.attempt
        reserve = min(int(ledger.space.movable.sum()), queries // 10)
        while len(rows := self._moving(reserve)):
            self._draw(rows)
            yield ledger.attempt
        while len(rows := self._moving(0)):
            self._put_back(rows)
            yield ledger.attempt

    def _moving(self, reserve: int) -> Ints:
        rows = self.ledger.open()
        return rows[self.ledger.found[rows] & (self.ledger.room[rows] > reserve)]

    def _start(self, k: int) -> None:
        """Copy the nearest wanted rows; where there is none, look around."""
        ledger, space = self.ledger, self.ledger.space
        ledger.ask(*starts(ledger, k=k, size=np.inf))
        lost = ledger.open()
        lost = lost[~ledger.found[lost]]
        if len(lost):
            drawn = [noise(space, ledger.x[i], FAR, rng=self.streams[i], count=self.batch) for i in lost]
            row = np.repeat(lost, self.batch)
            ledger.ask(row, space.project(ledger.x[row], np.concatenate(drawn)))

    def _ladder(self, refused: Floats) -> Floats:
        """Ask at four rungs between the size last refused and the best; return the largest size refused below it."""
        ledger, rungs = self.ledger, 4
        rows = self._moving(0)
        if not len(rows):
            return refused
        share = np.arange(1, rungs + 1) / (rungs + 1)
        sizes = refused[rows, None] + (ledger.size[rows] - refused[rows])[:, None] * share
        row = np.repeat(rows, rungs)
        hit = ledger.ask(row, within(ledger.space, ledger.x[row], ledger.best[row], sizes.ravel())).reshape(sizes.shape)
        first = np.where(hit.any(axis=1), hit.argmax(axis=1), rungs)
        below = np.concatenate([refused[rows, None], sizes], axis=1)
        out = refused.copy()
        out[rows] = below[np.arange(len(rows)), first]
        return out

    def _draw(self, rows: Ints) -> None:
        """Ask for nearer rows in which some columns stand at the side that was wanted more often."""
        batch, d = self.batch, len(self.ledger.space)
        x_adv, size = np.empty((len(rows), batch, d)), np.empty((len(rows), batch))
        parts = list(blocks(np.arange(len(rows)), each=batch * d))
        for part in parts:
            x_adv[part], size[part] = self._nearer(rows[part])
        hit = self.ledger.ask(np.repeat(rows, batch), x_adv.reshape(-1, d)).reshape(-1, batch)
        for part in parts:
            move = x_adv[part] - self.ledger.x[rows[part], None]
            move /= size[part][..., None] * self.ledger.space.spread
            self.compass.learn(rows[part], move, hit[part].astype(float))
        rate = hit.mean(axis=1)
        faster = np.where(rate > 0.2, 2.5, np.where(rate < 0.1, 0.4, 1.0))
        self.pace[rows] = np.clip(self.pace[rows] * faster, SHORTEST, LONGEST)

    def _nearer(self, rows: Ints) -> tuple[Floats, Floats]:
        """Draw candidates, shape (r, batch, d), and the size that each may have."""
        ledger, space, d = self.ledger, self.ledger.space, len(self.ledger.space)
        u = uniforms(self.streams, rows, (self.batch, 2 * d + 2))
        x = ledger.x[rows, None]
        size = ledger.size[rows, None] * (1.0 - np.minimum(0.9, 2.0 * self.pace[rows, None] * u[..., -1]))
        side = self.compass.sides(rows, u[..., d : 2 * d])
        if space.categorical.any():
            side = np.where(space.categorical, np.int8(0), side)
        moved = x + side * (size[..., None] * space.spread)
        drawn = some(space, u[..., :d], u[..., -2])
        return within(space, x, np.where(drawn, moved, ledger.best[rows, None]), size), size

    def _put_back(self, rows: Ints) -> None:
        """Ask whether some changed columns were not needed; the size stays or falls, the columns get fewer."""
        ledger, batch, d = self.ledger, self.batch, len(self.ledger.space)
        u = uniforms(self.streams, rows, (batch, d + 1))
        drawn = some(ledger.space, u[..., :d], u[..., -1])
        x_adv = np.where(drawn, ledger.x[rows, None], ledger.best[rows, None])
        ledger.ask(np.repeat(rows, batch), x_adv.reshape(-1, d))
