"""Calibrated models of one fitted estimator: another map from its score to a probability, and so another cut-off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sparring.adapters.bisect import key_of, value_of
from sparring.adapters.terms import Curve, Reading
from sparring.core.examples import Bools, Floats
from sparring.core.parameters import probabilities
from sparring.core.target import Decision
from sparring.errors import NotApplicable

FAR = 1e300
GRID = 4097


def read_calibrated(model: Any, steps: tuple[Any, ...], read: Callable[[Any, tuple[Any, ...]], Reading]) -> Reading:
    """Read a CalibratedClassifierCV over one fitted estimator.

    A sigmoid of a sum of trees or weights is a sum again, with a logistic link. Any other map of the score of two
    classes that rises with it is read as the cut-off on the score at which the decision turns.

    Raises
    ------
    NotApplicable
        It averages models of several folds, or maps several classes in another way.
    """
    calibrated = model.calibrated_classifiers_
    first = calibrated[0]
    if any(one.estimator is not first.estimator for one in calibrated):
        raise NotApplicable(
            f"CalibratedClassifierCV is an average over {len(calibrated)} calibrated models of several folds "
            "(calibration over folds), which is no sum of trees"
        )
    inner = read(first.estimator, steps)
    if list(first.estimator.classes_) != list(model.classes_):
        raise NotApplicable("CalibratedClassifierCV knows classes that its model has not seen, which is not read")
    source = f"scikit-learn CalibratedClassifierCV of {inner.source}"
    exact = _exact(first, inner) if len(calibrated) == 1 else None
    if exact is not None:
        return replace(exact, source=source)
    if inner.n_outputs > 1:
        raise NotApplicable(f"CalibratedClassifierCV maps several classes by {model.method}, which is no sum of trees")
    return replace(inner, source=source, scale=None, curve=_curve(calibrated, inner))


def _exact(one: Any, inner: Reading) -> Reading | None:
    """Return the calibrated model as a sum with another link; None where it is none."""
    if inner.curve is not None:
        return None
    if inner.scale is not None:
        factor = 1.0 / inner.scale
    elif inner.link == "identity":
        factor = 1.0
    else:
        return None
    n = inner.n_outputs
    plain = replace(inner, scale=None, averages=False)
    if one.method == "sigmoid":
        slope = np.array([-calibrator.a_ * factor for calibrator in one.calibrators])
        offset = np.array([-calibrator.b_ for calibrator in one.calibrators])
        return replace(plain, terms=inner.mapped(np.diag(slope), offset), link="logistic")
    if one.method == "temperature" and inner.scale is not None:
        beta = float(one.calibrators[0].beta_) * factor
        # a single margin x stands for the two scores -x and x
        matrix = np.eye(n) * (beta if n > 1 else 2.0 * beta)
        return replace(plain, terms=inner.mapped(matrix, np.zeros(n)), link="logistic" if n == 1 else "softmax")
    return None


def _curve(calibrated: list[Any], inner: Reading) -> Curve:
    """Return the calibrated probability of the second class as a function of the raw score."""

    def curve(raw: Floats) -> Floats:
        if inner.link == "identity" and inner.scale is None and inner.curve is None:
            # an average of probabilities is never anything else
            raw = np.clip(raw, 0.0, 1.0)
        if inner.scale is not None:
            seen = raw / inner.scale
        elif inner.curve is not None:
            seen = inner.curve(raw)
        else:
            seen = probabilities(raw[:, None], inner.link)[:, 1]
        parts = []
        for one in calibrated:
            if one.method == "temperature":
                both = seen if inner.scale is not None else np.column_stack([1.0 - seen, seen])
                parts.append(one.calibrators[0].predict(both)[:, 1])
            else:
                parts.append(np.asarray(one.calibrators[0].predict(seen)))
        return np.asarray(sum(parts) / len(parts))

    return curve


def cut_on_score(decides: Callable[[Floats], Bools]) -> tuple[float, float]:
    """Return sign and cut such that the second class is decided iff ``sign * raw >= cut``.

    Parameters
    ----------
    decides : callable
        Whether raw scores, shape (n,), are decided as the second class.

    Raises
    ------
    NotApplicable
        The decision turns more than once.
    """
    raw = np.unique(np.concatenate([-np.geomspace(1e-12, FAR, GRID), [0.0], np.geomspace(1e-12, FAR, GRID)]))
    decided = decides(raw)
    turns = np.flatnonzero(decided[1:] != decided[:-1])
    if len(turns) > 1:
        raise NotApplicable("the calibrated probability does not rise with the score, which is not read")
    if len(turns) == 0:
        return 1.0, -np.inf if decided[0] else np.inf
    rises = bool(decided[-1])
    low, high = key_of(raw[turns])[0], key_of(raw[turns + 1])[0]
    while high - low > 1:
        middle = low + (high - low) // 2
        if decides(value_of(np.array([middle])))[0] == rises:
            high = middle
        else:
            low = middle
    at_least, below = float(value_of(np.array([high]))[0]), float(value_of(np.array([low]))[0])
    return (1.0, at_least) if rises else (-1.0, -below)


def decides_second(curve: Curve, decision: Decision) -> Callable[[Floats], Bools]:
    """Return whether a rule on the probabilities of a curve decides raw scores as the second class."""

    def decides(raw: Floats) -> Bools:
        p = curve(raw)
        return np.asarray(decision.apply(np.column_stack([1.0 - p, p])) == 1)

    return decides
