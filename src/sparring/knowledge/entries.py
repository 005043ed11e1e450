"""Entries of the knowledge base, and how they are read from YAML."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field

from sparring.core.spec import Spec
from sparring.core.threat import Attacker


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


class Knowledge(Spec):
    """All entries, by name."""

    terms: dict[str, Entry]
    attackers: dict[str, AttackerEntry]
    attacks: dict[str, AttackEntry]
    measures: dict[str, MeasureEntry]
    caveats: dict[str, CaveatEntry]

    def every(self) -> dict[str, Entry]:
        """Return all entries by name; the name of an attack is its id."""
        shelves = (self.terms, self.attackers, self.attacks, self.measures, self.caveats)
        return {name: entry for shelf in shelves for name, entry in shelf.items()}


EntryT = TypeVar("EntryT", bound=Entry)


@cache
def load() -> Knowledge:
    """Read the knowledge base that ships with the package, once."""
    return Knowledge(
        terms=_shelf("terms", Entry),
        attackers=_shelf("attackers", AttackerEntry),
        attacks=_shelf("attacks", AttackEntry),
        measures=_shelf("measures", MeasureEntry),
        caveats=_shelf("caveats", CaveatEntry),
    )


def _shelf(name: str, kind: type[EntryT]) -> dict[str, EntryT]:
    text = files("sparring.knowledge").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    raw: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {str(key): kind(name=str(key), **values) for key, values in raw.items()}
