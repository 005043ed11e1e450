"""What an owner asks of a model, apart from what was measured: numbers do not move when thresholds do."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from sparring.core.spec import Spec

Mode = Literal["observe", "ratchet", "enforce"]


class Standing(StrEnum):
    """What a gate says of one thing that it looked at."""

    PASS = "pass"  # noqa: S105  # no password
    WARNING = "warning"
    FAIL = "fail"


class Policy(Spec):
    """How strict a gate is.

    observe: it says what it sees and fails nothing. ratchet: it fails what is worse than the baseline. enforce: it also
    fails what is above a declared tolerance, and what was not assessed.
    """

    mode: Mode = "observe"
    margin: float = Field(0.05, gt=0, lt=1, description="worsening of a rate that is borne, as a fraction")
    max_success: dict[str, float] = Field(
        default_factory=dict, description="by objective: the largest share of attacked rows that may be broken"
    )

    def fault_in(self, *modes: Mode) -> Standing:
        """Return what a fault is worth that fails in some modes: in the others it is a warning."""
        return Standing.FAIL if self.mode in modes else Standing.WARNING


class Verdict(Spec):
    """One thing that a gate looked at, and what it says of it."""

    check: str = Field(..., description="what was looked at, such as ratchet@columns")
    standing: Standing
    text: str
    cure: str = ""


class GateReport(Spec):
    """All that a gate says about one assessment."""

    mode: Mode
    folder: str
    fingerprint: str
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> bool:
        """Whether any verdict fails."""
        return any(verdict.standing is Standing.FAIL for verdict in self.verdicts)
