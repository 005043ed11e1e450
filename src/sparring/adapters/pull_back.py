"""Tree ensembles over preprocessed columns, restated over the user's raw columns by tabulation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.bisect import Found, first_reached, frays
from sparring.adapters.preprocess import Chain
from sparring.adapters.trees import TableShelf, raw_cut
from sparring.core.examples import Bools, Floats
from sparring.core.parameters import MembershipTable, TreeEnsemble
from sparring.core.space import Column
from sparring.errors import NotApplicable


def pull_back(ensemble: TreeEnsemble, chain: Chain) -> TreeEnsemble:
    """Restate an ensemble over the encoded table.

    Categories become membership tables, found by evaluating the fitted chain on every code. Numbers that are scaled
    get the smallest raw float64 that goes right as their threshold; one-hot columns of numbers become intervals.

    Raises
    ------
    NotApplicable
        A transformed number is tested in a way that cannot be restated.
    """
    n_columns = len(chain.codec.space)
    if chain.plain and not _rounds(ensemble, chain):
        column = _lookup([feature.column for feature in chain.features], ensemble.column)
        return replace(ensemble, column=column, n_columns=n_columns)
    return _Puller(ensemble, chain).run()


def _rounds(ensemble: TreeEnsemble, chain: Chain) -> bool:
    """Say whether a column is kept with less precision than the model compares in."""
    return ensemble.dtype == "float64" and any(
        chain.codec.storage(feature.column).startswith(("float16", "float32")) for feature in chain.features
    )


def _lookup(owner: list[int], column: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.array([*owner, -1], dtype=np.int32)[column]


class _Puller:
    """Distinct tests of an ensemble, and what becomes of each."""

    def __init__(self, ensemble: TreeEnsemble, chain: Chain) -> None:
        self.ensemble, self.chain = ensemble, chain
        self.shelf = TableShelf()
        inner = np.flatnonzero(ensemble.column >= 0)
        keys = np.empty(len(inner), dtype=[("f", "<i4"), ("table", "<i4"), ("threshold", "<f8"), ("blank", "?")])
        keys["f"], keys["table"] = ensemble.column[inner], ensemble.table[inner]
        # -0.0 and 0.0 are one threshold
        keys["threshold"], keys["blank"] = ensemble.threshold[inner] + 0.0, ensemble.missing_left[inner]
        self.inner = inner
        self.tests, self.which = _distinct(keys)
        n = len(self.tests)
        self.threshold = self.tests["threshold"].copy()
        self.table = np.full(n, -1, dtype=np.int64)
        self.blank = self.tests["blank"].copy()
        self.flip = np.zeros(n, dtype=bool)
        self.owner = np.array([feature.column for feature in chain.features])

    def run(self) -> TreeEnsemble:
        monotone: list[NDArray[np.int64]] = []
        for j in range(len(self.chain.codec.space)):
            mine = np.flatnonzero(self.owner[self.tests["f"]] == j)
            if len(mine) == 0:
                continue
            self._blanks(j, mine)
            if self.chain.codec.space.columns[j].kind != "number":
                self._codes(j, mine)
                continue
            shapes = np.array([self.chain.features[f].shape for f in self.tests["f"][mine]])
            self._identity(j, mine[shapes == "identity"])
            self._steps(j, mine[shapes == "step"])
            if (shapes == "monotone").any():
                monotone.append(mine[shapes == "monotone"])
        if monotone:
            self._monotone(np.concatenate(monotone))
        return self._put_together()

    def _goes_left(self, tests: NDArray[np.int64], z: Floats) -> Bools:
        """Whether values of the features go left, shape (len(z), len(tests))."""
        asked = self.tests[tests]
        value = z[:, asked["f"]]
        with np.errstate(over="ignore"):
            left = value.astype(self.ensemble.dtype) < asked["threshold"]
        for k in np.flatnonzero(asked["table"] >= 0):
            table = self.ensemble.tables[asked["table"][k]]
            left[:, k] = table.left[np.searchsorted(table.breaks, value[:, k], side="right")]
        return np.where(np.isnan(value), asked["blank"], left)

    def _blanks(self, j: int, tests: NDArray[np.int64]) -> None:
        z, good = self.chain.try_evaluate(self.chain.with_value(j, np.array([np.nan])))
        if good[0]:
            self.blank[tests] = self._goes_left(tests, z)[0]

    def _codes(self, j: int, tests: NDArray[np.int64]) -> None:
        n_codes = self.chain.codec.codes(j)
        z, _ = self.chain.try_evaluate(self.chain.with_value(j, np.arange(float(n_codes))))
        left = self._goes_left(tests, z)
        for k, t in enumerate(tests):
            self.table[t] = self.shelf.place(_merged(np.arange(1.0, n_codes), left[:, k]))

    def _identity(self, j: int, tests: NDArray[np.int64]) -> None:
        storage = self.chain.codec.storage(j)
        # rounding first to the column's dtype, then to the model's, is rounding to the narrower of the two
        narrow = "float32" if "float32" in (storage, self.ensemble.dtype) else "float64"
        self.threshold[tests] = raw_cut(self.threshold[tests], dtype=narrow)
        for t in tests[self.tests["table"][tests] >= 0]:
            table = self.ensemble.tables[self.tests["table"][t]]
            self.table[t] = self.shelf.place(MembershipTable(raw_cut(table.breaks, dtype=narrow), table.left))

    def _steps(self, j: int, tests: NDArray[np.int64]) -> None:
        if len(tests) == 0:
            return
        points = [self.chain.features[f].points for f in self.tests["f"][tests]]
        at = np.unique(np.concatenate(points)) if points else np.empty(0)
        breaks = _around(at, narrow=self.chain.codec.storage(j) == "float32")
        inside, legal = _representatives(breaks, self.chain.codec.space.columns[j])
        z, good = self.chain.try_evaluate(self.chain.with_value(j, inside))
        if (legal & ~good).any():
            raise NotApplicable(
                f"column {self.chain.codec.space.names[j]!r} holds numbers that the model encodes as categories, and "
                "it refuses those never seen; declare kind: category or carried for it"
            )
        left = self._goes_left(tests, z)
        for k, t in enumerate(tests):
            self.table[t] = self.shelf.place(_merged(breaks, left[:, k]))

    def _monotone(self, tests: NDArray[np.int64]) -> None:
        asked = self.tests["table"][tests]
        plain, sets = tests[asked < 0], tests[asked >= 0]
        breaks = [self.ensemble.tables[t].breaks for t in self.tests["table"][sets]]
        # every break of a set of values is a threshold of its own
        threshold = np.concatenate([self.threshold[plain], *breaks])
        feature = np.concatenate([self.tests["f"][plain], np.repeat(self.tests["f"][sets], [len(b) for b in breaks])])
        found = first_reached(self.chain, feature, threshold, columns=self.owner[feature], dtype=self.ensemble.dtype)
        self._frays(plain, found)
        self.threshold[plain], self.flip[plain] = found.cut[: len(plain)], found.decreasing[: len(plain)]
        at = len(plain)
        for t, own in zip(sets, breaks, strict=True):
            cut, falls = found.cut[at : at + len(own)], found.decreasing[at : at + len(own)]
            self.table[t] = self.shelf.place(_turned(cut, self.ensemble.tables[self.tests["table"][t]].left, falls))
            at += len(own)

    def _frays(self, tests: NDArray[np.int64], found: Found) -> None:
        """Turn thresholds around which rounding puts some numbers on the wrong side into sets of numbers."""
        n, feature = len(tests), self.tests["f"][tests]
        which, tables = frays(
            self.chain,
            feature,
            self.tests["threshold"][tests],
            Found(found.cut[:n], found.decreasing[:n]),
            columns=self.owner[feature],
            dtype=self.ensemble.dtype,
        )
        for k, (breaks, left) in zip(which, tables, strict=True):
            self.table[tests[k]] = self.shelf.place(MembershipTable(breaks, left))
            found.decreasing[k] = False

    def _put_together(self) -> TreeEnsemble:
        old, n = self.ensemble, len(self.ensemble.column)
        left, right = old.left.copy(), old.right.copy()
        flip = np.zeros(n, dtype=bool)
        flip[self.inner] = self.flip[self.which]
        left[flip], right[flip] = old.right[flip], old.left[flip]
        threshold, blank, table = np.zeros(n), np.zeros(n, dtype=bool), np.full(n, -1, dtype=np.int32)
        threshold[self.inner] = self.threshold[self.which]
        blank[self.inner] = self.blank[self.which]
        table[self.inner] = self.table[self.which]
        return replace(
            old,
            column=_lookup(self.owner.tolist(), old.column),
            threshold=threshold,
            missing_left=blank ^ flip,
            left=left,
            right=right,
            table=table,
            tables=self.shelf.tables,
            n_columns=len(self.chain.codec.space),
            dtype="float64",
        )


def _distinct(keys: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct records and which of them each is; much quicker than numpy.unique on records."""
    order = np.lexsort([keys[name] for name in ("blank", "table", "threshold", "f")])
    sorted_ = keys[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = np.logical_or.reduce([sorted_[name][1:] != sorted_[name][:-1] for name in keys.dtype.names or ()])
    which = np.empty(len(keys), dtype=np.intp)
    which[order] = np.cumsum(new) - 1
    return sorted_[new], which


def _merged(breaks: Floats, left: Bools) -> MembershipTable:
    """Return a table without breaks at which nothing turns."""
    keep = np.flatnonzero(left[1:] != left[:-1])
    return MembershipTable(breaks=breaks[keep], left=np.concatenate([left[keep], left[-1:]]))


def _around(points: Floats, *, narrow: bool) -> Floats:
    """Return breaks such that each point, and the numbers between two points, have an interval of their own."""
    if not narrow:
        return np.unique(np.concatenate([points, np.nextafter(points, np.inf)]))
    # a raw number is rounded to float32 before it is looked at; of a point, the float32 on either side
    nearest = points.astype(np.float32)
    near = [np.nextafter(nearest, np.float32(-np.inf)), nearest, np.nextafter(nearest, np.float32(np.inf))]
    return np.unique(raw_cut(np.concatenate(near).astype(float), dtype="float32"))


def _turned(cut: Floats, left: Bools, falls: Bools) -> MembershipTable:
    """Return a set of values of a feature as one of the raw number, which the feature rises or falls with."""
    if len(falls) and falls[0]:
        cut, left = cut[::-1], left[::-1]
    inside = np.isfinite(cut)
    # what is reached everywhere or nowhere takes the intervals beyond it along
    left = left[int(np.isneginf(cut).sum()) : len(left) - int(np.isposinf(cut).sum())]
    return _merged(*_distinct_breaks(cut[inside], left))


def _distinct_breaks(breaks: Floats, left: Bools) -> tuple[Floats, Bools]:
    """Drop intervals that hold no number."""
    if len(breaks) == 0:
        return breaks, left
    last = np.append(breaks[1:] != breaks[:-1], True)
    return breaks[last], np.concatenate([left[:1], left[1:][last]])


def _representatives(breaks: Floats, column: Column) -> tuple[Floats, Bools]:
    """Return a number in each interval between breaks, and whether anybody may enter one from there.

    A legal number is preferred; intervals come in the order of `MembershipTable`.
    """
    low = np.concatenate([[-np.inf], breaks])
    high = np.concatenate([breaks, [np.inf]])
    inside, legal = np.empty(len(low)), np.zeros(len(low), dtype=bool)
    for i, (a, b) in enumerate(zip(low, high, strict=True)):
        floor = a if column.low is None else max(a, column.low)
        ceiling = b if column.high is None else min(b, np.nextafter(column.high, np.inf))
        value = _inside(floor, ceiling, column.step)
        legal[i] = value is not None
        # what may not be entered may still stand in the data
        found = value if legal[i] else _inside(a, b, column.step)
        inside[i] = a if found is None else found
    return inside, legal


def _inside(low: float, high: float, step: float | None) -> float | None:
    """Return a number with low <= number < high, a multiple of `step` where there is one; None where there is none."""
    if not low < high:
        return None
    if not np.isfinite(low):
        low = (high if np.isfinite(high) else 0.0) - (step or 1.0) * 2.0
    if step is None:
        return float(low)
    from sparring.core.space import grid_value

    value = float(grid_value(np.ceil(low / step), step))
    return value if low <= value < high else None
