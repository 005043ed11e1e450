"""Before a served model is asked: say what would be sent where, and let somebody agree."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sparring.cli.console import Interrupted, clean, interactive, say

if TYPE_CHECKING:
    from sparring.adapters.endpoint_mapping import Endpoint
    from sparring.core.document import Assessment

WARNING = (
    "warning: behind a served model each row can become a real application, a fee, a log\n"
    "entry, an alert or a block of whoever asks. Ask a test instance where there is one, and\n"
    "only what its owner has allowed you to ask."
)
SHOWN = 8


def announce(model: object, X: Any, *, source: str, budget_s: float, dry_run: bool, yes: bool, silent: bool) -> None:
    """Print the plan of a served model's requests, and go on only where somebody agrees; nothing is sent before.

    Parameters
    ----------
    model : object
        Whatever MODEL was; only an endpoint is announced.
    X : DataFrame of shape (n, d)
    source : str
        Where the rows came from.
    budget_s : float
    dry_run : bool
        Stop after the plan.
    yes : bool
        Somebody has agreed already.
    silent : bool
        Ask nobody.

    Raises
    ------
    OptionError
        Nobody agreed and nobody can be asked, or there is nothing to announce.
    """
    from sparring.adapters.endpoint_mapping import Endpoint
    from sparring.errors import OptionError

    if not isinstance(model, Endpoint):
        if dry_run:
            raise OptionError("--dry-run announces the requests to an endpoint, and MODEL is none; leave it out")
        return
    say(plan(model, X, source=source, budget_s=budget_s))
    if dry_run:
        say("\nnothing was sent (--dry-run)")
        raise typer.Exit
    if yes:
        return
    if silent or not interactive():
        raise OptionError("requests are sent once somebody agrees to the plan above: add --yes")
    print("\nSend these requests? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Interrupted("nothing was sent")


def say_if_open(document: Assessment, out: Path) -> None:
    """End a run whose model stopped answering as one that was interrupted."""
    if document.complete:
        return
    last = next((f for f in document.findings if f.stopped_by == "interrupt"), None)
    why = [last.reason, *(c.text for c in last.caveats if c.code == "broke-off")] if last else []
    text = next((reason for reason in why if reason), "the model stopped answering")
    raise Interrupted(f"{text.rstrip('.')}; what was measured is in {out}, and the same command continues it")


def plan(endpoint: Endpoint, X: Any, *, source: str, budget_s: float) -> str:
    """Return what would be sent where, how much of it and how fast, as lines for a terminal."""
    from sparring.adapters.endpoint import SHARE_OF_DATA, EndpointAdapter

    frame = EndpointAdapter().conform(endpoint, X)
    once, batch = min(len(X), endpoint.max_queries // SHARE_OF_DATA), endpoint.request.batch
    fewest = -(-endpoint.max_queries // batch)
    at_this_pace = f"{_time(fewest / endpoint.rps)} to {_time(endpoint.max_queries / endpoint.rps)}"
    lines = [
        f"This run sends rows to {endpoint.shown}",
        f"  rows      at most {endpoint.max_queries:,} (max_queries); checks and repeated requests count",
        f"  of these  {once:,} of the {len(X):,} rows of {clean(source)} as they are, the rest edits of some",
        f"  columns   {_columns(endpoint, [str(name) for name in frame.columns])}",
        f"  pace      at most {endpoint.rps:g} requests a second (rps), up to {batch:,} rows each",
        f"  time      {budget_s:g} s at most (--budget); so many rows take {at_this_pace} at this pace",
        f"  headers   {_headers(endpoint)}",
        f"  allowed   by {clean(endpoint.authorized_by)} (recorded, not authenticated)",
        WARNING,
    ]
    if endpoint.parts.scheme == "http":
        lines.append("warning: http is not encrypted: whoever is on the way can read rows and headers.")
    return "\n".join(lines)


def _columns(endpoint: Endpoint, names: list[str]) -> str:
    renamed = endpoint.request.column_map
    shown = [f"{name} as {renamed[name]}" if name in renamed else name for name in names]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more


def _headers(endpoint: Endpoint) -> str:
    endpoint.header_values()  # a variable that is not set is known before anybody agrees
    names = [*endpoint.headers, *(["Authorization (from url)"] if endpoint.parts.username else [])]
    return ", ".join(names) + " (values are never shown or recorded)" if names else "none of yours"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
