"""The leaves that a row can reach, over local cells: those that the trees around it tell apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.cells import CellTrees, Int32s, Limits, distance_of, nearest
from sparring.kernels.compiled import inner
from sparring.kernels.pruning import HIGH, LOW, MISS, Draft, Path, prune


class Leaves(NamedTuple):
    """Leaves over local cells; a leaf counts when every column is in one of the leaf's runs of cells.

    Parameters
    ----------
    base : float
        Sum of the trees that cannot change, and of everything that is added.
    value : ndarray of shape (n_leaves,)
    tree_start : ndarray of shape (n_trees + 1,)
    member_start : ndarray of shape (n_leaves + 1,)
    member : ndarray of shape (n_conditions,)
        The conditions of each leaf, leaf by leaf.
    column_start : ndarray of shape (d + 1,)
        The conditions on each column are numbered consecutively.
    leaf : ndarray of shape (n_conditions,)
        The leaf of each condition.
    run_start : ndarray of shape (n_conditions + 1,)
    runs : ndarray of shape (n_runs, 3)
        The runs of cells that a condition lets through: leaf, first cell, last cell.
    cell_start : ndarray of shape (d + 1,)
        The local cells of each column are numbered consecutively.
    entry : ndarray of shape (n_cells,)
        The value to be entered for each cell; NaN for a blank, and where `distance` is infinite.
    distance : ndarray of shape (n_cells,)
        Its size in spreads; infinite where nothing may be entered.
    own : ndarray of shape (d,)
        The local cell that the row is in.
    """

    base: float
    value: Floats
    tree_start: Int32s
    member_start: Int32s
    member: Int32s
    column_start: Int32s
    leaf: Int32s
    run_start: Int32s
    runs: Int32s
    cell_start: Int32s
    entry: Floats
    distance: Floats
    own: Int32s


@inner
def _number_cells(trees: CellTrees, path: Path) -> Int32s:
    """Give numbers to the cells that kept tests tell apart; return where each column's cells begin."""
    box, rank, edge_start = path.box, path.rank, trees.edge_start
    cell_start = np.zeros(box.shape[0] + 1, np.int32)
    for j in range(box.shape[0]):
        n = 0
        if trees.by_set[j]:
            n = edge_start[j + 1] - edge_start[j] + 2
        else:
            for k in range(edge_start[j] + box[j, LOW], edge_start[j] + box[j, HIGH]):
                if rank[k]:
                    n += 1
                    rank[k] = n
            n += (1 if box[j, LOW] <= box[j, HIGH] else 0) + box[j, MISS]
        cell_start[j + 1] = cell_start[j] + n
    return cell_start


@inner
def _price_cells(
    trees: CellTrees, x: Floats, path: Path, limits: Limits, cell_start: Int32s
) -> tuple[Floats, Floats, Int32s]:
    """Find the nearest value to be entered for each cell, and its distance; forget the used edges."""
    box, rank, shut, edges, edge_start = path.box, path.rank, path.shut, trees.edges, trees.edge_start
    d = x.shape[0]
    n_cells = np.int64(cell_start[d])
    entry, distance, own = np.full(n_cells, np.nan), np.full(n_cells, np.inf), np.zeros(d, np.int32)
    for j in range(d):
        first, n, by_set = edge_start[j], edge_start[j + 1] - edge_start[j], trees.by_set[j] != 0
        start, last = (0, n) if by_set else (np.int64(box[j, LOW]), np.int64(box[j, HIGH]))
        # no entry below the box: tests down there have been left out
        low, c = edges[first + start - 1] if 0 < start <= last else -np.inf, np.int64(cell_start[j])
        for k in range(start, last + 1):
            if k < last and not by_set and not rank[first + k]:
                continue
            high = edges[first + k] if k < n else np.inf
            if low <= x[j] < high:
                own[j], entry[c], distance[c] = c - cell_start[j], x[j], 0.0
            elif not by_set or shut[first + 2 * j + k] == 0:
                entry[c] = nearest(x[j], low, high, j, limits)
                distance[c] = distance_of(x[j], entry[c], j, limits)
            if k < n:
                rank[first + k] = 0
            low = high
            c += 1
        if c < cell_start[j + 1] and box[j, MISS]:
            blank = np.isnan(x[j])
            own[j] = c - cell_start[j] if blank else own[j]
            distance[c] = 0.0 if blank else 1.0
    return entry, distance, own


