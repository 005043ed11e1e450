"""A door for hooks: the files under `security/` before each commit. It starts at once, so it has no other commands."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

USAGE = """\
usage: sparring-check [FILE | FOLDER ...]

Read security/decisions.yaml, security/system.yaml and security/baseline.json, those that are there, and say in one
line each what is broken, which decision has run out, and which does so within 30 days. A folder stands for its three
files; without an argument that is security. Models and rows are not looked at: `sparring gate` does that.

exit codes: 0 nothing, or reminders only; 1 a decision has run out; 2 a file is broken.
"""
EXPIRED = 1
BROKEN = 2
OUR_MISTAKE = 70


def main(arguments: Sequence[str] | None = None) -> int:
    """Look the files over; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that the terminal cannot show is no reason to fail
    if {"-h", "--help"} & set(given):
        print(USAGE, end="")
        return 0
    try:
        return _checked(given)
    except Exception as error:  # noqa: BLE001  # a traceback would end with the code of a decision that ran out
        print(f"error: this is a mistake in sparring ({type(error).__name__}: {error})", file=sys.stderr)
        return OUR_MISTAKE


def _checked(given: Sequence[str]) -> int:
    from sparring.errors import OptionError, UserError
    from sparring.govern.files import FOLDER, looked_over

    today = date.today()  # noqa: DTZ011  # a day, where the user is
    kinds = set()
    try:
        for name in given:
            if name.startswith("-"):
                raise OptionError(f"sparring-check has no option {name!r}; --help says what it takes")
            if not Path(name).exists():
                raise OptionError(f"{name} must exist where it is named; correct the name, or leave it out")
        for path in map(Path, given or [str(FOLDER)] * FOLDER.is_dir()):
            for remark in looked_over(path, today=today):
                kinds.add(remark.kind)
                print(_line(remark.text))
    except UserError as error:
        print(_line(f"error: {error}"), file=sys.stderr)
        return BROKEN
    return BROKEN if "broken" in kinds else EXPIRED if "expired" in kinds else 0


def _line(text: str) -> str:
    """Return one line without what could move the cursor: names are written by others."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
