"""Parts from which conversions put tree ensembles together, and how thresholds pass between libraries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Floats
from sparring.core.parameters import LEAF, Link, MembershipTable, TreeEnsemble

Dtype = Literal["float32", "float64"]
Rounding = Literal["down", "up"]
# leaves of averaging forests are rounded to multiples of this, so that sums of up to 2 are exact in any order
GRAIN = 2.0**-52


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree, in the conventions of `TreeEnsemble`; `table` counts from the first table of this tree."""

    column: NDArray[Any]
    threshold: Floats
    missing_left: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    value: Floats
    output: int = 0
    table: NDArray[Any] | None = None
    tables: Sequence[MembershipTable] = field(default_factory=tuple)


def assemble(
    trees: Sequence[Tree], *, intercept: Floats, link: Link, n_columns: int, dtype: Dtype, source: str
) -> TreeEnsemble:
    """Put trees into one ensemble: nodes one after another, equal tables once."""
    sizes = np.array([len(tree.column) for tree in trees])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    column = _join([tree.column for tree in trees], np.int32)
    leaf = column < 0
    shift = np.repeat(starts, sizes)
    tables, table = _join_tables(trees)
    left = np.where(leaf, LEAF, _join([tree.left for tree in trees], np.int64) + shift)
    right = np.where(leaf, LEAF, _join([tree.right for tree in trees], np.int64) + shift)
    return TreeEnsemble(
        column=np.where(leaf, LEAF, column).astype(np.int32),
        threshold=np.where(leaf, 0.0, _join([tree.threshold for tree in trees], np.float64)),
        missing_left=_join([tree.missing_left for tree in trees], np.bool_) & ~leaf,
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        value=np.where(leaf[:, None], np.concatenate([tree.value for tree in trees]), 0.0),
        roots=starts.astype(np.int32),
        output=np.array([tree.output for tree in trees], dtype=np.int32),
        intercept=np.asarray(intercept, dtype=float).reshape(-1),
        link=link,
        n_columns=n_columns,
        dtype=dtype,
        table=np.where(leaf, -1, table).astype(np.int32),
        tables=tables,
        source=source,
    )


def _join(parts: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(parts).astype(dtype, copy=False)


def _join_tables(trees: Sequence[Tree]) -> tuple[tuple[MembershipTable, ...], NDArray[np.int64]]:
    shelf = TableShelf()
    parts = []
    for tree in trees:
        local = np.full(len(tree.column), -1, dtype=np.int64) if tree.table is None else np.asarray(tree.table)
        if tree.tables:
            where = np.array([*(shelf.place(table) for table in tree.tables), -1])
            local = where[local]
        parts.append(local)
    return shelf.tables, np.concatenate(parts)


class TableShelf:
    """Membership tables, equal ones kept once."""

    def __init__(self) -> None:
        self._places: dict[tuple[bytes, bytes], int] = {}
        self._tables: list[MembershipTable] = []

    @property
    def tables(self) -> tuple[MembershipTable, ...]:
        """What was placed, in order."""
        return tuple(self._tables)

    def place(self, table: MembershipTable) -> int:
        """Return the index of a table, which is added where it is new."""
        key = (table.breaks.tobytes(), table.left.tobytes())
        if key not in self._places:
            self._places[key] = len(self._tables)
            self._tables.append(table)
        return self._places[key]


def always(*, left: bool) -> MembershipTable:
    """Return the table that sends every value the same way."""
    return MembershipTable(breaks=np.empty(0), left=np.array([left]))


def code_set(codes: NDArray[Any], *, n_codes: int, inside_left: bool, other_left: bool) -> MembershipTable:
    """Return the table of a set of category codes, as libraries read codes: the fraction is cut off.

    Parameters
    ----------
    codes : ndarray of int
        The set.
    n_codes : int
        Codes from here on, and those of -1 and below, are unknown.
    inside_left : bool
        Whether codes of the set go left; known codes outside it go the other way.
    other_left : bool
        Whether unknown codes go left.
    """
    known = np.full(n_codes, not inside_left)
    known[codes[codes < n_codes]] = inside_left
    left = np.concatenate([[other_left], known, [other_left]])
    # -0.5 is cut to 0, so that code 0 starts just above -1
    breaks = np.concatenate([[np.nextafter(-1.0, 0.0)], np.arange(1.0, n_codes + 1.0)])
    keep = np.flatnonzero(left[1:] != left[:-1])
    return MembershipTable(breaks=breaks[keep], left=np.concatenate([left[keep], left[-1:]]))


def bits(words: NDArray[Any]) -> NDArray[np.int64]:
    """Return the positions of the bits that are set in a row of 32-bit words."""
    raw = np.unpackbits(np.asarray(words, dtype="<u4").view(np.uint8), bitorder="little")
    return np.flatnonzero(raw)


def after(threshold: Floats, *, dtype: Dtype) -> Floats:
    """Turn ``x <= threshold`` into ``x < result`` for every x of `dtype`.

    Parameters
    ----------
    threshold : ndarray
        Any float64 numbers; with float32 they need not be float32 themselves.
    dtype : {'float32', 'float64'}

    Returns
    -------
    ndarray
        The smallest number of `dtype` above each threshold.
    """
    if dtype == "float64":
        return np.nextafter(threshold, np.inf)
    with np.errstate(over="ignore"):
        rounded = threshold.astype(np.float32)
        up = np.nextafter(rounded, np.float32(np.inf))
    # rounded down or exact: the next one is the first above; rounded up: it is itself the first above
    return np.where(rounded.astype(float) > threshold, rounded, up).astype(float)


def raw_cut(threshold: Floats, *, dtype: str) -> Floats:
    """Return the smallest float64 x for which x rounded to float32 is at least `threshold`.

    Parameters
    ----------
    threshold : ndarray
        Any float64 numbers.
    dtype : str
        What x is rounded to; anything but 'float32' returns the thresholds as they are.
    """
    if dtype != "float32":
        return threshold
    with np.errstate(over="ignore"):
        first = threshold.astype(np.float32)
        first = np.where(first.astype(float) < threshold, np.nextafter(first, np.float32(np.inf)), first)
        before = np.nextafter(first, np.float32(-np.inf))
        # between the largest float32 and infinity lies no number, but rounding turns over half a step further on
        top = np.float64(np.finfo(np.float32).max)
        wide_first = np.where(np.isposinf(first), top + 2.0**104, first.astype(float))
        wide_before = np.where(np.isneginf(before), -top - 2.0**104, before.astype(float))
        middle = np.where(np.isneginf(first), -np.inf, (wide_first + wide_before) / 2.0)
        turned = middle.astype(np.float32) >= first
    return np.where(turned, middle, np.nextafter(middle, np.inf))


def on_grid(value: Floats, rounding: Rounding) -> Floats:
    """Round parts of an average to a grid, so that ties come out as in the library.

    Libraries add whole leaves and divide once; here they are divided first. On a grid of 2**-52 sums are exact in any
    order, and rounding all leaves the same way puts a tie (50 of 100 trees) on the side that the rule gives it.

    Parameters
    ----------
    value : ndarray
        Probabilities at the leaves, each a share of the whole.
    rounding : {'down', 'up'}
        'down' where a class must exceed the cut, 'up' where reaching it is enough.
    """
    turn = np.floor if rounding == "down" else np.ceil
    return np.asarray(turn(value / GRAIN) * GRAIN)
