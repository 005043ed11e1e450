"""An outsider who sees decisions only, starts from rows that pass, and walks toward their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._ball import Compass
from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._trim import Trim
from sparring.attacks.evasion._walk import Walk
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion, Objective


class HopSkipJump(Attack[Evasion]):
    """Starts from real rows that are decided as wanted and moves toward the original as far as decisions allow."""

    id: ClassVar[str] = "evasion/hop-skip-jump"
    title: ClassVar[str] = "Walks from accepted rows to yours, seeing decisions only"
    attacker: ClassVar[Attacker] = Attacker.SEES_DECISIONS
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS, Access.BACKGROUND})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread", "cost")
    reference: ClassVar[str] = (
        "Chen, Jordan and Wainwright, 'HopSkipJumpAttack', IEEE S&P 2020 (arXiv 1904.02144). Departures for spread: "
        "starts are real rows; directions are drawn as wide as the present distance, since trees are flat nearby; what "
        "was learned about a direction is kept between steps; every candidate is asked at a smaller distance at once. "
        "For columns, a start's are put back in halves (delta debugging: Zeller and Hildebrandt, IEEE TSE 2002)."
    )

    starts: int = Field(5, ge=1, description="nearest wanted background rows to start from")
    batch: int = Field(10, ge=1, description="candidates for each row in one pass; more where there are many tries")
    trust: float = Field(1.5, ge=0, description="how strongly draws follow what was seen")
    memory: float = Field(0.85, ge=0, le=1, description="share of what was seen that is kept from pass to pass")

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield after each pass."""
        ledger = Ledger(case)
        yield ledger.attempt
        if not len(ledger.open()):
            return
        streams = case.streams(f"{self.id}@{case.threat.objective}")
        # fifty passes at most, so that few survivors still make batches worth a call
        queries = case.effort.queries
        if case.threat.objective != "spread":
            yield from Trim(ledger, streams, batch=max(self.batch, queries // 50)).run(copies=self.starts)
            return
        # a walk keeps all rows to the end, and loses nothing by forty
        batch = max(self.batch, queries // 40)
        compass = Compass(shape=ledger.x.shape, trust=self.trust, memory=self.memory)
        yield from Walk(ledger, streams, batch=batch, compass=compass).run(copies=self.starts)
