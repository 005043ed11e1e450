"""Parts of known models and of attempts, for the checks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparring.core.case import AdversarialExamples
from sparring.core.examples import Ints
from sparring.testing.models import KnownModel


def take(known: KnownModel, part: Ints) -> KnownModel:
    """Return a known model with some of its rows."""
    return replace(known, rows=known.rows.take(part), columns=known.columns[part], spread=known.spread[part])


def empty(known: KnownModel) -> KnownModel:
    """Return a known model without rows."""
    return take(known, np.zeros(0, dtype=np.int64))


def rows_of(attempt: AdversarialExamples | None, part: Ints) -> AdversarialExamples | None:
    """Return an attempt on some of the rows."""
    if attempt is None:
        return None
    until = None if attempt.until is None else attempt.until[part]
    return AdversarialExamples(attempt.x_adv[part], attempt.found[part], attempt.queries[part], until)


def equal(one: AdversarialExamples | None, other: AdversarialExamples | None) -> bool:
    """Say whether two attempts are the same to the last bit."""
    if one is None or other is None:
        return one is other
    return (
        np.array_equal(one.x_adv, other.x_adv, equal_nan=True)
        and np.array_equal(one.found, other.found)
        and np.array_equal(one.queries, other.queries)
    )
