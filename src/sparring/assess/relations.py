"""Relations between columns: what people say, held against the data, and what the data alone suggests."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from sparring.core.examples import Bools, Floats, Ints
from sparring.core.relations import Relation
from sparring.core.space import Column, TableSpace
from sparring.errors import ColumnsError

ENOUGH = 50
"""Rows from which on what holds in all of them is worth asking about."""
BY_CHANCE = 0.2
"""Share of rows that would break a <= b if the two columns had nothing to do with each other; fewer say nothing."""
MOSTLY_NOTHING = 0.8
"""Share of zeros from which on a part adds too little to tell a sum from a copy."""
MOST_COLUMNS = 60
MOST_CANDIDATES = 20
TRIED_ROWS = 50
_STEM = re.compile(r"^(.+?)[ _=.:/-]+[^ _=.:/-]+$")


@dataclass(frozen=True)
class Settled:
    """What is known of a table's relations.

    Parameters
    ----------
    kept : tuple of Relation
        Confirmed; every row of the data keeps to them, and so does every edit.
    open : tuple of Relation
        They hold in every row of the data, and nobody has said whether they must.
    """

    kept: tuple[Relation, ...]
    open: tuple[Relation, ...]


def settled(said: Iterable[Relation] | None, space: TableSpace, x: Floats) -> Settled:
    """Hold what people say against the data; look for more where they have said nothing of relations.

    Parameters
    ----------
    said : iterable of Relation or None
        None: nobody has looked at relations yet.
    space : TableSpace
    x : ndarray of shape (n, d)
        The data.

    Raises
    ------
    ColumnsError
        One names a column that is not there or of a kind that it is not for, or the data break one that is confirmed.
    """
    if said is None:
        return Settled((), candidates(space, x))
    known = tuple(said)
    for relation in known:
        _check_columns(relation, space)
    kept = tuple(relation for relation in known if relation.confirmed)
    for relation in kept:
        _check_rows(relation, space, x)
    return Settled(
        kept, tuple(relation for relation in known if not relation.confirmed and _all_hold(relation, space, x))
    )


def proposed(said: Iterable[Relation] | None, frame: Any, columns: tuple[Column, ...]) -> tuple[Relation, ...]:
    """Return what people have said, held against the data, and what the data suggest beyond that.

    Parameters
    ----------
    said : iterable of Relation or None
    frame : DataFrame, Table or ndarray of shape (n, d)
    columns : tuple of Column

    Raises
    ------
    ColumnsError
        See `settled`.
    """
    from sparring.adapters.frames import FrameCodec

    codec = FrameCodec(frame, columns)
    x = codec.encode(frame)
    known = settled(said, codec.space, x)
    found = (*known.kept, *known.open)
    texts = {relation.text for relation in found}
    return (*found, *(relation for relation in candidates(codec.space, x) if relation.text not in texts))


def _check_columns(relation: Relation, space: TableSpace) -> None:
    for name in relation.columns:
        if name not in space.names:
            near = difflib.get_close_matches(name, space.names, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(space.names[:12])}"
            raise ColumnsError(f"relation {relation.text}: no column {name!r} in the data{hint}")
        column = space.columns[space.names.index(name)]
        if relation.kind == "one_of":
            if not _truth(column) and column.kind != "number":
                raise ColumnsError(
                    f"relation {relation.text}: column {name!r} must hold 0 and 1 or false and true, and is a "
                    f"{column.kind}"
                )
        elif column.kind != "number":
            raise ColumnsError(f"relation {relation.text}: column {name!r} must be a number, and is a {column.kind}")


def _check_rows(relation: Relation, space: TableSpace, x: Floats) -> None:
    broken = np.flatnonzero(~relation.holds(x[:, relation.at(space.names)]))
    if len(broken):
        raise ColumnsError(
            f"relation {relation.text} must hold in every row of the data, and {len(broken):,} of {len(x):,} rows "
            f"break it, the first is row {broken[0]}; correct the rows, or remove the relation"
        )


def _all_hold(relation: Relation, space: TableSpace, x: Floats) -> bool:
    return bool(relation.holds(x[:, relation.at(space.names)]).all())


def candidates(space: TableSpace, x: Floats) -> tuple[Relation, ...]:
    """Return relations that hold in every row of the data and would not by chance; people say whether they must.

    Parameters
    ----------
    space : TableSpace
    x : ndarray of shape (n, d)

    Returns
    -------
    tuple of Relation
        Unconfirmed; each with a column that may be misstated.
    """
    if len(x) < ENOUGH:
        return ()
    found = list(_groups(space, x))
    numbers = _plain_numbers(space, x)
    if 2 <= len(numbers) <= MOST_COLUMNS:
        sums = list(_sums(space, x, numbers))
        of_sums = {(part, total) for total, *parts in (r.columns for r in sums) for part in parts}
        found += [*sums, *(r for r in _orders(space, x, numbers) if r.columns not in of_sums)]
    movable = {name for name, moves in zip(space.names, space.movable, strict=True) if moves}
    return tuple(relation for relation in found if movable & set(relation.columns))[:MOST_CANDIDATES]


def _truth(column: Column) -> bool:
    """Whether a column's codes are 0 for false and 1 for true."""
    return column.kind == "category" and column.categories in ((False, True), (0, 1))


