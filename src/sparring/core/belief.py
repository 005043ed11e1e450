"""What became of a belief about one's own model, once an experiment was held against it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from sparring.core.document import Estimate, Named
from sparring.core.spec import Spec

TOLERANCE = 0.05
"""Success that is borne where nobody says otherwise, as a fraction."""


class Standing(StrEnum):
    """How a belief stands after an experiment. None of them says that it is true."""

    REFUTED = "refuted"
    NOT_REFUTED = "not-refuted"
    REFRAMED = "reframed"
    NOT_MEASURED = "not-measured"
    NOT_BUILT = "not-built"


class Tried(Spec):
    """Cases that people tried to turn by hand."""

    cases: int = Field(..., ge=1)
    broken: int = Field(..., ge=0)


class Settled(Spec):
    """One belief, held against one assessment."""

    belief: str = Field(..., description="name, such as M01")
    experiment: str | None = Field(None, description="which one settled it; None: it is not built yet")
    verdict: Standing
    text: str = Field(..., description="the result in one or two sentences")
    guess: float | None = Field(None, description="share that the user expected, as a fraction")
    estimate: Estimate | None = Field(
        None,
        description="what the guess was about: a rate, whose interval has one end where none or all succeeded, or a "
        "difference of rates on the same rows",
    )
    beside: tuple[Named, ...] = Field((), description="further figures to look at")
    tolerance: float = Field(TOLERANCE, ge=0, lt=1, description="above it, success is not borne; as a fraction")
    size: float | None = Field(None, description="how much attackers may change")
    objective: str | None = Field(None, description="what the size counts: columns, spread or cost")
    findings: tuple[str, ...] = Field((), description="measurements that it rests on")
    limits: tuple[str, ...] = Field((), description="what the result does not cover, a sentence each")
    cure: str = Field("", description="where nothing was measured: what to do")

    @property
    def guessed(self) -> Literal["below", "inside", "above"] | None:
        """Where the guess lies by the interval; None without a guess or an interval."""
        found = self.estimate
        if self.guess is None or found is None or found.low is None or found.high is None:
            return None
        if self.guess < found.low:
            return "below"
        return "above" if self.guess > found.high else "inside"
