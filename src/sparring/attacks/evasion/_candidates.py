"""Values that somebody could think of entering, for every column of every attacked row, the most promising first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparring.attacks.evasion._blackbox import Ledger, nearest
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.space import TableSpace

QUANTILES = (0.5, 0.1, 0.9, 0.25, 0.75)
CATEGORIES = 30
"""Categories of one column that are tried at most, the most frequent of the wanted rows first."""
UNLIMITED = 3.0
"""How many spreads from the row an extreme lies where neither limits nor a background say."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Legal values for single columns, in levels: level l holds one value for each column of each row.

    Parameters
    ----------
    values : ndarray of shape (n_levels, n, d)
    valid : ndarray of shape (n_levels, n, d)
        False where a level has no value, or one that is there already.
    order : ndarray of shape (n, d)
        Columns, those first in which wanted rows of the background differ most from the others.
    copies : tuple of int
        The levels that hold, column by column, the values of one wanted background row each, nearest first.
    extreme : int
        The level that holds the extreme, or the commonest category, on the wanted side.
    """

    values: Floats
    valid: Bools
    order: Ints
    copies: tuple[int, ...]
    extreme: int


@dataclass(frozen=True, eq=False)
class _Leaning:
    """What the background says about rows decided as wanted; one object for all rows that want the same."""

    columns: Ints  # most telling first
    toward: Floats  # (d,) extreme or commonest category on the wanted side
    away: Floats
    typical: Floats  # (k, d) quantiles, further categories


def candidates(ledger: Ledger, *, copies: int) -> Candidates:
    """List values for every column of every row.

    Parameters
    ----------
    ledger : Ledger
    copies : int
        Wanted background rows to copy from, for each row.
    """
    space, x = ledger.space, ledger.x
    near = nearest(ledger.case, x, wanted=ledger.wanted, k=copies)
    copied = np.full((copies, *x.shape), np.nan)
    no_copy = np.ones((copies, len(x)), dtype=bool)
    for i, rows in enumerate(near):
        copied[: len(rows), i], no_copy[: len(rows), i] = rows, False
    leanings, group = _leanings(ledger)
    toward = np.stack([g.toward for g in leanings])[group]
    away = np.stack([g.away for g in leanings])[group]
    toward, away = (np.where(np.isinf(v), x + np.sign(v) * UNLIMITED * space.spread, v) for v in (toward, away))
    blank = np.full((1, *x.shape), np.nan)
    unseen = np.tile(np.where(space.categorical, space.high, np.nan), (1, len(x), 1))
    depth = max(len(g.typical) for g in leanings)
    typical = np.stack([_pad(g.typical, depth) for g in leanings])[group].swapaxes(0, 1)
    raw = np.concatenate([blank, toward[None], copied, away[None], unseen, typical])
    absent = np.zeros(raw.shape[:2], dtype=bool)
    absent[2 : 2 + copies] = no_copy
    valid = ~absent[:, :, None] & (np.isfinite(raw) | _may_be_blank(raw, copies))
    values, valid = _legal(space, x, raw, valid)
    order = np.stack([g.columns for g in leanings])[group]
    return Candidates(values, valid, order, tuple(range(2, 2 + copies)), extreme=1)


def _may_be_blank(raw: Floats, copies: int) -> Bools:
    """Where NaN means a blank: the first level, and what is copied from a row; elsewhere it means no value."""
    out = np.isnan(raw)
    out[1] = False
    out[2 + copies :] = False
    return out


def _legal(space: TableSpace, x: Floats, raw: Floats, valid: Bools) -> tuple[Floats, Bools]:
    # a projection works entry by entry, so one call makes a whole level legal
    values = np.stack([space.project(x, np.where(ok, level, x)) for level, ok in zip(raw, valid, strict=True)])
    valid = valid & np.stack([space.changed(x, level) for level in values])
    for level in range(1, len(values)):
        for earlier in range(level):
            same = valid[earlier] & ~space.changed(values[earlier], values[level])
            valid[level] &= ~same
    return values, valid


def _pad(table: Floats, depth: int) -> Floats:
    return np.concatenate([table, np.full((depth - len(table), table.shape[1]), np.nan)])


def _leanings(ledger: Ledger) -> tuple[list[_Leaning], Ints]:
    signatures, group = np.unique(ledger.wanted, axis=0, return_inverse=True)
    background = ledger.case.background
    leanings = [_leaning(ledger.space, background.x, signature[background.y]) for signature in signatures]
    return leanings, group.ravel()


def _leaning(space: TableSpace, x: Floats, wanted: Bools) -> _Leaning:
    d = len(space)
    tells = np.zeros(d)
    toward, away = np.full(d, np.inf), np.full(d, -np.inf)
    lists: list[Floats] = []
    for j in range(d):
        ours, theirs = _seen(x[wanted, j]), _seen(x[~wanted, j])
        if space.categorical[j]:
            ranked, tells[j] = _rank_categories(ours, theirs, n=len(space.columns[j].categories))
            toward[j], away[j], *rest = [*ranked, np.nan, np.nan][: max(2, len(ranked))]
            lists.append(np.array(rest))
            continue
        low, high = _range(space, j, _seen(x[:, j]))
        shift = (ours.mean() - theirs.mean()) / space.spread[j] if len(ours) and len(theirs) else 0.0
        tells[j] = abs(shift)
        toward[j], away[j] = (high, low) if shift >= 0 else (low, high)
        source = ours if len(ours) else _seen(x[:, j])
        lists.append(np.quantile(source, QUANTILES, method="nearest") if len(source) else np.empty(0))
    columns = np.lexsort((np.arange(d), -tells, ~space.movable))
    typical = np.full((max((len(t) for t in lists), default=0), d), np.nan)
    for j, values in enumerate(lists):
        typical[: len(values), j] = values
    return _Leaning(columns, toward, away, typical)


def _seen(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _range(space: TableSpace, j: int, seen: Floats) -> tuple[float, float]:
    low, high = float(space.low[j]), float(space.high[j])
    if len(seen):
        low = low if np.isfinite(low) else float(seen.min())
        high = high if np.isfinite(high) else float(seen.max())
    return low, high


def _rank_categories(ours: Floats, theirs: Floats, *, n: int) -> tuple[list[float], float]:
    """Codes, those first that wanted rows have more often than others; and how far the two distributions lie apart."""
    if n == 0:
        return [], 0.0
    have, lack = (_shares(part, n=n) for part in (ours, theirs))
    lift = have - lack if len(ours) and len(theirs) else have
    ranked = np.lexsort((np.arange(n), -lift))[:CATEGORIES]
    return [float(code) for code in ranked], float(np.abs(lift).sum() / 2)


def _shares(codes: Floats, *, n: int) -> Floats:
    return np.bincount(np.clip(codes, 0, n - 1).astype(np.int64), minlength=n) / max(1, len(codes))
