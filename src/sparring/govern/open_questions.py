"""What nobody has answered yet: what is assumed meanwhile, and who would know."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from sparring.assess.facts import TEAMS, unknown
from sparring.core.answers import Answers
from sparring.core.threat_model import Stage


@dataclass(frozen=True)
class OpenQuestion:
    """A fact that nobody has told.

    Parameters
    ----------
    question : str
        Name of the question, such as Q5.
    fact : str
        Field of the answers.
    role : str
        For a fact that is asked once for each role: which.
    ask : str
        The question in words.
    assumed : str
        The worst plausible answer, which counts meanwhile.
    stage : str
        Whose question it is.
    """

    question: str
    fact: str
    role: str
    ask: str
    assumed: str
    stage: Stage

    @property
    def team(self) -> str:
        """Who would know, in words."""
        return TEAMS[self.stage]


def open_questions(answers: Answers) -> tuple[OpenQuestion, ...]:
    """Return a question for each fact that is not known, in the order of stages and then of asking.

    Parameters
    ----------
    answers : Answers

    Examples
    --------
    >>> [found.assumed for found in open_questions(Answers()) if found.fact == "senders"]
    ['anyone']
    """
    found = [
        OpenQuestion(
            prompt.question.name,
            prompt.fact.name,
            prompt.role,
            prompt.ask,
            prompt.fact.assumed,
            prompt.question.stage,
        )
        for prompt in unknown(answers)
    ]
    order = list(TEAMS)
    return tuple(sorted(found, key=lambda question: order.index(question.stage)))


def to_do(questions: Sequence[OpenQuestion], *, width: int = 80) -> str:
    """Return the questions as text for people, team by team, each with what is assumed meanwhile.

    Parameters
    ----------
    questions : sequence of OpenQuestion
    width : int
        Of a line, in characters.
    """
    lines: list[str] = []
    for stage, team in TEAMS.items():
        asked = [question for question in questions if question.stage == stage]
        if asked:
            lines += ["", f"To {team}:"]
        for question in asked:
            lines += textwrap.wrap(question.ask, width - 1, initial_indent="  - ", subsequent_indent="    ")
            told = f"assumed, not confirmed: {question.assumed}"
            lines += textwrap.wrap(told, width - 1, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines[1:])
