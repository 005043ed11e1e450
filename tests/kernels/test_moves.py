"""Moves: what is counted step by step equals what is counted anew, and each move keeps what it promises."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.doors import (
    begin,
    confine_to,
    descend_from,
    fresh_work,
    heat_bath_from,
    leaves_at,
    mean_field_of,
    move_to,
    plain_score,
    profile_of,
    score_anew,
    units,
    world,
)
from sparring.core.space import Column, TableSpace
from sparring.kernels.cells import cell_trees, limits
from tiny_models import ensemble_of, plain_raw

SEEDS = range(12)
MASK = (1 << 64) - 1


def sizes_of(leaves, j):
    """Number of local cells of column `j`, and their distances."""
    distance = leaves.distance[leaves.cell_start[j] : leaves.cell_start[j + 1]]
    return len(distance), distance


def random_cells(rng, leaves, limit=np.inf):
    """Draw a usable cell for each column."""
    cell = leaves.own.copy()
    for j in range(len(cell)):
        n, distance = sizes_of(leaves, j)
        if n:
            cell[j] = rng.choice(np.flatnonzero(distance < limit))
    return cell


def put(leaves, work, cell):
    work.cell[:] = cell
    return score_anew(leaves, work)


def assert_counted_right(leaves, work, now):
    """Compare the score and the broken conditions with a count from scratch."""
    again = fresh_work(leaves)
    assert put(leaves, again, work.cell) == pytest.approx(now, abs=1e-9)
    np.testing.assert_array_equal(work.broken, again.broken)
    assert plain_score(leaves, work.cell) == pytest.approx(now, abs=1e-9)


# --- score, move, profile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_row_starts_in_its_own_cells_with_the_models_score(seed):
    here = world(seed)
    for i, x in enumerate(here.x):
        leaves, state = begin(here, i)
        np.testing.assert_array_equal(state.work.cell, leaves.own)
        assert state.now == plain_raw(here.model, x[None])[0, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_score_after_moves_is_the_score_from_scratch(seed):
    here, rng = world(seed, depth=4), np.random.default_rng(seed)
    for i in range(len(here.x)):
        leaves, state = begin(here, i)
        for _ in range(30):
            j = int(rng.integers(len(leaves.own)))
            n, _ = sizes_of(leaves, j)
            if n:
                profile = profile_of(leaves, state.work, j)
                to = int(rng.integers(n))
                state.now += profile[to] - profile[state.work.cell[j]]
                move_to(leaves, state.work, j, to)
                assert state.work.cell[j] == to
                assert_counted_right(leaves, state.work, state.now)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_profile_of_a_column_tells_cells_apart_as_the_score_does(seed):
    here, rng = world(seed, depth=4), np.random.default_rng(seed)
    for i in range(len(here.x)):
        leaves, state = begin(here, i)
        put(leaves, state.work, random_cells(rng, leaves))
        at = state.work.cell.copy()
        for j in range(len(at)):
            n, _ = sizes_of(leaves, j)
            profile = profile_of(leaves, state.work, j)
            scores = [plain_score(leaves, np.where(np.arange(len(at)) == j, k, at)) for k in range(n)]
            np.testing.assert_allclose(profile - profile[:1], np.subtract(scores, scores[:1]), atol=1e-12)


# --- confine ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1e-9, 0.5, 1.0, 1.5])
def test_confined_cells_are_nearer_than_the_limit_and_as_near_as_can_be_to_where_the_row_was(limit):
    rng = np.random.default_rng(0)
    moved = 0
    for here in map(world, SEEDS):
        for i in range(len(here.x)):
            leaves, state = begin(here, i)
            was = random_cells(rng, leaves)
            put(leaves, state.work, was)
            confine_to(leaves, state.work, limit)
            for j in range(len(was)):
                n, distance = sizes_of(leaves, j)
                if not n:
                    continue
                near = np.flatnonzero(distance < limit)
                assert (state.work.low[j], state.work.high[j]) == (near.min(), near.max())
                assert state.work.cell[j] in near
                assert abs(state.work.cell[j] - was[j]) == abs(near - was[j]).min()
                moved += state.work.cell[j] != was[j]
    assert moved > 5


# --- descend ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.7, np.inf])
@pytest.mark.parametrize("seed", SEEDS)
def test_descent_ends_below_zero_or_where_no_single_column_helps(seed, limit):
    here = world(seed, depth=4)
    for i in range(len(here.x)):
        leaves, state = begin(here, i, limit=limit)
        # the score is only what the caller says: from 100 on, it goes to the bottom
        for more in (0.0, 100.0):
            put(leaves, state.work, leaves.own)
            first = score_anew(leaves, state.work)
            now = descend_from(leaves, state.work, first + more, limit) - more
            assert now <= first
            assert_counted_right(leaves, state.work, now)
            assert all_nearer(leaves, state.work.cell, limit)
            if now + more >= 0:
                assert now <= best_neighbor(leaves, state.work.cell, limit) + 1e-8


def all_nearer(leaves, cell, limit):
    return all(not sizes_of(leaves, j)[0] or sizes_of(leaves, j)[1][k] < limit for j, k in enumerate(cell))


def best_neighbor(leaves, cell, limit):
    """Return the least score that one column can reach."""
    scores = [np.inf]
    for j in range(len(cell)):
        n, distance = sizes_of(leaves, j)
        scores += [
            plain_score(leaves, np.where(np.arange(len(cell)) == j, k, cell)) for k in range(n) if distance[k] < limit
        ]
    return min(scores)


def test_descent_stops_as_soon_as_the_score_is_below_zero():
    # either column alone suffices; the second need not move
    model = ensemble_of([(0, (j, 5.0, False, -2.0, 1.0)) for j in (0, 1)], n_columns=2, intercept=[0.5])
    here = limits(number_table(2), center=np.zeros(2))
    leaves = leaves_at(cell_trees(model), model.value[:, 0], 0.5, np.array([7.0, 7.0]), np.inf, 2, here)
    work = fresh_work(leaves)
    confine_to(leaves, work, np.inf)
    assert descend_from(leaves, work, score_anew(leaves, work), np.inf) == -0.5
    np.testing.assert_array_equal(work.cell, [0, 1])


def number_table(d):
    return TableSpace(tuple(Column(name=f"c{j}", kind="number", low=0, high=10, spread=1.0) for j in range(d)))


# --- mean field ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.7, 1.2, np.inf])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_field_ends_in_cells_within_the_limit_that_can_be_counted(seed, limit):
    here = world(seed, depth=4)
    for i in range(len(here.x)):
        leaves, state = begin(here, i, limit=limit)
        mean_field_of(leaves, state.work, limit, 5, 3.0, 0.1)
        assert all_nearer(leaves, state.work.cell, limit)
        assert (state.work.chance >= 0).all()
        assert (state.work.chance <= 1 + 1e-12).all()
        now = score_anew(leaves, state.work)
        assert_counted_right(leaves, state.work, now)


def test_the_mean_field_of_one_column_is_the_boltzmann_distribution():
    # values 0, 1, 3 in cells 0, 1, 2; at temperature 2 the weights are 1, exp(-1/2), exp(-3/2)
    tree = (0, 2.0, False, 0.0, (0, 4.0, False, 1.0, 3.0))
    model = ensemble_of([(0, tree)], n_columns=1)
    here = limits(number_table(1), center=np.zeros(1))
    leaves = leaves_at(cell_trees(model), model.value[:, 0], 0.0, np.array([5.0]), np.inf, 1, here)
    work = fresh_work(leaves)
    confine_to(leaves, work, np.inf)
    mean_field_of(leaves, work, np.inf, 1, 2.0, 2.0)
    weight = np.exp([0, -0.5, -1.5])
    np.testing.assert_allclose(work.chance[leaves.member], weight / weight.sum(), rtol=1e-12)
    assert work.cell[0] == 0


def test_the_mean_field_takes_expectations_over_the_other_column():
    # (a < 2 and b < 2): -1; one sweep, a before b, b uniform over its two cells at first
    tree = (0, 2.0, False, (1, 2.0, False, -1.0, 0.0), 0.0)
    model = ensemble_of([(0, tree)], n_columns=2)
    here = limits(number_table(2), center=np.zeros(2))
    leaves = leaves_at(cell_trees(model), model.value[:, 0], 0.0, np.array([5.0, 5.0]), np.inf, 2, here)
    work = fresh_work(leaves)
    confine_to(leaves, work, np.inf)
    mean_field_of(leaves, work, np.inf, 1, 1.0, 1.0)
    a = 1 / (1 + np.exp(-0.5))  # chance of the cell below 2 when it is worth -1/2
    b = 1 / (1 + np.exp(-a))
    both = leaves.member[: leaves.member_start[1]]
    chance = {int(leaves.column_start[1] <= c): work.chance[c] for c in both}
    assert chance == pytest.approx({0: a, 1: b}, rel=1e-12)
    np.testing.assert_array_equal(work.cell, [0, 0])


def test_the_mean_field_passes_a_plateau_on_which_single_moves_end():
    # only both columns together lower the score; neither alone changes it
    tree = (0, 2.0, False, (1, 2.0, False, -1.0, 0.0), 0.0)
    model = ensemble_of([(0, tree)], n_columns=2, intercept=[0.5])
    here = limits(number_table(2), center=np.zeros(2))
    leaves = leaves_at(cell_trees(model), model.value[:, 0], 0.5, np.array([5.0, 5.0]), np.inf, 2, here)
    work = fresh_work(leaves)
    confine_to(leaves, work, np.inf)
    assert descend_from(leaves, work, score_anew(leaves, work), np.inf) == 0.5
    mean_field_of(leaves, work, np.inf, 5, 3.0, 0.15)
    assert score_anew(leaves, work) == -0.5


# --- heat bath -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.7, 1.2, np.inf])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_heat_bath_keeps_count_and_stays_within_the_limit(seed, limit):
    here = world(seed, depth=4)
    state64 = np.array([seed + 1], np.uint64)
    for i in range(len(here.x)):
        leaves, state = begin(here, i, limit=limit)
        for more in (0.0, 100.0):  # at 100 nothing ends it early
            put(leaves, state.work, leaves.own)
            first = score_anew(leaves, state.work)
            now = heat_bath_from(leaves, state.work, first + more, limit, 8, 2.0, 0.5, state64) - more
            assert_counted_right(leaves, state.work, now)
            assert all_nearer(leaves, state.work.cell, limit)


def test_the_heat_bath_takes_at_once_what_goes_below_zero():
    model = ensemble_of([(0, (0, 5.0, False, -2.0, 1.0))], n_columns=1)
    here = limits(number_table(1), center=np.zeros(1))
    leaves = leaves_at(cell_trees(model), model.value[:, 0], 0.0, np.array([7.0]), np.inf, 1, here)
    for seed in range(1, 30):
        work = fresh_work(leaves)
        confine_to(leaves, work, np.inf)
        # so hot that a draw would be even
        now = heat_bath_from(leaves, work, score_anew(leaves, work), np.inf, 1, 1e9, 1e9, np.array([seed], np.uint64))
        assert now == -2.0
        assert work.cell[0] == 0


def test_draws_follow_the_exact_distribution_given_the_others():
    # three cells worth 0, 1, 3 at temperature 2, none of which ends the search: one draw each, many times
    tree = (0, 2.0, False, 0.0, (0, 4.0, False, 1.0, 3.0))
    model = ensemble_of([(0, tree)], n_columns=1, intercept=[10.0])
    here = limits(number_table(1), center=np.zeros(1))
    leaves = leaves_at(cell_trees(model), model.value[:, 0], 10.0, np.array([5.0]), np.inf, 1, here)
    work = fresh_work(leaves)
    confine_to(leaves, work, np.inf)
    state, n, count = np.array([77], np.uint64), 4000, np.zeros(3)
    now = score_anew(leaves, work)
    for _ in range(n):
        now = heat_bath_from(leaves, work, now, np.inf, 1, 2.0, 2.0, state)
        count[work.cell[0]] += 1
    weight = np.exp([0, -0.5, -1.5])
    p = weight / weight.sum()
    # the stream is fixed; five standard errors would be passed by a distribution that is off by 0.04
    assert (abs(count / n - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_cold_heat_bath_finds_the_least_score_of_two_columns(seed):
    here = world(seed, d=2, depth=2, n_trees=4)
    leaves, state = begin(here, 0)
    grids = [range(max(1, sizes_of(leaves, j)[0])) for j in range(2)]
    usable = [c for c in itertools.product(*grids) if all_nearer(leaves, c, np.inf)]
    least = min(plain_score(leaves, np.array(c)) for c in usable)
    best, stream = np.inf, np.array([seed + 1], np.uint64)
    for _ in range(20):
        put(leaves, state.work, leaves.own)
        first = score_anew(leaves, state.work)
        best = min(best, heat_bath_from(leaves, state.work, first + 50, np.inf, 20, 1.0, 0.01, stream) - 50)
    assert best == pytest.approx(least, abs=1e-9)


# --- the stream ------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.integers(1, MASK))
def test_the_stream_is_xorshift64star(seed):
    s, wanted = seed, []
    for _ in range(5):
        s ^= s >> 12
        s ^= s << 25 & MASK
        s ^= s >> 27
        wanted.append(((s * 2685821657736338717 & MASK) >> 11) / 2**53)
    state = np.array([seed], np.uint64)
    np.testing.assert_array_equal(units(state, 5), wanted)
    assert state[0] == s
    assert all(0 <= u < 1 for u in wanted)
