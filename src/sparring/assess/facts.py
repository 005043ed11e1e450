"""Facts around a model: in which order they are asked, and what of them is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sparring.core.answers import Answers
from sparring.core.threat_model import Stage
from sparring.knowledge import load
from sparring.knowledge.entries import Fact, QuestionEntry

TEAMS: dict[Stage, str] = {
    "data": "whoever collects the data",
    "model": "whoever builds the model",
    "deployment": "whoever runs it",
    "security": "whoever looks after security",
    "management": "whoever decides what it is used for",
}
"""By stage: who would know."""


@dataclass(frozen=True)
class Prompt:
    """One thing to ask.

    Parameters
    ----------
    label : str
        Such as ``3 of 4``, or ``3b of 15`` where a question has several.
    question : QuestionEntry
    fact : Fact
    role : str
        For a fact that is asked once for each role: which.
    """

    label: str
    question: QuestionEntry
    fact: Fact
    role: str = ""

    @property
    def ask(self) -> str:
        """The question in words."""
        return f"{self.fact.ask.rstrip('?')} {self.fact.options[self.role]}?" if self.role else self.fact.ask


def questions() -> list[QuestionEntry]:
    """Return the questions that people are asked, in the order of their numbers."""
    return [entry for entry in load().questions.values() if any(fact.kind != "auto" for fact in entry.facts)]


def facts() -> dict[str, Fact]:
    """Return all facts by name, in the order of asking; what is told from data and model comes last."""
    return {fact.name: fact for entry in load().questions.values() for fact in entry.facts}


def first_prompts() -> list[Prompt]:
    """Return what is asked before the first result."""
    first = sorted((entry for entry in questions() if entry.first), key=lambda entry: entry.first)
    chosen = [(entry, fact) for entry in first for fact in entry.facts if not fact.later]
    return [Prompt(f"{n} of {len(chosen)}", entry, fact) for n, (entry, fact) in enumerate(chosen, start=1)]


def all_prompts() -> list[Prompt]:
    """Return everything that is asked, question by question."""
    found, entries = [], questions()
    for number, entry in enumerate(entries, start=1):
        single = [(fact, role) for fact in entry.facts for role in (fact.options if fact.kind == "names" else ("",))]
        for letter, (fact, role) in zip("abcdefghijklm", single, strict=False):
            label = f"{number}{letter if len(single) > 1 else ''} of {len(entries)}"
            found.append(Prompt(label, entry, fact, role))
    return found


def needless(fact: Fact, answers: Answers) -> bool:
    """Whether another answer makes a fact needless."""
    return any(getattr(answers, name) is not None for name in fact.unless)


def value_of(answers: Answers, fact: Fact, role: str = "") -> Any:
    """Return what is known of a fact; None where nothing is."""
    if fact.kind == "columns":
        return answers.answered or None
    if fact.kind == "names" and role:
        return answers.owners.get(role)  # type: ignore[call-overload]  # the knowledge base holds the same roles
    return getattr(answers, fact.name) or None if fact.kind == "names" else getattr(answers, fact.name)


def with_value(answers: Answers, fact: Fact, value: Any, role: str = "") -> Answers:
    """Return the answers with one fact said, or with None: not known."""
    if role:
        owners = {key: name for key, name in answers.owners.items() if key != role}
        return answers.model_copy(update={"owners": owners if value is None else {**owners, role: value}})
    return answers.model_copy(update={fact.name: value})


def unknown(answers: Answers) -> Iterator[Prompt]:
    """Yield what nobody has answered yet, and what no other answer makes needless."""
    for prompt in all_prompts():
        if value_of(answers, prompt.fact, prompt.role) is None and not needless(prompt.fact, answers):
            yield prompt
