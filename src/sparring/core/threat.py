"""Who attacks, wanting what, within what limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Literal

from pydantic import Field

from sparring.core.spec import Access, Spec

Objective = Literal["columns", "spread", "cost"]
SPREAD_SIZES = (0.05, 0.1, 0.25, 0.5, 1.0)
COLUMN_SIZES = (1.0, 2.0, 3.0)
HEADLINE: dict[str, float] = {"columns": 3.0, "spread": 0.5}
"""The size of which headlines speak; where money is counted, the middle one of the curve."""
AMOUNTS = 5
MONEY = "money"


class Attacker(StrEnum):
    """Who is on the other side, by what they can see."""

    NOBODY = "nobody"
    BY_HAND = "by-hand"
    SEES_DECISIONS = "sees-decisions"
    SEES_SCORES = "sees-scores"
    HAS_A_COPY = "has-a-copy"
    INSIDER = "insider"


GRANTS: dict[Attacker, frozenset[Access]] = {
    Attacker.NOBODY: frozenset({Access.LABELS}),
    Attacker.BY_HAND: frozenset({Access.LABELS, Access.BACKGROUND}),
    Attacker.SEES_DECISIONS: frozenset({Access.LABELS, Access.BACKGROUND}),
    Attacker.SEES_SCORES: frozenset({Access.LABELS, Access.SCORES, Access.BACKGROUND}),
    Attacker.HAS_A_COPY: frozenset({Access.LABELS, Access.BACKGROUND}),
    Attacker.INSIDER: frozenset({Access.LABELS, Access.SCORES, Access.PARAMETERS, Access.BACKGROUND}),
}


class Evasion(Spec):
    """Somebody misstates columns of a row so that it is decided otherwise.

    Sizes are those of the finding's curve: columns changed, the largest change in spreads, or money spent.
    """

    objective: Objective
    attacker: Attacker
    wants: int | None = Field(None, description="class index that somebody wants; None: any other than decided")
    n_classes: int = Field(2, ge=2)
    amounts: tuple[float, ...] = Field((), description="sizes of the curve where money is counted")
    money: str = Field(MONEY, description="what costs are counted in, such as EUR")

    @property
    def sizes(self) -> tuple[float, ...]:
        """Sizes at which success is reported."""
        if self.objective == "cost":
            return self.amounts
        return COLUMN_SIZES if self.objective == "columns" else SPREAD_SIZES

    @property
    def headline(self) -> float:
        """The size of which headlines speak."""
        return headline_of(self.objective, self.sizes)

    def wanted(self, label: int) -> tuple[int, ...]:
        """Classes that count as success for a row decided as `label`."""
        if self.wants is not None:
            return (self.wants,)
        return tuple(c for c in range(self.n_classes) if c != label)


def headline_of(objective: str, sizes: Sequence[float]) -> float:
    """Return the size of which headlines speak: a fixed one, or the middle one of `sizes` where money is counted."""
    if objective in HEADLINE:
        return HEADLINE[objective]
    return sizes[(len(sizes) - 1) // 2] if sizes else 0.0


def amounts(costs: Iterable[float]) -> tuple[float, ...]:
    """Return round amounts from what one column costs up to what all of them cost together.

    Parameters
    ----------
    costs : iterable of float
        Of the columns that may be misstated.

    Returns
    -------
    tuple of float
        Five at most, each 1, 2 or 5 times a power of ten, the last enough for everything; empty where nothing costs
        anything.

    Examples
    --------
    >>> amounts([40.0, 150.0, 500.0])
    (50.0, 100.0, 200.0, 500.0, 1000.0)
    """
    paid = [float(cost) for cost in costs if cost > 0]
    if not paid:
        return ()
    total = math.fsum(paid)
    first, last = math.floor(math.log10(min(paid))) - 1, math.ceil(math.log10(total)) + 1
    rounded = [float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)]
    enough = next(amount for amount in rounded if amount >= total * (1 - 1e-12))
    fitting = [amount for amount in rounded if min(paid) <= amount <= enough]
    if len(fitting) <= AMOUNTS:
        return tuple(fitting)
    places = [round(k * (len(fitting) - 1) / (AMOUNTS - 1)) for k in range(AMOUNTS)]
    return tuple(fitting[place] for place in places)
