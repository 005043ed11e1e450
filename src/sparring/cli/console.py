"""What all commands share: how they talk, how they end, and what they never print."""

from __future__ import annotations

import functools
import io
import os
import shlex
import shutil
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from sparring.errors import SparringError

INPUT_IS_WRONG = 2
INTERRUPTED = 3
OUR_MISTAKE = 70


class Interrupted(Exception):
    """Ctrl-C, with what to say about it."""


def knock(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that it ends with a sentence and an exit code, never with a traceback for a wrong input."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        before = signal.signal(signal.SIGTERM, _interrupt)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a dash that the terminal has not is no reason to fail
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _Warner()  # type: ignore[assignment]  # it needs the first two arguments
                command(*args, **kwargs)
                sys.stdout.flush()
        except SparringError as error:
            _debug()
            _end(f"error: {error}", INPUT_IS_WRONG)
        except (KeyboardInterrupt, Interrupted) as error:
            _end(str(error) or "interrupted", INTERRUPTED)
        except BrokenPipeError:
            # whoever read our output has gone; nothing is left to say, also not by the interpreter at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # noqa: BLE001  # the last word before a traceback
            _debug()
            _end(
                f"error: this is a mistake in sparring, not in your input ({type(error).__name__}: {error}); "
                "run it again with SPARRING_DEBUG=1 and report what it prints",
                OUR_MISTAKE,
            )
        finally:
            signal.signal(signal.SIGTERM, before)

    return wrapped


def say(text: str = "") -> None:
    """Print a message, on stderr: stdout is for results."""
    print(clean(text), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    r"""Strip what could move the cursor or color the terminal; names in data and models are written by others.

    Examples
    --------
    >>> clean("in\x1b[31mcome")
    'in?[31mcome'
    """
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def interactive() -> bool:
    """Say whether a person sits at a terminal and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int:
    """Return how many columns results may take: those of the terminal, 80 in a log."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80


def typed(arguments: list[str]) -> str:
    r"""Return a command as a person types it into the shell of this system.

    Examples
    --------
    >>> typed(["sparring", "assess", "my model.joblib"])
    "sparring assess 'my model.joblib'"
    """
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(arguments)
    return shlex.join(arguments)


class _Warner:
    """Print each warning of a library once, as one line."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, message: Warning | str, category: type[Warning], *rest: object) -> None:
        line = f"warning: {category.__name__}: {str(message).strip().splitlines()[0] if str(message).strip() else ''}"
        if line not in self.seen:
            self.seen.add(line)
            say(line)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _debug() -> None:
    if os.environ.get("SPARRING_DEBUG") == "1":
        import traceback

        traceback.print_exc()


def _end(text: str, code: int) -> NoReturn:
    say(" ".join(text.split()))
    raise typer.Exit(code)
