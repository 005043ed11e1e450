"""Moves of one row over local cells: what each cell of a column would give, descent, mean field, heat bath.

Everywhere a row is an array of local cells, its score is the sum of the leaves that count, and the aim is a score
below zero. A leaf's `broken` is the number of its conditions that the row does not meet; it counts at 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Floats
from sparring.kernels.cells import Int32s
from sparring.kernels.compiled import inner
from sparring.kernels.leaves import Leaves

GAIN = 1e-9
"""Smallest relative gain worth a move; below it, sums in another order look like gains."""


class Work(NamedTuple):
    """Arrays for moving one row.

    Parameters
    ----------
    cell : ndarray of shape (d,)
        Where the row is.
    broken : ndarray of shape (n_leaves,)
    low, high : ndarray of shape (d,)
        First and last cell nearer than the limit.
    profile, weight : ndarray
        Over the cells of one column.
    chance : ndarray of shape (n_conditions,)
        Probability that a condition is met, in the mean field.
    """

    cell: Int32s
    broken: Int32s
    low: Int32s
    high: Int32s
    profile: Floats
    weight: Floats
    chance: Floats


@inner
def new_work(leaves: Leaves) -> Work:
    """Allocate what the moves need, with the row in its own cells."""
    d = leaves.own.shape[0]
    widest = 0
    for j in range(d):
        widest = max(widest, leaves.cell_start[j + 1] - leaves.cell_start[j])
    return Work(
        leaves.own.copy(),
        np.zeros(leaves.value.shape[0], np.int32),
        np.zeros(d, np.int32),
        np.zeros(d, np.int32),
        np.zeros(widest + 2),
        np.zeros(widest + 2),
        np.zeros(leaves.leaf.shape[0]),
    )


@inner
def confine(leaves: Leaves, work: Work, limit: float) -> None:
    """Keep to cells nearer than `limit`; where the row's cell is not, go to the one nearest to it that is."""
    cell_start, distance, own = leaves.cell_start, leaves.distance, leaves.own
    cell, lows, highs = work.cell, work.low, work.high
    for j in range(own.shape[0]):
        start, n = cell_start[j], cell_start[j + 1] - cell_start[j]
        low, high = np.int64(own[j]), np.int64(own[j])
        best = np.int64(own[j])
        for k in range(n):
            if distance[start + k] < limit:
                low, high = min(low, k), max(high, k)
                if abs(k - cell[j]) < abs(best - cell[j]):
                    best = k
        lows[j], highs[j], cell[j] = low, high, best


@inner
def score(leaves: Leaves, work: Work) -> float:
    """Count the broken conditions anew, and return the score of the row."""
    broken, cell, value = work.broken, work.cell, leaves.value
    member_start, column_start, run_start = leaves.member_start, leaves.column_start, leaves.run_start
    runs = leaves.runs
    for i in range(value.shape[0]):
        broken[i] = member_start[i + 1] - member_start[i]
    for j in range(cell.shape[0]):
        k = cell[j]
        for r in range(run_start[column_start[j]], run_start[column_start[j + 1]]):
            if runs[r, 1] <= k <= runs[r, 2]:
                broken[runs[r, 0]] -= 1
    return total(leaves.base, value, broken)


@inner
def total(base: float, value: Floats, broken: Int32s) -> float:
    """Add up the leaves that count."""
    result = base
    for i in range(value.shape[0]):
        if broken[i] == 0:
            result += value[i]
    return result


@inner
def move(leaves: Leaves, work: Work, j: int, to: int) -> None:
    """Put column `j` into another cell, and keep count of broken conditions."""
    broken, runs, column_start, run_start = work.broken, leaves.runs, leaves.column_start, leaves.run_start
    old = work.cell[j]
    for r in range(run_start[column_start[j]], run_start[column_start[j + 1]]):
        before = runs[r, 1] <= old <= runs[r, 2]
        after = runs[r, 1] <= to <= runs[r, 2]
        if before != after:
            broken[runs[r, 0]] += 1 if before else -1
    work.cell[j] = to