@inner
def leaves_of(
    trees: CellTrees, value: Floats, base: float, x: Floats, most_out: int, limits: Limits, path: Path, draft: Draft
) -> tuple[Leaves, Draft]:
    """Prune the trees to the box in `path` around row `x`, and number leaves, conditions and cells locally.

    Parameters are those of `prune`; `draft` may have grown and is handed back.
    """
    draft, base, tree_start, n_conditions, n_runs = prune(trees, value, base, most_out, path, draft)
    n_leaves, d = np.int64(tree_start[tree_start.shape[0] - 1]), x.shape[0]
    cell_start = _number_cells(trees, path)
    kept, member_start = np.empty(n_leaves, np.float64), np.empty(n_leaves + 1, np.int32)
    for i in range(n_leaves):
        kept[i], member_start[i] = draft.value[i], draft.member_start[i, 0]
    member_start[n_leaves] = n_conditions
    column_start, member, leaf, source = _by_column(draft.condition, member_start, d)
    run_start, runs = _local_runs(trees, path, draft, leaf, source, n_runs, cell_start)
    entry, distance, own = _price_cells(trees, x, path, limits, cell_start)
    leaves = Leaves(
        base,
        kept,
        tree_start,
        member_start,
        member,
        column_start,
        leaf,
        run_start,
        runs,
        cell_start,
        entry,
        distance,
        own,
    )
    return leaves, draft


@inner
def _by_column(condition: Int32s, member_start: Int32s, d: int) -> tuple[Int32s, Int32s, Int32s, Int32s]:
    """Give numbers to the conditions, column by column.

    Returns
    -------
    column_start, member, leaf
        As in Leaves.
    source : ndarray of shape (n_conditions,)
        Each one's number in the draft.
    """
    n_leaves = member_start.shape[0] - 1
    n = np.int64(member_start[n_leaves])
    column_start, following = np.zeros(d + 1, np.int32), np.zeros(d, np.int32)
    member, leaf, source = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    for c in range(n):
        column_start[condition[c, 0] + 1] += 1
    for j in range(d):
        column_start[j + 1] += column_start[j]
        following[j] = column_start[j]
    for i in range(n_leaves):
        for c in range(member_start[i], member_start[i + 1]):
            at = np.int64(following[condition[c, 0]])
            member[c], leaf[at], source[at] = at, i, c
            following[condition[c, 0]] += 1
    return column_start, member, leaf, source


@inner
def _local_runs(
    trees: CellTrees, path: Path, draft: Draft, leaf: Int32s, source: Int32s, n_runs: int, cell_start: Int32s
) -> tuple[Int32s, Int32s]:
    """Turn runs of the model's cells into runs of local cells."""
    condition, run, box, rank, edge_start = draft.condition, draft.run, path.box, path.rank, trees.edge_start
    run_start, runs = np.empty(leaf.shape[0] + 1, np.int32), np.empty((n_runs, 3), np.int32)
    at = 0
    for c in range(leaf.shape[0]):
        run_start[c] = at
        j = np.int64(condition[source[c], 0])
        first, blank = edge_start[j], edge_start[j + 1] - edge_start[j] + 1
        last = np.int64(cell_start[j + 1] - cell_start[j] - 1)
        for r in range(condition[source[c], 1], condition[source[c] + 1, 1]):
            low, high = np.int64(run[r, 0]), np.int64(run[r, 1])
            if not trees.by_set[j] and low == blank:
                low, high = last, last
            elif not trees.by_set[j]:
                low = 0 if low == box[j, LOW] else np.int64(rank[first + low - 1])
                high = last - box[j, MISS] if high == box[j, HIGH] else np.int64(rank[first + high]) - 1
            runs[at, 0], runs[at, 1], runs[at, 2] = leaf[c], low, high
            at += 1
    run_start[leaf.shape[0]] = at
    return run_start, runs
