"""Cells: the edges stand exactly where the model's own comparison changes its mind, whatever dtype it casts to."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernels.doors import cells_of, nearest_of, world
from sparring.core.parameters import MembershipTable
from sparring.core.space import Column, TableSpace, grid_value
from sparring.kernels.cells import cell_trees, edge_of, limits
from tiny_models import ensemble_of, plain_raw

ANY = st.floats(allow_nan=False, allow_infinity=True)
FLOAT32 = np.finfo(np.float32)
BELOW_MINUS_2 = float(np.nextafter(np.float32(-2), np.float32(-3)))


def number(**options):
    return Column(name="c", kind="number", **{"low": -8.0, "high": 8.0, "spread": 1.0, **options})


def limits_of(column, center=0.0):
    return limits(TableSpace((column,)), center=np.array([center]))


# --- edges -----------------------------------------------------------------------------------------------------------


def cast_below(x, threshold, dtype):
    """Say what the model says: whether `x`, cast to its dtype, is below the threshold."""
    with np.errstate(over="ignore"):
        return bool(np.float64(np.asarray(x).astype(dtype)) < threshold)


@settings(max_examples=300, deadline=None)
@given(threshold=ANY, x=ANY, dtype=st.sampled_from(["float32", "float64"]))
@example(threshold=0.0, x=-0.0, dtype="float32")
@example(threshold=0.0, x=-1e-50, dtype="float32")
@example(threshold=float(FLOAT32.max), x=3.4028235677973366e38, dtype="float32")
@example(threshold=np.inf, x=1e300, dtype="float32")
@example(threshold=-np.inf, x=-1e300, dtype="float32")
@example(threshold=float(FLOAT32.smallest_subnormal), x=7e-46, dtype="float32")
def test_a_number_is_below_the_edge_iff_the_model_finds_it_below_the_threshold(threshold, x, dtype):
    edge = float(edge_of(np.array([threshold]), dtype)[0])
    near = [x, edge, math.nextafter(edge, -math.inf), math.nextafter(edge, math.inf), threshold]
    for value in near:
        assert (value < edge) == cast_below(value, threshold, dtype), value


def test_halfway_between_two_float32_numbers_goes_to_the_even_one():
    one, after = np.float32(1), np.nextafter(np.float32(1), np.float32(2))
    middle = (float(one) + float(after)) / 2
    # 1 is even: halfway rounds down to it, and only what follows is `after`
    assert edge_of(np.array([float(after)]), "float32")[0] == np.nextafter(middle, 2)
    before = np.nextafter(np.float32(1), np.float32(0))
    # from below, halfway rounds up to 1
    assert edge_of(np.array([1.0]), "float32")[0] == (float(before) + 1.0) / 2


def test_less_or_equal_is_less_than_the_next_number_of_the_models_dtype():
    # a library that tests x <= 0.5 is converted to x < (the number after 0.5)
    for dtype in ("float32", "float64"):
        after = float(np.nextafter(np.asarray(0.5, dtype), np.asarray(1, dtype)))
        trees = cell_trees(ensemble_of([(0, (0, after, False, 0, 1))], n_columns=1, dtype=dtype))
        x = np.array([0.5, after, np.nextafter(0.5, 1)])
        left = x.astype(dtype) <= np.asarray(0.5, dtype)
        np.testing.assert_array_equal(cells_of(trees, 0, x), np.where(left, 0, 1))


# --- find_cell -------------------------------------------------------------------------------------------------------


def test_cells_of_one_column_by_hand():
    stumps = [(0, (1, edge, False, 0, 1)) for edge in (2.0, -1.0, 2.0, 5.0)]
    trees = cell_trees(ensemble_of(stumps, n_columns=3))
    np.testing.assert_array_equal(trees.edge_start, [0, 0, 3, 3])
    np.testing.assert_array_equal(trees.edges, [-1, 2, 5])
    x = np.array([-np.inf, -1.5, -1.0, 1.9, 2.0, 4.0, 5.0, np.inf, np.nan])
    np.testing.assert_array_equal(cells_of(trees, 1, x), [0, 0, 1, 1, 2, 2, 3, 3, 4])
    # a column that no tree tests has one cell of numbers, and the blank's
    np.testing.assert_array_equal(cells_of(trees, 0, x), [0] * 8 + [1])
    np.testing.assert_array_equal(cells_of(trees, 2, x), [0] * 8 + [1])


@settings(max_examples=100, deadline=None)
@given(edges=st.lists(ANY, max_size=9), x=st.lists(st.floats(), min_size=1, max_size=9))
def test_a_cell_is_the_number_of_edges_that_are_not_above(edges, x):
    trees = cell_trees(ensemble_of([(0, (0, edge, False, 0, 1)) for edge in edges] or [(0, 1)], n_columns=1))
    unique = sorted(set(edges))
    x = np.array(x + edges)
    wanted = [len(unique) + 1 if np.isnan(v) else sum(edge <= v for edge in unique) for v in x]
    np.testing.assert_array_equal(cells_of(trees, 0, x), wanted)


# --- trees over cells ------------------------------------------------------------------------------------------------


def walk(trees, value, cell):
    """Add up the leaves that a row of cells meets, by the documented meaning of CellTrees."""
    total = 0.0
    for root in trees.roots:
        node = root
        while trees.nodes[node, 0] >= 0:
            j, test, left, right = trees.nodes[node]
            blank = trees.edge_start[j + 1] - trees.edge_start[j] + 1
            if trees.by_set[j]:
                goes_left = trees.sides[test + cell[j]]
            elif cell[j] == blank:
                goes_left = trees.missing_left[node]
            else:
                goes_left = cell[j] <= test
            node = left if goes_left else right
        total += value[node]
    return total


@pytest.mark.parametrize("seed", range(12))
def test_a_row_of_cells_meets_the_leaves_that_the_row_meets(seed):
    here = world(seed, n=20)
    rng = np.random.default_rng(seed)
    thresholds = np.concatenate([here.model.threshold, [0.5, 1.0, 2.5, 3.25]])
    # values at, and just beside, tests of all columns; a few blanks
    x = np.vstack([here.x, rng.choice(thresholds, (60, here.x.shape[1]))])
    x = np.vstack(
        [x, np.nextafter(x, -np.inf), x.astype(np.float32), np.nextafter(x.astype(np.float32), np.float32(9))]
    )
    x[rng.random(x.shape) < 0.1] = np.nan
    cells = np.column_stack([cells_of(here.trees, j, np.ascontiguousarray(x[:, j])) for j in range(x.shape[1])])
    found = [here.base + walk(here.trees, here.value, row) for row in cells]
    np.testing.assert_array_equal(found, plain_raw(here.model, x)[:, 0])


def test_a_set_and_a_threshold_on_one_column_share_its_cells():
    # the set {1, 3} and the test x < 2.5, blanks to the left in the set only
    table = MembershipTable(np.array([0.5, 1.5, 2.5, 3.5]), np.array([False, True, False, True, False]))
    trees = cell_trees(
        ensemble_of([(0, (0, ("in", 0), True, 1, 0)), (0, (0, 2.5, False, 1, 0))], n_columns=1, tables=[table])
    )
    assert trees.by_set[0] == 1
    np.testing.assert_array_equal(trees.edges, table.breaks)
    cell = cells_of(trees, 0, np.array([0.0, 1.0, 2.0, 3.0, 4.0, np.nan]))
    np.testing.assert_array_equal(cell, [0, 1, 2, 3, 4, 5])
    of_set, of_test = (trees.nodes[root, 1] for root in trees.roots)
    np.testing.assert_array_equal(trees.sides[of_set + cell], [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(trees.sides[of_test + cell], [1, 1, 1, 0, 0, 0])


def test_equal_tests_of_a_set_share_one_row_of_sides():
    table = MembershipTable(np.array([0.5]), np.array([True, False]))
    stump = (0, ("in", 0), False, 1, 0)
    trees = cell_trees(
        ensemble_of([(0, stump), (0, stump), (0, (0, ("in", 0), True, 1, 0))], n_columns=1, tables=[table])
    )
    first, second, other = (trees.nodes[root, 1] for root in trees.roots)
    assert first == second != other


@pytest.mark.parametrize(
    ("tree", "depth"), [(1.0, 1), ((0, 1.0, False, 0, 1), 2), ((0, 1.0, False, (0, 0.5, False, 0, 1), 1), 3)]
)
def test_depth_counts_the_longest_path(tree, depth):
    assert cell_trees(ensemble_of([(0, 0.0), (0, tree)], n_columns=1)).depth == depth


# --- what may be entered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "x", "between", "wanted"),
    [
        (number(), 1.0, (2.0, 3.0), 2.0),  # the first number of a cell above
        (number(), 1.0, (-3.0, -2.0), BELOW_MINUS_2),  # the last of one below
        (number(), 1.0, (0.0, 3.0), 1.0),  # its own cell
        (number(high=2.5), 1.0, (3.0, 4.0), np.nan),  # beyond the limit
        (number(high=2.0), 1.0, (2.0, 4.0), 2.0),  # at it
        (number(direction="up"), 1.0, (-3.0, 0.0), np.nan),
        (number(direction="up"), 1.0, (2.0, 3.0), 2.0),
        (number(direction="down"), 1.0, (2.0, 3.0), np.nan),
        (number(direction="down"), 1.0, (0.0, 1.0), float(np.nextafter(np.float32(1), np.float32(0)))),
        (number(who="nobody"), 1.0, (2.0, 3.0), np.nan),
        (number(step=0.5), 1.0, (2.1, 3.0), 2.5),
        (number(step=0.5), 1.0, (2.1, 2.4), np.nan),  # no multiple in there
        (number(step=0.5), 5.0, (2.1, 3.5), 3.0),  # the cell does not hold its upper edge
        (number(step=0.1), 0.0, (0.3, 8.0), 0.3),  # not 0.30000000000000004
        (number(missing="allow"), np.nan, (-4.0, 4.0), 0.5),  # a blank is filled with the usual value,
        (number(missing="allow"), np.nan, (2.0, 4.0), 2.0),  # or with what is nearest to that,
        (number(missing="allow", direction="up"), np.nan, (-4.0, -2.0), BELOW_MINUS_2),
    ],
)  # fmt: skip
def test_the_nearest_number_that_may_be_entered(column, x, between, wanted):
    low, high = (np.array([edge]) for edge in between)
    entry, distance = nearest_of(np.array([x]), low, high, 0, limits_of(column, center=0.5))[0]
    np.testing.assert_array_equal(entry, wanted)
    if np.isnan(wanted):
        assert distance == np.inf
    else:
        assert distance == (1.0 if np.isnan(x) else abs(wanted - x))


def test_a_number_that_float32_cannot_hold_is_entered_where_no_other_will_do():
    # between two neighbors of float32 there is nothing short
    low = 1.0 + 1e-9
    entry, _ = nearest_of(np.array([0.0]), np.array([low]), np.array([1.0 + 2e-9]), 0, limits_of(number()))[0]
    assert entry == low


def test_the_distance_is_in_spreads_and_that_of_categories_and_filled_blanks_is_one():
    x, low, high = np.array([1.0]), np.array([3.0]), np.array([9.0])
    assert nearest_of(x, low, high, 0, limits_of(number(spread=4.0)))[0, 1] == 0.5
    color = Column(name="c", kind="category", categories=tuple("abcdef"), spread=4.0)
    np.testing.assert_array_equal(nearest_of(x, low, high, 0, limits_of(color)), [[3.0, 1.0]])
    blank = nearest_of(np.array([np.nan]), low, high, 0, limits_of(number(spread=4.0, missing="allow")))
    np.testing.assert_array_equal(blank, [[3.0, 1.0]])


KINDS = (
    number(),
    number(direction="up"),
    number(direction="down"),
    number(step=0.25),
    number(step=0.1),
    number(step=3.0),
    number(step=0.1, direction="down"),
    number(missing="allow"),
)


@settings(max_examples=200, deadline=None)
@given(
    column=st.sampled_from(KINDS),
    x=st.floats(-8, 8),
    edges=st.tuples(st.floats(-10, 10), st.floats(-10, 10)).filter(lambda pair: pair[0] < pair[1]),
)
def test_what_is_entered_lies_in_the_cell_is_allowed_and_nothing_allowed_is_nearer(column, x, edges):
    low, high = edges
    if column.step:
        x = float(grid_value(round(x / column.step), column.step))
        x = min(max(x, -8.0 + column.step), 8.0 - column.step)
        x = float(grid_value(round(x / column.step), column.step))
    entry, distance = nearest_of(np.array([x]), np.array([low]), np.array([high]), 0, limits_of(column))[0]
    space = TableSpace((column,))

    def legal(value):
        return low <= value < high and space.violations(np.array([[x]]), np.array([[value]])) == [None]

    if column.step:
        tries = [float(grid_value(k, column.step)) for k in range(round(-8 / column.step), round(8 / column.step) + 1)]
    else:
        tries = [*np.linspace(-8, 8, 65), low, np.nextafter(high, -np.inf), x, -8.0, 8.0]
    sizes = [abs(value - x) for value in tries if legal(value)]
    if np.isnan(entry):
        assert not sizes
    else:
        assert legal(entry)
        assert distance == abs(entry - x)
        # a number that float32 holds may cost a millionth of a spread more
        assert distance <= min(sizes) + 1e-6
