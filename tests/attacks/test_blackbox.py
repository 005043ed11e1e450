"""Tries are counted for each row, margins follow the user's rule, and moves stay in their ball."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.attacks.evasion._ball import Compass, jumps, some, within
from sparring.attacks.evasion._blackbox import IDLE_CALLS, Ledger, margins, nearest, noise, occurrence, wanted_mask
from sparring.core.case import Case, Effort
from sparring.core.target import Decision, Oracle
from sparring.core.threat import GRANTS, Attacker, Evasion
from sparring.testing import models

AMOUNT, AGE, BONUS, JOB, PURPOSE, OFFICE = range(6)


def case_of(known, *, queries=100, budget=None, objective="spread", wants=None, cancelled=lambda: False):
    budget = queries * len(known.rows) if budget is None else budget
    return Case(
        oracle=Oracle(known.target, GRANTS[Attacker.SEES_SCORES], budget=budget),
        rows=known.rows,
        background=known.background,
        threat=Evasion(objective=objective, attacker=Attacker.SEES_SCORES, wants=wants),
        effort=Effort(queries=queries),
        cancelled=cancelled,
    )


def flipped(x):
    """Rows on the other side of the threshold model."""
    out = x.copy()
    out[:, AMOUNT] = np.where(x[:, AMOUNT] < 50, 90.0, 10.0)
    return out


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_the_smallest_wanted_row_is_kept_whatever_comes_later():
    known = models.threshold_model()
    ledger = Ledger(case_of(known))
    x = known.rows.x
    near = x.copy()
    near[:, AMOUNT] = np.where(x[:, AMOUNT] < 50, 50.0, 49.5)
    rows = np.arange(len(x))
    assert ledger.ask(np.repeat(rows, 2), np.stack([flipped(x), near], axis=1).reshape(-1, 6)).all()
    assert np.array_equal(ledger.best, near, equal_nan=True)
    assert ledger.ask(rows, flipped(x)).all()
    assert np.array_equal(ledger.best, near, equal_nan=True)
    assert (ledger.queries == 3).all()
    assert np.allclose(ledger.size, np.abs(near - x)[:, AMOUNT] / 10)


def test_fewer_columns_break_ties_between_equal_spreads():
    known = models.threshold_model()
    ledger = Ledger(case_of(known))
    slim, broad = flipped(known.rows.x), flipped(known.rows.x)
    broad[:, JOB] = (broad[:, JOB] + 1) % 3
    rows = np.flatnonzero(np.abs(slim - known.rows.x)[:, AMOUNT] > 10)
    ledger.ask(rows, broad[rows])
    ledger.ask(rows, slim[rows])
    assert np.array_equal(ledger.best[rows], slim[rows], equal_nan=True)


def test_a_row_gets_no_more_tries_than_it_has():
    known = models.constant_model(n=4)
    ledger = Ledger(case_of(known, queries=3))
    x_adv = np.repeat(flipped(known.rows.x), 5, axis=0)
    ledger.ask(np.repeat(np.arange(4), 5), x_adv)
    assert list(ledger.queries) == [3, 3, 3, 3]
    assert ledger.case.oracle.asked == 12
    assert not len(ledger.open())


def test_a_row_that_is_no_change_is_not_asked_and_proposing_nothing_else_ends_it():
    known = models.constant_model(n=2)
    ledger = Ledger(case_of(known))
    for _ in range(IDLE_CALLS):
        assert list(ledger.open()) == [0, 1]
        assert not ledger.ask(np.arange(2), known.rows.x).any()
    assert ledger.case.oracle.asked == 0
    assert not len(ledger.open())


def test_an_oracle_that_serves_no_more_ends_everything_and_what_was_served_counts():
    known = models.threshold_model(n=6)
    ledger = Ledger(case_of(known, budget=4))
    hit = ledger.ask(np.arange(6), flipped(known.rows.x))
    assert list(hit) == [True] * 4 + [False] * 2
    assert list(ledger.queries) == [1, 1, 1, 1, 0, 0]
    assert not len(ledger.open())


def test_rows_that_have_what_is_wanted_and_frozen_tables_get_no_tries():
    known = models.threshold_model()
    ledger = Ledger(case_of(known, wants=1))
    assert np.array_equal(ledger.open(), np.flatnonzero(known.rows.y == 0))
    assert not len(Ledger(case_of(known.frozen())).open())


def test_time_that_is_up_opens_nothing():
    assert not len(Ledger(case_of(models.threshold_model(), cancelled=lambda: True)).open())


def test_scores_that_contradict_the_decision_are_not_believed():
    known = models.threshold_model(n=8)

    class Stubborn:
        """Scores as before, and always the decision of the first class."""

        def __init__(self, target):
            self.target = target
            self.space, self.decision, self.offers, self.scores = (
                target.space,
                target.decision,
                target.offers,
                target.scores,
            )

        def predict(self, x):
            return np.zeros(len(x), dtype=np.int64)

    case = case_of(known)
    case.oracle.target = Stubborn(known.target)
    ledger = Ledger(case)
    rows = np.flatnonzero(known.rows.y == 0)
    margin = ledger.weigh(rows, flipped(known.rows.x)[rows])
    assert not ledger.found.any()
    assert (margin < 0).all()
    assert (ledger.queries[rows] == 2).all()


# --- margins ---------------------------------------------------------------------------------------------------------


@st.composite
def decided(draw):
    k = draw(st.integers(2, 4))
    scores = np.random.default_rng(draw(st.integers(0, 2**32))).dirichlet(np.ones(k), size=20)
    classes = tuple("abcd"[:k])
    cut = draw(st.sampled_from([None, 0.08, 0.5, 0.9]))
    rule = None if cut is None else f"{draw(st.sampled_from(classes))} {draw(st.sampled_from(['>=', '>']))} {cut}"
    wants = draw(st.none() | st.integers(0, k - 1))
    return scores, Decision.parse(rule, classes), wants, k


@given(decided())
def test_a_margin_is_above_zero_where_the_rule_decides_as_wanted(case):
    scores, decision, wants, k = case
    labels = decision.apply(scores)
    threat = Evasion(objective="spread", attacker=Attacker.SEES_SCORES, wants=wants, n_classes=k)
    for before in range(k):
        if wants == before:
            continue
        wanted = np.zeros(k, dtype=bool)
        wanted[list(threat.wanted(before))] = True
        margin = margins(scores, decision, np.tile(wanted, (len(scores), 1)))
        assert np.array_equal(margin > 0, wanted[labels])


def test_saturated_scores_have_margins_that_are_numbers_in_order():
    scores = np.array([[1.0, 0.0], [0.7, 0.3], [0.0, 1.0]])
    for rule in (None, "b >= 0.3", "b > 1"):
        margin = margins(scores, Decision.parse(rule, ("a", "b")), np.tile([False, True], (3, 1)))
        assert not np.isnan(margin).any()
        assert (np.diff(margin) > 0).all()


def test_wanted_classes_are_those_of_the_threat():
    known = models.threshold_model(n=4)
    mask = wanted_mask(case_of(known), np.array([0, 1]))
    assert mask.tolist() == [[False, True], [True, False]]


# --- helpers ---------------------------------------------------------------------------------------------------------


def test_occurrence_counts_earlier_equals():
    assert occurrence(np.array([5, 2, 5, 5, 2])).tolist() == [0, 0, 1, 2, 1]
    assert occurrence(np.empty(0, dtype=np.int64)).tolist() == []


@pytest.mark.parametrize("objective", ["spread", "columns"])
def test_nearest_is_nearest_among_wanted_rows_by_what_may_change(objective):
    known = models.threshold_model(n=6)
    case = case_of(known, objective=objective)
    wanted = wanted_mask(case, known.rows.y)
    found = nearest(case, known.rows.x, wanted=wanted, k=3)
    space = case.space
    for x, y, rows in zip(known.rows.x, known.rows.y, found, strict=True):
        pool = known.background.x[known.background.y != y].copy()
        pool[:, OFFICE] = x[OFFICE]  # nobody may change it, so it counts for nothing
        measure = space.size_in_spreads if objective == "spread" else space.size_in_columns
        every = np.sort(measure(x[None], pool))
        ours = rows.copy()
        ours[:, OFFICE] = x[OFFICE]
        assert np.allclose(measure(x[None], ours), every[:3])


def test_nearest_without_wanted_rows_is_nothing():
    known = models.constant_model(n=3)
    found = nearest(case_of(known), known.rows.x, wanted=wanted_mask(case_of(known), known.rows.y), k=3)
    assert [rows.shape for rows in found] == [(0, 6)] * 3


def test_noise_fills_its_size_and_leaves_categories_below_one_spread():
    known = models.threshold_model()
    space, x = known.target.space, known.rows.x[0]
    small = noise(space, x, 0.5, rng=np.random.default_rng(0), count=2000)
    assert np.array_equal(small[:, [JOB, PURPOSE]], np.tile(x[[JOB, PURPOSE]], (2000, 1)))
    move = (small - x)[:, AMOUNT] / 10
    assert np.abs(move).max() <= 0.5
    assert np.abs(move).max() > 0.49
    large = noise(space, x, 1.0, rng=np.random.default_rng(0), count=2000)
    assert set(large[:, JOB]) == {0.0, 1.0, 2.0}
    assert set(large[:, PURPOSE]) == {0.0, 1.0, 2.0}  # the last one stands for a category never seen


# --- the ball --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32), st.floats(0.01, 3.0))
def test_pulling_in_keeps_within_the_size_and_legal(seed, size):
    space = models.threshold_model().target.space
    x, other = models.table(30, seed=seed), models.table(30, seed=seed + 1)
    pulled = within(space, x, space.project(x, other), np.full(30, size))
    assert not [fault for fault in space.violations(x, pulled) if fault]
    assert (space.size_in_spreads(x, pulled) <= max(size, 0) + 1e-9).all()
    if size >= 3:  # categories and blanks survive from one spread on
        whole = jumps(space, x, space.project(x, other))
        assert np.array_equal(whole, jumps(space, x, pulled))


def test_some_columns_are_at_least_one_and_never_frozen_ones():
    space = models.threshold_model().target.space
    rng = np.random.default_rng(1)
    drawn = some(space, rng.random((5000, 6)), rng.random(5000))
    count = drawn.sum(axis=1)
    assert set(count) == {1, 2, 3, 4, 5}
    assert not drawn[:, OFFICE].any()
    assert (count == 1).mean() > (count == 5).mean()


def test_a_compass_learns_the_side_that_was_answered_well():
    compass = Compass((1, 2), trust=1.5, memory=0.9)
    rng = np.random.default_rng(0)
    for _ in range(30):
        stood = rng.choice([-1.0, 1.0], size=(1, 10, 2))
        compass.learn(np.array([0]), stood, (stood[:, :, 0] > 0).astype(float))
    sides = compass.sides(np.array([0]), rng.random((1, 1000, 2)))[0]
    assert (sides[:, 0] > 0).mean() > 0.85
    assert 0.2 < (sides[:, 1] > 0).mean() < 0.8
    assert set(np.unique(sides)) == {-1, 0, 1}
    assert 0.03 < (sides == 0).mean() < 0.07  # the share that is put back
