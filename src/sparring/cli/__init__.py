"""The door for a terminal: one file for each sub-command. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from sparring.cli.assess import assess
from sparring.cli.belief import belief
from sparring.cli.console import knock
from sparring.cli.decide import decide
from sparring.cli.demo import demo
from sparring.cli.explain import explain
from sparring.cli.gate import gate
from sparring.cli.init import init
from sparring.cli.plugins import plugins
from sparring.cli.report import report
from sparring.cli.threats import threats

__all__ = ["app", "main"]

app = typer.Typer(
    name="sparring",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its imports would take longer than all of ours
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (demo, init, assess, explain, threats, belief, decide, gate, report, plugins):
    app.command()(knock(command))


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        print(f"sparring {version('sparring')}")
        raise typer.Exit


@app.callback()
def _sparring(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Show what an adversary could do to your model on your data, how sure that is, and what it would cost.

    Exit codes: 0 done; 1 a verdict against the model; 2 the input is wrong; 3 interrupted, and the same command
    continues.
    """


def main() -> None:
    """Run the command line."""
    app()
