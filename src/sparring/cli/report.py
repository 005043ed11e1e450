"""`sparring report`: what a folder holds, in another form. Loads no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from sparring.cli import options
from sparring.cli.console import say, width

if TYPE_CHECKING:
    from sparring.core.brief import Brief
    from sparring.core.document import Assessment


def report(
    folder: options.Folder = options.DEFAULT_OUT,
    format: Annotated[str, typer.Option(help="html, markdown, json, text, card or tickets.")] = "text",  # noqa: A002  # its name everywhere
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: stdout.")] = None,
    with_rows: Annotated[
        bool, typer.Option("--with-rows", help="Show whole rows, which are personal data, under a banner.")
    ] = False,
) -> None:
    """Print what a folder of results holds, in another form."""
    from sparring.errors import OptionError
    from sparring.registry import unknown
    from sparring.report import Format, render
    from sparring.store import Archive

    known = (*(name for name in get_args(Format) if name != "notebook"), "card", "tickets")
    if format not in known:
        raise OptionError(unknown(format, known, what="--format"))
    assessment = Archive.read(folder)
    brief = _brief(assessment)
    if format == "tickets":
        _tickets(brief, folder, output)
        return
    rows = Archive.read_examples(folder) if with_rows and folder.is_dir() else None
    if format == "card":
        from sparring.report.tickets import card

        text = card(assessment, brief)
    else:
        text = render(assessment, format=cast("Format", format), width=width(), rows=rows, brief=brief)
    if output is None:
        print(text.rstrip("\n"))
    else:
        _save(output, text)


def _tickets(brief: Brief, folder: Path, output: Path | None) -> None:
    """Write one file for each finding and team into a folder; tickets that are no longer open are removed.

    Raises
    ------
    OptionError
        No folder was named.
    """
    from sparring.errors import OptionError
    from sparring.report.tickets import TICKET, tickets
    from sparring.store.whole import write_whole

    if output is None or output.is_file():
        raise OptionError(
            "--format tickets writes one file for each finding: name a folder with --output security/tickets"
        )
    made = tickets(brief, source=str(folder))
    for name, text in made.items():
        write_whole(output / name, text)
    for file in output.glob("*.md"):
        if file.name not in made and file.read_bytes().startswith(TICKET.encode()):
            file.unlink()
    say(f"wrote {len(made)} tickets into {output}")


def _brief(assessment: Assessment) -> Brief:
    """Say what it means for people, with what they have decided."""
    from datetime import date

    from sparring.govern.brief import brief
    from sparring.govern.decisions import read

    today, file = date.today(), options.DEFAULT_DECISIONS  # noqa: DTZ011  # a day, where the user is
    return brief(assessment, decisions=read(file, today=today) if file.is_file() else (), today=today)


def _save(output: Path, text: str) -> None:
    from sparring.errors import OutputError

    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror}; choose another file") from None
    say(f"wrote {output}")
