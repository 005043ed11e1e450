"""What users keep rows in: pandas, polars and pyarrow frames and numpy arrays, behind one small interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Floats
from sparring.errors import DataError

Positions = NDArray[np.intp]
UNSEEN_TEXT = "__unseen__"


class Container(ABC):
    """The kind of container, with the names and dtypes of one frame of it, to build others like it.

    Attributes
    ----------
    names : tuple of str
    """

    names: tuple[str, ...]

    @abstractmethod
    def floats(self, frame: Any, j: int) -> Floats:
        """Return column `j` of `frame` as float64, a blank as NaN; raises DataError where it holds no numbers."""

    @abstractmethod
    def distinct(self, frame: Any, j: int) -> tuple[Positions, list[Any]]:
        """Return which of its distinct values each row of column `j` has, -1 for a blank, and those values."""

    @abstractmethod
    def storage(self, j: int) -> str:
        """Return what column `j` is kept in: a numpy dtype of numbers, 'bool', 'category' or 'object'."""

    @abstractmethod
    def number(self, j: int, x: Floats) -> Any:
        """Return values of a column of numbers in its own dtype, ready for `build`."""

    @abstractmethod
    def lookup(self, j: int, items: Sequence[Any]) -> Any:
        """Return `items` in the dtype of column `j`, followed by one blank: what `pick` picks from."""

    @abstractmethod
    def pick(self, table: Any, at: Positions, *, blanks: bool) -> Any:
        """Return entries of a `lookup` at `at`, ready for `build`; `blanks` says whether any is the blank."""

    @abstractmethod
    def build(self, columns: Sequence[Any], n: int) -> Any:
        """Return the container with these columns of length `n`."""

    def domain(self, j: int) -> list[Any] | None:
        """Return the values that column `j` can hold at all; None where its type does not list them."""
        return None

    def table(self, x: Floats) -> Any:
        """Return rows that are all numbers in one step; None where that is no shortcut."""
        return None


def container(frame: Any) -> Container:
    """Recognize the container that `frame` is.

    Raises
    ------
    DataError
        It is no table of two dimensions.
    """
    home = type(frame).__module__.partition(".")[0]
    if isinstance(frame, np.ndarray):
        return ArrayContainer(frame)
    if home == "pandas" and hasattr(frame, "columns"):
        return PandasContainer(frame)
    if (home == "polars" and type(frame).__name__ == "DataFrame") or (home == "pyarrow" and hasattr(frame, "column")):
        from sparring.adapters.native import NativeContainer

        return NativeContainer(frame)
    raise DataError(
        f"rows must be a pandas, polars or pyarrow table or a numpy array of two dimensions, got {type(frame).__name__}"
    )


def whole(x: Floats, dtype: Any) -> NDArray[Any]:
    """Round to whole numbers and keep them within what an integer dtype can hold."""
    limits = np.iinfo(dtype)
    rounded = np.rint(x)
    inside = (rounded >= float(limits.min)) & (rounded < float(limits.max) + 1.0)
    out = np.where(inside, rounded, 0.0).astype(dtype)
    if inside.all():
        return out
    return np.where(inside, out, np.where(rounded > 0, limits.max, limits.min)).astype(dtype)


class ArrayContainer(Container):
    """A numpy array of two dimensions; its columns are called x0, x1, ...

    A blank turns an array of integers or truth values into one of float64.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        if array.ndim != 2:
            raise DataError(f"rows must form a table of two dimensions, got {array.ndim}")
        if array.dtype.kind not in "biufOUS":
            raise DataError(f"an array of rows must hold numbers or text, got dtype {array.dtype}")
        self.dtype = array.dtype if array.dtype.kind in "biuf" else np.dtype(object)
        self.names = tuple(f"x{j}" for j in range(array.shape[1]))

    def floats(self, frame: Any, j: int) -> Floats:
        return as_floats(frame[:, j], self.names[j])

    def distinct(self, frame: Any, j: int) -> tuple[Positions, list[Any]]:
        return distinct_values(frame[:, j])

    def storage(self, j: int) -> str:
        return self.dtype.name

    def domain(self, j: int) -> list[Any] | None:
        return [False, True] if self.dtype.kind == "b" else None

    def number(self, j: int, x: Floats) -> Any:
        return x

    def lookup(self, j: int, items: Sequence[Any]) -> Any:
        if self.dtype.kind == "O":
            return objects([*items, np.nan])
        return np.array([float(item) for item in items] + [np.nan])

    def pick(self, table: Any, at: Positions, *, blanks: bool) -> Any:
        return table.take(at)

    def build(self, columns: Sequence[Any], n: int) -> Any:
        if self.dtype.kind == "O":
            out = np.empty((n, len(columns)), dtype=object)
            for j, column in enumerate(columns):
                out[:, j] = column
            return out
        return self.table(np.column_stack(columns) if columns else np.empty((n, 0)))

    def table(self, x: Floats) -> Any:
        kind = self.dtype.kind
        if kind == "O":
            return None
        if kind == "f":
            with np.errstate(over="ignore"):
                return x.astype(self.dtype)
        if np.isnan(x).any():
            return x.copy()
        return x != 0 if kind == "b" else whole(x, self.dtype)


