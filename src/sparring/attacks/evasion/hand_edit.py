"""What a person without tools tries: one field, two fields, three, then whole blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from pydantic import Field

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._candidates import Candidates, candidates
from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.examples import Ints
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion, Objective


@dataclass(frozen=True, eq=False)
class _Edits:
    """Edits of equally many columns, in the order in which they are tried.

    `columns` has shape (n, k, size), `levels` (n, k): the values of one edit come from one level of the candidates.
    Edits that do not exist for a row have level -1.
    """

    columns: Ints
    levels: Ints

    @property
    def size(self) -> int:
        return int(self.columns.shape[2])

    def part(self, start: int, stop: int) -> _Edits:
        return _Edits(self.columns[:, start:stop], self.levels[:, start:stop])


class HandEdit(Attack[Evasion]):
    """Edits that need no tool: blank a field, enter an extreme, copy what an accepted row says, in 1, 2, 3 columns."""

    id: ClassVar[str] = "evasion/hand-edit"
    title: ClassVar[str] = "What a person without tools would try by hand"
    attacker: ClassVar[Attacker] = Attacker.BY_HAND
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS, Access.BACKGROUND})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns",)
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
        for edits in self._agenda(pool, tries=case.effort.queries):
            for start in range(0, edits.levels.shape[1], handful):
                rows = ledger.open(above=edits.size)
                if not len(rows):
                    break
                _try(ledger, pool, edits.part(start, start + handful), rows)
                yield ledger.attempt

    def _agenda(self, pool: Candidates, *, tries: int) -> Iterator[_Edits]:
        """Half of the tries for single columns, then pairs, threes, blocks; what is left over goes round again."""
        one, two, three = self._singles(pool), self._groups(pool, 2), self._groups(pool, 3)
        cuts = tries // 2, tries * 3 // 10, tries * 3 // 20
        yield one.part(0, cuts[0])
        yield two.part(0, cuts[1])
        yield three.part(0, cuts[2])
        yield from self._blocks(pool)
        for edits, cut in zip((one, two, three), cuts, strict=True):
            yield edits.part(cut, cut + tries)

    @staticmethod
    def _singles(pool: Candidates) -> _Edits:
        n_levels, n, d = pool.valid.shape
        # across the columns first: one thought about each field, then a second one
        columns = np.broadcast_to(pool.order[:, None, :], (n, n_levels, d)).reshape(n, -1)
        levels = np.broadcast_to(np.arange(n_levels)[None, :, None], (n, n_levels, d)).reshape(n, -1)
        valid = pool.valid[levels, np.arange(n)[:, None], columns]
        return _compact(columns[:, :, None], np.where(valid, levels, -1))

    def _groups(self, pool: Candidates, size: int) -> _Edits:
        d = pool.order.shape[1]
        groups = sorted(combinations(range(min(self.wide, d)), size), key=lambda group: (sum(group), group))
        return self._joint(pool, groups, size, levels=(*pool.copies, pool.extreme))

    def _blocks(self, pool: Candidates) -> Iterator[_Edits]:
        d = pool.order.shape[1]
        for size in sorted({min(size, d) for size in (5, 10, d)} - set(range(4))):
            yield self._joint(pool, [tuple(range(size))], size, levels=pool.copies[:1])

    @staticmethod
    def _joint(pool: Candidates, groups: list[tuple[int, ...]], size: int, *, levels: tuple[int, ...]) -> _Edits:
        n = len(pool.order)
        places = np.array([group for group in groups for _ in levels], dtype=np.int64).reshape(-1, size)
        level = np.tile(np.array(levels), len(groups))
        columns = pool.order[:, places]
        valid = pool.valid[level[None, :, None], np.arange(n)[:, None, None], columns]
        # a block may hold columns that already agree; a pair or three that does is a smaller edit, tried before
        whole = valid.all(axis=2) if size <= 3 else valid.any(axis=2)
        return _compact(columns, np.where(whole, level, -1))


def _compact(columns: Ints, levels: Ints) -> _Edits:
    """Move edits that do not exist behind those that do, and forget the tail that no row needs."""
    order = np.argsort(levels < 0, axis=1, kind="stable")
    longest = int((levels >= 0).sum(axis=1).max(initial=0))
    order = order[:, :longest]
    return _Edits(np.take_along_axis(columns, order[:, :, None], axis=1), np.take_along_axis(levels, order, axis=1))


def _try(ledger: Ledger, pool: Candidates, edits: _Edits, rows: Ints) -> None:
    where, k = np.nonzero(edits.levels[rows] >= 0)
    row = rows[where]
    columns, levels = edits.columns[row, k], edits.levels[row, k]
    x_adv = ledger.x[row].copy()
    i = np.arange(len(row))[:, None]
    x_adv[i, columns] = pool.values[levels[:, None], row[:, None], columns]
    ledger.ask(row, x_adv)
