"""scikit-learn's classifiers, bare, in pipelines and in search, calibration and threshold wrappers."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from sparring.adapters import regressors
from sparring.adapters.base import Estimator, TableTarget, as_array, class_name, made_by, same
from sparring.adapters.catboost_trees import own_cut
from sparring.adapters.conform import conform
from sparring.adapters.convert import family_of, read_model
from sparring.adapters.expected import fit_to_training
from sparring.adapters.labels import Labels
from sparring.adapters.regression import shift_target
from sparring.adapters.unwrap import Parts, take_apart
from sparring.core.plugin import Adapter
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.target import Decision, Target
from sparring.errors import ModelError


class SklearnAdapter(Adapter):
    """Classifiers with scikit-learn's interface.

    Rows go through the model's own `predict`, or through `predict_proba` and the user's cut-off. Searches are asked
    as they are and read through their best estimator; a tuned or fixed threshold is the model's own rule.
    """

    id: ClassVar[str] = "sklearn"
    order: ClassVar[int] = 50

    def accepts(self, model: object) -> bool:
        """Say whether the model extends scikit-learn or follows its interface."""
        if isinstance(model, type):
            return False
        return made_by(model, "sklearn") or all(hasattr(model, name) for name in ("fit", "predict", "get_params"))

    def conform(self, model: object, frame: Any) -> Any:
        """Return the rows as the model was trained on them; see `Adapter.conform`."""
        if self.predicts_numbers(model):
            _require_fitted(model)
        else:
            fitted_classes(model)
        out = conform(
            frame, names=remembered(model, "feature_names_in_"), n_columns=remembered(model, "n_features_in_")
        )
        return fit_to_training(take_apart(model), out)

    def target(self, model: object, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the model as something that can be asked; see `Adapter.target`."""
        labels = Labels(fitted_classes(model), classes)
        parts = take_apart(model)
        rule, own = _rule(parts, labels, decision)
        prepare = _prepare(model)
        return TableTarget(
            codec=codec,
            asked=Estimator(model, prepare, len(labels)),
            classes=labels,
            decision=rule,
            family=family_of(parts.final),
            read=partial(read_model, parts, codec, prepare, user_cut=decision is not None),
            own_rule=own,
        )

    def predicts_numbers(self, model: object) -> bool:
        """Say whether the model is a regressor; see `Adapter.predicts_numbers`."""
        return _kind(model) == "regressor"

    def regressor(self, model: Any, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked; see `Adapter.regressor`."""
        if not self.predicts_numbers(model):
            return super().regressor(model, codec=codec, shift=shift)
        prepare = _prepare(model)
        return shift_target(
            model.predict,
            codec=codec,
            prepare=prepare,
            shift=shift,
            family=regressors.family_of(take_apart(model).final),
            read=regressors.reader(model, codec, prepare),
        )


def _prepare(model: Any) -> Any:
    """Return what turns frames into what the model was trained on."""
    return same if remembered(model, "feature_names_in_") is not None or not _counts(model) else as_array


def _rule(parts: Parts, labels: Labels, decision: str | None) -> tuple[Decision, bool]:
    """Return the user's rule or the model's own, and whether it is the model's own."""
    if decision is not None or parts.margin_cut is not None or parts.blocked is not None:
        return Decision.parse(decision, labels.names), decision is None
    if parts.cut is not None:
        label, cut = parts.cut
        return Decision(classes=labels.names, positive=labels.index(label), op=">=", cut=cut), True
    if len(labels) == 2 and class_name(parts.final) == "GradientBoostingClassifier":
        # the only one that decides a tie for the second class
        return Decision(classes=labels.names, positive=1, op=">=", cut=0.5), True
    if len(labels) == 2 and made_by(parts.final, "catboost"):
        own = own_cut(parts.final)
        if own is not None:
            return Decision(classes=labels.names, positive=1, op=">", cut=own), True
    return Decision(classes=labels.names), True


def remembered(model: Any, name: str) -> Any:
    """Return what the model, or the first of its parts that knows, remembers of its training."""
    found = getattr(model, name, None)
    if found is None:
        parts = take_apart(model)
        found = getattr((*parts.steps, parts.final)[0], name, None)
    return found


def _counts(model: Any) -> bool:
    return remembered(model, "n_features_in_") is not None


def fitted_classes(model: Any) -> list[Any]:
    """Return the classes that a fitted classifier knows.

    Raises
    ------
    ModelError
        It is not fitted, no classifier, or answers several questions at once.
    """
    kind = _kind(model)
    name = class_name(take_apart(model).final)
    if kind == "regressor":
        raise ModelError(
            "a model that predicts numbers needs a shift that counts, in the unit of y (--shift 500, or shift=500); "
            f"{name} does"
        )
    if kind not in (None, "classifier"):
        article = "an" if kind[0] in "aeiou" else "a"
        raise ModelError(
            f"the model must be a classifier or a regressor, and {name} is {article} {kind.replace('_', ' ')}, "
            "which cannot be assessed"
        )
    try:
        classes = getattr(model, "classes_", None)
    except Exception:  # noqa: BLE001  # properties of unfitted models raise what they like
        classes = None
    if classes is None:
        fitted = [n for n in vars(take_apart(model).final) if n.endswith("_") and not n.startswith("_")]
        what = "is no classifier: it has no classes_" if fitted and kind is None else "has not been fitted yet"
        raise ModelError(f"the model must be a fitted classifier, and {name} {what}")
    if (
        isinstance(classes, list)
        and len(classes)
        and not isinstance(classes[0], str | int | float | bool)
        and hasattr(classes[0], "__len__")
    ):
        raise ModelError(f"the model must answer one question, and {name} answers {len(classes)} at once")
    return list(classes)


def _require_fitted(model: Any) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError):
        name = class_name(take_apart(model).final)
        raise ModelError(f"the model must be fitted, and {name} has not been yet") from None


def _kind(model: Any) -> str | None:
    kind = getattr(model, "_estimator_type", None)
    if kind is None and made_by(model, "sklearn"):
        from sklearn.utils import get_tags

        try:
            kind = get_tags(model).estimator_type
        except Exception:  # noqa: BLE001  # tags of foreign estimators may be broken; then we do not know
            kind = None
    return None if kind is None else str(kind)


__all__ = ["SklearnAdapter", "fitted_classes", "remembered"]
