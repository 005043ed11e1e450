"""Progress: a bar with the time left on a terminal, plain lines in a log; always on stderr."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any, Self

from sparring.assess.warm import COMPILING
from sparring.cli.console import clean, say


class Progress:
    """Tell a person how far a run has come; call it with a text and the share done.

    Parameters
    ----------
    budget_s : float
        Time that was allowed: what is left of it is an upper limit for what is left to wait.
    """

    def __init__(self, budget_s: float) -> None:
        self.budget_s = budget_s
        self.began = self.clock = time.monotonic()
        self.last = ""
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
            self._open_bar()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, text: str, done: float) -> None:
        """Report what is being done and the share in [0, 1] that is behind us."""
        if self.bar is not None:
            self.bar.update(self.task, completed=done, description=clean(text))
        elif text != self.last:
            say(f"[{time.monotonic() - self.began:5.0f} s] {done:4.0%} {text}")
        if self.last == COMPILING:
            self.clock = time.monotonic()  # the budget begins only now
        self.last = text

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, ProgressColumn, TextColumn
        from rich.progress import Progress as Bar
        from rich.text import Text

        progress = self

        class Left(ProgressColumn):
            def render(self, task: Any) -> Text:
                return Text(progress.left())

        # markup off: a name in square brackets is a name
        what = TextColumn("{task.description}", markup=False)
        columns = (BarColumn(20), TextColumn("{task.percentage:>3.0f} %"), Left(), what)
        self.bar = Bar(*columns, console=Console(stderr=True, markup=False), transient=True)
        self.task = self.bar.add_task("", total=1.0)
        self.bar.start()

    def left(self) -> str:
        """Say how long it can still take."""
        if self.last == COMPILING:
            return "before the budget begins"
        left = max(0.0, self.budget_s - (time.monotonic() - self.clock))
        minutes, seconds = divmod(round(left), 60)
        return f"at most {minutes}:{seconds:02d} left" if left else "finishing"
