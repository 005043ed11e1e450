"""What a threat may cost in a year: what goes into the figure, the lines of management, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from sparring.core.spec import Spec
from sparring.core.threat_model import Stage

Part = Literal["attempts", "success", "not caught", "loss"]
NAMES = ("Medium", "High", "Critical")
BELOW = "Low"


class Elicited(Spec):
    """What somebody expects of a positive quantity, as a 90 % interval; both ends alike: it is known."""

    low: float = Field(..., description="one time in twenty it is less")
    high: float = Field(..., description="one time in twenty it is more")

    @model_validator(mode="after")
    def _upright(self) -> Elicited:
        if self.low <= 0:
            raise ValueError(f"the low end of an interval of a positive quantity must be above 0, got {self.low:g}")
        _require_order("low", self.low, "high", self.high)
        return self


class ElicitedShare(Spec):
    """What somebody expects of a share, as a 90 % interval; both ends alike: it is known."""

    low: float
    high: float

    @model_validator(mode="after")
    def _upright(self) -> ElicitedShare:
        for name, end in (("low", self.low), ("high", self.high)):
            if not 0 <= end <= 1:
                raise ValueError(f"{name} must be a share, a fraction from 0 to 1, got {end:g}")
        _require_order("low", self.low, "high", self.high)
        if self.low < self.high and (self.low == 0 or self.high == 1):
            raise ValueError(
                "a 90 % interval leaves a chance outside both of its ends, so that they must lie inside 0 to 1, "
                f"got {self.low:g} to {self.high:g}; give 0.001 or 0.999 instead"
            )
        return self


class Weighed(Spec):
    """A belief about a share, as the weights of a Beta distribution: as if seen in `a` of `a + b` cases."""

    a: float
    b: float

    @model_validator(mode="after")
    def _positive(self) -> Weighed:
        for name, weight in (("a", self.a), ("b", self.b)):
            if weight <= 0:
                raise ValueError(f"{name} must be above 0, got {weight:g}")
        return self


class Counted(Spec):
    """A share that was measured: k of n cases."""

    k: int
    n: int

    @model_validator(mode="after")
    def _possible(self) -> Counted:
        if self.n < 1:
            raise ValueError(f"n must be at least one case, got {self.n}")
        if not 0 <= self.k <= self.n:
            raise ValueError(f"k must lie between 0 and n = {self.n}, got {self.k}")
        return self


class Attacked(Counted):
    """A success rate that was measured: k of n attacked cases, each under the best of all attacks that were tried."""

    adaptive: bool = Field(False, description="an attack was fitted to this model and its defense, not only standard")
    checked: bool = Field(False, description="the automatic checks of the attack found nothing to doubt")
    repeated_by: str | None = Field(None, description="who else measured it again, with the same result")


class Seen(Spec):
    """Attempts that were seen, in incidents or logs, over some years. None seen is not none."""

    events: int
    years: float

    @model_validator(mode="after")
    def _possible(self) -> Seen:
        if self.events < 0:
            raise ValueError(f"events must be a count >= 0, got {self.events}")
        if self.years <= 0:
            raise ValueError(f"years must be above 0, got {self.years:g}")
        return self


class ThreePoint(Spec):
    """Least, likely and largest amount; nothing lies outside."""

    low: float
    likely: float
    high: float

    @model_validator(mode="after")
    def _upright(self) -> ThreePoint:
        if self.low < 0:
            raise ValueError(f"an amount of money must not be negative, got low = {self.low:g}")
        _require_order("low", self.low, "likely", self.likely)
        _require_order("likely", self.likely, "high", self.high)
        if self.high == 0:
            raise ValueError("high must be above 0: a loss of nothing is no risk")
        return self


class Deterrence(Spec):
    """What the attacker gains by one success and pays for it; who does not gain does not try."""

    gain: Elicited
    cost: Elicited


def _require_order(first: str, low: float, second: str, high: float) -> None:
    if low > high:
        raise ValueError(f"{first} must not lie above {second}, got {low:g} and {high:g}; exchange them")


def _form(says: str, **marks: str) -> Discriminator:
    """Tell from one entry which of several forms is meant, so that a fault is told once, in the terms of that form."""

    def chosen(given: Any) -> str | None:
        if isinstance(given, Spec):
            name = type(given).__name__
            return name if name in marks.values() else None
        keys = given if isinstance(given, Mapping) else {}
        return next((form for mark, form in marks.items() if mark in keys), None)

    return Discriminator(chosen, custom_error_type="form", custom_error_message=f"it must be given as {says}")


Attempts = Annotated[
    Annotated[Elicited, Tag("Elicited")] | Annotated[Seen, Tag("Seen")],
    _form("low and high, or events and years", events="Seen", years="Seen", low="Elicited", high="Elicited"),
]
_SHARE = {"a": "Weighed", "b": "Weighed", "low": "ElicitedShare", "high": "ElicitedShare"}
Success = Annotated[
    Annotated[Attacked, Tag("Attacked")]
    | Annotated[ElicitedShare, Tag("ElicitedShare")]
    | Annotated[Weighed, Tag("Weighed")],
    _form("k and n of attacked cases, or argued as low and high, or as a and b", k="Attacked", n="Attacked", **_SHARE),
]
Caught = Annotated[
    Annotated[Counted, Tag("Counted")]
    | Annotated[ElicitedShare, Tag("ElicitedShare")]
    | Annotated[Weighed, Tag("Weighed")],
    _form("k and n of an experiment, or as low and high, or as a and b", k="Counted", n="Counted", **_SHARE),
]
Loss = Annotated[
    Annotated[Elicited, Tag("Elicited")] | Annotated[ThreePoint, Tag("ThreePoint")],
    _form("low and high, or low, likely and high", likely="ThreePoint", low="Elicited", high="Elicited"),
]


class Scenario(Spec):
    """One threat: how often somebody tries, how often that works and stays unseen, and what it costs each time."""

    name: str = Field(..., min_length=1, description="of the threat; its random stream hangs on it")
    attempts: Attempts = Field(..., description="a year, each pursued up to the budget of the attack")
    success: Success | None = Field(None, description="share of attempts that work; None: nobody knows")
    caught: Caught | None = Field(None, description="share of successes that do no harm; None: nothing stands between")
    loss: Loss = Field(..., description="money that one success costs, on average over successes")
    deterrence: Deterrence | None = None
    unit: str = Field("", description="what money is counted in, such as EUR")


class Lines(Spec):
    """The yearly losses at which management wants to hear of a threat. There are no defaults: unset, no level."""

    amounts: tuple[float, ...] = Field(..., min_length=1)
    names: tuple[str, ...] = Field(NAMES, description="of the level above each line")
    unit: str = ""

    @model_validator(mode="after")
    def _rising(self) -> Lines:
        if len(self.names) != len(self.amounts):
            raise ValueError(f"each line needs a name, got {len(self.amounts)} lines and {len(self.names)} names")
        if len({BELOW, *self.names}) <= len(self.names):
            raise ValueError(f"names of levels must differ, from each other and from {BELOW}, got {list(self.names)}")
        if self.amounts[0] <= 0 or any(a >= b for a, b in zip(self.amounts, self.amounts[1:], strict=False)):
            raise ValueError(f"lines must be amounts above 0 that rise, got {list(self.amounts)}")
        return self

    def level(self, above: int) -> str:
        """Return the word for a loss that is above so many lines."""
        return (BELOW, *self.names)[above]


class Grade(StrEnum):
    """How well the success rate is known."""

    NOT_ASKED = "E0"
    ARGUED = "E1"
    STANDARD = "E2"
    ADAPTIVE = "E3"
    REPEATED = "E4"


class Evidence(Spec):
    """What the success rate rests on."""

    grade: Grade
    reason: str

    @property
    def hollow(self) -> bool:
        """Whether nothing was measured."""
        return self.grade in (Grade.NOT_ASKED, Grade.ARGUED)


class Crossing(Spec):
    """How likely losses are above one line of management."""

    name: str = Field(..., description="of the level above the line")
    amount: float
    probability: float = Field(..., description="that the average yearly loss is above; levels rest on it")
    single_year: float = Field(..., description="that the loss of any one year is above, luck of that year included")


class Driver(Spec):
    """How much of the width of the range comes from one input."""

    part: Part
    share: float = Field(..., description="of the variance of the logarithm of the loss; all add up to 1")
    low_if_known: float = Field(..., description="5 % quantile of the loss if this input were known, at its median")
    high_if_known: float = Field(..., description="95 % quantile of the same")
    ask: Stage = Field(..., description="whose work it is to know better")


class LevelRange(Spec):
    """The level hangs on the success rate, which is not known well enough to tell."""

    low: str = Field(..., description="level at the 5 % quantile of the success rate")
    high: str = Field(..., description="level at its 95 % quantile")
    more_cases: int | None = Field(
        ..., description="further cases after which it would no longer, at the same rate; None: not to be told"
    )


class Exceedance(Spec):
    """One point of the curve of losses."""

    loss: float
    probability: float = Field(..., description="that the yearly loss is above")


class RiskEstimate(Spec):
    """What one threat may cost in a year, how sure that is, and whom to ask to be surer."""

    name: str
    unit: str
    years: int = Field(..., description="draws that it rests on")
    entropy: int = Field(..., description="the same inputs and entropy give the same figures")
    mean: float
    low: float = Field(..., description="5 % quantile of the yearly loss")
    median: float
    high: float = Field(..., description="95 % quantile")
    quiet_year: float = Field(..., description="probability that a year passes without a single success")
    pays: float | None = Field(None, description="probability that the attacker gains; None: nobody said")
    crossings: tuple[Crossing, ...] = Field((), description="empty where management has set no lines")
    level: str | None = Field(None, description="None where management has set no lines")
    level_range: LevelRange | None = None
    evidence: Evidence
    drivers: tuple[Driver, ...] = Field((), description="widest first; empty where everything is known")
    exceedance: tuple[Exceedance, ...]

    @property
    def hollow(self) -> bool:
        """Whether nothing was measured, so that the level is argued."""
        return self.evidence.hollow
