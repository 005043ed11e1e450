"""What one and two columns can do to the score of a row, by enumeration of every cell.

All cells of a column are valued at once. So are all pairs of cells of two columns: with the other columns where they
are, a leaf is a rectangle over the two, and the sum over rectangles is a running sum over their corners.
"""

from __future__ import annotations

import numpy as np

from sparring.core.examples import Bools, Floats
from sparring.kernels.cells import CellTrees, Int32s, Limits
from sparring.kernels.compiled import compiled, inner
from sparring.kernels.leaves import Leaves, leaves_of
from sparring.kernels.moves import Work, fill_profile, new_work, score
from sparring.kernels.pruning import new_draft, new_path, set_box

LEAST, ENTRY, FLIP, FLIP_ENTRY = 0, 1, 2, 3
"""What is kept of a column: the least score and its entry, the least size that flips and its entry."""
SCORE, FIRST, SECOND, FIRST_ENTRY, SECOND_ENTRY = 0, 1, 2, 3, 4
"""What is kept of a pair: its score (or the size that flips), two columns and their entries."""


@inner
def value_singles(leaves: Leaves, work: Work, now: float, fixed: Bools, alone: Floats, option: Floats) -> None:
    """Value every cell of every column that is not fixed.

    Parameters
    ----------
    now : float
        The score of the row as it is.
    alone : ndarray of shape (n_cells,)
        What each cell adds to the score when nothing else moves is written here.
    option : ndarray of shape (d, 4)
        LEAST, ENTRY, FLIP, FLIP_ENTRY of each column; infinite where there is nothing.
    """
    profile, distance, entry, own, start = work.profile, leaves.distance, leaves.entry, leaves.own, leaves.cell_start
    for j in range(own.shape[0]):
        option[j, LEAST], option[j, ENTRY], option[j, FLIP], option[j, FLIP_ENTRY] = np.inf, np.nan, np.inf, np.nan
        if fixed[j]:
            continue
        fill_profile(leaves, work, j)
        for k in range(start[j + 1] - start[j]):
            at = start[j] + k
            alone[at] = profile[k] - profile[own[j]]
            s = now + alone[at]
            if k == own[j] or distance[at] == np.inf:
                continue
            if s < option[j, LEAST]:
                option[j, LEAST], option[j, ENTRY] = s, entry[at]
            if s < 0 and distance[at] < option[j, FLIP]:
                option[j, FLIP], option[j, FLIP_ENTRY] = distance[at], entry[at]


@inner
def pair_items(leaves: Leaves, work: Work, j: int) -> tuple[Int32s, Int32s]:
    """List the leaves that two columns decide about, column `j` and a later one, by that other column.

    Returns
    -------
    start : ndarray of shape (d + 1,)
        Where each other column's part begins.
    item : ndarray of shape (n_items, 2)
        The leaf's condition on column `j`, and its condition on the other.
    """
    column_start, run_start, runs, cell = leaves.column_start, leaves.run_start, leaves.runs, work.cell
    d = cell.shape[0]
    column = np.empty(leaves.leaf.shape[0], np.int32)
    met = np.zeros(leaves.leaf.shape[0], np.uint8)
    for i in range(d):
        for c in range(column_start[i], column_start[i + 1]):
            column[c] = i
            for r in range(run_start[c], run_start[c + 1]):
                if runs[r, 1] <= cell[i] <= runs[r, 2]:
                    met[c] = 1
    start, following = np.zeros(d + 1, np.int32), np.zeros(d, np.int32)
    item = np.empty((0, 2), np.int32)
    for turn in range(2):
        for c in range(column_start[j], column_start[j + 1]):
            leaf = leaves.leaf[c]
            others_broken = work.broken[leaf] - (0 if met[c] else 1)
            for m in range(leaves.member_start[leaf], leaves.member_start[leaf + 1]):
                other = leaves.member[m]
                i = np.int64(column[other])
                if i > j and others_broken == (0 if met[other] else 1):
                    if turn:
                        item[following[i], 0], item[following[i], 1] = c, other
                        following[i] += 1
                    else:
                        start[i + 1] += 1
        if turn == 0:
            for i in range(d):
                start[i + 1] += start[i]
                following[i] = start[i]
            item = np.empty((np.int64(start[d]), 2), np.int32)
    return start, item