class PandasContainer(Container):
    """A pandas DataFrame.

    A blank turns a column of numpy integers or truth values into float64 for the rows that are built together;
    every other dtype has a blank of its own.
    """

    def __init__(self, frame: Any) -> None:
        self.columns = frame.columns
        self.dtypes = list(frame.dtypes)
        self.names = tuple(str(name) for name in frame.columns)
        self.blank = [_blank_of(frame.iloc[:, j]) for j in range(len(self.names))]
        self.plain = all(dtype == np.float64 for dtype in self.dtypes)

    def floats(self, frame: Any, j: int) -> Floats:
        return as_floats(frame.iloc[:, j], self.names[j])

    def distinct(self, frame: Any, j: int) -> tuple[Positions, list[Any]]:
        return distinct_values(frame.iloc[:, j])

    def storage(self, j: int) -> str:
        dtype = self.dtypes[j]
        if isinstance(dtype, np.dtype):
            return dtype.name if dtype.kind in "biuf" else "object"
        if hasattr(dtype, "categories"):
            return "category"
        kind = getattr(dtype, "numpy_dtype", np.dtype(object))
        return kind.name if kind.kind in "biuf" else "object"

    def domain(self, j: int) -> list[Any] | None:
        dtype = self.dtypes[j]
        if hasattr(dtype, "categories"):
            return list(dtype.categories)
        return [False, True] if self.storage(j) == "bool" else None

    def number(self, j: int, x: Floats) -> Any:
        import pandas as pd

        dtype = self.dtypes[j]
        if isinstance(dtype, np.dtype):
            return _plain_number(x, dtype)
        kind = np.dtype(self.storage(j))
        blank = np.isnan(x)
        if kind.kind == "f":
            out = pd.array(x, dtype=dtype)
            if blank.any():
                out[blank] = pd.NA
            return out
        filled = np.where(blank, 0.0, x)
        values = filled != 0 if kind.kind == "b" else whole(filled, kind)
        out = pd.array(values, dtype=dtype)
        if blank.any():
            out[blank] = pd.NA
        return out

    def lookup(self, j: int, items: Sequence[Any]) -> Any:
        import pandas as pd

        dtype = self.dtypes[j]
        if isinstance(dtype, pd.CategoricalDtype):
            return dtype, np.append(dtype.categories.get_indexer(pd.Index(list(items))), -1).astype(np.intp)
        if not isinstance(dtype, np.dtype):
            return pd.array([*items, None], dtype=dtype)
        if dtype.kind in "biuf":
            return np.array([*items, 0]).astype(dtype) if dtype.kind != "O" else None
        if dtype.kind in "mM":
            return pd.array(pd.Series([*items, None]).astype(dtype))
        return objects([*items, self.blank[j]])

    def pick(self, table: Any, at: Positions, *, blanks: bool) -> Any:
        import pandas as pd

        if isinstance(table, tuple):
            dtype, codes = table
            return pd.Categorical.from_codes(codes.take(at), dtype=dtype, validate=False)
        out = table.take(at)
        if blanks and isinstance(table, np.ndarray) and table.dtype.kind in "biuf":
            # numpy's whole numbers and truth values have no blank
            out = out.astype(np.result_type(out.dtype, np.float16) if out.dtype.kind == "f" else np.float64)
            out[at == len(table) - 1] = np.nan
        return out

    def build(self, columns: Sequence[Any], n: int) -> Any:
        import pandas as pd

        index = pd.RangeIndex(n)
        # left to itself, pandas would turn objects that are all text into its own type of text
        parts = [
            pd.Series(c, index=index, dtype=object) if getattr(c, "dtype", None) == np.dtype(object) else c
            for c in columns
        ]
        frame = pd.DataFrame(dict(enumerate(parts)), index=index, copy=False)
        frame.columns = self.columns
        return frame

    def table(self, x: Floats) -> Any:
        if not self.plain:
            return None
        # one array per column, each in one piece: what models ask for next is columns
        return self.build(list(np.ascontiguousarray(x.T)), len(x)) if len(x) else None


