"""Write the outputs in docs/explanation/beliefs.md as the command line prints them: tools/write_belief_page.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "beliefs.md"
MAIN = "import sys; sys.argv[0] = 'sparring'; from sparring.cli import main; main()"
REFUTED = ("belief", "M01", "--guess", "5%", "--folder", "sparring-demo")
NOT_REFUTED = ("belief", "M15", "--guess", "10%", "--folder", "second-bank")
ONLY = ("evasion/hand-edit@columns", "evasion/hop-skip-jump@columns", "evasion/tree-proof@columns")
UNCHECKED = "telephone"


def outputs(folder: Path) -> dict[str, str]:
    """Assess the model of the demonstration for two banks in a folder; return what is printed, by command."""
    _run(folder, "demo")
    _second_bank(folder / "second-bank")
    return {" ".join(("sparring", *command)): _run(folder, *command) for command in (REFUTED, NOT_REFUTED)}


def in_page(page: str, printed: dict[str, str]) -> str:
    """Put what was printed into the page, each below its command."""
    for command, text in printed.items():
        block = re.compile(rf"(```console\n\$ {re.escape(command)}\n).*?(```\n)", re.DOTALL)
        page, found = block.subn(lambda match, text=text: match[1] + text + match[2], page)
        assert found == 1, command
    return page


def _second_bank(folder: Path) -> None:
    """Assess the same model for a bank that looks up all but one of the entries."""
    import sparring
    from sparring.core.answers import Answers

    demo = import_module("sparring.cli.demo")
    known = yaml.safe_load(demo.columns_file().read_text(encoding="utf-8"))
    stated = [name for name, said in known["columns"].items() if said["who"] == "anyone" and name != UNCHECKED]
    checked = {name: {**known["columns"][name], "checked": "always"} for name in stated}
    model, X, y = demo.train()
    result = sparring.assess(
        model,
        X,
        y,
        columns=known["columns"] | checked,
        answers=Answers(**known["answers"], answered=True),
        decision=demo.DECISION,
        attacker_wants=demo.WANTS,
        only=ONLY,
        budget=demo.BUDGET_S,
        rng=demo.SEED,
    )
    result.save(folder)


def _run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "COLUMNS": "80"}
    command = [sys.executable, "-c", MAIN, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8"), outputs(Path(name))), encoding="utf-8")
