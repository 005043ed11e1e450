"""`sparring assess`: measure, and write a folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring.cli import options
from sparring.cli.console import Interrupted, interactive, say, typed, width
from sparring.cli.endpoint import announce, say_if_open

if TYPE_CHECKING:
    from sparring.api import Result
    from sparring.artifact import LoadedModel
    from sparring.assess.system import System
    from sparring.core.answers import Answers
    from sparring.core.relations import Relation
    from sparring.core.space import Column

DIRECTIONS = ("up", "down", "both")
MOST_CLASSES = 20
NOTABLE_S = 3.0  # what a person notices waiting for


def assess(
    model: options.Model,
    data: options.Data,
    *,
    target: options.Target,
    decision: Annotated[str | None, typer.Option(help='The rule that is really used, such as "bad >= 0.3".')] = None,
    attacker_wants: Annotated[str | None, typer.Option(help="The class that somebody gains from.")] = None,
    classes: options.Classes = None,
    shift: Annotated[float | None, typer.Option(help="For numbers: the movement that counts, in units of y.")] = None,
    direction: Annotated[str | None, typer.Option(help="For numbers: up, down or both (the default).")] = None,
    features: options.Features = None,
    out: options.Out = options.DEFAULT_OUT,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    only: Annotated[list[str] | None, typer.Option(help="Id of an attack or finding to run; repeatable.")] = None,
    budget: Annotated[str, typer.Option(help="Time for everything, such as 60s, 5m or 1h.")] = "60s",
    rng: Annotated[int | None, typer.Option("--rng", "--seed", min=0, help="Seed; recorded when drawn.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes; figures do not depend on it.")] = 1,
    columns: Annotated[Path | None, typer.Option(help="YAML file with who can set each column.")] = None,
    system: Annotated[Path | None, typer.Option(help="Answers and columns; default security/system.yaml.")] = None,
    train: Annotated[Path | None, typer.Option(help="Training rows, to look for overlap.")] = None,
    plan: Annotated[Path | None, typer.Option(help="An assessment.json whose effort is repeated.")] = None,
    allow: options.Allow = None,
    authorized_by: options.AuthorizedBy = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
) -> None:
    """Measure what misstated columns could do to a model."""
    from sparring import api
    from sparring.adapters.tables import read_table

    budget_s = api.seconds(budget)
    out_is_free(out, overwrite=overwrite)
    # data first: reading it runs nobody's code, and a swapped model and data is seen before anything is loaded
    X, y = read_table(data, target=target)
    rows_of_train = None if train is None else read_table(train, target=target)
    loaded = _load(model, allow, authorized_by, features)
    announce(loaded.model, X, source=str(data), budget_s=budget_s, dry_run=dry_run, yes=yes, silent=json or no_input)
    rule = Rule.of(decision, attacker_wants, classes, shift, direction)
    asking = Asking(loaded.model, X, y, rule.answers, rule.wants, yes=yes, silent=json or no_input)
    known = asking.known(columns=columns, system=system, out=None if overwrite else out)
    how = {"rng": rng, "only": only, "jobs": jobs, "plan": plan, "overwrite": overwrite}
    result = measure(
        budget_s,
        out,
        model=loaded.model,
        X=X,
        y=y,
        train=rows_of_train,
        **known.arguments,
        **rule.arguments,
        **how,
        record=loaded,
        source=str(data),
        target_name=target,
        command=typed(["sparring", *sys.argv[1:]]),
    )
    show(result, out, json=json)


@dataclass(frozen=True)
class Rule:
    """What counts as a success, as the options say it; the names are those of `sparring.assess`."""

    decision: str | None
    attacker_wants: str | None
    classes: tuple[str, ...] | None
    shift: float | None
    direction: str | None

    @classmethod
    def of(
        cls,
        decision: str | None,
        wants: str | None,
        classes: str | None,
        shift: float | None,
        direction: str | None,
    ) -> Rule:
        """Split the names of classes."""
        names = None if classes is None else tuple(name.strip() for name in classes.split(","))
        return cls(decision, wants, names, shift, direction)

    @property
    def answers(self) -> tuple[str, ...] | None:
        """What somebody may gain from, where that is known without the model."""
        return self.classes if self.shift is None else DIRECTIONS

    @property
    def wants(self) -> str | None:
        """What somebody gains from."""
        return self.direction or self.attacker_wants

    @property
    def arguments(self) -> dict[str, Any]:
        """The same for `sparring.assess`."""
        return vars(self).copy()


def _load(model: str, allow: list[str] | None, authorized_by: str | None, features: str | None) -> LoadedModel:
    from sparring.cli.models import behind, load_model

    loaded = load_model(model, allow=allow, authorized_by=authorized_by)
    return loaded if features is None else behind(loaded, features)


def out_is_free(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that is finished or in use before anybody answers questions or waits for a model to load.

    Raises
    ------
    OutputError
        The folder holds a complete assessment and may not be overwritten, or another run writes into it.
    """
    from sparring.errors import OutputError, UserError
    from sparring.store import DOCUMENT, Archive

    Archive.refuse_if_busy(out)
    if overwrite or not (out / DOCUMENT).is_file():
        return
    try:
        complete = Archive.read(out).complete
    except UserError:
        return  # the archive itself says what is wrong with it
    if complete:
        raise OutputError(
            f"{out} holds a complete assessment; add --overwrite to replace it, or choose another with --out"
        )


