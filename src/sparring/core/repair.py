"""Make edited rows keep to the relations that their originals kept to, with as little change to the edit as is seen.

Each relation has a repair of its own; where relations share columns they take turns. Rows that still break one get
their original entries back in all columns that hang together with it, and those keep to everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sparring.core.examples import Bools, Floats, Ints
from sparring.core.relations import Relation

TURNS = 3
Enterable = Callable[[Floats, Floats], Floats]
"""Pulls entries to the nearest that may be entered in place of the originals, each by itself."""


def repaired(
    relations: Sequence[Relation], names: Sequence[str], x: Floats, x_adv: Floats, *, enterable: Enterable
) -> Floats:
    """Return rows that keep to all relations.

    Parameters
    ----------
    relations : sequence of Relation
    names : sequence of str
        Of the columns.
    x : ndarray of shape (n, d)
        Originals; they keep to all relations.
    x_adv : ndarray of shape (n, d)
        Edited rows whose entries are legal each by itself.
    enterable : callable

    Returns
    -------
    ndarray of shape (n, d)
        Repairing twice is repairing once.
    """
    out = x_adv
    places = [relation.at(names) for relation in relations]
    for turn in range(TURNS):
        broken = np.zeros(len(x), dtype=bool)
        for relation, at in zip(relations, places, strict=True):
            rows = np.flatnonzero(~relation.holds(out[:, at]))
            if len(rows):
                out = out.copy() if out is x_adv else out
                out[rows] = REPAIRS[relation.kind](x[rows], out[rows], at, enterable, turn)
                broken[rows] = True
        if not broken.any():
            return out
    for group in _together(places):
        rows = np.zeros(len(x), dtype=bool)
        for relation, at in zip(relations, places, strict=True):
            if np.isin(at, group).any():
                rows |= ~relation.holds(out[:, at])
        out[np.ix_(rows, group)] = x[np.ix_(rows, group)]
    return out


def _together(places: Sequence[Ints]) -> Iterator[Ints]:
    """Yield columns that hang together through relations."""
    groups: list[set[int]] = []
    for at in places:
        mine = set(at.tolist())
        touching = [group for group in groups if group & mine]
        groups = [group for group in groups if not group & mine] + [mine.union(*touching)]
    for group in groups:
        yield np.array(sorted(group), dtype=np.int64)


def _at_most(x: Floats, x_adv: Floats, at: Ints, enterable: Enterable, _turn: int) -> Floats:
    """Pull what was raised down to the larger side, or what was lowered up to the smaller one."""
    small, large = at
    lowered = x_adv.copy()
    lowered[:, small] = x_adv[:, large]
    lowered = enterable(x, lowered)
    raised = x_adv.copy()
    raised[:, large] = x_adv[:, small]
    raised = enterable(x, raised)
    # an entry that was not touched stays: the other one gives way
    moved = _differs(x_adv[:, [small]], x[:, [small]])
    first, second = np.where(moved, lowered, raised), np.where(moved, raised, lowered)
    return np.where((first[:, small] <= first[:, large])[:, None], first, second)


def _one_of(x: Floats, x_adv: Floats, at: Ints, enterable: Enterable, _turn: int) -> Floats:
    """Let the entry that was newly set win; where none was, the group stays as it was."""
    newly: Bools = (x_adv[:, at] >= 0.5) & (x[:, at] < 0.5)
    out = x_adv.copy()
    winner = np.arange(len(at)) == newly.argmax(axis=1)[:, None]
    out[:, at] = np.where(newly.any(axis=1, keepdims=True), winner.astype(float), x[:, at])
    legal = (enterable(x, out)[:, at] == out[:, at]).all(axis=1)
    out[:, at] = np.where(legal[:, None], out[:, at], x[:, at])
    return out


def _sum(x: Floats, x_adv: Floats, at: Ints, enterable: Enterable, turn: int) -> Floats:
    """Let the total follow its parts; where it moved itself, cannot follow, or was pulled back, one part makes up."""
    total, parts = at[0], at[1:]
    out = x_adv.copy()
    followed = _with(x, out, total, out[:, parts].sum(axis=1), enterable)
    moved = _differs(x_adv[:, parts], x[:, parts]).any(axis=1)
    open_rows = moved & _balanced(followed, at) & (turn == 0)
    out = np.where(open_rows[:, None], followed, out)
    left = ~open_rows
    for part in parts:
        rest = out[:, parts].sum(axis=1) - out[:, part]
        made_up = _with(x, out, int(part), out[:, total] - rest, enterable)
        took = left & _balanced(made_up, at)
        out = np.where(took[:, None], made_up, out)
        left &= ~took
    return out


def _with(x: Floats, x_adv: Floats, j: int, value: Floats, enterable: Enterable) -> Floats:
    """Return rows with other entries in one column, as far as they may be entered."""
    out = x_adv.copy()
    # a sum of decimals lies next to the decimal number that it stands for, on either side
    rounded = np.round(value, 9)
    out[:, j] = np.where(np.isclose(rounded, value, rtol=1e-12), rounded, value)
    return enterable(x, out)


def _balanced(x: Floats, at: Ints) -> Bools:
    return Relation(kind="sum", columns=tuple(str(j) for j in at)).holds(x[:, at])


def _differs(one: Floats, other: Floats) -> Bools:
    return np.asarray((one != other) & ~(np.isnan(one) & np.isnan(other)), dtype=bool)


REPAIRS: dict[str, Callable[[Floats, Floats, Ints, Enterable, int], Floats]] = {
    "at_most": _at_most,
    "one_of": _one_of,
    "sum": _sum,
}
