"""One and two columns: what the enumeration keeps is what trying every entry, and every pair of entries, finds."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from kernels.doors import cells_of, world
from sparring.core.space import Column, TableSpace
from sparring.kernels.cells import cell_trees, limits
from sparring.kernels.column_search import (
    ENTRY,
    FIRST,
    FIRST_ENTRY,
    FLIP,
    FLIP_ENTRY,
    LEAST,
    SCORE,
    SECOND,
    SECOND_ENTRY,
    single_entries,
    survey_columns,
)
from tiny_models import ensemble_of, entries_of, plain_raw

SEEDS = range(14)
MANY = 10**6
SHORT = 2e-6
"""A number that float32 holds may cost a millionth of a spread more, in each of two columns."""


def survey(here, x, *, fixed=None, pair_cells=MANY, beam=4):
    n, d = x.shape
    fixed = np.zeros(x.shape, bool) if fixed is None else fixed
    option, least, flip, top = (np.full(shape, np.nan) for shape in ((n, d, 4), n, (n, 5), (n, beam, 5)))
    survey_columns(here.trees, here.value, here.base, x, fixed, here.limits, pair_cells, option, least, flip, top)
    return option, least, flip, top


def lifted(here, x):
    """Move all scores so that the row's own is 3/8, which some changes take below zero."""
    own = plain_raw(here.model, x[None])[0, 0]
    return replace(here, model=replace(here.model, intercept=here.model.intercept - own + 3 / 8))


def other_cells(here, x, j):
    """List entries of column `j` in other cells than the row's own, and their sizes."""
    entries = np.array(entries_of(here.model, here.space, x, j))
    entries = entries[cells_of(here.trees, j, entries) != cells_of(here.trees, j, x[j : j + 1])]
    rows = np.tile(x, (len(entries), 1))
    rows[:, j] = entries
    return entries, here.space.size_in_spreads(np.broadcast_to(x, rows.shape), rows)


def score_of(here, x, **changes):
    row = x.copy()
    for j, value in changes.items():
        row[int(j[1:])] = value
    assert here.space.violations(x[None], row[None]) == [None]
    return plain_raw(here.model, row[None])[0, 0]


def single_scores(here, x, j):
    entries, sizes = other_cells(here, x, j)
    return np.array([score_of(here, x, **{f"c{j}": entry}) for entry in entries]), sizes


def pair_scores(here, x, i, j):
    (a, size_a), (b, size_b) = other_cells(here, x, i), other_cells(here, x, j)
    pairs = list(itertools.product(range(len(a)), range(len(b))))
    scores = [score_of(here, x, **{f"c{i}": a[k], f"c{j}": b[m]}) for k, m in pairs]
    return np.array(scores), np.array([max(size_a[k], size_b[m]) for k, m in pairs])


# --- one column ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair_cells", [0, MANY])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_least_score_and_the_least_flip_of_each_column(seed, pair_cells):
    drawn = world(seed)
    for x in drawn.x:
        here = lifted(drawn, x)
        option, *_ = survey(here, x[None], pair_cells=pair_cells)
        for j, found in enumerate(option[0]):
            scores, sizes = single_scores(here, x, j)
            # a cell that no tree tells from the row's own is none of the others
            assert min(found[LEAST], 3 / 8) == pytest.approx(min(scores.min(initial=np.inf), 3 / 8), abs=1e-12)
            flips = sizes[scores < 0].min(initial=np.inf)
            assert found[FLIP] == pytest.approx(flips, abs=SHORT)
            if np.isfinite(found[LEAST]):
                assert score_of(here, x, **{f"c{j}": found[ENTRY]}) == pytest.approx(found[LEAST], abs=1e-12)
            if np.isfinite(flips):
                assert score_of(here, x, **{f"c{j}": found[FLIP_ENTRY]}) < 0


def test_one_column_by_hand():
    # a: 5 below 2, -1 from 4 on, else 3; the row is at 3
    model = ensemble_of([(0, (0, 2.0, False, 5.0, (0, 4.0, False, 3.0, -1.0)))], n_columns=2)
    here = by_hand(model)
    option, *_ = survey(here, np.array([[3.0, 3.0]]), pair_cells=0)
    np.testing.assert_array_equal(option[0, 0], [-1.0, 4.0, 0.5, 4.0])
    np.testing.assert_array_equal(option[0, 1], [np.inf, np.nan, np.inf, np.nan])


def by_hand(model):
    here = world(0)
    here.model, here.trees = model, cell_trees(model)
    columns = (Column(name=f"c{j}", kind="number", low=0, high=9, spread=2.0) for j in range(model.n_columns))
    here.space = TableSpace(tuple(columns))
    here.limits = limits(here.space, center=np.zeros(model.n_columns))
    return here


@pytest.mark.parametrize("seed", SEEDS)
def test_single_entries_lists_every_other_cell_once_at_its_nearest(seed):
    here = world(seed)
    for x in here.x:
        column, entry, distance = single_entries(here.trees, here.value, x, here.limits)
        for j in range(len(x)):
            entries, sizes = other_cells(here, x, j)
            cells = cells_of(here.trees, j, entries)
            mine = entry[column == j]
            listed = cells_of(here.trees, j, mine)
            assert len(set(listed)) == len(listed)
            tested = single_scores(here, x, j)[0]
            for cell, near in zip(listed, distance[column == j], strict=True):
                assert near == pytest.approx(sizes[cells == cell].min(), abs=SHORT)
            # what is not listed is told apart by no tree that this row can meet
            for cell in set(cells) - set(listed):
                like = tested[cells == cell]
                known = np.append(tested[np.isin(cells, listed)], score_of(here, x))
                assert np.isin(like, known).all()


