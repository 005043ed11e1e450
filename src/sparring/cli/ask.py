"""Ask about facts around a model on a terminal of 80 columns; an empty line is always an answer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from sparring.assess import questions
from sparring.assess.facts import Prompt, facts, needless, value_of, with_value
from sparring.assess.questions import Choices
from sparring.assess.typed import parse, shown
from sparring.cli.ask_columns import ask_columns
from sparring.cli.console import clean, say
from sparring.cli.terminal import MARGIN, WIDTH, note, read
from sparring.core.answers import Answers
from sparring.core.space import Column
from sparring.errors import OptionError

FOUR = "Four questions about what the model is used for. Enter alone: I don't know."
ALL = """\
Twelve questions about facts around the model, then three about people. Enter
alone keeps what is known, and says otherwise: I don't know. ? says: I don't
know. Ctrl-C keeps the answers so far, and another time goes on from there."""


class Interview:
    """Ask, and keep each answer as soon as it is given, so that an interrupt loses none.

    Parameters
    ----------
    columns : tuple of Column
        With what was said of them before; it is shown and can be changed.
    classes : tuple of str
        Answers that the model gives.
    known : Answers
        What was said before; it is shown and can be changed.
    given : Answers, optional
        What options or a file of answers say, which is not asked.
    """

    def __init__(
        self,
        columns: tuple[Column, ...],
        *,
        classes: tuple[str, ...],
        known: Answers,
        given: Answers | None = None,
    ) -> None:
        self.columns = columns
        self.classes = classes
        self.answers = known
        self.given = given or Answers()
        self.choices: Choices = questions.unknown(questions.prefill(columns))
        self.heard = 0  # how many answers were given

    def run(self, prompts: Iterable[Prompt]) -> None:
        """Ask one thing after the other; what others have answered or what has become needless is left out."""
        for prompt in prompts:
            if value_of(self.given, prompt.fact, prompt.role) is not None or needless(prompt.fact, self.answers):
                continue
            if prompt.fact.kind == "columns":
                self.ask_columns(f"{prompt.label}  {prompt.ask}")
            else:
                self._ask(prompt)
            self.heard += 1

    def ask_columns(self, title: str) -> None:
        """Ask who can set each column."""
        self.choices, confirmed = ask_columns(self.columns, title=title, keep=self._keep)
        self.answers = self.answers.model_copy(update={"answered": confirmed})
        if not confirmed:
            note(f"assumed, not confirmed: {facts()['columns'].assumed}")

    def _keep(self, choices: Choices) -> None:
        self.choices = choices
        self.heard += 1

    def _ask(self, prompt: Prompt) -> None:
        fact, known = prompt.fact, value_of(self.answers, prompt.fact, prompt.role)
        say()
        say(textwrap.fill(clean(f"{prompt.label}  {prompt.ask}"), WIDTH, subsequent_indent=MARGIN))
        for line in self._hints(prompt):
            say(line)
        if known is not None:
            note(f"now: {shown(fact, known, unit=self.answers.unit)}. Enter keeps it; ? means: I don't know.")
        while True:
            text = (read() or "").strip()
            if not text and known is not None:
                return
            try:
                value = None if text in ("", "?") else parse(fact, text, classes=self.classes)
            except OptionError as error:
                note(str(error))
                continue
            self.answers = with_value(self.answers, fact, value, prompt.role)
            if value is None:
                note(f"assumed, not confirmed: {fact.assumed}")
            return

    def _hints(self, prompt: Prompt) -> list[str]:
        fact = prompt.fact
        chosen = fact.kind in ("one", "several")
        hint = fact.hint or {"one": "a number", "several": "numbers, such as 1,3", "number": "a number"}.get(fact.kind)
        told = list(fact.options.values()) or list(self.classes) if chosen else []
        # where a class is called 1, that means the class and not the first of them
        named = not fact.options and any(option.isdecimal() for option in told)
        hint = (hint or "").replace("a number", "its name") if named else hint or ""
        lines = textwrap.wrap(hint, WIDTH, initial_indent=MARGIN, subsequent_indent=MARGIN)
        for number, option in enumerate(told, start=1):
            shown_number = "" if named else number
            lines += textwrap.wrap(clean(f"   {shown_number:>3}  {option}"), WIDTH, subsequent_indent=MARGIN)
        return lines
