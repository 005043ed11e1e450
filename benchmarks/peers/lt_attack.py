"""LT-Attack (arXiv 2010.11598), for those who have built it: a program that reads trees and rows from files.

It has no package, and it is neither copied nor built here: give the path of the program. It prints only distances, so
the points are taken from the file that it writes for adversarial training, and the user's model is asked about each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.run import PeerResult
from sparring.core.parameters import LEAF, TreeEnsemble

# how many starting points its authors use for each row
STARTS = 20
PRINTED = re.compile(r"Attack result for example (\d+)/\d+ Norm\(-1\)=([0-9.]+)")
SECONDS = re.compile(r"Time per point: ([0-9.e+-]+)")


def run(program: Path, ensemble: TreeEnsemble, x: np.ndarray, decided: np.ndarray, *, predict: Any) -> PeerResult:
    """Attack rows of a two-class ensemble on columns in [0, 1] with one thread.

    Parameters
    ----------
    program : path
    ensemble : TreeEnsemble
        One output, no membership tables; blanks are not supported.
    x : ndarray of shape (n, d)
    decided : ndarray of shape (n,)
    predict : callable
        The user's model; rows that it does not decide otherwise are not counted as found.

    Raises
    ------
    RuntimeError
        The program failed.
    """
    with tempfile.TemporaryDirectory(prefix="sparring-lt-") as name:
        folder = Path(name)
        (folder / "model.json").write_text(json.dumps(trees_as_json(ensemble)), encoding="utf-8")
        (folder / "rows.svm").write_text(rows_as_text(x, decided), encoding="utf-8")
        config = {
            "model": str(folder / "model.json"),
            "inputs": str(folder / "rows.svm"),
            "adv_training_path": str(folder / "points.svm"),
            "num_point": len(x),
            "num_attack_per_point": STARTS,
            "num_threads": 1,
            "num_classes": 2,
            "num_features": x.shape[1],
            "feature_start": 0,
            "norm_type": -1,
            "search_mode": "lt-attack",
        }
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        said, share = _started([str(program), str(folder / "config.json")], folder / "said.txt")
        printed = {int(i) - 1: float(v) for i, v in PRINTED.findall(said)}
        points = read_rows(folder / "points.svm", x.shape[1])
    # it prints wall time a row
    seconds = share * float((SECONDS.search(said) or ["", "nan"])[1])
    thresholds = [np.unique(ensemble.threshold[ensemble.column == j]) for j in range(x.shape[1])]
    return _result(x, decided, printed, points, thresholds=thresholds, predict=predict, seconds=seconds)


def _started(command: list[str], log: Path) -> tuple[str, float]:
    """Run the program; return what it printed, and how much of its wall time it was given a processor."""
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(encoding="utf-8", errors="replace")
    if child.returncode:
        raise RuntimeError(f"LT-Attack failed: {said[-800:]}")
    return said, min(1.0, (used.ru_utime + used.ru_stime) / wall)


def _result(
    x: np.ndarray,
    decided: np.ndarray,
    printed: dict[int, float],
    points: np.ndarray,
    *,
    thresholds: list[np.ndarray],
    predict: Any,
    seconds: float,
) -> PeerResult:
    out, found = x.copy(), np.zeros(len(x), bool)
    for i, row in enumerate(x):
        # the points of all rows stand in one file; its own distance is printed with six decimals
        own = points[np.abs(points - row).max(axis=1) <= printed.get(i, -1.0) + 2e-6]
        if not len(own):
            continue
        rows = nearest_in_cells(own, row, thresholds)
        distance = np.where(np.asarray(predict(rows)).astype(int) != decided[i], np.abs(rows - row).max(axis=1), np.inf)
        out[i], found[i] = rows[distance.argmin()], np.isfinite(distance.min())
    nothing = np.zeros(len(x))
    return PeerResult(out, found, np.full(len(x), seconds), nothing.astype(int), nothing.astype(int), nothing)


def nearest_in_cells(points: np.ndarray, row: np.ndarray, thresholds: list[np.ndarray]) -> np.ndarray:
    """Return the rows nearest to `row`, in its dtype, in the cells that the points lie in.

    The program keeps 1e-10 away from a threshold and writes 11 decimals; as float32 such a point would often lie on the
    threshold's other side. That is a matter of files, not of its search.
    """
    out = np.empty(points.shape, dtype=row.dtype)
    for j, cuts in enumerate(thresholds):
        edges = np.concatenate([[-np.inf], cuts, [np.inf]])
        cell = np.searchsorted(cuts, points[:, j] + 3e-11, side="right")
        low, high = edges[cell].astype(row.dtype), edges[cell + 1].astype(row.dtype)
        high = np.nextafter(high, row.dtype.type(-np.inf))
        out[:, j] = np.clip(row[j], low, high)
    return out


def trees_as_json(ensemble: TreeEnsemble) -> list[dict[str, Any]]:
    """Return the trees in the form of XGBoost's text dump; the first tree carries the constant."""
    if ensemble.n_outputs != 1 or len(ensemble.tables):
        raise ValueError("LT-Attack reads ensembles with one output and plain comparisons only")
    shift = float(ensemble.intercept[0])
    # leaves that average probabilities are compared with one half, raw scores with zero
    shift -= 0.5 if ensemble.link == "identity" else 0.0
    return [_node(ensemble, int(root), shift if t == 0 else 0.0) for t, root in enumerate(ensemble.roots)]


def _node(ensemble: TreeEnsemble, i: int, shift: float) -> dict[str, Any]:
    if ensemble.column[i] == LEAF:
        return {"nodeid": i, "leaf": float(ensemble.value[i, 0]) + shift}
    left, right = int(ensemble.left[i]), int(ensemble.right[i])
    return {
        "nodeid": i,
        "split": int(ensemble.column[i]),
        "split_condition": float(ensemble.threshold[i]),
        "yes": left,
        "no": right,
        "missing": left,
        "children": [_node(ensemble, left, shift), _node(ensemble, right, shift)],
    }


def rows_as_text(x: np.ndarray, decided: np.ndarray) -> str:
    """Write rows as lines of `label column:value ...`, with every digit."""
    lines = (
        f"{label} " + " ".join(f"{j}:{float(v)!r}" for j, v in enumerate(row))
        for label, row in zip(decided, x, strict=True)
    )
    return "\n".join(lines) + "\n"


def read_rows(path: Path, width: int) -> np.ndarray:
    """Read such lines back; what is left out is zero. Shape (n, width)."""
    if not path.exists():
        return np.empty((0, width))
    lines = path.read_text(encoding="utf-8").splitlines()
    out = np.zeros((len(lines), width))
    for i, line in enumerate(lines):
        for part in line.split()[1:]:
            j, v = part.split(":")
            out[i, int(j)] = float(v)
    return out
