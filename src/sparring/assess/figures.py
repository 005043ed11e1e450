"""How good the decisions are, as they are and in the worst case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparring.assess import findings, stats
from sparring.core.document import Errors, Estimate, Performance, WorstCase
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.shift import Shift
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Evasion

UNIT_OF_Y = "unit of y"


def performance(target: Target, rows: Examples, correct: Bools, *, truth: Floats | None = None) -> Performance:
    """Return how good the decisions are without anybody trying anything.

    Parameters
    ----------
    target : Target
    rows : Examples
        `y` holds the true classes.
    correct : ndarray of bool, shape (n,)
        Whether each row is decided correctly; of a regressor, predicted near enough.
    truth : ndarray of shape (n,) or None
        True values of y, where the model predicts numbers.
    """
    area = None
    if truth is not None:
        return _of_numbers(target, rows, correct, truth)
    if len(target.decision.classes) == 2 and Access.SCORES in target.offers:
        positive = 1 if target.decision.positive is None else target.decision.positive
        area = stats.auc(target.scores(rows.x)[:, positive], rows.y == positive)
    return Performance(
        accuracy=_share(correct),
        balanced_accuracy=stats.balanced_accuracy(correct, rows.y),
        by_class=_by_class(correct, rows.y, target.decision.classes),
        constant_model=_constant(rows.y),
        auc=area,
    )


def _of_numbers(target: Target, rows: Examples, correct: Bools, truth: Floats) -> Performance:
    """Return how near predictions are; they stand in the last column of the rows."""
    assert isinstance(target.decision, Shift)
    off, usual = np.abs(rows.x[:, -1] - truth), np.abs(np.median(truth) - truth)
    errors = Errors(
        median=stats.median(off, unit=UNIT_OF_Y, rng=np.random.default_rng(0)),
        mean=stats.mean(off, unit=UNIT_OF_Y),
        constant_model=stats.mean(usual, unit=UNIT_OF_Y),
    )
    return Performance(
        accuracy=_share(correct),
        balanced_accuracy=stats.balanced_accuracy(correct, rows.y),
        by_class={},
        constant_model=_share(usual < target.decision.by),
        errors=errors,
    )


def worst_case(
    sample: Examples,
    correct: Bools,
    where: Ints,
    *,
    threat: Evasion,
    classes: Sequence[str],
    sizes: Sequence[Floats],
    lower: Sequence[Floats],
    floor: Estimate,
    constant: Estimate | None = None,
) -> WorstCase:
    """Return what is left when every row meets the best of all measured attackers.

    Parameters
    ----------
    sample : Examples
        `y` holds the true classes.
    correct : ndarray of bool, shape (n,)
        Whether each row of the sample is decided correctly.
    where : ndarray of int, shape (m,)
        Positions of the attacked rows in the sample.
    threat : Evasion
        Of any attacker.
    classes : sequence of str
    sizes : sequence of ndarray, each of shape (m,)
        For each finding the smallest working change of each attacked row, inf where none; at least one finding.
    lower : sequence of ndarray, each of shape (m,)
        For each finding the sizes below which nothing exists.
    floor : Estimate
    constant : Estimate or None
        What a constant model reaches, where `y` does not tell: of a regressor. Classes mean nothing then.
    """
    at = threat.headline
    best, bound = np.min(sizes, axis=0), np.max(lower, axis=0)
    still = correct.copy()
    still[where[best <= at + findings.EPS]] = False
    return WorstCase(
        objective=threat.objective,
        size=at,
        accuracy=_share(still),
        balanced_accuracy=stats.balanced_accuracy(still, sample.y),
        by_class=_by_class(still, sample.y, classes) if constant is None else {},
        constant_model=_constant(sample.y) if constant is None else constant,
        floor=floor,
        union=findings.curve(best, bound, threat.sizes),
    )


def _share(correct: Bools) -> Estimate:
    return stats.wilson(int(correct.sum()), len(correct))


def _by_class(correct: Bools, y: Ints, classes: Sequence[str]) -> dict[str, Estimate]:
    return {classes[c]: _share(correct[y == c]) for c in np.unique(y)}


def _constant(y: Ints) -> Estimate:
    return stats.wilson(int(np.bincount(y).max()), len(y))
