"""`sparring gate`: hold an assessment against a policy and the assessment that was accepted before. Loads no model."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from sparring.cli import options
from sparring.cli.console import say, width

if TYPE_CHECKING:
    from sparring.core.document import Assessment
    from sparring.core.policy import GateReport, Policy
    from sparring.core.threat_model import ThreatModel
    from sparring.report.gate import GateFormat

PROJECT = Path("pyproject.toml")
BASELINE = Path("security") / "baseline.json"
FAILED = 1


def gate(
    folder: options.Folder = options.DEFAULT_OUT,
    *,
    mode: Annotated[str | None, typer.Option(help="observe, ratchet or enforce; default: observe.")] = None,
    margin: Annotated[float | None, typer.Option(help="Worsening of success that is borne; default 0.05.")] = None,
    max_success: Annotated[
        list[str] | None, typer.Option(help="Success that is borne, as columns=0.3; repeatable.")
    ] = None,
    baseline: Annotated[Path, typer.Option(help="The assessment that was accepted before.")] = BASELINE,
    decisions: Annotated[Path, typer.Option(help="What was decided about findings.")] = options.DEFAULT_DECISIONS,
    threats: Annotated[Path, typer.Option(help="What follows from the answers, as sparring threats wrote it.")] = (
        options.DEFAULT_LOCK
    ),
    set_baseline: Annotated[
        bool, typer.Option("--set-baseline", help="Accept this assessment: write it as the baseline.")
    ] = False,
    format: Annotated[str, typer.Option(help="text, markdown, json, junit or sarif.")] = "text",  # noqa: A002  # its name everywhere
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; default: stdout.")] = None,
) -> None:
    """Compare results with a policy and a baseline; exits with 1 where they fail."""
    from sparring.errors import OptionError
    from sparring.registry import unknown
    from sparring.report.gate import GateFormat, render_gate
    from sparring.store import DOCUMENT, Archive

    known = get_args(GateFormat)
    if format not in known:
        raise OptionError(unknown(format, known, what="--format"))
    policy = _policy(mode, margin, max_success)
    current = Archive.read(folder)
    if set_baseline:
        _accept(current, folder, baseline)
    report = _report(current, policy, folder, baseline=baseline, decisions=decisions, threats=threats)
    source = (folder / DOCUMENT if folder.is_dir() else folder).as_posix()
    text = render_gate(report, format=cast("GateFormat", format), width=width(), source=source)
    if output is None:
        print(text.rstrip("\n"))
    else:
        from sparring.store.whole import write_whole

        write_whole(output, text)
        say(f"wrote {output}")
    if report.failed:
        raise typer.Exit(FAILED)


def _report(
    current: Assessment, policy: Policy, folder: Path, *, baseline: Path, decisions: Path, threats: Path
) -> GateReport:
    """Hold an assessment against what the files say that there are."""
    from datetime import date
    from functools import partial

    from sparring.govern import lock
    from sparring.govern.decisions import read
    from sparring.govern.gate import judged
    from sparring.govern.owners import check
    from sparring.store import Archive

    before = Archive.read(baseline) if baseline.is_file() else None
    today = date.today()  # noqa: DTZ011  # a day, where the user is
    fits = partial(check, current=current)
    decided = read(decisions, today=today, check=fits) if decisions.is_file() else ()
    model = lock.read(threats) if threats.is_file() else None
    follows = _follows(model)
    return judged(
        current, before, policy, folder=str(folder), decisions=decided, threats=model, follows=follows, today=today
    )


def _follows(model: ThreatModel | None) -> bool | None:
    """Whether a threat model is what the answers in the usual place give; None where there are no answers."""
    from sparring.assess.system import read_system
    from sparring.govern.derive import columns_of, threat_model

    if not options.DEFAULT_SYSTEM.is_file():
        return None
    known = read_system(options.DEFAULT_SYSTEM)
    return threat_model(known.answers, columns_of(known.columns)) == model


def _policy(mode: str | None, margin: float | None, max_success: list[str] | None) -> Policy:
    """Put together what the project says and what options say over it.

    Raises
    ------
    OptionError
        Something in it is not known or out of range.
    """
    from pydantic import ValidationError

    from sparring.core.policy import Policy
    from sparring.errors import OptionError

    said: dict[str, Any] = {
        **_project(),
        **{k: v for k, v in {"mode": mode, "margin": margin}.items() if v is not None},
    }
    if max_success:
        said["max_success"] = {**said.get("max_success", {}), **dict(map(_borne, max_success))}
    try:
        policy = Policy.model_validate(said)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise OptionError(f"the policy's {where} is wrong: {fault['msg']}, got {fault['input']!r}") from None
    for objective, most in policy.max_success.items():
        if objective not in ("columns", "spread", "cost") or not 0 <= most <= 1:
            raise OptionError(
                f"what is borne must read columns, spread or cost, and a share from 0 to 1, got {objective}={most:g}"
            )
    return policy


def _borne(text: str) -> tuple[str, float]:
    from sparring.errors import OptionError

    objective, _, most = text.partition("=")
    try:
        return objective.strip(), float(most)
    except ValueError:
        raise OptionError(f"--max-success must read columns=0.3, got {text!r}") from None


def _project() -> dict[str, Any]:
    """Return `[tool.sparring.gate]` of pyproject.toml, where there is one.

    Raises
    ------
    OptionError
        The file is no TOML, or the table is none.
    """
    from sparring.errors import OptionError

    try:
        found = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise OptionError(f"{PROJECT} must be TOML that can be read: {str(error).splitlines()[0]}") from None
    table = found.get("tool", {}).get("sparring", {}).get("gate", {})
    if not isinstance(table, dict):
        raise OptionError(f"[tool.sparring.gate] in {PROJECT} must be a table, got {table!r}")
    return table


def _accept(current: Assessment, folder: Path, baseline: Path) -> None:
    """Write the baseline, without any row's content.

    Raises
    ------
    UserError
        The assessment is not complete.
    """
    from sparring.errors import UserError
    from sparring.store.whole import write_whole

    if not current.complete:
        raise UserError(f"{folder} must be complete to be a baseline; run the same assess command again to finish it")
    bare = tuple(finding.model_copy(update={"edits": ()}) for finding in current.findings)
    write_whole(baseline, current.model_copy(update={"findings": bare}).model_dump_json(indent=1) + "\n")
    say(f"wrote {baseline}: it holds row numbers and sizes, and no row's content; commit it")
