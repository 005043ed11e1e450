"""LightGBM's classifiers, as estimators and as boosters from model files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sparring.adapters.base import made_by, to_pandas
from sparring.adapters.boosters import (
    estimator_labels,
    file_labels,
    fitted,
    not_classes,
    regressor_of,
    target_of,
)
from sparring.adapters.conform import conform, require_numbers, with_categories
from sparring.adapters.lightgbm_trees import feature_kinds
from sparring.core.plugin import Adapter
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.target import Target
from sparring.errors import DataError

CLASSES = ("binary", "multiclass", "multiclassova")
RANKS = ("lambdarank", "rank_xendcg")


class LightGBMAdapter(Adapter):
    """LGBMClassifier, and Booster from a text file."""

    id: ClassVar[str] = "lightgbm"
    order: ClassVar[int] = 20

    def accepts(self, model: object) -> bool:
        """Say whether the model comes from LightGBM."""
        return made_by(model, "lightgbm") and not isinstance(model, type)

    def conform(self, model: Any, frame: Any) -> Any:
        """Return the rows as the model was trained on them; see `Adapter.conform`."""
        booster = booster_of(model)
        names = booster.feature_name()
        unnamed = names == [f"Column_{j}" for j in range(len(names))]
        out = conform(frame, names=None if unnamed else _spaced(names, frame), n_columns=len(names))
        out = with_categories(out, _categories(booster, out), others="add")
        require_numbers(out, range(len(names)))
        return out

    def target(self, model: Any, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the model as something that can be asked; see `Adapter.target`."""
        booster = booster_of(model)
        objective, n_classes = _objective(booster)
        if model is booster:
            asked, labels = _Booster(booster, objective), file_labels(n_classes, classes, library="LightGBM")
        else:
            asked, labels = model, estimator_labels(model, classes)
        return target_of(model, asked, labels, n_classes, codec=codec, container=to_pandas, decision=decision)

    def predicts_numbers(self, model: Any) -> bool:
        """Say whether the model is a regressor; see `Adapter.predicts_numbers`."""
        return _objective_name(booster_of(model)) not in CLASSES + RANKS

    def regressor(self, model: Any, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked; see `Adapter.regressor`."""
        if not self.predicts_numbers(model):
            return super().regressor(model, codec=codec, shift=shift)
        booster = booster_of(model)
        predict = booster.predict if model is booster else model.predict
        return regressor_of(model, predict, codec=codec, container=to_pandas, shift=shift)


def booster_of(model: Any) -> Any:
    """Return the Booster behind a model.

    Raises
    ------
    ModelError
        It has not been fitted.
    """
    if not hasattr(type(model), "booster_"):
        return model
    return fitted(lambda: model.booster_, model)


def _objective(booster: Any) -> tuple[str, int]:
    """Return the objective and the number of classes.

    Raises
    ------
    ModelError
        The objective does not tell classes apart.
    """
    objective = _objective_name(booster)
    if objective not in CLASSES:
        raise not_classes(ranks=objective in RANKS, objective=objective)
    return objective, 2 if objective == "binary" else int(_header(booster)["num_class"])


def _objective_name(booster: Any) -> str:
    return (_header(booster).get("objective", "").split() or ["none"])[0]


def _header(booster: Any) -> dict[str, str]:
    head = booster.model_to_string(num_iteration=1).split("\nTree=")[0]
    return dict(line.split("=", 1) for line in head.splitlines() if "=" in line)


def _spaced(names: list[str], frame: Any) -> list[str]:
    """Give back the spaces that LightGBM turns into underscores in names of columns."""
    columns = getattr(frame, "columns", None)
    have = [] if columns is None else [str(name) for name in getattr(frame, "column_names", columns)]
    by_name = {name.replace(" ", "_"): name for name in have}
    return [name if name in have else by_name.get(name, name) for name in names]


def _categories(booster: Any, frame: Any) -> dict[int, list[Any]]:
    """Match the lists of categories that the model keeps with columns, which it does not name."""
    lists = booster.pandas_categorical or []
    if not lists or not hasattr(frame, "iloc"):
        return {}
    kinds = feature_kinds(booster)
    typed = [j for j in range(frame.shape[1]) if hasattr(frame.dtypes.iloc[j], "categories")]
    texts = [j for j in range(frame.shape[1]) if frame.dtypes.iloc[j].kind == "O"]
    for places in (typed, sorted({*typed, *texts}), [j for j, kind in enumerate(kinds) if kind == "category"]):
        if len(places) == len(lists):
            return {j: list(known) for j, known in zip(places, lists, strict=True)}
    raise DataError(
        f"the model was trained with {len(lists)} columns of categories, the data have {len(typed)}; give those "
        "columns the pandas dtype 'category'"
    )


@dataclass(frozen=True, eq=False)
class _Booster:
    """A native booster with an estimator's methods."""

    booster: Any
    objective: str

    def predict_proba(self, frame: Any) -> Any:
        """Probabilities."""
        return self.booster.predict(frame)

    def predict(self, frame: Any) -> Any:
        """Class indices: the likeliest class, more than one half for two classes."""
        p = np.asarray(self.predict_proba(frame))
        return (p > 0.5).astype(np.int64) if p.ndim == 1 else p.argmax(axis=1)
