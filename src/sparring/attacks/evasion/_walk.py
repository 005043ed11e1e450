"""A walk along the decision boundary toward the original, for an attacker who sees decisions only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sparring.attacks.evasion._blackbox import Ledger, nearest, noise
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Bools, Floats, Ints

UNCHANGED = 0.05
"""Share of drawn columns that are put back instead of moved to a side."""
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
    trust : float
        How strongly draws follow what was seen.
    memory : float
        Share of what was seen that is kept from pass to pass.

    Attributes
    ----------
    lean, doubt : ndarray of shape (n, d)
        Sum over candidates of side times decision, and its variance if the two had nothing to do with each other.
    pace : ndarray of shape (n,)
    """

    ledger: Ledger
    streams: list[np.random.Generator]
    batch: int
    trust: float
    memory: float
    lean: Floats = field(init=False)
    doubt: Floats = field(init=False)
    pace: Floats = field(init=False)
    discrete: Bools = field(init=False)

    def __post_init__(self) -> None:
        """Know nothing yet."""
        n, d = self.ledger.x.shape
        self.lean, self.doubt = np.zeros((n, d)), np.full((n, d), 0.5)
        self.pace = np.full(n, 0.1)
        self.discrete = self.ledger.space.categorical

    def run(self, *, starts: int) -> Iterator[AdversarialExamples]:
        """Yield after each pass: starts, two ladders, then draws, and last of all columns are put back."""
        ledger = self.ledger
        queries = ledger.case.effort.queries
        self._start(min(starts, max(1, queries // 10)))
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

    def _start(self, starts: int) -> None:
        """Copy the nearest wanted rows, whole and without their categories; where there is none, look around."""
        ledger = self.ledger
        near = nearest(ledger.case, ledger.x, wanted=ledger.wanted, k=starts)
        row = np.repeat(np.arange(len(near)), [len(rows) for rows in near])
        copied = np.concatenate([*near, np.empty((0, ledger.x.shape[1]))])
        whole = ledger.space.project(ledger.x[row], copied)
        numbers = np.where(self._jumps(row, whole), ledger.x[row], whole)
        same = ~ledger.space.changed(whole, numbers).any(axis=1)
        numbers[same] = ledger.x[row[same]]  # an unchanged row is not asked
        live = np.isin(np.concatenate([row, row]), ledger.open())
        ledger.ask(np.concatenate([row, row])[live], np.concatenate([whole, numbers])[live])
        lost = ledger.open()
        lost = lost[~ledger.found[lost]]
        if len(lost):
            space = ledger.space
            drawn = [noise(space, ledger.x[i], FAR, rng=self.streams[i], count=self.batch) for i in lost]
            row = np.repeat(lost, self.batch)
            ledger.ask(row, space.project(ledger.x[row], np.concatenate(drawn)))

    def _jumps(self, row: Ints, x_adv: Floats) -> Bools:
        """Say which changes are of a whole spread or none: another category, a blank, a value for a blank."""
        x = self.ledger.x[row]
        return (self.discrete | np.isnan(x) | np.isnan(x_adv)) & self.ledger.space.changed(x, x_adv)

    def _within(self, row: Ints, x_adv: Floats, size: Floats) -> Floats:
        """Pull candidates to at most `size` spreads from their originals, shape (m, d)."""
        x = self.ledger.x[row]
        reach = size[:, None] * self.ledger.space.spread
        jumps = self._jumps(row, x_adv)
        clipped = np.where(jumps, np.where(size[:, None] < 1, x, x_adv), np.clip(x_adv, x - reach, x + reach))
        return self.ledger.space.project(x, clipped)

    def _ladder(self, refused: Floats) -> Floats:
        """Ask at four rungs between the size last refused and the best; return the largest size refused below it."""
        ledger, rungs = self.ledger, 4
        rows = self._moving(0)
        if not len(rows):
            return refused
        share = np.arange(1, rungs + 1) / (rungs + 1)
        sizes = refused[rows, None] + (ledger.size[rows] - refused[rows])[:, None] * share
        row = np.repeat(rows, rungs)
        hit = ledger.ask(row, self._within(row, ledger.best[row], sizes.ravel())).reshape(sizes.shape)
        first = np.where(hit.any(axis=1), hit.argmax(axis=1), rungs)
        below = np.concatenate([refused[rows, None], sizes], axis=1)
        out = refused.copy()
        out[rows] = below[np.arange(len(rows)), first]
        return out

    def _draw(self, rows: Ints) -> None:
        """Ask for nearer rows in which some columns stand at the side that was wanted more often."""
        ledger, batch, d = self.ledger, self.batch, len(self.ledger.space)
        u = np.stack([self.streams[i].random((batch, 3 * d + 2)) for i in rows]).reshape(-1, 3 * d + 2)
        row = np.repeat(rows, batch)
        size = ledger.size[row] * (1.0 - np.minimum(0.9, 2.0 * self.pace[row] * u[:, -1]))
        belief = 1.0 / (1.0 + np.exp(-self.trust * self.lean[row] / np.sqrt(self.doubt[row])))
        side = np.where(u[:, d : 2 * d] < belief, 1.0, -1.0) * (u[:, 2 * d : 3 * d] >= UNCHANGED)
        side[:, self.discrete] = 0.0
        drawn = self._some(u[:, :d], u[:, -2])
        moved = ledger.x[row] + side * size[:, None] * ledger.space.spread
        x_adv = self._within(row, np.where(drawn, moved, ledger.best[row]), size)
        stood = (x_adv - ledger.x[row]) / (size[:, None] * ledger.space.spread)
        hit = ledger.ask(row, x_adv).reshape(-1, batch)
        self._learn(rows, np.where(np.isfinite(stood), stood, 0.0).reshape(-1, batch, d), hit)

    def _some(self, keys: Floats, u: Floats) -> Bools:
        """Choose between one and all columns that may change, few more often than many; shape of `keys`."""
        movable = self.ledger.space.movable
        count = int(movable.sum())
        many = np.exp(u * np.log(count + 1)).astype(np.int64).clip(1, count)
        keys = np.where(movable, keys, 2.0)
        last = np.take_along_axis(np.sort(keys, axis=1), many[:, None] - 1, axis=1)
        return np.asarray(keys <= last)

    def _learn(self, rows: Ints, stood: Floats, hit: Bools) -> None:
        rate = hit.mean(axis=1)
        faster = np.where(rate > 0.2, 1.5, np.where(rate < 0.1, 0.7, 1.0))
        self.pace[rows] = np.clip(self.pace[rows] * faster, SHORTEST, LONGEST)
        centered = stood - stood.mean(axis=1, keepdims=True)
        surprise = (hit - rate[:, None])[:, :, None]
        self.lean[rows] = self.memory * self.lean[rows] + (centered * surprise).sum(axis=1)
        chance = (rate * (1.0 - rate))[:, None]
        self.doubt[rows] = self.memory**2 * self.doubt[rows] + (centered**2).sum(axis=1) * chance + 1e-9

    def _put_back(self, rows: Ints) -> None:
        """Ask whether some changed columns were not needed; the size stays or falls, the columns get fewer."""
        ledger, batch, d = self.ledger, self.batch, len(self.ledger.space)
        u = np.stack([self.streams[i].random((batch, d + 1)) for i in rows]).reshape(-1, d + 1)
        row = np.repeat(rows, batch)
        drawn = self._some(u[:, :d], u[:, -1])
        ledger.ask(row, np.where(drawn, ledger.x[row], ledger.best[row]))
