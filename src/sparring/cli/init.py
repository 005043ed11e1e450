"""`sparring init`: ask, and write security/system.yaml."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring.cli import options
from sparring.cli.assess import Asking
from sparring.cli.console import interactive, say

if TYPE_CHECKING:
    from sparring.assess.questions import Choices
    from sparring.assess.system import System
    from sparring.core.answers import Answers
    from sparring.core.relations import Relation
    from sparring.core.space import Column


def init(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Model, as for assess; may be left out with --data.")
    ] = None,
    data: Annotated[Path | None, typer.Argument(metavar="DATA", help="Rows, as for assess.")] = None,
    *,
    target: options.Target,
    only_data: Annotated[Path | None, typer.Option("--data", help="Rows, when there is no model yet.")] = None,
    only_columns: Annotated[bool, typer.Option("--columns", help="Ask about the columns table alone.")] = False,
    file: Annotated[Path, typer.Option(help="File to write.")] = options.DEFAULT_SYSTEM,
    classes: options.Classes = None,
    allow: options.Allow = None,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
) -> None:
    """Ask who can set each column, and write security/system.yaml."""
    from sparring.adapters.tables import read_table
    from sparring.assess import questions
    from sparring.assess.system import System, read_system
    from sparring.cli.ask import ask_relations

    if (data is None) == (only_data is None) or (model is None) != (data is None):
        raise typer.BadParameter("give MODEL and DATA, or --data FILE without a model")
    path = data or only_data
    assert path is not None
    X, y = read_table(path, target=target)
    asking = Asking(_loaded(model, allow), X, y, tuple(classes.split(",")) if classes else None, None)
    known = read_system(file) if file.exists() else System()
    columns = _columns(asking, known)
    seen = asking.relations(known, columns)
    relations = seen or None  # an empty list would say that somebody has looked
    asked = not (yes or no_input) and interactive()
    if asked:
        answers, choices = _ask(asking, columns, known, only_columns=only_columns)
        relations = ask_relations(seen) if seen else None
    else:
        answers, choices = known.answers, questions.prefill(columns)
        choices = choices if yes else questions.unknown(choices)
    _write(file, columns, choices, answers, relations)
    if not asked and not yes:
        say("nobody was asked: columns that nobody has spoken about say who: unknown; edit the file")


def _loaded(model: str | None, allow: list[str] | None) -> Any:
    if model is None:
        return None
    from sparring.cli.models import load_model

    return load_model(model, allow=allow).model


def _columns(asking: Asking, known: System) -> tuple[Column, ...]:
    from sparring import api

    return api.columns(asking.X, table=known.columns) if asking.model is None else asking.table(known.columns)


def _ask(asking: Asking, columns: tuple[Column, ...], known: System, *, only_columns: bool) -> tuple[Answers, Choices]:
    from sparring.cli.ask import ask

    return ask(columns, classes=asking.class_names(), known=known.answers, only_columns=only_columns)


def _write(
    file: Path, columns: tuple[Column, ...], choices: Choices, answers: Answers, relations: tuple[Relation, ...] | None
) -> None:
    """Write the file; what it said before lies beside it, word for word."""
    from sparring.assess import columns as tables
    from sparring.assess.system import write

    entries = {name: choice.entry for name, choice in choices.items()}
    if file.exists():
        backup = _free(file)
        shutil.copy2(file, backup)
        say(f"{file} existed: its answers are kept, and the old file with its comments is {backup}")
    write(file, tables.overlay(columns, entries), answers=answers, relations=relations)
    say(f"wrote {file}; edit it whenever you know more")


def _free(file: Path) -> Path:
    number = 1
    while (backup := file.with_name(f"{file.name}.{number}.bak")).exists():
        number += 1
    return backup
