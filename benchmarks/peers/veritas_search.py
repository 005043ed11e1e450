"""Robustness search of Veritas, largest change as the distance. Runs in its environment.

Options: `max_time_s` a row, `start` (largest distance). What its search returns as the upper end of the interval is not
used: a step that runs out of time counts there as if something had been found. Counted are its examples that the model
itself decides otherwise, the nearest of them, and its lower ends, which are sound.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from exchange import labels, read_job, write_result

# how far beyond an example is looked, as a multiple of its change
STRETCHES = (1.0, 1 + 1e-6, 1 + 1e-5, 1 + 1e-4)


def pair(model: Any, decided: int) -> tuple[Any, Any]:
    """Return the trees as (source, target): the search looks for target minus source above zero."""
    from veritas import get_addtree

    trees = get_addtree(model, silent=True)
    return (trees, None) if decided == 1 else (None, trees)


def nearest(model: Any, kind: str, x: np.ndarray, decided: int, candidates: list[Any]) -> tuple[np.ndarray, bool]:
    """Return the nearest candidate that the model decides otherwise, in the numbers that the model would get."""
    if not candidates:
        return x, False
    # a threshold that its converter rounded can leave an example just short of the real one: a hair farther counts, too
    rows = np.concatenate([x + (np.asarray(candidates) - x) * stretch for stretch in STRETCHES])
    rows = rows if kind == "lightgbm" else rows.astype(np.float32)
    rows = rows[labels(model, rows, kind=kind) != decided]
    if not len(rows):
        return x, False
    return rows[np.abs(rows - x).max(axis=1).argmin()], True


def main(folder: Path) -> None:
    """Search around each row."""
    from veritas import VeritasRobustnessSearch

    job, arrays, model = read_job(folder)
    x, decided = arrays["x"], arrays["decided"].astype(int)
    pairs = {label: pair(model, label) for label in (0, 1)}
    out, found = x.astype(float), np.zeros(len(x), bool)
    seconds, lower = np.zeros(len(x)), np.zeros(len(x))
    for i, row in enumerate(x):
        source, target = pairs[decided[i]]
        began = time.process_time()
        search = VeritasRobustnessSearch(
            row.astype(np.float64), job.get("start", 1.0), source, target, max_time=job["max_time_s"], silent=True
        )
        _, lower[i], _ = search.search()
        seconds[i] = time.process_time() - began
        out[i], found[i] = nearest(model, job["kind"], row, decided[i], search.generated_examples)
    packages = ("dtai-veritas", "numpy", "scikit-learn", "xgboost", "lightgbm")
    write_result(folder, packages, x_adv=out, found=found, seconds=seconds, lower=lower)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
