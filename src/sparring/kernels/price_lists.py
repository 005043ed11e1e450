"""Price lists: which cells of a column a tree tells apart, and what each of its leaves asks of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.cells import Int32s
from sparring.kernels.compiled import inner
from sparring.kernels.leaves import Leaves


class Prices(NamedTuple):
    """Pairs of tree and column, the tree's segments in each, and what the tree stated for them.

    Parameters
    ----------
    pair_start : ndarray of shape (n_trees + 1,)
        The pairs of each tree are numbered consecutively.
    owner : ndarray of shape (n_pairs,)
        The tree of each pair.
    by_column : ndarray of shape (n_pairs,)
        The pairs of each column, column by column.
    column_start : ndarray of shape (d + 1,)
        Where they begin.
    segment_start : ndarray of shape (n_pairs + 1,)
        The segments of each pair are numbered consecutively.
    span : ndarray of shape (n_segments, 2)
        First and last cell of each.
    entry_start : ndarray of shape (n_pairs + 1,)
        Each pair has one entry for each leaf of its tree, numbered consecutively.
    run_start : ndarray of shape (n_entries + 1,)
        Where the entry's runs begin.
    run : ndarray of shape (n_runs, 2)
        First and last segment of the runs that the leaf lets through.
    stated : ndarray of shape (n_segments,)
        What the tree stated, its min-marginal less the price.
    cheapest : ndarray of shape (n_segments,)
        Least price of the segment's cells.
    part : ndarray of shape (n_entries,)
        Least price of the cells that the leaf lets through.
    cost : ndarray of shape (n_leaves,)
        Value and all parts; infinite where a column has no cell for the leaf.
    mean : ndarray of shape (n_cells,)
        Mean over a column's trees of what they stated; infinite for cells out of reach.
    n_open : ndarray of shape (n_pairs,)
        Segments with a cell in reach; 0 where the tree has one leaf left.
    active_end : ndarray of shape (d,)
        The first pairs of each column, up to here, are those whose tree tells cells in reach apart.
    table : ndarray
        Least means of 1, 2, 4, ... cells from each one on, level by level.
    """

    pair_start: Int32s
    owner: Int32s
    by_column: Int32s
    column_start: Int32s
    segment_start: Int32s
    span: Int32s
    entry_start: Int32s
    run_start: Int32s
    run: Int32s
    stated: Floats
    cheapest: Floats
    part: Floats
    cost: Floats
    mean: Floats
    n_open: Int32s
    active_end: Int32s
    table: Floats


class Reach(NamedTuple):
    """Which cells are in reach: those between two of their column, and nearer than a limit.

    Parameters
    ----------
    low, high : ndarray of shape (d,)
        First and last cell.
    fee : float
        What every column costs that leaves its own cell; added to the score.
    """

    low: Int32s
    high: Int32s
    fee: float


@inner
def column_of_conditions(leaves: Leaves) -> Int32s:
    """Return the column of each condition, shape (n_conditions,)."""
    column = np.empty(leaves.leaf.shape[0], np.int32)
    for j in range(leaves.own.shape[0]):
        for c in range(leaves.column_start[j], leaves.column_start[j + 1]):
            column[c] = j
    return column


@inner
def _pairs(leaves: Leaves, column_of: Int32s) -> tuple[Int32s, Int32s, Int32s]:
    """List the columns that each tree asks about.

    Returns
    -------
    pair_start, owner : ndarray
        As in Prices.
    column : ndarray of shape (n_pairs,)
    """
    n_trees = leaves.tree_start.shape[0] - 1
    d = leaves.own.shape[0]
    pair_start = np.zeros(n_trees + 1, np.int32)
    owner, column = np.empty(n_trees * d, np.int32), np.empty(n_trees * d, np.int32)
    seen = np.full(d, -1, np.int32)
    n = np.int64(0)
    for t in range(n_trees):
        for m in range(leaves.member_start[leaves.tree_start[t]], leaves.member_start[leaves.tree_start[t + 1]]):
            j = np.int64(column_of[leaves.member[m]])
            if seen[j] != t:
                seen[j], owner[n], column[n] = t, t, j
                n += 1
        pair_start[t + 1] = n
    return pair_start, owner[:n].copy(), column[:n].copy()


@inner
def _by_column(column: Int32s, d: int) -> tuple[Int32s, Int32s]:
    """Return the pairs of each column, and where they begin."""
    start, following, pairs = np.zeros(d + 1, np.int32), np.zeros(d, np.int32), np.empty(column.shape[0], np.int32)
    for p in range(column.shape[0]):
        start[column[p] + 1] += 1
    for j in range(d):
        start[j + 1] += start[j]
        following[j] = start[j]
    for p in range(column.shape[0]):
        pairs[following[column[p]]] = p
        following[column[p]] += 1
    return pairs, start


@inner
def _segments(
    leaves: Leaves, column_of: Int32s, pair_start: Int32s, column: Int32s
) -> tuple[Int32s, Int32s, Int32s, Int32s]:
    """Cut each column where its tree cuts it.

    Returns
    -------
    segment_start, span : ndarray
        As in Prices.
    run_segment : ndarray of shape (n_runs, 2)
        The segments that each of the leaves' runs begins and ends with.
    """
    cell_start, runs, run_start, d = leaves.cell_start, leaves.runs, leaves.run_start, leaves.own.shape[0]
    n_cells = np.int64(cell_start[d])
    cut, number = np.full(n_cells + d + 1, -1, np.int32), np.empty(n_cells + 1, np.int32)
    segment_start = np.zeros(column.shape[0] + 1, np.int32)
    most = 0
    for p in range(column.shape[0]):
        most += cell_start[column[p] + 1] - cell_start[column[p]]
    span, run_segment = np.empty((most, 2), np.int32), np.empty((runs.shape[0], 2), np.int32)
    n = np.int64(0)
    for t in range(pair_start.shape[0] - 1):
        first, last = leaves.member_start[leaves.tree_start[t]], leaves.member_start[leaves.tree_start[t + 1]]
        for m in range(first, last):
            c = leaves.member[m]
            at = cell_start[column_of[c]] + column_of[c]  # one more place than cells: the end of the last
            for r in range(run_start[c], run_start[c + 1]):
                cut[at + runs[r, 1]] = t
                cut[at + runs[r, 2] + 1] = t
        for p in range(pair_start[t], pair_start[t + 1]):
            j = column[p]
            for k in range(cell_start[j + 1] - cell_start[j]):
                if k == 0 or cut[cell_start[j] + j + k] == t:
                    span[n, 0] = k
                    n += 1
                span[n - 1, 1] = k
                number[cell_start[j] + k] = n - 1
            segment_start[p + 1] = n
        for m in range(first, last):
            c = leaves.member[m]
            at = cell_start[column_of[c]]
            for r in range(run_start[c], run_start[c + 1]):
                run_segment[r, 0], run_segment[r, 1] = number[at + runs[r, 1]], number[at + runs[r, 2]]
    return segment_start, span[:n].copy(), run_segment, number


@inner
def _entries(
    leaves: Leaves, column_of: Int32s, pair_start: Int32s, column: Int32s, segment_start: Int32s, run_segment: Int32s
) -> tuple[Int32s, Int32s, Int32s]:
    """Write down, for every leaf and every column of its tree, which segments it lets through.

    Returns
    -------
    entry_start, run_start, run
        As in Prices.
    """
    tree_start, member_start, member = leaves.tree_start, leaves.member_start, leaves.member
    n_pairs = column.shape[0]
    entry_start = np.zeros(n_pairs + 1, np.int32)
    for t in range(pair_start.shape[0] - 1):
        for p in range(pair_start[t], pair_start[t + 1]):
            entry_start[p + 1] = entry_start[p] + tree_start[t + 1] - tree_start[t]
    n = np.int64(entry_start[n_pairs])
    condition, slot = np.full(n, -1, np.int32), np.empty(leaves.own.shape[0], np.int32)
    run_start, run = np.empty(n + 1, np.int32), np.empty((n + run_segment.shape[0], 2), np.int32)
    for t in range(pair_start.shape[0] - 1):
        for p in range(pair_start[t], pair_start[t + 1]):
            slot[column[p]] = p
        for i in range(tree_start[t], tree_start[t + 1]):
            for m in range(member_start[i], member_start[i + 1]):
                condition[entry_start[slot[column_of[member[m]]]] + i - tree_start[t]] = member[m]
    at = 0
    for p in range(n_pairs):
        for e in range(entry_start[p], entry_start[p + 1]):
            run_start[e] = at
            c = condition[e]
            if c < 0:
                run[at, 0], run[at, 1] = segment_start[p], segment_start[p + 1] - 1
                at += 1
            else:
                for r in range(leaves.run_start[c], leaves.run_start[c + 1]):
                    run[at, 0], run[at, 1] = run_segment[r, 0], run_segment[r, 1]
                    at += 1
    run_start[n] = at
    return entry_start, run_start, run[:at].copy()


@inner
def new_prices(leaves: Leaves) -> Prices:
    """Set up prices, all of them zero."""
    d = leaves.own.shape[0]
    column_of = column_of_conditions(leaves)
    pair_start, owner, column = _pairs(leaves, column_of)
    by_column, column_start = _by_column(column, d)
    segment_start, span, run_segment, _ = _segments(leaves, column_of, pair_start, column)
    entry_start, run_start, run = _entries(leaves, column_of, pair_start, column, segment_start, run_segment)
    widest = np.int64(1)
    for j in range(d):
        widest = max(widest, np.int64(leaves.cell_start[j + 1] - leaves.cell_start[j]))
    levels = 1
    while 2**levels <= widest:
        levels += 1
    return Prices(
        pair_start,
        owner,
        by_column,
        column_start,
        segment_start,
        span,
        entry_start,
        run_start,
        run,
        np.zeros(span.shape[0]),
        np.zeros(span.shape[0]),
        np.zeros(run_start.shape[0] - 1),
        np.zeros(leaves.value.shape[0]),
        np.zeros(leaves.entry.shape[0]),
        np.zeros(column.shape[0], np.int32),
        column_start[1:].copy(),
        np.zeros((levels, widest + 1)),
    )
