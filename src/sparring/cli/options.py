"""Arguments and options that several commands share, with one wording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_OUT = Path("sparring-out")
DEFAULT_SYSTEM = Path("security") / "system.yaml"
DEFAULT_DECISIONS = Path("security") / "decisions.yaml"
DEFAULT_LOCK = Path("security") / "threats.lock.json"

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help=(
            "Model file (joblib, pickle, json, ubj, txt, cbm); package.module:object, which runs that code; or a "
            "mapping to a served model (yaml)."
        ),
    ),
]
Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="Rows to assess: CSV or Parquet with a header; not the training rows.")
]
Target = Annotated[str, typer.Option(help="Column that holds the true class, or the true value of what is predicted.")]
Classes = Annotated[
    str | None, typer.Option(help="Names of the outputs of a model file that has none, in order: bad,good")
]
Allow = Annotated[
    list[str] | None,
    typer.Option(help="Let a model file load this one more thing, as module:name; repeatable, recorded."),
]
AuthorizedBy = Annotated[
    str | None, typer.Option(help="Who allowed the requests to a served model; recorded, not authenticated.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent to a served model, and stop.")]
Features = Annotated[
    str | None,
    typer.Option(help="Function that makes the model's columns of the raw ones, as module:function; runs that code."),
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that assess wrote.")]
Out = Annotated[Path, typer.Option(help="Folder to write to; an interrupted run there is continued.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the results that the folder holds.")]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes", help="Ask nothing: accept the guess at who can set each column, and the requests to a served model."
    ),
]
NoInput = Annotated[bool, typer.Option("--no-input", help="Ask nothing: what is not known counts as changeable.")]
Json = Annotated[bool, typer.Option("--json", help="Print data only, as JSON.")]
