"""What stands in each column of a frame, whatever kind of frame it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.core.examples import Floats
from sparring.core.space import Label
from sparring.errors import DataError


@dataclass(frozen=True, eq=False)
class Observed:
    """One column as it was seen.

    Parameters
    ----------
    name : str
    values : ndarray of shape (n_filled,) or None
        Of a column of numbers; None otherwise.
    labels : tuple or None
        Distinct values of a column of texts, truth values or categories, in order; None for what is neither.
    filled, blanks : int
        How many rows have a value and how many have none.
    domain : bool
        Whether the column's type says that it holds categories.
    narrow : bool
        Whether numbers have less than double precision.
    whole : bool
        Whether the column's type holds whole numbers only.
    """

    name: str
    values: Floats | None = None
    labels: tuple[Label, ...] | None = None
    filled: int = 0
    blanks: int = 0
    domain: bool = False
    narrow: bool = False
    whole: bool = False

    def joined(self, other: Observed | None) -> Observed:
        """Return this column with further rows of it; rows of another type are left out."""
        if other is None:
            return self
        filled, blanks = self.filled + other.filled, self.blanks + other.blanks
        if self.values is not None and other.values is not None:
            values = np.concatenate([self.values, other.values])
            narrow = self.narrow or other.narrow
            whole = self.whole or other.whole
            return Observed(self.name, values, filled=filled, blanks=blanks, narrow=narrow, whole=whole)
        if self.labels is not None and other.labels is not None:
            new = [label for label in other.labels if label not in set(self.labels)]
            labels = _ordered([*self.labels, *new])
            return Observed(self.name, labels=labels, filled=filled, blanks=blanks, domain=self.domain)
        return self


def _ordered(labels: list[Any]) -> tuple[Label, ...]:
    return tuple(sorted(labels, key=lambda label: (isinstance(label, str), label)))


def observe(frame: Any) -> list[Observed]:
    """Look at each column of a DataFrame, a pyarrow table or a two-dimensional array.

    Raises
    ------
    DataError
        Two columns have one name, or this is no table.
    """
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2:
            raise DataError(f"rows must form a table of two dimensions, got {frame.ndim}")
        return [_array(f"x{j}", frame[:, j]) for j in range(frame.shape[1])]
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise DataError(f"rows must be a DataFrame, a pyarrow table or an array, got {type(frame).__name__}") from None
    except nw.exceptions.DuplicateError:
        raise DataError("each column must have a name of its own, and two share one; rename one of them") from None
    return [_series(str(name), table.get_column(name)) for name in table.columns]


def _array(name: str, values: np.ndarray) -> Observed:
    if values.dtype.kind in "iuf":
        narrow = values.dtype.kind == "f" and values.dtype.itemsize < 8
        return _numbers(name, values.astype(float), blanks=0, narrow=narrow, whole=values.dtype.kind != "f")
    if values.dtype.kind in "bUO":
        kept = [value for value in values.tolist() if not (value is None or _is_nan(value))]
        return _labels(name, kept, filled=len(kept), blanks=len(values) - len(kept))
    return Observed(name, filled=len(values))


def _series(name: str, series: Any) -> Observed:
    import narwhals as nw

    dtype = series.dtype
    blanks = int(series.null_count())
    filled = len(series) - blanks
    if dtype.is_integer() or dtype.is_float():
        values = np.asarray(series.drop_nulls().to_numpy(), dtype=float)
        return _numbers(name, values, blanks=blanks, narrow=dtype == nw.Float32, whole=dtype.is_integer())
    if dtype in (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object):
        try:
            distinct = series.drop_nulls().unique().to_list()
        except TypeError:  # lists and other things that have no hash
            return Observed(name, filled=filled, blanks=blanks)
        return _labels(name, distinct, filled=filled, blanks=blanks, domain=dtype in (nw.Categorical, nw.Enum))
    return Observed(name, filled=filled, blanks=blanks)


def _numbers(name: str, values: Floats, *, blanks: int, narrow: bool, whole: bool) -> Observed:
    kept = values[~np.isnan(values)]
    blanks += len(values) - len(kept)
    return Observed(name, kept, filled=len(kept), blanks=blanks, narrow=narrow, whole=whole)


def _labels(name: str, values: list[Any], *, filled: int, blanks: int, domain: bool = False) -> Observed:
    plain = [_plain(value) for value in values]
    kinds = {type(value) for value in plain}
    # True equals 1: as labels they cannot be told apart
    if not all(map(_is_label, plain)) or (bool in kinds and kinds & {int, float}):
        return Observed(name, filled=filled, blanks=blanks)
    return Observed(name, labels=_ordered(list(dict.fromkeys(plain))), filled=filled, blanks=blanks, domain=domain)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _is_label(value: Any) -> bool:
    return isinstance(value, bool | int | str) or (isinstance(value, float) and bool(np.isfinite(value)))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
