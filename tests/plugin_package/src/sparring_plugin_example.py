"""An attack from another distribution, registered through an entry point."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from sparring.core.case import AdversarialExamples, EvasionCase
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion


class BorrowedAnswers(Attack[Evasion]):
    """Copy all that may be misstated from a row that was decided as wanted, the most similar one first."""

    id = "example/borrowed-answers"
    title = "copies the answers of a similar row that was decided as wanted"
    attacker = Attacker.BY_HAND
    needs = frozenset({Access.LABELS, Access.BACKGROUND})
    objectives = ("columns",)
    reference = "Folklore: look over the shoulder of somebody who got what you want."

    tries: int = Field(10, ge=1, description="rows that are copied from, for each attacked row")

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[AdversarialExamples]:
        """Yield the first copy that works for each row; copies come in order of size, so the first is the smallest."""
        x, labels = case.rows.x, case.rows.y
        wanted = [case.threat.wanted(int(label)) for label in labels]
        copies = [self.copies(case, i, wanted[i]) for i in range(len(x))]
        best, found, queries = x.copy(), np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=np.int64)
        for k in range(min(self.tries, case.effort.queries)):
            # only rows that are still in the game, all of them in one batch
            going = np.array([i for i in range(len(x)) if not found[i] and k < len(copies[i])], dtype=np.int64)
            if case.cancelled() or not len(going):
                break
            asked = np.array([copies[i][k] for i in going])
            decided = case.oracle.predict(asked)
            queries[going] += 1
            hit = np.array([decided[n] in wanted[i] for n, i in enumerate(going)])
            best[going[hit]], found[going[hit]] = asked[hit], True
            yield AdversarialExamples(best.copy(), found.copy(), queries.copy())
        yield AdversarialExamples(best, found, queries)

    def copies(self, case: EvasionCase, i: int, wanted: tuple[int, ...]) -> np.ndarray:
        """Return what row `i` becomes by each copy, shape (at most tries, d), the smallest change first."""
        donors = case.background.x[np.isin(case.background.y, wanted)]
        original = np.broadcast_to(case.rows.x[i], donors.shape)
        copies = case.space.project(original, donors)
        size = case.space.size_in_columns(original, copies)
        order = np.argsort(size, kind="stable")
        return copies[order[size[order] > 0]][: self.tries]
