"""Proofs on tree ensembles: never above the truth, equal to it where a solver or brute force knows it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.attacks.evasion.tree_proof import TreeProof
from sparring.core.case import AdversarialExamples, Bounds
from sparring.core.parameters import LinearModel
from sparring.core.space import Column, TableSpace
from sparring.core.target import Decision
from sparring.core.threat import Attacker, Evasion
from tiny_models import (
    Readable,
    case_of,
    ensemble_of,
    outcome_of,
    random_ensemble,
    random_rows,
    random_table,
    try_everything,
)
from tree_milp import smallest_change

TWO = Decision(classes=("no", "yes"))
THREE = Decision(classes=("red", "green", "blue"))
NEAR = 2e-6
"""An entry that float32 holds is preferred where it costs less than a millionth of a spread."""


def number(name="c", **options):
    return Column(name=name, kind="number", **{"low": 0.0, "high": 4.0, "spread": 1.0, **options})


def sizes(target, x, attempt, objective="spread"):
    measure = target.space.size_in_columns if objective == "columns" else target.space.size_in_spreads
    return np.where(attempt.found, measure(x, attempt.x_adv), np.inf)


def small_world(seed, *, n_outputs=1, n=3, d=3):
    """Every kind of column, test, blank and direction; float64 for even seeds."""
    rng = np.random.default_rng(seed)
    space = random_table(rng, d=d)
    trees = random_ensemble(
        rng, space, n_outputs=n_outputs, dtype="float32" if seed % 2 else "float64", n_trees=6 if n_outputs == 1 else 3
    )
    return Readable(trees, space, TWO if n_outputs == 1 else THREE), random_rows(rng, space, n)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("seed", range(10))
def test_bounds_meet_the_truth_from_below_and_rows_from_above(seed, n_outputs):
    target, x = small_world(seed, n_outputs=n_outputs)
    truth = np.array([try_everything(target, row)[1] for row in x])
    attempt, lower = outcome_of(TreeProof(), case_of(target, x, "spread"))
    assert (lower <= truth).all()
    # with this effort nothing so small stays open
    np.testing.assert_allclose(lower, truth, rtol=0, atol=NEAR)
    np.testing.assert_allclose(sizes(target, x, attempt), truth, rtol=1e-9, atol=NEAR)
    assert target.space.violations(x, attempt.x_adv) == [None] * len(x)


@given(seed=st.integers(0, 10_000), entries=st.integers(1, 2_000), classes=st.sampled_from([1, 3]))
@settings(max_examples=15, deadline=None)
def test_no_bound_is_above_the_truth_however_little_the_effort(seed, entries, classes):
    target, x = small_world(seed, n_outputs=classes, n=1)
    truth = np.array([try_everything(target, row)[1] for row in x])
    attack = TreeProof(entries=entries, mean_field=0)
    attempt, lower = outcome_of(attack, case_of(target, x, "spread", sweeps=1))
    assert (lower <= truth).all()
    assert (sizes(target, x, attempt) >= truth * (1 - 1e-9) - NEAR).all()


@pytest.mark.parametrize("seed", range(6))
def test_no_bound_is_above_the_truth_where_one_of_three_classes_is_wanted(seed):
    target, x = small_world(seed, n_outputs=3)
    x = x[target.predict(x) != 2]
    truth = np.array([try_everything(target, row, wants=2)[1] for row in x])
    attempt, lower = outcome_of(TreeProof(), case_of(target, x, "spread", wants=2))
    assert (lower <= truth).all()
    assert (target.predict(attempt.x_adv[attempt.found]) == 2).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_solver_finds_what_was_proved(seed):
    rng = np.random.default_rng(seed)
    space = TableSpace(tuple(number(f"c{j}", spread=1.0 + j / 4) for j in range(5)))
    trees = plain_ensemble(rng, space, n_trees=15)
    target, x = Readable(trees, space, TWO), random_rows(rng, space, 3)
    signs = np.where(target.predict(x) == 1, 1.0, -1.0)
    truth = np.array([smallest_change(trees, space, row, sign=s) for row, s in zip(x, signs, strict=True)])
    _, weak = outcome_of(TreeProof(entries=50), case_of(target, x, "spread", sweeps=1))
    attempt, lower = outcome_of(TreeProof(), case_of(target, x, "spread"))
    assert (weak <= truth * (1 + 1e-9) + 1e-9).all()  # the solver's own tolerance
    np.testing.assert_allclose(lower, truth, rtol=0, atol=NEAR)
    np.testing.assert_allclose(sizes(target, x, attempt), truth, rtol=0, atol=NEAR)


def plain_ensemble(rng, space, *, n_trees, depth=3):
    """Comparisons only, as the solver's program knows them."""

    def grow(level):
        if level == 0:
            return float(rng.integers(-64, 65)) / 64 + 1 / 256
        return (int(rng.integers(len(space))), float(rng.uniform(0, 4)), False, grow(level - 1), grow(level - 1))

    trees = [(0, grow(depth)) for _ in range(n_trees)]
    return ensemble_of(trees, n_columns=len(space), link="logistic", intercept=[1 / 1024])


