"""`sparring init`: ask, and write security/system.yaml."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring.cli import options
from sparring.cli.assess import Asking
from sparring.cli.console import Interrupted, interactive, say

if TYPE_CHECKING:
    from sparring.artifact import LoadedModel
    from sparring.assess.questions import Choices
    from sparring.assess.system import System
    from sparring.cli.ask import Interview
    from sparring.core.answers import Answers
    from sparring.core.relations import Relation
    from sparring.core.space import Column

FORMATS = {"pickle": "pickle", "joblib": "pickle", "import": "code", "endpoint": "served"}
"""By how a model was loaded: how it is stored; anything else is the format of a library."""


def init(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="Model, as for assess; may be left out with --data.")
    ] = None,
    data: Annotated[Path | None, typer.Argument(metavar="DATA", help="Rows, as for assess.")] = None,
    *,
    target: options.Target,
    only_data: Annotated[Path | None, typer.Option("--data", help="Rows, when there is no model yet.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Ask all fifteen questions instead of four.")] = False,
    only_columns: Annotated[bool, typer.Option("--columns", help="Ask about the columns table alone.")] = False,
    answers: Annotated[
        Path | None, typer.Option(help="Take answers from a file of the same form, and ask only for the rest.")
    ] = None,
    file: Annotated[Path, typer.Option(help="File to write.")] = options.DEFAULT_SYSTEM,
    classes: options.Classes = None,
    allow: options.Allow = None,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
) -> None:
    """Ask about facts around the model, and write security/system.yaml."""
    from sparring.adapters.tables import read_table
    from sparring.assess.system import System, read_system

    if (data is None) == (only_data is None) or (model is None) != (data is None):
        raise typer.BadParameter("give MODEL and DATA, or --data FILE without a model")
    if full and only_columns:
        raise typer.BadParameter("--full asks about everything and --columns about the table alone; give one of them")
    path = data or only_data
    assert path is not None
    # files of answers first: nothing is loaded and nobody is asked for one that cannot be read
    given = System() if answers is None else read_system(answers, cure="name a file that is there")
    known = read_system(file) if file.exists() else System()
    X, y = read_table(path, target=target)
    loaded = _loaded(model, allow)
    asking = Asking(
        None if loaded is None else loaded.model, X, y, tuple(classes.split(",")) if classes else None, None
    )
    work = Work(file, asking, known, given, loaded)
    if yes or no_input or not interactive():
        work.write(work.unasked(accept=yes))
        if not yes:
            say("nobody was asked: columns that nobody has spoken about say who: unknown; edit the file")
        work.say_open(in_full=False)
        return
    work.ask(full=full, only_columns=only_columns)
    work.say_open(in_full=full)


def _loaded(model: str | None, allow: list[str] | None) -> LoadedModel | None:
    if model is None:
        return None
    from sparring.cli.models import load_model

    return load_model(model, allow=allow)


class Work:
    """What the file says, what is given beside it, and what is said now.

    Parameters
    ----------
    file : Path
    asking : Asking
        Model and data.
    known : System
        What the file says.
    given : System
        What a file of answers says.
    loaded : LoadedModel or None

    Raises
    ------
    ColumnsError
        One of the two files does not fit the data; the message names the line.
    """

    def __init__(self, file: Path, asking: Asking, known: System, given: System, loaded: LoadedModel | None) -> None:
        from sparring.assess.system import System
        from sparring.assess.system_parts import ColumnsTable

        self.file, self.asking, self.known, self.given = file, asking, known, given
        self.before = self._columns(known.columns)
        self._columns(given.columns)  # complaints about it name its own lines
        merged = {name: {**known.columns.get(name, {}), **entry} for name, entry in given.columns.items()}
        table = ColumnsTable({**known.columns, **merged}, source=known.columns.source, lines=known.columns.lines)
        self.columns = self._columns(table)
        said = known.relations if given.relations is None else given.relations
        self.seen = asking.relations(System(relations=said), self.columns)
        self.answers = self._detected(_merged(known.answers, given.answers), loaded)

    def _columns(self, table: Any) -> tuple[Column, ...]:
        from sparring import api

        asking = self.asking
        found: tuple[Column, ...] = api.columns(asking.X, table=table) if asking.model is None else asking.table(table)
        return found

    def _detected(self, answers: Answers, loaded: LoadedModel | None) -> Answers:
        """Add what data and model tell; what a person wrote there stays."""
        from sparring.assess.facts import facts

        found: dict[str, Any] = {"data_kind": "table"}
        if loaded is not None:
            found["file_format"] = FORMATS.get(loaded.loader, "native")
        told = [facts()[name].options[code] for name, code in found.items()]
        say("; ".join(f"{part}: {text}" for part, text in zip(("data", "model"), told, strict=False)))
        for name, code in found.items():
            written = getattr(answers, name)
            if written not in (None, code):
                say(f"{self.file} says {name}: {written}, and it looks like {code}; edit it if that is wrong")
        new = {name: code for name, code in found.items() if getattr(answers, name) is None}
        return answers.model_copy(update=new)

    def unasked(self, *, accept: bool) -> Said:
        """Return what is known when nobody is asked; `accept` takes guesses for answers."""
        from sparring.assess import questions

        choices = questions.prefill(self.columns)
        return Said(self.answers, choices if accept else questions.unknown(choices), self._open_relations())

    def ask(self, *, full: bool, only_columns: bool) -> None:
        """Ask, and write; an interrupt writes what was answered so far.

        Raises
        ------
        Interrupted
            Somebody pressed Ctrl-C.
        """
        from sparring.assess.facts import all_prompts, facts, first_prompts
        from sparring.cli.ask import ALL, FOUR, Interview
        from sparring.cli.ask_columns import ask_relations

        given = self.given.answers.model_copy(update={"answered": self._all_columns_given()})
        interview = Interview(self.columns, classes=self.asking.class_names(), known=self.answers, given=given)
        relations = self._open_relations()
        try:
            if only_columns:
                interview.ask_columns(facts()["columns"].ask)
            else:
                say(f"\n{ALL if full else FOUR}")
                interview.run(all_prompts() if full else first_prompts())
            if (full or only_columns) and self.seen and self.given.relations is None:
                relations = ask_relations(self.seen)
        except KeyboardInterrupt:
            raise Interrupted(self._stopped(interview)) from None
        say()
        self.write(Said(interview.answers, interview.choices, relations))

    def _stopped(self, interview: Interview) -> str:
        if not interview.heard:
            return f"interrupted before the first answer; {self.file} is as it was"
        say()
        self.write(Said(interview.answers, interview.choices, self._open_relations()))
        return f"interrupted; what was answered so far is in {self.file}, and the same command goes on from there"

    def _all_columns_given(self) -> bool:
        asked = {column.name for column in self.columns if column.kind != "carried"}
        return bool(self.given.columns) and asked <= set(self.given.columns)

    def _open_relations(self) -> tuple[Relation, ...] | None:
        """Return relations to write down when nobody is asked: those of a file of answers, or else suggestions."""
        if self.given.relations is not None:
            return self.given.relations
        # an empty list would say that somebody has looked, and where somebody has, nothing is added
        return self.seen or None if self.known.relations is None else None

    def write(self, said: Said) -> None:
        """Change the file where it says something else now, or write the first one."""
        from sparring.assess import columns as tables
        from sparring.assess import rewrite

        self.answers = said.settled
        entries = {name: choice.entry for name, choice in said.choices.items()}
        after = tables.overlay(self.columns, entries)
        if not self.file.exists():
            rewrite.replace(self.file, after, answers=said.answers, relations=said.relations)
            say(f"wrote {self.file}; edit it whenever you know more")
            return
        changed = rewrite.changes(self.known, said.answers, before=self.before, after=after, relations=said.relations)
        try:
            touched = rewrite.update(self.file, changed)
        except rewrite.Unpatchable as error:
            relations = self.known.relations if said.relations is None else said.relations
            backup = rewrite.replace(self.file, after, answers=said.answers, relations=relations)
            say(f"{self.file} was written anew, since {error}; the old file with its comments is {backup}")
            return
        told = "changed; everything else in it is as it was" if touched else "as it was: nothing new was said"
        say(f"{self.file} is {told}")

    def say_open(self, *, in_full: bool) -> None:
        """Say what is assumed, and who would know; after a short run only how much."""
        from sparring.govern.open_questions import open_questions, to_do

        found = open_questions(self.answers)
        if not found:
            return
        if in_full:
            say(f"\n{to_do(found)}")
        told = f"{len(found)} facts are open, and the worst plausible answer counts for each until somebody says more"
        more = (
            ". Ask the teams above, and write down what they say." if in_full else "; `sparring init --full` asks them."
        )
        say(("\n" if in_full else "") + textwrap.fill(told + more, 79))


@dataclass(frozen=True)
class Said:
    """What is to be written.

    Parameters
    ----------
    answers : Answers
    choices : dict of str to Choice
    relations : tuple of Relation or None
        None: nothing new.
    """

    answers: Answers
    choices: Choices
    relations: tuple[Relation, ...] | None

    @property
    def settled(self) -> Answers:
        """The answers, with whether every column was spoken about."""
        spoken = all(choice.who != "unknown" for choice in self.choices.values())
        return self.answers.model_copy(update={"answered": spoken})


def _merged(known: Answers, given: Answers) -> Answers:
    """Lay the answers of a file over those that were known."""
    new = {name: value for name, value in given if value is not None and name not in ("owners", "answered")}
    return known.model_copy(update={**new, "owners": {**known.owners, **given.owners}})