def _groups(space: TableSpace, x: Floats) -> Iterator[Relation]:
    """Yield groups of 0 and 1 whose names begin alike and of which exactly one is 1."""
    stems: dict[str, list[str]] = {}
    for j, column in enumerate(space.columns):
        match = _STEM.match(column.name)
        whole = column.kind == "number" or _truth(column)
        if match and whole and np.isin(x[:, j], (0.0, 1.0)).all():
            stems.setdefault(match[1], []).append(column.name)
    for names in stems.values():
        relation = Relation(kind="one_of", columns=tuple(names), confirmed=False) if len(names) > 1 else None
        if relation and _all_hold(relation, space, x) and all(x[:, j].any() for j in relation.at(space.names)):
            yield relation


def _plain_numbers(space: TableSpace, x: Floats) -> Ints:
    """Return the columns of numbers that vary beyond 0 and 1, blanks aside."""
    found = []
    for j, column in enumerate(space.columns):
        values = x[~np.isnan(x[:, j]), j]
        if column.kind == "number" and len(values) >= ENOUGH and len(np.unique(values)) > 2:
            found.append(j)
    return np.array(found, dtype=np.int64)


def _sums(space: TableSpace, x: Floats, numbers: Ints) -> Iterator[Relation]:
    """Yield totals of two parts, neither of which is nearly always zero."""
    parts = [j for j in numbers if (x[:, j] == 0).mean() < MOSTLY_NOTHING]
    pairs = np.array(list(combinations(parts, 2)), dtype=np.int64).reshape(-1, 2)
    rows = x[np.linspace(0, len(x) - 1, TRIED_ROWS).astype(np.int64)]
    sums = rows[:, pairs[:, 0]] + rows[:, pairs[:, 1]]
    for total in numbers:
        with np.errstate(invalid="ignore"):
            off = np.abs(sums - rows[:, [total]]) > 1e-6 * np.maximum(np.abs(sums), np.abs(rows[:, [total]]))
        for a, b in pairs[~off.any(axis=0)]:
            if total not in (a, b):
                names = tuple(space.names[j] for j in (total, a, b))
                relation = Relation(kind="sum", columns=names, confirmed=False)
                if _all_hold(relation, space, x):
                    yield relation


def _orders(space: TableSpace, x: Floats, numbers: Ints) -> Iterator[Relation]:
    """Yield pairs a <= b that independent columns would break, leaving out those that follow from two others."""
    d = len(numbers)
    below = np.zeros((d, d), dtype=bool)
    for p, q in combinations(range(d), 2):
        a, b = x[:, numbers[p]], x[:, numbers[q]]
        both = ~(np.isnan(a) | np.isnan(b))
        a, b = a[both], b[both]
        if len(a) < ENOUGH or (a == b).all():
            continue
        below[p, q] = bool((a <= b).all()) and _chance_above(a, b) >= BY_CHANCE
        below[q, p] = bool((b <= a).all()) and _chance_above(b, a) >= BY_CHANCE
    follows: Bools = (below.astype(np.int64) @ below.astype(np.int64)) > 0
    for p, q in zip(*np.nonzero(below & ~follows), strict=True):
        names = (space.names[numbers[p]], space.names[numbers[q]])
        yield Relation(kind="at_most", columns=names, confirmed=False)


def _chance_above(a: Floats, b: Floats) -> float:
    """Return the share of pairs of rows in which the `a` of one is above the `b` of the other."""
    return float(np.searchsorted(np.sort(b), a, side="left").mean() / len(b))
