"""A bound from below on the score of every row in a box of cells: each tree on its own, held together by prices.

Every tree gets its own copy of the row and pays a price for the cell that each of its columns is in; the prices of a
cell add up to zero over the trees, so that the sum of the trees' least priced leaves is a bound, whatever the prices
are. They are raised one column at a time: every tree states what it would have to pay with the column in each cell
(its min-marginal), and prices are set so that all trees pay the mean. This is dual block coordinate ascent, known
from MAP inference (Globerson and Jaakkola 2007); here factors are trees.

Only what each tree states is kept, and a tree tells apart only those cells of a column between which it cuts: its
segments. Prices follow: for a cell, the mean over trees less what the tree stated. They add up to zero by
construction, so nothing drifts, and an update costs segments rather than cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.cells import Int32s
from sparring.kernels.compiled import inner
from sparring.kernels.leaves import Leaves

SHORT = 4
"""Cells in a row that are looked through one by one; the least of more is looked up."""


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
    table: Floats


class Reach(NamedTuple):
    """Which cells are in reach: those between two of their column, and nearer than a limit.

    Parameters
    ----------
    low, high : ndarray of shape (d,)
        First and last cell.
    """

    low: Int32s
    high: Int32s


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
        np.zeros((levels, widest + 1)),
    )


@inner
def average(leaves: Leaves, prices: Prices, reach: Reach, limit: float, j: int) -> None:
    """Take the mean of what the trees stated for each cell of column `j`, and least means of cells in a row."""
    mean, table, stated, span = prices.mean, prices.table, prices.stated, prices.span
    start, low, high = np.int64(leaves.cell_start[j]), np.int64(reach.low[j]), np.int64(reach.high[j])
    n_pairs = prices.column_start[j + 1] - prices.column_start[j]
    level = table[0]
    for k in range(low, high + 2):
        level[k] = 0.0
    for q in range(prices.column_start[j], prices.column_start[j + 1]):
        p = prices.by_column[q]
        before = 0.0
        for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
            if span[s, 1] >= low and span[s, 0] <= high:
                level[max(np.int64(span[s, 0]), low)] += stated[s] - before
                before = stated[s]
    so_far = 0.0
    for k in range(low, high + 1):
        so_far += level[k]
        level[k] = so_far / n_pairs if leaves.distance[start + k] < limit else np.inf
        mean[start + k] = level[k]
    width, i = 1, 0
    while 2 * width <= high - low + 1:
        for k in range(low, high + 2 - 2 * width):
            table[i + 1, k] = min(table[i, k], table[i, k + width])
        width, i = 2 * width, i + 1


@inner
def least_mean(table: Floats, first: int, last: int) -> float:
    """Return the least mean of the cells from `first` to `last`; infinite where there are none."""
    if last - first < SHORT:
        least = np.inf
        for k in range(first, last + 1):
            least = min(least, table[0, k])
        return least
    width, i = 2, 1
    while 2 * width <= last - first + 1:
        width, i = 2 * width, i + 1
    return min(table[i, first], table[i, last + 1 - width])


@inner
def find_cheapest(prices: Prices, reach: Reach, j: int, p: int) -> None:
    """Find the least price of each segment of pair `p`, of column `j`."""
    low, high = np.int64(reach.low[j]), np.int64(reach.high[j])
    for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
        first, last = max(np.int64(prices.span[s, 0]), low), min(np.int64(prices.span[s, 1]), high)
        prices.cheapest[s] = least_mean(prices.table, first, last) - prices.stated[s]


@inner
def least_part(prices: Prices, e: int) -> float:
    """Return the least price of the cells that entry `e` lets through."""
    least = np.inf
    for r in range(prices.run_start[e], prices.run_start[e + 1]):
        for s in range(prices.run[r, 0], prices.run[r, 1] + 1):
            least = min(least, prices.cheapest[s])
    return least


@inner
def price_leaves(leaves: Leaves, prices: Prices, reach: Reach, limit: float) -> None:
    """Add up what each leaf costs, anew: cells in reach may have changed."""
    cost, part, entry_start, tree_start = prices.cost, prices.part, prices.entry_start, leaves.tree_start
    for i in range(cost.shape[0]):
        cost[i] = leaves.value[i]
    for j in range(reach.low.shape[0]):
        if prices.column_start[j] == prices.column_start[j + 1]:
            continue
        average(leaves, prices, reach, limit, j)
        for q in range(prices.column_start[j], prices.column_start[j + 1]):
            p = prices.by_column[q]
            find_cheapest(prices, reach, j, p)
            first = tree_start[prices.owner[p]]
            for e in range(entry_start[p], entry_start[p + 1]):
                part[e] = least_part(prices, e)
                cost[first + e - entry_start[p]] += part[e]


@inner
def bound_of(leaves: Leaves, prices: Prices) -> float:
    """Return the sum of the trees' least priced leaves: no row in reach has a lower score."""
    bound = leaves.base
    for t in range(leaves.tree_start.shape[0] - 1):
        least = np.inf
        for i in range(leaves.tree_start[t], leaves.tree_start[t + 1]):
            least = min(least, prices.cost[i])
        bound += least
    return bound


