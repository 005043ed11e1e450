"""Whether a model is worse than the one before, on the same rows, and how much worse these rows could show."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sparring.core.examples import Bools

NORMAL = NormalDist()
LEVEL = 0.05
POWER = 0.8


@dataclass(frozen=True)
class Comparison:
    """Success on the same rows, before and after.

    Parameters
    ----------
    n : int
        Rows that were attacked both times.
    before, after : float
        Share broken.
    low, high : float
        One-sided bounds of the difference, after minus before, each at its level.
    """

    n: int
    before: float
    after: float
    low: float
    high: float

    @property
    def worse_by(self) -> float:
        """How much larger success is now."""
        return self.after - self.before

    def is_worse(self, margin: float) -> bool:
        """Whether it is worse by more than is borne, and not by chance."""
        return self.worse_by > margin and self.low > 0

    def is_no_worse(self, margin: float) -> bool:
        """Whether it is shown to be worse by less than the margin."""
        return self.high < margin


def compared(before: Bools, after: Bools, *, level: float = LEVEL) -> Comparison:
    """Compare which rows were broken.

    Bounds are those of Bonett and Price (2012) for a paired difference, one-sided.

    Parameters
    ----------
    before, after : ndarray of bool, shape (n,)
        The same rows; at least one.
    level : float
        Of each one-sided bound.
    """
    n = len(before)
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    p, q = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = NORMAL.inv_cdf(1 - level) * np.sqrt((p + q - (p - q) ** 2) / (n + 2))
    low, high = max(-1.0, p - q - half), min(1.0, p - q + half)
    return Comparison(n, float(before.mean()), float(after.mean()), float(low), float(high))


def smallest_shown(n: int, discordance: float, *, margin: float, level: float = LEVEL, power: float = POWER) -> float:
    """Return the worsening that `n` rows show with the given power, as a fraction; 1 where they show none.

    Parameters
    ----------
    n : int
    discordance : float
        Share of rows of which one model is broken and the other not.
    margin, level, power : float
    """
    for points in range(1, 101):
        delta = points / 100
        if detected(delta, n, max(discordance, delta), margin=margin, level=level) >= power:
            return delta
    return 1.0


def detected(delta: float, n: int, discordance: float, *, margin: float, level: float = LEVEL) -> float:
    """Return how often a true worsening by `delta` fails, by the normal approximation.

    Parameters
    ----------
    delta : float
        After minus before.
    n : int
    discordance : float
        At least `delta`.
    margin, level : float
    """
    error = float(np.sqrt(max(discordance - delta**2, 1e-12) / n))
    needed = max(margin, NORMAL.inv_cdf(1 - level) * error)
    return 1.0 - NORMAL.cdf((needed - delta) / error)
