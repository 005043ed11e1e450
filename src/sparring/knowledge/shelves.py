"""The knowledge base: YAML files beside this one, each read when it is first asked for."""

from __future__ import annotations

from functools import cache, cached_property
from importlib.resources import files
from typing import Any, TypeVar

import yaml

from sparring.core.spec import Spec
from sparring.errors import OptionError
from sparring.knowledge.entries import (
    AttackEntry,
    AttackerEntry,
    BeliefEntry,
    CaveatEntry,
    DefenseEntry,
    Entry,
    Framework,
    IncidentEntry,
    MeasureEntry,
    QuestionEntry,
    Related,
    Release,
    RuleEntry,
    ThreatEntry,
)

VERSION = "2026.11"
"""Of what the knowledge base says; it stands in what is derived from it."""

SpecT = TypeVar("SpecT", bound=Spec)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Knowledge:
    """All entries by name, a shelf for each kind."""

    @cached_property
    def terms(self) -> dict[str, Entry]:
        """Words that reports use."""
        return _shelf("terms", Entry)

    @cached_property
    def attackers(self) -> dict[str, AttackerEntry]:
        """Who is on the other side."""
        return _shelf("attackers", AttackerEntry)

    @cached_property
    def attacks(self) -> dict[str, AttackEntry]:
        """Ways to make a model decide otherwise; the name of an attack is its id."""
        return _shelf("attacks", AttackEntry)

    @cached_property
    def measures(self) -> dict[str, MeasureEntry]:
        """Figures in tables."""
        return _shelf("measures", MeasureEntry)

    @cached_property
    def caveats(self) -> dict[str, CaveatEntry]:
        """Automatic doubts."""
        return _shelf("caveats", CaveatEntry)

    @cached_property
    def threats(self) -> dict[str, ThreatEntry]:
        """What somebody could do."""
        return _shelf("threats", ThreatEntry)

    @cached_property
    def defenses(self) -> dict[str, DefenseEntry]:
        """What makes a threat smaller."""
        return _shelf("defenses", DefenseEntry)

    @cached_property
    def beliefs(self) -> dict[str, BeliefEntry]:
        """Beliefs that an experiment could refute."""
        return _shelf("beliefs", BeliefEntry)

    @cached_property
    def incidents(self) -> dict[str, IncidentEntry]:
        """What has happened elsewhere."""
        return _shelf("incidents", IncidentEntry)

    @cached_property
    def questions(self) -> dict[str, QuestionEntry]:
        """Questions about facts around the model, in the order of asking."""
        return _shelf("questions", QuestionEntry)

    @cached_property
    def rules(self) -> dict[str, RuleEntry]:
        """From answers to threats."""
        return _shelf("rules", RuleEntry)

    @cached_property
    def frameworks(self) -> dict[str, Framework]:
        """Other people's lists, with every id that stands in them."""
        read = _read("frameworks.yaml")
        return {
            name: Framework(name=name, ids=_ids(name, values["version"]), **values) for name, values in read.items()
        }

    @cached_property
    def aliases(self) -> dict[str, dict[str, Release]]:
        """By framework and later version, oldest first: what that version renamed."""
        return {
            framework: {version: Release(**changes) for version, changes in releases.items()}
            for framework, releases in _read("aliases.yaml").items()
        }

    def name_of(self, related: Related) -> str | None:
        """Return what that list calls the entry; None where that version of it has no such id."""
        framework = self.frameworks.get(related.framework)
        if framework is None or framework.version != related.version:
            return None
        return framework.ids.get(related.id)

    def later(self, related: Related, version: str | None = None) -> tuple[str, str | None]:
        """Return id and name of an entry in a later version of its list.

        Parameters
        ----------
        related : Related
        version : str or None
            A version in `aliases`; None is the newest there.

        Returns
        -------
        tuple of str and (str or None)
            What no later version is known to have changed is returned as it is.

        Raises
        ------
        OptionError
            `aliases` has no such version.
        """
        releases = self.aliases.get(related.framework, {})
        if version is not None and version not in releases:
            known = ", ".join(releases) or "none"
            raise OptionError(
                f"version must be one whose changes to {related.framework} are known ({known}), got {version!r}"
            )
        found, name = related.id, self.name_of(related)
        for release, changes in releases.items():
            found = changes.ids.get(found, found)
            name = changes.names.get(found, name)
            if release == version:
                break
        return found, name

    def every(self) -> dict[str, Entry]:
        """Return everything that can be explained, by name."""
        shelves: tuple[dict[str, Any], ...] = (
            self.terms, self.attackers, self.attacks, self.measures, self.caveats, self.threats, self.defenses,
            self.beliefs, self.incidents,
        )  # fmt: skip
        return {name: entry for shelf in shelves for name, entry in shelf.items()}


@cache
def load() -> Knowledge:
    """Return the knowledge base that ships with the package; its files are read when they are first needed."""
    return Knowledge()


def _read(file: str) -> dict[str, Any]:
    text = files("sparring.knowledge").joinpath(file).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506  # the C form of the safe loader, or itself
    return found


def _shelf(name: str, kind: type[SpecT]) -> dict[str, SpecT]:
    raw: dict[str, dict[str, Any]] = _read(f"{name}.yaml")
    return {str(key): kind.model_validate({"name": str(key), **values}) for key, values in raw.items()}


def _ids(framework: str, version: str) -> dict[str, str]:
    """Read a list of ids: one in each line, with its name behind it."""
    file = files("sparring.knowledge").joinpath("ids", f"{framework}-{version}.txt")
    lines = file.read_text(encoding="utf-8").splitlines()
    found = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {one: name for one, _, name in found}
