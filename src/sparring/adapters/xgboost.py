"""XGBoost's classifiers, as estimators and as boosters from model files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sparring.adapters.base import made_by, same
from sparring.adapters.boosters import (
    estimator_labels,
    file_labels,
    fitted,
    not_classes,
    regressor_of,
    target_of,
)
from sparring.adapters.conform import conform, require_numbers, with_categories
from sparring.adapters.library_codes import stored_categories
from sparring.core.plugin import Adapter
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.target import Target

BINARY = ("binary:logistic", "binary:logitraw", "binary:hinge")
SEVERAL = ("multi:softprob", "multi:softmax")


class XGBoostAdapter(Adapter):
    """XGBClassifier, XGBRFClassifier, and Booster from a json or ubj file.

    A booster with a best iteration, from early stopping, answers with the trees up to it, as XGBClassifier does.
    """

    id: ClassVar[str] = "xgboost"
    order: ClassVar[int] = 10

    def accepts(self, model: object) -> bool:
        """Say whether the model comes from XGBoost."""
        return made_by(model, "xgboost") and not isinstance(model, type)

    def conform(self, model: Any, frame: Any) -> Any:
        """Return the rows as the model was trained on them; see `Adapter.conform`."""
        booster = booster_of(model)
        out = conform(frame, names=booster.feature_names, n_columns=booster.num_features())
        out = with_categories(out, stored_categories(booster), others="refuse")
        kinds = booster.feature_types or []
        require_numbers(out, [j for j in range(booster.num_features()) if j >= len(kinds) or kinds[j] != "c"])
        return out

    def target(self, model: Any, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the model as something that can be asked; see `Adapter.target`."""
        booster = booster_of(model)
        objective, n_classes = _objective(booster)
        linear = _learner(booster)["gradient_booster"]["name"] == "gblinear"
        if model is booster:
            asked, labels = _Booster(booster, objective), file_labels(n_classes, classes, library="XGBoost")
        else:
            asked, labels = model, estimator_labels(model, classes)
        return target_of(
            model,
            asked,
            labels,
            n_classes,
            codec=codec,
            container=same,
            decision=decision,
            family="linear" if linear else "trees",
        )

    def predicts_numbers(self, model: Any) -> bool:
        """Say whether the model is a regressor; see `Adapter.predicts_numbers`."""
        return _kind_of(model) == "numbers"

    def regressor(self, model: Any, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked; see `Adapter.regressor`."""
        if not self.predicts_numbers(model):
            return super().regressor(model, codec=codec, shift=shift)
        booster = booster_of(model)
        predict = _Booster(booster, "").predict_numbers if model is booster else model.predict
        return regressor_of(model, predict, codec=codec, container=same, shift=shift)


def booster_of(model: Any) -> Any:
    """Return the Booster behind a model.

    Raises
    ------
    ModelError
        It has not been fitted.
    """
    if not hasattr(model, "get_booster"):
        return model
    return fitted(model.get_booster, model)


def _learner(booster: Any) -> dict[str, Any]:
    learner: dict[str, Any] = json.loads(booster.save_config())["learner"]
    return learner


def _kind_of(model: Any) -> str:
    """Say whether a model tells classes apart, predicts numbers or ranks rows."""
    objective = str(_learner(booster_of(model))["objective"]["name"])
    if objective in BINARY + SEVERAL:
        return "classes"
    return "ranks" if objective.startswith("rank:") else "numbers"


def _objective(booster: Any) -> tuple[str, int]:
    """Return the objective and the number of classes.

    Raises
    ------
    ModelError
        The objective does not tell classes apart.
    """
    learner = _learner(booster)
    objective = str(learner["objective"]["name"])
    if objective not in BINARY + SEVERAL:
        raise not_classes(ranks=objective.startswith("rank:"), objective=objective)
    return objective, 2 if objective in BINARY else int(learner["learner_model_param"]["num_class"])


@dataclass(frozen=True, eq=False)
class _Booster:
    """A native booster with an estimator's methods."""

    booster: Any
    objective: str

    def predict_proba(self, frame: Any) -> Any:
        """Probabilities."""
        answer = self._answer(frame, margin=self.objective == "multi:softmax")
        if self.objective == "binary:logitraw":
            return 1.0 / (1.0 + np.exp(-np.asarray(answer, dtype=float)))
        if self.objective == "multi:softmax":
            e = np.exp(answer - answer.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)
        return answer

    def predict(self, frame: Any) -> Any:
        """Class indices: the likeliest class, more than one half for two classes."""
        p = np.asarray(self.predict_proba(frame))
        return (p > 0.5).astype(np.int64) if p.ndim == 1 else p.argmax(axis=1)

    def predict_numbers(self, frame: Any) -> Any:
        """Return what a regressor predicts."""
        return self._answer(frame, margin=False)

    def _answer(self, frame: Any, *, margin: bool) -> Any:
        import xgboost as xgb

        if hasattr(frame, "to_pandas"):
            frame = frame.to_pandas()
        categorical = "c" in (self.booster.feature_types or [])
        names = self.booster.feature_names if isinstance(frame, np.ndarray) else None
        rows = xgb.DMatrix(frame, enable_categorical=categorical, feature_names=names)
        best = self.booster.attr("best_iteration")
        end = 0 if best is None else int(best) + 1
        return self.booster.predict(rows, iteration_range=(0, end), output_margin=margin)
