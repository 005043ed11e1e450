"""What a person without tools tries: one field, two fields, three, then whole blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._candidates import Candidates, candidates, try_edits
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Ints
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion, Objective


class HandEdit(Attack[Evasion]):
    """Edits that need no tool: blank a field, enter an extreme, copy what an accepted row says, in 1, 2, 3 columns."""

    id: ClassVar[str] = "evasion/hand-edit"
    title: ClassVar[str] = "What a person without tools would try by hand"
    attacker: ClassVar[Attacker] = Attacker.BY_HAND
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS, Access.BACKGROUND})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "cost")
    reference: ClassVar[str] = (
        "Apruzzese et al., 'Real Attackers Don't Compute Gradients', SaTML 2023 (arXiv 2212.14315), for the kind of "
        "attacker. No paper's algorithm: edits are listed, first in the columns on which accepted and other background "
        "rows differ most, and nothing is learned from one row for the next."
    )

    accepted_rows: int = Field(3, ge=1, description="nearest accepted rows that a person copies from")
    wide: int = Field(8, ge=2, description="most telling columns that are combined in twos and threes")

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield the cheapest edits so far, after each handful of tries."""
        ledger = Ledger(case)
        yield ledger.attempt
        if not len(ledger.open()):
            return
        pool = candidates(ledger, copies=self.accepted_rows)
        handful = max(1, case.effort.queries // 10)
        for levels, columns in self._agenda(pool, tries=case.effort.queries):
            for start in range(0, levels.shape[1], handful):
                rows = ledger.open(above=ledger.least(columns.shape[2]))
                if not len(rows):
                    break
                part = slice(start, start + handful)
                try_edits(ledger, pool, rows, levels[rows, part], columns[rows, part])
                yield ledger.attempt

    def _agenda(self, pool: Candidates, *, tries: int) -> Iterator[tuple[Ints, Ints]]:
        """Half of the tries for single columns, then pairs, threes, blocks; what is left over goes round again."""
        levels, columns = pool.singles()
        edits = [(levels, columns[:, :, None]), pool.groups(2, wide=self.wide), pool.groups(3, wide=self.wide)]
        cuts = tries // 2, tries * 3 // 10, tries * 3 // 20
        for (levels, columns), cut in zip(edits, cuts, strict=True):
            yield levels[:, :cut], columns[:, :cut]
        d = pool.order.shape[1]
        for size in sorted({min(size, d) for size in (5, 10, d)} - {1, 2, 3}):
            yield pool.joint([tuple(range(size))], levels=pool.copies[:1], partly=True)
        for (levels, columns), cut in zip(edits, cuts, strict=True):
            yield levels[:, cut : cut + tries], columns[:, cut : cut + tries]
