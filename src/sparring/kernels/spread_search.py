"""The smallest change in spreads that takes a row below zero: grow a box until the search succeeds, then shrink it.

After every success only cells strictly nearer than the farthest one used are kept, and the search goes on from there;
the trees are pruned once for each size tried, never again while shrinking.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Floats
from sparring.kernels.cells import CellTrees, Int32s, Limits
from sparring.kernels.compiled import compiled, inner
from sparring.kernels.leaves import Leaves, leaves_of
from sparring.kernels.moves import (
    Work,
    confine,
    descend,
    heat_bath,
    mean_field,
    move,
    new_work,
    random_unit,
    score,
    total,
)
from sparring.kernels.pruning import new_draft, new_path, reach, set_box

BEYOND = 1.25
"""By how much a box must usually be larger than where the bound meets zero before a search in it succeeds."""
LEAP = 3.0
"""Largest ratio of a box to the one before; the work in a box grows quickly with its size."""


class Settings(NamedTuple):
    """How hard to search.

    Parameters
    ----------
    first : float
        Size of the first box, in spreads.
    growth : float
        Ratio of one box to the one before.
    mean_field : int
        Sweeps of the mean field.
    heat_bath : int
        Sweeps of the heat bath while shrinking.
    misses : int
        Failures in a row that end it.
    """

    first: float
    growth: float
    mean_field: int
    heat_bath: int
    misses: int


@inner
def lowest(leaves: Leaves) -> float:
    """Return a score that no row in the box is below: every tree at its least leaf."""
    value, tree_start = leaves.value, leaves.tree_start
    result = leaves.base
    for t in range(tree_start.shape[0] - 1):
        least = np.inf
        for i in range(tree_start[t], tree_start[t + 1]):
            least = min(least, value[i])
        result += least
    return result


@inner
def leaf_range(leaves: Leaves) -> float:
    """Return the mean over trees of greatest minus least leaf: the unit of temperatures."""
    value, tree_start = leaves.value, leaves.tree_start
    result = 0.0
    n = tree_start.shape[0] - 1
    for t in range(n):
        least, greatest = np.inf, -np.inf
        for i in range(tree_start[t], tree_start[t + 1]):
            least, greatest = min(least, value[i]), max(greatest, value[i])
        result += greatest - least
    return max(result / max(1, n), 1e-300)


@inner
def size_of(leaves: Leaves, work: Work) -> float:
    """Return the size of the row's change: the distance of the farthest cell it is in."""
    cell, cell_start, distance = work.cell, leaves.cell_start, leaves.distance
    size = 0.0
    for j in range(cell.shape[0]):
        if cell_start[j] < cell_start[j + 1]:
            size = max(size, distance[cell_start[j] + cell[j]])
    return size


@inner
def solve(
    leaves: Leaves, work: Work, limit: float, mean_sweeps: int, heat_sweeps: int, unit: float, state: NDArray[np.uint64]
) -> bool:
    """Look for a row below zero among cells nearer than `limit`, from where the row is."""
    now = 0.0
    for stage in range(3):
        if stage == 1 and mean_sweeps:
            mean_field(leaves, work, limit, mean_sweeps, 3.0 * unit, 0.15 * unit)
        elif stage == 2 and heat_sweeps:
            now = heat_bath(leaves, work, now, limit, heat_sweeps, 0.5 * unit, 0.1 * unit, state)
        elif stage:
            continue
        now = descend(leaves, work, score(leaves, work), limit)
        # counted anew: sums that grew by small steps drift, and votes of a forest can be exact ties
        if now < 0 and total(leaves.base, leaves.value, work.broken) < 0:
            return True
    return False


@inner
def simplify(leaves: Leaves, work: Work) -> None:
    """Put columns back that need not have moved, the least moved first."""
    cell, own, cell_start, distance = work.cell, leaves.own, leaves.cell_start, leaves.distance
    d = cell.shape[0]
    moved = np.zeros(d)
    for j in range(d):
        if cell[j] != own[j]:
            moved[j] = distance[cell_start[j] + cell[j]]
    for _ in range(d):
        j = np.int64(-1)
        for i in range(d):
            if moved[i] > 0 and (j < 0 or moved[i] < moved[j]):
                j = i
        if j < 0:
            return
        moved[j] = 0.0
        was = np.int64(cell[j])
        move(leaves, work, j, np.int64(own[j]))
        if not total(leaves.base, leaves.value, work.broken) < 0:
            move(leaves, work, j, was)


