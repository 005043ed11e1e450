"""What people say about the world around a model. A field that is None was not asked, or is not known."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sparring.core.spec import Spec

Use = Literal["acts", "queue", "advises", "report", "moves"]
Gains = Literal["person", "fraudster", "competitor", "inside", "trouble", "nobody"]
Harm = Literal["minor", "moderate", "serious", "severe"]
Senders = Literal["anyone", "account", "vetted", "staff", "systems", "nobody"]
Sees = Literal["decision", "rounded", "scores", "reasons", "outcome", "nothing"]
Apart = Literal["no", "ip", "account", "limit"]
Source = Literal["users", "customers", "crowd", "staff", "bought", "web", "sensors", "simulated"]
Retrain = Literal["never", "rarely", "reviewed", "scheduled", "continuously"]
Download = Literal["weights", "dataset", "hosted", "partner-file", "packages"]
Secret = Literal["membership", "attribute", "dataset", "nothing"]
CopyHurts = Literal["value", "cheating", "no"]
Place = Literal["server", "app", "customers", "public"]
Between = Literal["person-all", "person-borderline", "person-sample", "rules", "undo", "nothing"]
Keeps = Literal["inputs", "outputs", "sender", "version", "nothing"]
DataKind = Literal["table", "image", "audio", "text", "series", "other"]
FileFormat = Literal["pickle", "native", "code", "served"]
Role = Literal["data", "model", "running", "security", "risk"]

POPULATION = {"anyone": 10_000, "account": 1_000, "vetted": 1_000, "staff": 100}
"""Tries that one of these could plausibly make before the effort shows."""
MOST_MONEY = 1e15
OUTCOME_ONLY = 10
"""Tries of somebody who has to wait for what happens each time."""

ALONE = ("nobody", "nothing", "packages")
"""Codes that contradict whatever stands beside them."""


def _distinct(codes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Refuse what says something and its opposite."""
    if codes is None:
        return None
    alone = [code for code in codes if code in ALONE]
    if alone and len(set(codes)) > 1:
        raise ValueError(f"{alone[0]!r} stands for none of the others, so it must stand alone, got {', '.join(codes)}")
    if not codes:
        raise ValueError("it must name one at least; leave it out where nobody knows")
    return tuple(dict.fromkeys(codes))


