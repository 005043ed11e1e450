"""How good the decisions are, as they are and in the worst case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparring.assess import findings, stats
from sparring.core.document import Estimate, Performance, WorstCase
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Evasion


def performance(target: Target, rows: Examples, correct: Bools) -> Performance:
    """Return how good the decisions are without anybody trying anything.

    Parameters
    ----------
    target : Target
    rows : Examples
        `y` holds the true classes.
    correct : ndarray of bool, shape (n,)
        Whether each row is decided correctly.
    """
    area = None
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
    """
    at = findings.HEADLINE[threat.objective]
    best, bound = np.min(sizes, axis=0), np.max(lower, axis=0)
    still = correct.copy()
    still[where[best <= at + findings.EPS]] = False
    return WorstCase(
        objective=threat.objective,
        size=at,
        accuracy=_share(still),
        balanced_accuracy=stats.balanced_accuracy(still, sample.y),
        by_class=_by_class(still, sample.y, classes),
        constant_model=_constant(sample.y),
        floor=floor,
        union=findings.curve(best, bound, threat.sizes),
    )


def _share(correct: Bools) -> Estimate:
    return stats.wilson(int(correct.sum()), len(correct))


def _by_class(correct: Bools, y: Ints, classes: Sequence[str]) -> dict[str, Estimate]:
    return {classes[c]: _share(correct[y == c]) for c in np.unique(y)}


def _constant(y: Ints) -> Estimate:
    return stats.wilson(int(np.bincount(y).max()), len(y))
