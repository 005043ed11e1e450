"""An entry of the knowledge base in plain words, whatever kind it is of."""

from __future__ import annotations

from collections.abc import Iterator

from sparring.knowledge import (
    AttackEntry,
    AttackerEntry,
    BeliefEntry,
    CaveatEntry,
    DefenseEntry,
    Entry,
    IncidentEntry,
    Related,
    ThreatEntry,
    load,
)
from sparring.report import words
from sparring.report.facts import attacker_title

COSTS = {
    "none": "nothing; no prediction changes",
    "none-low": "nothing or little",
    "low": "little",
    "measured": "it has to be measured on your model",
}


def entry_words(entry: Entry) -> Iterator[str]:
    """Yield the paragraphs of an entry.

    Parameters
    ----------
    entry : Entry
    """
    heading = entry.heading if entry.heading.casefold() == entry.name.casefold() else f"{entry.heading} ({entry.name})"
    yield heading
    yield entry.says
    yield entry.text
    yield from _more(entry)
    if entry.see:
        yield f"See also: {', '.join(entry.see)}."


def _more(entry: Entry) -> Iterator[str]:
    match entry:
        case AttackerEntry():
            yield f"Sees: {entry.sees}. In life: {entry.life}."
        case AttackEntry():
            yield f"Attacker: {attacker_title(entry.attacker).lower()}."
            yield f"Its figure shows {entry.shows}. It misses {entry.misses}."
        case CaveatEntry():
            yield f"What to do: {entry.cure}"
        case ThreatEntry():
            yield from _threat(entry)
        case DefenseEntry():
            yield from _defense(entry)
        case IncidentEntry():
            how = "It happened" if entry.kind == "incident" else "Researchers showed it on a live system"
            yield f"{how}, {entry.year}. It is about: {', '.join(entry.threats)}. Source: {entry.source.text}."
        case BeliefEntry():
            yield f"“{entry.statement}” Heard: {entry.heard}."
            built = "" if entry.settled_by else " That experiment is not built yet."
            yield f"What would settle it: {entry.experiment}{built}"


def _threat(entry: ThreatEntry) -> Iterator[str]:
    yield f"In life: {_sentence(entry.life)}"
    yield f"At worst: {_sentence(entry.worst)}"
    rules = [rule for rule in load().rules.values() if entry.name in rule.threats]
    if rules:
        yield f"How it is tested: {'; '.join(rule.test for rule in rules)}."
        names = dict.fromkeys(name for rule in rules for name in rule.defenses)
        yield f"What makes it smaller, what changes no prediction first: {', '.join(names)}."
    if entry.cases:
        yield f"It has happened: {', '.join(entry.cases)}."
    yield from _related(entry.related)
    if entry.eu:
        yield f"The EU AI Act speaks of something near in {entry.eu}."


def _defense(entry: DefenseEntry) -> Iterator[str]:
    yield f"It costs in accuracy: {COSTS[entry.accuracy_cost]}. Otherwise: {_sentence(entry.costs)}"
    against = dict.fromkeys(
        name for rule in load().rules.values() if entry.name in rule.defenses for name in rule.threats
    )
    if against:
        yield f"Against: {', '.join(against)}."
    if entry.tool is not None:
        tool = entry.tool
        yield f"Tool: {tool.name} ({tool.license}; last release {tool.released}), {tool.url} . {tool.does_not}"
    elif entry.without:
        yield f"Without a tool: {_sentence(entry.without)}"
    yield from _related(entry.related)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _related(related: tuple[Related, ...]) -> Iterator[str]:
    """Name entries of other lists, and what they are called since."""
    told = []
    for one in related:
        name = load().name_of(one)
        later, _ = load().later(one)
        since = f", since renumbered {later}" if later != one.id else ""
        told.append(f"{one.text}{f' ({name})' if name else ''}{since}")
    if told:
        yield f"Related to: {words.listed(told)}. Such pairings between lists are ours."
