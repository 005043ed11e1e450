"""From a regressor to what a holder of its file can read: the trees or weights whose sum it predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sparring.adapters.base import class_name, made_by
from sparring.adapters.catboost_trees import read_catboost
from sparring.adapters.convert import over_table
from sparring.adapters.frames import FrameCodec
from sparring.adapters.library_codes import lightgbm_matrix, xgboost_matrix
from sparring.adapters.lightgbm_trees import read_lightgbm
from sparring.adapters.linear import Weights
from sparring.adapters.sklearn_trees import hist_trees, plain_tree
from sparring.adapters.terms import Reading, Term
from sparring.adapters.trees import assemble
from sparring.adapters.unwrap import Parts, take_apart
from sparring.adapters.xgboost_trees import read_xgboost
from sparring.core.examples import Floats
from sparring.core.parameters import Link, Parameters, TreeEnsemble
from sparring.core.space import Codec
from sparring.errors import NotApplicable

FORESTS = ("DecisionTreeRegressor", "ExtraTreeRegressor", "ExtraTreesRegressor", "RandomForestRegressor")
LINEAR = (
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LinearRegression",
    "LinearSVR",
    "OrthogonalMatchingPursuit",
    "PassiveAggressiveRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
)
COUNTS = ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")
TRIED = 16


def family_of(final: Any) -> str:
    """Return the family of a regressor: 'trees', 'linear' or 'other'."""
    name = class_name(final)
    if any(made_by(final, library) for library in ("xgboost", "lightgbm", "catboost")):
        return "trees"
    if name in (*FORESTS, "GradientBoostingRegressor", "HistGradientBoostingRegressor"):
        return "trees"
    return "linear" if name in LINEAR + COUNTS and made_by(final, "sklearn") else "other"


def read_regressor(model: Any, codec: Codec, prepare: Callable[[Any], Any]) -> Parameters:
    """Read a regressor in the user's raw columns.

    Parameters
    ----------
    model : object
        As the user holds it.
    codec : Codec
        Of the user's columns alone.
    prepare : callable
        From the decoded frame to what the first part was trained on.

    Raises
    ------
    NotApplicable
        With the reason, which names the class that cannot be read.
    """
    parts = take_apart(model)
    if not isinstance(codec, FrameCodec):
        raise NotApplicable(f"models are read over tables of FrameCodec, not of {class_name(codec)}")
    term = _term(parts)
    reading = Reading((term,), term.body.link, 0, term.body.source)
    return over_table(reading, codec, prepare, "down")


def _term(parts: Parts) -> Term:
    final, steps = parts.final, parts.steps
    library, name = type(final).__module__.partition(".")[0], class_name(final)
    if library == "sklearn" and name in FORESTS:
        return Term(steps, _forest(final))
    if library == "sklearn" and name in LINEAR + COUNTS:
        return Term(steps, _weights(final))
    if (library, name) == ("sklearn", "GradientBoostingRegressor"):
        return Term(steps, _gradient_boosting(final))
    if (library, name) == ("sklearn", "HistGradientBoostingRegressor"):
        encoder = final._preprocessor  # noqa: SLF001  # of categories
        return Term(steps if encoder is None else (*steps, encoder), _hist_gradient_boosting(final))
    if library == "xgboost" and name in ("Booster", "XGBRegressor", "XGBRFRegressor"):
        return Term(steps, read_xgboost(final), matrix=xgboost_matrix(final))
    if library == "lightgbm" and name in ("Booster", "LGBMRegressor"):
        return Term(steps, read_lightgbm(final), matrix=lightgbm_matrix(final))
    if library == "catboost" and name in ("CatBoost", "CatBoostRegressor"):
        term = read_catboost(final, steps)
        loss = str(final.get_all_params().get("loss_function", "")).partition(":")[0]
        link: Link = "log" if loss in ("Poisson", "Tweedie") else "identity"
        return replace(term, body=replace(term.body, link=link))
    raise NotApplicable(f"{name} is not read")


def _forest(model: Any) -> TreeEnsemble:
    """Read trees and forests of scikit-learn: averages of leaves."""
    members = getattr(model, "estimators_", None)
    trees = [model] if members is None else list(members)
    if model.n_outputs_ > 1:
        raise NotApplicable(f"{class_name(model)} predicts {model.n_outputs_} numbers at once, which is not read")
    return _ensemble(
        model,
        [plain_tree(one.tree_, one.tree_.value[:, 0, :1] / len(trees)) for one in trees],
        intercept=0.0,
        dtype="float32",
    )


def _gradient_boosting(model: Any) -> TreeEnsemble:
    start = model.init_
    if start != "zero" and class_name(start) != "DummyRegressor":
        raise NotApplicable(f"GradientBoostingRegressor starts from {class_name(start)} (init), which is not read")
    stages = [stage[0] for stage in model.estimators_]
    trees = [plain_tree(one.tree_, one.tree_.value[:, 0, :1] * model.learning_rate) for one in stages]
    first = 0.0 if start == "zero" else float(np.asarray(start.constant_).reshape(-1)[0])
    return _ensemble(model, trees, intercept=first, dtype="float32")


def _hist_gradient_boosting(model: Any) -> TreeEnsemble:
    link: Link = "log" if model.loss in ("poisson", "gamma") else "identity"
    base = float(np.asarray(model._baseline_prediction).reshape(-1)[0])  # noqa: SLF001  # the only place that holds it
    return _ensemble(model, hist_trees(model), intercept=base, dtype="float64", link=link)


def _ensemble(model: Any, trees: list[Any], *, intercept: float, dtype: Any, link: Link = "identity") -> TreeEnsemble:
    return assemble(
        trees,
        intercept=np.array([intercept]),
        link=link,
        n_columns=model.n_features_in_,
        dtype=dtype,
        source=f"scikit-learn {class_name(model)}",
    )


def _weights(model: Any) -> Weights:
    """Read a linear regressor, or one of counts whose logarithm is linear.

    Raises
    ------
    NotApplicable
        Its predictions are no known function of its weights.
    """
    coefficient = model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_
    weight = np.atleast_2d(np.asarray(coefficient, dtype=float))
    intercept = np.broadcast_to(np.asarray(model.intercept_, dtype=float).reshape(-1), len(weight)).copy()
    z = np.random.default_rng(0).normal(size=(TRIED, weight.shape[1]))
    raw = z @ weight.T + intercept
    theirs = np.asarray(model.predict(z), dtype=float).reshape(raw.shape)
    tries: tuple[tuple[Link, Callable[[Floats], Floats]], ...] = (("identity", np.asarray), ("log", np.exp))
    for link, of_raw in tries:
        with np.errstate(over="ignore"):
            if np.allclose(of_raw(raw), theirs, rtol=1e-6, atol=1e-9 * (1.0 + np.abs(theirs).max())):
                return Weights(weight, intercept, link, f"scikit-learn {class_name(model)}")
    raise NotApplicable(f"the predictions of {class_name(model)} are not a known function of its weights")


def values(parameters: Parameters, raw: Floats) -> Floats:
    """Turn raw scores of a regressor into predictions, shape (n,)."""
    return np.asarray(np.exp(raw[:, 0]) if parameters.link == "log" else raw[:, 0])


def reader(model: Any, codec: Codec, prepare: Callable[[Any], Any]) -> Callable[[], Parameters]:
    """Return what reads a regressor when it is asked to."""
    return partial(read_regressor, model, codec, prepare)


__all__ = ["family_of", "read_regressor", "reader", "values"]
