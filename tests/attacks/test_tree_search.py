"""The search through trees: nothing is nearer in models small enough to try all; limits hold; rows stand alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.attacks.evasion.tree_search import TreeSearch
from sparring.core.parameters import LinearModel, MembershipTable
from sparring.core.space import Column, TableSpace
from sparring.core.target import Decision
from sparring.kernels.predict import raw_scores
from tiny_models import (
    Readable,
    case_of,
    ensemble_of,
    outcome_of,
    plain_raw,
    random_ensemble,
    random_rows,
    random_table,
    try_everything,
)

TWO = Decision(classes=("no", "yes"))
THREE = Decision(classes=("red", "green", "blue"))


def number(name="c", **options):
    return Column(name=name, kind="number", **{"low": 0.0, "high": 10.0, "spread": 1.0, **options})


def sizes(space, x, attempt, objective):
    measure = space.size_in_columns if objective == "columns" else space.size_in_spreads
    return np.where(attempt.found, measure(x, attempt.x_adv), np.inf)


def small_world(seed, *, n_outputs, n=5, decision=None):
    rng = np.random.default_rng(seed)
    space = random_table(rng)
    dtype = "float32" if seed % 2 else "float64"
    trees = random_ensemble(rng, space, n_outputs=n_outputs, dtype=dtype, n_trees=6 if n_outputs == 1 else 3)
    target = Readable(trees, space, decision or (TWO if n_outputs == 1 else THREE))
    return target, random_rows(rng, space, n)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_nearer_than_what_is_found(seed, n_outputs):
    target, x = small_world(seed, n_outputs=n_outputs)
    truth = np.array([try_everything(target, row) for row in x])
    for k, objective in enumerate(("columns", "spread")):
        attempt, lower = outcome_of(TreeSearch(), case_of(target, x, objective))
        found = sizes(target.space, x, attempt, objective)
        # a number that float32 can hold is preferred where it costs less than a millionth of a spread
        np.testing.assert_allclose(found, truth[:, k], rtol=1e-9, atol=2e-6)
        assert (lower <= truth[:, k] * (1 + 1e-12)).all()
        assert target.space.violations(x, attempt.x_adv) == [None] * len(x)
        flipped = target.predict(attempt.x_adv) != target.predict(x)
        np.testing.assert_array_equal(flipped, attempt.found)


@pytest.mark.parametrize("seed", range(6))
def test_the_wanted_one_of_three_classes_is_reached_where_one_column_can(seed):
    target, x = small_world(seed, n_outputs=3)
    x = x[target.predict(x) != 2]
    columns = np.array([try_everything(target, row, wants=2)[0] for row in x])
    attempt, lower = outcome_of(TreeSearch(), case_of(target, x, "columns", wants=2))
    found = sizes(target.space, x, attempt, "columns")
    assert (target.predict(attempt.x_adv[attempt.found]) == 2).all()
    assert (found >= columns).all()
    assert (lower <= columns).all()
    np.testing.assert_array_equal(found[columns == 1], 1)


def test_one_and_two_columns_are_enumerated_in_a_wider_table():
    rng = np.random.default_rng(5)
    space = TableSpace(tuple(number(f"c{j}", high=4.0, step=0.5 if j % 2 else None) for j in range(7)))
    trees = random_ensemble(rng, space, n_trees=25, depth=4)
    target = Readable(trees, space, TWO)
    x = random_rows(rng, space, 12)
    sign = np.where(raw_scores(trees, x)[:, 0] > 0, 1, -1)
    grid = [np.unique(np.concatenate([[0.0], trees.threshold[trees.column == j], [4.0]])) for j in range(7)]
    grid = [np.unique(np.ceil(g * 2) / 2) if j % 2 else g for j, g in enumerate(grid)]
    attempt, lower = outcome_of(TreeSearch(), case_of(target, x, "columns"))
    found = sizes(space, x, attempt, "columns")
    for i, row in enumerate(x):
        ones = [_with(row, (j,), (v,)) for j in range(7) for v in grid[j]]
        twos = [_with(row, (j, k), (v, w)) for j in range(7) for k in range(j) for v in grid[j] for w in grid[k]]
        one, two = ((raw_scores(trees, np.array(r))[:, 0] * sign[i] < 0).any() for r in (ones, twos))
        assert (found[i] == 1) == one
        assert (found[i] == 2) == (two and not one)
        assert lower[i] == (1 if one else 2 if two else 3)


def _with(row, columns, values):
    changed = row.copy()
    changed[list(columns)] = values
    return changed


def test_too_many_pairs_to_enumerate_are_searched_and_nothing_is_claimed():
    target, x = small_world(3, n_outputs=1)
    full, _ = outcome_of(TreeSearch(), case_of(target, x, "columns"))
    quick, lower = outcome_of(TreeSearch(pair_cells=0), case_of(target, x, "columns"))
    assert (sizes(target.space, x, quick, "columns") >= sizes(target.space, x, full, "columns")).all()
    assert (lower <= 2).all() or np.isinf(lower[lower > 2]).all()


def stump(threshold, *, dtype="float64", missing_left=False, **options):
    return ensemble_of(
        [(0, (0, threshold, missing_left, -1.0, 1.0))], n_columns=1, dtype=dtype, link="logistic", **options
    )


def attack_one(trees, column, value, *, objective="spread", decision=TWO):
    target = Readable(trees, TableSpace((column,)), decision)
    x = np.array([[value]])
    attempt, lower = outcome_of(TreeSearch(), case_of(target, x, objective))
    return (attempt.x_adv[0, 0] if attempt.found[0] else None), lower[0]


def test_the_entry_stands_just_beyond_the_threshold_of_a_model_that_casts_to_float32():
    threshold = float(np.float32(0.1))
    down, _ = attack_one(stump(threshold, dtype="float32"), number(), 3.0)
    up, _ = attack_one(stump(threshold, dtype="float32"), number(), 0.0)
    assert np.float32(down) == np.nextafter(np.float32(0.1), np.float32(0))
    assert np.float32(up) == np.float32(0.1)


def test_the_entry_stands_just_beyond_the_threshold_in_float64():
    down, _ = attack_one(stump(0.1), number(spread=1e-15), 0.2)
    assert down == np.nextafter(0.1, 0)


def test_the_bound_is_below_the_size_and_not_zero():
    _, lower = attack_one(stump(5.0), number(), 3.0)
    assert 1.5 < lower <= 2.0


@pytest.mark.parametrize(
    ("column", "value", "reaches"),
    [
        (number(step=2.0), 3.0, 6.0),  # the threshold is 5; 4 does not flip
        (number(step=0.1), 3.0, 5.0),
        (number(direction="down"), 3.0, None),
        (number(direction="down"), 7.0, pytest.approx(5.0)),
        (number(direction="up"), 7.0, None),
        (number(who="nobody"), 3.0, None),
        (number(checked="always"), 3.0, None),
        (number(high=4.5), 3.0, None),
        (number(high=5.0), 3.0, 5.0),
        (number(low=5.0), 7.0, None),
        (number(low=6.0), 3.0, 6.0),  # the row's own value may lie outside the limits
    ],
)
@pytest.mark.parametrize("objective", ["columns", "spread"])
def test_limits_of_a_number(column, value, reaches, objective):
    entry, lower = attack_one(stump(5.0), column, value, objective=objective)
    assert entry == reaches
    if reaches is None:
        assert np.isinf(lower)


@pytest.mark.parametrize("objective", ["columns", "spread"])
def test_a_blank_counts_as_one_spread_and_only_where_allowed(objective):
    # only a blank goes left
    trees = stump(-1.0, missing_left=True)
    entry, _ = attack_one(trees, number(missing="allow"), 3.0, objective=objective)
    assert np.isnan(entry)
    assert attack_one(trees, number(), 3.0, objective=objective)[0] is None
    filled, _ = attack_one(trees, number(missing="allow"), np.nan, objective=objective)
    assert 0 <= filled <= 10


@pytest.mark.parametrize("objective", ["columns", "spread"])
def test_an_unseen_category_is_used_only_where_allowed(objective):
    trees = stump(("in", 0), tables=[MembershipTable(np.array([0.5, 1.5]), np.array([True, True, False]))])
    column = Column(name="c", kind="category", categories=("a", "b"))
    assert attack_one(trees, column, 0.0, objective=objective)[0] is None
    entry, _ = attack_one(trees, column.model_copy(update={"unseen": "allow"}), 0.0, objective=objective)
    assert entry == 2.0


def test_a_tie_between_votes_goes_to_the_first_class_and_is_used():
    # two trees of probabilities: 1 and 1; with one of them at 0 the mean is a tie, decided "no"
    vote = (0, (0, 5.0, False, 0.0, 0.5)), (0, (1, 5.0, False, 0.0, 0.5))
    trees = ensemble_of(vote, n_columns=2)
    target = Readable(trees, TableSpace((number("a"), number("b"))), TWO)
    x = np.array([[7.0, 8.0], [3.0, 2.0]])
    attempt, _ = outcome_of(TreeSearch(), case_of(target, x, "columns"))
    np.testing.assert_array_equal(sizes(target.space, x, attempt, "columns"), [1, 2])


def test_vector_leaves_are_read():
    single, x = small_world(11, n_outputs=1)
    value = np.column_stack(
        [-single.model.value[:, 0], single.model.value[:, 0], np.full(len(single.model.value), -9.0)]
    )
    vector = replace(single.model, value=value, intercept=np.array([-1 / 1024, 1 / 1024, 0.0]) / 1, link="softmax")
    target = Readable(vector, single.space, THREE)
    for objective in ("columns", "spread"):
        one, _ = outcome_of(TreeSearch(), case_of(single, x, objective))
        many, _ = outcome_of(TreeSearch(), case_of(target, x, objective))
        np.testing.assert_allclose(
            sizes(single.space, x, one, objective), sizes(single.space, x, many, objective), atol=2e-6
        )


@pytest.mark.parametrize("cut", ["yes >= 0.2", "yes > 0.9"])
def test_the_users_cut_off_is_what_must_be_crossed(cut):
    target, x = small_world(4, n_outputs=1, decision=Decision.parse(cut, ("no", "yes")))
    truth = np.array([try_everything(target, row) for row in x])
    for k, objective in enumerate(("columns", "spread")):
        attempt, _ = outcome_of(TreeSearch(), case_of(target, x, objective))
        np.testing.assert_allclose(sizes(target.space, x, attempt, objective), truth[:, k], atol=2e-6)


@pytest.mark.parametrize("objective", ["columns", "spread"])
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), n_outputs=st.sampled_from([1, 3]))
def test_a_row_stands_alone(objective, seed, n_outputs):
    target, x = small_world(seed, n_outputs=n_outputs, n=7)
    before = x.copy()
    ids = np.arange(7)
    background = case_of(target, x, objective).background
    together, bounds = outcome_of(TreeSearch(), case_of(target, x, objective))
    np.testing.assert_array_equal(x, before)
    order = np.random.default_rng(seed).permutation(7)
    shuffled = replace(case_of(target, x[order], objective, ids=ids[order]), background=background)
    moved, moved_bounds = outcome_of(TreeSearch(), shuffled)
    np.testing.assert_array_equal(moved.x_adv, together.x_adv[order])
    np.testing.assert_array_equal(moved_bounds, bounds[order])
    alone = replace(case_of(target, x[2:3], objective, ids=ids[2:3]), background=background)
    np.testing.assert_array_equal(outcome_of(TreeSearch(), alone)[0].x_adv, together.x_adv[2:3])


@pytest.mark.parametrize("objective", ["columns", "spread"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_is_found_is_legal_flips_and_is_the_best_of_its_passes(objective, seed):
    target, x = small_world(seed, n_outputs=1)
    case = case_of(target, x, objective)
    best = np.full(len(x), np.inf)
    for attempt in TreeSearch().run(case, rng=np.random.default_rng(0)):
        if not hasattr(attempt, "x_adv"):
            continue
        size = sizes(target.space, x, attempt, objective)
        assert (size <= best).all()
        best = size
        assert target.space.violations(x, attempt.x_adv) == [None] * len(x)
        np.testing.assert_array_equal(target.predict(attempt.x_adv) != target.predict(x), attempt.found)
        np.testing.assert_array_equal(attempt.x_adv[~attempt.found], x[~attempt.found])


def test_every_question_is_counted_and_there_are_few():
    target, x = small_world(2, n_outputs=1)
    case = case_of(target, x, "spread")
    attempt, _ = outcome_of(TreeSearch(), case)
    assert attempt.queries.sum() == case.oracle.asked
    assert attempt.queries.max() <= 6


def test_it_stops_between_passes_when_time_is_up():
    target, x = small_world(2, n_outputs=1)
    for objective in ("columns", "spread"):
        case = replace(case_of(target, x, objective), cancelled=lambda: True)
        attempts = list(TreeSearch().run(case, rng=np.random.default_rng(0)))
        assert len(attempts) == 2
        assert not attempts[1].found.any()


def test_rounding_of_a_float32_sum_is_met_with_a_second_search():
    # in float32 the sum of many tenths differs from that in float64; the target adds up like such a model
    rng = np.random.default_rng(8)
    leaves = [(0, (j % 3, float(rng.integers(1, 9)), False, -0.1, 0.1)) for j in range(31)]
    trees = ensemble_of(leaves, n_columns=3, dtype="float32", link="logistic")
    space = TableSpace(tuple(number(f"c{j}") for j in range(3)))
    target = Float32Sum(trees, space, TWO)
    x = rng.uniform(0, 10, (20, 3))
    attempt, _ = outcome_of(TreeSearch(), case_of(target, x, "spread"))
    assert attempt.found.any()
    np.testing.assert_array_equal(target.predict(attempt.x_adv) != target.predict(x), attempt.found)


class Float32Sum(Readable):
    """Adds up in float32, and leans by some rounding errors more."""

    def predict(self, x):
        return (plain_raw(self.model, x)[:, 0].astype(np.float32) - np.float32(3e-6) > 0).astype(int)


def test_it_says_why_it_cannot_work():
    linear = LinearModel(np.zeros(1), np.ones((1, 1)), np.full((1, 1), np.nan), "logistic")
    space = TableSpace((number(),))
    threat = case_of(Readable(stump(5.0), space, TWO), np.array([[3.0]]), "spread").threat
    assert "linear-exact" in TreeSearch().unsuited(Readable(linear, space, TWO), threat)
    assert TreeSearch().unsuited(Readable(stump(5.0), space, TWO), threat) is None
    trees = random_ensemble(np.random.default_rng(0), space, n_outputs=3)
    cut = Readable(trees, space, Decision.parse("red >= 0.3", THREE.classes))
    assert "not linear" in TreeSearch().unsuited(cut, threat.model_copy(update={"n_classes": 3}))
