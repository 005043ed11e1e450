"""Proof that no row nearer than a given one turns the decision; a checker, independent of the search that it checks.

For ensembles of plain comparisons with one output, rows of numbers, and the largest change of any column as the
distance.

The trees are cut down to the leaves that a row nearer than the given distance can reach. Each tree then gets its own
copy of the row and a price for every cell of every column that it looks at; the prices of a cell add up to zero over
the trees, so that the sum of the trees' least priced leaves bounds the score of all rows from below. Prices are
raised column by column, by giving every tree the mean of what the trees would pay. Where the bound stays below zero
the box is halved where that helps most, and both halves start from the prices so far, which hold there, too. Dual
block coordinate ascent is known from MAP inference (Globerson and Jaakkola 2007); here factors are trees.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from sparring.core.parameters import LEAF, TreeEnsemble

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROOT_SWEEPS, SWEEPS = 40, 6
LEAST_PROGRESS = 0.01


class Trees(NamedTuple):
    """What a row in the box can reach; arrays end to end.

    Parameters
    ----------
    base : float
        Sum of what cannot change.
    value : ndarray of shape (n_leaves,)
    tree : ndarray of shape (n_trees + 1,)
        Where each tree's leaves begin.
    pair : ndarray of shape (n_trees + 1,)
        Where each tree's columns begin among all (tree, column) pairs.
    column : ndarray of shape (n_pairs,)
    owner : ndarray of shape (n_pairs,)
        The tree of each pair.
    span : ndarray of shape (n_trees + 1,)
        Where each tree's spans begin: one a leaf and column of the tree, leaf by leaf.
    first, last : ndarray
        Cells of the span.
    price : ndarray of shape (n_pairs + 1,)
        Where the prices of each pair begin: one a cell of its column.
    by_column, start : ndarray
        Pairs of each column, and where they begin.
    """

    base: float
    value: Floats
    tree: Ints
    pair: Ints
    column: Ints
    owner: Ints
    span: Ints
    first: Ints
    last: Ints
    price: Ints
    by_column: Ints
    start: Ints


def nothing_nearer(
    ensemble: TreeEnsemble, x: NDArray[Any], label: int, *, than: float, cut: float, seconds: float
) -> bool | None:
    """Say whether it is proved that no row nearer than `than` is decided otherwise; None when time was up.

    Parameters
    ----------
    ensemble : TreeEnsemble
        One output, no membership tables.
    x : ndarray of shape (d,)
        In [0, 1], as every row that is considered.
    label : {0, 1}
        What the model decides for `x`.
    than : float
    cut : float
        Raw score above which class 1 is decided.
    seconds : float
        Time after which to stop.
    """
    if ensemble.n_outputs != 1 or ensemble.tables:
        raise ValueError("a proof needs an ensemble with one output and plain comparisons only")
    sign = 1.0 if label == 1 else -1.0
    dtype = np.dtype(ensemble.dtype).type
    low, high = np.maximum(x - than, 0.0).astype(float), np.minimum(x + than, 1.0).astype(float)
    cuts = [_cuts(ensemble, j, dtype(low[j]), dtype(high[j])) for j in range(len(x))]
    cells = [_near_cells(c, dtype(x[j]), dtype, than) for j, c in enumerate(cuts)]
    trees = _reachable(ensemble, cells, cuts, sign=sign, shift=-sign * cut)
    # a tie goes to class 0: class 1 must stay above zero, class 0 may reach it
    enough = 1e-9 if label == 1 else -1e-12
    return _branch(trees, np.array([len(c) for c in cells]), enough=enough, until=time.perf_counter() + seconds)


def _cuts(ensemble: TreeEnsemble, j: int, low: Any, high: Any) -> Floats:
    """Return the ends of the cells of a column within a range: its low end, thresholds, inf."""
    cuts = np.unique(ensemble.threshold[ensemble.column == j])
    return np.concatenate([[low], cuts[(cuts > low) & (cuts <= high)], [np.inf]])


def _near_cells(cuts: Floats, x: Any, dtype: Any, than: float) -> list[int]:
    """Return the numbers of the cells between cuts that hold a value nearer to `x` than `than`."""
    edges = np.concatenate([[-np.inf], cuts[1:]])
    near = []
    for k in range(len(edges) - 1):
        last = np.nextafter(dtype(edges[k + 1]), dtype(-np.inf))
        value = min(max(x, dtype(edges[k])), last)
        if abs(float(value) - float(x)) < than * (1 - 1e-7):
            near.append(k)
    return near


def _reachable(
    ensemble: TreeEnsemble, cells: list[list[int]], cuts: list[Floats], *, sign: float, shift: float
) -> Trees:
    """List the leaves that the cells reach, tree by tree."""
    base, values, spans, scopes = sign * float(ensemble.intercept[0]) + shift, [], [], []
    box = [(c[0], c[-1]) for c in cells]
    for root in ensemble.roots:
        found: list[tuple[float, dict[int, tuple[int, int]]]] = []
        _walk(ensemble, int(root), dict(enumerate(box)), {}, cuts, found)
        if len(found) == 1:
            base += sign * found[0][0]
            continue
        scope = sorted({j for _, touched in found for j in touched})
        scopes.append(scope)
        values.append([sign * v for v, _ in found])
        spans.append([[touched.get(j, box[j]) for j in scope] for _, touched in found])
    return _flat(base, values, spans, scopes, box)


def _walk(
    ensemble: TreeEnsemble,
    i: int,
    here: dict[int, tuple[int, int]],
    touched: dict[int, tuple[int, int]],
    cuts: list[Floats],
    found: list[tuple[float, dict[int, tuple[int, int]]]],
) -> None:
    j = int(ensemble.column[i])
    if j == LEAF:
        found.append((float(ensemble.value[i, 0]), touched))
        return
    low, high = here[j]
    # cells below the threshold go left: none when it lies below the box, all when it lies above
    n_left = int(np.searchsorted(cuts[j], ensemble.threshold[i], side="left"))
    if high < n_left:
        _walk(ensemble, int(ensemble.left[i]), here, touched, cuts, found)
    elif low >= n_left:
        _walk(ensemble, int(ensemble.right[i]), here, touched, cuts, found)
    else:
        for child, span in ((ensemble.left[i], (low, n_left - 1)), (ensemble.right[i], (n_left, high))):
            _walk(ensemble, int(child), {**here, j: span}, {**touched, j: span}, cuts, found)


def _flat(
    base: float,
    values: list[list[float]],
    spans: list[list[list[tuple[int, int]]]],
    scopes: list[list[int]],
    box: list[tuple[int, int]],
) -> Trees:
    column = np.array([j for scope in scopes for j in scope], dtype=np.int64)
    owner = np.repeat(np.arange(len(scopes)), [len(s) for s in scopes])
    flat = np.array([s for tree in spans for leaf in tree for s in leaf], dtype=np.int64).reshape(-1, 2)
    low = np.array([b[0] for b in box], dtype=np.int64)
    width = np.array([b[1] - b[0] + 1 for b in box], dtype=np.int64)
    parts = [np.tile(scope, len(tree)) for scope, tree in zip(scopes, spans, strict=True)]
    each = np.concatenate([np.empty(0), *parts]).astype(np.int64)
    order = np.argsort(column, kind="stable")
    return Trees(
        base=base,
        value=np.array([v for tree in values for v in tree], dtype=float),
        tree=_starts([len(tree) for tree in values]),
        pair=_starts([len(scope) for scope in scopes]),
        column=column,
        owner=owner.astype(np.int64),
        span=_starts([len(scope) * len(tree) for scope, tree in zip(scopes, spans, strict=True)]),
        first=flat[:, 0] - low[each],
        last=flat[:, 1] - low[each],
        price=_starts(list(width[column])),
        by_column=order.astype(np.int64),
        start=np.searchsorted(column[order], np.arange(len(box) + 1)).astype(np.int64),
    )


def _starts(sizes: list[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _branch(trees: Trees, width: Ints, *, enough: float, until: float) -> bool | None:
    """Halve the box until every part is proved, a part cannot be halved, or time is up."""
    waiting = [(np.zeros(len(width), np.int64), width - 1, np.zeros(int(trees.price[-1])))]
    sweeps = ROOT_SWEEPS
    while waiting:
        low, high, prices = waiting.pop()
        bound = _raise_prices(trees, low, high, prices, sweeps, enough)
        sweeps = SWEEPS
        if bound >= enough:
            continue
        if time.perf_counter() > until:
            return None
        j, after, left_first = _where_to_halve(trees, low, high, prices)
        if j < 0:
            return False  # one cell a column is left, and it lies below zero: a nearer row
        left, right = high.copy(), low.copy()
        left[j], right[j] = after, after + 1
        halves = [(low, left, prices.copy()), (right, high, prices)]
        # the half that looks worse is done first, while its prices are fresh
        waiting += halves[::-1] if left_first else halves
    return True


@numba.njit(cache=True)
def _costs(trees: Trees, low: Ints, high: Ints, prices: Floats, least: Floats, cost: Floats) -> float:
    """Price every leaf; return the sum of the least of each tree."""
    bound = trees.base
    for t in range(trees.tree.shape[0] - 1):
        n_pairs = trees.pair[t + 1] - trees.pair[t]
        best = np.inf
        for i in range(trees.tree[t], trees.tree[t + 1]):
            at = trees.span[t] + (i - trees.tree[t]) * n_pairs
            cost[i] = trees.value[i]
            for s in range(n_pairs):
                p = trees.pair[t] + s
                j = trees.column[p]
                cheapest = np.inf
                for k in range(max(trees.first[at + s], low[j]), min(trees.last[at + s], high[j]) + 1):
                    cheapest = min(cheapest, prices[trees.price[p] + k])
                least[at + s] = cheapest
                cost[i] += cheapest
            best = min(best, cost[i])
        bound += best
    return bound


@numba.njit(cache=True)
def _wishes(
    trees: Trees, p: int, low: int, high: int, prices: Floats, least: Floats, cost: Floats, out: Floats
) -> None:
    """Put into `out` the least that the tree of pair `p` would pay with its column in each cell of a range."""
    t = trees.owner[p]
    n_pairs = trees.pair[t + 1] - trees.pair[t]
    s = p - trees.pair[t]
    for k in range(low, high + 1):
        out[k] = np.inf
    for i in range(trees.tree[t], trees.tree[t + 1]):
        if cost[i] == np.inf:
            continue
        at = trees.span[t] + (i - trees.tree[t]) * n_pairs + s
        rest = cost[i] - least[at]
        for k in range(max(trees.first[at], low), min(trees.last[at], high) + 1):
            out[k] = min(out[k], rest)
    for k in range(low, high + 1):
        out[k] += prices[trees.price[p] + k]


@numba.njit(cache=True)
def _reprice(trees: Trees, p: int, low: int, high: int, prices: Floats, least: Floats, cost: Floats) -> None:
    """Bring the leaves of the tree of pair `p` up to date after the prices of its column changed."""
    t = trees.owner[p]
    n_pairs = trees.pair[t + 1] - trees.pair[t]
    s = p - trees.pair[t]
    for i in range(trees.tree[t], trees.tree[t + 1]):
        if cost[i] == np.inf:
            continue
        at = trees.span[t] + (i - trees.tree[t]) * n_pairs + s
        cheapest = np.inf
        for k in range(max(trees.first[at], low), min(trees.last[at], high) + 1):
            cheapest = min(cheapest, prices[trees.price[p] + k])
        cost[i] += cheapest - least[at]
        least[at] = cheapest


@numba.njit(cache=True)
def _raise_prices(trees: Trees, low: Ints, high: Ints, prices: Floats, sweeps: int, enough: float) -> float:
    """Sweep over the columns, there and back, until the bound is enough or hardly grows; prices change in place."""
    least, cost = np.empty(trees.first.shape[0]), np.empty(trees.value.shape[0])
    d = low.shape[0]
    widest = 0
    for j in range(d):
        widest = max(widest, high[j] + 1)
    wishes = np.empty((trees.tree.shape[0], widest))
    bound = _costs(trees, low, high, prices, least, cost)
    before = bound
    for sweep in range(sweeps):
        if bound >= enough:
            return bound
        for step in range(d):
            j = step if sweep % 2 == 0 else d - 1 - step
            n = trees.start[j + 1] - trees.start[j]
            if n < 2:
                continue
            for q in range(n):
                p = trees.by_column[trees.start[j] + q]
                _wishes(trees, p, low[j], high[j], prices, least, cost, wishes[q])
            for k in range(low[j], high[j] + 1):
                mean = 0.0
                for q in range(n):
                    mean += wishes[q, k]
                mean /= n
                for q in range(n):
                    p = trees.by_column[trees.start[j] + q]
                    prices[trees.price[p] + k] += mean - wishes[q, k]
            for q in range(n):
                _reprice(trees, trees.by_column[trees.start[j] + q], low[j], high[j], prices, least, cost)
        # counted anew: small steps drift
        bound = _costs(trees, low, high, prices, least, cost)
        if sweep % 4 == 3:
            if bound - before < LEAST_PROGRESS * -bound:
                break
            before = bound
    return bound


@numba.njit(cache=True)
def _where_to_halve(trees: Trees, low: Ints, high: Ints, prices: Floats) -> tuple[int, int, bool]:
    """Return the column, the cell after which to halve, and whether the left half looks worse; column -1: nowhere."""
    least, cost = np.empty(trees.first.shape[0]), np.empty(trees.value.shape[0])
    _costs(trees, low, high, prices, least, cost)
    best, column, after, left_first = -1.0, -1, 0, True
    for j in range(low.shape[0]):
        width = high[j] - low[j] + 1
        if width == 1:
            continue
        wish, left, right = np.empty(high[j] + 1), np.zeros(width), np.zeros(width)
        for q in range(trees.start[j], trees.start[j + 1]):
            _wishes(trees, trees.by_column[q], low[j], high[j], prices, least, cost, wish)
            lowest = np.inf
            for k in range(low[j], high[j] + 1):
                lowest = min(lowest, wish[k])
            so_far = np.inf
            for k in range(width - 1):
                so_far = min(so_far, wish[low[j] + k])
                left[k] += so_far - lowest
            so_far = np.inf
            for k in range(width - 2, -1, -1):
                so_far = min(so_far, wish[low[j] + k + 1])
                right[k] += so_far - lowest
        for k in range(width - 1):
            gain = min(left[k], right[k]) + 0.1 * max(left[k], right[k]) + 1e-9
            if gain > best:
                best, column, after, left_first = gain, j, low[j] + k, left[k] < right[k]
    return column, after, left_first
