"""Regressors as targets: what is decided is whether, and which way, the prediction moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.adapters.base import TableTarget
from sparring.adapters.labels import Labels
from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Parameters
from sparring.core.riding import RidingCodec, widened
from sparring.core.shift import NEAR, Shift
from sparring.core.space import Codec
from sparring.core.target import Decision
from sparring.errors import DataError, ModelError


@dataclass(frozen=True, eq=False)
class Numbers:
    """A model that answers with numbers.

    Parameters
    ----------
    predict : callable
        From rows in the user's container to one number each.
    prepare : callable
        From the frame to what the model was trained on.
    """

    predict: Callable[[Any], Any]
    prepare: Callable[[Any], Any]
    has_scores: bool = True
    has_probabilities: bool = False

    def labels(self, frame: Any) -> Any:
        """Predict."""
        return self.predict(self.prepare(frame))

    def scores(self, frame: Any) -> Any:
        """Predict."""
        return self.predict(self.prepare(frame))


@dataclass(eq=False)
class ShiftTarget(TableTarget):
    """A regressor with its table and the movement that counts."""

    def values(self, x: Floats) -> Floats:
        """Return predictions, shape (n,).

        Raises
        ------
        ModelError
            The model raises on these rows, or answers with something else than one number each.
        """
        if len(x) == 0:
            return np.empty(0)
        answer = np.asarray(self._ask(self.asked.labels, x))
        if answer.size != len(x) or answer.dtype.kind not in "iufb":
            raise ModelError(
                f"the model must predict one number for each of {len(x)} rows, got {answer.dtype} of shape "
                f"{answer.shape}"
            )
        value = answer.reshape(-1).astype(np.float64)
        if not np.isfinite(value).all():
            bad = value[~np.isfinite(value)][0]
            raise ModelError(f"the model's predictions must be finite numbers, and one of them is {bad}")
        return value

    def with_before(self, x: Floats) -> Floats:
        """Fill the last column of encoded rows with what the model predicts for them now."""
        return np.column_stack([x[:, :-1], self.values(x)])

    @property
    def rule(self) -> Shift:
        """The movement that counts."""
        assert isinstance(self.decision, Shift)
        return self.decision

    def encode_labels(self, y: Any) -> Ints:
        """Return that every row is near: what a truth means depends on the prediction; see `of_truth`."""
        return np.full(len(numbers(y)), NEAR, dtype=np.int64)

    def of_truth(self, x: Floats, y: Any) -> Ints:
        """Say where the true value lies as seen from the prediction before, shape (n,)."""
        return self.rule.between(x[:, -1], numbers(y))

    def predict(self, x: Floats) -> Ints:
        """Say how predictions have moved from those before, shape (n,)."""
        return self.rule.between(x[:, -1], self.values(x)) if len(x) else np.empty(0, dtype=np.int64)

    def scores(self, x: Floats) -> Floats:
        """Return a share for each answer, shape (n, 3)."""
        return self.rule.scores(x[:, -1], self.values(x)) if len(x) else np.empty((0, 3))


def numbers(y: Any) -> Floats:
    """Return true values as numbers, shape (n,).

    Raises
    ------
    DataError
        Some are none.
    """
    try:
        value = np.asarray(y, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        example = next((v for v in np.asarray(y, dtype=object).reshape(-1) if not _is_number(v)), y)
        raise DataError(f"the target of a regressor must hold numbers, got {example!r}") from None
    if not np.isfinite(value).all():
        where = int(np.flatnonzero(~np.isfinite(value))[0])
        raise DataError(f"the target of a regressor must hold finite numbers, and row {where} has {value[where]}")
    return value


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def shift_target(
    predict: Callable[[Any], Any],
    *,
    codec: Codec,
    prepare: Callable[[Any], Any],
    shift: Shift,
    family: str,
    read: Callable[[], Parameters],
) -> tuple[ShiftTarget, RidingCodec]:
    """Return a regressor as something that can be asked and read.

    Parameters
    ----------
    predict : callable
        From rows to numbers.
    codec : Codec
        The user's.
    prepare : callable
        From the decoded frame to what `predict` takes.
    shift : Shift
    family : str
    read : callable
        Returns what a holder of the model file can read over the user's columns, or raises NotApplicable.
    """
    wide = RidingCodec(codec)
    target = ShiftTarget(
        codec=wide,
        asked=Numbers(predict, prepare),
        classes=Labels(range(3), shift.classes),
        decision=shift,
        family=family,
        read=_Widened(read),
        own_rule=True,
    )
    return target, wide


@dataclass(frozen=True, eq=False)
class _Widened:
    """Reads a model over the user's columns, and adds the column that it knows nothing of."""

    read: Callable[[], Parameters]

    def __call__(self, _decision: Decision) -> Parameters:
        return widened(self.read())
