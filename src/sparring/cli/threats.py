"""`sparring threats`: what the answers mean, written to security/threats.lock.json. Loads no model."""

from __future__ import annotations

import subprocess  # git is asked for an earlier version of the answers
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparring.cli import options
from sparring.cli.console import say, width

if TYPE_CHECKING:
    from sparring.assess.system import System
    from sparring.core.threat_model import ThreatModel


def threats(
    *,
    system: Annotated[Path, typer.Option(help="File of answers.")] = options.DEFAULT_SYSTEM,
    diff: Annotated[
        str | None, typer.Option(metavar="REV", help="Compare with the answers in this commit, and write nothing.")
    ] = None,
    lock: Annotated[Path, typer.Option(help="File to write.")] = options.DEFAULT_LOCK,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where the file is not up to date.")
    ] = False,
    settled: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE", help="Write nothing; exit with 1 where this stage has open questions, or no owner."
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Say which threats apply, which are assumed, and why; write security/threats.lock.json."""
    from sparring.assess.system import read_system
    from sparring.govern import lock as lock_file
    from sparring.govern.derive import columns_of, threat_model

    known = read_system(system)
    model = threat_model(known.answers, columns_of(known.columns))
    text = lock_file.text(model)
    if diff is not None:
        _compare(model, known, system, diff)
        return
    if check:
        _check(lock, text)
        return
    if settled is not None:
        _settled(settled, model, known)
        return
    lock_file.write(lock, model)
    if json:
        print(text, end="")
        return
    from sparring.report.text import as_text
    from sparring.report.threats import threat_summary

    print(as_text(threat_summary(model, source=str(system), file=str(lock)), width=width()), end="")


def _check(lock: Path, text: str) -> None:
    if lock.is_file() and lock.read_text(encoding="utf-8") == text:
        say(f"{lock} is up to date")
        return
    say(f"{lock} does not follow from the answers as they are now; run sparring threats, and commit it")
    raise typer.Exit(1)


def _settled(stage: str, model: ThreatModel, known: System) -> None:
    """Exit with 1 where a team has something to answer, or nobody answers for its threats.

    Raises
    ------
    OptionError
        There is no such stage.
    """
    from sparring.errors import OptionError
    from sparring.govern.brief import STAGES, unsettled
    from sparring.registry import unknown

    if stage not in STAGES:
        raise OptionError(unknown(stage, STAGES, what="--settled"))
    left = [item for item in unsettled(model, known.answers) if item.stage == stage]
    for item in left:
        print(textwrap.fill(f"{item.title}: {item.text}", width(), subsequent_indent="  "))
    if left:
        raise typer.Exit(1)
    print(f"Nothing is open for {stage}, and somebody answers for each threat that applies.")


def _compare(model: ThreatModel, known: System, system: Path, revision: str) -> None:
    from sparring.govern.derive import changed_facts, columns_of, compared, threat_model
    from sparring.report.threats import changes

    earlier = _earlier(system, revision)
    before = threat_model(earlier.answers, columns_of(earlier.columns))
    facts = [*changed_facts(earlier.answers, known.answers), *(["columns"] if earlier.columns != known.columns else [])]
    lines = list(changes(compared(before, model), model, facts))
    if not lines:
        lines = [f"No threat applies or ceases to apply since {revision}."]
    print("\n".join(textwrap.fill(line, width(), subsequent_indent="  ", break_on_hyphens=False) for line in lines))


def _earlier(system: Path, revision: str) -> System:
    """Read the answers of a commit.

    Raises
    ------
    OptionError
        There is no such commit, or no such file in it.
    UserError
        The file was no file of answers then.
    """
    from sparring.assess.system import read_system
    from sparring.errors import OptionError, UserError

    command = ["git", "-C", str(system.resolve().parent), "show", f"{revision}:./{system.name}"]
    if revision.startswith("-"):
        raise OptionError(f"--diff needs a commit, such as main or HEAD~1, got {revision!r}")
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # no shell
    except FileNotFoundError:
        raise OptionError("--diff needs git, and it is not installed; compare the files yourself") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise OptionError(f"git has no {system} in {revision}: {told[-1] if told else 'it said nothing'}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / system.name
        path.write_bytes(done.stdout)
        try:
            return read_system(path)
        except UserError as error:
            raise type(error)(str(error).replace(str(path), f"{revision}:{system}")) from None