def _upward(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse an interval that is upside down, and amounts below 0."""
    if values is None:
        return None
    if any(value < 0 for value in values):
        raise ValueError(f"amounts must be 0 or more, got {_shown(values)}")
    if list(values) != sorted(values):
        raise ValueError(f"an interval must go from low to high, got {_shown(values)}")
    return values


def _worth(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse a loss of nothing, and amounts that nobody has."""
    if values is not None and not 0 < values[-1] <= MOST_MONEY:
        raise ValueError(f"the high end must be above 0 and at most {MOST_MONEY:g}, got {_shown(values)}")
    return values


def _above_zero(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse an end at 0, which a range of something that happens cannot have."""
    if values is not None and not 0 < values[0] <= values[-1] <= MOST_MONEY:
        raise ValueError(f"both ends must be above 0, got {_shown(values)}; 0.1 a year is once in ten years")
    return values


def _inside(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse shares that are certain, or no shares."""
    if values is not None and not 0 < values[0] <= values[-1] < 1:
        raise ValueError(
            f"both ends must lie between 0 and 1, such as 0.4 and 0.85 for 40 to 85 %, got {_shown(values)}"
        )
    return values


def _rising(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Refuse lines of which two are the same."""
    if values is not None and not 0 < values[0] < values[1] < values[2]:
        raise ValueError(f"the three amounts must rise, and the first be above 0, got {_shown(values)}")
    return values


def _shown(values: tuple[float, ...]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


def _listed(said: Any) -> Any:
    """Take one code for a list of one."""
    return (said,) if isinstance(said, str) else said


Several = (BeforeValidator(_listed), AfterValidator(_distinct))
Interval = Annotated[tuple[float, float] | None, AfterValidator(_upward)]
ThreePoint = Annotated[tuple[float, float, float] | None, AfterValidator(_upward)]


class Answers(Spec):
    """What the owner said about the world around the model; None: not asked or not known.

    Codes are explained in the knowledge base, question by question.
    """

    decides: str | None = Field(None, description="what the model decides")
    use: Use | None = Field(None, description="what happens because of an answer")
    wants: str | None = Field(None, description="the answer that somebody gains from")
    gains: Annotated[tuple[Gains, ...] | None, *Several] = Field(None, description="who would be glad of a wrong one")
    tries: int | None = Field(None, ge=0, description="how many tries one person could make")
    unit: str | None = Field(None, description="what the costs of columns are counted in, such as EUR")
    answered: bool = Field(False, description="whether people confirmed the columns table")
    loss_accepted: Annotated[ThreePoint, AfterValidator(_worth)] = Field(
        None, description="low, likely and high cost of one wrongly accepted case"
    )
    loss_refused: Annotated[ThreePoint, AfterValidator(_worth)] = Field(
        None, description="the same of one wrongly refused case"
    )
    decisions: int | None = Field(None, ge=0, description="decisions a year")
    harm: Harm | None = Field(None, description="what one wrong answer does, where money cannot say it")
    attempts: Annotated[Interval, AfterValidator(_above_zero)] = Field(
        None, description="90 % interval of serious attempts a year"
    )
    senders: Senders | None = Field(None, description="who can send something to the model")
    sees: Annotated[tuple[Sees, ...] | None, *Several] = Field(None, description="what they get back or notice")
    apart: Apart | None = Field(None, description="whether senders can be told apart and slowed down")
    watched: bool | None = Field(None, description="whether somebody looks at unusual use")
    metered: bool | None = Field(None, description="whether each request costs money")
    sources: Annotated[tuple[Source, ...] | None, *Several] = Field(None, description="where training rows come from")
    writers: Literal["few", "many"] | None = Field(None, description="who can write to the training data and the model")
    outside_share: float | None = Field(None, ge=0, le=1, description="of training rows that one outsider can supply")
    retrain: Retrain | None = None
    downloads: Annotated[tuple[Download, ...] | None, *Several] = Field(None, description="what came from elsewhere")
    checked: bool | None = Field(None, description="whether source and checksum of it are looked at")
    secrets: Annotated[tuple[Secret, ...] | None, *Several] = Field(None, description="what outsiders must not learn")
    copy_hurts: CopyHurts | None = Field(None, description="whether a working copy in other hands would hurt")
    place: Place | None = Field(None, description="where the model file lies")
    between: Annotated[tuple[Between, ...] | None, *Several] = Field(None, description="between an answer and harm")
    caught: Annotated[Interval, AfterValidator(_inside)] = Field(
        None, description="90 % interval of the share of bad cases noticed in time"
    )
    keeps: Annotated[tuple[Keeps, ...] | None, *Several] = Field(None, description="what is kept of each request")
    alarm: str | None = Field(None, description="who is told when something looks wrong")
    owners: dict[Role, str] = Field(default_factory=dict, description="who answers for what; 'nobody' is an answer")
    lines: Annotated[ThreePoint, AfterValidator(_rising)] = Field(
        None, description="yearly loss from which management calls it medium, high, critical"
    )
    data_kind: DataKind | None = Field(None, description="told from the data")
    file_format: FileFormat | None = Field(None, description="told from the model")

    @property
    def loss(self) -> tuple[float, float, float] | None:
        """Cost of one success of somebody who gains: a wrongly accepted case, where that was said."""
        return self.loss_accepted or self.loss_refused

    @property
    def most_queries(self) -> int | None:
        """Tries that one person could make: what was said, what such senders get away with, and 10 of the outcome only.

        None: nobody has said anything about it.
        """
        known = [self.tries, POPULATION.get(self.senders or "")]
        known += [OUTCOME_ONLY] if self.sees == ("outcome",) else []
        return min((tries for tries in known if tries is not None), default=None)
