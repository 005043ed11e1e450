"""TableTarget: a user's model behind the encoded table, asked through its own predict."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from sparring.adapters.labels import Labels
from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Parameters
from sparring.core.space import Codec, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision
from sparring.errors import DecisionError, ModelError, NotApplicable, SparringError

NOISE = (
    "X does not have valid feature names",
    "X has feature names, but",
    "Found unknown categories in columns",
)


class Asked(Protocol):
    """A model as the adapter reaches it: frames in, its own answers out."""

    def labels(self, frame: Any) -> Any:
        """Answer each row with a label."""

    @property
    def has_scores(self) -> bool:
        """Whether `scores` can be asked."""

    @property
    def has_probabilities(self) -> bool:
        """Whether `scores` are the model's own probabilities, on which a cut-off makes sense."""

    def scores(self, frame: Any) -> Any:
        """Probabilities, shape (n, n_classes), or (n,) for the second of two classes."""


@dataclass(frozen=True, eq=False)
class Estimator:
    """A model with scikit-learn's methods.

    Parameters
    ----------
    model : object
        With `predict`; `predict_proba` where it has probabilities.
    prepare : callable
        From the frame to what the model was trained on.

    Notes
    -----
    A model of two classes without probabilities but with a one-dimensional `decision_function` d is given scores
    1 / (1 + exp(-d)): a monotone map of its margin that is 1/2 where its decision turns. They rank rows; they are no
    probabilities, and a cut-off on them is refused.
    """

    model: Any
    prepare: Callable[[Any], Any]
    n_classes: int

    @property
    def has_probabilities(self) -> bool:
        """Whether the model has `predict_proba`."""
        return hasattr(self.model, "predict_proba")

    @property
    def has_scores(self) -> bool:
        """Whether there is anything to rank rows by."""
        return self.has_probabilities or (self.n_classes == 2 and hasattr(self.model, "decision_function"))

    def labels(self, frame: Any) -> Any:
        """Ask `predict`."""
        return self.model.predict(self.prepare(frame))

    def scores(self, frame: Any) -> Any:
        """Ask `predict_proba`, or map the margin of two classes."""
        if self.has_probabilities:
            return self.model.predict_proba(self.prepare(frame))
        margin = np.asarray(self.model.decision_function(self.prepare(frame)), dtype=float).reshape(-1)
        return 1.0 / (1.0 + np.exp(-np.clip(margin, -700, 700)))


