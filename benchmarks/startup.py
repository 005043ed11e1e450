"""Time to start, over Python itself: best of five.

``python -m benchmarks.startup``. Wall time is what was promised; processor time is shown beside it, since it says the
same on an idle machine and hardly moves on a busy one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import results
from benchmarks.peers import interpreter

TRIES = 5
GOALS = {"import sparring": 0.05, "sparring --help": 0.4}
ART = "import art.attacks.evasion"


def main() -> None:
    """Measure ours and, where its environment can be built, ART's import, in turn."""
    parser = results.parser(__doc__)
    parser.add_argument("--no-peer", action="store_true", help="leave ART out")
    options = parser.parse_args()
    wall, processor = fastest(commands(None if options.no_peer else str(interpreter("art", cache=options.cache))))
    for name, goal in GOALS.items():
        over = wall[name] - wall["python"]
        measured = {"wall s over Python": over, "processor s over Python": processor[name] - processor["python"]}
        if ART in wall:
            measured |= {f"{ART}, wall s": wall[ART] - wall["its python"]}
            measured |= {f"{ART}, processor s": processor[ART] - processor["its python"]}
        results.record(
            options.results, "start-up", name, goal=f"<= {goal:g} s wall", met=bool(over <= goal), measured=measured
        )


def commands(theirs: str | None) -> dict[str, list[str]]:
    """Return what is timed, by name."""
    python = sys.executable
    ours = {
        "python": [python, "-c", "pass"],
        "import sparring": [python, "-c", "import sparring"],
        "sparring --help": [str(Path(python).parent / "sparring"), "--help"],
    }
    return ours if theirs is None else {**ours, "its python": [theirs, "-c", "pass"], ART: [theirs, "-c", ART]}


def fastest(todo: dict[str, list[str]], *, tries: int = TRIES) -> tuple[dict[str, float], dict[str, float]]:
    """Return the least wall time and the least processor time of each command in seconds; all take turns."""
    wall, processor = dict.fromkeys(todo, float("inf")), dict.fromkeys(todo, float("inf"))
    for _ in range(tries + 1):  # the first round fills the disk cache
        for name, command in todo.items():
            began = time.perf_counter()
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(child.pid, 0)
            wall[name] = min(wall[name], time.perf_counter() - began)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}")
            processor[name] = min(processor[name], used.ru_utime + used.ru_stime)
    return wall, processor


if __name__ == "__main__":
    main()
