"""Entries of the knowledge base: what each kind holds. How they are read stands in `shelves`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sparring.core.spec import Spec
from sparring.core.threat import Attacker
from sparring.core.threat_model import Stage


class Entry(Spec):
    """Something explained in plain words."""

    name: str = Field(..., description="as in documents and on the command line")
    title: str = Field("", description="as a heading; empty: the name")
    says: str = Field(..., max_length=160, description="one sentence")
    text: str = Field(..., description="what a person needs to know, a paragraph")
    also: tuple[str, ...] = Field((), description="other names that people may ask for")
    see: tuple[str, ...] = Field((), description="names of further entries")

    @property
    def heading(self) -> str:
        """Title, or the name with a capital."""
        return self.title or self.name[:1].upper() + self.name[1:]


class AttackerEntry(Entry):
    """Who is on the other side."""

    sees: str = Field(..., description="what of the model")
    life: str = Field(..., description="who that could be")


class AttackEntry(Entry):
    """A way to make a model decide otherwise."""

    attacker: Attacker
    shows: str = Field(..., description="what its figure tells")
    misses: str = Field(..., description="what its figure does not tell")


class MeasureEntry(Entry):
    """A figure in a table."""

    shown: Literal["percent", "number", "unit"] = "percent"


class CaveatEntry(Entry):
    """An automatic doubt."""

    cure: str = Field(..., description="what to do about it")


class Related(Spec):
    """An entry of somebody else's list. That it belongs here is our reading, unless `stated` says otherwise."""

    framework: str = Field(..., description="as in frameworks.yaml, such as mitre-atlas")
    version: str
    id: str
    stated: bool = Field(False, description="whether that list itself makes the connection")

    @property
    def text(self) -> str:
        """Framework, version and id in one line."""
        return f"{self.framework} {self.version} {self.id}"


def _triples(said: Any) -> Any:
    """Read ``{mitre-atlas 5.6.1: [AML.T0015]}`` as triples."""
    if not isinstance(said, dict):
        return said
    return tuple(
        {"framework": key.split(" ")[0], "version": key.split(" ")[-1], "id": one}
        for key, ids in said.items()
        for one in ids
    )


class _WithRelated(Entry):
    related: tuple[Related, ...] = Field((), description="where other lists speak of something near")

    @model_validator(mode="before")
    @classmethod
    def _read_related(cls, said: Any) -> Any:
        return {**said, "related": _triples(said.get("related", ()))} if isinstance(said, dict) else said


class ThreatEntry(_WithRelated):
    """Something that somebody could do to a system with a model in it."""

    stage: Stage = Field(..., description="where it enters")
    life: str = Field(..., description="what it looks like, in one example that names no technique")
    worst: str = Field(..., description="the worst that comes of it, in one clause")
    measured_by: tuple[Attacker, ...] = Field((), description="attackers of `assess` whose figures speak of it")
    cases: tuple[str, ...] = Field((), description="names of incidents")
    eu: str = Field("", description="place in the EU AI Act that speaks of something near")


class Tool(Spec):
    """Software that carries out a defense."""

    name: str
    url: str
    license: str = Field(..., description="SPDX identifier")
    released: str = Field(..., description="its last release: version and ISO date")
    does_not: str = Field(..., description="what it does not do, in one sentence")


class DefenseEntry(_WithRelated):
    """Something that makes a threat smaller."""

    stage: Stage = Field(..., description="whose work it usually is")
    accuracy_cost: Literal["none", "none-low", "low", "measured"] = Field(
        ..., description="what it costs in accuracy; none: no prediction changes"
    )
    costs: str = Field(..., description="what it costs otherwise, in one clause")
    tool: Tool | None = Field(..., description="the maintained open-source tool; None: none is needed")
    without: str = Field("", description="where there is no tool: how it is done")


class IncidentEntry(Entry):
    """Something that happened."""

    year: int = Field(..., description="as its source dates it")
    kind: Literal["incident", "exercise"] = Field(..., description="exercise: researchers showed that it can be done")
    threats: tuple[str, ...] = Field(..., description="what it is a case of, by our reading")
    source: Related = Field(..., description="where the facts are from")


class BeliefEntry(Entry):
    """A belief about one's own model, and the experiment that could refute it."""

    statement: str = Field(..., description="the belief, as people say it")
    heard: str = Field(..., description="the study that found it, or 'commonly heard'")
    guess: str = Field(..., description="question whose answer is a share, for the user to guess first")
    experiment: str = Field(..., description="what is done, in one sentence")
    settled_by: str | None = Field(..., description="name of the experiment; None: it is not built yet")
    refuted_when: str
    kept_when: str


class Framework(Spec):
    """Somebody else's list."""

    name: str
    title: str
    version: str
    license: str
    url: str
    checked: str = Field(..., description="what its ids were taken from, and when")
    partial: str = Field("", description="which part of it `ids` holds; empty: all of it")
    ids: dict[str, str] = Field(..., description="every id of it, or of that part, with its name there")


class Release(Spec):
    """What a later version of somebody else's list changed in the version that we speak of."""

    ids: dict[str, str] = Field(default_factory=dict, description="an id of before, and what it is from then on")
    names: dict[str, str] = Field(default_factory=dict, description="what that version calls an id of its own")


def _one(said: Any) -> Any:
    """Take one text for a list of one."""
    return (said,) if isinstance(said, str) else said


class Fact(Spec):
    """One thing that a question asks for; `name` is a field of `Answers`."""

    name: str
    ask: str
    kind: Literal["one", "several", "number", "share", "text", "interval", "money", "names", "columns", "auto"]
    options: dict[str, str] = Field(default_factory=dict, description="code to what it says, in the order of asking")
    hint: str = ""
    unit: str = ""
    later: bool = Field(False, description="not asked before the first result")
    worst: Annotated[tuple[str, ...], BeforeValidator(_one)] = Field(
        (), description="the worst plausible answer: codes, or a sentence where the answer has none"
    )
    unless: tuple[str, ...] = Field((), description="facts that make this one needless, each alone")

    @property
    def yes_or_no(self) -> bool:
        """Whether the answer is yes or no, and nothing else."""
        return set(self.options) == {"yes", "no"}

    @property
    def assumed(self) -> str:
        """The worst plausible answer in words."""
        if self.kind == "names":
            return self.worst[0]
        return "; ".join(self.options.get(code, code) for code in self.worst)


class QuestionEntry(Spec):
    """A question about facts around the model. No word in it is a security word."""

    name: str = Field(..., description="Q0 to Q15")
    short: str = Field(..., description="what it is about, in two or three words")
    first: int = Field(0, description="place among the four questions of the first result; 0: asked later")
    facts: tuple[Fact, ...]
    stage: Stage = Field(..., description="who would know, where the person asked does not")
    why: str = Field(..., description="what the answer is used for, in one sentence")


class RuleEntry(Spec):
    """When a threat applies, how it is tested, and what makes it smaller."""

    name: str = Field(..., description="R01 to R20")
    when: Any = Field(..., description="condition on the answers; see `sparring.govern.conditions`")
    threats: tuple[str, ...]
    test: str
    defenses: tuple[str, ...] = Field(..., description="those that change no prediction come first")
    stage: Stage = Field(..., description="who owns what comes of it")