@inner
def fill_profile(leaves: Leaves, work: Work, j: int) -> None:
    """Add up, for every cell of column `j`, the leaves with a condition on it that would count there."""
    profile, broken, at = work.profile, work.broken, work.cell[j]
    runs, run_start, leaf, value = leaves.runs, leaves.run_start, leaves.leaf, leaves.value
    n = leaves.cell_start[j + 1] - leaves.cell_start[j]
    for k in range(n + 1):
        profile[k] = 0.0
    for c in range(leaves.column_start[j], leaves.column_start[j + 1]):
        i = leaf[c]
        if broken[i] > 1:
            continue
        first, last = run_start[c], run_start[c + 1]
        if broken[i] == 1:
            met = False
            for r in range(first, last):
                met = met or runs[r, 1] <= at <= runs[r, 2]
            if met:
                continue  # it is another column that breaks it
        for r in range(first, last):
            profile[runs[r, 1]] += value[i]
            profile[runs[r, 2] + 1] -= value[i]
    for k in range(1, n):
        profile[k] += profile[k - 1]


@inner
def best_cell(leaves: Leaves, work: Work, j: int, limit: float, start: int) -> int:
    """Return the cell of column `j` nearer than `limit` of least profile; `start` where none is below its own."""
    profile, distance, first = work.profile, leaves.distance, np.int64(leaves.cell_start[j])
    best = start
    for k in range(work.low[j], work.high[j] + 1):
        if profile[k] < profile[best] and distance[first + k] < limit:
            best = k
    return best


@inner
def descend(leaves: Leaves, work: Work, now: float, limit: float) -> float:
    """Move one column at a time to its best cell, in turn, until none helps or the score is below zero.

    Returns
    -------
    float
        The score.
    """
    profile, cell, lows, highs = work.profile, work.cell, work.low, work.high
    column_start, d = leaves.column_start, cell.shape[0]
    j = idle = np.int64(0)  # not the literal 0, for which numba would compile everything called with it once more
    while idle < d and not now < 0:
        idle += 1
        if lows[j] < highs[j] and column_start[j] < column_start[j + 1]:
            fill_profile(leaves, work, j)
            at = np.int64(cell[j])
            to = best_cell(leaves, work, j, limit, at)
            gain = profile[at] - profile[to]
            if gain > GAIN * (1 + abs(profile[at])):
                move(leaves, work, j, to)
                now -= gain
                idle = 0
        j = j + 1 if j + 1 < d else 0
    return now


@inner
def mean_field(leaves: Leaves, work: Work, limit: float, sweeps: int, hot: float, cold: float) -> None:
    """Anneal independent distributions over each column's cells, and go to the likeliest cell of each.

    One column at a time takes ``exp(-expected score / temperature)`` given the distributions of the others. This
    averages over leaves instead of following one row, and so passes the plateaus on which single moves end.
    """
    cell, lows, highs, profile = work.cell, work.low, work.high, work.profile
    column_start = leaves.column_start
    d = cell.shape[0]
    for k in range(profile.shape[0]):
        profile[k] = 0.0
    for j in range(d):
        _spread_chance(leaves, work, j, limit, 1.0)
    for sweep in range(sweeps):
        temperature = hot * (cold / hot) ** (sweep / max(1, sweeps - 1))
        for j in range(d):
            if lows[j] < highs[j] and column_start[j] < column_start[j + 1]:
                _expect(leaves, work, j)
                cell[j] = _spread_chance(leaves, work, j, limit, temperature)


@inner
def _expect(leaves: Leaves, work: Work, j: int) -> None:
    """Fill the profile with the expected sum of leaves for each cell of column `j`."""
    profile, chance = work.profile, work.chance
    runs, run_start, leaf, value = leaves.runs, leaves.run_start, leaves.leaf, leaves.value
    member_start, member = leaves.member_start, leaves.member
    n = leaves.cell_start[j + 1] - leaves.cell_start[j]
    for k in range(n + 1):
        profile[k] = 0.0
    for c in range(leaves.column_start[j], leaves.column_start[j + 1]):
        i = leaf[c]
        p = value[i]
        for m in range(member_start[i], member_start[i + 1]):
            if member[m] != c:
                p *= chance[member[m]]
        for r in range(run_start[c], run_start[c + 1]):
            profile[runs[r, 1]] += p
            profile[runs[r, 2] + 1] -= p
    for k in range(1, n):
        profile[k] += profile[k - 1]


