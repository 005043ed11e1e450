"""Large data: which rows of them are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparring.core.examples import Examples, Ints

MOST_ROWS = 100_000
"""Rows that are looked at; an interval that rests on as many is narrower than half a percent."""

COPIED_ENTRIES = 1e8
"""Entries that are compared in looking for the nearest real rows; a few seconds."""


def draw(X: Any, y: Any, *, at_most: int | None = None) -> tuple[Any, Any, Ints, int | None]:
    """Draw rows where there are more than can be looked at: at random, and for as many rows always the same.

    Parameters
    ----------
    X : DataFrame, Table or ndarray of shape (n, d)
    y : array_like of shape (n,)
    at_most : int, optional
        Fewer than `MOST_ROWS`, where a model may not be asked about so many.

    Returns
    -------
    X, y : object
        Of the kinds given; as they were where all rows stay, or where their numbers differ.
    ids : ndarray of int
        Position of each row in what was given, increasing.
    read : int or None
        Rows that were given; None: all of them stay.
    """
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    most = MOST_ROWS if at_most is None else min(MOST_ROWS, at_most)
    if n <= most or n != len(y):
        return X, y, np.arange(n, dtype=np.int64), None
    # not the run's own seed: an interrupted run must find the same rows again, also where its seed was drawn
    ids = np.sort(np.random.default_rng(n).choice(n, size=most, replace=False)).astype(np.int64)
    return take(X, ids), take(y, ids), ids, n


def take(rows: Any, ids: Ints) -> Any:
    """Return some rows of a table or of labels, in the same container."""
    if hasattr(rows, "iloc"):
        return rows.iloc[ids].reset_index(drop=True)
    if hasattr(rows, "gather"):  # polars' series
        return rows.gather(ids)
    if isinstance(rows, np.ndarray) or type(rows).__module__.partition(".")[0] == "polars":
        return rows[ids]
    if hasattr(rows, "take"):  # pyarrow
        return rows.take(ids)
    return [rows[i] for i in ids.tolist()]


def donors(background: Examples, *, attacked: int) -> Examples:
    """Return real rows to copy from; with hundreds of columns fewer of them, spread over all.

    Parameters
    ----------
    background : Examples
    attacked : int
        Rows that each of them is compared with.
    """
    n, most = len(background), max(50, int(COPIED_ENTRIES / max(1, attacked * background.x.shape[1])))
    return background if n <= most else background.take(np.linspace(0, n - 1, most).astype(np.int64))
