"""`sparring decide`: write down what an owner decided about a finding, and until when. Loads no model."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from sparring.cli import options
from sparring.cli.console import say


def decide(
    finding: Annotated[
        str,
        typer.Argument(
            metavar="FINDING",
            help="A threat, such as evasion_query; an id, such as evasion/tree-search@columns; or @columns, for all.",
        ),
    ],
    *,
    decision: Annotated[str, typer.Option(help="mitigate, accept, transfer or avoid.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    approved_by: Annotated[
        str | None,
        typer.Option(help="Who else agreed; needed to accept or transfer, and from level High on; not the owner."),
    ] = None,
    compensating: Annotated[list[str] | None, typer.Option(help="What makes up for it meanwhile; repeatable.")] = None,
    days: Annotated[int, typer.Option(min=1, help="For how long it holds, 365 at most.")] = 90,
    folder: Annotated[Path, typer.Option(help="The assessment that it rests on.")] = options.DEFAULT_OUT,
    file: Annotated[Path, typer.Option(help="File to add to.")] = options.DEFAULT_DECISIONS,
) -> None:
    """Record a decision about a finding in security/decisions.yaml; an earlier one about it is replaced."""
    from pydantic import ValidationError

    from sparring.core.decisions import Decided
    from sparring.errors import DecisionError
    from sparring.govern.decisions import read, write
    from sparring.govern.derive import threat_model
    from sparring.govern.owners import check
    from sparring.govern.scenarios import level_of, risks
    from sparring.store import Archive

    current = Archive.read(folder)
    today = date.today()  # noqa: DTZ011  # a day, where the user is
    try:
        decided = Decided(
            finding=finding,
            decision=decision,
            owner=owner,
            approved_by=approved_by,
            reason=reason,
            compensating=tuple(compensating or ()),
            level=level_of(finding, current, risks(current, threat_model(current.answers, current.columns))),
            created=today,
            expires=today + timedelta(days=days),
            model_sha256=current.target.sha256,
            data_sha256=current.data.sha256,
            evidence=current.fingerprint,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        where = f"--{str(fault['loc'][0]).replace('_', '-')}: " if fault["loc"] else ""
        raise DecisionError(f"{where}{fault['msg'].removeprefix('Value error, ')}") from None
    check(decided, current=current)
    earlier = read(file, today=today) if file.is_file() else ()
    kept = [known for known in earlier if known.finding != finding]
    write(file, [*kept, decided])
    say(f"wrote {file}: {owner} decided to {decision} {finding} until {decided.expires} (recorded, not authenticated)")
    if len(kept) < len(earlier):
        say("an earlier decision about it was replaced; comments in the file are gone")
