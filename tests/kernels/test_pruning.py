"""Pruning: the leaves written down are those that meet the box, no others, found by trying every leaf of every tree."""

import numpy as np
import pytest

from kernels.doors import cells_of, leaves_at, plain_score, prune_rows, reach_of, runs_of, world
from sparring.core.parameters import MembershipTable
from sparring.core.space import Column, TableSpace
from sparring.kernels.cells import cell_trees, limits
from sparring.kernels.pruning import HIGH, LOW, MISS, OWN
from tiny_models import ensemble_of, entries_of, plain_raw

SIZES = [0.0, 0.3, 0.9, 1.0, 2.0, np.inf]
SEEDS = range(10)


def n_numbers(trees, j):
    """Cells of numbers in column `j`; the blank's comes after them."""
    return trees.edge_start[j + 1] - trees.edge_start[j] + 1


def all_leaves(trees, value):
    """List, tree by tree and from left to right, each leaf's value and the cells that it allows in each column."""
    d = len(trees.edge_start) - 1

    def below(node, allowed):
        if trees.nodes[node, 0] < 0:
            return [(value[node], allowed)]
        j, test, left, right = trees.nodes[node]
        n = n_numbers(trees, j)
        if trees.by_set[j]:
            goes_left = trees.sides[test : test + n + 1] != 0
        else:
            goes_left = np.append(np.arange(n) <= test, trees.missing_left[node] != 0)
        found = []
        for child, here in ((left, goes_left), (right, ~goes_left)):
            found += below(child, [mask & here if i == j else mask for i, mask in enumerate(allowed)])
        return found

    anything = [np.ones(n_numbers(trees, j) + 1, bool) for j in range(d)]
    return [below(root, anything) for root in trees.roots]


def box_masks(trees, box, shut):
    """Turn a box into one mask of cells for each column."""
    masks = []
    for j, (low, high, miss, _) in enumerate(box):
        n = n_numbers(trees, j)
        cells = np.arange(n)
        masks.append(np.append((low <= cells) & (cells <= high), bool(miss)))
        if trees.by_set[j]:
            first = trees.edge_start[j] + 2 * j
            np.testing.assert_array_equal(shut[first : first + n + 1] == 0, masks[j])
    return masks


def written_leaves(masks, draft, leaves):
    """Read a draft back: for each tree, each leaf's value and the cells of the box that it allows."""
    tree_start = leaves.tree_start
    ends = np.append(draft.condition[: len(leaves.leaf), 1], len(leaves.runs))
    trees_found = []
    for t in range(len(tree_start) - 1):
        leaves = []
        for i in range(tree_start[t], tree_start[t + 1]):
            allowed = [mask.copy() for mask in masks]
            for c in range(draft.member_start[i, 0], draft.member_start[i + 1, 0]):
                j = draft.condition[c, 0]
                inside = np.zeros(len(masks[j]), bool)
                for low, high in draft.run[ends[c] : ends[c + 1]]:
                    inside[low : high + 1] = True
                allowed[j] &= inside
            leaves.append((draft.value[i], allowed))
        trees_found.append(leaves)
    return trees_found


def assert_same_leaves(found, wanted):
    assert [[value for value, _ in tree] for tree in found] == [[value for value, _ in tree] for tree in wanted]
    for tree, other in zip(found, wanted, strict=True):
        for (_, a), (_, b) in zip(tree, other, strict=True):
            np.testing.assert_array_equal(np.concatenate(a), np.concatenate(b))


# --- the leaves that meet the box ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_leaves_written_down_are_those_that_meet_the_box(seed):
    here = world(seed, depth=4, n_trees=5)
    several = 0
    for x in here.x:
        for size in SIZES:
            for most_out in range(len(x) + 1):
                box, shut, draft, leaves = prune_rows(
                    here.trees, here.value, here.base, x[None], size, most_out, here.limits
                )
                masks = box_masks(here.trees, box, shut)
                wanted_base, wanted = here.base, []
                for tree in all_leaves(here.trees, here.value):
                    met = [(value, [a & b for a, b in zip(allowed, masks, strict=True)]) for value, allowed in tree]
                    met = [(value, allowed) for value, allowed in met if all(mask.any() for mask in allowed)]
                    if len(met) == 1:
                        wanted_base += met[0][0]
                        continue
                    out = [sum(not allowed[j][box[j, OWN]] for j in range(len(x))) for _, allowed in met]
                    wanted.append([leaf for leaf, n in zip(met, out, strict=True) if n <= most_out])
                assert leaves.base == wanted_base
                assert_same_leaves(written_leaves(masks, draft, leaves), wanted)
                several += len(wanted)
    assert several > 50 or here.limits.movable.sum() < 2


