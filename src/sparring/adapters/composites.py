"""Models that put the answers of other models together, read where their sum is still a sum of trees or weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sparring.adapters.base import class_name
from sparring.adapters.calibration import read_calibrated
from sparring.adapters.linear import Weights, read_weights
from sparring.adapters.terms import Reading, Term, only_trees, over_columns
from sparring.adapters.unwrap import take_apart
from sparring.core.examples import Floats
from sparring.core.parameters import Link, TreeEnsemble
from sparring.errors import NotApplicable

Read = Callable[[Any, tuple[Any, ...]], Reading]
FINALS = (
    "LogisticRegression",
    "LogisticRegressionCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "LinearSVC",
    "SGDClassifier",
)


def read_bagging(model: Any, steps: tuple[Any, ...], read: Read) -> Reading:
    """Read a BaggingClassifier whose members average probabilities or are single trees, over columns drawn at random.

    Raises
    ------
    NotApplicable
        A member's probabilities are no average, or it prepares a selection of columns in steps of its own.
    """
    n_classes, share = len(model.classes_), 1.0 / len(model.estimators_)
    terms: list[Term] = []
    for one, columns in zip(model.estimators_, model.estimators_features_, strict=True):
        reading = _shares(model, read(one, steps)) if hasattr(one, "predict_proba") else _votes(model, read(one, steps))
        reading = _of_columns(reading, steps, columns, n_columns=model.n_features_in_)
        terms += reading.mapped(*_spread(one.classes_, n_classes, share))
    return _average(model, terms, n_classes)


def _of_columns(reading: Reading, steps: tuple[Any, ...], columns: Any, *, n_columns: int) -> Reading:
    if len(columns) == n_columns and np.array_equal(columns, np.arange(n_columns)):
        return reading
    terms = []
    for term in reading.terms:
        if len(term.steps) != len(steps) or term.order is not None:
            raise NotApplicable("BaggingClassifier gives some columns to members that prepare them, which is not read")
        body = only_trees(term.body, "BaggingClassifier")
        terms.append(replace(term, body=over_columns(body, columns, n_columns=n_columns)))
    return replace(reading, terms=tuple(terms))


def read_voting(model: Any, steps: tuple[Any, ...], read: Read) -> Reading:
    """Read a VotingClassifier: soft over models that average probabilities, hard over single trees.

    Raises
    ------
    NotApplicable
        A member's answer is no sum of trees.
    """
    n_classes = len(model.classes_)
    weights = model._weights_not_none  # noqa: SLF001  # drops the weights of dropped members; has no public name
    shares = np.ones(len(model.estimators_)) if weights is None else np.asarray(weights, dtype=float)
    terms: list[Term] = []
    for one, share in zip(model.estimators_, shares / shares.sum(), strict=True):
        reading = read(one, steps)
        reading = _shares(model, reading) if model.voting == "soft" else _votes(model, reading)
        terms += reading.mapped(*_spread(one.classes_, n_classes, float(share)))
    return _average(model, terms, n_classes)


def read_ada_boost(model: Any, steps: tuple[Any, ...], read: Read) -> Reading:
    """Read an AdaBoostClassifier (SAMME): a weighted sum of the votes of single trees.

    Raises
    ------
    NotApplicable
        Its members are no single trees, or it weighs probabilities (SAMME.R).
    """
    if getattr(model, "algorithm", "SAMME") == "SAMME.R":
        raise NotApplicable("AdaBoostClassifier weighs logarithms of probabilities here (SAMME.R), which is not read")
    classes, n_classes = list(model.classes_), len(model.classes_)
    weights = np.asarray(model.estimator_weights_, dtype=float)
    terms: list[Term] = []
    for one, weight in zip(model.estimators_, weights / weights.sum(), strict=False):
        votes = _votes(model, read(one, steps))
        shares, constant = _spread([classes.index(value) for value in one.classes_], n_classes, 1.0)
        if n_classes == 2:
            # a vote counts twice its weight for the second class or against it
            terms += votes.mapped(4.0 * weight * shares, 2.0 * weight * (2.0 * constant - 1.0))
        else:
            against = -1.0 / (n_classes - 1)
            factor = weight / (n_classes - 1) * (1.0 - against)
            terms += votes.mapped(factor * shares, factor * constant + weight / (n_classes - 1) * against)
    link: Link = "logistic" if n_classes == 2 else "softmax"
    scale = 1.0 if n_classes == 2 else 1.0 / (n_classes - 1)
    return Reading(tuple(terms), link, n_classes, _source(model, model.estimators_), scale=scale)


def read_stacking(model: Any, steps: tuple[Any, ...], read: Read) -> Reading:
    """Read a StackingClassifier whose last model is linear and whose members give it sums of trees.

    Raises
    ------
    NotApplicable
        The last model is not linear, it sees the columns, too, or a member gives it something else.
    """
    final, name = model.final_estimator_, class_name(model.final_estimator_)
    if model.passthrough:
        raise NotApplicable(
            "StackingClassifier hands the columns on to its last model (passthrough), which is not read"
        )
    if name not in FINALS:
        raise NotApplicable(f"StackingClassifier ends in {name}, which is no linear model")
    last = read_weights(final)
    terms: list[Term] = []
    at = 0
    for one, method in zip(model.estimators_, model.stack_method_, strict=True):
        reading = read(one, steps)
        for term in reading.terms:
            only_trees(term.body, "StackingClassifier")
        matrix, offset = _handed_on(model, reading, method)
        width = len(matrix)
        weight = last.weight[:, at : at + width]
        terms += reading.mapped(weight @ matrix, weight @ offset)
        at += width
    first = terms[0].body
    terms[0] = replace(terms[0], body=replace(first, intercept=first.intercept + last.intercept))
    return Reading(tuple(terms), last.link, len(model.classes_), _source(model, model.estimators_), scale=last.scale)


def _handed_on(model: Any, reading: Reading, method: str) -> tuple[Floats, Floats]:
    """Return what a stack's last model is given of one member: matrix and offset over the member's raw scores."""
    n = reading.n_outputs
    if method == "decision_function" and reading.scale is not None and reading.curve is None:
        return np.eye(n) / reading.scale, np.zeros(n)
    if method == "predict_proba":
        _shares(model, reading)
        # of two classes, the probability of the second alone
        return np.eye(n), np.zeros(n)
    raise NotApplicable(f"StackingClassifier uses {method} of {reading.source}, which is no sum of trees")


def _shares(model: Any, reading: Reading) -> Reading:
    """Return a member whose raw scores are probabilities; refuse others."""
    if (
        reading.link != "identity"
        or reading.curve is not None
        or any(isinstance(t.body, Weights) for t in reading.terms)
    ):
        raise NotApplicable(
            f"{class_name(model)} averages probabilities of {reading.source}, which are no sum of trees"
        )
    return reading


def _votes(model: Any, reading: Reading) -> Reading:
    """Return a single tree with votes at its leaves; refuse what is no single tree."""
    body = reading.terms[0].body
    single = len(reading.terms) == 1 and isinstance(body, TreeEnsemble) and body.n_trees == 1
    if not single or reading.link != "identity" or reading.curve is not None or body.intercept.any():
        raise NotApplicable(f"{class_name(model)} counts votes of {reading.source}, which is no single tree")
    assert isinstance(body, TreeEnsemble)
    if body.n_outputs == 1:
        value = (body.value > 0.5).astype(float) if reading.n_classes > 1 else np.ones_like(body.value)
    else:
        value = np.eye(body.n_outputs)[body.value.argmax(axis=1)]
    return replace(reading, terms=(replace(reading.terms[0], body=replace(body, value=value)),))


def _spread(classes: Sequence[int], n_classes: int, share: float) -> tuple[Floats, Floats]:
    """Return matrix and offset from a member's outputs to those of the whole, for the classes that it has seen."""
    where = [int(value) for value in classes]
    if len(where) == 2:
        matrix, offset = np.zeros((n_classes, 1)), np.zeros(n_classes)
        matrix[where[0], 0], matrix[where[1], 0], offset[where[0]] = -share, share, share
    else:
        matrix, offset = np.zeros((n_classes, len(where))), np.zeros(n_classes)
        matrix[where, np.arange(len(where))] = share
    return (matrix[1:], offset[1:]) if n_classes == 2 else (matrix, offset)


def _average(model: Any, terms: list[Term], n_classes: int) -> Reading:
    return Reading(tuple(terms), "identity", n_classes, _source(model, model.estimators_), averages=True)


def _source(model: Any, members: Sequence[Any]) -> str:
    kinds = dict.fromkeys(class_name(take_apart(one).final) for one in members)
    return f"scikit-learn {class_name(model)} of {', '.join(kinds)}"


COMPOSITES: dict[str, Callable[[Any, tuple[Any, ...], Read], Reading]] = {
    "AdaBoostClassifier": read_ada_boost,
    "BaggingClassifier": read_bagging,
    "CalibratedClassifierCV": read_calibrated,
    "StackingClassifier": read_stacking,
    "VotingClassifier": read_voting,
}