@dataclass(eq=False)
class TableTarget:
    """A model with its table and decision rule, as the user holds it.

    Parameters
    ----------
    codec : Codec
    asked : Asked
        The user's own model.
    classes : Labels
    decision : Decision
    family : str
        'trees', 'linear' or 'other'.
    read : callable
        Returns what a holder of the model file can read; raises NotApplicable with the reason.
    own_rule : bool
        Whether `decision` describes the rule of the model's own `predict`, which is then asked.
    """

    codec: Codec
    asked: Asked
    classes: Labels
    decision: Decision
    family: str
    read: Callable[[Decision], Parameters]
    own_rule: bool = False
    _read: tuple[object, Parameters | NotApplicable] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a cut-off on probabilities that the model has not."""
        if self.decision.needs_scores and not (self.asked.has_probabilities or self.own_rule):
            raise DecisionError(
                f'a decision such as "{self.decision.text}" needs probabilities, which this model does not give; '
                "leave the decision out to take its own labels"
            )

    @property
    def space(self) -> TableSpace:
        """Columns of the table."""
        return self.codec.space

    @property
    def offers(self) -> frozenset[Access]:
        """What can be seen of it at all."""
        have = {Access.LABELS, Access.BACKGROUND}
        if self.asked.has_scores:
            have.add(Access.SCORES)
        if not isinstance(self._parameters(), NotApplicable):
            have.add(Access.PARAMETERS)
        return frozenset(have)

    def encode_labels(self, y: Any) -> Ints:
        """Turn the user's labels into class indices, shape (n,); raises DataError for one that is no class."""
        return self.classes.encode(y)

    def predict(self, x: Floats) -> Ints:
        """Decide rows of the encoded table, shape (n,), through the user's own model and rule.

        Raises
        ------
        ModelError
            The model raises on these rows, or answers with something else than its classes.
        """
        if len(x) == 0:
            return np.empty(0, dtype=np.int64)
        if self.decision.needs_scores and not self.own_rule:
            return self.decision.apply(self.scores(x))
        return self.classes.of_answers(self._ask(self.asked.labels, x), len(x))

    def scores(self, x: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes).

        Raises
        ------
        ModelError
            The model raises on these rows, or answers with something else than probabilities.
        """
        if len(x) == 0:
            return np.empty((0, len(self.classes)))
        scores = np.asarray(self._ask(self.asked.scores, x), dtype=float)
        if scores.ndim == 1 or scores.shape[1] == 1 < len(self.classes):
            scores = scores.reshape(-1)
            scores = np.column_stack([1.0 - scores, scores])
        if scores.shape != (len(x), len(self.classes)):
            raise ModelError(
                f"the model must give {len(self.classes)} probabilities for each of {len(x)} rows, "
                f"got shape {scores.shape}"
            )
        if np.isnan(scores).any():
            raise ModelError("the model's probabilities must be numbers, and some are NaN")
        return scores

    def parameters(self) -> Parameters:
        """Return what a holder of the model file can read; raises NotApplicable with the reason."""
        found = self._parameters()
        if isinstance(found, NotApplicable):
            raise found
        return found

    def _parameters(self) -> Parameters | NotApplicable:
        # what carried columns hold is tabulated, and encoding more rows brings more of it
        version = getattr(self.codec, "version", None)
        if self._read is None or self._read[0] != version:
            try:
                with quiet():
                    self._read = (version, self.read(self.decision))
            except NotApplicable as error:
                self._read = (version, error)
        return self._read[1]

    def _ask(self, ask: Callable[[Any], Any], x: Floats) -> Any:
        frame = self.codec.decode(x)
        try:
            with quiet():
                return ask(frame)
        except (SparringError, KeyboardInterrupt, MemoryError):
            raise
        except Exception as error:
            raise ModelError(
                f"the model must answer every row, and on {self._where(ask, x)} it raises {first_line(error)}"
            ) from error

    def _where(self, ask: Callable[[Any], Any], x: Floats) -> str:
        """Name the first row that the model refuses by itself, found by halving."""
        low, high = 0, len(x)
        while high - low > 1:
            middle = (low + high) // 2
            if self._refuses(ask, x[low:middle]):
                high = middle
            elif self._refuses(ask, x[middle:high]):
                low = middle
            else:
                return f"{len(x)} rows together"
        return f"row {low} of {len(x)}" if len(x) > 1 else "one row"

    def _refuses(self, ask: Callable[[Any], Any], x: Floats) -> bool:
        try:
            with quiet():
                ask(self.codec.decode(x))
        except Exception:  # noqa: BLE001  # whatever the user's model raises
            return True
        return False


class quiet(warnings.catch_warnings):  # noqa: N801  # used as a function, as contextlib.suppress is
    """Keep scikit-learn's remarks about names of features and unknown categories to itself."""

    def __enter__(self) -> None:
        super().__enter__()
        for message in NOISE:
            warnings.filterwarnings("ignore", message=message)


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def same(frame: Any) -> Any:
    """Return the frame as it is."""
    return frame


def as_array(frame: Any) -> Any:
    """Return the values of a frame, for a model that was trained on an array."""
    return frame.to_numpy() if hasattr(frame, "to_numpy") else np.asarray(frame)


def to_pandas(frame: Any) -> Any:
    """Return polars and pyarrow tables as pandas frames."""
    return frame.to_pandas() if hasattr(frame, "to_pandas") else frame


def refuse_to_read(reason: str, _decision: Decision) -> Parameters:
    """Raise NotApplicable with the reason why a model is a black box."""
    raise NotApplicable(reason)


def class_name(model: object) -> str:
    """Name of a model's class, for messages."""
    return type(model).__name__


def made_by(model: object, library: str) -> bool:
    """Say whether a model's class or one of its bases comes from `library`, without importing it."""
    return any(base.__module__.partition(".")[0] == library for base in type(model).__mro__)
