"""`sparring belief`: hold a belief about a model against what was measured; the guess comes first. Loads no model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparring.cli import options
from sparring.cli.console import interactive, say, width

if TYPE_CHECKING:
    from sparring.core.belief import Tried
    from sparring.core.document import Assessment
    from sparring.knowledge import BeliefEntry

WIDEST = 100


def belief(
    name: Annotated[str | None, typer.Argument(metavar="BELIEF", help="Such as M01; --list shows them.")] = None,
    *,
    list: Annotated[bool, typer.Option("--list", help="List all beliefs.")] = False,  # noqa: A002  # its name everywhere
    guess: Annotated[
        str | None, typer.Option(help="The share that you expect, such as 5%; asked on a terminal.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="The assessment to hold it against.")] = options.DEFAULT_OUT,
    tolerance: Annotated[float, typer.Option(help="Share of rows that you tolerate, as a fraction.")] = 0.05,
    with_: Annotated[
        Path | None, typer.Option("--with", metavar="FOLDER", help="For M03: assessment of a second model.")
    ] = None,
    tried: Annotated[int | None, typer.Option(help="For M04: cases that people tried to turn by hand.")] = None,
    broke: Annotated[int | None, typer.Option(help="For M04: how many of them they turned.")] = None,
    json: options.Json = False,
) -> None:
    """Hold a belief about your model against what was measured: refuted, or not refuted with an upper bound."""
    from sparring.errors import OptionError
    from sparring.govern.beliefs import belief as find
    from sparring.govern.beliefs import settle
    from sparring.report.belief import belief_card, list_beliefs, render_belief
    from sparring.store import Archive

    columns = min(width(), WIDEST)
    if list:
        print(_as_json() if json else list_beliefs(width=columns).rstrip("\n"))
        return
    if name is None:
        raise OptionError("belief needs the name of one, such as M01; sparring belief --list shows them")
    entry = find(name)
    if not 0 <= tolerance < 1:
        raise OptionError(f"--tolerance must be a fraction from 0 to below 1, such as 0.05, got {tolerance:g}")
    share = None if guess is None else percentage(guess)
    counts = _tried(entry, tried, broke)
    _fits(entry, with_)
    document = None if entry.settled_by is None else _finished(Archive.read(folder), folder)
    other = None if with_ is None else _finished(Archive.read(with_), with_)
    if share is None and entry.settled_by is not None and interactive() and not json:
        say(belief_card(entry, width=columns).rstrip("\n"))
        share = _ask()
    found = settle(entry.name, document, guess=share, tolerance=tolerance, other=other, tried=counts)
    if json:
        print(found.model_dump_json(indent=2))
        return
    print(render_belief(entry, found, width=columns).rstrip("\n"))


def percentage(text: str) -> float:
    """Read a percentage, with or without its sign, as a fraction.

    Raises
    ------
    OptionError
        It is none.

    Examples
    --------
    >>> percentage("5%"), percentage("12,5 %")
    (0.05, 0.125)
    """
    from sparring.errors import OptionError

    bare = text.strip().removesuffix("%").strip().replace(",", ".")
    try:
        value = float(bare)
    except ValueError:
        value = -1.0
    if 0 < value < 1 and "%" not in text:
        raise OptionError(
            f"a guess must say whether it is a percentage: {100 * value:g}% or {value:g}%, got {text.strip()!r}"
        )
    if not 0 <= value <= 100:
        raise OptionError(f"a guess must be a percentage from 0 to 100, such as 5%, got {text.strip()[:40]!r}")
    return value / 100


def _ask() -> float | None:
    """Ask for a guess until it can be read; an empty line or the end of input is none."""
    from sparring.errors import OptionError

    say("\nYour guess, in percent, before the result is shown. Enter alone: no guess.")
    while True:
        print("      > ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            say()
            return None
        try:
            share = percentage(line)
        except OptionError as error:
            say(f"        {error}")
            continue
        say()
        return share


def _finished(document: Assessment, folder: Path) -> Assessment:
    from sparring.errors import UserError

    if not document.complete:
        raise UserError(f"{folder} must be complete to settle a belief; run the same assess command again to finish it")
    return document


def _tried(entry: BeliefEntry, tried: int | None, broke: int | None) -> Tried | None:
    """Return what people tried; both counts or none.

    Raises
    ------
    OptionError
        They do not fit together, or not to this belief.
    """
    from sparring.core.belief import Tried
    from sparring.errors import OptionError
    from sparring.govern.beliefs import PEOPLE

    if tried is None and broke is None:
        return None
    if entry.settled_by != PEOPLE:
        raise OptionError(f"--tried and --broke belong to M04, got them with {entry.name}; leave them out")
    if tried is None or broke is None or tried < 1 or not 0 <= broke <= tried:
        raise OptionError(
            f"--tried must be 1 or more and --broke from 0 to that, got --tried {tried} and --broke {broke}; "
            "count cases, not edits"
        )
    return Tried(cases=tried, broken=broke)


def _fits(entry: BeliefEntry, other: Path | None) -> None:
    """Refuse a second assessment where one is enough.

    Raises
    ------
    OptionError
        There is one.
    """
    from sparring.errors import OptionError
    from sparring.govern.beliefs import TWO_MODELS

    if other is not None and entry.settled_by != TWO_MODELS:
        raise OptionError(f"--with belongs to M03, which compares two models, got it with {entry.name}; leave it out")


def _as_json() -> str:
    import json

    from sparring.knowledge import load

    return json.dumps(
        [entry.model_dump(mode="json") for entry in load().beliefs.values()], indent=2, ensure_ascii=False
    )