def test_leaves_of_one_tree_by_hand():
    #        a < 2
    #    b < 1    a < 5
    #   1     2  3     4
    tree = (0, 2.0, False, (1, 1.0, False, 1, 2), (0, 5.0, False, 3, 4))
    trees = cell_trees(ensemble_of([(0, tree), (0, (1, 1.0, False, 10, 20))], n_columns=2))
    value = np.array([0, 0, 1, 2, 0, 3, 4, 0, 10, 20], float)
    space = TableSpace(tuple(Column(name=c, kind="number", low=0, high=9, spread=1.0) for c in "ab"))
    only_a = space.columns[0], space.columns[1].model_copy(update={"who": "nobody"})
    x = np.array([1.0, 0.5])

    def values(size, *, most_out=2, columns=space.columns):
        here = limits(TableSpace(columns), center=np.zeros(2))
        leaves = leaves_at(trees, value, 0.0, x, size, most_out, here)
        return leaves.base, list(leaves.value), list(leaves.tree_start)

    assert values(0.1) == (11.0, [], [0])  # nothing can change
    assert values(0.6) == (0.0, [1, 2, 10, 20], [0, 2, 4])  # b may cross 1
    assert values(1.5) == (0.0, [1, 2, 3, 10, 20], [0, 3, 5])  # and a may cross 2
    assert values(9.0, columns=only_a) == (10.0, [1, 3, 4], [0, 3])  # with b frozen its test is passed
    assert values(9.0, most_out=1) == (0.0, [1, 2, 3, 4, 10, 20], [0, 4, 6])
    assert values(9.0, most_out=0) == (0.0, [1, 10], [0, 1, 2])


def test_room_grows_with_the_leaves():
    # 1,200 trees of two columns: more leaves than the working memory starts with
    rng = np.random.default_rng(0)
    stumps = [(0, (0, float(a), False, (1, float(b), False, 1, 2), 3)) for a, b in rng.uniform(0, 4, (1200, 2))]
    model = ensemble_of(stumps * 4, n_columns=2)
    space = TableSpace(tuple(Column(name=c, kind="number", low=0, high=4, spread=1.0) for c in "ab"))
    leaves = leaves_at(
        cell_trees(model), model.value[:, 0], 0.0, np.array([1.0, 1.0]), np.inf, 2, limits(space, center=np.zeros(2))
    )
    assert len(leaves.value) == 4 * 1200 * 3
    assert leaves.base == 0
    np.testing.assert_array_equal(leaves.value, np.tile([1, 2, 3], 4800))


# --- the box ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", SIZES)
def test_the_box_holds_the_cell_of_every_entry_within_reach(seed, size):
    here = world(seed, n=6)
    for x in here.x:
        box, shut, *_ = prune_rows(here.trees, here.value, here.base, x[None], size, 0, here.limits)
        masks = box_masks(here.trees, box, shut)
        for j in range(len(x)):
            entries = np.array(entries_of(here.model, here.space, x, j))
            rows = np.tile(x, (len(entries), 1))
            rows[:, j] = entries
            origin = np.broadcast_to(x, rows.shape)
            within = here.space.size_in_spreads(origin, rows) <= size
            assert masks[j][cells_of(here.trees, j, entries[within])].all()
            assert box[j, OWN] == cells_of(here.trees, j, x[j : j + 1])[0]
            assert masks[j][box[j, OWN]]


