"""The smallest change in spreads of a row from both sides: the nearest row found, and a size below which none exists.

First everything nearer than the row in hand is put to the proof. Where that takes more than the effort, smaller boxes
are, halving the ratio between the largest that was proved and the smallest that was not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.branching import Found, Settings, branch
from sparring.kernels.cells import CellTrees, Limits
from sparring.kernels.compiled import compiled, inner
from sparring.kernels.leaves import leaves_of
from sparring.kernels.moves import new_work
from sparring.kernels.pruning import Draft, Path, new_draft, new_path, reach, set_box
from sparring.kernels.spread_search import write_best

CLOSE = 1.01
"""Ratio of the smallest size that was not proved to the largest that was, at which the search between them ends."""
BLUNT = 1e-6
"""In spreads: by how much a row may lie nearer than the entry found for its cell; see `cells.nearest`."""


class Target(NamedTuple):
    """The sum of trees to be taken below zero.

    Parameters
    ----------
    trees : CellTrees
    value : ndarray of shape (n_nodes,)
        What each leaf adds to the score.
    base : float
        What is added to all trees.
    doubt : float
        The score from which on the model cannot decide otherwise, whatever it loses by rounding.
    """

    trees: CellTrees
    value: Floats
    base: float
    doubt: float


@inner
def try_box(
    target: Target,
    x: Floats,
    limits: Limits,
    limit: float,
    effort: int,
    settings: Settings,
    path: Path,
    draft: Draft,
    out: Floats,
) -> tuple[Found, Draft]:
    """Look for rows nearer than `limit`, or prove that there are none; the nearest is written into `out`."""
    set_box(target.trees, x, limit, limits, path)
    leaves, draft = leaves_of(target.trees, target.value, target.base, x, x.shape[0], limits, path, draft)
    best = leaves.own.copy()
    found = branch(leaves, limit, target.doubt, effort, settings, best)
    if found.size < np.inf:
        write_best(leaves, new_work(leaves), best, x, out)
    return found, draft


@inner
def next_limit(low: float, failed: float, most: float) -> float:
    """Return the next size to put to the proof, between one that was proved and one that was not."""
    if failed < np.inf:
        return np.sqrt(low * failed) if low > 0 else failed / 4
    following = 2 * low if low > 0 else most / 64
    return following if following < most else np.inf


@inner
def prove_row(
    target: Target,
    x: Floats,
    limits: Limits,
    size: float,
    low: float,
    effort: int,
    settings: Settings,
    path: Path,
    draft: Draft,
    out: Floats,
) -> tuple[float, float, Draft]:
    """Close in on the smallest change of one row from both sides.

    Parameters
    ----------
    size : float
        Of the row in hand, infinite where there is none; only smaller ones are of interest.
    low : float
        A size that is proved already.

    Returns
    -------
    size, low : float
    draft : Draft
    """
    most, failed, left = reach(target.trees, x, limits), np.inf, effort
    limit = size if size <= most else next_limit(low, np.inf, most)
    share = settings.first_share
    while low < size and left > 0 and (low == 0 or failed > CLOSE * low):
        found, draft = try_box(
            target, x, limits, limit, min(left, np.int64(share * effort)), settings, path, draft, out
        )
        left -= found.work
        size = min(size, found.size)
        if found.settled:
            low = max(low, found.limit)
            # a limit that sank below the rows found is as far as rounding lets a proof come
            failed = min(failed, size if low == limit else low)
        else:
            failed = min(failed, limit)
        failed, share = min(failed, size), settings.share
        limit = next_limit(low, failed, most)
    return size, low, draft


@inner
def bluntness(limits: Limits) -> float:
    """Return by how much sizes of cells may exceed those of the nearest rows in them."""
    for j in range(limits.movable.shape[0]):
        if limits.movable[j] and not limits.category[j] and limits.step[j] == 0:
            return BLUNT
    return 0.0


@compiled
def prove_nearest(
    trees: CellTrees,
    value: Floats,
    base: float,
    x: Floats,
    size: Floats,
    limits: Limits,
    doubt: float,
    effort: int,
    settings: Settings,
    lower: Floats,
    out: Floats,
) -> None:
    """Close in on the smallest change of each row, in spreads, that takes its score below zero.

    Parameters
    ----------
    trees, value, base
        See Target.
    x : ndarray of shape (n, d)
    size : ndarray of shape (n,)
        Only changes smaller than this are of interest; the size found is written here.
    limits : Limits
    doubt : float
        See Target.
    effort : int
        Entries of price lists that may be gone through for one row.
    settings : Settings
    lower : ndarray of shape (n,)
        Sizes below which nothing exists; larger ones that were proved are written here, inf: no change at all.
    out : ndarray of shape (n, d)
        Rows found are written here.
    """
    path, draft = new_path(trees), new_draft()
    target, blunt = Target(trees, value, base, doubt), bluntness(limits)
    for i in range(x.shape[0]):
        size[i], low, draft = prove_row(target, x[i], limits, size[i], lower[i], effort, settings, path, draft, out[i])
        # the box itself may be a little too small, as it is for the search
        lower[i] = max(lower[i], low - blunt)
