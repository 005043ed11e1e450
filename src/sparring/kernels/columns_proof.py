"""Proof that so many columns cannot suffice, whatever is entered in them.

Every column that leaves its own cell pays a fee, and what the fees of all that are allowed come to is taken off again:
for rows that change no more, that can only lower the score, and prices then bound it as they do in a box. The fee is a
Lagrange multiplier; a few are tried. Where the bound stays too low the table is halved, as boxes are.
"""

from __future__ import annotations

import numpy as np

from sparring.core.examples import Floats
from sparring.kernels.branching import (
    CAUTION,
    CLOSED,
    NOWHERE,
    Settings,
    caution_of,
    first_box,
    halve,
    likeliest,
    longer,
    take,
    where_to_halve,
    whole_box,
)
from sparring.kernels.cells import CellTrees, Limits
from sparring.kernels.compiled import compiled, inner
from sparring.kernels.leaves import Leaves, leaves_of
from sparring.kernels.moves import new_work, score
from sparring.kernels.price_lists import Prices, Reach, new_prices
from sparring.kernels.prices import price_leaves, raise_prices
from sparring.kernels.pruning import new_draft, new_path, set_box

FEES = 4
"""Fees that are tried for the whole table."""


@inner
def settle_columns(leaves: Leaves, reach: Reach, columns: int) -> int:
    """Count the columns that must leave their own cell; when no more may, keep all others in theirs."""
    must = 0
    for j in range(reach.low.shape[0]):
        must += 0 if reach.low[j] <= leaves.own[j] <= reach.high[j] else 1
    if must == columns:
        for j in range(reach.low.shape[0]):
            if reach.low[j] <= leaves.own[j] <= reach.high[j]:
                reach.low[j], reach.high[j] = leaves.own[j], leaves.own[j]
    return must


@inner
def fees_of_idle(leaves: Leaves, prices: Prices, reach: Reach) -> float:
    """Return the fees of columns that must leave their own cell and that no tree is asked about."""
    fees = 0.0
    for j in range(reach.low.shape[0]):
        idle = prices.column_start[j] == prices.active_end[j]
        if idle and not reach.low[j] <= leaves.own[j] <= reach.high[j]:
            fees += reach.fee
    return fees


@inner
def raise_within(
    leaves: Leaves, prices: Prices, reach: Reach, columns: int, enough: float, sweeps: int, progress: float
) -> tuple[float, int]:
    """Return what the bound lacks for rows that change so many columns at most, and the entries gone through."""
    unit = price_leaves(leaves, prices, reach, np.inf)
    goal = enough + reach.fee * columns - fees_of_idle(leaves, prices, reach)
    bound, used = raise_prices(leaves, prices, reach, np.inf, sweeps, goal, progress)
    return goal - bound, (used + 2) * unit + prices.run.shape[0] // 2


@inner
def best_fee(
    leaves: Leaves, prices: Prices, reach: Reach, columns: int, enough: float, settings: Settings
) -> tuple[float, int]:
    """Try fees that share out the score of the row, and return the one of the highest bound."""
    work = new_work(leaves)
    most, best, least, spent = max(score(leaves, work), 0.0) / columns, 0.0, np.inf, np.int64(0)
    for i in range(FEES):
        fee = most * (FEES - i) / (FEES + 1)
        trial = Reach(reach.low, reach.high, fee)
        lacking, used = raise_within(leaves, prices, trial, columns, enough, settings.sweeps * 2, settings.progress)
        spent += used
        if lacking < least:
            least, best = lacking, fee
        if lacking <= 0 or lacking > 2 * least:
            break
    return best, spent


@inner
def rule_out(leaves: Leaves, columns: int, doubt: float, effort: int, settings: Settings) -> tuple[bool, int]:
    """Say whether it is proved that no row changes so many columns at most and flips, and what that took."""
    prices, work, whole = new_prices(leaves), new_work(leaves), whole_box(leaves, np.inf)
    enough = doubt + caution_of(leaves)
    fee, spent = best_fee(leaves, prices, whole, columns, enough, settings)
    enough += CAUTION * fee * leaves.own.shape[0]
    reach = Reach(whole.low, whole.high, fee)
    boxes, n, done = first_box(reach, prices), np.int64(1), np.int64(0)
    while n > 0 and spent <= effort:
        n -= 1
        take(boxes, n, reach, prices)
        if settle_columns(leaves, reach, columns) > columns:
            continue
        sweeps = settings.sweeps if done else settings.root_sweeps
        lacking, used = raise_within(leaves, prices, reach, columns, enough, sweeps, settings.progress)
        done, spent = done + 1, spent + used
        if lacking <= 0:
            continue
        halving = where_to_halve(leaves, prices, reach, lacking)
        if halving.column == CLOSED:
            continue
        if halving.column == NOWHERE:
            # every tree is a constant here, and so is the score; what lacked were fees
            likeliest(leaves, prices, reach, np.inf, work.cell)
            if score(leaves, work) >= enough:
                continue
            return False, spent
        boxes = longer(boxes, n + 2)
        halve(boxes, n, reach, prices, halving)
        n += 2
    return n == 0, spent


@compiled
def prove_columns(
    trees: CellTrees,
    value: Floats,
    base: float,
    x: Floats,
    limits: Limits,
    doubt: float,
    most: int,
    effort: int,
    settings: Settings,
    lower: Floats,
) -> None:
    """Raise the number of columns that a change of each row must have.

    Parameters
    ----------
    trees : CellTrees
    value : ndarray of shape (n_nodes,)
        What each leaf adds to the score.
    base : float
        What is added to all trees.
    x : ndarray of shape (n, d)
    limits : Limits
    doubt : float
        The score from which on the model cannot decide otherwise, whatever it loses by rounding.
    most : int
        Changes of more columns are not looked at.
    effort : int
        Entries of price lists that may be gone through for one row.
    settings : Settings
    lower : ndarray of shape (n,)
        Number of columns below which nothing exists; what is proved is written here.
    """
    path, draft = new_path(trees), new_draft()
    for i in range(x.shape[0]):
        left = effort
        while lower[i] <= most and left > 0:
            columns = np.int64(lower[i])
            set_box(trees, x[i], np.inf, limits, path)
            leaves, draft = leaves_of(trees, value, base, x[i], columns, limits, path, draft)
            proved, work = rule_out(leaves, columns, doubt, left, settings)
            left -= work
            if not proved:
                break
            lower[i] = columns + 1
