"""Intervals for rates, medians, differences and areas under curves. All are 95 % and cover sampling of rows only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparring.core.document import Estimate
from sparring.core.examples import Bools, Floats

NINETY = 1.6448536269514722  # normal score of 95 %: an interval of 90 % goes from minus this to this
ALPHA = 0.05
Z = 1.959963984540054


def wilson(successes: int, n: int) -> Estimate:
    """Rate with Wilson's score interval, mended for very few successes or failures.

    The plain score interval covers down to 84 % where the true rate is about 0.2 / n. The limit near 0 (and, by
    symmetry, near 1) is replaced by the Poisson limit of Brown, Cai and DasGupta (2001), *Statistical Science* 16.

    Parameters
    ----------
    successes, n : int

    Examples
    --------
    >>> e = wilson(0, 50)
    >>> e.value, round(e.high, 3)
    (0.0, 0.071)
    """
    if n == 0:
        return Estimate(value=None, n=0, method="no rows")
    p = successes / n
    center = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    few = 2 if n <= 50 else 3
    low = _poisson_low(successes) / n if 1 <= successes <= few else center - half
    high = 1 - _poisson_low(n - successes) / n if 1 <= n - successes <= few else center + half
    low = 0.0 if successes == 0 else float(max(low, 0.0))
    high = 1.0 if successes == n else float(min(high, 1.0))
    return Estimate(value=p, low=min(low, p), high=max(high, p), n=n, method="wilson")


def exact(successes: int, n: int) -> Estimate:
    """Rate with the interval of Clopper and Pearson, which covers at least 95 %."""
    from scipy.stats import beta

    if n == 0:
        return Estimate(value=None, n=0, method="no rows")
    low = float(beta.ppf(ALPHA / 2, successes, n - successes + 1)) if successes else 0.0
    high = float(beta.ppf(1 - ALPHA / 2, successes + 1, n - successes)) if successes < n else 1.0
    return Estimate(value=successes / n, low=low, high=high, n=n, method="clopper-pearson")


def mean(values: ArrayLike, *, unit: str) -> Estimate:
    """Mean with a normal interval."""
    data = np.asarray(values, dtype=float)
    if len(data) == 0:
        return Estimate(value=None, n=0, method="no rows", unit=unit)
    value = float(data.mean())
    half = Z * float(data.std(ddof=1)) / np.sqrt(len(data)) if len(data) > 1 else float("inf")
    low, high = (value - half, value + half) if np.isfinite(half) else (None, None)
    return Estimate(value=value, low=low, high=high, n=len(data), method="normal", unit=unit)


def median(values: ArrayLike, *, unit: str, rng: np.random.Generator, repeats: int = 2000) -> Estimate:
    """Median with a percentile bootstrap interval."""
    data = np.asarray(values, dtype=float)
    if len(data) == 0:
        return Estimate(value=None, n=0, method="no rows", unit=unit)
    draws = rng.integers(0, len(data), (repeats, len(data)))
    low, high = np.quantile(np.median(data[draws], axis=1), [ALPHA / 2, 1 - ALPHA / 2])
    method = "percentile bootstrap"
    return Estimate(
        value=float(np.median(data)), low=float(low), high=float(high), n=len(data), method=method, unit=unit
    )


def paired_difference(before: Bools, after: Bools) -> Estimate:
    """Difference of two rates on the same rows, `after` minus `before`, after Bonett and Price (2012).

    Parameters
    ----------
    before, after : ndarray of bool, shape (n,)
    """
    n = len(before)
    if n == 0:
        return Estimate(value=None, n=0, method="no rows", unit="fraction")
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    p, q = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = Z * np.sqrt((p + q - (p - q) ** 2) / (n + 2))
    low, high = max(-1.0, p - q - half), min(1.0, p - q + half)
    return Estimate(value=(gained - lost) / n, low=float(low), high=float(high), n=n, method="bonett-price, paired")


def balanced_accuracy(correct: Bools, y: NDArray[np.int64]) -> Estimate:
    """Mean over classes of the share decided correctly, with a normal interval over the strata.

    Each stratum's variance is that of (k + 1) / (n + 2), so that a class without an error is not taken as certain.
    """
    classes = np.unique(y)
    if len(classes) == 0:
        return Estimate(value=None, n=0, method="no rows")
    k = np.array([correct[y == c].sum() for c in classes], dtype=float)
    n = np.array([(y == c).sum() for c in classes], dtype=float)
    p = (k + 1) / (n + 2)
    half = Z * np.sqrt((p * (1 - p) / (n + 2)).sum()) / len(classes)
    center = float(p.mean())
    low, high, value = max(0.0, center - half), min(1.0, center + half), float((k / n).mean())
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=int(n.sum()), method="stratified normal")


def auc(scores: Floats, positive: Bools) -> Estimate:
    """Area under the ROC curve with the interval of DeLong et al. (1988), on the log-odds scale.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Higher means more likely positive.
    positive : ndarray of bool, shape (n,)
    """
    from scipy.stats import rankdata

    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return Estimate(value=None, n=m + n, method="one class only")
    ranks, of, against = rankdata(scores), rankdata(scores[positive]), rankdata(scores[~positive])
    v_pos = (ranks[positive] - of) / n
    v_neg = 1 - (ranks[~positive] - against) / m
    value = float(v_pos.mean())
    variance = (v_pos.var(ddof=1) / m if m > 1 else 0.25) + (v_neg.var(ddof=1) / n if n > 1 else 0.25)
    inner = min(max(value, 0.5 / (m * n)), 1 - 0.5 / (m * n))
    logit, half = np.log(inner / (1 - inner)), Z * np.sqrt(variance) / (inner * (1 - inner))
    low, high = 1 / (1 + np.exp(-(logit - half))), 1 / (1 + np.exp(-(logit + half)))
    low, high = min(float(low), value), max(float(high), value)
    return Estimate(value=value, low=low, high=high, n=m + n, method="delong")


def _poisson_low(k: int) -> float:
    from scipy.stats import chi2

    return float(chi2.ppf(ALPHA, 2 * k) / 2)
