"""Who attacks, wanting what, within what limits."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from sparring.core.spec import Access, Spec

Objective = Literal["columns", "spread"]
SPREAD_SIZES = (0.05, 0.1, 0.25, 0.5, 1.0)
COLUMN_SIZES = (1.0, 2.0, 3.0)


class Attacker(StrEnum):
    """Who is on the other side, by what they can see."""

    NOBODY = "nobody"
    BY_HAND = "by-hand"
    SEES_DECISIONS = "sees-decisions"
    SEES_SCORES = "sees-scores"
    INSIDER = "insider"


GRANTS: dict[Attacker, frozenset[Access]] = {
    Attacker.NOBODY: frozenset({Access.LABELS}),
    Attacker.BY_HAND: frozenset({Access.LABELS, Access.BACKGROUND}),
    Attacker.SEES_DECISIONS: frozenset({Access.LABELS, Access.BACKGROUND}),
    Attacker.SEES_SCORES: frozenset({Access.LABELS, Access.SCORES, Access.BACKGROUND}),
    Attacker.INSIDER: frozenset({Access.LABELS, Access.SCORES, Access.PARAMETERS, Access.BACKGROUND}),
}


class Evasion(Spec):
    """Somebody misstates columns of a row so that it is decided otherwise.

    Sizes are those of the finding's curve: columns changed, or the largest change in spreads.
    """

    objective: Objective
    attacker: Attacker
    wants: int | None = Field(None, description="class index that somebody wants; None: any other than decided")
    n_classes: int = Field(2, ge=2)

    @property
    def sizes(self) -> tuple[float, ...]:
        """Sizes at which success is reported."""
        return COLUMN_SIZES if self.objective == "columns" else SPREAD_SIZES

    def wanted(self, label: int) -> tuple[int, ...]:
        """Classes that count as success for a row decided as `label`."""
        if self.wants is not None:
            return (self.wants,)
        return tuple(c for c in range(self.n_classes) if c != label)