@inner
def fill_grid(leaves: Leaves, item: Int32s, first: int, last: int, wide: int, high: int, grid: Floats) -> None:
    """Add up, for every pair of cells, the leaves that two columns decide about; rows of `wide` + 1 numbers each."""
    runs, run_start = leaves.runs, leaves.run_start
    stride = wide + 1
    for g in range((high + 1) * stride):
        grid[g] = 0.0
    for q in range(first, last):
        v = leaves.value[leaves.leaf[item[q, 0]]]
        for a in range(run_start[item[q, 0]], run_start[item[q, 0] + 1]):
            for b in range(run_start[item[q, 1]], run_start[item[q, 1] + 1]):
                top, bottom = runs[a, 1] * stride, (runs[a, 2] + 1) * stride
                grid[top + runs[b, 1]] += v
                grid[top + runs[b, 2] + 1] -= v
                grid[bottom + runs[b, 1]] -= v
                grid[bottom + runs[b, 2] + 1] += v
    for k in range(high):
        across = 0.0
        for m in range(wide):
            across += grid[k * stride + m]
            grid[k * stride + m] = across + (grid[(k - 1) * stride + m] if k else 0.0)


@inner
def search_grid(
    leaves: Leaves, now: float, j: int, i: int, alone: Floats, grid: Floats, flip: Floats, pair: Floats
) -> None:
    """Go through all pairs of cells of two columns.

    Parameters
    ----------
    flip : ndarray of shape (5,)
        SCORE (here the least size that flips) and so on; replaced by what is better.
    pair : ndarray of shape (5,)
        SCORE and so on of this pair of columns is written here.
    """
    start, own, distance, entry = leaves.cell_start, leaves.own, leaves.distance, leaves.entry
    a0, b0, n = start[j], start[i], start[i + 1] - start[i]
    stride, j0, i0 = n + 1, own[j], own[i]
    least, best_k, best_m = np.inf, np.int64(0), np.int64(0)
    for k in range(start[j + 1] - a0):
        near = distance[a0 + k]
        if k == j0 or near == np.inf:
            continue
        rest = now + alone[a0 + k] - grid[k * stride + i0] + grid[j0 * stride + i0]
        for m in range(n):
            s = rest + alone[b0 + m] + grid[k * stride + m] - grid[j0 * stride + m]
            if s < least and m != i0 and distance[b0 + m] < np.inf:
                least, best_k, best_m = s, k, m
            if s < 0 and m != i0 and max(near, distance[b0 + m]) < flip[SCORE]:
                flip[SCORE], flip[FIRST], flip[SECOND] = max(near, distance[b0 + m]), j, i
                flip[FIRST_ENTRY], flip[SECOND_ENTRY] = entry[a0 + k], entry[b0 + m]
    pair[SCORE], pair[FIRST], pair[SECOND] = least, j, i
    pair[FIRST_ENTRY], pair[SECOND_ENTRY] = entry[a0 + best_k], entry[b0 + best_m]


@inner
def value_pairs(
    leaves: Leaves, work: Work, now: float, fixed: Bools, alone: Floats, most: int, flip: Floats, top: Floats
) -> float:
    """Value every pair of cells of every two columns that are not fixed.

    Parameters
    ----------
    most : int
        Pairs of cells that may be valued; with more, nothing is done.
    flip : ndarray of shape (5,)
        The pair that flips with the least size.
    top : ndarray of shape (n, 5)
        The pairs of columns with the least scores, in order.

    Returns
    -------
    float
        The least score; -inf where nothing was done.
    """
    start, d = leaves.cell_start, fixed.shape[0]
    widest, cells, squares = np.int64(0), np.int64(0), np.int64(0)
    for j in range(d):
        if not fixed[j]:
            n = np.int64(start[j + 1] - start[j])
            widest, cells, squares = max(widest, n), cells + n, squares + n * n
    if (cells * cells - squares) // 2 > most:
        return -np.inf
    grid = np.empty((widest + 1) * (widest + 1))
    pair = np.empty(5)
    for j in range(d):
        if fixed[j]:
            continue
        item_start, item = pair_items(leaves, work, j)
        for i in range(j + 1, d):
            if not fixed[i]:
                wide, high = np.int64(start[i + 1] - start[i]), np.int64(start[j + 1] - start[j])
                fill_grid(leaves, item, item_start[i], item_start[i + 1], wide, high, grid)
                search_grid(leaves, now, j, i, alone, grid, flip, pair)
                at = top.shape[0]
                while at > 0 and pair[SCORE] < top[at - 1, SCORE]:
                    at -= 1
                    for q in range(5):
                        if at + 1 < top.shape[0]:
                            top[at + 1, q] = top[at, q]
                        top[at, q] = pair[q]
    return top[0, SCORE]


