"""Moves within a ball of spreads around each row, and a memory of which sides are worth moving to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sparring.attacks.evasion._blackbox import Ledger, nearest
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.space import TableSpace

UNCHANGED = 0.05
"""Share of drawn columns that are put back instead of moved to a side."""


def jumps(space: TableSpace, x: Floats, x_adv: Floats) -> Bools:
    """Say which changes are of a whole spread or none: another category, a blank, a value for a blank."""
    whole = np.asarray(space.categorical | np.isnan(x) | np.isnan(x_adv))
    return whole & space.changed(x, x_adv) if whole.any() else whole


def within(space: TableSpace, x: Floats, x_adv: Floats, size: Floats) -> Floats:
    """Pull rows to at most `size` spreads from their originals, and to what may be entered.

    Parameters
    ----------
    space : TableSpace
    x, x_adv : ndarray of shape (..., d)
    size : ndarray of shape (...)
        Shapes broadcast, so that an original may stand for several candidates.

    Returns
    -------
    ndarray of shape (..., d)
        Legal; changes of a whole spread are undone where `size` is less than one.
    """
    reach = size[..., None] * space.spread
    near = np.clip(x_adv, x - reach, x + reach)
    jump = jumps(space, x, x_adv)
    if jump.any():
        near = np.where(jump, np.where(size[..., None] < 1, x, x_adv), near)
    return space.project(x, near)


def some(space: TableSpace, keys: NDArray[np.floating], u: NDArray[np.floating]) -> Bools:
    """Choose between one and all columns that may change, few more often than many.

    Parameters
    ----------
    space : TableSpace
    keys : ndarray of shape (..., d)
    u : ndarray of shape (...)
        Both uniform on [0, 1).
    """
    count = int(space.movable.sum())
    many = np.exp(u * np.log(count + 1)).astype(np.int64).clip(1, count)
    if count < len(space):
        keys = np.where(space.movable, keys, keys.dtype.type(2.0))
    last = np.take_along_axis(np.sort(keys, axis=-1), many[..., None] - 1, axis=-1)
    return np.asarray(keys <= last)


@dataclass(eq=False)
class Compass:
    """Which side of each column went with good answers, row by row.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    trust : float
        How strongly draws follow what was seen.
    memory : float
        Share of what was seen that is kept from pass to pass.

    Attributes
    ----------
    lean, doubt : ndarray of shape (n, d)
        Sum over candidates of side times answer, and its variance if the two had nothing to do with each other.
    """

    shape: tuple[int, ...]
    trust: float
    memory: float
    lean: Floats = field(init=False)
    doubt: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Know nothing yet."""
        self.lean, self.doubt = np.zeros(self.shape), np.full(self.shape, 0.5)

    def sides(self, rows: Ints, u: NDArray[np.floating]) -> NDArray[np.int8]:
        """Draw -1, 0 or 1 for each column of each candidate; `u` is uniform, of shape (r, b, d)."""
        belief = 1.0 / (1.0 + np.exp(-self.trust * self.lean[rows] / np.sqrt(self.doubt[rows])))
        up = ((1.0 - UNCHANGED) * belief).astype(u.dtype)[:, None, :]
        down = u >= up + u.dtype.type(UNCHANGED)
        return np.asarray((u < up).view(np.int8) - down.view(np.int8))

    def learn(self, rows: Ints, stood: Floats, answer: Floats) -> None:
        """Remember where candidates stood and what came of it.

        Parameters
        ----------
        rows : ndarray of shape (r,)
        stood : ndarray of shape (r, b, d)
            In units of the size that was asked; not finite where a column holds no number.
        answer : ndarray of shape (r, b)
            The larger the better.
        """
        mean = stood.mean(axis=1)
        if not np.isfinite(mean).all():
            stood = np.where(np.isfinite(stood), stood, 0.0)
            mean = stood.mean(axis=1)
        surprise = answer - answer.mean(axis=1, keepdims=True)
        chance = np.asarray((surprise**2).mean(axis=1))[:, None]
        # sums around the mean, without the differences: answers' surprises add up to nothing
        together = (surprise[:, None, :] @ stood)[:, 0]
        scatter = np.maximum(np.einsum("rbd,rbd->rd", stood, stood) - stood.shape[1] * mean**2, 0.0)
        self.lean[rows] = self.memory * self.lean[rows] + together
        self.doubt[rows] = self.memory**2 * self.doubt[rows] + scatter * chance + 1e-9


def starts(ledger: Ledger, *, k: int, size: float) -> tuple[Ints, Floats]:
    """Copy the nearest wanted background rows, whole and without what is no number.

    Parameters
    ----------
    ledger : Ledger
    k : int
        Copies for each row.
    size : float
        They are pulled to at most this many spreads; inf leaves them as they are.

    Returns
    -------
    row : ndarray of shape (m,)
        For rows that have tries left.
    x_adv : ndarray of shape (m, d)
        Legal. Where both kinds agree, the second is the original, which nobody is asked about.
    """
    space = ledger.space
    rows = ledger.open()
    near = nearest(ledger.case, ledger.x[rows], wanted=ledger.wanted[rows], k=k)
    row = np.repeat(rows, [len(copies) for copies in near])
    x = ledger.x[row]
    copied = space.project(x, np.concatenate([*near, np.empty((0, ledger.x.shape[1]))]))
    whole = copied if np.isinf(size) else within(space, x, copied, np.full(len(row), size))
    numbers = np.where(jumps(space, x, whole), x, whole)
    numbers = np.where(np.asarray(space.changed(whole, numbers).any(axis=1))[:, None], numbers, x)
    return np.concatenate([row, row]), np.concatenate([whole, numbers])
