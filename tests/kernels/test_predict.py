"""Raw scores: what the contract of TreeEnsemble says, evaluated one row at a time in plain Python."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.core.parameters import MembershipTable
from sparring.kernels.predict import cast, raw_scores
from tiny_models import ensemble_of, plain_raw, random_ensemble, random_table

FLOAT32_MAX = float(np.finfo(np.float32).max)


def awkward_rows(rng, model, n):
    """Draw values at and beside tests, far away, infinite, and blanks."""
    pool = np.concatenate([model.threshold, [0.5, 1.0, 2.5, 3.25, -0.0, np.inf, -np.inf, 1e300, -1e300, FLOAT32_MAX]])
    x = rng.choice(pool, (n, model.n_columns))
    shift = rng.random(x.shape)
    x = np.where(shift < 0.2, np.nextafter(x, -np.inf), x)
    with np.errstate(over="ignore"):
        short = x.astype(np.float32)
    x = np.where((shift > 0.2) & (shift < 0.4), np.nextafter(short, np.float32(0)), x)
    x = np.where(shift > 0.9, rng.uniform(-1, 5, x.shape), x)
    x[rng.random(x.shape) < 0.15] = np.nan
    return x


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n_outputs=st.sampled_from([1, 3]), dtype=st.sampled_from(["float32", "float64"]))
def test_scores_are_those_of_the_plain_evaluator(seed, n_outputs, dtype):
    rng = np.random.default_rng(seed)
    model = random_ensemble(rng, random_table(rng), n_outputs=n_outputs, depth=4, dtype=dtype)
    x = awkward_rows(rng, model, 40)
    before = x.copy()
    with np.errstate(over="ignore"):
        wanted = plain_raw(model, x)
    np.testing.assert_array_equal(raw_scores(model, x), wanted)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_leaves_that_hold_vectors_add_to_every_output(dtype):
    rng = np.random.default_rng(5)
    single = random_ensemble(rng, random_table(rng), depth=4, dtype=dtype)
    value = rng.integers(-64, 65, (len(single.value), 3)) / 64
    model = replace(single, value=value, intercept=np.array([0.25, 0.5, 0.0]), link="softmax")
    x = awkward_rows(rng, model, 40)
    with np.errstate(over="ignore"):
        wanted = plain_raw(model, x)
    np.testing.assert_array_equal(raw_scores(model, x), wanted)
    assert len(np.unique(wanted, axis=0)) > 5


def test_a_number_is_compared_in_the_models_dtype():
    almost = np.nextafter(0.5, 0)  # float32 takes it for 0.5
    for dtype, score in (("float32", 2.0), ("float64", 1.0)):
        model = ensemble_of([(0, (0, 0.5, False, 1.0, 2.0))], n_columns=1, dtype=dtype)
        np.testing.assert_array_equal(raw_scores(model, np.array([[almost], [0.5], [0.4]]))[:, 0], [score, 2.0, 1.0])


def test_a_blank_goes_where_the_node_says_also_past_a_set():
    table = MembershipTable(np.array([0.5]), np.array([True, False]))
    trees = [(0, (0, 9.0, True, 1, 2)), (0, (0, 9.0, False, 10, 20))]
    trees += [(0, (0, ("in", 0), True, 100, 200)), (0, (0, ("in", 0), False, 1000, 2000))]
    model = ensemble_of(trees, n_columns=1, tables=[table])
    np.testing.assert_array_equal(raw_scores(model, np.array([[np.nan], [0.0]]))[:, 0], [2121.0, 1111.0])


def test_an_interval_of_a_set_holds_its_lower_end():
    table = MembershipTable(np.array([1.0, 2.0]), np.array([False, True, False]))
    model = ensemble_of([(0, (0, ("in", 0), False, 1, 0))], n_columns=1, tables=[table])
    x = np.array([[np.nextafter(1.0, 0)], [1.0], [np.nextafter(2.0, 0)], [2.0]])
    np.testing.assert_array_equal(raw_scores(model, x)[:, 0], [0, 1, 1, 0])


def test_no_rows_and_no_trees():
    model = ensemble_of([(0, 1.0)], n_columns=2, intercept=[0.5])
    assert raw_scores(model, np.empty((0, 2))).shape == (0, 1)
    np.testing.assert_array_equal(raw_scores(model, np.zeros((2, 2))), [[1.5], [1.5]])
    bare = replace(model, roots=np.empty(0, np.int32), output=np.empty(0, np.int32))
    np.testing.assert_array_equal(raw_scores(bare, np.zeros((2, 2))), [[0.5], [0.5]])


def test_a_cast_to_float32_overflows_without_a_word():
    np.testing.assert_array_equal(cast(np.array([1e300, -1e300, 0.1]), "float32"), [np.inf, -np.inf, np.float32(0.1)])
    np.testing.assert_array_equal(cast(np.array([1e300, 0.1]), "float64"), [1e300, 0.1])
