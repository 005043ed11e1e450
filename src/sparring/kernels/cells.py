"""A tree ensemble in cells: every column is cut where some tree cuts it, and comparisons become integers.

Cell k of a column holds the numbers from edge k - 1 up to, and not including, edge k; the cell after the last holds a
blank. Edges are float64 numbers that stand exactly where the model's own comparison changes its mind, whatever dtype
it casts to, so that nothing beyond this file has to think about rounding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import LEAF, TreeEnsemble
from sparring.core.space import TableSpace
from sparring.kernels.compiled import inner

Int32s = NDArray[np.int32]
Bytes = NDArray[np.uint8]
FLOAT32_MAX = float(np.finfo(np.float32).max)
# between the largest float32 and what would follow it; from here on a number is rounded to infinity
FLOAT32_OVERFLOW = FLOAT32_MAX + 2.0**103


class CellTrees(NamedTuple):
    """Trees over cells; a named tuple, since that is what compiled code takes apart.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes, 4)
        Column (-1: a leaf), test, left child, right child. In a plain column a row goes left iff its cell is at most
        the test; in a column of sets iff ``sides[test + cell]``.
    missing_left : ndarray of shape (n_nodes,)
    roots : ndarray of shape (n_trees,)
    edges : ndarray
        Edges of all columns, end to end.
    edge_start : ndarray of shape (d + 1,)
        Where each column's edges begin.
    by_set : ndarray of shape (d,)
        Which columns are tested by membership.
    sides : ndarray
        Rows of 0 and 1 over the cells of one column, its blank last.
    depth : int
        Longest path from a root to a leaf.
    """

    nodes: Int32s
    missing_left: Bytes
    roots: Int32s
    edges: Floats
    edge_start: Ints
    by_set: Bytes
    sides: Bytes
    depth: int


class Limits(NamedTuple):
    """What may be entered in each column, shape (d,) each; see TableSpace for the meaning.

    Parameters
    ----------
    inverse : ndarray of shape (d,)
        1 / step where multiples of the step are quotients of integers, else 0.
    center : ndarray of shape (d,)
        A usual value, entered (or the nearest to it) where a blank is filled.
    """

    movable: Bytes
    low: Floats
    high: Floats
    rise: Bytes
    fall: Bytes
    step: Floats
    inverse: Floats
    miss: Bytes
    category: Bytes
    spread: Floats
    center: Floats


def limits(space: TableSpace, *, center: Floats) -> Limits:
    """Put the columns table into arrays.

    Parameters
    ----------
    space : TableSpace
    center : ndarray of shape (d,)
        A usual value of each column; NaN is taken as 0.
    """
    step = np.asarray(space.step, dtype=np.float64)
    with np.errstate(divide="ignore"):
        inverse = np.where(step > 0, np.round(1.0 / step), 0.0)
    exact = np.isclose(inverse * step, 1.0, rtol=1e-12) & (inverse > 1)  # as core.space.grid_value decides
    return Limits(
        movable=space.movable.astype(np.uint8),
        low=np.asarray(space.low, dtype=np.float64),
        high=np.asarray(space.high, dtype=np.float64),
        rise=space.may_rise.astype(np.uint8),
        fall=space.may_fall.astype(np.uint8),
        step=step,
        inverse=np.where(exact, inverse, 0.0),
        miss=space.may_miss.astype(np.uint8),
        category=space.categorical.astype(np.uint8),
        spread=np.asarray(space.spread, dtype=np.float64),
        center=np.where(np.isnan(center), 0.0, center).astype(np.float64),
    )


def cell_trees(ensemble: TreeEnsemble) -> CellTrees:
    """Cut every column where some tree cuts it.

    Parameters
    ----------
    ensemble : TreeEnsemble
    """
    edges, start = _edges(ensemble)
    inner = np.asarray(ensemble.column) != LEAF
    by_set = np.zeros(ensemble.n_columns, dtype=np.uint8)
    by_set[ensemble.column[inner & (np.asarray(ensemble.table) >= 0)]] = 1
    test = np.zeros(len(inner), dtype=np.int64)
    column = np.where(inner, ensemble.column, 0)
    plain = inner & (by_set[column] == 0)
    cut = edge_of(np.asarray(ensemble.threshold, dtype=np.float64), ensemble.dtype)
    for j in np.unique(column[plain]):
        here = plain & (column == j)
        test[here] = np.searchsorted(edges[start[j] : start[j + 1]], cut[here])
    sides = _sides(ensemble, edges, start, inner & ~plain, cut=cut, test=test)
    return CellTrees(
        nodes=np.column_stack([ensemble.column, test, ensemble.left, ensemble.right]).astype(np.int32),
        missing_left=np.asarray(ensemble.missing_left).astype(np.uint8),
        roots=np.asarray(ensemble.roots, dtype=np.int32),
        edges=edges,
        edge_start=start,
        by_set=by_set,
        sides=sides,
        depth=_depth(ensemble),
    )


def edge_of(threshold: Floats, dtype: str) -> Floats:
    """Return the least float64 that is not below `threshold` once it is cast to `dtype`.

    Parameters
    ----------
    threshold : ndarray
    dtype : {'float32', 'float64'}

    Returns
    -------
    ndarray
        For each x: ``cast(x) < threshold`` iff ``x < edge``.
    """
    if dtype == "float64":
        return threshold
    with np.errstate(over="ignore", invalid="ignore"):  # thresholds beyond float32, and infinite ones
        above = threshold.astype(np.float32)
        above = np.where(above < threshold, np.nextafter(above, np.float32(np.inf)), above)
        below = np.nextafter(above, np.float32(-np.inf)).astype(np.float64)
        above = above.astype(np.float64)
        middle = below / 2 + above / 2
        middle = np.where(above == np.inf, FLOAT32_OVERFLOW, middle)
        middle = np.where(below == -np.inf, -FLOAT32_OVERFLOW, middle)
        rounded = middle.astype(np.float32).astype(np.float64)
    # halfway rounds to the even neighbor; where that is the lower one, the edge is the next number
    edge = np.where(rounded >= above, middle, np.nextafter(middle, np.inf))
    return np.where(above == -np.inf, -np.inf, edge)


def _edges(ensemble: TreeEnsemble) -> tuple[Floats, Ints]:
    """Collect the edges of each column, sorted and unique, end to end, and where each column's begin."""
    inner = np.asarray(ensemble.column) != LEAF
    plain = inner & (np.asarray(ensemble.table) < 0)
    cut = edge_of(np.asarray(ensemble.threshold, dtype=np.float64), ensemble.dtype)
    order = np.argsort(ensemble.column[plain], kind="stable")
    column = ensemble.column[plain][order]
    cut = cut[plain][order]
    first = np.searchsorted(column, np.arange(ensemble.n_columns + 1))
    found = [[cut[first[j] : first[j + 1]]] for j in range(ensemble.n_columns)]
    of_sets = inner & ~plain
    pairs = np.unique(np.column_stack([ensemble.column[of_sets], ensemble.table[of_sets]]), axis=0)
    for j, table in pairs:
        found[j].append(edge_of(np.asarray(ensemble.tables[table].breaks, dtype=np.float64), ensemble.dtype))
    each = [np.unique(np.concatenate(parts)) for parts in found]
    start = np.concatenate([[0], np.cumsum([len(part) for part in each])]).astype(np.int64)
    return np.concatenate([np.empty(0), *each]), start


