"""Parses a file in a child process first, so that a crash, a hang or a flood of memory there harms nobody.

The parsers of XGBoost, LightGBM and CatBoost are compiled code that was never meant for hostile files. What the child
survives, the parent then does with the very same bytes.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any

from sparring.artifact.limits import GIB, MIB
from sparring.errors import ArtifactError

_START = (
    "import json, sys; head = json.loads(sys.stdin.buffer.readline()); sys.path[:] = head['path'];"
    "from sparring.artifact.rehearse import child; child(head)"
)


def rehearse(
    data: bytes,
    *,
    path: str,
    kind: str,
    libraries: tuple[str, ...],
    added: tuple[str, ...],
    memory: int | None = None,
) -> None:
    """Parse bytes in a child process.

    Parameters
    ----------
    data : bytes
        The content, as scanned.
    path : str
        Of the file, for messages.
    kind : str
        `pickle`, or the library that reads it.
    libraries : tuple of str
        What to import before memory is capped.
    added : tuple of str
        Names that the user allowed.
    memory : int, optional
        Most bytes that parsing may take; by default 1 GiB and 30 times the content.

    Raises
    ------
    ArtifactError
        If the child crashes, takes too much memory or time, or cannot read the content.
    """
    seconds = 60 + len(data) // MIB
    memory = memory or GIB + 30 * len(data)
    head = {"path": sys.path, "kind": kind, "libraries": libraries, "added": added, "size": len(data)}
    head |= {"seconds": seconds, "memory": memory}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and our own line
            [sys.executable, "-c", _START],
            input=json.dumps(head).encode() + b"\n" + data,
            capture_output=True,
            timeout=4 * seconds,
            env={**os.environ, **threads},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ArtifactError(f"{path} was given up: reading it took more than {4 * seconds} s") from None
    answer = _answer(done.stdout)
    if answer == "ok":
        return
    if answer is None:
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
        raise ArtifactError(
            f"{path} crashed its reader in a trial run ({how}); it is broken or hostile and was not loaded"
        )
    raise ArtifactError(f"{path} cannot be loaded: {answer}")


def _answer(output: bytes) -> str | None:
    lines = output.splitlines()
    try:
        return str(json.loads(lines[-1])["answer"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def child(head: dict[str, Any]) -> None:
    """Parse what comes on standard input, in the child.

    Parameters
    ----------
    head : dict
        What `rehearse` sent.
    """
    from sparring.artifact import loading

    data = sys.stdin.buffer.read(head["size"])
    for library in head["libraries"]:
        importlib.import_module(library)
    _limit(head["memory"], head["seconds"])
    try:
        loading.make(data, head["kind"], tuple(head["added"]))
        answer = "ok"
    except MemoryError:
        answer = f"reading it takes more than {head['memory'] // MIB} MiB"
    except Exception as fault:  # noqa: BLE001  whatever a parser raises becomes one sentence in the parent
        answer = loading.in_one_line(fault)
    sys.stdout.write("\n" + json.dumps({"answer": answer}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # without running the destructors of a hostile file's objects


def _limit(memory: int, seconds: int) -> None:
    """Cap this process above what it takes already; where the system cannot, the parent's clock remains."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123  a file of the kernel
            taken = int(stream.read().split()[0]) * resource.getpagesize()
    except OSError:
        taken = 8 * GIB  # not on macOS: libraries reserve much that they never touch
    for what, most in ((resource.RLIMIT_AS, taken + memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        try:
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except (ValueError, OSError):
            continue
