"""Spaces: sizes, limits and projection."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sparring.core.space import Column, TableSpace, grid_value, on_grid, snap

STEPS = st.sampled_from([None, 1.0, 0.5, 0.1, 0.01, 3.0, 250.0])


@st.composite
def columns(draw, name="c"):
    if draw(st.booleans()):
        return Column(
            name=name,
            kind=draw(st.sampled_from(["category", "carried"])),
            who=draw(st.sampled_from(["anyone", "nobody", "unknown"])),
            categories=("a", "b", "c"),
            missing=draw(st.sampled_from(["allow", "never"])),
            unseen=draw(st.sampled_from(["allow", "never"])),
        )
    return Column(
        name=name,
        kind="number",
        who=draw(st.sampled_from(["anyone", "effort", "us", "nobody", "unknown"])),
        change=draw(st.sampled_from(["misstated", "misstated", "real"])),
        checked=draw(st.sampled_from(["never", "sometimes", "always"])),
        direction=draw(st.sampled_from(["up", "down", "both"])),
        low=-10.0,
        high=10.0,
        step=draw(STEPS),
        spread=draw(st.sampled_from([0.0, 0.5, 2.0])),
        missing=draw(st.sampled_from(["allow", "never"])),
    )


def values(column):
    if column.kind == "number":
        return st.one_of(st.floats(-12, 12), st.integers(-12, 12).map(float), st.just(float("nan")))
    return st.one_of(st.sampled_from([0.0, 1.0, 2.0, 3.0]), st.just(float("nan")))


@st.composite
def pairs(draw):
    space = TableSpace(tuple(draw(columns(f"c{j}")) for j in range(draw(st.integers(1, 4)))))
    x, x_adv = (
        np.array([[draw(values(c)) for c in space.columns] for _ in range(3)]),
        np.array([[draw(values(c)) for c in space.columns] for _ in range(3)]),
    )
    return space, x, x_adv


@settings(max_examples=400, deadline=None)
@given(pairs())
def test_projected_rows_are_legal_and_stay_where_they_are(case):
    space, x, x_adv = case
    before = (x.copy(), x_adv.copy())
    once = space.project(x, x_adv)
    assert space.violations(x, once) == [None] * len(x)
    np.testing.assert_array_equal(space.project(x, once), once)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(x_adv, before[1])


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_a_legal_row_is_its_own_projection(case):
    space, x, x_adv = case
    legal = np.array([v is None for v in space.violations(x, x_adv)])
    np.testing.assert_array_equal(space.project(x, x_adv)[legal], x_adv[legal])


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_projection_never_goes_farther_than_asked(case):
    space, x, x_adv = case
    once = space.project(x, x_adv)
    inside = (x >= space.low) & (x <= space.high)
    # a number whose original lies outside its range may have to move to reach the range at all
    usual = np.where(space.categorical | inside | np.isnan(x), True, False).all(axis=1)
    assert (space.size_in_spreads(x, once) <= space.size_in_spreads(x, x_adv) + 1e-12)[usual].all()


def one(**given_):
    return TableSpace(
        (Column(**{"name": "a", "kind": "number", "who": "anyone", "low": 0, "high": 9, "spread": 2} | given_),)
    )


@pytest.mark.parametrize(
    ("given_", "before", "after", "fault"),
    [
        ({}, 1, 9, None),
        ({}, 1, 9.5, "must be in [0, 9], got 9.5"),
        ({"direction": "up"}, 3, 2, "may not fall"),
        ({"direction": "down"}, 3, 4, "may not rise"),
        ({"step": 1}, 3, 4.5, "must be a multiple of 1, got 4.5"),
        ({"step": 0.1}, 0.1, 0.3, None),
        ({"step": 0.1}, 0.1, 0.1 * 3, "must be a multiple of 0.1, got 0.30000000000000004"),
        ({}, 3, np.nan, "may not be blank"),
        ({"missing": "allow"}, 3, np.nan, None),
        ({"who": "us"}, 3, 4, "may not change"),
        ({"change": "real"}, 3, 4, "may not change"),
        ({"checked": "always"}, 3, 4, "may not change"),
        ({"spread": 0}, 3, 4, "may not change"),
        ({"who": "nobody"}, 11, 11, None),
    ],
)
def test_each_limit_is_named(given_, before, after, fault):
    found = one(**given_).violations(np.array([[before]], float), np.array([[after]], float))
    assert found == [None if fault is None else f"column 'a' {fault}"]


def test_sizes_are_in_spreads_and_columns():
    space = TableSpace(
        (
            Column(name="n", kind="number", who="anyone", spread=2),
            Column(name="c", kind="category", who="anyone", categories=("a", "b")),
            Column(name="m", kind="number", who="anyone", spread=4, missing="allow"),
        )
    )
    x = np.array([[1.0, 0, 4], [1, 0, 4], [1, 0, np.nan], [1, 0, np.nan]])
    x_adv = np.array([[2.0, 0, 4], [1, 1, 4], [1, 0, np.nan], [1, 0, 4]])
    assert space.size_in_spreads(x, x_adv).tolist() == [0.5, 1, 0, 1]
    assert space.size_in_columns(x, x_adv).tolist() == [1, 1, 0, 1]
    assert len(space) == 3


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValidationError, match=r"must be \[low, high\], got \[2.0, 1.0\]"):
        Column(name="a", kind="number", low=2, high=1)


def test_unknown_counts_as_changeable_and_says_so():
    assert one(who="unknown").movable[0]
    assert one(who="unknown").columns[0].assumed
    assert not one(who="anyone").columns[0].assumed
    assert not Column(name="id", kind="carried").assumed


def test_an_unseen_category_is_one_past_the_last():
    open_ = TableSpace((Column(name="c", kind="category", categories=("a",), unseen="allow"),))
    closed = TableSpace((Column(name="c", kind="category", categories=("a",)),))
    assert (open_.high[0], closed.high[0]) == (1, 0)


def test_unbounded_numbers_have_no_range():
    space = TableSpace((Column(name="a", kind="number", spread=1),))
    assert (space.low[0], space.high[0]) == (-np.inf, np.inf)


@given(st.integers(-(10**6), 10**6), st.sampled_from([0.1, 0.01, 0.001, 0.5, 1.0, 250.0]))
def test_multiples_are_the_decimals_that_people_type(k, step):
    typed = float(f"{k * step:.4f}")
    assert grid_value(float(k), step) == typed
    assert on_grid(typed, step)


def test_snapping_goes_inward_and_never_past_the_original():
    step, origin = np.array([1.0]), np.array([2.5])
    assert snap(np.array([4.7]), step, toward=origin).tolist() == [4]
    assert snap(np.array([0.2]), step, toward=origin).tolist() == [1]
    assert snap(np.array([2.9]), step, toward=origin).tolist() == [2.5]
    assert snap(np.array([2.9]), np.array([0.0]), toward=origin).tolist() == [2.9]
    assert snap(np.array([2.6]), step, toward=np.array([np.nan])).tolist() == [3]
