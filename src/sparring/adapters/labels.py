"""Labels: between the labels that a model gives, the names of its classes and class indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.containers import objects
from sparring.adapters.frames import plain
from sparring.core.examples import Ints
from sparring.errors import DataError, ModelError


class Labels:
    """Classes of a model in its own order.

    Parameters
    ----------
    values : sequence
        What the model itself answers for each class.
    names : sequence of str or None
        What people call them; None: the values as text.

    Raises
    ------
    ModelError
        Too few or too many names, or two alike.
    """

    def __init__(self, values: Sequence[Any], names: Sequence[str] | None = None) -> None:
        self.values = [plain(value) for value in values]
        self.names = tuple(name_of(value) for value in self.values) if names is None else tuple(names)
        if len(self.names) != len(self.values):
            raise ModelError(
                f"there must be one name for each of the model's {len(self.values)} classes, in its order, "
                f"got {len(self.names)}: {', '.join(self.names)}"
            )
        if len(set(self.names)) < len(self.names):
            raise ModelError(f"the names of the classes must differ, got {', '.join(self.names)}")
        if len(self.values) < 2:
            raise ModelError(f"the model must know at least two classes, it knows only {', '.join(self.names)}")
        self._same = {name_of(value): i for i, value in enumerate(self.values)}
        self._named = {name: i for i, name in enumerate(self.names)}
        self._in_order = self.values == list(range(len(self.values)))

    def __len__(self) -> int:
        return len(self.values)

    def index(self, label: Any) -> int | None:
        """Return the class that `label` stands for, by value or by name; None where it stands for none."""
        name = name_of(plain(label))
        for known, key in ((self._same, name), (self._named, name), (self._same, _other_truth(plain(label)))):
            if key in known:
                return known[key]
        return None

    def of_answers(self, answers: Any, n: int) -> Ints:
        """Turn what the model answered for `n` rows into class indices.

        Raises
        ------
        ModelError
            It answered something else than one known class a row.
        """
        array = np.asarray(answers)
        array = array.reshape(n) if array.size == n else array
        if array.shape != (n,):
            raise ModelError(f"the model must answer each of {n} rows with one label, got shape {array.shape}")
        if self._in_order and array.dtype.kind in "iu":
            out = array.astype(np.int64)
            if n and (out.min() < 0 or out.max() >= len(self.values)):
                raise ModelError(f"the model must answer with one of its classes ({', '.join(self.names)})")
            return out
        out, stranger = self._match(array)
        if stranger is not None:
            raise ModelError(
                f"the model must answer with one of its classes ({', '.join(self.names)}), "
                f"got {plain(array[stranger])!r}"
            )
        return out

    def encode(self, y: Any) -> Ints:
        """Turn the user's labels into class indices.

        Raises
        ------
        DataError
            A label is blank or no class of the model, or all rows have the same label.
        """
        array = _as_array(y)
        out, stranger = self._match(array)
        if stranger is not None:
            got = plain(array[stranger])
            if is_blank(got):
                raise DataError(f"every row must have a label, the one at position {stranger} is blank")
            raise DataError(
                f"labels must be classes of the model ({', '.join(self.names)}), got {got!r}; if these are the same "
                "classes under other names, list the names in the model's order (classes=..., --classes)"
            )
        if len(out) > 1 and (out == out[0]).all():
            raise DataError(f"labels must be of at least two classes, all {len(out)} are {self.names[out[0]]!r}")
        return out

    def _match(self, array: NDArray[Any]) -> tuple[Ints, int | None]:
        """Return class indices and the position of the first label that is no class."""
        import pandas as pd

        which, distinct = pd.factorize(array)
        found = [self.index(label) for label in distinct]
        index = np.array([-1 if i is None else i for i in found] + [-1], dtype=np.int64)[which]
        strangers = np.flatnonzero(index < 0)
        return index, int(strangers[0]) if len(strangers) else None


def name_of(value: Any) -> str:
    """Return the name of a class: its label as text, whole numbers without a point.

    Examples
    --------
    >>> name_of(1.0), name_of(True), name_of("good")
    ('1', 'True', 'good')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def is_blank(value: Any) -> bool:
    """Say whether a label is missing."""
    return value is None or type(value).__name__ == "NAType" or bool(isinstance(value, float) and np.isnan(value))


def _other_truth(label: Any) -> str:
    if isinstance(label, bool):
        return str(int(label))
    if isinstance(label, int | float) and label in (0, 1):
        return str(bool(label))
    if isinstance(label, str) and label.lower() in ("true", "false"):
        return label.capitalize()
    return ""


def _as_array(y: Any) -> NDArray[Any]:
    if isinstance(y, list | tuple) and any(isinstance(label, str) for label in y):
        y = objects(y)  # left to itself, numpy would turn a blank among texts into the text 'nan'
    array = np.asarray(y.to_list() if hasattr(y, "to_list") and not hasattr(y, "to_numpy") else y)
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"labels must be one column, got shape {array.shape}")
    return array