@compiled
def survey_columns(
    trees: CellTrees,
    value: Floats,
    base: float,
    x: Floats,
    fixed: Bools,
    limits: Limits,
    pair_cells: int,
    option: Floats,
    least: Floats,
    flip: Floats,
    top: Floats,
) -> None:
    """Value every cell of single columns of each row and, if asked, every pair of cells.

    Parameters
    ----------
    trees : CellTrees
    value : ndarray of shape (n_nodes,)
        What each leaf adds to the score.
    base : float
        What is added to all trees.
    x : ndarray of shape (n, d)
    fixed : ndarray of shape (n, d)
        Columns that stay as they are.
    limits : Limits
    pair_cells : int
        Pairs of cells that may be valued for one row; 0: no pairs.
    option : ndarray of shape (n, d, 4)
        LEAST, ENTRY, FLIP, FLIP_ENTRY of each single column are written here.
    least : ndarray of shape (n,)
        The least score of any pair is written here; -inf where pairs were not valued.
    flip : ndarray of shape (n, 5)
        The pair that flips with the least size is written here: that size, columns, entries; infinite where none does.
    top : ndarray of shape (n, beam, 5)
        The pairs of columns with the least scores are written here.
    """
    path, draft = new_path(trees), new_draft()
    for n in range(x.shape[0]):
        set_box(trees, x[n], np.inf, limits, path)
        leaves, draft = leaves_of(trees, value, base, x[n], 2 if pair_cells else 1, limits, path, draft)
        work = new_work(leaves)
        now = score(leaves, work)
        still = np.zeros(x.shape[1], np.bool_)
        for j in range(x.shape[1]):
            within = 0
            for c in range(leaves.cell_start[j], leaves.cell_start[j + 1]):
                within += 1 if leaves.distance[c] < np.inf else 0
            # its own cell is one of them; without another, or a leaf that asks, nothing can change
            still[j] = fixed[n, j] or within < 2 or leaves.column_start[j] == leaves.column_start[j + 1]
        alone = np.zeros(leaves.distance.shape[0])
        value_singles(leaves, work, now, still, alone, option[n])
        flip[n, SCORE], least[n] = np.inf, -np.inf
        for b in range(top.shape[1]):
            top[n, b, SCORE] = np.inf
        if pair_cells:
            least[n] = value_pairs(leaves, work, now, still, alone, pair_cells, flip[n], top[n])


@compiled
def single_entries(trees: CellTrees, value: Floats, x: Floats, limits: Limits) -> tuple[Int32s, Floats, Floats]:
    """List every single entry that some tree could tell from the row's own.

    Parameters
    ----------
    trees : CellTrees
    value : ndarray of shape (n_nodes,)
    x : ndarray of shape (d,)
    limits : Limits

    Returns
    -------
    column : ndarray of shape (n,)
    entry : ndarray of shape (n,)
    distance : ndarray of shape (n,)
        In spreads.
    """
    path, draft = new_path(trees), new_draft()
    set_box(trees, x, np.inf, limits, path)
    leaves, draft = leaves_of(trees, value, 0.0, x, 1, limits, path, draft)
    n = leaves.entry.shape[0]
    column, entry, distance = np.empty(n, np.int32), np.empty(n), np.empty(n)
    n = 0
    for j in range(x.shape[0]):
        for c in range(leaves.cell_start[j], leaves.cell_start[j + 1]):
            if 0 < leaves.distance[c] < np.inf:
                column[n], entry[n], distance[n] = j, leaves.entry[c], leaves.distance[c]
                n += 1
    return column[:n], entry[:n], distance[:n]
