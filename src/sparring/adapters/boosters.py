"""What the libraries of boosted trees have in common: an estimator around a booster, and files without class names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sparring.adapters.base import Estimator, TableTarget, class_name
from sparring.adapters.convert import read_model
from sparring.adapters.labels import Labels
from sparring.adapters.regression import shift_target
from sparring.adapters.regressors import family_of, reader
from sparring.adapters.unwrap import Parts
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.target import Decision, Target
from sparring.errors import ModelError

Container = Callable[[Any], Any]


def fitted(booster: Callable[[], Any], model: Any) -> Any:
    """Return what `booster` returns.

    Raises
    ------
    ModelError
        It raises, as estimators do before they are fitted.
    """
    try:
        return booster()
    except Exception as error:
        raise ModelError(f"the model must be fitted, and {class_name(model)} has not been yet") from error


def estimator_labels(model: Any, classes: tuple[str, ...] | None) -> Labels:
    """Return the classes of an estimator.

    Raises
    ------
    ModelError
        It has none.
    """
    if not hasattr(model, "classes_"):
        raise ModelError(
            f"the model must be a classifier, and {class_name(model)} is none; only classifiers can be assessed"
        )
    return Labels(list(model.classes_), classes)


def file_labels(n_classes: int, classes: tuple[str, ...] | None, *, library: str) -> Labels:
    """Return the classes of a model file, which has no names for them.

    Raises
    ------
    ModelError
        None were given.
    """
    if classes is None:
        raise ModelError(
            f"a model file of {library} has {n_classes} outputs without names; name them in order: classes=(...), "
            "or --classes first,second"
        )
    return Labels(range(n_classes), classes)


def not_classes(*, ranks: bool, objective: str) -> ModelError:
    """Say that a booster tells no classes apart, and what to do."""
    if ranks:
        return ModelError(
            f"the model must be a classifier or a regressor, and this one ranks rows (objective {objective}), which "
            "cannot be assessed"
        )
    return ModelError(
        f"a model that predicts numbers needs a shift that counts, in the unit of y (--shift 500, or shift=500); this "
        f"one does (objective {objective})"
    )


def regressor_of(
    model: Any, predict: Callable[[Any], Any], *, codec: Codec, container: Container, shift: Shift
) -> tuple[Target, Codec]:
    """Return a boosted regressor as something that can be asked and read; see `target_of`."""
    return shift_target(
        predict,
        codec=codec,
        prepare=container,
        shift=shift,
        family=family_of(model),
        read=reader(model, codec, container),
    )


def target_of(
    model: Any,
    asked: Any,
    labels: Labels,
    n_classes: int,
    *,
    codec: Codec,
    container: Container,
    decision: str | None,
    family: str = "trees",
) -> TableTarget:
    """Return a booster as something that can be asked and read.

    Parameters
    ----------
    model : object
        As the user holds it; it is what is read.
    asked : object
        With an estimator's methods.
    labels : Labels
    n_classes : int
    codec : Codec
    container : callable
        Into the container that the library takes.
    decision : str or None
    family : str
    """
    return TableTarget(
        codec=codec,
        asked=Estimator(asked, container, n_classes),
        classes=labels,
        decision=Decision.parse(decision, labels.names),
        family=family,
        read=partial(read_model, Parts((), model), codec, container, user_cut=decision is not None),
    )