def as_floats(values: Any, name: str) -> Floats:
    """Return a column of numbers as float64, a blank as NaN.

    Raises
    ------
    DataError
        It holds text, dates or categories.
    """
    kind = getattr(values.dtype, "kind", "O")
    try:
        if kind == "O" or not isinstance(values.dtype, np.dtype):
            import pandas as pd

            series = pd.Series(values)
            blank = series.isna().to_numpy()
            out = np.full(len(series), np.nan)
            out[~blank] = series[~blank].to_numpy(dtype=float) if not blank.all() else np.nan
            return out
        if kind in "biuf":
            return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        pass
    raise DataError(f"column {name!r} must hold numbers, got {values.dtype}")


def objects(items: Sequence[Any]) -> NDArray[Any]:
    """Return an array of Python objects, one an item, also where items are sequences themselves."""
    out = np.empty(len(items), dtype=object)
    out[:] = items if not any(isinstance(item, list | tuple | np.ndarray) for item in items) else None
    for i, item in enumerate(items):
        out[i] = item
    return out


def distinct_values(values: Any) -> tuple[Positions, list[Any]]:
    """Return which of its distinct values each entry is, -1 for a blank, and those values."""
    import pandas as pd

    try:
        codes, uniques = pd.factorize(values)
    except TypeError:  # lists and other things that have no hash
        return _distinct_slowly(values)
    found = list(uniques)
    if values.dtype == object and not all(isinstance(value, str) for value in found):
        # 1, 1.0 and True are equal, and a column of objects may hold them side by side
        return _distinct_slowly(values)
    return np.asarray(codes, dtype=np.intp), found


def _distinct_slowly(values: Any) -> tuple[Positions, list[Any]]:
    import pandas as pd

    codes = np.full(len(values), -1, dtype=np.intp)
    where: dict[Any, int] = {}
    found: list[Any] = []
    for i, value in enumerate(values):
        if not (pd.api.types.is_scalar(value) and pd.isna(value)):
            key = (type(value).__name__, repr(value))
            if key not in where:
                where[key] = len(found)
                found.append(value)
            codes[i] = where[key]
    return codes, found


def _plain_number(x: Floats, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype == np.float64:
        return np.ascontiguousarray(x)
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return x.astype(dtype)
    if np.isnan(x).any():
        return np.ascontiguousarray(x)
    if dtype.kind == "O":
        return x.astype(object)
    return x != 0 if dtype.kind == "b" else whole(x, dtype)


def _blank_of(series: Any) -> Any:
    """Return the blank that a column of objects uses: None or NaN."""
    if series.dtype != object:
        return np.nan
    blanks = series[series.isna()]
    return blanks.iloc[0] if len(blanks) else np.nan
