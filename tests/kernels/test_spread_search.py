"""The smallest change in spreads, by what nearest_flips promises: sizes, rows and lower bounds against all changes."""

import numpy as np
import pytest

from kernels.doors import world
from sparring.core.space import Column, TableSpace
from sparring.core.target import Decision
from sparring.kernels.cells import cell_trees, limits
from sparring.kernels.spread_search import Settings, nearest_flips
from tiny_models import Readable, ensemble_of, plain_raw, try_everything

SEEDS = range(10)
SETTINGS = Settings(first=0.02, growth=1.25, mean_field=5, heat_bath=20, misses=2)


def search(here, x, *, size=np.inf, doubt=0.0, settings=SETTINGS, state=None):
    """Search around each row; return sizes, bounds, rows and the state of the random streams."""
    n = len(x)
    state = np.arange(1, n + 1).astype(np.uint64) if state is None else state
    size, lower, out = np.full(n, float(size)), np.zeros(n), np.full(x.shape, -99.0)
    nearest_flips(here.trees, here.value, here.base, x, size, here.limits, settings, doubt, state, lower, out)
    return size, lower, out, state


def positive(here):
    """Keep rows that the model decides 1, which a score below zero decides otherwise, and how near that can be."""
    x = here.x[plain_raw(here.model, here.x)[:, 0] > 0]
    target = Readable(here.model, here.space, Decision(classes=("no", "yes")))
    return x, np.array([try_everything(target, row)[1] for row in x])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_size_is_the_smallest_there_is_and_bounds_stay_below_it(seed):
    here = world(seed, n=6)
    x, truth = positive(here)
    before = x.copy()
    size, lower, out, _ = search(here, x)
    np.testing.assert_array_equal(x, before)
    # a number that float32 holds may cost a millionth of a spread more
    np.testing.assert_allclose(size, truth, rtol=1e-9, atol=2e-6)
    assert (lower <= truth * (1 + 1e-9)).all()
    found = np.isfinite(size)
    assert (plain_raw(here.model, out[found]) < 0).all()
    assert here.space.violations(x[found], out[found]) == [None] * found.sum()
    np.testing.assert_allclose(here.space.size_in_spreads(x[found], out[found]), size[found], atol=2e-6)
    assert (out[~found] == -99).all()


def test_there_are_enough_rows_of_both_kinds():
    truth = np.concatenate([positive(world(seed, n=6))[1] for seed in SEEDS])
    assert np.isfinite(truth).sum() > 15
    assert np.isinf(truth).sum() >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_only_smaller_changes_than_the_one_known_are_of_interest(seed):
    here = world(seed, n=6)
    x, truth = positive(here)
    for row, least in zip(x[np.isfinite(truth)], truth[np.isfinite(truth)], strict=True):
        size, lower, out, _ = search(here, row[None], size=least * 0.999)
        assert size[0] == least * 0.999
        assert (out == -99).all()
        assert lower[0] <= least
        size, _, out, _ = search(here, row[None], size=least * 1.5 + 1e-5)
        assert size[0] == pytest.approx(least, rel=1e-9, abs=2e-6)
        assert plain_raw(here.model, out)[0, 0] < 0


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_stand_alone_and_the_same_stream_gives_the_same_rows(seed):
    here = world(seed, n=6)
    x, _ = positive(here)
    together = search(here, x)
    for i in range(len(x)):
        alone = search(here, x[i : i + 1], state=np.array([i + 1], np.uint64))
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_array_equal(a[i : i + 1], b)


def stump(leaf_left, leaf_right, *, intercept=0.0):
    """Read one column, cut at 5, of a row at 7 and spread 2."""
    model = ensemble_of([(0, (0, 5.0, False, leaf_left, leaf_right))], n_columns=1, intercept=[intercept])
    here = world(0)
    here.model, here.trees = model, cell_trees(model)
    here.space = TableSpace((Column(name="c", kind="number", low=0, high=10, spread=2.0),))
    here.limits = limits(here.space, center=np.zeros(1))
    return here, np.array([[7.0]])


def test_a_stump_by_hand():
    here, x = stump(-1.0, 1.0)
    size, lower, out, _ = search(here, x)
    below = float(np.nextafter(np.float32(5), np.float32(0)))
    assert out[0, 0] == below
    assert size[0] == (7 - below) / 2
    # the box before the last one that was tried could not reach the edge
    assert 1 / SETTINGS.growth <= lower[0] <= 1


def test_no_change_at_all_is_proven_by_an_infinite_bound():
    here, x = stump(0.5, 1.0)
    size, lower, out, _ = search(here, x)
    assert np.isinf(size[0])
    assert np.isinf(lower[0])
    assert out[0, 0] == -99


def test_within_doubt_nothing_is_proven():
    # the least score, 0.5, is no proof for a model that may lose 0.75 by rounding
    here, x = stump(0.5, 1.0)
    size, lower, _, _ = search(here, x, doubt=0.75)
    assert np.isinf(size[0])
    assert lower[0] < 1.0 + 1e-6


def test_columns_that_need_not_move_stay():
    # descent moves the first column, which lowers the score, and then the second, which alone would do
    model = ensemble_of([(0, (0, 6.5, False, -0.5, 0.25)), (0, (1, 5.0, False, -2.0, 1.0))], n_columns=2)
    here, _ = stump(0.0, 0.0)
    here.model, here.trees = model, cell_trees(model)
    here.space = TableSpace(tuple(Column(name=c, kind="number", low=0, high=10, spread=2.0) for c in "ab"))
    here.limits = limits(here.space, center=np.zeros(2))
    _, _, out, _ = search(here, np.array([[7.0, 7.0]]))
    assert out[0, 0] == 7.0
    assert out[0, 1] < 5.0
