"""Exact raw thresholds of monotone preprocessing, by bisection on the bits of float64 numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.preprocess import Chain
from sparring.core.examples import Bools, Floats, Ints
from sparring.errors import NotApplicable

# where to look for thresholds, by what the raw column is kept in; less where the chain refuses such numbers
WIDEST = {"float16": 6.0e4, "float32": 3.0e38}
WIDEST_OTHER = 1.0e300
NARROWINGS = 8
TINY = 1e-300
# numbers on either side of a threshold within which rounding may put some on the wrong side
FRAYED = 32
GRID = 65
# one evaluation takes about as long for a few hundred rows as for one
ROWS_AT_ONCE, MOST_PROBES = 1024, 15


@dataclass(frozen=True, eq=False)
class Found:
    """Raw thresholds.

    Parameters
    ----------
    cut : ndarray of shape (n,)
        A raw number reaches the threshold iff it is at least this where the feature increases; it stays below iff it
        is at least this where the feature decreases.
    decreasing : ndarray of shape (n,)
    """

    cut: Floats
    decreasing: Bools


def first_reached(chain: Chain, feature: NDArray[np.int32], threshold: Floats, *, columns: Ints, dtype: str) -> Found:
    """Find, for each threshold of a feature, the smallest raw number on its far side.

    Thresholds of different raw columns share rows, so that one evaluation of the chain serves all columns.

    Parameters
    ----------
    chain : Chain
    feature, threshold, columns : ndarray of shape (n,)
        Feature that is compared, with what, and the raw column it is made of.
    dtype : {'float32', 'float64'}
        In which the model compares.

    Raises
    ------
    NotApplicable
        A feature is neither increasing nor decreasing.
    """
    ask = _Asker(chain, feature, threshold, columns, dtype)
    lowest, highest = _reach(chain, np.unique(columns))
    decreasing = _directions(chain, feature, columns, lowest=lowest, highest=highest)
    low, high = key_of(lowest[columns]), key_of(highest[columns])
    everyone = np.arange(len(feature))
    reached_low = ask(everyone, value_of(low)) ^ decreasing
    reached_high = ask(everyone, value_of(high)) ^ decreasing
    # "on the far side" is false below the cut and true from it on
    cut = np.where(reached_low, -np.inf, np.where(reached_high, 0.0, np.inf))
    open_ = np.flatnonzero(~reached_low & reached_high)
    guess = _guess(chain, feature, threshold, columns, lowest=lowest, highest=highest)
    low, high = _bracket(ask, open_, low=low, high=high, guess=guess, decreasing=decreasing)
    while len(open_):
        probes = _between(low[open_], high[open_], count=int(np.clip(ROWS_AT_ONCE // len(open_), 1, MOST_PROBES)))
        far = ask.each(open_, value_of(probes)) ^ decreasing[open_]
        first, at = np.where(far.any(axis=0), far.argmax(axis=0), len(far)), np.arange(len(open_))
        high[open_] = np.concatenate([probes, high[open_][None]])[first, at]
        low[open_] = np.concatenate([low[open_][None], probes])[first, at]
        done = high[open_] - 1 <= low[open_]
        cut[open_[done]] = value_of(high[open_[done]])
        open_ = open_[~done]
    return Found(cut, decreasing)


def frays(
    chain: Chain, feature: NDArray[np.int32], threshold: Floats, found: Found, *, columns: Ints, dtype: str
) -> tuple[Ints, list[tuple[Floats, Bools]]]:
    """Find thresholds around which a feature jumps back and forth by its last digit.

    Parameters
    ----------
    chain, feature, threshold
        As for `first_reached`.
    found : Found
    columns, dtype
        As for `first_reached`.

    Returns
    -------
    which : ndarray of int
        Places of such thresholds.
    tables : list of tuple
        For each, breaks and whether the feature stays below the threshold between them, as in `MembershipTable`.
    """
    rough = np.array([chain.features[f].rough for f in feature], dtype=bool) & np.isfinite(found.cut)
    which = np.flatnonzero(rough)
    if len(which) == 0:
        return which, []
    ask = _Asker(chain, feature, threshold, columns, dtype)
    offsets = np.arange(-FRAYED, FRAYED)
    keys = key_of(found.cut[which])
    reached = ask.each(which, value_of(keys + offsets[:, None]))
    far = reached ^ found.decreasing[which]
    frayed = np.flatnonzero((far != (offsets >= 0)[:, None]).any(axis=0))
    tables = []
    for k in frayed:
        turns = np.flatnonzero(reached[1:, k] != reached[:-1, k]) + 1
        breaks = value_of(keys[k] + offsets[turns])
        tables.append((breaks, ~np.append(reached[:1, k], reached[turns, k])))
    return which[frayed], tables


class _Asker:
    """Asks, for many thresholds at once, whether raw numbers reach them."""

    def __init__(self, chain: Chain, feature: NDArray[np.int32], threshold: Floats, columns: Ints, dtype: str) -> None:
        self.chain, self.feature, self.threshold, self.columns, self.dtype = chain, feature, threshold, columns, dtype

    def each(self, which: Ints, x: Floats) -> Bools:
        """Ask about several numbers for each of `which`, shape (k, len(which)), all at once."""
        return self(np.tile(which, len(x)), x.ravel()).reshape(x.shape)

    def __call__(self, which: Ints, x: Floats) -> Bools:
        """Whether the feature of each of `which` is at or above its threshold when its column holds `x`."""
        columns = self.columns[which]
        order = np.argsort(columns, kind="stable")
        counts = np.bincount(columns, minlength=len(self.chain.codec.space))
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        row = np.empty(len(which), dtype=np.intp)
        row[order] = np.arange(len(which)) - starts[columns[order]]
        rows = np.tile(self.chain.base, (int(counts.max(initial=0)), 1))
        rows[row, columns] = x
        z = self.chain.evaluate(rows)[row, self.feature[which]]
        with np.errstate(over="ignore"):
            return np.asarray(z.astype(self.dtype).astype(float) >= self.threshold[which])


def _reach(chain: Chain, columns: Ints) -> tuple[Floats, Floats]:
    """Return the lowest and the highest numbers that the chain takes in each raw column, two of shape (d,)."""
    codec = chain.codec
    wide = np.array([WIDEST.get(codec.storage(j), WIDEST_OTHER) for j in range(len(codec.space))])
    low, high = -wide, wide.copy()
    owner = np.array([feature.column for feature in chain.features])
    for ends, others in ((low, (0.0, TINY)), (high, (0.0, -TINY))):
        left = columns
        for step in range(NARROWINGS + len(others) + 1):
            rows = np.tile(chain.base, (len(left), 1))
            rows[np.arange(len(left)), left] = ends[left]
            z, good = chain.try_evaluate(rows)
            # a logarithm makes a blank of what it does not take
            blank = np.array([np.isnan(z[i, owner == j]).any() for i, j in enumerate(left)], dtype=bool)
            left = left[~good | blank]
            if len(left) == 0:
                break
            if step < NARROWINGS:
                ends[left] = np.copysign(np.abs(ends[left]) ** 0.5, ends[left])
            elif step < NARROWINGS + len(others):
                # logarithms and roots take no numbers on the other side of zero
                ends[left] = others[step - NARROWINGS]
            else:
                name = codec.space.names[left[0]]
                raise NotApplicable(f"the preprocessing of column {name!r} refuses ordinary numbers")
    return low, high


def _bracket(ask: _Asker, which: Ints, *, low: Ints, high: Ints, guess: Floats, decreasing: Bools) -> tuple[Ints, Ints]:
    """Close in on the cut from a guess, by steps that grow eightfold."""
    low, high = low.copy(), high.copy()
    start = np.clip(key_of(guess), low + 1, high - 1)
    step = np.full(len(low), 4, dtype=np.int64)
    active, upward = which, np.zeros(len(low), dtype=bool)
    far = ask(active, value_of(start[active])) ^ decreasing[active]
    high[active[far]] = start[active[far]]
    low[active[~far]] = start[active[~far]]
    upward[active] = ~far
    while len(active):
        up = upward[active]
        # the gap to the far bound never overflows once it is halved
        room = (high[active] // 2) - (low[active] // 2)
        stride = np.minimum(step[active], room)
        probe = np.where(up, low[active] + stride, high[active] - stride)
        far = ask(active, value_of(probe)) ^ decreasing[active]
        high[active] = np.where(far, probe, high[active])
        low[active] = np.where(far, low[active], probe)
        step[active] = np.minimum(step[active], 2**58) * 8
        turned = far == up
        active = active[~turned & (stride > 1)]
    return low, high


def _directions(chain: Chain, feature: NDArray[np.int32], columns: Ints, *, lowest: Floats, highest: Floats) -> Bools:
    """Whether each feature decreases in its raw column, seen on a grid over the user's numbers and beyond."""
    used = np.unique(feature)
    grid = np.tile(chain.base, (GRID, 1))
    for j in np.unique(columns):
        grid[:, j] = np.clip(_spread_out(chain.codec.sample[:, j]), lowest[j], highest[j])
    z = chain.evaluate(grid)
    falls = np.zeros(z.shape[1], dtype=bool)
    for f in used:
        rise = np.diff(z[:, f])
        if (rise > 0).any() and (rise < 0).any():
            name = chain.codec.space.names[chain.features[f].column]
            raise NotApplicable(f"what is made of column {name!r} neither rises nor falls with it")
        falls[f] = bool((rise < 0).any())
    return falls[feature]


