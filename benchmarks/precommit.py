"""Time of the check before a commit, over Python itself: best of fifteen, all in turn.

``python -m benchmarks.precommit``. Wall time is what was promised; processor time is shown beside it, since it says the
same on an idle machine and hardly moves on a busy one. The check is called as its console script calls it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from benchmarks import results, startup

TRIES = 15
GOAL = 0.3
CHECK = "import sys; from sparring.check import main; sys.exit(main())"
COLUMNS = 40


def main() -> None:
    """Measure the check on three files that are right, and what its libraries take beside it."""
    options = results.parser(__doc__).parse_args()
    python = sys.executable
    todo = {
        "python": [python, "-c", "pass"],
        "check": [python, "-c", CHECK],
        "pydantic and yaml": [python, "-c", "import pydantic, yaml; pydantic.BaseModel"],
    }
    # the files lie in the working folder, and a path of ours that is relative must still be found from there
    sys_path = [str(Path(entry).resolve()) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    os.environ["PYTHONPATH"] = os.pathsep.join(sys_path)
    options.results = Path(options.results).resolve()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "security")
        os.chdir(folder)
        wall, processor = startup.fastest(todo, tries=TRIES)
        os.chdir(Path(__file__).parent)
    over = wall["check"] - wall["python"]
    results.record(
        options.results,
        "pre-commit",
        "sparring-check on three files",
        goal=f"<= {GOAL:g} s wall over Python",
        met=bool(over <= GOAL),
        measured={
            "wall s over Python": over,
            "processor s over Python": processor["check"] - processor["python"],
            "of it imports of pydantic and yaml, wall s": wall["pydantic and yaml"] - wall["python"],
        },
    )


def write(folder: Path) -> None:
    """Write three files that are right, of a usual size."""
    folder.mkdir()
    today = date.today()  # noqa: DTZ011  # a day, where the user is
    decision = {
        "finding": "evasion/tree-search@columns",
        "decision": "mitigate",
        "owner": "@credit",
        "reason": "new form in January",
        "created": today,
        "expires": today + timedelta(days=90),
    }
    entry = "\n    ".join(f"{key}: '{value}'" for key, value in decision.items())
    (folder / "decisions.yaml").write_text(f"schema_version: 1\ndecisions:\n  - {entry}\n")
    columns = "".join(f"  c{i}: {{kind: number, who: anyone, range: [0, {i}]}}\n" for i in range(COLUMNS))
    answers = (
        "answers:\n  decides: credit\n  wants: good\n  gains: [person, fraudster]\n  senders: account\n"
        "  sees: [decision]\n  tries: 3\n  watched: yes\n  loss_accepted: [300, 1000, 3000]\n  attempts: [20, 400]\n"
        "  sources: [staff]\n"
        "  owners: {model: '@credit', running: '@platform'}\n"
    )
    relation = "relations:\n  - {at_most: [c1, c2], confirmed: true}\n"
    (folder / "system.yaml").write_text(f"schema_version: 1\n{answers}columns:\n{columns}{relation}")
    sizes = {str(row): 2.0 for row in range(2000)}
    baseline = {"schema_version": 1, "complete": True, "findings": [{"sizes": sizes}] * 8}
    (folder / "baseline.json").write_text(json.dumps(baseline, indent=1))


if __name__ == "__main__":
    main()
