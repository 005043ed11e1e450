"""Derived columns: raw rows are edited, and a function of the user's makes of them what the model is given."""

from __future__ import annotations

import hashlib
import inspect
import marshal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sparring.adapters.base import Asked, TableTarget, first_line, quiet, refuse_to_read, same
from sparring.adapters.frames import FrameCodec
from sparring.adapters.regression import ShiftTarget, shift_target
from sparring.core.parameters import Parameters
from sparring.core.plugin import Adapter
from sparring.core.shift import Shift
from sparring.core.space import Codec, Column
from sparring.core.target import Target
from sparring.errors import DataError, ModelError, NotApplicable

WHY = "derived columns are computed between the table and the model, so that it is not read in the table's columns"
DATA = "the rows of the data"
EDITED = "every row that the columns table admits"


@dataclass(frozen=True, eq=False)
class Derived:
    """A model with the function that stands in front of it.

    Parameters
    ----------
    model : object
    adapter : Adapter
        Of the model.
    function : callable
        From raw rows to the rows that the model is given, one for one and always the same.
    """

    model: Any
    adapter: Adapter
    function: Callable[[Any], Any]

    @property
    def told(self) -> str:
        """Name of the function, for documents."""
        module, name = getattr(self.function, "__module__", None), getattr(self.function, "__qualname__", None)
        return f"{module}:{name}" if module and name else type(self.function).__name__

    @property
    def sha256(self) -> str | None:
        """Hash of the file that the function stands in, or of its code where there is none; None: neither is there."""
        try:
            source = Path(inspect.getfile(self.function)).read_bytes()
        except (TypeError, OSError):
            code = getattr(self.function, "__code__", None)
            if code is None:
                return None
            source = marshal.dumps(code)
        return hashlib.sha256(source).hexdigest()

    def rows(self, frame: Any, *, of: str = DATA) -> Any:
        """Return what the model is given for raw rows.

        Parameters
        ----------
        frame : DataFrame
        of : str
            What the rows are, for messages.

        Raises
        ------
        DataError
            The function raises, or returns no table of as many rows.
        """
        given = frame.copy() if hasattr(frame, "copy") else frame  # a function may write into what it gets
        try:
            with quiet():
                made = self.function(given)
        except Exception as error:
            raise DataError(
                f"the function of derived columns must take {of}, and {self.told} raises {first_line(error)}"
            ) from error
        if not hasattr(made, "shape") or len(made.shape) != 2:
            raise DataError(
                f"the function of derived columns must return a table, and {self.told} returns {type(made).__name__}"
            )
        if made.shape[0] != frame.shape[0]:
            raise DataError(
                f"the function of derived columns must return one row for each that it gets, and {self.told} makes "
                f"{made.shape[0]} rows of {frame.shape[0]}"
            )
        return self.adapter.conform(self.model, made)


@dataclass(frozen=True, eq=False)
class AskedBehind:
    """A model that is asked about what is made of raw rows."""

    inner: Asked
    derived: Derived

    @property
    def has_scores(self) -> bool:
        """Whether the model gives scores."""
        return self.inner.has_scores

    @property
    def has_probabilities(self) -> bool:
        """Whether they are probabilities."""
        return self.inner.has_probabilities

    def labels(self, frame: Any) -> Any:
        """Answer raw rows with labels or numbers."""
        return self.inner.labels(self.derived.rows(frame, of=EDITED))

    def scores(self, frame: Any) -> Any:
        """Answer raw rows with scores."""
        return self.inner.scores(self.derived.rows(frame, of=EDITED))


class DerivedAdapter(Adapter):
    """Models behind a function of derived columns; asked, never read."""

    id: ClassVar[str] = "derived"
    order: ClassVar[int] = 0

    def accepts(self, model: object) -> bool:
        """Say whether the model comes with a function."""
        return isinstance(model, Derived)

    def conform(self, model: Any, frame: Any) -> Any:
        """Return the raw rows as they are, once the function has shown that it takes them and repeats itself.

        Raises
        ------
        DataError
            It does not, or the model does not take what it makes.
        """
        first, second = model.rows(frame), model.rows(frame)
        if not _equal(first, second):
            raise DataError(
                f"the function of derived columns must make the same of the same rows, and {model.told} made two "
                "different tables of them; give it a seed of its own, or leave out what is random"
            )
        half = max(1, frame.shape[0] // 2)
        if not _equal(_head(first, half), model.rows(_head(frame, half))):
            raise DataError(
                f"the function of derived columns must go by each row alone, and {model.told} makes something else of "
                "the same rows in other company; take means and the like from the training rows"
            )
        return frame

    def target(self, model: Any, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the model as something that can be asked about raw rows; see `Adapter.target`."""
        inner = model.adapter.target(model.model, codec=_codec(model, codec), classes=classes, decision=decision)
        if not isinstance(inner, TableTarget):
            raise ModelError("derived columns are for models at hand; a served model computes them behind its address")
        return TableTarget(
            codec=codec,
            asked=AskedBehind(inner.asked, model),
            classes=inner.classes,
            decision=inner.decision,
            family=inner.family,
            read=partial(refuse_to_read, WHY),
            own_rule=inner.own_rule,
        )

    def predicts_numbers(self, model: Any) -> bool:
        """Say whether the model is a regressor; see `Adapter.predicts_numbers`."""
        return bool(model.adapter.predicts_numbers(model.model))

    def regressor(self, model: Any, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked about raw rows; see `Adapter.regressor`."""
        inner, _ = model.adapter.regressor(model.model, codec=_codec(model, codec), shift=shift)
        assert isinstance(inner, ShiftTarget)
        asked = AskedBehind(inner.asked, model)
        return shift_target(asked.labels, codec=codec, prepare=same, shift=shift, family=inner.family, read=_unread)


def _unread() -> Parameters:
    raise NotApplicable(WHY)


def _codec(model: Derived, codec: Codec) -> FrameCodec:
    """Return a codec of what the model is given, which adapters ask for sample rows and for nothing else."""
    raw = getattr(codec, "frame", None)
    frame = model.rows(codec.decode(codec.sample) if raw is None else raw)  # type: ignore[attr-defined]  # ours has it
    names = [f"x{j}" for j in range(frame.shape[1])]
    names = [str(name) for name in getattr(frame, "columns", names)] if not isinstance(frame, np.ndarray) else names
    return FrameCodec(frame, tuple(Column(name=name, kind="carried") for name in names))


def _head(frame: Any, n: int) -> Any:
    """Return the first rows of a table, numbered from 0."""
    if hasattr(frame, "iloc"):
        return frame.iloc[:n].reset_index(drop=True)
    return frame[:n]


def _equal(first: Any, second: Any) -> bool:
    if hasattr(first, "iloc"):
        return bool(first.reset_index(drop=True).equals(second.reset_index(drop=True)))
    if hasattr(first, "equals"):
        return bool(first.equals(second))
    a, b = np.asarray(first), np.asarray(second)
    same_entries = (a == b) | ((a != a) & (b != b))  # noqa: PLR0124  # a blank is unlike itself
    return a.shape == b.shape and bool(np.all(same_entries))
