"""What a test of a model may ask: that no more rows are broken than are borne."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sparring.core.policy import Policy, Standing
from sparring.core.threat import Objective

if TYPE_CHECKING:
    from sparring.api import Result


class Undecided(UserWarning):
    """Too few rows were attacked to tell whether more are broken than are borne."""


def assert_robust(
    model: Any,
    X: Any,
    y: Any,
    *,
    max_success: float,
    objective: Objective = "columns",
    budget: str | float = "60s",
    rng: int = 0,
    **options: Any,
) -> Result:
    """Assess a model, and fail with the report where more rows are broken than are borne.

    Fails when the whole interval of success, of all attackers together at the headline size, lies above `max_success`,
    or when nothing was measured. Warns with `Undecided` when `max_success` lies within the interval.

    Parameters
    ----------
    model, X, y : object
        As for `sparring.assess`.
    max_success : float
        Share of attacked rows that may be broken, from 0 to 1.
    objective : {'columns', 'spread', 'cost'}
        How the size of a change is counted.
    budget : str or float
    rng : int
        Seed.
    **options : Any
        Further ones of `sparring.assess`.

    Returns
    -------
    Result

    Raises
    ------
    AssertionError
        More are broken; the message is the report for a terminal.
    UserError
        Something given is wrong.
    """
    import sparring
    from sparring.govern.gate import tolerances
    from sparring.report import render

    result = sparring.assess(model, X, y, budget=budget, rng=rng, **options)
    policy = Policy(mode="enforce", max_success={objective: max_success})
    (verdict,) = tolerances(result.assessment, policy)
    if verdict.standing is Standing.FAIL:
        raise AssertionError(f"{verdict.text}\n\n{render(result.assessment, format='text', width=100, detail='short')}")
    if verdict.standing is Standing.WARNING:
        warnings.warn(verdict.text, Undecided, stacklevel=2)
    return result
