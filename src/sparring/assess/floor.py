"""The floor: how often no classifier of any kind could withstand the allowed edits on these rows.

Two rows of unlike label whose allowed edits can make them the same row cannot both be decided correctly. A largest set
of disjoint such pairs (a matching) therefore bounds from below the share of rows that any classifier gets wrong in the
worst case. After Bhagoji, Cullina and Mittal (2019), *Lower bounds on adversarial robustness from optimal transport*,
here with the user's own columns table in place of a norm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparring.core.document import Estimate
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.space import TableSpace, grid_value
from sparring.core.threat import Evasion

MAX_ROWS = 3000


def floor(rows: Examples, *, space: TableSpace, threat: Evasion, size: float) -> Estimate:
    """Worst-case error that no classifier can go below on these rows.

    Parameters
    ----------
    rows : Examples
        `y` holds the true labels.
    space : TableSpace
    threat : Evasion
        With a wanted answer only the rows whose true label is another one are edited; the others stay.
    size : float
        In the unit of ``threat.objective``.

    Returns
    -------
    Estimate
        A share of all rows. It has no interval: it is a fact about these rows.
    """
    rows = rows.take(slice(0, MAX_ROWS))
    one_sided = threat.wants is not None
    side = rows.y == (threat.wants if one_sided else np.bincount(rows.y).argmax())
    stay, move = rows.x[side], rows.x[~side]
    blocks = []
    for i, j in _same_frozen(move, stay, space):
        meet = _meet(move[i], stay[j], space=space, threat=threat, size=size)
        p, q = np.nonzero(meet)
        blocks.append((i[p], j[q]))
    matched = _matching(blocks, len(move), len(stay))
    method = "bipartite matching" + ("" if len(rows) < MAX_ROWS else f" of the first {MAX_ROWS} rows")
    return Estimate(value=matched / len(rows) if len(rows) else None, n=len(rows), method=method)


def _same_frozen(move: Floats, stay: Floats, space: TableSpace) -> list[tuple[Ints, Ints]]:
    """Group rows by what cannot be edited: only rows within a group can be made the same."""
    frozen = ~space.movable
    both = np.concatenate([move[:, frozen], stay[:, frozen]])
    both = np.where(np.isnan(both), np.inf, both) + 0.0
    _, group = np.unique(both, axis=0, return_inverse=True) if frozen.any() else (None, np.zeros(len(both), int))
    group = group.ravel()
    a, b = group[: len(move)], group[len(move) :]
    return [(np.flatnonzero(a == g), np.flatnonzero(b == g)) for g in np.intersect1d(a, b)]


def _meet(move: Floats, stay: Floats, *, space: TableSpace, threat: Evasion, size: float) -> Bools:
    """Say which pairs of rows allowed edits can make the same row, shape (len(move), len(stay))."""
    if space.relations:
        # a row that is taken from both may break what each of them keeps to: one of them becomes the other
        becomes = _becomes(move, stay, space=space, threat=threat, size=size)
        if threat.wants is None:
            becomes |= _becomes(stay, move, space=space, threat=threat, size=size).T
        return becomes
    shape = (len(move), len(stay))
    possible = np.ones(shape, dtype=bool)
    only_move, only_stay, either = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for j in np.flatnonzero(space.movable):
        a, b = move[:, j][:, None], stay[:, j][None, :]
        differs = (a != b) & ~(np.isnan(a) & np.isnan(b))
        gap = _gap(a, b, int(j), space)
        move_can = _may_become(a, b, int(j), space)
        stay_can = _may_become(b, a, int(j), space) if threat.wants is None else np.zeros(shape, dtype=bool)
        if threat.objective == "spread":
            half_way = _half_way(a, b, int(j), space) & (threat.wants is None)
            possible &= ~differs | ((move_can | stay_can) & (gap <= size)) | (half_way & (gap <= 2 * size))
        else:
            possible &= ~differs | move_can | stay_can
            weight = space.cost[j] if threat.objective == "cost" else 1.0
            only_move += weight * (differs & move_can & ~stay_can)
            only_stay += weight * (differs & stay_can & ~move_can)
            either += weight * (differs & move_can & stay_can)
    if threat.objective != "spread":
        room = size if threat.wants is not None else 2 * size
        possible &= (only_move <= size) & (only_stay <= size) & (only_move + only_stay + either <= room)
    return possible


def _becomes(rows: Floats, others: Floats, *, space: TableSpace, threat: Evasion, size: float) -> Bools:
    """Say which rows can be edited into which others, shape (len(rows), len(others))."""
    total = np.zeros((len(rows), len(others)))
    for j in np.flatnonzero(space.movable):
        a, b = rows[:, j][:, None], others[:, j][None, :]
        differs = (a != b) & ~(np.isnan(a) & np.isnan(b))
        price = np.where(_may_become(a, b, int(j), space), 1.0, np.inf)
        if threat.objective == "spread":
            total = np.maximum(total, np.where(differs, price * _gap(a, b, int(j), space), 0.0))
        else:
            total += np.where(differs, price * (space.cost[j] if threat.objective == "cost" else 1.0), 0.0)
    return np.asarray(total <= size, dtype=bool)


def _gap(a: Floats, b: Floats, j: int, space: TableSpace) -> Floats:
    """Size in spreads of turning one value into the other."""
    if space.categorical[j]:
        return np.ones(np.broadcast_shapes(a.shape, b.shape))
    gap = np.abs(a - b) / space.spread[j]
    return np.where(np.isnan(gap), 1.0, gap)


def _may_become(a: Floats, b: Floats, j: int, space: TableSpace) -> Bools:
    """Say where value `a` of column `j` may be edited into `b`."""
    step = space.step[j]
    on_grid = (grid_value(np.round(b / step), step) == b) if step else True
    enterable = (b >= space.low[j]) & (b <= space.high[j]) & on_grid
    open_way = np.isnan(a) | np.where(b > a, space.may_rise[j], space.may_fall[j])
    return np.asarray(np.where(np.isnan(b), space.may_miss[j], enterable & open_way), dtype=bool)


def _half_way(a: Floats, b: Floats, j: int, space: TableSpace) -> Bools:
    """Say where both values may be edited into the one between them."""
    if space.categorical[j] or space.step[j] or not (space.may_rise[j] and space.may_fall[j]):
        return np.zeros(np.broadcast_shapes(a.shape, b.shape), dtype=bool)
    middle = (a + b) / 2
    return np.asarray((middle >= space.low[j]) & (middle <= space.high[j]), dtype=bool)


def _matching(blocks: list[tuple[Ints, Ints]], n_move: int, n_stay: int) -> int:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not blocks:
        return 0
    i, j = (np.concatenate(part) for part in zip(*blocks, strict=True))
    if len(i) == 0:
        return 0
    graph = csr_matrix((np.ones(len(i), dtype=np.int8), (i, j)), shape=(n_move, n_stay))
    matched: NDArray[np.int32] = maximum_bipartite_matching(graph, perm_type="column")
    return int((matched >= 0).sum())
