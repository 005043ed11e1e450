"""A pandas model as a matrix in [0, 1], the way those wrap it whose tool knows numbers on one scale only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.exchange import FrameModel
from sparring.core.space import Column


def wrapped(model: Any, columns: Sequence[Column]) -> FrameModel:
    """Wrap a model; numbers are scaled by their range, categories are positions among all of them."""
    return FrameModel(model, [_described(column) for column in columns])


def matrix(frame: pd.DataFrame, columns: Sequence[Column]) -> np.ndarray:
    """Return the rows as the wrapped model takes them, shape (n, d)."""
    return np.column_stack([_scaled(frame[column.name], column) for column in columns])


def _described(column: Column) -> dict[str, Any]:
    if column.kind == "category":
        return {"name": column.name, "categories": list(column.categories)}
    low, high = _range(column)
    return {"name": column.name, "low": low, "width": high - low}


def _scaled(values: pd.Series, column: Column) -> np.ndarray:
    if column.kind == "category":
        codes = values.cat.set_categories(list(column.categories)).cat.codes
        return np.asarray(codes, dtype=float) / (len(column.categories) - 1)
    low, high = _range(column)
    return (values.to_numpy(float) - low) / (high - low)


def _range(column: Column) -> tuple[float, float]:
    assert column.low is not None
    assert column.high is not None
    return column.low, column.high
