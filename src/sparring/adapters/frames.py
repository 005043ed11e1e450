"""FrameCodec: the user's rows as one float64 matrix, and back in the user's container and dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.containers import UNSEEN_TEXT, Container, container
from sparring.core.examples import Bools, Floats
from sparring.core.relations import Relation
from sparring.core.space import Column, TableSpace
from sparring.errors import ColumnsError, DataError

SAMPLE = 256
MAX_EXACT = 2.0**53


class FrameCodec:
    """Between rows as the model was trained on them and the encoded table.

    Decoding gives the container, column order and dtypes of `frame`. Numbers are rounded to what their column can
    hold: whole numbers to the nearest one within the dtype, float32 to float32. A blank in a numpy column of whole
    numbers or truth values turns that column (the array, for numpy) into float64, as pandas itself would; every other
    dtype has a blank of its own.

    A category is the position of its value in ``column.categories``. Code ``len(categories)`` is one that was never
    seen: a text that is no category, a number one above the largest, or an unused category of the dtype. Values that
    stand in the data but not in the columns table get the codes after that, so that every row comes back as it was.
    Carried columns hold codes into the values seen so far.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
        Rows as `Adapter.conform` returns them.
    columns : sequence of Column
        One for each column of `frame`, in its order.
    relations : sequence of Relation
        What every row of `frame` keeps to.

    Raises
    ------
    ColumnsError
        The columns table does not fit the frame.
    """

    def __init__(self, frame: Any, columns: Sequence[Column], relations: Sequence[Relation] = ()) -> None:
        self.container = container(frame)
        self.space = TableSpace(tuple(columns), tuple(relations))
        if self.space.names != self.container.names:
            raise ColumnsError(
                "the columns table must list the columns of the data in their order "
                f"({', '.join(self.container.names)}), got {', '.join(self.space.names)}"
            )
        self._values = [
            None if column.kind == "number" else _Values(self.container, j, column)
            for j, column in enumerate(self.space.columns)
        ]
        self._all_numbers = not self.space.categorical.any()
        self.sample: Floats = np.empty((0, len(self.space)))
        self.frame: Any = frame
        self.sample = self.encode(_head(frame, SAMPLE))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the user's rows behind when sent to another process."""
        return {**self.__dict__, "frame": None}

    @property
    def holds_unseen(self) -> Bools:
        """Which columns can hold a category that was never seen, shape (d,)."""
        return np.array([values is not None and values.unseen is not None for values in self._values], dtype=bool)

    @property
    def version(self) -> int:
        """Count of values outside the columns table that were met so far; grows as rows are encoded."""
        return sum(len(values.items) for values in self._values if values is not None)

    def codes(self, j: int) -> int:
        """Count of the codes of column `j`, the one for a category never seen included."""
        values = self._values[j]
        return 0 if values is None else len(values.items)

    def value(self, j: int, code: int) -> Any:
        """Return the value that a code of column `j` stands for."""
        values = self._values[j]
        assert values is not None
        return values.items[code]

    def storage(self, j: int) -> str:
        """Name of the dtype that column `j` is kept in, such as 'float32', 'int64', 'category' or 'object'."""
        return self.container.storage(j)

    def encode(self, frame: Any) -> Floats:
        """Return the encoded table, shape (n, d).

        Raises
        ------
        DataError
            The frame has other columns, or text where numbers must stand.
        """
        names = container(frame).names
        if names != self.container.names:
            raise DataError(f"rows must have the columns {', '.join(self.container.names)}, got {', '.join(names)}")
        out = np.empty((len(frame), len(names)))
        for j, values in enumerate(self._values):
            out[:, j] = self._numbers(frame, j) if values is None else values.encode(*self.container.distinct(frame, j))
        return out

    def _numbers(self, frame: Any, j: int) -> Floats:
        x = self.container.floats(frame, j)
        if self.storage(j).startswith(("int", "uint")) and len(x) and np.nanmax(np.abs(x), initial=0.0) > MAX_EXACT:
            raise ColumnsError(
                f"column {self.space.names[j]!r} must have kind carried, since it holds whole numbers over 2**53, "
                "which a number cannot hold exactly"
            )
        return x

    def decode(self, x: Floats) -> Any:
        """Return rows in the container, column order and dtypes of the frame.

        Raises
        ------
        DataError
            A code stands for no value, such as a category never seen in a column that can hold no such.
        """
        x = np.asarray(x, dtype=float)
        if self._all_numbers:
            table = self.container.table(x)
            if table is not None:
                return table
        columns = [
            self.container.number(j, x[:, j]) if values is None else values.decode(x[:, j])
            for j, values in enumerate(self._values)
        ]
        return self.container.build(columns, len(x))


