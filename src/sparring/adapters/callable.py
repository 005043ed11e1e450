"""Any function from rows to labels or probabilities, and any object with predict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from sparring.adapters.base import Asked, Estimator, TableTarget, class_name, first_line, quiet, refuse_to_read, same
from sparring.adapters.conform import conform
from sparring.adapters.labels import Labels
from sparring.adapters.regression import shift_target
from sparring.core.parameters import Parameters
from sparring.core.plugin import Adapter
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.target import Decision, Target
from sparring.errors import ModelError, NotApplicable

PROBED = 2000


@dataclass(frozen=True, eq=False)
class Function:
    """A function that answers rows with labels or with probabilities.

    Parameters
    ----------
    function : callable
    gives_scores : bool
    """

    function: Any
    gives_scores: bool
    names: tuple[str, ...] = ()

    @property
    def has_scores(self) -> bool:
        """Whether the function gives probabilities."""
        return self.gives_scores

    @property
    def has_probabilities(self) -> bool:
        """Whether the function gives probabilities."""
        return self.gives_scores

    def labels(self, frame: Any) -> Any:
        """Return the function's own labels, or the likeliest class."""
        answer = self.function(frame)
        if not self.gives_scores:
            return answer
        scores = np.asarray(answer, dtype=float)
        if scores.ndim == 1 or scores.shape[1] == 1:
            return (scores.reshape(-1) > 0.5).astype(np.int64)
        return scores.argmax(axis=1)

    def scores(self, frame: Any) -> Any:
        """Return the function's probabilities."""
        return self.function(frame)


class CallableAdapter(Adapter):
    """Functions of rows, and objects with `predict` or `predict_proba` that no other adapter knows.

    A function is asked about the user's first rows to see what it answers: numbers in two columns or more, or
    fractions between 0 and 1 in one, are probabilities (of the second class where there is one column); everything
    else is labels.
    """

    id: ClassVar[str] = "callable"
    order: ClassVar[int] = 90

    def accepts(self, model: object) -> bool:
        """Say whether it can be called or has `predict`."""
        return callable(model) or hasattr(model, "predict") or hasattr(model, "predict_proba")

    def conform(self, model: object, frame: Any) -> Any:
        """Return the rows as they are, in the order of `feature_names_in_` where the model has that."""
        return conform(frame, names=getattr(model, "feature_names_in_", None), n_columns=None)

    def target(self, model: object, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the function as something that can be asked; see `Adapter.target`."""
        if isinstance(model, type):
            raise ModelError(f"the model must be an object that was trained, got the class {model.__name__}")
        asked, labels = _asked(model, codec, classes)
        reason = f"{class_name(model)} can only be asked: it is code, not a model that we can read"
        return TableTarget(
            codec=codec,
            asked=asked,
            classes=labels,
            decision=Decision.parse(decision, labels.names),
            family="other",
            read=partial(refuse_to_read, reason),
        )

    def predicts_numbers(self, model: Any) -> bool:
        """Say False: code is taken at its user's word, who gives a shift where it predicts numbers."""
        return False

    def regressor(self, model: Any, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked; see `Adapter.regressor`."""
        function = model.predict if hasattr(model, "predict") else model
        reason = f"{class_name(model)} can only be asked: it is code, not a model that we can read"
        return shift_target(
            function, codec=codec, prepare=same, shift=shift, family="other", read=partial(_refuse, reason)
        )


def _refuse(reason: str) -> Parameters:
    raise NotApplicable(reason)


def _asked(model: Any, codec: Codec, classes: tuple[str, ...] | None) -> tuple[Asked, Labels]:
    if hasattr(model, "predict"):
        values = getattr(model, "classes_", None)
        labels = _seen(_probe(model.predict, codec), classes) if values is None else Labels(list(values), classes)
        return Estimator(model, same, len(labels)), labels
    function = model.predict_proba if hasattr(model, "predict_proba") else model
    answer = _probe(function, codec)
    scores = _as_scores(answer)
    if scores is None:
        return Function(function, gives_scores=False), _seen(answer, classes)
    values = getattr(model, "classes_", None)
    if classes is None and values is None:
        raise ModelError(
            f"the function answers with probabilities of {max(2, scores)} classes and does not name them; "
            "name them in order: classes=(...), or --classes first,second"
        )
    n = max(2, scores)
    return Function(function, gives_scores=True), Labels(range(n) if values is None else list(values), classes)


def _probe(function: Any, codec: Codec) -> np.ndarray:
    """Ask about some of the user's rows."""
    frame = getattr(codec, "frame", None)
    try:
        with quiet():
            if frame is None:
                return np.asarray(function(codec.decode(getattr(codec, "sample"))))  # noqa: B009  # our codecs have it
            return np.asarray(function(frame if len(frame) <= PROBED else _first(frame)))
    except Exception as error:
        raise ModelError(f"the model must answer rows of the data, and it raises {first_line(error)}") from error


def _first(frame: Any) -> Any:
    if isinstance(frame, np.ndarray):
        return frame[:PROBED]
    return frame.iloc[:PROBED] if hasattr(frame, "iloc") else frame.slice(0, PROBED)


def _as_scores(answer: np.ndarray) -> int | None:
    """Return the number of columns of probabilities, or None where the answer is labels."""
    if answer.dtype.kind != "f":
        return None
    if answer.ndim == 2 and answer.shape[1] > 1:
        return int(answer.shape[1])
    values = answer.reshape(-1)
    fractions = bool(((values >= 0) & (values <= 1)).all() and (values != np.round(values)).any())
    return 1 if fractions else None


def _seen(answer: np.ndarray, classes: tuple[str, ...] | None) -> Labels:
    """Take the classes from what the function answers, or from the names that the user gives."""
    values = [value for value in np.unique(answer.reshape(-1).astype(object)).tolist() if value is not None]
    if classes is None:
        if len(values) < 2:
            got = repr(values[0]) if values else "nothing"
            raise ModelError(
                f"the model answers the data with {got} only, so its classes are not known; name them: classes=(...), "
                "or --classes first,second"
            )
        return Labels(values)
    by_name = Labels(classes)
    if all(by_name.index(value) is not None for value in values):
        return by_name
    if values and all(isinstance(value, int | float | np.number) and 0 <= value < len(classes) for value in values):
        return Labels(range(len(classes)), classes)
    strange = next(value for value in values if by_name.index(value) is None)
    raise ModelError(f"the model must answer with one of the classes {', '.join(classes)}, got {strange!r}")
