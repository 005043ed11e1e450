"""Intervals: known values, and coverage computed exactly or simulated over a grid that is published in the docs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from sparring.assess import stats

GRID_N = (20, 30, 50, 80, 100, 200, 300, 500, 1000)
GRID_P = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 0.99)


def coverage(interval, n):
    """Probability that the interval holds p, for each p of the grid: a sum over all outcomes, no simulation."""
    k = np.arange(n + 1)
    estimates = [interval(int(i), n) for i in k]
    low, high = np.array([e.low for e in estimates]), np.array([e.high for e in estimates])
    return [float(binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum()) for p in GRID_P]


def test_wilson_equals_its_published_value():
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263
    e = stats.wilson(81, 263)
    assert e.value == pytest.approx(0.3080, abs=5e-5)
    assert (e.low, e.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


def test_clopper_pearson_leaves_half_of_alpha_on_each_side():
    e = stats.exact(15, 148)
    assert binom.sf(14, 148, e.low) == pytest.approx(0.025)
    assert binom.cdf(15, 148, e.high) == pytest.approx(0.025)
    assert stats.exact(0, 148).low == 0
    assert stats.exact(148, 148).high == 1


def test_wilson_covers_on_average_and_nowhere_badly():
    cells = np.concatenate([coverage(stats.wilson, n) for n in GRID_N])
    assert 0.94 <= np.mean(cells) <= 0.965
    assert min(cells) >= 0.88


def test_exact_covers_everywhere():
    assert min(min(coverage(stats.exact, n)) for n in GRID_N) >= 0.95


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_own_rate_and_mirrors(pair):
    k, n = pair
    e, mirrored = stats.wilson(k, n), stats.wilson(n - k, n)
    assert 0 <= e.low <= e.value <= e.high <= 1
    assert e.low == pytest.approx(1 - mirrored.high)


def test_zero_of_n_has_an_upper_bound():
    assert stats.wilson(0, 50).low == 0
    assert 0 < stats.wilson(0, 50).high < 0.08


@pytest.mark.parametrize("interval", [stats.wilson, stats.exact])
def test_no_rows_give_no_number(interval):
    e = interval(0, 0)
    assert e.value is None
    assert e.low is None


def test_median_covers():
    rng = np.random.default_rng(0)
    true = np.log(2)  # median of the standard exponential
    hits = [
        e.low <= true <= e.high
        for e in (stats.median(rng.exponential(size=50), unit="spreads", rng=rng, repeats=400) for _ in range(1500))
    ]
    # 0.92 is the promise; a miss by chance needs more than three standard errors
    assert np.mean(hits) >= 0.92


def test_median_of_nothing_has_no_number():
    assert stats.median([], unit="spreads", rng=np.random.default_rng(0)).value is None


def test_paired_difference_covers_and_is_signed():
    rng = np.random.default_rng(1)
    p = np.array([0.5, 0.1, 0.25, 0.15])  # neither, lost, gained, both
    hits = []
    for _ in range(3000):
        kind = rng.choice(4, size=80, p=p)
        e = stats.paired_difference(np.isin(kind, (1, 3)), np.isin(kind, (2, 3)))
        hits.append(e.low <= 0.15 <= e.high)
    assert 0.935 <= np.mean(hits) <= 0.975
    assert stats.paired_difference(np.array([True, True]), np.array([False, True])).value == -0.5


def test_paired_difference_of_nothing_has_no_number():
    assert stats.paired_difference(np.zeros(0, bool), np.zeros(0, bool)).value is None


def test_balanced_accuracy_weighs_classes_alike():
    y = np.repeat([0, 1], [90, 10])
    e = stats.balanced_accuracy(y == 0, y)  # all of class 0 right, none of class 1
    assert e.value == 0.5
    assert e.low < 0.5 < e.high


def test_balanced_accuracy_covers():
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], [150, 50])
    truth = (0.9 + 0.7) / 2
    rate = np.where(y == 0, 0.9, 0.7)
    estimates = [stats.balanced_accuracy(rng.random(200) < rate, y) for _ in range(3000)]
    assert 0.935 <= np.mean([e.low <= truth <= e.high for e in estimates]) <= 0.975


def test_balanced_accuracy_of_nothing_has_no_number():
    assert stats.balanced_accuracy(np.zeros(0, bool), np.zeros(0, np.int64)).value is None


def test_auc_of_a_perfect_and_of_a_blind_model():
    positive = np.repeat([False, True], 50)
    perfect = stats.auc(np.arange(100.0), positive)
    assert perfect.value == 1
    assert perfect.low < 1
    assert stats.auc(np.zeros(100), positive).value == 0.5


def test_auc_counts_pairs_with_ties_as_half():
    scores, positive = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, True, False, True])
    # pairs (positive, negative): 2>1 yes, 2=2 half, 3>1 yes, 3>2 yes
    assert stats.auc(scores, positive).value == pytest.approx(3.5 / 4)


def test_auc_covers():
    rng = np.random.default_rng(3)
    from scipy.stats import norm

    truth, positive = norm.cdf(1 / np.sqrt(2)), np.repeat([False, True], 60)
    estimates = [stats.auc(rng.normal(size=120) + positive, positive) for _ in range(2000)]
    assert 0.93 <= np.mean([e.low <= truth <= e.high for e in estimates]) <= 0.975


def test_auc_needs_both_classes():
    assert stats.auc(np.arange(3.0), np.ones(3, bool)).value is None