@pytest.mark.parametrize(
    ("options", "x", "size", "numbers", "blank"),
    [
        ({}, 2.5, 0.0, (2, 2), False),
        ({}, 2.5, 0.24, (2, 2), False),
        ({}, 2.5, 0.26, (1, 3), False),  # 3.0 is in reach, and so is what lies below 2.0
        ({}, 2.5, 0.74, (1, 3), False),
        ({}, 2.5, np.inf, (0, 5), False),
        ({"low": 1.5, "high": 3.5}, 2.5, np.inf, (1, 3), False),
        ({"direction": "up"}, 2.5, np.inf, (2, 5), False),
        ({"direction": "down"}, 2.5, np.inf, (0, 2), False),
        ({"who": "nobody"}, 2.5, np.inf, (2, 2), False),
        ({"missing": "allow"}, 2.5, 0.99, (0, 4), False),  # a blank is one spread away
        ({"missing": "allow"}, 2.5, 1.0, (0, 4), True),
        ({"missing": "allow"}, np.nan, 0.99, (6, 5), True),  # no numbers
        ({"missing": "allow"}, np.nan, 1.0, (0, 5), True),  # any number, however far
        ({"missing": "allow", "direction": "down", "low": 2.0}, np.nan, 1.0, (2, 5), True),
        ({"who": "nobody"}, np.nan, np.inf, (6, 5), True),
        ({"low": 3.0, "high": 3.5}, 1.5, 0.0, (1, 1), False),  # a row that breaks the limits keeps its own cell
    ],
)  # fmt: skip
def test_a_box_by_hand(options, x, size, numbers, blank):
    column = Column(name="c", kind="number", **{"low": 0.0, "high": 9.0, "spread": 2.0, **options})
    model = ensemble_of([(0, (0, edge, False, 0, 1)) for edge in (1.0, 2.0, 3.0, 4.0, 5.0)], n_columns=1)
    here = limits(TableSpace((column,)), center=np.zeros(1))
    trees = cell_trees(model)
    box, *_ = prune_rows(trees, model.value[:, 0], 0.0, np.array([[x]]), size, 1, here)
    assert (box[0, LOW], box[0, HIGH]) == numbers
    assert bool(box[0, MISS]) == blank


