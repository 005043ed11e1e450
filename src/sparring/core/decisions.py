"""What an owner decided about a finding, until when, and what reopens it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from sparring.core.spec import Spec

MOST_DAYS = 365
Level = Literal["Low", "Medium", "High", "Critical"]
NOT_NAMED = ("nobody", "unknown", "")
APPROVED = ("High", "Critical")
"""Levels at which somebody else has to agree, whatever is decided."""
REMIND_DAYS = 30
"""Before it ends, for so many days, it is said that it will."""


class Decided(Spec):
    """One entry of `security/decisions.yaml`. It is recorded, not authenticated."""

    finding: str = Field(
        ...,
        min_length=1,
        description="a threat such as evasion_query, an id such as evasion/tree-search@columns, or @columns for all",
    )
    decision: Literal["mitigate", "accept", "transfer", "avoid"]
    owner: str = Field(..., min_length=1, description="who answers for it")
    approved_by: str | None = Field(None, description="who else agreed; needed to accept or transfer")
    reason: str = Field(..., min_length=1)
    compensating: tuple[str, ...] = Field((), description="what makes up for it meanwhile")
    level: Level | None = Field(None, description="of the risk when it was decided; None: there was no level")
    created: date
    expires: date
    reopen_if: tuple[Literal["model", "data"], ...] = ("model",)
    model_sha256: str | None = None
    data_sha256: str | None = None
    evidence: str = Field("", description="fingerprint of the assessment that it rests on")

    @model_validator(mode="after")
    def _sensible(self) -> Decided:
        for name in (self.owner, self.approved_by):
            if name is not None and name.strip().casefold() in NOT_NAMED:
                raise ValueError(f"owner and approved_by must name somebody, got {name!r}")
        if self.expires <= self.created:
            raise ValueError(f"expires must lie after created, got {self.expires} and {self.created}")
        if (self.expires - self.created).days > MOST_DAYS:
            raise ValueError(f"a decision holds for at most {MOST_DAYS} days, got {(self.expires - self.created).days}")
        if self.decision in ("accept", "transfer") or self.level in APPROVED:
            if not self.approved_by:
                high = self.level in APPROVED
                what = f"a decision at level {self.level}" if high else f"to {self.decision} a risk"
                raise ValueError(f"{what} needs approved_by, somebody other than the owner")
            if self.approved_by.strip().casefold() == self.owner.strip().casefold():
                raise ValueError(f"approved_by must differ from the owner, got {self.owner!r} for both")
        return self

    def has_expired(self, today: date) -> bool:
        """Whether it holds no longer."""
        return self.expires < today

    def reopened_by(self, *, model: str | None, data: str) -> str | None:
        """Say what has changed since that reopens it, or None."""
        if "model" in self.reopen_if and self.model_sha256 and model != self.model_sha256:
            return "the model is another one"
        if "data" in self.reopen_if and self.data_sha256 and data != self.data_sha256:
            return "the rows are others"
        return None