def _sides(ensemble: TreeEnsemble, edges: Floats, start: Ints, which: Bools, *, cut: Floats, test: Ints) -> Bytes:
    """Write out, for each kind of test in columns of sets, which cells go left; put its place into `test`."""
    rows: dict[tuple[int, int, float, bool], int] = {}
    parts: list[Bytes] = [np.empty(0, dtype=np.uint8)]
    size = 0
    for i in np.flatnonzero(which):
        j, table, blank = int(ensemble.column[i]), int(ensemble.table[i]), bool(ensemble.missing_left[i])
        key = (j, table, 0.0 if table >= 0 else float(cut[i]), blank)
        if key not in rows:
            mine = edges[start[j] : start[j + 1]]
            if table >= 0:
                breaks = edge_of(np.asarray(ensemble.tables[table].breaks, dtype=np.float64), ensemble.dtype)
                # cell k lies at or above edge k - 1; the first lies below them all
                interval = np.searchsorted(breaks, np.concatenate([[-np.inf], mine]), side="right")
                interval[0] = 0
                left = np.asarray(ensemble.tables[table].left)[interval]
            else:
                left = np.arange(len(mine) + 1) <= np.searchsorted(mine, cut[i])
            row = np.concatenate([left, [blank]]).astype(np.uint8)
            rows[key] = size
            size += len(row)
            parts.append(row)
        test[i] = rows[key]
    return np.concatenate(parts)