@inner
def _spread_chance(leaves: Leaves, work: Work, j: int, limit: float, temperature: float) -> int:
    """Turn the profile of column `j` into probabilities of its conditions; return the likeliest cell."""
    profile, weight, chance = work.profile, work.weight, work.chance
    runs, run_start, distance = leaves.runs, leaves.run_start, leaves.distance
    low, high, start = work.low[j], work.high[j], leaves.cell_start[j]
    best = best_cell(leaves, work, j, limit, np.int64(leaves.own[j]))
    weight[low] = 0.0  # weight[k] is that of all cells before k
    for k in range(low, high + 1):
        z = (profile[best] - profile[k]) / temperature
        more = np.exp(z) if z > -30.0 and (distance[start + k] < limit or low == high) else 0.0
        weight[k + 1] = weight[k] + more
    scale = 1.0 / weight[high + 1]
    for c in range(leaves.column_start[j], leaves.column_start[j + 1]):
        p = 0.0
        for r in range(run_start[c], run_start[c + 1]):
            a, b = max(runs[r, 1], low), min(runs[r, 2], high)
            if a <= b:
                p += (weight[b + 1] - weight[a]) * scale
        chance[c] = p
    return best


@inner
def random_unit(state: NDArray[np.uint64]) -> float:
    """Draw from [0, 1), and advance the row's own stream (xorshift64*)."""
    s = state[0]
    s ^= s >> np.uint64(12)
    s ^= s << np.uint64(25)
    s ^= s >> np.uint64(27)
    state[0] = s
    return ((s * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def heat_bath(
    leaves: Leaves,
    work: Work,
    now: float,
    limit: float,
    sweeps: int,
    hot: float,
    cold: float,
    state: NDArray[np.uint64],
) -> float:
    """Draw one column at a time from its exact distribution given the others, ever colder.

    Parameters
    ----------
    now : float
        The score.
    sweeps : int
        Draws for each column, on average.
    hot, cold : float
        First and last temperature, in units of the score.
    state : ndarray of shape (1,)
        Of the random stream.

    Returns
    -------
    float
        The score; below zero as soon as a cell within reach makes it so.
    """
    profile, cell, lows, highs, column_start = work.profile, work.cell, work.low, work.high, leaves.column_start
    d = cell.shape[0]
    for sweep in range(sweeps):
        temperature = hot * (cold / hot) ** (sweep / max(1, sweeps - 1))
        for _ in range(d):
            j = int(random_unit(state) * d)
            if lows[j] == highs[j] or column_start[j] == column_start[j + 1]:
                continue
            fill_profile(leaves, work, j)
            at = np.int64(cell[j])
            to = _draw(leaves, work, j, limit, temperature, now - profile[at], state)
            if to != at:
                now += profile[to] - profile[at]
                move(leaves, work, j, to)
            if now < 0:
                return now
    return now


@inner
def _draw(
    leaves: Leaves, work: Work, j: int, limit: float, temperature: float, rest: float, state: NDArray[np.uint64]
) -> int:
    """Draw a cell of column `j` from its profile; take the best one at once where it ends the search."""
    profile, weight, low, high = work.profile, work.weight, work.low[j], work.high[j]
    start, distance = leaves.cell_start[j], leaves.distance
    best = best_cell(leaves, work, j, limit, np.int64(work.cell[j]))
    if rest + profile[best] < 0:
        return best
    so_far = 0.0
    for k in range(low, high + 1):
        z = (profile[best] - profile[k]) / temperature
        if distance[start + k] < limit and z > -30.0:
            so_far += np.exp(z)
        weight[k] = so_far
    at = random_unit(state) * so_far
    for k in range(low, high + 1):
        if weight[k] > at:
            return k
    return best
