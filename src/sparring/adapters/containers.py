"""What users keep rows in: pandas, polars and pyarrow frames and numpy arrays, behind one small interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Bools, Floats
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
        """Column `j` of `frame` as numbers, shape (n,), a blank as NaN; raises DataError where it holds others."""

    @abstractmethod
    def distinct(self, frame: Any, j: int) -> tuple[Positions, list[Any]]:
        """Which of the distinct values of column `j` each row has, -1 for a blank, and those values."""

    @abstractmethod
    def storage(self, j: int) -> str:
        """What column `j` is kept in: a name of a numpy dtype of numbers, 'bool', 'category' or 'object'."""

    @abstractmethod
    def number(self, j: int, x: Floats) -> Any:
        """Values of a column of numbers in its own dtype, ready for `build`."""

    @abstractmethod
    def lookup(self, j: int, items: Sequence[Any]) -> Any:
        """Return `items` in the dtype of column `j`, followed by one blank: what `pick` picks from."""

    @abstractmethod
    def pick(self, table: Any, at: Positions, *, blanks: bool) -> Any:
        """Entries of a `lookup` at positions `at`, ready for `build`; `blanks` says whether any is the blank."""

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
        return _distinct(frame[:, j])

    def storage(self, j: int) -> str:
        return self.dtype.name

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
        return _distinct(frame.iloc[:, j])

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
            return (
                pd.array(np.where(blank, None, x.astype(object)), dtype=dtype)
                if blank.any()
                else pd.array(x, dtype=dtype)
            )
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
            return dtype, np.append(dtype.categories.get_indexer(list(items)), -1).astype(np.intp)
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

        frame = pd.DataFrame(dict(enumerate(columns)), index=pd.RangeIndex(n), copy=False)
        frame.columns = self.columns
        return frame

    def table(self, x: Floats) -> Any:
        if not self.plain:
            return None
        # one array per column, each in one piece: what models ask for next is columns
        return self.build(list(np.ascontiguousarray(x.T)), len(x)) if len(x) else None


class NativeContainer(Container):
    """A polars DataFrame or a pyarrow Table; every dtype has a blank."""

    def __init__(self, frame: Any) -> None:
        import narwhals as nw

        self.arrow = type(frame).__module__.partition(".")[0] == "pyarrow"
        try:
            table = nw.from_native(frame, eager_only=True)
        except nw.exceptions.DuplicateError:
            raise DataError("each column must have a name of its own, and two share one; rename one of them") from None
        self.names = tuple(table.columns)
        self.kinds = list(table.schema.values())
        self.dtypes = list(frame.schema.types) if self.arrow else list(frame.dtypes)

    def floats(self, frame: Any, j: int) -> Floats:
        import narwhals as nw

        series = nw.from_native(frame, eager_only=True)[self.names[j]]
        kind = self.kinds[j]
        if not (kind.is_integer() or kind.is_float() or kind == nw.Boolean):
            raise DataError(f"column {self.names[j]!r} must hold numbers, got {kind}")
        return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=float)

    def distinct(self, frame: Any, j: int) -> tuple[Positions, list[Any]]:
        import narwhals as nw

        return _distinct(objects(nw.from_native(frame, eager_only=True)[self.names[j]].to_list()))

    def storage(self, j: int) -> str:
        import narwhals as nw

        kind = self.kinds[j]
        if kind.is_integer() or kind.is_float():
            return str(kind).lower()
        if kind == nw.Boolean:
            return "bool"
        return "category" if kind in (nw.Categorical, nw.Enum) else "object"

    def domain(self, j: int) -> list[Any] | None:
        import narwhals as nw

        if self.kinds[j] == nw.Enum:
            return list(self.kinds[j].categories)
        return [False, True] if self.kinds[j] == nw.Boolean else None

    def number(self, j: int, x: Floats) -> Any:
        kind = np.dtype(self.storage(j))
        blank: Bools = np.isnan(x)
        filled = np.where(blank, 0.0, x)
        values = filled != 0 if kind.kind == "b" else filled if kind.kind == "f" else whole(filled, kind)
        return self._native(values, j, blank)

    def _native(self, values: Any, j: int, blank: Bools) -> Any:
        if self.arrow:
            import pyarrow as pa

            return pa.array(values, mask=blank).cast(self.dtypes[j])
        import polars as pl

        series = pl.Series(self.names[j], values).cast(self.dtypes[j])
        return series.set(pl.Series(blank), None) if blank.any() else series

    def lookup(self, j: int, items: Sequence[Any]) -> Any:
        if self.arrow:
            import pyarrow as pa

            kind = self.dtypes[j]
            if pa.types.is_dictionary(kind):
                return pa.array([*items, None], type=kind.value_type).cast(kind)
            return pa.array([*items, None], type=kind)
        import polars as pl

        return pl.Series(self.names[j], [*items, None], dtype=self.dtypes[j])

    def pick(self, table: Any, at: Positions, *, blanks: bool) -> Any:
        return table.take(at) if self.arrow else table.gather(at)

    def build(self, columns: Sequence[Any], n: int) -> Any:
        if self.arrow:
            import pyarrow as pa

            return pa.table(list(columns), names=list(self.names))
        import polars as pl

        return pl.DataFrame(list(columns))


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


def _distinct(values: Any) -> tuple[Positions, list[Any]]:
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
