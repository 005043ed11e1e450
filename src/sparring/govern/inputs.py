"""What is not known, as distributions: each input of a risk is a normal score sent through its own quantile function.

So one random number makes one value whatever the distribution, a larger input gives a larger value from the same
number, and the median, the ends and the variance of an input can be had without drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sparring.assess.stats import NINETY
from sparring.core.examples import Floats
from sparring.core.risk import (
    Counted,
    Elicited,
    ElicitedShare,
    Part,
    Scenario,
    Seen,
    ThreePoint,
    Weighed,
)

PER_SCORE, REACH = 50, 6  # entries of a table for each standard deviation, and how many of those each way
SCORES = np.arange(-REACH * PER_SCORE, REACH * PER_SCORE + 1) / PER_SCORE
UNKNOWN = Weighed(a=0.5, b=0.5)  # Jeffreys' prior: what is left of it where no case was attacked


@dataclass(frozen=True, eq=False)
class Input:
    """The logarithm of one factor of the loss.

    Parameters
    ----------
    part : Part
    log_at : callable
        Logarithm of the quantile at a normal score; never falling.
    spread : float or None
        Standard deviation of the logarithm where it is known in closed form.
    """

    part: Part
    log_at: Callable[[Floats], Floats]
    spread: float | None = None

    def at(self, score: float) -> float:
        """Return the quantile at one normal score, 0 for the median."""
        return float(np.exp(self.log_at(np.array([score])))[0])

    @cached_property
    def log_variance(self) -> float:
        """Variance of the logarithm."""
        if self.spread is not None:
            return self.spread**2
        density = np.exp(-(SCORES**2) / 2)
        logs, weights = self.log_at(SCORES), density / density.sum()
        return float(weights @ (logs - weights @ logs) ** 2)


def inputs_of(scenario: Scenario) -> tuple[Input, ...]:
    """Return the four factors of the loss; what is not given stands for what is not known, or is left out.

    Parameters
    ----------
    scenario : Scenario
    """
    tried, cost = scenario.attempts, scenario.loss
    attempts = _rate(tried) if isinstance(tried, Seen) else positive("attempts", tried)
    loss = _pert(cost) if isinstance(cost, ThreePoint) else positive("loss", cost)
    success = _share("success", scenario.success or UNKNOWN)
    stopped = () if scenario.caught is None else (_share("not caught", _turned(scenario.caught)),)
    return (attempts, success, *stopped, loss)


def positive(part: Part, interval: Elicited) -> Input:
    """Return a log-normal variable whose 5 % and 95 % quantiles are the ends of an interval.

    Parameters
    ----------
    part : Part
    interval : Elicited
    """
    low, high = math.log(interval.low), math.log(interval.high)
    center, spread = (low + high) / 2, (high - low) / (2 * NINETY)
    return Input(part, lambda score: center + spread * score, spread)


def jeffreys(share: Counted | Weighed) -> tuple[float, float]:
    """Return the weights of the Beta distribution of a share: half a case is added on each side of what was counted.

    Parameters
    ----------
    share : Counted or Weighed
    """
    return (share.k + 0.5, share.n - share.k + 0.5) if isinstance(share, Counted) else (share.a, share.b)


def _rate(seen: Seen) -> Input:
    """Return the yearly rate after `events` in some years: Gamma, with Jeffreys' prior for a Poisson rate."""
    from scipy.special import gammainccinv, gammaincinv, ndtr

    shape = seen.events + 0.5
    below = gammaincinv(shape, ndtr(SCORES))
    above = gammainccinv(shape, ndtr(-SCORES))
    return _tabled("attempts", np.where(SCORES < 0, below, above) / seen.years)


def _pert(amount: ThreePoint) -> Input:
    """Return a Beta distribution on the range whose mode is the likely amount, with the usual weight of 4."""
    width = amount.high - amount.low
    if width == 0:
        return positive("loss", Elicited(low=amount.low, high=amount.high))
    lean = (amount.likely - amount.low) / width
    return _tabled("loss", amount.low + width * _beta(1 + 4 * lean, 5 - 4 * lean))


def _share(part: Part, share: Counted | Weighed | ElicitedShare) -> Input:
    if not isinstance(share, ElicitedShare):
        return _tabled(part, _beta(*jeffreys(share)))
    if share.low == share.high:
        known = math.log(share.low) if share.low > 0 else -math.inf
        return Input(part, lambda score: np.full(len(score), known), 0.0)
    low, high = (math.log(end / (1 - end)) for end in (share.low, share.high))
    center, spread = (low + high) / 2, (high - low) / (2 * NINETY)
    return Input(part, lambda score: -np.logaddexp(0.0, -(center + spread * score)))


def _turned(share: Counted | Weighed | ElicitedShare) -> Weighed | ElicitedShare:
    """Return the share of the rest: not caught in place of caught."""
    if isinstance(share, ElicitedShare):
        return ElicitedShare(low=1 - share.high, high=1 - share.low)
    a, b = jeffreys(share)
    return Weighed(a=b, b=a)


def _beta(a: float, b: float) -> Floats:
    """Return the quantiles of a Beta distribution at the scores of tables, each from its nearer end."""
    from scipy.special import betaincinv, ndtr

    below = betaincinv(a, b, ndtr(SCORES))
    above = 1 - betaincinv(b, a, ndtr(-SCORES))
    return np.asarray(np.where(SCORES < 0, below, above), dtype=float)


def _tabled(part: Part, quantiles: Floats) -> Input:
    # the far tails of a share near 0 fall below the smallest number; what is lost there is no money
    logs = np.log(np.maximum(quantiles, np.finfo(float).tiny))
    steps = np.diff(logs, append=logs[-1])

    def log_at(score: Floats) -> Floats:
        # entries are evenly spaced, so that nothing need be searched, as np.interp does
        place = np.clip((score + REACH) * PER_SCORE, 0, len(logs) - 1)
        left = place.astype(np.intp)
        return np.asarray(logs[left] + (place - left) * steps[left], dtype=float)

    return Input(part, log_at)