def test_a_single_tree_is_exact_with_next_to_no_effort():
    rng = np.random.default_rng(3)
    space = TableSpace(tuple(number(f"c{j}") for j in range(6)))
    target = Readable(plain_ensemble(rng, space, n_trees=1, depth=6), space, TWO)
    x = random_rows(rng, space, 30)
    attempt, lower = outcome_of(TreeProof(), case_of(target, x, "spread", sweeps=1))
    assert attempt.found.all()
    np.testing.assert_allclose(lower, sizes(target, x, attempt), rtol=0, atol=NEAR)


def test_nothing_is_proved_where_rounding_may_decide():
    # the sum of two leaves is a billionth: a model that adds in float32 may see zero, or less
    trees = [(0, (0, 1.0, False, 1e-9 - 0.5, 0.5)), (0, 0.5)]
    trees = replace(ensemble_of(trees, n_columns=1, dtype="float32", link="logistic"), adds_in="float32")
    target = Readable(trees, TableSpace((number(),)), TWO)
    x = np.array([[3.0]])
    _, lower = outcome_of(TreeProof(), case_of(target, x, "spread"))
    assert 1.9 < lower[0] <= 2.0 + 1e-6
    exact = replace(trees, adds_in="float64")
    _, lower = outcome_of(TreeProof(), case_of(Readable(exact, target.space, TWO), x, "spread"))
    assert lower[0] == np.inf


def test_what_may_not_change_at_all_is_proved_for_all_sizes():
    target, x = small_world(1)
    frozen = TableSpace(tuple(c.model_copy(update={"who": "nobody"}) for c in target.space.columns))
    for objective in ("spread", "columns"):
        attempt, lower = outcome_of(TreeProof(), case_of(Readable(target.model, frozen, TWO), x, objective))
        assert not attempt.found.any()
        assert np.isinf(lower).all()


def test_each_pass_keeps_what_the_one_before_had():
    target, x = small_world(4, n=6)
    attempts = list(TreeProof(entries=300).run(case_of(target, x, "spread", sweeps=2), rng=np.random.default_rng(0)))
    bounds = [a.lower for a in attempts if isinstance(a, Bounds)]
    rows = [sizes(target, x, a) for a in attempts if isinstance(a, AdversarialExamples)]
    assert len(bounds) == len(rows) == 3
    assert all((a <= b).all() for a, b in pairwise(bounds))
    assert all((a >= b).all() for a, b in pairwise(rows))


def test_a_row_is_proved_as_if_it_were_alone():
    target, x = small_world(6, n=6)
    _, together = outcome_of(TreeProof(entries=300), case_of(target, x, "spread", sweeps=2))
    for i in range(len(x)):
        _, alone = outcome_of(
            TreeProof(entries=300), case_of(target, x[i : i + 1], "spread", sweeps=2, ids=np.array([i]))
        )
        assert alone[0] == together[i]


@pytest.mark.parametrize("pair_cells", [0, 10_000], ids=["prices", "enumeration"])
@pytest.mark.parametrize(("seed", "n_outputs"), [(0, 1), (3, 1), (4, 1), (2, 3)])
def test_as_many_columns_as_it_takes_are_ruled_out(seed, n_outputs, pair_cells):
    target, x = small_world(seed, n_outputs=n_outputs, d=4)
    truth = np.array([try_everything(target, row)[0] for row in x])
    attempt, lower = outcome_of(TreeProof(pair_cells=pair_cells), case_of(target, x, "columns"))
    np.testing.assert_array_equal(np.minimum(lower, 4), np.minimum(truth, 4))
    assert (lower <= truth).all()
    assert (sizes(target, x, attempt, "columns") >= truth).all()


def test_three_columns_are_ruled_out_where_four_must_agree():
    # each of six answers takes one point off, and the row has three to spare
    trees = [(0, (j, 2.0, False, 0.0, -1.0)) for j in range(6)]
    trees = ensemble_of(trees, n_columns=6, link="logistic", intercept=[3.5])
    target = Readable(trees, TableSpace(tuple(number(f"c{j}") for j in range(6))), TWO)
    attempt, lower = outcome_of(TreeProof(), case_of(target, np.ones((2, 6)), "columns"))
    np.testing.assert_array_equal(lower, 4)
    np.testing.assert_array_equal(sizes(target, np.ones((2, 6)), attempt, "columns"), 4)


def test_a_model_without_trees_is_sent_elsewhere():
    linear = LinearModel(np.zeros(1), np.ones((1, 1)), {}, np.zeros((1, 1)), "logistic")
    threat = Evasion(objective="spread", attacker=Attacker.INSIDER)
    reason = TreeProof().unsuited(Readable(linear, TableSpace((number(),)), TWO, family="linear"), threat)
    assert "linear-exact" in reason
