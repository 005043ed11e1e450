"""Branch and bound over cells: boxes are halved until their bounds say that nothing flips, or a row that does turns up.

Prices stay valid in every part of a box, so that each part starts from those of the one before. A row that flips
lowers the limit, for all parts that are left, to its own size: what remains when all is done is the nearest one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.cells import Int32s
from sparring.kernels.compiled import inner
from sparring.kernels.leaves import Leaves
from sparring.kernels.moves import Work, confine, descend, new_work, score, total
from sparring.kernels.price_lists import Prices, Reach, new_prices
from sparring.kernels.prices import price_leaves, raise_prices, state
from sparring.kernels.spread_search import size_of

CAUTION = 1e-11
"""What a bound may lose by rounding, relative to the largest leaves of all trees."""


NOWHERE, CLOSED = -1, -2


class Settings(NamedTuple):
    """How boxes are worked on.

    Parameters
    ----------
    root_sweeps, sweeps : int
        Most sweeps over the columns, for the whole box and for each of its parts.
    progress : float
        Share of what the bound lacks that four sweeps must gain.
    deepest : float
        Halvings one below the other that it may take, as far as the first one shows; with more, none is made.
    first_share, share : float
        Of the effort, for the first box and for each smaller one after it.
    """

    root_sweeps: int
    sweeps: int
    progress: float
    deepest: float
    first_share: float
    share: float


USUAL = Settings(40, 6, 0.03, 5.0, 0.8, 0.2)


class Boxes(NamedTuple):
    """Boxes that wait, the last one first.

    Parameters
    ----------
    low, high : ndarray of shape (n, d)
        First and last cell of each column.
    stated : ndarray of shape (n, n_segments)
        Prices to start from.
    """

    low: Int32s
    high: Int32s
    stated: Floats


class Halving(NamedTuple):
    """Where to halve a box.

    Parameters
    ----------
    column : int
        Or NOWHERE: no tree tells cells in reach apart; or CLOSED: no cell in reach is left.
    after : int
        Last cell of the left half.
    left_first : bool
        Whether the left half looks worse.
    gain : float
        By how much the bound rises at least, in the mean of both.
    """

    column: int
    after: int
    left_first: bool
    gain: float


@inner
def caution_of(leaves: Leaves) -> float:
    """Return by how much rounding may raise a bound."""
    result = abs(leaves.base)
    for t in range(leaves.tree_start.shape[0] - 1):
        largest = 0.0
        for i in range(leaves.tree_start[t], leaves.tree_start[t + 1]):
            largest = max(largest, abs(leaves.value[i]))
        result += largest
    return CAUTION * result


@inner
def whole_box(leaves: Leaves, limit: float) -> Reach:
    """Put every cell nearer than `limit` in reach."""
    d = leaves.own.shape[0]
    low, high = leaves.own.copy(), leaves.own.copy()
    for j in range(d):
        for k in range(leaves.cell_start[j + 1] - leaves.cell_start[j]):
            if leaves.distance[leaves.cell_start[j] + k] < limit:
                low[j], high[j] = min(low[j], k), max(high[j], k)
    return Reach(low, high, 0.0)


@inner
def likeliest(leaves: Leaves, prices: Prices, reach: Reach, limit: float, cell: Int32s) -> None:
    """Put every column into the cell for which its trees stated the least; of equals, into the nearest."""
    for j in range(cell.shape[0]):
        start = np.int64(leaves.cell_start[j])
        cell[j] = leaves.own[j]
        best, near = np.inf, np.inf
        for k in range(reach.low[j], reach.high[j] + 1):
            here, far = prices.mean[start + k], leaves.distance[start + k]
            if far < limit and (here < best or (here == best and far < near)):
                best, near, cell[j] = here, far, k


@inner
def fill_gains(leaves: Leaves, prices: Prices, reach: Reach, j: int, left: Floats, right: Floats, here: Floats) -> None:
    """Find by how much the bound rises at least when column `j` keeps to one side of a cut after each cell."""
    low, high, start = np.int64(reach.low[j]), np.int64(reach.high[j]), np.int64(leaves.cell_start[j])
    for k in range(low, high + 1):
        left[k], right[k] = 0.0, 0.0
    for q in range(prices.column_start[j], prices.active_end[j]):
        p = prices.by_column[q]
        state(leaves, prices, p, prices.cheapest)
        least = np.inf
        for s in range(prices.segment_start[p], prices.segment_start[p + 1]):
            shift = prices.cheapest[s] - prices.stated[s]
            for k in range(max(np.int64(prices.span[s, 0]), low), min(np.int64(prices.span[s, 1]), high) + 1):
                here[k] = prices.mean[start + k] + shift
                least = min(least, here[k])
        so_far = np.inf
        for k in range(low, high):
            so_far = min(so_far, here[k])
            left[k] += so_far - least
        so_far = np.inf
        for k in range(high, low, -1):
            so_far = min(so_far, here[k])
            right[k - 1] += so_far - least


@inner
def where_to_halve(leaves: Leaves, prices: Prices, reach: Reach, lacking: float) -> Halving:
    """Find the halving after which the bounds of both halves rise most, judged by each tree alone.

    Cells from which on a side would rise enough are taken out of reach.

    Parameters
    ----------
    lacking : float
        What the bound lacks; more than that is of no use.
    """
    widest = prices.table.shape[1]
    left, right, here = np.empty(widest), np.empty(widest), np.empty(widest)
    best, column, after, left_first, both = -1.0, np.int64(NOWHERE), np.int64(0), True, 0.0
    for j in range(reach.low.shape[0]):
        low, high = np.int64(reach.low[j]), np.int64(reach.high[j])
        if low == high or prices.column_start[j] == prices.active_end[j]:
            continue
        fill_gains(leaves, prices, reach, j, left, right, here)
        while low <= high and low < reach.high[j] and left[low] >= lacking:
            low += 1
        while high >= low and high > reach.low[j] and right[high - 1] >= lacking:
            high -= 1
        if low > high:
            return Halving(CLOSED, after, left_first, both)
        reach.low[j], reach.high[j] = low, high
        for k in range(low, high):
            a, b = min(left[k], lacking), min(right[k], lacking)
            gain = min(a, b) + 0.1 * max(a, b)
            if gain > best:
                best, column, after, left_first, both = gain, j, k, left[k] < right[k], (a + b) / 2
    return Halving(column, after, left_first, both)


@inner
def longer(boxes: Boxes, n: int) -> Boxes:
    """Return room for `n` boxes at least."""
    if n <= boxes.low.shape[0]:
        return boxes
    low, high = np.empty((2 * n, boxes.low.shape[1]), np.int32), np.empty((2 * n, boxes.low.shape[1]), np.int32)
    stated = np.empty((2 * n, boxes.stated.shape[1]))
    for b in range(boxes.low.shape[0]):
        low[b], high[b], stated[b] = boxes.low[b], boxes.high[b], boxes.stated[b]
    return Boxes(low, high, stated)


@inner
def first_box(reach: Reach, prices: Prices) -> Boxes:
    """Put the whole box on the pile, with prices as they are."""
    nothing = np.empty((0, reach.low.shape[0]), np.int32)
    boxes = longer(Boxes(nothing, nothing, np.empty((0, prices.stated.shape[0]))), 16)
    boxes.low[0], boxes.high[0], boxes.stated[0] = reach.low, reach.high, prices.stated
    return boxes


@inner
def take(boxes: Boxes, n: int, reach: Reach, prices: Prices) -> None:
    """Put box `n` in reach, and go back to its prices."""
    for j in range(reach.low.shape[0]):
        reach.low[j], reach.high[j] = boxes.low[n, j], boxes.high[n, j]
    for s in range(prices.stated.shape[0]):
        prices.stated[s] = boxes.stated[n, s]


@inner
def halve(boxes: Boxes, n: int, reach: Reach, prices: Prices, halving: Halving) -> None:
    """Put both halves in the place of box `n`, the one that looks worse on top."""
    for b in range(n, n + 2):
        for j in range(reach.low.shape[0]):
            boxes.low[b, j], boxes.high[b, j] = reach.low[j], reach.high[j]
        for s in range(prices.stated.shape[0]):
            boxes.stated[b, s] = prices.stated[s]
    left, right = (n + 1, n) if halving.left_first else (n, n + 1)
    boxes.high[left, halving.column] = halving.after
    boxes.low[right, halving.column] = halving.after + 1


class Found(NamedTuple):
    """What branching came to.

    Parameters
    ----------
    limit : float
        Size below which nothing is left to be found, if `settled`.
    size : float
        Of the nearest row that flips; infinite where none was found.
    settled : bool
        Whether every box was done.
    work : int
        Entries gone through.
    root : float
        Bound of the whole box.
    """

    limit: float
    size: float
    settled: bool
    work: int
    root: float


@inner
def below(leaves: Leaves, work: Work, limit: float) -> bool:
    """Say whether the row flips where a descent from its cells ends."""
    confine(leaves, work, limit)
    descend(leaves, work, score(leaves, work), limit)
    return total(leaves.base, leaves.value, work.broken) < 0


@inner
def branch(leaves: Leaves, limit: float, doubt: float, effort: int, settings: Settings, best: Int32s) -> Found:
    """Look for rows of size below `limit` that flip until none can be left.

    Parameters
    ----------
    leaves : Leaves
    limit : float
    doubt : float
        The score from which on the model cannot decide otherwise, whatever it loses by rounding.
    effort : int
        Entries that may be gone through.
    settings : Settings
    best : ndarray of shape (d,)
        Cells of the nearest row that flips are written here.

    Returns
    -------
    Found
    """
    prices, work, reach = new_prices(leaves), new_work(leaves), whole_box(leaves, limit)
    enough, boxes = doubt + caution_of(leaves), first_box(reach, prices)
    n, done, size, root = np.int64(1), np.int64(0), np.inf, -np.inf
    spent = np.int64(2 * prices.run.shape[0])
    while n > 0 and (done == 0 or spent <= effort):
        n -= 1
        take(boxes, n, reach, prices)
        unit = price_leaves(leaves, prices, reach, limit)
        sweeps = settings.sweeps if done else settings.root_sweeps
        bound, used = raise_prices(leaves, prices, reach, limit, sweeps, enough, settings.progress)
        done, spent = done + 1, spent + (used + 2) * unit + prices.run.shape[0] // 2
        root = bound if done == 1 else root
        if bound >= enough:
            continue
        halving = where_to_halve(leaves, prices, reach, enough - bound)
        if halving.column == CLOSED:
            continue
        if done == 1 and halving.column != NOWHERE and enough - bound > settings.deepest * halving.gain:
            effort = 0
        likeliest(leaves, prices, reach, limit, work.cell)
        alone = size_of(leaves, work)
        if score(leaves, work) < 0 or (done & (done - 1) == 0 and below(leaves, work, limit)):
            limit = size = size_of(leaves, work)
            for j in range(best.shape[0]):
                best[j] = work.cell[j]
        elif halving.column == NOWHERE:
            # one row is left, so near to zero that rounding decides: nothing is claimed from its size on
            limit = min(limit, alone)
        if halving.column != NOWHERE:
            boxes = longer(boxes, n + 2)
            halve(boxes, n, reach, prices, halving)
            n += 2
    return Found(limit, size, n == 0, spent, root)
