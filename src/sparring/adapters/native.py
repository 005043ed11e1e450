"""polars and pyarrow tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from sparring.adapters.containers import Container, Positions, distinct_values, objects, whole
from sparring.core.examples import Bools, Floats
from sparring.errors import DataError


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

        return distinct_values(objects(nw.from_native(frame, eager_only=True)[self.names[j]].to_list()))

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
        pl = sys.modules["polars"]  # a frame of it is here, so that it is loaded

        series = pl.Series(self.names[j], values).cast(self.dtypes[j])
        return series.set(pl.Series(blank), None) if blank.any() else series

    def lookup(self, j: int, items: Sequence[Any]) -> Any:
        if self.arrow:
            import pyarrow as pa

            kind = self.dtypes[j]
            if pa.types.is_dictionary(kind):
                return pa.array([*items, None], type=kind.value_type).cast(kind)
            return pa.array([*items, None], type=kind)
        pl = sys.modules["polars"]  # a frame of it is here, so that it is loaded

        return pl.Series(self.names[j], [*items, None], dtype=self.dtypes[j])

    def pick(self, table: Any, at: Positions, *, blanks: bool) -> Any:
        return table.take(at) if self.arrow else table.gather(at)

    def build(self, columns: Sequence[Any], n: int) -> Any:
        if self.arrow:
            import pyarrow as pa

            return pa.table(list(columns), names=list(self.names))
        pl = sys.modules["polars"]  # a frame of it is here, so that it is loaded

        return pl.DataFrame(list(columns))