# --- two columns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_least_pairs_and_the_least_flip_of_a_pair(seed):
    drawn = world(seed, n=3)
    for x in drawn.x:
        here = lifted(drawn, x)
        option, least, flip, top = (part[0] for part in survey(here, x[None], beam=3))
        alone = min(3 / 8, option[:, LEAST].min())
        kept = top[np.isfinite(top[:, SCORE])]
        assert (np.diff(kept[:, SCORE]) >= 0).all()
        assert least == top[0, SCORE]
        best, smallest = alone, np.inf
        for i, j in itertools.combinations(range(len(x)), 2):
            scores, sizes = pair_scores(here, x, i, j)
            best = min(best, scores.min(initial=np.inf))
            # one column that flips alone also flips beside any entry that changes nothing
            if not (option[[i, j], LEAST] < 0).any():
                smallest = min(smallest, sizes[scores < 0].min(initial=np.inf))
            for pair in kept[(kept[:, FIRST] == i) & (kept[:, SECOND] == j)]:
                entries = {f"c{i}": pair[FIRST_ENTRY], f"c{j}": pair[SECOND_ENTRY]}
                assert score_of(here, x, **entries) == pytest.approx(pair[SCORE], abs=1e-12)
                assert min(pair[SCORE], *option[[i, j], LEAST], 3 / 8) == pytest.approx(
                    min(scores.min(), *option[[i, j], LEAST], 3 / 8), abs=1e-12
                )
        assert min(least, alone) == pytest.approx(best, abs=1e-12)
        if np.isfinite(flip[SCORE]):
            i, j = int(flip[FIRST]), int(flip[SECOND])
            assert score_of(here, x, **{f"c{i}": flip[FIRST_ENTRY], f"c{j}": flip[SECOND_ENTRY]}) < 0
        if not (option[:, LEAST] < 0).any():
            assert flip[SCORE] == pytest.approx(smallest, abs=SHORT)


def test_two_columns_by_hand_where_neither_alone_does_anything():
    # (a < 2 and b < 2): -1, else 1; c decides nothing
    model = ensemble_of([(0, (0, 2.0, False, (1, 2.0, False, -1.0, 1.0), 1.0))], n_columns=3)
    here = by_hand(model)
    option, least, flip, top = survey(here, np.array([[4.0, 3.0, 3.0]]))
    assert np.isinf(option[0, :, FLIP]).all()
    below = float(np.nextafter(np.float32(2), np.float32(0)))
    assert least[0] == -1.0
    np.testing.assert_array_equal(top[0, 0], [-1.0, 0, 1, below, below])
    assert np.isinf(top[0, 1:, SCORE]).all()
    np.testing.assert_array_equal(flip[0], [(4.0 - below) / 2, 0, 1, below, below])


def test_only_the_best_pairs_are_kept_in_order():
    # pair (i, j) is worth what stands in the table; all six pairs of four columns
    worth = {(0, 1): 4.0, (0, 2): 1.0, (0, 3): 6.0, (1, 2): 5.0, (1, 3): 2.0, (2, 3): 3.0}
    trees = [(0, (i, 2.0, False, (j, 2.0, False, -w, 0.0), 0.0)) for (i, j), w in worth.items()]
    here = by_hand(ensemble_of(trees, n_columns=4))
    here.model = ensemble_of(trees, n_columns=4, intercept=[10.0])
    for beam in (1, 2, 3, 6, 8):
        *_, top = survey(here, np.full((1, 4), 5.0), beam=beam)
        pairs = [(int(a), int(b)) for a, b in top[0, : min(beam, 6), [FIRST, SECOND]].T]
        assert pairs == sorted(worth, key=lambda pair: -worth[pair])[:beam]
        np.testing.assert_array_equal(top[0, : min(beam, 6), SCORE], 10 - np.sort(list(worth.values()))[::-1][:beam])
        assert np.isinf(top[0, 6:, SCORE]).all()


def test_too_many_pairs_of_cells_are_left_alone():
    # two cells in each of three columns: 3 pairs of columns with 2 x 2 pairs of cells each
    trees = [(0, (i, 2.0, False, (j, 2.0, False, -1.0, 0.0), 0.0)) for i, j in ((0, 1), (1, 2))]
    here = by_hand(ensemble_of(trees, n_columns=3))
    x = np.full((1, 3), 5.0)
    _, least, flip, top = survey(here, x, pair_cells=11)
    assert least[0] == -np.inf
    assert np.isinf(flip[0, SCORE])
    assert np.isinf(top[0, :, SCORE]).all()
    assert survey(here, x, pair_cells=12)[1][0] == here.base - 1.0


# --- columns that stay -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_columns_are_left_alone_and_change_nothing_about_the_others(seed):
    here = world(seed)
    fixed = np.zeros(here.x.shape, bool)
    fixed[:, 1] = True
    option, least, flip, top = survey(here, here.x, fixed=fixed)
    free, *_ = survey(here, here.x)
    assert np.isinf(option[:, 1, [LEAST, FLIP]]).all()
    np.testing.assert_array_equal(option[:, [0, 2]], free[:, [0, 2]])
    found = np.isfinite(flip[:, SCORE])
    assert (flip[found][:, [FIRST, SECOND]] != 1).all()
    kept = top[np.isfinite(top[..., SCORE])]
    assert (kept[:, [FIRST, SECOND]] != 1).all()
    assert (least[np.isfinite(least)] == top[np.isfinite(least), 0, SCORE]).all()


def test_rows_stand_alone():
    here = world(3, n=6)
    together = survey(here, here.x)
    for i in range(6):
        for a, b in zip(together, survey(here, here.x[i : i + 1]), strict=True):
            finite = np.isfinite(b[0])
            np.testing.assert_array_equal(a[i][finite], b[0][finite])
