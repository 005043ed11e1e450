"""`sparring explain`: plain words about an attack, a figure, a doubt or a finding. Loads no model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sparring.cli import options
from sparring.cli.console import width


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="WHAT", help="An attack, a finding, a figure, a doubt, a word, a column; nothing lists them."
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Results to speak of, if it exists.")] = options.DEFAULT_OUT,
) -> None:
    """Say what an attack, a figure, a doubt or a word means."""
    from sparring import report
    from sparring.store import DOCUMENT, Archive

    columns = min(width(), 100)
    if what is None:
        print(report.topics(width=columns), end="")
        return
    document = Archive.read(folder) if (folder / DOCUMENT).is_file() else None
    print(report.explain(what, document, width=columns), end="")
