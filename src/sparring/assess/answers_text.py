"""Answers as they stand under `answers` in `security/system.yaml`, written to be edited; `answers_read` reads them."""

from __future__ import annotations

from typing import Any

from sparring.assess.answers_read import UNKNOWN
from sparring.assess.facts import facts
from sparring.core.answers import Answers
from sparring.knowledge import load
from sparring.store.yaml_patch import Noted
from sparring.store.yaml_text import scalar


def written(value: Any) -> str:
    """Return the value of an answer as it stands in the file."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{role}: {written(name)}" for role, name in value.items()) + "}"
    return f'"{value}"' if value == UNKNOWN else scalar(value)


def answer_lines(answers: Answers) -> list[str]:
    """Return the answers as lines for people to edit; of those that are not known, the first four as comments."""
    lines = ["answers:"]
    for entry in load().questions.values():
        for fact in entry.facts:
            if fact.kind == "columns":
                continue
            value = getattr(answers, fact.name)
            if value not in (None, {}):
                lines += [f"  # {fact.ask}", f"  {fact.name}: {written(value)}"]
            elif entry.first and not fact.later:
                choices = f"  ({' | '.join(fact.options)})" if fact.options else ""
                lines += [f"  # {fact.ask}", f"  # {fact.name}: {UNKNOWN}{choices}"]
    return lines


def answer_changes(before: Answers, after: Answers) -> dict[str, Any]:
    """Return what must change in the file for the new answers, as `sparring.store.yaml_patch` takes it."""
    changes: dict[str, Any] = {}
    for name, fact in facts().items():
        if fact.kind == "columns" or getattr(before, name) == getattr(after, name):
            continue
        if fact.kind == "names":
            old, new = getattr(before, name), getattr(after, name)
            changes[name] = {role: written(new.get(role)) for role in {**old, **new} if old.get(role) != new.get(role)}
        else:
            changes[name] = Noted(written(getattr(after, name)), fact.ask)
    return changes
