"""The cheapest set of columns whose gains add up to enough: exact by branch and bound, where that ends in time."""

from __future__ import annotations

import numpy as np

from sparring.core.examples import Bools, Floats

MOST_NODES = 20_000
"""Partial sets looked at for one row; with more, the best set in hand is kept, and the bound is weaker."""


def cheapest_cover(gain: Floats, price: Floats, short: float) -> tuple[Bools | None, float]:
    """Return the cheapest set of entries whose gains together exceed `short`, and a bound on the price of any.

    Columns are taken or left in the order of gain for the price. What is still missing costs at least as much as if
    parts of columns could be bought, which cuts off most branches.

    Parameters
    ----------
    gain, price : ndarray of shape (d,)
        Neither is negative.
    short : float

    Returns
    -------
    chosen : ndarray of shape (d,) or None
        At least one of them; None where all of them are not enough.
    least : float
        No set that exceeds `short` is cheaper; inf where none exceeds it.
    """
    useful = np.flatnonzero(gain > 0)
    if short < 0 and len(useful):
        chosen = np.zeros(len(gain), dtype=bool)
        chosen[useful[np.argmin(price[useful])]] = True
        return chosen, 0.0  # as good as there already: any change may do
    if not gain[useful].sum() > short:
        return None, np.inf
    with np.errstate(divide="ignore"):
        order = useful[np.lexsort((useful, -gain[useful] / price[useful]))]
    search = _Search(gain[order].tolist(), price[order].tolist())
    finished = search.run(short)
    chosen = np.zeros(len(gain), dtype=bool)
    chosen[order[search.best]] = True
    # sums are taken in another order by whoever checks: a bound is never the last digit
    least = search.cost if finished else search.bought(0, short)
    return chosen, max(0.0, least * (1 - 1e-12))


class _Search:
    """One row's branches; `best` are the places taken in the cheapest set so far."""

    def __init__(self, gain: list[float], price: list[float]) -> None:
        self.gain, self.price = gain, price
        self.left = np.append(np.cumsum(gain[::-1])[::-1], 0.0).tolist()
        self.best: list[int] = list(range(len(gain)))
        self.cost = float(sum(price))

    def bought(self, place: int, short: float) -> float:
        """Return what `short` costs from `place` on when parts of columns can be bought; inf: it cannot be had."""
        cost = 0.0
        for gain, price in zip(self.gain[place:], self.price[place:], strict=True):
            if short < gain:
                return cost + price * max(short, 0.0) / gain
            short -= gain
            cost += price
        return np.inf if short >= 0 else cost

    def run(self, short: float) -> bool:
        """Go through the branches; return whether all of them were seen or cut off."""
        stack: list[tuple[int, float, float, tuple[int, ...]]] = [(0, short, 0.0, ())]
        for _ in range(MOST_NODES):
            if not stack:
                return True
            place, missing, spent, taken = stack.pop()
            if missing < 0:
                if spent < self.cost:
                    self.cost, self.best = spent, list(taken)
                continue
            if place == len(self.gain) or not self.left[place] > missing:
                continue
            if spent + self.bought(place, missing) >= self.cost * (1 - 1e-12):
                continue
            stack.append((place + 1, missing, spent, taken))
            stack.append((place + 1, missing - self.gain[place], spent + self.price[place], (*taken, place)))
        return not stack
