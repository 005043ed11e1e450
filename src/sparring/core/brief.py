"""What an assessment means for the people around a model: whose turn it is, and when their part is done."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sparring.core.decisions import Decided
from sparring.core.risk import RiskEstimate
from sparring.core.spec import Spec
from sparring.core.threat_model import ThreatModel

Kind = Literal["threat", "unknown", "nobody"]


class Item(Spec):
    """One thing for one team."""

    name: str = Field(..., description="a threat, or open-STAGE and nobody-STAGE; names a file")
    kind: Kind
    stage: str = Field(..., description="data, model, deployment, security or management")
    title: str
    text: str = Field(..., description="why it is one, in plain words")
    evidence: str = Field("", description="what was measured, or that nothing was")
    first: tuple[str, ...] = Field((), description="what to look at first")
    owner: str | None = Field(None, description="None: nobody was named")
    decided: str = Field("", description="what was decided about it, and until when")
    accept: str = Field(..., description="command that shows that it is done")
    done_when: str = Field(..., description="what that command then says")


class Brief(Spec):
    """The first page for everyone, apart from figures."""

    threats: ThreatModel
    items: tuple[Item, ...] = Field(..., description="by stage; threats that apply first")
    decisions: tuple[Decided, ...] = ()
    risks: tuple[RiskEstimate, ...] = Field((), description="in money; empty where somebody would have to say more")
    ordinal: str | None = Field(None, description="a level without money, where the answers allow one")
    worst: str = Field(..., description="the worst outcome, in one or two sentences")
    steps: tuple[str, ...] = Field(..., description="what to do next, most urgent first")
    who: str = Field(..., description="whose turn it is")

    def of_stage(self, stage: str) -> tuple[Item, ...]:
        """Return the items of one team."""
        return tuple(item for item in self.items if item.stage == stage)
