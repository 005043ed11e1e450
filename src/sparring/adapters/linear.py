"""Linear models, restated over the user's raw columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.adapters.base import class_name
from sparring.adapters.preprocess import Chain
from sparring.core.examples import Floats
from sparring.core.parameters import LinearModel, Link, probabilities
from sparring.errors import NotApplicable

TRIED = 16
WIDTHS = np.array([-64.0, -2.0, -0.5, 0.0, 0.3, 1.0, 3.0, 64.0])


@dataclass(frozen=True, eq=False)
class Weights:
    """Raw score k is ``intercept[k] + z @ weight[k]`` for the numbers z that the model computes with.

    Parameters
    ----------
    weight : ndarray of shape (n_outputs, n_features)
    intercept : ndarray of shape (n_outputs,)
    link : str
    source : str
    scale : float
        Raw scores are this times the model's own `decision_function`.
    """

    weight: Floats
    intercept: Floats
    link: Link
    source: str
    scale: float = 1.0


def read_weights(model: Any) -> Weights:
    """Read a fitted linear classifier of scikit-learn.

    Without probabilities, two classes get the link 'logistic', a monotone map of the margin that is 1/2 where the
    decision turns; more classes get 'identity'. With probabilities, the link is the one that gives them.

    Raises
    ------
    NotApplicable
        Its probabilities are no known function of its margins.
    """
    name = class_name(model)
    if name == "SVC" and (model.kernel != "linear" or len(model.classes_) > 2):
        raise NotApplicable("SVC is read only with a linear kernel and two classes")
    weight = np.atleast_2d(np.asarray(model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_, float))
    intercept = np.broadcast_to(np.asarray(model.intercept_, dtype=float).reshape(-1), len(weight)).copy()
    z = np.random.default_rng(0).normal(size=(TRIED, weight.shape[1]))
    margin = z @ weight.T + intercept
    theirs = np.asarray(model.decision_function(z), dtype=float).reshape(margin.shape)
    if not np.allclose(margin, theirs, rtol=1e-6, atol=1e-6 * (1.0 + np.abs(margin).max())):
        raise NotApplicable(f"{name}'s decision_function is not linear in its columns")
    scale, link = _link(model, z, margin)
    return Weights(weight * scale, intercept * scale, link, f"scikit-learn {name}", scale)


def _link(model: Any, z: Floats, margin: Floats) -> tuple[float, Link]:
    """Find the link by what it makes of the margins of a few rows."""
    if not hasattr(model, "predict_proba"):
        return 1.0, "logistic" if margin.shape[1] == 1 else "identity"
    theirs = model.predict_proba(z)
    tries: list[tuple[float, Link]] = [(1.0, "logistic"), (2.0, "logistic")]
    if margin.shape[1] > 1:
        tries = [(1.0, "softmax"), (1.0, "logistic")]
    for scale, link in tries:
        if np.allclose(probabilities(margin * scale, link), theirs, rtol=1e-6, atol=1e-9):
            return scale, link
    raise NotApplicable(f"the probabilities of {class_name(model)} are not a known function of its margins")


def over_raw_columns(weights: Weights, chain: Chain) -> LinearModel:
    """Restate a linear model over the encoded table, by evaluating the fitted chain.

    Raises
    ------
    NotApplicable
        What is made of a number is not linear in it.
    """
    d, n_outputs = len(chain.codec.space), len(weights.weight)
    owner = np.array([feature.column for feature in chain.features])
    slope, missing = np.zeros((d, n_outputs)), np.full((d, n_outputs), np.nan)
    constant, codes = np.zeros((d, n_outputs)), {}
    blanks = np.tile(chain.base, (d, 1))
    blanks[np.arange(d), np.arange(d)] = np.nan
    z_blank, taken = chain.try_evaluate(blanks)
    numbers = ~chain.codec.space.categorical
    x = _grid(chain, numbers)
    z = chain.evaluate(x)
    for j in range(d):
        mine = np.flatnonzero(owner == j)
        weight = weights.weight[:, mine].T
        if taken[j]:
            missing[j] = z_blank[j, mine] @ weight
        if numbers[j]:
            slope[j], constant[j] = _line(chain, j, mine, x=x[:, j], part=z[:, mine] @ weight, weight=weight)
        else:
            z_code, _ = chain.try_evaluate(chain.with_value(j, np.arange(float(chain.codec.codes(j)))))
            codes[j] = z_code[:, mine] @ weight
    return LinearModel(
        intercept=weights.intercept + constant.sum(axis=0),
        slope=slope,
        # a blank has no share in the constant that numbers of the column bring
        missing=missing - constant,
        link=weights.link,
        codes=codes,
        source=weights.source,
    )


def _grid(chain: Chain, numbers: np.ndarray) -> Floats:
    rows = np.tile(chain.base, (len(WIDTHS), 1))
    for j in np.flatnonzero(numbers):
        values = chain.codec.sample[:, j]
        values = values[np.isfinite(values)]
        low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
        width = (high - low) or abs(high) or 1.0
        rows[:, j] = low + WIDTHS * width
        if chain.codec.storage(int(j)).startswith(("int", "uint")):
            rows[:, j] = chain.codec.encode(chain.codec.decode(rows))[:, j]
    return rows


def _line(chain: Chain, j: int, mine: np.ndarray, *, x: Floats, part: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return slope and constant of one column's part of the scores, after seeing that it is a straight line."""
    if chain.plain:
        return weight.sum(axis=0), np.zeros(weight.shape[1])
    name = chain.codec.space.names[j]
    if len(mine) == 0 or x[0] == x[-1]:
        return np.zeros(weight.shape[1]), part[0] if len(mine) else np.zeros(weight.shape[1])
    if any(chain.features[f].shape == "step" and len(chain.features[f].points) for f in mine):
        raise NotApplicable(
            f"column {name!r} holds numbers that the model encodes as categories; declare kind: category for it"
        )
    slope = (part[-1] - part[0]) / (x[-1] - x[0])
    middle = len(x) // 2
    constant = part[middle] - slope * x[middle]
    narrow = chain.codec.storage(j) in ("float16", "float32")
    allowed = (1e-4 if narrow else 1e-9) * (1.0 + np.abs(part).max())
    if np.abs(part - (constant + x[:, None] * slope)).max() > allowed:
        raise NotApplicable(f"what is made of column {name!r} is not linear in it")
    return slope, constant
