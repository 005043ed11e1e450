"""From a model to what a holder of its file can read, in the user's raw columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sparring.adapters.base import class_name
from sparring.adapters.calibration import cut_on_score, decides_second
from sparring.adapters.catboost_trees import read_catboost
from sparring.adapters.composites import COMPOSITES
from sparring.adapters.frames import FrameCodec
from sparring.adapters.library_codes import lightgbm_matrix, xgboost_matrix
from sparring.adapters.lightgbm_trees import margin_scale, read_lightgbm
from sparring.adapters.linear import Weights, over_raw_columns, read_weights
from sparring.adapters.preprocess import chain
from sparring.adapters.pull_back import pull_back
from sparring.adapters.sklearn_trees import read_forest, read_gradient_boosting, read_hist_gradient_boosting
from sparring.adapters.terms import Reading, Term, merged
from sparring.adapters.trees import Rounding, on_grid
from sparring.adapters.unwrap import Parts, members_of, take_apart
from sparring.adapters.xgboost_trees import read_xgboost
from sparring.core.parameters import Parameters, TreeEnsemble
from sparring.core.space import Codec
from sparring.core.target import Decision
from sparring.errors import NotApplicable

FORESTS = (
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "ExtraTreesClassifier",
    "RandomForestClassifier",
)
OTHER_TREES = ("GradientBoostingClassifier", "HistGradientBoostingClassifier")
XGBOOST = ("Booster", "XGBClassifier", "XGBRFClassifier")
LIGHTGBM = ("Booster", "LGBMClassifier")
CATBOOST = ("CatBoost", "CatBoostClassifier")
LINEAR = (
    "LinearDiscriminantAnalysis",
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
    "SVC",
)
BLACK_BOXES = {
    "OneVsOneClassifier": "a vote of one model for each pair of classes",
    "OneVsRestClassifier": "one model for each class",
}


def family_of(final: Any) -> str:
    """Return the family of the estimator that answers: 'trees', 'linear' or 'other'."""
    library, name = _origin(final)
    if library in ("xgboost", "lightgbm", "catboost") or name in FORESTS + OTHER_TREES:
        return "trees"
    if name in LINEAR and library == "sklearn" and getattr(final, "kernel", "linear") == "linear":
        return "linear"
    if name in COMPOSITES and library == "sklearn":
        families = {family_of(take_apart(one).final) for one in members_of(final)}
        return families.pop() if len(families) == 1 else "other"
    return "other"


def _origin(final: Any) -> tuple[str, str]:
    # the exact class: a subclass may answer in another way
    return type(final).__module__.partition(".")[0], class_name(final)


def read_model(
    parts: Parts, codec: Codec, prepare: Callable[[Any], Any], decision: Decision, *, user_cut: bool
) -> Parameters:
    """Read a model in the user's raw columns.

    Parameters
    ----------
    parts : Parts
    codec : Codec
    prepare : callable
        From the decoded frame to what the first part was trained on.
    decision : Decision
        Says on which side exact ties of averages fall, and where a calibrated probability is cut off.
    user_cut : bool
        Whether the user's cut-off replaces the model's own rule.

    Raises
    ------
    NotApplicable
        With the reason, which names the class that cannot be read.
    """
    if parts.blocked and not user_cut:
        raise NotApplicable(parts.blocked)
    if not isinstance(codec, FrameCodec):
        raise NotApplicable(f"models are read over tables of FrameCodec, not of {class_name(codec)}")
    reading = reading_of(parts.final, parts.steps)
    if parts.margin_cut is not None and not user_cut:
        return _cut_on_margin(reading, parts.margin_cut, codec, prepare)
    if reading.curve is not None:
        return _cut_on_curve(reading, decision, codec, prepare)
    return over_table(reading, codec, prepare, _rounding(decision))


def reading_of(model: Any, steps: tuple[Any, ...]) -> Reading:
    """Read a fitted model whose rows have passed `steps`, as a sum of terms.

    Raises
    ------
    NotApplicable
        With the reason, which names the class that cannot be read.
    """
    parts = take_apart(model)
    final, steps = parts.final, (*steps, *parts.steps)
    library, name = _origin(final)
    n_classes = len(getattr(final, "classes_", ()))
    if library == "sklearn" and name in COMPOSITES:
        return COMPOSITES[name](final, steps, partial(_member, name))
    if library == "sklearn" and name in LINEAR:
        weights = read_weights(final)
        return Reading((Term(steps, weights),), weights.link, n_classes, weights.source, scale=weights.scale)
    if library == "sklearn" and name in FORESTS:
        ensemble = read_forest(final)
        # what is divided by a power of two is exact as it is
        averages = ensemble.n_trees & (ensemble.n_trees - 1) != 0
        return Reading((Term(steps, ensemble),), "identity", n_classes, ensemble.source, averages=averages)
    term, scale = _boosted(final, library, name, steps)
    return Reading((term,), term.body.link, n_classes, term.body.source, scale=scale)


def _member(whole: str, model: Any, steps: tuple[Any, ...]) -> Reading:
    """Read a model inside another, which is named where that fails."""
    try:
        return reading_of(model, steps)
    except NotApplicable as error:
        raise NotApplicable(f"{whole} holds a model that cannot be read: {error}") from None


def _boosted(final: Any, library: str, name: str, steps: tuple[Any, ...]) -> tuple[Term, float | None]:
    """Read a boosted model; return it and the factor to its `decision_function`, if it has one."""
    if (library, name) == ("sklearn", "GradientBoostingClassifier"):
        return Term(steps, read_gradient_boosting(final)), 2.0 if final.loss == "exponential" else 1.0
    if (library, name) == ("sklearn", "HistGradientBoostingClassifier"):
        encoder = final._preprocessor  # noqa: SLF001  # of categories
        return Term(steps if encoder is None else (*steps, encoder), read_hist_gradient_boosting(final)), 1.0
    if library == "xgboost" and name in XGBOOST:
        return Term(steps, read_xgboost(final), matrix=xgboost_matrix(final)), None
    if library == "lightgbm" and name in LIGHTGBM:
        return Term(steps, read_lightgbm(final), matrix=lightgbm_matrix(final)), margin_scale(final)
    if library == "catboost" and name in CATBOOST:
        return read_catboost(final, steps), None
    what = BLACK_BOXES.get(name)
    raise NotApplicable(f"{name} is {what}, which is not read yet" if what else f"{name} is not read")


def _cut_on_margin(
    reading: Reading, cut: tuple[float, bool], codec: FrameCodec, prepare: Callable[[Any], Any]
) -> Parameters:
    """Restate a cut-off on the decision_function: the second class from a margin on, or the first below one."""
    if reading.scale is None or reading.n_outputs > 1 or reading.curve is not None:
        raise NotApplicable(f"a cut-off on the margin of {reading.source} is not read")
    at, second = cut
    # the first class is decided where the margin, turned around, reaches the cut
    at = (at if second else float(np.nextafter(-at, np.inf))) * reading.scale
    return _margin(reading, 1.0, at, codec, prepare, rounding="down")


def _cut_on_curve(reading: Reading, decision: Decision, codec: FrameCodec, prepare: Callable[[Any], Any]) -> Parameters:
    """Restate a rule on a calibrated probability as a cut-off on the raw score."""
    assert reading.curve is not None
    sign, cut = cut_on_score(decides_second(reading.curve, decision))
    rounding: Rounding = "up"
    if reading.averages and np.isfinite(cut):
        # where the last score below the cut is a whole number of votes, it must stay below
        votes = sum(term.body.n_trees for term in reading.terms if isinstance(term.body, TreeEnsemble))
        below = float(np.nextafter(cut, -np.inf))
        rounding = "down" if round(below * sign * votes) / votes == below * sign else "up"
    return _margin(reading, sign, cut, codec, prepare, rounding=rounding)


def _margin(
    reading: Reading, sign: float, cut: float, codec: FrameCodec, prepare: Callable[[Any], Any], *, rounding: Rounding
) -> Parameters:
    """Return the model that decides the second class iff ``sign * raw >= cut``."""
    if np.isinf(cut):
        sign, cut = 0.0, float(np.copysign(1.0, cut))
    if reading.averages:
        cut = float(on_grid(np.array(cut), "down" if rounding == "up" else "up"))
    terms = reading.mapped(np.array([[sign]]), np.zeros(1))
    found = over_table(replace(reading, terms=terms), codec, prepare, rounding)
    return replace(found, intercept=found.intercept - cut, link="margin")


def over_table(reading: Reading, codec: FrameCodec, prepare: Callable[[Any], Any], rounding: Rounding) -> Parameters:
    """Restate a reading over the user's raw columns."""
    if any(isinstance(term.body, Weights) for term in reading.terms):
        if len(reading.terms) > 1:
            raise NotApplicable(f"{reading.source} adds up trees and weights, which is not read")
        term = reading.terms[0]
        assert isinstance(term.body, Weights)
        weights = replace(term.body, link=reading.link, source=reading.source)
        return over_raw_columns(weights, chain(codec, prepare=prepare, steps=term.steps, matrix=term.matrix))
    groups: dict[tuple[Any, ...], list[Term]] = {}
    for term in reading.terms:
        groups.setdefault((*map(id, term.steps), "then", id(term.matrix), term.order), []).append(term)
    found = merged([_pulled(group, codec, prepare) for group in groups.values()])
    if reading.averages:
        found = replace(found, value=on_grid(found.value, rounding), intercept=on_grid(found.intercept, rounding))
    return replace(found, link=reading.link, source=reading.source)


def _pulled(terms: Sequence[Term], codec: FrameCodec, prepare: Callable[[Any], Any]) -> TreeEnsemble:
    """Add up trees over the same steps, and restate them over the raw columns."""
    ensemble = merged([term.body for term in terms if isinstance(term.body, TreeEnsemble)])
    first = terms[0]
    made = chain(codec, prepare=prepare, steps=first.steps, matrix=first.matrix, order=first.order, coded=first.coded)
    if len(made.features) != ensemble.n_columns:
        raise NotApplicable(
            f"{ensemble.source} was trained on {ensemble.n_columns} columns and gets {len(made.features)}"
        )
    return pull_back(ensemble, made)


def _rounding(decision: Decision) -> Rounding:
    """Return how leaves of averaging forests are rounded so that a tie falls as the rule says."""
    if decision.cut is None or decision.positive is None:
        return "down"
    reached = decision.op == ">="
    if len(decision.classes) == 2 and decision.positive == 0:
        # the scores are those of class 1
        return "down" if reached else "up"
    return "up" if reached else "down"
