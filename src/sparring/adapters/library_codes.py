"""What XGBoost and LightGBM compute with for a frame: their own codes of categories, everything else as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from sparring.adapters.preprocess import numbers
from sparring.core.examples import Floats
from sparring.errors import ModelError


def coded(rows: Any, *, categories: Mapping[int, Sequence[Any]], refuse_unknown: bool) -> Floats:
    """Return a frame as numbers.

    Parameters
    ----------
    rows : DataFrame or ndarray of shape (n, d)
    categories : mapping of int to sequence
        The model's own categories of a column, in the order of its codes; a column without gets the codes of its dtype.
    refuse_unknown : bool
        Whether a category that is not among the model's own is an error; a blank otherwise.

    Raises
    ------
    ModelError
        A category is unknown and refused.
    """
    if not hasattr(rows, "iloc"):
        return numbers(rows.to_pandas() if hasattr(rows, "to_pandas") else rows)
    out = np.empty(rows.shape)
    for j in range(rows.shape[1]):
        series = rows.iloc[:, j]
        if not hasattr(series.dtype, "categories"):
            out[:, j] = series.to_numpy(dtype=float, na_value=np.nan)
            continue
        codes = series.cat.codes.to_numpy()
        own = list(series.cat.categories)
        known = {value: float(i) for i, value in enumerate(categories.get(j, own))}
        table = np.array([*(known.get(value, np.nan) for value in own), np.nan])
        if refuse_unknown and np.isnan(table[codes[codes >= 0]]).any():
            raise ModelError("a category is unknown to the model, which refuses it")
        out[:, j] = table[codes]
    return out


def xgboost_matrix(model: Any) -> Callable[[Any], Floats]:
    """Return what turns a frame into the numbers that an XGBoost model computes with."""
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    coding = partial(coded, categories=stored_categories(booster), refuse_unknown=True)
    if json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] == "gblinear":
        # a linear booster leaves blanks out of its sum
        return lambda rows: np.nan_to_num(coding(rows), nan=0.0)
    return coding


def stored_categories(booster: Any) -> dict[int, list[Any]]:
    """Return the categories of each categorical column that an XGBoost model holds (3.1 and later)."""
    kinds = booster.feature_types or []
    if "c" not in kinds or not hasattr(booster, "get_categories"):
        return {}
    stored = booster.get_categories(export_to_arrow=True)
    pairs = stored.to_arrow() if stored is not None and not stored.empty() else []
    return {j: array.to_pylist() for j, (_, array) in enumerate(pairs) if array is not None}


def lightgbm_matrix(model: Any) -> Callable[[Any], Floats]:
    """Return what turns a frame into the numbers that a LightGBM model computes with."""
    booster = getattr(model, "booster_", model)
    return partial(_lightgbm, lists=tuple(booster.pandas_categorical or ()))


def _lightgbm(rows: Any, *, lists: tuple[Sequence[Any], ...]) -> Floats:
    if not hasattr(rows, "iloc"):
        return coded(rows, categories={}, refuse_unknown=False)
    # the model keeps one list for each column of category dtype, in order
    places = [j for j in range(rows.shape[1]) if hasattr(rows.dtypes.iloc[j], "categories")]
    return coded(rows, categories=dict(zip(places, lists, strict=False)), refuse_unknown=False)
