"""A line from a person, and notes under a question; a terminal may have 80 columns."""

from __future__ import annotations

import sys
import textwrap

from sparring.cli.console import say

WIDTH = 79
MARGIN = " " * 8


def read() -> str | None:
    """Read one line; None at the end of input, which answers whatever is still to be asked: nothing is known."""
    print("      > ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        say()
    return line or None


def note(text: str) -> None:
    """Print a remark under a question."""
    say(textwrap.fill(text, WIDTH, initial_indent=MARGIN, subsequent_indent=MARGIN))
