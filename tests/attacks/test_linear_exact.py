"""Linear models: closed forms, and everything tried where there are few entries."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.attacks.evasion.linear_exact import LinearExact
from sparring.core.parameters import LinearModel, TreeEnsemble
from sparring.core.space import Column, TableSpace
from sparring.core.target import Decision
from tiny_models import Readable, case_of, outcome_of, random_rows, random_table, try_everything

TWO = Decision(classes=("no", "yes"))
THREE = Decision(classes=("red", "green", "blue"))


def linear(slope, *, intercept=0.0, codes=None, missing=np.nan, link="logistic"):
    slope = np.array(slope, dtype=float)
    slope = slope[:, None] if slope.ndim == 1 else slope
    start = np.broadcast_to(np.asarray(intercept, dtype=float), (slope.shape[1],)).copy()
    return LinearModel(start, slope, np.full(slope.shape, missing), link, codes or {})


def numbers(d, **options):
    return TableSpace(tuple(Column(name=f"c{j}", kind="number", **{"spread": 2.0, **options}) for j in range(d)))


def solved(model, space, x, objective, *, decision=TWO, wants=None):
    target = Readable(model, space, decision, family="linear")
    attempt, lower = outcome_of(LinearExact(), case_of(target, x, objective, wants=wants))
    assert space.violations(x, attempt.x_adv) == [None] * len(x)
    decided = target.predict(attempt.x_adv)
    np.testing.assert_array_equal(decided != target.predict(x) if wants is None else decided == wants, attempt.found)
    measure = space.size_in_columns if objective == "columns" else space.size_in_spreads
    return np.where(attempt.found, measure(x, attempt.x_adv), np.inf), lower, attempt.x_adv


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), d=st.integers(1, 6))
def test_without_limits_the_distance_is_margin_over_slopes(seed, d):
    rng = np.random.default_rng(seed)
    slope, spread = rng.normal(size=d), rng.uniform(0.1, 3, d)
    space = TableSpace(tuple(Column(name=f"c{j}", kind="number", spread=float(s)) for j, s in enumerate(spread)))
    x = rng.normal(size=(5, d))
    margin = np.abs(x @ slope + 0.3)
    size, lower, _ = solved(linear(slope, intercept=0.3), space, x, "spread")
    np.testing.assert_allclose(size, margin / (np.abs(slope) @ spread), rtol=1e-7)
    np.testing.assert_allclose(lower, size, rtol=1e-6)
    assert (lower <= size).all()


def test_a_limit_leaves_the_rest_to_the_other_columns():
    space = TableSpace(
        (Column(name="a", kind="number", low=0, high=1, spread=1.0), Column(name="b", kind="number", spread=1.0))
    )
    # 2 from a, which ends at 1; the other 6 must come from b
    size, _, row = solved(linear([2.0, 1.0], intercept=-8.0), space, np.array([[0.0, 0.0]]), "spread")
    np.testing.assert_allclose(size, 6.0, rtol=1e-9)
    np.testing.assert_allclose(row, [[1.0, 6.0]], rtol=1e-9)


@pytest.mark.parametrize(("step", "reaches"), [(1.0, 4.0), (0.5, 3.5), (0.1, 3.3)])
def test_a_grid_is_kept(step, reaches):
    space = numbers(1, step=step)
    size, lower, row = solved(linear([1.0], intercept=-3.25), space, np.array([[1.0]]), "spread")
    assert row[0, 0] == reaches
    np.testing.assert_allclose(size, (reaches - 1) / 2)
    assert (reaches - 1 - step) / 2 < lower[0] <= size[0]


def test_the_fewest_columns_are_those_with_the_largest_gains():
    space = numbers(4, low=0.0, high=1.0)
    x = np.zeros((1, 4))
    for intercept, needed in ((-0.5, 1), (-2.5, 1), (-3.5, 2), (-5.5, 3), (-6.2, 4), (-7.0, np.inf)):
        size, lower, _ = solved(linear([0.5, 3.0, 1.0, 2.0], intercept=intercept), space, x, "columns")
        assert size == lower == needed


def test_among_equally_few_columns_the_smallest_spread_is_taken():
    space = numbers(2, low=0.0, high=10.0)
    _, _, row = solved(linear([1.0, 4.0], intercept=-2.0), space, np.array([[0.0, 0.0]]), "columns")
    np.testing.assert_allclose(row, [[0.0, 0.5]], rtol=1e-9)


def test_a_category_or_a_blank_comes_in_at_one_spread():
    space = TableSpace(
        (
            Column(name="a", kind="number", spread=1.0, missing="allow"),
            Column(name="b", kind="category", categories=("x", "y", "z")),
        )
    )
    codes = {1: np.array([[0.0], [5.0], [2.0], [9.0]])}
    model = replace(linear([1.0, 0.0], intercept=-4.0, codes=codes), missing=np.array([[3.5], [0.0]]))
    x = np.array([[0.0, 0.0]])
    size, _, row = solved(model, space, x, "spread")
    assert size == 1
    assert row[0, 1] in (1.0, 2.0)  # the code that was never seen is worth more, and is not allowed
    size, _, row = solved(replace(model, intercept=np.array([-3.0])), space, x, "columns")
    assert size == 1


def test_a_blank_that_the_model_refuses_is_never_entered():
    space = numbers(1, missing="allow", low=0.0, high=1.0)
    size, lower, _ = solved(linear([1.0], intercept=-3.0), space, np.array([[0.5]]), "columns")
    assert np.isinf(size)
    assert np.isinf(lower)


def test_the_nearest_of_several_classes_is_found():
    slope = np.array([[1.0, 0.0, -1.0], [0.0, 2.0, -1.0]])
    model = linear(slope, intercept=[0.0, 0.1, 0.2], link="softmax")
    x = np.random.default_rng(0).normal(size=(20, 2))
    space = numbers(2, spread=1.0)
    size, lower, _ = solved(model, space, x, "spread", decision=THREE)
    raw = model.raw(x)
    label = raw.argmax(axis=1)
    each = np.full((20, 3), np.inf)
    for i, c in itertools.product(range(20), range(3)):
        if c != label[i]:
            each[i, c] = (raw[i, label[i]] - raw[i, c]) / np.abs(slope[:, label[i]] - slope[:, c]).sum()
    np.testing.assert_allclose(size, each.min(axis=1), rtol=1e-7)
    assert (lower <= size).all()


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_nearer_on_grids_categories_and_blanks(seed):
    rng = np.random.default_rng(seed)
    columns = []
    for column in random_table(rng, d=4).columns:
        changes = {"step": column.step or 0.5} if column.kind == "number" else {}
        columns.append(column.model_copy(update={**changes, "who": "unknown"}))
    space = TableSpace(tuple(columns))
    x = random_rows(rng, space, 5)
    codes = {j: rng.normal(size=(5, 1)) for j in np.flatnonzero(space.categorical)}
    slope = np.where(space.categorical, 0.0, rng.normal(size=4))
    model = replace(linear(slope, codes=codes), missing=rng.normal(size=(4, 1)))
    model = replace(model, intercept=-np.nanmedian(model.raw(x), axis=0))
    target = Readable(Gridded(**vars(model)), space, TWO)
    truth = np.array([try_everything(target, row) for row in x])
    for k, objective in enumerate(("columns", "spread")):
        size, lower, _ = solved(model, space, x, objective)
        np.testing.assert_allclose(size, truth[:, k], rtol=1e-9)
        assert (lower <= truth[:, k]).all()
        np.testing.assert_array_equal(np.isinf(lower), np.isinf(size))


class Gridded(LinearModel):
    """Compares in float64, as the list of entries to try wants to know."""

    dtype = "float64"


@pytest.mark.parametrize("objective", ["columns", "spread"])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_row_stands_alone(objective, seed):
    rng = np.random.default_rng(seed)
    space = random_table(rng)
    x = random_rows(rng, space, 6)
    codes = {j: rng.normal(size=(5, 1)) for j in np.flatnonzero(space.categorical)}
    model = replace(linear(np.where(space.categorical, 0.0, rng.normal(size=3)), codes=codes), missing=np.ones((3, 1)))
    before = x.copy()
    _, lower, together = solved(model, space, x, objective)
    np.testing.assert_array_equal(x, before)
    order = rng.permutation(6)
    _, moved_lower, moved = solved(model, space, x[order], objective)
    np.testing.assert_array_equal(moved, together[order])
    np.testing.assert_array_equal(moved_lower, lower[order])


def test_it_says_why_it_cannot_work():
    trees = TreeEnsemble(
        *(np.zeros(1, np.int32), np.zeros(1), np.zeros(1, bool), np.zeros(1, np.int32), np.zeros(1, np.int32)),
        *(np.zeros((1, 1)), np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1)),
        *("logistic", 1, "float64", np.full(1, -1, np.int32)),
    )
    space = numbers(1)
    threat = case_of(Readable(linear([1.0]), space, TWO), np.array([[3.0]]), "spread").threat
    assert "tree-search" in LinearExact().unsuited(Readable(trees, space, TWO), threat)
    assert LinearExact().unsuited(Readable(linear([1.0]), space, TWO), threat) is None