@inner
def state(leaves: Leaves, prices: Prices, p: int, out: Floats) -> None:
    """Write into `out` what the tree of pair `p` would pay for everything but the pair's column in each segment."""
    cost, part, entry_start, run = prices.cost, prices.part, prices.entry_start, prices.run
    for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
        out[s] = np.inf
    first = leaves.tree_start[prices.owner[p]]
    for e in range(entry_start[p], entry_start[p + 1]):
        whole = cost[first + e - entry_start[p]]
        if whole < np.inf:
            rest = whole - part[e]
            for r in range(prices.run_start[e], prices.run_start[e + 1]):
                for s in range(run[r, 0], run[r, 1] + 1):
                    out[s] = min(out[s], rest)


@inner
def reprice(leaves: Leaves, prices: Prices, reach: Reach, limit: float, j: int) -> None:
    """Ask the trees of column `j` anew, and set prices so that all of them pay the mean."""
    cost, part, entry_start, stated = prices.cost, prices.part, prices.entry_start, prices.stated
    cheapest = prices.cheapest
    for q in range(prices.column_start[j], prices.column_start[j + 1]):
        p = prices.by_column[q]
        state(leaves, prices, p, cheapest)
        for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
            if cheapest[s] < np.inf:
                stated[s] = cheapest[s]
    average(leaves, prices, reach, limit, j)
    for q in range(prices.column_start[j], prices.column_start[j + 1]):
        p = prices.by_column[q]
        find_cheapest(prices, reach, j, p)
        first = leaves.tree_start[prices.owner[p]]
        for e in range(entry_start[p], entry_start[p + 1]):
            i = first + e - entry_start[p]
            if cost[i] < np.inf:
                now = least_part(prices, e)
                cost[i] += now - part[e]
                part[e] = now


@inner
def raise_prices(
    leaves: Leaves, prices: Prices, reach: Reach, limit: float, sweeps: int, enough: float, progress: float
) -> tuple[float, int]:
    """Sweep over the columns, there and back, until the bound is enough or hardly grows.

    Parameters
    ----------
    sweeps : int
    enough : float
        The bound that is asked for.
    progress : float
        Share of what is missing that four sweeps must gain.

    Returns
    -------
    bound : float
    used : int
        Sweeps made.
    """
    d = reach.low.shape[0]
    bound = bound_of(leaves, prices)
    before = bound
    for sweep in range(sweeps):
        if bound >= enough:
            return bound, sweep
        for step in range(d):
            j = step if sweep % 2 == 0 else d - 1 - step
            if prices.column_start[j + 1] - prices.column_start[j] > 1:
                reprice(leaves, prices, reach, limit, j)
        bound = bound_of(leaves, prices)
        if sweep % 4 == 3:
            if bound - before < progress * (enough - bound):
                return bound, sweep + 1
            before = bound
    return bound, sweeps