@inner
def write_best(leaves: Leaves, work: Work, best: Int32s, x: Floats, out: Floats) -> None:
    """Write the best row down, with its own value wherever it can stay."""
    cell, own, cell_start, entry = work.cell, leaves.own, leaves.cell_start, leaves.entry
    for j in range(x.shape[0]):
        cell[j] = best[j]
    score(leaves, work)
    simplify(leaves, work)
    for j in range(x.shape[0]):
        out[j] = x[j] if cell[j] == own[j] else entry[cell_start[j] + cell[j]]


@inner
def shrink(
    leaves: Leaves,
    work: Work,
    limit: float,
    settings: Settings,
    state: NDArray[np.uint64],
    best: Int32s,
    heat_first: int,
    mean_first: int,
) -> float:
    """Search strictly below `limit` and then below each success, until the misses are spent.

    Parameters
    ----------
    best : ndarray of shape (d,)
        Cells to start from; the best cells found are written here.
    heat_first : int
        Sweeps of the heat bath before the first success.
    mean_first : int
        Sweeps of the mean field in the first search.

    Returns
    -------
    float
        Size of the best change; `limit` where none was found.
    """
    unit, start, misses = leaf_range(leaves), limit, 0
    while misses < settings.misses and limit > 0:
        for j in range(best.shape[0]):
            work.cell[j] = best[j]
        confine(leaves, work, limit)
        heat_sweeps = settings.heat_bath if limit < start else heat_first
        heat = unit if misses == 0 else unit * (0.5 + random_unit(state))
        mean_sweeps = settings.mean_field if misses or limit < start else mean_first
        if solve(leaves, work, limit, mean_sweeps, heat_sweeps, heat, state):
            limit, misses = size_of(leaves, work), 0
            for j in range(best.shape[0]):
                best[j] = work.cell[j]
        elif limit < start or heat_first:
            misses += 1
        else:
            break
    return limit


@inner
def likely_size(size: float, bound: float, before: float, bound_before: float) -> float:
    """Return a size from which on a search is likely to succeed, by the last two values of the bound; 0: unknown.

    The bound is taken to be a line through them, though it falls ever more slowly with the size; a line that hardly
    falls is believed up to LEAP times the last size.
    """
    if not bound < bound_before < np.inf:
        return 0.0
    return min(LEAP * size, BEYOND * (size + bound * (size - before) / (bound_before - bound)))


@compiled
def nearest_flips(
    trees: CellTrees,
    value: Floats,
    base: float,
    x: Floats,
    size: Floats,
    limits: Limits,
    settings: Settings,
    doubt: float,
    state: NDArray[np.uint64],
    lower: Floats,
    out: Floats,
) -> None:
    """Look for the smallest change of each row, in spreads, that takes its score below zero.

    Parameters
    ----------
    trees : CellTrees
    value : ndarray of shape (n_nodes,)
        What each leaf adds to the score.
    base : float
        What is added to all trees.
    x : ndarray of shape (n, d)
    size : ndarray of shape (n,)
        Only changes smaller than this are of interest; the size found is written here.
    limits : Limits
    settings : Settings
    doubt : float
        The score from which on the model cannot decide otherwise, whatever it loses by rounding.
    state : ndarray of shape (n,)
        Of each row's random stream; moves on.
    lower : ndarray of shape (n,)
        A proven lower bound of the size is written here; 0 says nothing, inf: no change at all.
    out : ndarray of shape (n, d)
        Rows found are written here.
    """
    path, draft = new_path(trees), new_draft()
    for i in range(x.shape[0]):
        row = x[i]
        most = reach(trees, row, limits)
        start, known = size[i], size[i] <= most
        at = start if known else min(settings.first, most)
        before, bound_before, first = 0.0, np.inf, True
        while True:
            set_box(trees, row, at, limits, path)
            leaves, draft = leaves_of(trees, value, base, row, row.shape[0], limits, path, draft)
            bound, last = lowest(leaves), known or at >= most
            work = new_work(leaves)
            if first:
                bound_before = score(leaves, work)
            likely = likely_size(at, bound, before, bound_before)
            if bound >= doubt:
                lower[i] = np.inf if at >= most else at
            if bound < 0 and (last or not first or likely <= at):
                best = leaves.own.copy()
                heat_first = settings.heat_bath if last else 0
                # below a size that a mean field has found, it finds nothing more
                mean_first = 0 if known and heat_first else settings.mean_field
                size[i] = shrink(leaves, work, start, settings, state[i : i + 1], best, heat_first, mean_first)
                if size[i] < start:
                    write_best(leaves, work, best, row, out[i])
            if last or size[i] < start:
                break
            at, before, bound_before = min(max(at * settings.growth, likely), most), at, bound
            first = False
