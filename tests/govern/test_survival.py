"""Queries until success: published values, closed cases, and rows that held are not forgotten."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.assess import stats
from sparring.errors import DataError
from sparring.govern.survival import kaplan_meier

# Freireich and others (1963), Blood 21: weeks in remission under 6-MP; those after the bar were still in remission
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
WEEKS, EVENTS = RELAPSED + CENSORED, [True] * len(RELAPSED) + [False] * len(CENSORED)
ROWS = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60)


def test_leukemia_data_as_in_the_textbooks():
    found = kaplan_meier(WEEKS, EVENTS)
    assert found.queries.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.broken.tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert found.share == pytest.approx([0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=5e-5)
    # band on the scale of log(-log), as survival packages print it
    assert found.low == pytest.approx([0.6197, 0.5631, 0.5032, 0.4316, 0.3675, 0.2678, 0.1881], abs=6e-5)
    assert found.high == pytest.approx([0.9516, 0.9228, 0.8894, 0.8491, 0.8049, 0.7468, 0.6801], abs=6e-5)
    assert (found.median, found.median_interval) == (23, (13, None))


def test_without_censoring_it_is_the_empirical_distribution():
    rng = np.random.default_rng(0)
    queries = rng.integers(1, 40, 50)
    found = kaplan_meier(queries, np.ones(50, dtype=bool))
    assert found.share == pytest.approx([(queries > q).mean() for q in found.queries])
    assert found.median == np.sort(queries)[24]
    assert found.broken_by(40).value == 1


def test_rows_that_held_keep_the_median_out_of_reach():
    queries = [5] * 10 + [1000] * 90
    found = kaplan_meier(queries, [True] * 10 + [False] * 90)
    assert found.median is None
    assert found.median_interval == (None, None)
    assert found.broken_by(1000).value == pytest.approx(0.1)
    # an average over successes would say 5
    assert found.n == 100


def test_a_half_is_a_half():
    assert kaplan_meier([1, 2, 3, 4, 5, 6], [True] * 6).median == 3


def test_before_the_first_success_there_is_an_upper_end():
    found = kaplan_meier([3, 10, 10, 20], [False, True, False, True])
    assert found.broken_by(5).high == pytest.approx(stats.exact(0, 3).high)
    assert found.broken_by(2).high == pytest.approx(stats.exact(0, 4).high)


def test_nothing_broken_at_all():
    found = kaplan_meier([100] * 59, [False] * 59)
    assert (found.median, found.median_interval, len(found.share)) == (None, (None, None), 0)
    assert found.broken_by(100).high == pytest.approx(stats.exact(0, 59).high)
    beyond = found.broken_by(101)
    assert (beyond.value, beyond.low, beyond.high) == (None, None, None)


def test_one_row_and_all_broken():
    found = kaplan_meier([7], [True])
    assert found.broken_by(7).value == 1
    assert 0 < found.broken_by(7).low < 0.05
    assert found.broken_by(9).value == 1


@given(ROWS)
def test_the_curve_falls_inside_its_band(rows):
    queries, broken = zip(*rows, strict=True)
    found = kaplan_meier(queries, broken)
    assert (np.diff(found.share) < 0).all()
    assert (found.low <= found.share + 1e-12).all()
    assert (found.share <= found.high + 1e-12).all()
    assert ((found.low >= 0) & (found.high <= 1)).all()


@given(ROWS, st.integers(0, 30))
def test_giving_up_is_never_counted_as_success(rows, q):
    queries, broken = map(np.array, zip(*rows, strict=True))
    value = kaplan_meier(queries, broken).broken_by(q).value
    # at least what was seen; at most if all who gave up had been broken at once
    if value is not None:
        seen = (broken & (queries <= q)).mean()
        assert seen - 1e-12 <= value <= (queries <= q).mean() + 1e-12


def test_the_band_covers_in_small_samples():
    rng, held = np.random.default_rng(1), 0
    for _ in range(600):
        success, given_up = rng.exponential(1, 40), rng.exponential(1, 40)
        at = kaplan_meier(np.minimum(success, given_up), success <= given_up).broken_by(np.log(2))
        held += at.low <= 0.5 <= at.high
    # 95 %, and four standard errors
    assert 0.915 <= held / 600 <= 0.985


@pytest.mark.parametrize(
    ("queries", "broken", "says"),
    [
        ([], [], "at least one row"),
        ([1, 2], [True], "one entry a row"),
        ([[1, 2]], [[True, True]], "one entry a row"),
        ([1, -2], [True, True], "counts >= 0"),
        ([1, float("nan")], [True, False], "counts >= 0"),
        ([1, float("inf")], [True, False], "counts >= 0"),
    ],
)
def test_what_is_refused(queries, broken, says):
    with pytest.raises(DataError, match=says):
        kaplan_meier(queries, broken)
