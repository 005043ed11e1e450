"""Metered, a target whose every row costs somebody something: asked sparingly, and never beyond a cap."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sparring.core.document import EndpointRecord
from sparring.core.examples import Floats, Ints
from sparring.errors import ModelStopped


@runtime_checkable
class Metered(Protocol):
    """What a bench may know of a target beyond `Target`, where rows are counted and answers are remembered.

    `predict` and `scores` ask about a row once, and raise BudgetSpent, with what was still served, once the cap is
    reached.
    """

    @property
    def room(self) -> int:
        """Rows that may still be sent."""

    @property
    def cap(self) -> int:
        """Rows that may be sent in all."""

    @property
    def sent(self) -> int:
        """Rows sent so far, repeated ones included."""

    @property
    def seconds_per_call(self) -> float:
        """Mean time of a request so far, waiting for its turn included."""

    @property
    def rows_per_call(self) -> int:
        """Rows in one request at most."""

    @property
    def stopped(self) -> ModelStopped | None:
        """Why it answers no more; None as long as it does."""

    @property
    def record(self) -> EndpointRecord:
        """What a document says of it, with the rows sent so far."""

    def again(self, x: Floats) -> Ints:
        """Ask anew about rows that may have been asked before, shape (n,); raises BudgetSpent or ModelError."""

    def confirm(self, x: Floats) -> Ints:
        """Ask anew where that is still possible, and otherwise repeat what was answered before, shape (n,)."""
