"""A model as it was read, asked instead of the model: whoever holds the file asks it as often as they like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._by_scores import by_scores
from sparring.core.case import AdversarialExamples, Effort, EvasionCase
from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Link, Parameters
from sparring.core.space import TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision, Oracle
from sparring.errors import NotApplicable

SEEN = frozenset({Access.LABELS, Access.SCORES})
QUESTIONS = 500
"""Put to the reading for each row; they cost the attacker nothing."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read, in the place of a target.

    Parameters
    ----------
    space : TableSpace
    decision : Decision
    raw : callable
        From rows to raw scores, shape (n, n_outputs).
    link : Link
    """

    space: TableSpace
    decision: Decision
    raw: Callable[[Floats], Floats]
    link: Link
    offers = SEEN
    family = "read"

    def encode_labels(self, y: Any) -> Ints:
        """Return class indices as they are."""
        return np.asarray(y, dtype=np.int64)

    def predict(self, x: Floats) -> Ints:
        """Decide rows, shape (n,)."""
        return self.decision.of_raw(x, self.raw(x), self.link)

    def scores(self, x: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes)."""
        return self.decision.scores_of_raw(x, self.raw(x), self.link)

    def parameters(self) -> Parameters:
        """Raise: it is asked and not read."""
        raise NotApplicable("a reading is asked, not read once more")


def asked_often(case: EvasionCase, reading: Reading) -> AdversarialExamples:
    """Search by the scores of the reading, as an outsider who sees scores would, with many questions.

    Parameters
    ----------
    case : Case
        Of the model itself, which is asked nothing.
    reading : Reading

    Returns
    -------
    AdversarialExamples
        Rows that keep to the relations and pass on the reading.
    """
    inner = replace(case, oracle=Oracle(reading, SEEN), effort=Effort(queries=QUESTIONS))
    ledger = Ledger(inner)
    search = by_scores(ledger, case.streams(f"reading@{case.threat.objective}"))
    for _ in search:
        if case.cancelled():
            break
    return ledger.attempt
