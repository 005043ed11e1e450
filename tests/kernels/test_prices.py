"""Prices: the bound is below every row of the box, sweeps never lower it, and they add up to nothing."""

import itertools

import numpy as np
import pytest

from kernels.doors import leaves_at, world
from sparring.kernels.branching import whole_box
from sparring.kernels.compiled import compiled
from sparring.kernels.price_lists import Reach, new_prices
from sparring.kernels.prices import bound_of, price_leaves, raise_prices

SEEDS = range(12)
FAR = 10.0


@compiled
def bounds_of(leaves, limit, fee, sweeps):
    """Return bounds after 0, 1, ... sweeps, and the prices."""
    prices, whole = new_prices(leaves), whole_box(leaves, limit)
    reach = Reach(whole.low, whole.high, fee)
    out = np.empty(sweeps + 1)
    price_leaves(leaves, prices, reach, limit)
    out[0] = bound_of(leaves, prices)
    for k in range(sweeps):
        out[k + 1], _ = raise_prices(leaves, prices, reach, limit, 1, np.inf, 0.0)
    price_leaves(leaves, prices, reach, limit)
    return out, bound_of(leaves, prices), prices


def leaves_around(seed, *, size=FAR):
    here = world(seed, n=1)
    return leaves_at(here.trees, here.value, here.base, here.x[0], size, here.x.shape[1], here.limits)


def scores_of_all(leaves, limit, fee=0.0):
    """Add up the leaves that count, for every choice of cells nearer than the limit."""
    d = len(leaves.own)
    column = np.repeat(np.arange(d), np.diff(leaves.column_start))
    cells = [np.arange(leaves.cell_start[j + 1] - leaves.cell_start[j]) for j in range(d)]
    near = [k[leaves.distance[leaves.cell_start[j] + k] < limit] for j, k in enumerate(cells)]
    scores = []
    for choice in itertools.product(*near):
        met = np.zeros(len(leaves.value))
        for c in range(len(leaves.leaf)):
            runs = leaves.runs[leaves.run_start[c] : leaves.run_start[c + 1]]
            met[leaves.leaf[c]] += any(low <= choice[column[c]] <= high for _, low, high in runs)
        counts = met == np.diff(leaves.member_start)
        scores.append(leaves.base + leaves.value[counts].sum() + fee * (np.array(choice) != leaves.own).sum())
    return np.array(scores)


@pytest.mark.parametrize("fee", [0.0, 0.3])
@pytest.mark.parametrize("limit", [0.7, FAR])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_rises_from_sweep_to_sweep_and_stays_below_every_row(seed, limit, fee):
    leaves = leaves_around(seed)
    bounds, anew, _ = bounds_of(leaves, limit, fee, 12)
    least = scores_of_all(leaves, limit, fee).min()
    assert (np.diff(bounds) >= -1e-12).all()
    assert bounds[-1] <= least + 1e-12
    assert bounds[-1] == pytest.approx(anew, abs=1e-12)


def test_the_bound_meets_the_least_row_more_often_than_not():
    gaps = []
    for seed in SEEDS:
        leaves = leaves_around(seed)
        bounds, _, _ = bounds_of(leaves, FAR, 0.0, 30)
        least = scores_of_all(leaves, FAR).min()
        gaps.append((least - bounds[-1], least - bounds[0]))
    closed = np.array([after < 1e-9 for after, before in gaps if before > 1e-9])
    assert len(closed) >= 4
    assert closed.mean() > 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_of_a_cell_add_up_to_zero_over_trees(seed):
    leaves = leaves_around(seed)
    _, _, prices = bounds_of(leaves, FAR, 0.0, 5)
    for j in range(len(leaves.own)):
        pairs = prices.by_column[prices.column_start[j] : prices.active_end[j]]
        for k in range(leaves.cell_start[j + 1] - leaves.cell_start[j]):
            mean = prices.mean[leaves.cell_start[j] + k]
            if len(pairs) and leaves.distance[leaves.cell_start[j] + k] < FAR:
                stated = [stated_at(prices, p, k) for p in pairs]
                assert sum(mean - s for s in stated) == pytest.approx(0, abs=1e-12)


def stated_at(prices, p, k):
    segments = range(prices.segment_start[p], prices.segment_start[p + 1])
    return next(prices.stated[s] for s in segments if prices.span[s, 0] <= k <= prices.span[s, 1])
