"""The smallest change in spreads of rows in one of their ways, over the trees of an ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparring.attacks.evasion._tree_ways import TreeWays, Way
from sparring.core.examples import Floats, Ints

if TYPE_CHECKING:
    from sparring.kernels.spread_search import Settings


class SpreadSearch:
    """Searches, and keeps what its boxes prove on the way.

    Parameters
    ----------
    ways : TreeWays
    name : str
        Of the attack; rows' random streams begin with it.
    settings : Settings
        May be set anew between passes.

    Attributes
    ----------
    bound : ndarray of shape (n, n_margins)
        Sizes below which a way of a row leads nowhere.
    """

    def __init__(self, ways: TreeWays, name: str, settings: Settings) -> None:
        self.ways = ways
        self.settings = settings
        self.state = ways.states(name)
        self.bound = np.zeros((len(ways.x), max(1, len(ways.margins))))

    @property
    def lower(self) -> Floats:
        """Sizes below which no way of a row leads anywhere, shape (n,)."""
        return self.ways.least(self.bound)

    def __call__(self, way: Way, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Search smaller changes than `limit`."""
        from sparring.kernels.spread_search import nearest_flips

        size, lower, state = limit.copy(), np.zeros(len(rows)), self.state[rows]
        x, x_adv = self.ways.x[rows], self.ways.x[rows].copy()
        base, doubt = way.base_at(attempt), way.doubt_at(attempt)
        nearest_flips(way.trees, way.value, base, x, size, self.ways.limits, self.settings, doubt, state, lower, x_adv)
        self.state[rows] = state
        self.prove(way, rows, lower)
        return size, x_adv

    def prove(self, way: Way, rows: Ints, lower: Floats) -> None:
        """Keep what was proved; in a mixed way it says nothing of the row."""
        if way.number is not None:
            self.bound[rows, way.number] = np.maximum(self.bound[rows, way.number], lower)
