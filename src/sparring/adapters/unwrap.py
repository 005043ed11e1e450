"""From a scikit-learn model to its parts: what prepares the rows, what predicts, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.adapters.base import class_name, made_by

NO_STEP = (None, "passthrough")


@dataclass(frozen=True, eq=False)
class Parts:
    """A model taken apart.

    Parameters
    ----------
    steps : tuple of object
        Fitted transformers in the order that rows pass them.
    final : object
        The estimator that answers.
    cut : tuple of (label, float) or None
        The model's own cut-off: which class, and the probability at which it is decided.
    margin_cut : tuple of (float, bool) or None
        The model's own cut-off on its `decision_function`, and whether it decides the second class.
    blocked : str or None
        Why the answers are not those of `final` as it stands, so that reading it would mislead.
    """

    steps: tuple[Any, ...]
    final: Any
    cut: tuple[Any, float] | None = None
    margin_cut: tuple[float, bool] | None = None
    blocked: str | None = None


@dataclass(frozen=True, eq=False)
class _OwnCut:
    """What a wrapper with a cut-off makes of it; see `Parts`."""

    cut: tuple[Any, float] | None = None
    margin_cut: tuple[float, bool] | None = None
    blocked: str | None = None


def take_apart(model: Any) -> Parts:
    """Unwrap searches, pipelines, frozen estimators and tuned cut-offs."""
    steps: list[Any] = []
    own = _OwnCut()
    while True:
        name = class_name(model)
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif name in ("TunedThresholdClassifierCV", "FixedThresholdClassifier"):
            inner = getattr(model, "estimator_", model.estimator)
            own = _own_cut(model, inner)
            model = inner
        elif name == "FrozenEstimator":
            model = model.estimator
        elif is_pipeline(model):
            steps += [step for _, step in model.steps[:-1] if step not in NO_STEP and not _only_resamples(step)]
            model = model.steps[-1][1]
        else:
            return Parts(tuple(steps), model, own.cut, own.margin_cut, own.blocked)


def members_of(model: Any) -> list[Any]:
    """Return the fitted models inside a composite."""
    if class_name(model) == "CalibratedClassifierCV":
        return [one.estimator for one in model.calibrated_classifiers_]
    return list(model.estimators_)


def is_sklearns(part: object) -> bool:
    """Say whether the very class of a part is scikit-learn's or imbalanced-learn's, not one that extends it."""
    return type(part).__module__.partition(".")[0] in ("sklearn", "imblearn")


def is_pipeline(model: Any) -> bool:
    """Say whether a model is a Pipeline of scikit-learn or of a library that extends it."""
    return made_by(model, "sklearn") and any(base.__name__ == "Pipeline" for base in type(model).__mro__)


def _only_resamples(step: Any) -> bool:
    # imbalanced-learn's samplers change training rows only
    return hasattr(step, "fit_resample") and not hasattr(step, "transform")


def _own_cut(model: Any, inner: Any) -> _OwnCut:
    name = class_name(model)
    classes = getattr(inner, "classes_", None)
    if classes is None or (name == "TunedThresholdClassifierCV" and not hasattr(model, "best_threshold_")):
        return _OwnCut(blocked=f"{name} has not been fitted")
    threshold: Any = getattr(model, "best_threshold_", getattr(model, "threshold", None))
    on_margin = getattr(model, "response_method", "auto") == "decision_function" or not hasattr(inner, "predict_proba")
    if threshold == "auto":
        threshold = 0.0 if on_margin else 0.5
    label = getattr(model, "pos_label", None)
    if name == "TunedThresholdClassifierCV" and label is None:
        label = getattr(model, "_curve_scorer", None) and model._curve_scorer._get_pos_label()  # noqa: SLF001  # no public name
    label = classes[1] if label is None else label
    if on_margin:
        return _OwnCut(margin_cut=(float(threshold), bool(label == classes[1])))
    if not 0 < float(threshold) <= 1:
        return _OwnCut(blocked=f"{name} has a cut-off of {float(threshold):g}, which decides every row alike")
    return _OwnCut(cut=(label, float(np.float64(threshold))))
