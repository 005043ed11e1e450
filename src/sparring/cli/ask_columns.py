"""Ask on a terminal who can set each column, and what holds between columns."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from sparring.assess import questions
from sparring.assess.questions import Choices
from sparring.assess.typed import numbers
from sparring.cli.console import clean, say
from sparring.cli.terminal import note, read
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.errors import OptionError

NAME_WIDTH, VALUES_WIDTH = 24, 26
LEGEND = ("anyone", "effort", "us", "nobody", "real", "always", "unknown")


def ask_columns(
    columns: tuple[Column, ...], *, title: str, keep: Callable[[Choices], None] = lambda _: None
) -> tuple[Choices, bool]:
    """Ask who can set each column.

    Parameters
    ----------
    columns : tuple of Column
        With what was said before; it is shown and can be changed.
    title : str
    keep : callable
        Called with what was said so far, after each line.

    Returns
    -------
    choices : dict of str to Choice
    confirmed : bool
        Whether somebody accepted the table, or else does not know.
    """
    choices = questions.prefill(columns)
    say(f"\n{title}")
    for word in LEGEND:
        say(f"        {word:<9}{questions.WORDS[word]}")
    _show(columns, choices, set(choices))
    say("        * is a guess from the name alone. Enter accepts the table as it stands.")
    say("        To change it: 3 us  or  5-8,11 nobody  or  amount real. show: once more")
    say("        ? means: I don't know. What is only guessed then counts as changeable.")
    while True:
        line = read()
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
            note(str(error))
            continue
        _show(columns, edited, {name for name in choices if edited[name] != choices[name]})
        choices = edited
        keep(questions.unknown(choices))


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
        text = (read() or "").strip()
        if not text or text == "?":
            return relations
        try:
            chosen = numbers(text, len(relations))
        except OptionError as error:
            note(str(error))
            continue
        return tuple(r.model_copy(update={"confirmed": True}) for k, r in enumerate(relations, start=1) if k in chosen)


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