@dataclass(frozen=True)
class Known:
    """What is known about the world around the model, and from where.

    Parameters
    ----------
    columns : mapping, path or None
    system : path or None
    answers : Answers or None
    relations : tuple of Relation or None
    """

    columns: Any = None
    system: Path | None = None
    answers: Answers | None = None
    relations: tuple[Relation, ...] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The same for `sparring.assess`."""
        return vars(self).copy()


@dataclass(frozen=True)
class Asking:
    """Where answers come from: a file, an interrupted run, a person, our guesses, or nobody.

    Parameters
    ----------
    model, X, y : object
    classes : tuple of str or None
    wants : str or None
    yes : bool
        Accept the guesses.
    silent : bool
        Ask nothing, also on a terminal.
    """

    model: Any
    X: Any
    y: Any
    classes: tuple[str, ...] | None
    wants: str | None
    yes: bool = False
    silent: bool = False

    def known(self, *, columns: Path | None, system: Path | None, out: Path | None) -> Known:
        """Return what is known, and ask a person only where no file answers."""
        if system is None and columns is None and options.DEFAULT_SYSTEM.is_file():
            system = options.DEFAULT_SYSTEM
            say(f"answers and columns are taken from {system}")
        if columns is not None or system is not None:
            return self._from_files(columns, system)
        earlier = None if out is None else _interrupted(out)
        if earlier is not None:
            return earlier
        if self.yes:
            return self._guessed()
        if not self.silent and interactive():
            return self._asked()
        return Known()

    def _from_files(self, columns: Path | None, system: Path | None) -> Known:
        from sparring.assess.system import read_system

        if columns is None:
            return Known(system=system)
        answers = read_system(columns if system is None else system).answers
        # the path, not its content: complaints then name the line
        return Known(columns=columns, system=system, answers=answers.model_copy(update={"answered": True}))

    def table(self, known: Any = None) -> Any:
        """Infer the columns that the model is given, and lay what is known over them."""
        from sparring.assess import columns, subject

        frame = subject.adapter_for(self.model).conform(self.model, self.X)
        return columns.described(frame, known or {}, given=self.X)

    def relations(self, known: System, columns: tuple[Column, ...]) -> tuple[Relation, ...]:
        """Return what is known of relations, held against the data, and what the data suggest beyond that."""
        from sparring.assess import relations, subject

        frame = self.X if self.model is None else subject.adapter_for(self.model).conform(self.model, self.X)
        return relations.proposed(known.relations, frame, columns)

    def class_names(self) -> tuple[str, ...]:
        """Names of the answers that the model gives, as far as they can be told before it is asked."""
        if self.classes is not None:
            return self.classes
        found = getattr(self.model, "classes_", None)
        labels = sorted(self.y.unique().tolist(), key=str) if found is None else list(found)
        if found is None and len(labels) > MOST_CLASSES and all(isinstance(label, int | float) for label in labels):
            return DIRECTIONS  # so many numbers are no classes
        return tuple(str(label) for label in labels)

    def _asked(self) -> Known:
        from sparring.assess import questions
        from sparring.assess.facts import first_prompts
        from sparring.cli.ask import FOUR, Interview
        from sparring.core.answers import Answers

        given = Answers(wants=self.wants)
        interview = Interview(self.table(), classes=self.class_names(), known=given, given=given)
        say(f"\n{FOUR}")
        interview.run(first_prompts())
        say()
        return Known(columns=questions.table(interview.choices), answers=interview.answers)

    def _guessed(self) -> Known:
        from sparring.assess import questions
        from sparring.core.answers import Answers

        say("who can set each column is guessed from the names alone (--yes)")
        table = questions.table(questions.prefill(self.table()))
        return Known(columns=table, answers=Answers(wants=self.wants, answered=True))


def _interrupted(out: Path) -> Known | None:
    """Return the answers of a run that was interrupted, so that nobody is asked twice."""
    from sparring.errors import UserError
    from sparring.store import DOCUMENT, Archive

    if not (out / DOCUMENT).is_file():
        return None
    try:
        document = Archive.read(out)
    except UserError:
        return None
    kept = ("who", "change", "checked", "direction", "cost", "missing", "unseen", "kind")
    table = {
        column.name: {
            key: getattr(column, key) for key in kept if not (key == "direction" and column.kind == "category")
        }
        for column in document.columns
        if not column.assumed
    }
    say(f"{out} holds an interrupted run: its answers are taken, and it is continued")
    return Known(columns=table, answers=document.answers, relations=document.relations)


def measure(budget_s: float, out: Path, **arguments: Any) -> Result:
    """Run the assessment with progress on stderr; an interrupt says how to continue."""
    from sparring import api
    from sparring.cli.progress import Progress

    try:
        with Progress(budget_s) as progress:
            result = api.assess(**arguments, budget=budget_s, out=out, progress=progress)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; what was measured is in {out}, and the same command continues it") from None
    return result


def show(result: Result, out: Path, *, json: bool) -> None:
    """Print what was measured on stdout, and where the rest is on stderr."""
    from sparring.govern.brief import brief
    from sparring.report import render

    if json:
        print(render(result.assessment, format="json"), end="")
    else:
        said = brief(result.assessment)
        print(render(result.assessment, format="text", width=width(), detail="short", brief=said), end="")
    compiling = result.assessment.compile_s
    if compiling >= NOTABLE_S:
        say(f"\nCompiling the searches took {compiling:.0f} s before the budget began, and is done once on a machine.")
    if result.assessment.complete:
        say(f"\nThe whole report is {out / 'report.html'}; open it in a browser.")
    say_if_open(result.assessment, out)