def _depth(ensemble: TreeEnsemble) -> int:
    level = np.asarray(ensemble.roots)
    depth = 0
    while len(level):
        level = level[np.asarray(ensemble.column)[level] != LEAF]
        level = np.concatenate([np.asarray(ensemble.left)[level], np.asarray(ensemble.right)[level]])
        depth += 1
    return depth


@inner
def find_cell(trees: CellTrees, j: int, x: float) -> int:
    """Return the cell of column `j` that holds `x`."""
    a, b = trees.edge_start[j], trees.edge_start[j + 1]
    if np.isnan(x):
        return b - a + 1
    while a < b:
        middle = (a + b) // 2
        if trees.edges[middle] <= x:
            a = middle + 1
        else:
            b = middle
    return a - trees.edge_start[j]


@inner
def on_grid(k: float, j: int, limits: Limits) -> float:
    """Return the k-th multiple of column j's step, as core.space.grid_value does."""
    if limits.inverse[j] > 0:
        return k / limits.inverse[j]
    return k * limits.step[j]


@inner
def nearest(x: float, a: float, b: float, j: int, limits: Limits) -> float:
    """Return the number nearest to `x` in [a, b) that may be entered in column `j` instead of it, or NaN."""
    low, high = max(a, limits.low[j]), min(np.nextafter(b, -np.inf), limits.high[j])
    start = x
    if np.isnan(x):
        start = limits.center[j]
    elif not limits.rise[j]:
        high = min(high, x)
    if not np.isnan(x) and not limits.fall[j]:
        low = max(low, x)
    value = min(max(start, low), high)
    if not limits.movable[j] or low > high or np.isinf(value):
        return np.nan
    if limits.step[j] > 0:
        return _grid_between(value, low, high, j, limits)
    if value != start:
        # numbers that float32 holds survive a column of that dtype; a millionth of a spread is no price
        short = np.float32(value)
        if short < low:
            short = np.nextafter(short, np.float32(np.inf))
        elif short > high:
            short = np.nextafter(short, np.float32(-np.inf))
        wide = np.float64(short)
        if low <= wide <= high and abs(wide - value) <= 1e-6 * limits.spread[j]:
            return wide
    return value


@inner
def _grid_between(value: float, low: float, high: float, j: int, limits: Limits) -> float:
    """Return the multiple of the step in [low, high] nearest to `value`, itself in there, or NaN."""
    k = np.floor(value / limits.step[j] + 0.5)
    best = np.nan
    for shift in range(-1, 2):
        candidate = on_grid(k + shift, j, limits)
        if low <= candidate <= high and not abs(candidate - value) >= abs(best - value):
            best = candidate
    return best


@inner
def distance_of(x: float, value: float, j: int, limits: Limits) -> float:
    """Return the size in spreads of entering number `value` instead of `x`, another one, in column `j`; inf for NaN."""
    if np.isnan(value):
        return np.inf
    if limits.category[j] or np.isnan(x):
        return 1.0
    return abs(value - x) / limits.spread[j]
