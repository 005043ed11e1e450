"""Ask the four questions on a terminal of 80 columns; an empty line is always an answer."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TypeVar

from sparring.assess import questions
from sparring.assess.questions import Choices
from sparring.cli.console import clean, say
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.errors import OptionError

T = TypeVar("T")

NAME_WIDTH, VALUES_WIDTH = 24, 26
INTRO = "Four questions about what the model is used for. Enter alone: I don't know."
LEGEND = ("anyone", "effort", "us", "nobody", "real", "always", "unknown")


def ask(
    columns: tuple[Column, ...], *, classes: tuple[str, ...], known: Answers, only_columns: bool = False
) -> tuple[Answers, Choices]:
    """Ask what is not known yet.

    Parameters
    ----------
    columns : tuple of Column
        With what was said before; it is shown and can be changed.
    classes : tuple of str
        Answers that the model gives.
    known : Answers
        What options or a file have said already, which is not asked again.
    only_columns : bool
        Ask about the columns table alone.

    Returns
    -------
    answers : Answers
    choices : dict of str to Choice
    """
    if only_columns:
        choices, confirmed = _ask_columns(columns, title=questions.WHO)
        return known.model_copy(update={"answered": confirmed}), choices
    say(f"\n{INTRO}")
    decides = known.decides or _until_right("1 of 4", questions.DECIDES, "in a few words", _line)
    wants = known.wants or _ask_wants(classes)
    choices, confirmed = _ask_columns(columns, title=f"3 of 4  {questions.WHO}")
    tries = known.tries or _until_right("4 of 4", questions.TRIES, "a number", questions.count)
    say()
    return Answers(decides=decides, wants=wants, tries=tries, answered=confirmed), choices


def _ask_wants(classes: tuple[str, ...]) -> str | None:
    listed = "\n".join(f"   {number:>3}  {name}" for number, name in enumerate(classes, start=1))
    hint = f"a number; Enter alone: any wrong answer counts\n{listed}"
    return _until_right("2 of 4", questions.WANTS, hint, lambda text: questions.pick(text, classes))


def _until_right(number: str, question: str, hint: str, parse: Callable[[str], T]) -> T:
    say(f"\n{number}  {question}")
    say(f"        {hint}")
    while True:
        try:
            return parse(_read() or "")
        except OptionError as error:
            _note(str(error))


def _note(text: str) -> None:
    indent = " " * 8
    say(textwrap.fill(text, 79, initial_indent=indent, subsequent_indent=indent))


def _line(text: str) -> str | None:
    return " ".join(text.split()) or None


def _ask_columns(columns: tuple[Column, ...], *, title: str) -> tuple[Choices, bool]:
    choices = questions.prefill(columns)
    say(f"\n{title}")
    for word in LEGEND:
        say(f"        {word:<9}{questions.WORDS[word]}")
    _show(columns, choices, set(choices))
    say("        * is a guess from the name alone. Enter accepts the table as it stands.")
    say("        To change it: 3 us  or  5-8,11 nobody  or  amount real. show: once more")
    say("        ? means: I don't know. What is only guessed then counts as changeable.")
    while True:
        line = _read()
        if line is None or line.strip() == "?":
            return questions.unknown(choices), False
        text = line.strip()
        if not text:
            return {name: _confirmed(choice) for name, choice in choices.items()}, True
        if text == "show":
            _show(columns, choices, set(choices))
            continue
        try:
            edited = questions.edit(choices, text)
        except OptionError as error:
            _note(str(error))
            continue
        _show(columns, edited, {name for name in choices if edited[name] != choices[name]})
        choices = edited


def ask_relations(relations: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Ask which relations every row must keep to.

    Parameters
    ----------
    relations : tuple of Relation
        Those of the data, and those that people have named before.

    Returns
    -------
    tuple of Relation
        With what was said; those that need not hold are gone.
    """
    say(
        "\nSome things hold in every row of the data. Which must hold in every row that\n"
        "can be entered? Edits keep to those."
    )
    for number, relation in enumerate(relations, start=1):
        mark = "*" if relation.confirmed else " "
        say(_cut(f" {number:>3}{mark} {relation.text}", shutil.get_terminal_size((80, 24)).columns))
    say("        Numbers (1,3 or 2-4), all, or none. Enter alone: it stays open.")
    say("        * was said before.")
    while True:
        text = (_read() or "").strip()
        if not text or text == "?":
            return relations
        try:
            chosen = _numbers(text, len(relations))
        except OptionError as error:
            _note(str(error))
            continue
        return tuple(r.model_copy(update={"confirmed": True}) for k, r in enumerate(relations, start=1) if k in chosen)


def _numbers(text: str, n: int) -> set[int]:
    """Read which of `n` things are meant.

    Raises
    ------
    OptionError
        It names others.
    """
    if text in ("all", "none"):
        return set(range(1, n + 1)) if text == "all" else set()
    chosen: set[int] = set()
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and 1 <= int(first) <= int(last or first) <= n):
            raise OptionError(f"numbers from 1 to {n}, all or none are understood here, got {part!r}")
        chosen |= set(range(int(first), int(last or first) + 1))
    return chosen


def _confirmed(choice: questions.Choice) -> questions.Choice:
    return questions.Choice(choice.who, choice.change, choice.checked)


def _show(columns: tuple[Column, ...], choices: Choices, shown: set[str]) -> None:
    width = shutil.get_terminal_size((80, 24)).columns
    by_name = {column.name: column for column in columns}
    for number, (name, choice) in enumerate(choices.items(), start=1):
        if name in shown:
            who = choice.who + ("*" if choice.guessed else "")
            extra = " ".join(word for word in (choice.change, choice.checked) if word in ("real", "always"))
            values = _cut(_values(by_name[name]), VALUES_WIDTH)
            line = f" {number:>3}  {_cut(name, NAME_WIDTH):<{NAME_WIDTH}}  {values:<{VALUES_WIDTH}}  {who:<9} {extra}"
            say(line.rstrip()[:width])
    carried = [column.name for column in columns if column.kind == "carried"]
    if carried and len(shown) == len(choices):
        say(_cut(f"      never edited (ids, dates, texts): {', '.join(carried)}", width))


def _values(column: Column) -> str:
    if column.kind == "number" and column.low is not None and column.high is not None:
        return f"{column.low:,.6g} to {column.high:,.6g}"
    return ", ".join(map(str, column.categories))


def _cut(text: str, width: int) -> str:
    text = clean(text).replace("\n", " ")
    return text if len(text) <= width else text[: width - 1] + "…"


def _read() -> str | None:
    """Read one line; None at the end of input, which answers whatever is still to be asked: nothing is known."""
    print("      > ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        say()
    return line or None