def _spread_out(values: Floats) -> Floats:
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    width = (high - low) or abs(high) or 1.0
    return np.linspace(low - 2.0 * width, high + 2.0 * width, GRID)


def _guess(
    chain: Chain, feature: NDArray[np.int32], threshold: Floats, columns: Ints, *, lowest: Floats, highest: Floats
) -> Floats:
    """Solve for the raw number as if the feature were a straight line through the ends of the user's numbers."""
    rows = np.tile(chain.base, (2, 1))
    ends = np.array([_spread_out(column)[[16, 48]] for column in chain.codec.sample.T]).T.clip(lowest, highest)
    moved = np.unique(columns)
    rows[:, moved] = ends[:, moved]
    z = chain.evaluate(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (z[1] - z[0])[feature] / (rows[1] - rows[0])[columns]
        guess = rows[0, columns] + (threshold - z[0, feature]) / slope
    return np.where(np.isfinite(guess), guess, 0.0)


def _between(low: Ints, high: Ints, *, count: int) -> Ints:
    """Return `count` keys that split each gap evenly, shape (count, n); where it is narrow, the last one repeats."""
    # their difference may exceed what 64 bits hold, but not half of it
    stride = np.maximum(1, 2 * (((high >> 1) - (low >> 1)) // (count + 1)))
    probes = low + stride * np.arange(1, count + 1)[:, None]
    return np.asarray(np.where(stride == 1, np.minimum(probes, high - 1), probes))


def key_of(x: Floats | float) -> Ints:
    """Map float64 numbers to integers in the same order; neighbors differ by one."""
    raw = np.asarray(x, dtype=float).view(np.int64)
    return np.where(raw < 0, np.int64(-(2**63)) - raw, raw)


def value_of(key: Ints) -> Floats:
    """Return the number of a key."""
    raw = np.where(key < 0, np.int64(-(2**63)) - key, key)
    return np.ascontiguousarray(raw).view(np.float64)
