"""Values that somebody could think of entering, for every column of every attacked row, the most promising first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

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
        The row's own value where a level has none.
    differs : ndarray of shape (n_levels, n, d)
        Whether a value is a change.
    new : ndarray of shape (n_levels, n, d)
        Whether it is one that no earlier level holds.
    order : ndarray of shape (n, d)
        Columns, those first in which wanted rows of the background differ most from the others.
    copies : tuple of int
        The levels that hold, column by column, the values of one wanted background row each, nearest first.
    extreme : int
        The level that holds the extreme, or the commonest category, on the wanted side.
    """

    values: Floats
    differs: Bools
    new: Bools
    order: Ints
    copies: tuple[int, ...]
    extreme: int

    def singles(self) -> tuple[Ints, Ints]:
        """List edits of one column: across the columns first, then the next level.

        Returns
        -------
        levels, columns : ndarray of shape (n, m)
            Level -1 behind the last edit of a row.
        """
        n_levels, n, d = self.new.shape
        columns = np.broadcast_to(self.order[:, None, :], (n, n_levels, d)).reshape(n, -1)
        levels = np.broadcast_to(np.arange(n_levels)[None, :, None], (n, n_levels, d)).reshape(n, -1)
        levels = np.where(self.new[levels, np.arange(n)[:, None], columns], levels, -1)
        levels, columns = _compact(levels, columns[:, :, None])
        return levels, columns[:, :, 0]

    def groups(self, size: int, *, wide: int) -> tuple[Ints, Ints]:
        """List edits of several columns at once, all from one copied row or all at their extremes.

        Parameters
        ----------
        size : int
        wide : int
            How many of the most telling columns are combined.

        Returns
        -------
        levels : ndarray of shape (n, m)
            -1 behind the last edit of a row.
        columns : ndarray of shape (n, m, size)
        """
        places = sorted(
            combinations(range(min(wide, self.order.shape[1])), size), key=lambda group: (sum(group), group)
        )
        return self.joint(places, levels=(*self.copies, self.extreme))

    def joint(
        self, places: list[tuple[int, ...]], *, levels: tuple[int, ...], partly: bool = False
    ) -> tuple[Ints, Ints]:
        """List edits of the columns at `places` of each row's order, each with all values from one level.

        Parameters
        ----------
        places : list of tuple of int
            All of one length.
        levels : tuple of int
        partly : bool
            Whether an edit counts in which some of the columns agree already.
        """
        size = len(places[0]) if places else 1  # none where fewer columns may change than an edit needs
        k = np.array([group for group in places for _ in levels], dtype=np.int64).reshape(-1, size)
        columns = self.order[:, k]
        level = np.tile(np.array(levels), len(places))
        differs = self.differs[level[None, :, None], np.arange(len(self.order))[:, None, None], columns]
        exists = differs.any(axis=2) if partly else differs.all(axis=2)
        return _compact(np.where(exists, level, -1), columns)


@dataclass(frozen=True, eq=False)
class _Leaning:
    """What the background says about rows decided as wanted; one object for all rows that want the same."""

    columns: Ints  # most telling first
    toward: Floats  # (d,) extreme or commonest category on the wanted side
    away: Floats
    typical: Floats  # (k, d) quantiles, further categories


def try_edits(ledger: Ledger, pool: Candidates, rows: Ints, levels: Ints, columns: Ints) -> None:
    """Ask about edits of single or several columns.

    Parameters
    ----------
    ledger : Ledger
    pool : Candidates
    rows : ndarray of shape (r,)
    levels : ndarray of shape (r, m)
        -1 for none.
    columns : ndarray of shape (r, m, size)
    """
    where, k = np.nonzero(levels >= 0)
    row, column = rows[where], columns[where, k]
    x_adv = ledger.x[row].copy()
    x_adv[np.arange(len(row))[:, None], column] = pool.values[levels[where, k][:, None], row[:, None], column]
    ledger.ask(row, ledger.worth_asking(row, x_adv))


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
    # entry by entry, so that one call makes a whole level legal; relations are kept once an edit is put together
    values = np.stack([space.entrywise(x, np.where(ok, level, x)) for level, ok in zip(raw, valid, strict=True)])
    differs = np.stack([space.changed(x, level) for level in values])
    order = np.stack([g.columns for g in leanings])[group]
    return Candidates(values, differs, _first(space, values, differs), order, tuple(range(2, 2 + copies)), extreme=1)


def _may_be_blank(raw: Floats, copies: int) -> Bools:
    """Where NaN means a blank: the first level, and what is copied from a row; elsewhere it means no value."""
    out = np.isnan(raw)
    out[1] = False
    out[2 + copies :] = False
    return out


def _first(space: TableSpace, values: Floats, differs: Bools) -> Bools:
    new = differs.copy()
    for level in range(1, len(values)):
        for earlier in range(level):
            new[level] &= ~(differs[earlier] & ~space.changed(values[earlier], values[level]))
    return new


def _pad(table: Floats, depth: int) -> Floats:
    return np.concatenate([table, np.full((depth - len(table), table.shape[1]), np.nan)])


def _leanings(ledger: Ledger) -> tuple[list[_Leaning], Ints]:
    signatures, group = np.unique(ledger.wanted, axis=0, return_inverse=True)
    background = ledger.case.background
    leanings = [
        _leaning(ledger.space, background.x, signature[background.y], prices=ledger.prices) for signature in signatures
    ]
    return leanings, group.ravel()


def _leaning(space: TableSpace, x: Floats, wanted: Bools, *, prices: Floats) -> _Leaning:
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
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.nan_to_num(tells / prices, nan=0.0)
    columns = np.lexsort((np.arange(d), -worth, ~space.movable))
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


def _compact(levels: Ints, columns: Ints) -> tuple[Ints, Ints]:
    """Move edits that do not exist behind those that do, and forget the tail that no row needs."""
    order = np.argsort(levels < 0, axis=1, kind="stable")
    order = order[:, : int((levels >= 0).sum(axis=1).max(initial=0))]
    return np.take_along_axis(levels, order, axis=1), np.take_along_axis(columns, order[:, :, None], axis=1)
