"""What a threat may cost in a year, by simulation: attempts x P(success) x P(not caught) x loss per success.

The yearly loss is the average over years, given rates that are not known: what is drawn is our ignorance. The luck of a
single year is told beside it. Levels rest on the average, since one large loss in twenty years must not read as none.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from sparring.assess.run import stream
from sparring.assess.stats import NINETY
from sparring.core.examples import Bools, Floats
from sparring.core.risk import (
    Attacked,
    Crossing,
    Driver,
    Evidence,
    Exceedance,
    Grade,
    LevelRange,
    Lines,
    Part,
    RiskEstimate,
    Scenario,
)
from sparring.core.threat_model import Stage
from sparring.errors import OptionError
from sparring.govern.inputs import Input, inputs_of, positive

YEARS = 100_000
FEWEST_YEARS = 1_000
CHANCE = 0.1  # a line counts as crossed where losses are above it with more than this probability
SINGLE_YEARS = 4_000  # of the draws for the luck of one year, which costs more time; error at most 0.8 points
MOST_CASES = 1_000_000
MOST = 600.0  # logarithm of the largest loss
CURVE = (0.999, 0.995, 0.99, 0.98, 0.95, *(round(0.9 - 0.05 * i, 2) for i in range(17)), 0.05, 0.02, 0.01, 0.005, 0.001)
ASK: dict[Part, Stage] = {
    "attempts": "security",
    "success": "model",
    "not caught": "deployment",
    "loss": "management",
}


def simulate(
    scenarios: Sequence[Scenario],
    lines: Lines | None = None,
    *,
    years: int = YEARS,
    rng: int | np.random.Generator | None = None,
) -> tuple[RiskEstimate, ...]:
    """Estimate the yearly loss of each threat.

    Parameters
    ----------
    scenarios : sequence of Scenario
        With different names. Figures of one do not depend on the others, or on their order.
    lines : Lines, optional
        Of management; without them nothing has a level.
    years : int
        Draws.
    rng : int, Generator or None
        None: other numbers each time; `entropy` of the result gives the same ones again.

    Returns
    -------
    tuple of RiskEstimate
        In the order given.

    Raises
    ------
    OptionError
        Names are not different, money is counted in different units, or there are too few draws.
    """
    names = [scenario.name for scenario in scenarios]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OptionError(f"each scenario needs a name of its own, got {twice!r} twice; rename one")
    units = sorted({scenario.unit for scenario in scenarios} | ({lines.unit} if lines else set()))
    if len(units) > 1:
        raise OptionError(f"money must be counted in one unit, got {units}; convert the amounts")
    if years < FEWEST_YEARS:
        raise OptionError(f"years must be >= {FEWEST_YEARS:,} to tell quantiles, got {years}")
    entropy = _entropy(rng)
    return tuple(_estimate(scenario, lines, years=years, entropy=entropy) for scenario in scenarios)


def _entropy(rng: int | np.random.Generator | None) -> int:
    given: Any = rng  # annotations do not stop a notebook
    if given is None:
        return secrets.randbits(48)
    if isinstance(given, np.random.Generator):
        return int(given.integers(2**48))
    if not isinstance(given, int | np.integer) or isinstance(given, bool) or given < 0:
        raise OptionError(f"rng must be a whole number >= 0, a numpy Generator or None, got {rng!r}")
    return int(given)


def _estimate(scenario: Scenario, lines: Lines | None, *, years: int, entropy: int) -> RiskEstimate:
    def scores(part: str) -> Floats:
        # a stream for each input: to know one better moves no other
        return stream(entropy, f"risk/{scenario.name}/{part}").standard_normal(years)

    inputs = inputs_of(scenario)
    logs = {one.part: one.log_at(scores(one.part)) for one in inputs}
    log_loss, pays = np.sum(list(logs.values()), axis=0), _pays(scenario, scores)
    if pays is not None:
        log_loss = np.where(pays, log_loss, -np.inf)  # who does not gain does not try
    if log_loss.max() > MOST:
        raise OptionError(f"the losses of {scenario.name!r} are too large to be real; look at its attempts and amounts")
    ordered = np.exp(np.sort(log_loss))
    events = np.exp(log_loss - logs["loss"])
    low, median, high = (float(ordered[_place(q, years)]) for q in (0.05, 0.5, 0.95))
    crossings = _crossings(ordered, events, np.exp(logs["loss"]), lines)
    return RiskEstimate(
        name=scenario.name,
        unit=scenario.unit,
        years=years,
        entropy=entropy,
        mean=float(ordered.mean()),
        low=low,
        median=median,
        high=high,
        quiet_year=float(np.exp(-events).mean()),
        pays=None if pays is None else float(pays.mean()),
        crossings=crossings,
        level=None if lines is None else lines.level(sum(c.probability > CHANCE for c in crossings)),
        level_range=None if lines is None else _level_range(scenario, inputs[1], log_loss, logs, lines),
        evidence=evidence_of(scenario),
        drivers=_drivers(inputs, logs, log_loss),
        exceedance=tuple(Exceedance(loss=float(ordered[_place(1 - p, years)]), probability=p) for p in CURVE),
    )


def _pays(scenario: Scenario, scores: Any) -> Bools | None:
    """Return in which draws an attacker gains more than a success costs; None where nobody said."""
    if scenario.deterrence is None:
        return None
    gain = positive("loss", scenario.deterrence.gain).log_at(scores("gain"))
    cost = positive("loss", scenario.deterrence.cost).log_at(scores("cost"))
    return np.asarray(gain > cost)


def _place(q: float, n: int) -> int:
    """Return which of n sorted values is a quantile: no mixing of neighbors, one of which may be no loss at all."""
    return min(math.floor(q * n), n - 1)


def _crossings(ordered: Floats, events: Floats, each: Floats, lines: Lines | None) -> tuple[Crossing, ...]:
    if lines is None:
        return ()
    from scipy.special import gammainc

    events, each = events[:SINGLE_YEARS], each[:SINGLE_YEARS]
    crossings = []
    for name, amount in zip(lines.names, lines.amounts, strict=True):
        above = len(ordered) - int(np.searchsorted(ordered, amount, side="right"))
        # P(Poisson > m) is an incomplete gamma function, so that no year need be drawn
        single = gammainc(np.floor(amount / each) + 1, events)
        probability = above / len(ordered)
        crossings.append(Crossing(name=name, amount=amount, probability=probability, single_year=float(single.mean())))
    return tuple(crossings)


def _level_range(
    scenario: Scenario, success: Input, log_loss: Floats, logs: dict[Part, Floats], lines: Lines
) -> LevelRange | None:
    """Tell whether the level hangs on the success rate: with that rate fixed, losses are it times the rest."""
    if success.log_variance == 0:
        return None
    log_rest = log_loss - logs["success"]
    # the loss at a rate p is above a line with more than this chance just where p times this draw is
    place = len(log_rest) - 1 - math.floor(CHANCE * len(log_rest))
    one_in_ten, amounts = float(np.exp(np.partition(log_rest, place)[place])), np.array(lines.amounts)

    def above(rate: float) -> int:
        return int((rate * one_in_ten > amounts).sum())

    low, high = above(success.at(-NINETY)), above(success.at(NINETY))
    if low == high:
        return None
    needed = None
    if isinstance(scenario.success, Attacked):
        needed = cases_needed(scenario.success, list(amounts / one_in_ten))
    return LevelRange(low=lines.level(low), high=lines.level(high), more_cases=needed)


def cases_needed(measured: Attacked, borders: Sequence[float]) -> int | None:
    """Return how many more cases, at the same rate, would leave no border inside the 90 % interval of that rate.

    Parameters
    ----------
    measured : Attacked
    borders : sequence of float
        Rates at which the level changes.

    Returns
    -------
    int or None
        None where more than a million would be needed: the rate lies on a border.
    """
    from scipy.special import betaincinv

    rate = measured.k / measured.n

    def unresolved(n: int) -> bool:
        a, b = rate * n + 0.5, (1 - rate) * n + 0.5
        low, high = betaincinv(a, b, [0.05, 0.95])
        return any(low <= border < high for border in borders)

    enough = measured.n
    while unresolved(enough):
        enough *= 2
        if enough > MOST_CASES:
            return None
    short = enough // 2
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (middle, enough) if unresolved(middle) else (short, middle)
    return max(enough - measured.n, 0)


def _drivers(inputs: tuple[Input, ...], logs: dict[Part, Floats], log_loss: Floats) -> tuple[Driver, ...]:
    """Share the variance of the logarithm out: inputs are independent and multiply, so that it is exact."""
    total = sum(one.log_variance for one in inputs)
    if total == 0 or any(one.at(0.0) == 0 for one in inputs):
        return ()
    ends = [_place(0.05, len(log_loss)), _place(0.95, len(log_loss))]
    drivers = []
    for one in inputs:
        if one.log_variance == 0:
            continue
        low, high = one.at(0.0) * np.exp(np.partition(log_loss - logs[one.part], ends)[ends])
        drivers.append(
            Driver(
                part=one.part,
                share=one.log_variance / total,
                low_if_known=float(low),
                high_if_known=float(high),
                ask=ASK[one.part],
            )
        )
    return tuple(sorted(drivers, key=lambda driver: -driver.share))


def evidence_of(scenario: Scenario) -> Evidence:
    """Grade what the success rate rests on.

    Parameters
    ----------
    scenario : Scenario
    """
    success = scenario.success
    if success is None:
        return Evidence(grade=Grade.NOT_ASKED, reason="nobody said how often it works; any rate is taken as possible")
    if not isinstance(success, Attacked):
        return Evidence(grade=Grade.ARGUED, reason="how often it works was argued, not measured")
    counted = f"measured, {success.k} of {success.n} attacked cases"
    if not success.adaptive:
        return Evidence(grade=Grade.STANDARD, reason=f"{counted}, with standard attacks")
    if not success.checked:
        return Evidence(grade=Grade.STANDARD, reason=f"{counted}; an adaptive attack, whose checks did not pass")
    if success.repeated_by is None:
        return Evidence(grade=Grade.ADAPTIVE, reason=f"{counted}, with an adaptive attack whose checks passed")
    return Evidence(
        grade=Grade.REPEATED, reason=f"{counted}, with an adaptive attack, and again by {success.repeated_by}"
    )
