"""Queries until success, as survival data: a row that held until the attacker gave up is a row that held that long.

An average over broken rows alone says how cheap the cheap rows are. Kaplan and Meier's curve keeps the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparring.assess.stats import Z, exact
from sparring.core.document import Estimate
from sparring.core.examples import Bools, Floats
from sparring.errors import DataError


@dataclass(frozen=True, eq=False)
class Survival:
    """Share of rows that hold, at each number of queries at which one is broken.

    Parameters
    ----------
    queries : ndarray of float
        Where the curve falls, rising.
    at_risk, broken : ndarray of int
        Rows that still held and were still attacked just before, and those of them broken there.
    share : ndarray of float
        That hold beyond.
    low, high : ndarray of float
        Ends of the 95 % band, at each place by itself.
    ends : ndarray of float
        Queries of every row, of its success or of giving up, rising.
    """

    queries: Floats
    at_risk: NDArray[np.int64]
    broken: NDArray[np.int64]
    share: Floats
    low: Floats
    high: Floats
    ends: Floats

    @property
    def n(self) -> int:
        """Rows that it rests on, broken or not."""
        return len(self.ends)

    @property
    def median(self) -> float | None:
        """Queries within which half of all rows are broken; None where that was not reached."""
        return self._first(self.share)

    @property
    def median_interval(self) -> tuple[float | None, float | None]:
        """Ends of the 95 % interval of the median; None where the band does not come down to a half."""
        return self._first(self.low), self._first(self.high)

    def _first(self, curve: Floats) -> float | None:
        # a share that is a half but for rounding is a half
        reached = np.flatnonzero(curve <= 0.5 + 1e-12)
        return float(self.queries[reached[0]]) if len(reached) else None

    def broken_by(self, queries: float) -> Estimate:
        """Return the share of rows broken within so many queries.

        Parameters
        ----------
        queries : float
            Not beyond what any row was asked; there the estimate has no value.
        """
        if queries > self.ends[-1] and (not len(self.share) or self.share[-1] > 0):
            return Estimate(value=None, n=self.n, method="no row was attacked that long")
        place = int(np.searchsorted(self.queries, queries, side="right")) - 1
        if place < 0:
            # the band has no width where nothing is broken yet; none of those still attacked is what is known
            attacked = int((self.ends >= queries).sum())
            return Estimate(value=0.0, low=0.0, high=exact(0, attacked).high, n=self.n, method="clopper-pearson")
        value, low, high = (1 - float(curve[place]) for curve in (self.share, self.high, self.low))
        return Estimate(value=value, low=low, high=high, n=self.n, method="kaplan-meier, log-log")


def kaplan_meier(queries: ArrayLike, broken: ArrayLike) -> Survival:
    """Estimate how many rows hold beyond each number of queries.

    The band is Greenwood's, on the scale of log(-log), where it stays inside 0 to 1 and covers well in small samples
    (Borgan and Liestøl 1990, *Scandinavian Journal of Statistics* 17). Where no row is left, which that scale cannot
    show, the upper end is the one before times the exact bound for none of those that were at risk.

    Parameters
    ----------
    queries : array-like of shape (n,)
        Queries of a row until it was broken, or until the attacker gave up.
    broken : array-like of bool, shape (n,)
        Which of the two it was.

    Raises
    ------
    DataError
        There are no rows, the two differ in length, or a number of queries is negative or missing.
    """
    asked, success = np.asarray(queries, dtype=float), np.asarray(broken, dtype=bool)
    _require_rows(asked, success)
    places, at_risk, deaths = _counted(asked, success)
    share = np.asarray(np.cumprod((at_risk - deaths) / at_risk), dtype=float)
    left = at_risk > deaths
    greenwood = np.cumsum(np.divide(deaths, at_risk * (at_risk - deaths), out=np.zeros(len(share)), where=left))
    low, high = np.zeros(len(share)), np.ones(len(share))
    log = np.log(share[left])
    half = Z * np.sqrt(greenwood[left]) / np.abs(log)
    low[left], high[left] = np.exp(log * np.exp(half)), np.exp(log * np.exp(-half))
    if len(share) and not left[-1]:
        before = high[-2] if len(share) > 1 else 1.0
        high[-1] = before * (exact(0, int(at_risk[-1])).high or 0.0)
    return Survival(places, at_risk, deaths, share, low, high, np.sort(asked))


def _require_rows(asked: Floats, success: Bools) -> None:
    if asked.ndim != 1 or asked.shape != success.shape:
        raise DataError(
            f"queries and broken must be one entry a row each, got shapes {asked.shape} and {success.shape}"
        )
    if len(asked) == 0:
        raise DataError("queries must be of at least one row, got none")
    if not (np.isfinite(asked).all() and (asked >= 0).all()):
        raise DataError("queries must be counts >= 0; for a row that held, give what was asked until giving up")


def _counted(asked: Floats, success: Bools) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Return where rows are broken, how many were at risk just before, and how many broke; who gave up there was."""
    places, deaths = np.unique(asked[success], return_counts=True)
    at_risk = len(asked) - np.searchsorted(np.sort(asked), places, side="left")
    return places, at_risk.astype(np.int64), deaths.astype(np.int64)
