"""What a person calls a model: not Pipeline, but what is in it."""

from __future__ import annotations

from typing import Any

from sparring.adapters.base import class_name, made_by
from sparring.adapters.unwrap import is_pipeline

LIBRARIES = {"xgboost": "XGBoost", "lightgbm": "LightGBM", "catboost": "CatBoost"}


def name_of(model: Any) -> str:
    """Name a model by the estimator that answers, and what it is wrapped in.

    Parameters
    ----------
    model : object

    Returns
    -------
    str
        Such as ``LogisticRegression``, ``LogisticRegression in a Pipeline``, ``XGBoost Booster``; a function's own
        name.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> name_of(make_pipeline(StandardScaler(), LogisticRegression()))
    'LogisticRegression in a Pipeline'
    """
    if class_name(model) == "Derived" and made_by(model, "sparring"):
        return f"{name_of(model.model)} behind {model.told.rpartition(':')[2]}"
    around: list[str] = []
    while (inner := _inner(model)) is not None:
        around.append(class_name(model))
        model = inner
    # a search around a pipeline around a model reads from the inside
    return " in ".join([_bare(model), *(f"a {name}" for name in reversed(around))])


def _inner(model: Any) -> Any:
    if is_pipeline(model):
        return model.steps[-1][1] if model.steps and hasattr(model.steps[-1][1], "predict") else None
    if not made_by(model, "sklearn"):
        return None
    if hasattr(model, "best_estimator_"):
        return model.best_estimator_
    if class_name(model) in ("TunedThresholdClassifierCV", "FixedThresholdClassifier"):
        return getattr(model, "estimator_", model.estimator)
    if class_name(model) in ("CalibratedClassifierCV", "FrozenEstimator"):
        return model.estimator
    return None


def _bare(model: Any) -> str:
    if not isinstance(model, type) and hasattr(model, "__qualname__"):
        return f"function {model.__qualname__.rpartition('.')[2]}"
    library = LIBRARIES.get(type(model).__module__.partition(".")[0])
    name = class_name(model)
    return f"{library} {name}" if library and name in ("Booster", "CatBoost") else name