@pytest.mark.parametrize(("size", "numbers"), [(0.99, (1, 1)), (1.0, (0, 2))])
def test_a_category_is_one_spread_from_any_other(size, numbers):
    table = MembershipTable(np.array([0.5, 1.5, 2.5]), np.array([True, False, True, False]))
    model = ensemble_of([(0, (0, ("in", 0), False, 0, 1))], n_columns=1, tables=[table])
    space = TableSpace((Column(name="c", kind="category", categories=tuple("abc"), spread=5.0),))
    here = limits(space, center=np.zeros(1))
    box, *_ = prune_rows(cell_trees(model), model.value[:, 0], 0.0, np.array([[1.0]]), size, 1, here)
    assert (box[0, LOW], box[0, HIGH], box[0, MISS]) == (*numbers, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_beyond_its_reach_a_box_grows_no_more(seed):
    here = world(seed, n=6)
    for x in here.x:
        size = reach_of(here.trees, x, here.limits)
        a, shut_a, *_ = prune_rows(here.trees, here.value, 0.0, x[None], size, 0, here.limits)
        b, shut_b, *_ = prune_rows(here.trees, here.value, 0.0, x[None], np.inf, 0, here.limits)
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(shut_a, shut_b)


def test_reach_is_the_farthest_edge_in_spreads():
    model = ensemble_of(
        [(0, (0, 2.0, False, 0, 1)), (0, (1, 9.0, False, 0, 1)), (0, (2, 99.0, False, 0, 1))], n_columns=3
    )
    columns = [Column(name=c, kind="number", low=0, high=100, spread=2.0) for c in "abc"]
    columns[2] = columns[2].model_copy(update={"who": "nobody"})
    here = limits(TableSpace(tuple(columns)), center=np.zeros(3))
    trees = cell_trees(model)
    assert reach_of(trees, np.array([1.0, 3.0, 5.0]), here) == pytest.approx(3.0, rel=2e-3)
    # a blank that may be filled is one spread from any number
    assert reach_of(trees, np.array([1.5, np.nan, 5.0]), here) == pytest.approx(1.0, rel=2e-3)


# --- leaves over local cells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", [0.3, 1.0, np.inf])
def test_every_local_cell_scores_as_the_row_with_its_entry(seed, size):
    here = world(seed)
    rng = np.random.default_rng(seed)
    d = len(here.space)
    for x in here.x:
        leaves = leaves_at(here.trees, here.value, here.base, x, size, d, here.limits)
        start = leaves.cell_start
        usable = [np.flatnonzero(np.isfinite(leaves.distance[start[j] : start[j + 1]])) for j in range(d)]
        for _ in range(20):
            cell = np.array([rng.choice(usable[j]) if len(usable[j]) else leaves.own[j] for j in range(d)])
            row = np.array([leaves.entry[start[j] + cell[j]] if len(usable[j]) else x[j] for j in range(d)])
            assert plain_score(leaves, cell) == plain_raw(here.model, row[None])[0, 0]
            assert here.space.violations(x[None], row[None]) == [None]


@pytest.mark.parametrize("seed", SEEDS)
def test_local_cells_are_priced_by_the_nearest_entry(seed):
    here = world(seed)
    for x in here.x:
        leaves = leaves_at(here.trees, here.value, here.base, x, np.inf, len(x), here.limits)
        start = leaves.cell_start
        for j in range(len(x)):
            if start[j] == start[j + 1]:
                continue
            own = start[j] + leaves.own[j]
            assert leaves.distance[own] == 0
            np.testing.assert_array_equal(leaves.entry[own], x[j])
            entries = np.array(entries_of(here.model, here.space, x, j))
            rows = np.tile(x, (len(entries), 1))
            rows[:, j] = entries
            sizes = here.space.size_in_spreads(np.broadcast_to(x, rows.shape), rows)
            local = local_cells(here, leaves, j, entries)
            for k in range(start[j + 1] - start[j]):
                there = sizes[local == k]
                least = 0.0 if k == leaves.own[j] else there.min(initial=np.inf)
                # a number that float32 holds may cost a millionth of a spread more
                assert leaves.distance[start[j] + k] == pytest.approx(least, rel=1e-9, abs=2e-6)


def local_cells(here, leaves, j, entries):
    """Find the local cell of each entry, from the entries of the local cells and the edges of the model."""
    mine = cells_of(here.trees, j, entries)
    known = leaves.entry[leaves.cell_start[j] : leaves.cell_start[j + 1]]
    if here.trees.by_set[j]:
        return mine
    n = n_numbers(here.trees, j)
    numbers = [k for k, entry in enumerate(known) if not np.isnan(entry)]
    first = cells_of(here.trees, j, known[numbers])
    # every edge that a tree tests is kept in an infinite box, so that local cells are the model's, from the box's first
    result = np.full(len(entries), -1)
    for k, cell in zip(numbers, first, strict=True):
        result[mine == cell] = k
    result[mine == n] = len(known) - 1
    return result


@pytest.mark.parametrize("seed", SEEDS)
def test_conditions_point_at_their_leaves_and_back(seed):
    here = world(seed, depth=4)
    leaves = leaves_at(here.trees, here.value, here.base, here.x[0], np.inf, 3, here.limits)
    assert leaves.member_start[-1] == leaves.column_start[-1] == len(leaves.leaf) == len(leaves.member)
    np.testing.assert_array_equal(np.sort(leaves.member), np.arange(len(leaves.leaf)))
    for i in range(len(leaves.value)):
        mine = leaves.member[leaves.member_start[i] : leaves.member_start[i + 1]]
        assert (leaves.leaf[mine] == i).all()
        column = np.searchsorted(leaves.column_start, mine, side="right") - 1
        assert len(set(column)) == len(mine)
        for c in mine:
            assert (runs_of(leaves, c)[:, 0] == i).all()
    assert leaves.run_start[-1] == len(leaves.runs)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", [0.3, np.inf])
def test_working_memory_that_was_used_before_leaves_no_trace(seed, size):
    here = world(seed, n=5)
    fresh = leaves_at(here.trees, here.value, here.base, here.x[-1], size, 2, here.limits)
    used = prune_rows(here.trees, here.value, here.base, here.x, size, 2, here.limits)[-1]
    for a, b in zip(fresh, used, strict=True):
        np.testing.assert_array_equal(a, b)
