"""Trees pruned to what one row can become: a box of cells around it, and the leaves that meet the box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.cells import CellTrees, Int32s, Limits, find_cell
from sparring.kernels.compiled import inner

LEFT, RIGHT, BOTH = 1, 2, 3
LOW, HIGH, MISS, OWN = 0, 1, 2, 3
"""Columns of a box."""
TIMES, OUT = 3, 4
"""Further columns of `Path.here`."""


class Path(NamedTuple):
    """Working memory of pruning: the box, and what is left of it below the tests passed so far.

    Parameters
    ----------
    box : ndarray of shape (d, 4)
        LOW and HIGH, the first and last cell of the numbers (LOW > HIGH where only the blank is left); MISS, whether
        the blank's cell is in; OWN, the row's own cell.
    here : ndarray of shape (d, 5)
        LOW, HIGH and MISS now; TIMES, how many tests on the way down tell cells of the column apart; OUT, whether the
        row's own cell is ruled out.
    shut : ndarray
        For the cells of columns of sets: -1 outside the box, 0 inside, and t > 0 where the column's t-th test on the
        way down ruled the cell out.
    order : ndarray of shape (d,)
        Columns with TIMES > 0, in order of their first test.
    stack : ndarray of shape (depth, 6)
        Tests on the way: whether the right side is being done, node, column, and LOW, HIGH, MISS above it.
    rank : ndarray
        0 for edges that no kept test stands on; for the others, later, their number among the column's, from 1.
    """

    box: Int32s
    here: Int32s
    shut: Int32s
    order: Int32s
    stack: Int32s
    rank: Int32s


class Draft(NamedTuple):
    """Leaves as pruning comes by them, in cells of the model: arrays with room to spare.

    Parameters
    ----------
    value : ndarray
    member_start : ndarray of shape (n, 1)
        Where each leaf's conditions begin.
    condition : ndarray of shape (n, 2)
        Column, and where the runs begin.
    run : ndarray of shape (n, 2)
        First and last cell.
    """

    value: Floats
    member_start: Int32s
    condition: Int32s
    run: Int32s


@inner
def new_path(trees: CellTrees) -> Path:
    """Allocate what pruning needs, once for many rows."""
    d, n_edges = trees.edge_start.shape[0] - 1, trees.edges.shape[0]
    return Path(
        np.zeros((d, 4), np.int32),
        np.zeros((d, 5), np.int32),
        np.zeros(n_edges + 2 * d, np.int32),  # a blank comes after the last number's cell
        np.zeros(d, np.int32),
        np.zeros((trees.depth + 1, 6), np.int32),
        np.zeros(n_edges, np.int32),
    )


@inner
def new_draft() -> Draft:
    """Allocate the arrays that pruning writes leaves into."""
    return Draft(
        np.empty(1024, np.float64),
        np.empty((1024, 1), np.int32),
        np.empty((8192, 2), np.int32),
        np.empty((8192, 2), np.int32),
    )


@inner
def reach(trees: CellTrees, x: Floats, limits: Limits) -> float:
    """Return a size in spreads beyond which a box around row `x` grows no more."""
    size = 0.0
    edges, edge_start, spread = trees.edges, trees.edge_start, limits.spread
    for j in range(x.shape[0]):
        a, b = edge_start[j], edge_start[j + 1]
        if limits.movable[j]:
            if limits.category[j] or limits.miss[j] or np.isnan(x[j]):
                size = max(size, 1.0)
            if a < b and not limits.category[j] and not np.isnan(x[j]):
                size = max(size, (x[j] - edges[a]) / spread[j], (edges[b - 1] - x[j]) / spread[j])
    return size * 1.001 + 1e-9


@inner
def set_box(trees: CellTrees, x: Floats, size: float, limits: Limits, path: Path) -> None:
    """Open every cell with a number within `size` spreads of row `x` that the limits may allow."""
    box, shut, edge_start = path.box, path.shut, trees.edge_start
    for j in range(x.shape[0]):
        first, blank = edge_start[j] + 2 * j, edge_start[j + 1] - edge_start[j] + 1
        own = find_cell(trees, j, x[j])
        filled = own < blank
        far = limits.movable[j] != 0 and size >= 1
        miss = not filled or (far and limits.miss[j] != 0)
        low, high = (own, own) if filled else (blank, blank - 1)
        if far or (limits.movable[j] and filled and not limits.category[j]):
            span = size * limits.spread[j] * (1 + 1e-12) if filled and not limits.category[j] else np.inf
            at = x[j] if filled else 0.0
            if limits.fall[j] or not filled:
                low = min(low, find_cell(trees, j, max(limits.low[j], at - span)))
            if limits.rise[j] or not filled:
                top = find_cell(trees, j, min(limits.high[j], at + span))
                high = max(own, top) if filled else top
        box[j, LOW], box[j, HIGH], box[j, MISS], box[j, OWN] = low, high, miss, own
        if trees.by_set[j]:
            for k in range(blank + 1):
                shut[first + k] = 0 if low <= k <= high or (k == blank and miss) else -1


@inner
def _sides_left(trees: CellTrees, node: int, path: Path) -> int:
    """Say which sides of a test can still be reached: LEFT, RIGHT or BOTH."""
    nodes, here, shut, sides = trees.nodes, path.here, path.shut, trees.sides
    j, test = np.int64(nodes[node, 0]), np.int64(nodes[node, 1])
    left = right = False
    if trees.by_set[j]:
        first = trees.edge_start[j] + 2 * j
        for k in range(trees.edge_start[j + 1] - trees.edge_start[j] + 2):
            if shut[first + k] == 0:
                left = left or sides[test + k] != 0
                right = right or sides[test + k] == 0
    else:
        low, high, miss = np.int64(here[j, LOW]), np.int64(here[j, HIGH]), here[j, MISS] != 0
        blank_left = trees.missing_left[node] != 0
        left = low <= min(high, test) or (miss and blank_left)
        right = max(low, test + 1) <= high or (miss and not blank_left)
    return (LEFT if left else 0) + (RIGHT if right else 0)


@inner
def _straight_down(trees: CellTrees, node: int, path: Path) -> int:
    """Follow plain tests without a blank as long as only one side of them can be reached; return where that ends."""
    nodes, here, by_set = trees.nodes, path.here, trees.by_set
    while nodes[node, 0] >= 0:
        j = np.int64(nodes[node, 0])
        if by_set[j] or here[j, MISS]:
            break
        if here[j, HIGH] <= nodes[node, 1]:
            node = np.int64(nodes[node, 2])
        elif here[j, LOW] > nodes[node, 1]:
            node = np.int64(nodes[node, 3])
        else:
            break
    return node


@inner
def _turn(trees: CellTrees, row: int, side: int, path: Path) -> int:
    """Go below the test in a row of the stack, on one side; on neither: come back up above it.

    Returns
    -------
    int
        By how much the number of columns grows that must leave their own cell.
    """
    here, stack, shut, sides = path.here, path.stack, path.shut, trees.sides
    node, j = np.int64(stack[row, 1]), np.int64(stack[row, 2])
    test, own = np.int64(trees.nodes[node, 1]), np.int64(path.box[j, OWN])
    first, blank = trees.edge_start[j] + 2 * j, trees.edge_start[j + 1] - trees.edge_start[j] + 1
    blank_side = LEFT if trees.missing_left[node] else RIGHT
    if trees.by_set[j]:
        for k in range(blank + 1):
            if shut[first + k] == here[j, TIMES]:
                shut[first + k] = 0
            if side and shut[first + k] == 0 and (sides[test + k] != 0) != (side == LEFT):
                shut[first + k] = here[j, TIMES]
        out = shut[first + own] != 0
    else:
        low, high, miss = np.int64(stack[row, 3]), np.int64(stack[row, 4]), np.int64(stack[row, 5])
        if side == LEFT:
            high = min(high, test)
        elif side == RIGHT:
            low = max(low, test + 1)
        if side and side != blank_side:
            miss = 0
        here[j, LOW], here[j, HIGH], here[j, MISS] = low, high, miss
        out = miss == 0 if own == blank else own < low or own > high
    change = (1 if out else 0) - np.int64(here[j, OUT])
    here[j, OUT] += change
    return change


@inner
def _push(trees: CellTrees, node: int, row: int, n_path: int, path: Path) -> int:
    """Remember a test whose two sides can both be reached; return the number of columns on the path."""
    here, stack = path.here, path.stack
    j = np.int64(trees.nodes[node, 0])
    stack[row, 0], stack[row, 1], stack[row, 2] = 0, node, j
    stack[row, 3], stack[row, 4], stack[row, 5] = here[j, LOW], here[j, HIGH], here[j, MISS]
    if here[j, TIMES] == 0:
        path.order[n_path] = j
        n_path += 1
    here[j, TIMES] += 1
    if not trees.by_set[j]:
        path.rank[trees.edge_start[j] + trees.nodes[node, 1]] = 1
    return n_path


@inner
def _emit(trees: CellTrees, path: Path, n_path: int, draft: Draft, n_condition: int, n_run: int) -> int:
    """Write down the conditions of the leaf that pruning stands at; return the number of runs so far."""
    here, shut, edge_start, condition, run = path.here, path.shut, trees.edge_start, draft.condition, draft.run
    for p in range(n_path):
        j = np.int64(path.order[p])
        condition[n_condition + p, 0], condition[n_condition + p, 1] = j, n_run
        first, blank = edge_start[j] + 2 * j, edge_start[j + 1] - edge_start[j] + 1
        if trees.by_set[j]:
            inside = False
            for k in range(blank + 1):
                if shut[first + k] == 0:
                    if not inside:
                        run[n_run, 0] = k
                        n_run += 1
                    run[n_run - 1, 1] = k
                inside = shut[first + k] == 0
        else:
            if here[j, LOW] <= here[j, HIGH]:
                run[n_run, 0], run[n_run, 1] = here[j, LOW], here[j, HIGH]
                n_run += 1
            if here[j, MISS]:
                run[n_run, 0], run[n_run, 1] = blank, blank
                n_run += 1
    return n_run


@inner
def _longer(a: Int32s, n: int) -> Int32s:
    if n <= a.shape[0]:
        return a
    b = np.empty((2 * n, a.shape[1]), a.dtype)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            b[i, k] = a[i, k]
    return b


@inner
def _make_room(draft: Draft, n_leaves: int, n_conditions: int, n_runs: int) -> Draft:
    """Return a draft that so many leaves, conditions and runs can be written into."""
    value = draft.value
    if n_leaves > value.shape[0]:
        value = np.empty(2 * n_leaves, np.float64)
        for i in range(draft.value.shape[0]):
            value[i] = draft.value[i]
    return Draft(
        value,
        _longer(draft.member_start, n_leaves),
        _longer(draft.condition, n_conditions),
        _longer(draft.run, n_runs),
    )


@inner
def _most_runs(trees: CellTrees) -> int:
    """Return a number of runs that the conditions of no leaf exceed."""
    n = np.int64(0)
    for j in range(trees.by_set.shape[0]):
        n += trees.edge_start[j + 1] - trees.edge_start[j] + 2 if trees.by_set[j] else 2
    return n


@inner
def prune(
    trees: CellTrees, value: Floats, base: float, most_out: int, path: Path, draft: Draft
) -> tuple[Draft, float, Int32s, int, int]:
    """Walk every tree within the box of `path`, and write down the leaves that are met.

    Parameters
    ----------
    value : ndarray of shape (n_nodes,)
        What each leaf adds.
    base : float
        What is added to all trees.
    most_out : int
        Leaves that ask more columns than this to leave their own cell are left out.
    path, draft
        Working memory; `draft` grows and is handed back.

    Returns
    -------
    draft : Draft
    base : float
        With the trees added that the box leaves one leaf of.
    tree_start : ndarray
        First leaf of each of the other trees, and the number of leaves.
    n_conditions, n_runs : int
    """
    nodes, roots, here, stack = trees.nodes, trees.roots, path.here, path.stack
    tree_start = np.zeros(roots.shape[0] + 1, np.int32)
    zero = np.int64(0)  # not the literal, for which numba would compile everything called with it once more
    most_runs = _most_runs(trees)
    n_tree = n_leaf = n_condition = n_run = n_path = n_out = zero
    for j in range(here.shape[0]):
        here[j, LOW], here[j, HIGH], here[j, MISS] = path.box[j, LOW], path.box[j, HIGH], path.box[j, MISS]
        here[j, TIMES], here[j, OUT] = 0, 0
    for t in range(roots.shape[0]):
        # one turn of the loop: down to a leaf, then back up to a test whose right side is still to be done
        node, top, side = np.int64(roots[t]), zero, zero
        while True:
            if side:
                n_out += _turn(trees, top - 1, side, path)
                side = zero
            node = _straight_down(trees, node, path)
            if n_out <= most_out and nodes[node, 0] >= 0:
                sides = _sides_left(trees, node, path)
                if sides == BOTH:
                    n_path = _push(trees, node, top, n_path, path)
                    top, side = top + 1, LEFT
                node = np.int64(nodes[node, 3 if sides == RIGHT else 2])
                continue
            if n_out <= most_out and n_path == 0:
                base += value[node]
            elif n_out <= most_out:
                if (
                    n_leaf + 2 > draft.value.shape[0]
                    or n_condition + n_path + 1 > draft.condition.shape[0]
                    or n_run + most_runs > draft.run.shape[0]
                ):
                    draft = _make_room(draft, n_leaf + 2, n_condition + n_path + 1, n_run + most_runs)
                draft.value[n_leaf], draft.member_start[n_leaf, 0] = value[node], n_condition
                n_run = _emit(trees, path, n_path, draft, n_condition, n_run)
                n_condition, n_leaf = n_condition + n_path, n_leaf + 1
            while top > 0 and stack[top - 1, 0]:
                n_out += _turn(trees, top - 1, zero, path)
                top -= 1
                j = np.int64(stack[top, 2])
                here[j, TIMES] -= 1
                n_path -= 1 if here[j, TIMES] == 0 else 0
            if top == 0:
                break
            stack[top - 1, 0], side = 1, RIGHT
            node = np.int64(nodes[stack[top - 1, 1], 3])
        if n_leaf > tree_start[n_tree]:
            n_tree += 1
            tree_start[n_tree] = n_leaf
    draft.member_start[n_leaf, 0], draft.condition[n_condition, 1] = n_condition, n_run
    return draft, base, tree_start[: n_tree + 1], n_condition, n_run
