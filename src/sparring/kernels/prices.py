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

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.compiled import inner
from sparring.kernels.leaves import Leaves
from sparring.kernels.price_lists import Prices, Reach

SHORT = 4
"""Cells in a row that are looked through one by one; the least of more is looked up."""


@inner
def average(leaves: Leaves, prices: Prices, reach: Reach, limit: float, j: int) -> None:
    """Take the mean of what the trees stated for each cell of column `j`, and least means of cells in a row."""
    mean, table, stated, span = prices.mean, prices.table, prices.stated, prices.span
    start, low, high = np.int64(leaves.cell_start[j]), np.int64(reach.low[j]), np.int64(reach.high[j])
    n_pairs = prices.active_end[j] - prices.column_start[j]
    level = table[0]
    for k in range(low, high + 2):
        level[k] = 0.0
    for q in range(prices.column_start[j], prices.active_end[j]):
        p = prices.by_column[q]
        before = 0.0
        for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
            if span[s, 1] >= low and span[s, 0] <= high:
                level[max(np.int64(span[s, 0]), low)] += stated[s] - before
                before = stated[s]
    so_far = 0.0
    for k in range(low, high + 1):
        so_far += level[k]
        whole = so_far if k == leaves.own[j] else so_far + reach.fee
        level[k] = whole / n_pairs if leaves.distance[start + k] < limit else np.inf
        mean[start + k] = level[k]
    _fill_levels(table, low, high)


@inner
def _fill_levels(table: Floats, low: int, high: int) -> None:
    """Fill in the least means of 2, 4, ... cells in a row."""
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
def _open_cells(leaves: Leaves, prices: Prices, reach: Reach, limit: float, j: int) -> None:
    """Price the cells of column `j` that are in reach at zero, all others at infinity."""
    start, low, high = np.int64(leaves.cell_start[j]), np.int64(reach.low[j]), np.int64(reach.high[j])
    for k in range(low, high + 1):
        prices.mean[start + k] = 0.0 if leaves.distance[start + k] < limit else np.inf
        prices.table[0, k] = prices.mean[start + k]
    _fill_levels(prices.table, low, high)


@inner
def _keep_live(leaves: Leaves, prices: Prices, reach: Reach, limit: float) -> None:
    """Give leaves out of reach an infinite cost, the others their value; count the open segments of each pair."""
    cost, part, entry_start, tree_start = prices.cost, prices.part, prices.entry_start, leaves.tree_start
    for i in range(cost.shape[0]):
        cost[i] = leaves.value[i]
    for j in range(reach.low.shape[0]):
        _open_cells(leaves, prices, reach, limit, j)
        low, high = np.int64(reach.low[j]), np.int64(reach.high[j])
        for q in range(prices.column_start[j], prices.column_start[j + 1]):
            p = prices.by_column[q]
            n_open = 0
            for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
                first, last = max(np.int64(prices.span[s, 0]), low), min(np.int64(prices.span[s, 1]), high)
                prices.cheapest[s] = least_mean(prices.table, first, last)
                n_open += 1 if prices.cheapest[s] == 0 else 0
            prices.n_open[p] = n_open
            first = tree_start[prices.owner[p]]
            for e in range(entry_start[p], entry_start[p + 1]):
                part[e] = least_part(prices, e)
                cost[first + e - entry_start[p]] += part[e]


@inner
def _part_active(leaves: Leaves, prices: Prices) -> int:
    """Put active pairs first in their columns; return the number of entries that a sweep goes through.

    A tree of which one leaf is left is a constant, and a column of which a tree sees one segment is none of its
    business: without a price on either the bound can only be as good, and sweeps are shorter.
    """
    by_column, work = prices.by_column, np.int64(0)
    for t in range(leaves.tree_start.shape[0] - 1):
        live = 0
        for i in range(leaves.tree_start[t], leaves.tree_start[t + 1]):
            live += 1 if prices.cost[i] < np.inf else 0
        if live < 2:
            for p in range(prices.pair_start[t], prices.pair_start[t + 1]):
                prices.n_open[p] = 0
    for j in range(prices.active_end.shape[0]):
        end = prices.column_start[j]
        for q in range(prices.column_start[j], prices.column_start[j + 1]):
            p = by_column[q]
            if prices.n_open[p] > 1:
                by_column[q], by_column[end] = by_column[end], p
                end += 1
                work += prices.entry_start[p + 1] - prices.entry_start[p]
        prices.active_end[j] = end
    return work


@inner
def price_leaves(leaves: Leaves, prices: Prices, reach: Reach, limit: float) -> int:
    """Add up what each leaf costs, anew: cells in reach may have changed.

    Returns
    -------
    int
        Entries that a sweep goes through.
    """
    _keep_live(leaves, prices, reach, limit)
    work = _part_active(leaves, prices)
    for j in range(reach.low.shape[0]):
        if prices.column_start[j] < prices.active_end[j]:
            pay_mean(leaves, prices, reach, limit, j)
    return work


@inner
def pay_mean(leaves: Leaves, prices: Prices, reach: Reach, limit: float, j: int) -> None:
    """Set prices of column `j` so that all its trees pay the mean of what they stated, and keep leaves' costs."""
    cost, part, entry_start = prices.cost, prices.part, prices.entry_start
    average(leaves, prices, reach, limit, j)
    for q in range(prices.column_start[j], prices.active_end[j]):
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
    stated, cheapest = prices.stated, prices.cheapest
    for q in range(prices.column_start[j], prices.active_end[j]):
        p = prices.by_column[q]
        state(leaves, prices, p, cheapest)
        for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
            if cheapest[s] < np.inf:
                stated[s] = cheapest[s]
    pay_mean(leaves, prices, reach, limit, j)


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
            if prices.active_end[j] - prices.column_start[j] > 1:
                reprice(leaves, prices, reach, limit, j)
        bound = bound_of(leaves, prices)
        if sweep % 4 == 3:
            if bound - before < progress * (enough - bound):
                return bound, sweep + 1
            before = bound
    return bound, sweeps