class _Values:
    """Codes of one column that holds no numbers.

    `items` are the values in the order of their codes; None stands where no value can: a category never seen in a
    column whose type cannot hold one.
    """

    def __init__(self, box: Container, j: int, column: Column) -> None:
        self.box, self.j, self.name = box, j, column.name
        self.items: list[Any] = []
        self.code: dict[Any, int] = {}
        self.unseen: Any = None
        self.hole: int | None = None
        self.carried = column.kind == "carried"
        self.truth = box.storage(j) == "bool"
        self._table: Any = None
        if column.kind == "category":
            domain = box.domain(j)
            by_label = None if domain is None else {plain(value): value for value in domain}
            for label in column.categories:
                if by_label is not None and label not in by_label:
                    raise ColumnsError(f"column {column.name!r} has a type that cannot hold its category {label!r}")
                self._add(label if by_label is None else by_label[label])
            self.unseen = _unseen(self.items, domain, box.storage(j))
            self._add(self.unseen)

    def _add(self, item: Any) -> int:
        if item is None:
            self.hole = len(self.items)
        else:
            self.code[self._key(item)] = len(self.items)
        self.items.append(item)
        self._table = None
        return len(self.items) - 1

    def encode(self, which: NDArray[np.intp], distinct: list[Any]) -> Floats:
        """Return the code of each row from the position of its value in `distinct`, -1 for a blank."""
        codes = np.empty(len(distinct) + 1)
        codes[-1] = np.nan
        for i, item in enumerate(distinct):
            known = self.code.get(self._key(item))
            codes[i] = self._add(item) if known is None else known
        return codes[which]

    def decode(self, x: Floats) -> Any:
        if self._table is None:
            filler = next((item for item in self.items if item is not None), None)
            self._table = self.box.lookup(self.j, [filler if item is None else item for item in self.items])
        blank = np.isnan(x)
        any_blank = bool(blank.any())
        at = np.where(blank, len(self.items), x).astype(np.intp) if any_blank else x.astype(np.intp)
        self._check(at)
        return self.box.pick(self._table, at, blanks=any_blank)

    def _check(self, at: NDArray[np.intp]) -> None:
        if len(at) == 0:
            return
        if at.min() < 0 or at.max() > len(self.items):
            raise DataError(f"column {self.name!r} has codes 0 to {len(self.items) - 1}, got {at.min()} to {at.max()}")
        if self.hole is not None and (at == self.hole).any():
            raise DataError(f"column {self.name!r} has a type that cannot hold a category never seen")

    def _key(self, item: Any) -> Any:
        if self.truth:
            # with a blank among them, truth values may come as 0.0 and 1.0
            return bool(item)
        # a carried 1 must come back as 1, not as an equal 1.0; a category 1 of the table stands for 1.0, too
        return (type(item).__name__, repr(item)) if self.carried and not isinstance(item, str) else _key(item)


def plain(value: Any) -> Any:
    """Return a numpy scalar as the Python value that it holds."""
    return value.item() if isinstance(value, np.generic) else value


def _key(item: Any) -> Any:
    # True == 1: as keys they must differ
    try:
        hash(item)
    except TypeError:
        return repr(item)
    return (bool, item) if isinstance(item, bool | np.bool_) else plain(item)


def _unseen(items: list[Any], domain: list[Any] | None, storage: str) -> Any:
    """Return a value that is none of `items`, or None where the column's type can hold no such."""
    labels = {_key(item) for item in items}
    if domain is not None:
        return next((value for value in domain if _key(value) not in labels), None)
    kinds = {type(plain(item)) for item in items}
    if items and kinds <= {int, float}:
        largest = max(items)
        limit = float(np.iinfo(storage).max) if storage.startswith(("int", "uint")) else np.inf
        return plain(largest) + 1 if largest < limit else None
    if storage.startswith(("int", "uint", "float")):
        return None
    text = UNSEEN_TEXT
    while text in labels:
        text = f"_{text}_"
    return text


def _head(frame: Any, n: int) -> Any:
    if isinstance(frame, np.ndarray):
        return frame[:n]
    return frame.iloc[:n] if hasattr(frame, "iloc") else frame.slice(0, n)
