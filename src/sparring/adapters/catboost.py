"""CatBoost's classifiers, as estimators and from cbm files."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from sparring.adapters.base import Estimator, TableTarget, class_name, made_by, to_pandas
from sparring.adapters.boosters import not_classes, regressor_of
from sparring.adapters.catboost_trees import own_cut
from sparring.adapters.conform import conform
from sparring.adapters.convert import read_model
from sparring.adapters.labels import Labels
from sparring.adapters.unwrap import Parts
from sparring.core.plugin import Adapter
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.target import Decision, Target
from sparring.errors import ModelError

RANKS = (
    "YetiRank",
    "YetiRankPairwise",
    "PairLogit",
    "PairLogitPairwise",
    "QueryRMSE",
    "QuerySoftMax",
    "QueryCrossEntropy",
)


class CatBoostAdapter(Adapter):
    """CatBoostClassifier, and CatBoost models that were trained to tell classes apart.

    A probability threshold that the model carries is its own rule.
    """

    id: ClassVar[str] = "catboost"
    order: ClassVar[int] = 30

    def accepts(self, model: object) -> bool:
        """Say whether the model comes from CatBoost."""
        return made_by(model, "catboost") and not isinstance(model, type)

    def conform(self, model: Any, frame: Any) -> Any:
        """Return the rows as the model was trained on them; see `Adapter.conform`."""
        names = list(model.feature_names_ or []) if _fitted(model) else []
        numbered = names == [str(j) for j in range(len(names))]
        return conform(frame, names=None if numbered else names, n_columns=len(names) or None)

    def target(self, model: Any, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the model as something that can be asked and read; see `Adapter.target`."""
        name = class_name(model)
        if not _fitted(model):
            raise ModelError(f"the model must be fitted, and {name} has not been yet")
        values = [] if model.classes_ is None else list(model.classes_)
        if len(values) == 0:
            raise not_classes(ranks=_ranks(model), objective=_loss(model) or name)
        labels = Labels(values, classes)
        asked = model if hasattr(model, "predict_proba") else _Plain(model)
        cut = own_cut(model) if decision is None and len(labels) == 2 else None
        rule = Decision.parse(decision, labels.names)
        if cut is not None:
            rule = Decision(classes=labels.names, positive=1, op=">", cut=cut)
        return TableTarget(
            codec=codec,
            asked=Estimator(asked, to_pandas, len(labels)),
            classes=labels,
            decision=rule,
            family="trees",
            read=partial(read_model, Parts((), model), codec, to_pandas, user_cut=decision is not None),
            own_rule=cut is not None,
        )

    def predicts_numbers(self, model: Any) -> bool:
        """Say whether the model is a regressor; see `Adapter.predicts_numbers`."""
        return _fitted(model) and (model.classes_ is None or not len(model.classes_)) and not _ranks(model)

    def regressor(self, model: Any, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked; see `Adapter.regressor`."""
        if not self.predicts_numbers(model):
            return super().regressor(model, codec=codec, shift=shift)
        return regressor_of(model, model.predict, codec=codec, container=to_pandas, shift=shift)


class _Plain:
    """A `CatBoost` object, whose `predict` answers with raw scores unless told otherwise."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, frame: Any) -> Any:
        """Labels."""
        return self.model.predict(frame, prediction_type="Class")

    def predict_proba(self, frame: Any) -> Any:
        """Probabilities."""
        return self.model.predict(frame, prediction_type="Probability")


def _fitted(model: Any) -> bool:
    return bool(model.is_fitted())


def _loss(model: Any) -> str:
    return str(model.get_all_params().get("loss_function", "")).partition(":")[0]


def _ranks(model: Any) -> bool:
    return _loss(model) in RANKS
