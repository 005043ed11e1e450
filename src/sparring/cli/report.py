"""`sparring report`: what a folder holds, in another form. Loads no model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from sparring.cli import options
from sparring.cli.console import say, width


def report(
    folder: options.Folder = options.DEFAULT_OUT,
    format: Annotated[str, typer.Option(help="html, markdown, json or text.")] = "text",  # noqa: A002  # its name everywhere
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

    known = tuple(name for name in get_args(Format) if name != "notebook")
    if format not in known:
        raise OptionError(unknown(format, known, what="--format"))
    assessment = Archive.read(folder)
    rows = Archive.read_examples(folder) if with_rows and folder.is_dir() else None
    text = render(assessment, format=cast("Format", format), width=width(), rows=rows)
    if output is None:
        print(text.rstrip("\n"))
    else:
        _save(output, text)


def _save(output: Path, text: str) -> None:
    from sparring.errors import OutputError

    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{output} cannot be written: {error.strerror}; choose another file") from None
    say(f"wrote {output}")
