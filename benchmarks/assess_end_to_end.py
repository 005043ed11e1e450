"""A whole assessment of 10,000 rows and 30 columns with an XGBoost model at its defaults: wall time and memory.

``python -m benchmarks.assess_end_to_end``. The command line is run as a user runs it. Its memory is compared with that
of a process that loads the same model and rows and asks the model once. Findings that failed are not a pass.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import results

GOAL = "<= 60 s and <= 500 MB above the model"
ROWS, COLUMNS = 10_000, 30
ALONE = """
import sys, joblib, pandas
model, rows = joblib.load(sys.argv[1]), pandas.read_csv(sys.argv[2])
model.predict(rows.drop(columns=["label"]))
"""


def main() -> None:
    """Measure once, from the command line."""
    parser = results.parser(__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sparring-assess-") as name:
        folder = Path(name)
        write_inputs(folder)
        model, rows = str(folder / "model.joblib"), str(folder / "rows.csv")
        alone = measured([sys.executable, "-c", ALONE, model, rows])
        sparring = str(Path(sys.executable).parent / "sparring")
        command = [sparring, "assess", model, rows, "--target", "label", "--out", str(folder / "out")]
        whole = measured([*command, "--jobs", str(options.jobs)])
        document = json.loads((folder / "out" / "assessment.json").read_text(encoding="utf-8"))
    above = whole["megabytes"] - alone["megabytes"]
    figures = {
        "wall s": whole["seconds"],
        "processor s": whole["processor"],
        "peak MB": whole["megabytes"],
        "MB above the model": above,
        **outcomes(document),
    }
    met = whole["seconds"] <= 60 and above <= 500 and "failed" not in figures
    results.record(options.results, "whole assessment", "10,000 x 30, XGBoost", goal=GOAL, met=met, measured=figures)


def write_inputs(folder: Path) -> None:
    """Fit a model at its library's defaults and write it and fresh rows."""
    import joblib
    from sklearn.datasets import make_classification
    from xgboost import XGBClassifier

    x, y = make_classification(2 * ROWS, COLUMNS, n_informative=15, random_state=0)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(COLUMNS)])
    joblib.dump(XGBClassifier().fit(frame[:ROWS], y[:ROWS]), folder / "model.joblib")
    frame[ROWS:].assign(label=np.where(y[ROWS:] == 1, 1, 0)).to_csv(folder / "rows.csv", index=False)


def measured(command: list[str]) -> dict[str, float]:
    """Run a command and return its wall time, processor time and peak memory, its own children's included in time."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {said[-800:]}")
    # Linux counts in kilobytes
    return {"seconds": seconds, "processor": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}


def outcomes(document: dict[str, Any]) -> dict[str, int]:
    """Count the findings by how they ended, so that a fast run that skipped everything is seen."""
    kinds = [finding["outcome"] for finding in document["findings"]]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


if __name__ == "__main__":
    main()
