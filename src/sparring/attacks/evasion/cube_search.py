"""An outsider who sees scores, and follows them toward the decision that somebody wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._by_scores import BATCH, MEMORY, STARTS, TRUST, by_scores
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion, Objective


class CubeSearch(Attack[Evasion]):
    """Changes random columns to the ends of what is allowed, and keeps what raises the score of the wanted decision."""

    id: ClassVar[str] = "evasion/cube-search"
    title: ClassVar[str] = "Follows the model's scores"
    attacker: ClassVar[Attacker] = Attacker.SEES_SCORES
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS, Access.SCORES, Access.BACKGROUND})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread", "cost")
    reference: ClassVar[str] = (
        "Andriushchenko and Hein, 'Provably robust boosted decision stumps and trees', NeurIPS 2019 (the cube attack); "
        "Andriushchenko et al., 'Square Attack', ECCV 2020 (arXiv 1912.00049). Departures for spread: the size shrinks "
        "after each success instead of one search per size, and draws follow the sides whose scores were better. For "
        "columns: single edits by score, then sets of them in the order of their summed scores."
    )

    starts: int = Field(STARTS, ge=1, description="nearest wanted background rows to start from or to copy values from")
    batch: int = Field(BATCH, ge=1, description="candidates for each row in one pass; more where there are many tries")
    trust: float = Field(TRUST, ge=0, description="how strongly draws follow what was seen")
    memory: float = Field(MEMORY, ge=0, le=1, description="share of what was seen that is kept from pass to pass")

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield after each pass."""
        ledger = Ledger(case)
        yield ledger.attempt
        if not len(ledger.open()):
            return
        streams = case.streams(f"{self.id}@{case.threat.objective}")
        yield from by_scores(
            ledger, streams, starts=self.starts, batch=self.batch, trust=self.trust, memory=self.memory
        )
