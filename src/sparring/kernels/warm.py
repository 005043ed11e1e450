"""Compile the loops ahead of the work, on a model of one split, so that no measured time holds a compiler."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from sparring.core.parameters import TreeEnsemble
from sparring.core.space import Column, TableSpace
from sparring.kernels.branching import USUAL
from sparring.kernels.cells import cell_trees, limits
from sparring.kernels.column_search import single_entries, survey_columns
from sparring.kernels.columns_proof import prove_columns
from sparring.kernels.predict import _add_trees, raw_scores
from sparring.kernels.spread_proof import prove_nearest
from sparring.kernels.spread_search import Settings, nearest_flips

Loops = Literal["scores", "columns", "entries", "spread", "proof", "columns proof"]
COMPILED: dict[Loops, Any] = {
    "scores": _add_trees,
    "columns": survey_columns,
    "entries": single_entries,
    "spread": nearest_flips,
    "proof": prove_nearest,
    "columns proof": prove_columns,
}


def cold(loops: tuple[Loops, ...]) -> bool:
    """Say whether some of these have never been compiled on this machine, or where nothing can be kept."""
    return any(not (COMPILED[name].signatures or _kept(COMPILED[name])) for name in loops)


def _kept(function: Any) -> bool:
    folder, name = function.stats.cache_path, function.py_func.__qualname__
    return folder is not None and any(Path(folder).glob(f"*{name}-*.nbi"))


def warm(loops: tuple[Loops, ...]) -> None:
    """Compile loops, or take them from the cache.

    Each is called once on one row, with arrays made by the code that makes them for any model: the compiler goes by
    their types, and these are then the ones that it meets later.

    Parameters
    ----------
    loops : tuple of {'scores', 'columns', 'entries', 'spread', 'proof', 'columns proof'}
    """
    stump, x = _stump(), np.zeros((1, 1))
    space = TableSpace((Column(name="x", kind="number", who="anyone", low=0.0, high=2.0, spread=1.0),))
    trees, within = cell_trees(stump), limits(space, center=np.zeros(1))
    value = np.asarray(stump.value[:, 0] * 1.0)
    if "scores" in loops:
        raw_scores(stump, x)
    if "columns" in loops:
        least, flip, top = np.empty(1), np.empty((1, 5)), np.empty((1, 2, 5))
        fixed, option = np.zeros((1, 1), dtype=np.bool_), np.empty((1, 1, 4))
        survey_columns(trees, value, 0.0, x, fixed, within, 1, option, least, flip, top)
    if "entries" in loops:
        single_entries(trees, value, x[0], within)
    if "spread" in loops:
        settings, state = Settings(0.02, 1.25, 1, 0, 1), np.ones(1, dtype=np.uint64)
        nearest_flips(trees, value, 0.0, x, np.ones(1), within, settings, 0.0, state, np.zeros(1), x.copy())
    if "proof" in loops:
        prove_nearest(trees, value, 0.0, x, np.ones(1), within, 0.0, 1, USUAL, np.zeros(1), x.copy())
    if "columns proof" in loops:
        prove_columns(trees, value, 0.0, x, within, 0.0, 1, 1, USUAL, np.ones(1))


def _stump() -> TreeEnsemble:
    """One tree with one split: 1 below 1, else -1."""
    return TreeEnsemble(
        column=np.array([0, -1, -1], dtype=np.int32),
        threshold=np.array([1.0, 0.0, 0.0]),
        missing_left=np.zeros(3, dtype=np.bool_),
        left=np.array([1, -1, -1], dtype=np.int32),
        right=np.array([2, -1, -1], dtype=np.int32),
        value=np.array([[0.0], [1.0], [-1.0]]),
        roots=np.zeros(1, dtype=np.int32),
        output=np.zeros(1, dtype=np.int32),
        intercept=np.zeros(1),
        link="logistic",
        n_columns=1,
        dtype="float64",
        table=np.full(3, -1, dtype=np.int32),
    )
