"""Hand rows and a model to a peer, and read back what it found."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.environments import interpreter
from benchmarks.peers.exchange import write_model

SCRIPTS = {
    "art": "art_hop_skip_jump.py",
    "veritas": "veritas_search.py",
}


@dataclass(frozen=True, eq=False)
class PeerResult:
    """What a peer found; every array has one entry a row.

    Parameters
    ----------
    x_adv : ndarray of shape (n, d)
        The original where nothing was found.
    found : ndarray of shape (n,)
        Whether the model, asked once more in the peer's own process, decides the row otherwise.
    seconds : ndarray of shape (n,)
        Processor time of one thread, without loading the model.
    calls, queries : ndarray of shape (n,)
        How often the model was called, and about how many rows in all; 0 for tools that read the model.
    lower : ndarray of shape (n,)
        A distance below which the peer says that nothing exists; 0 where it says nothing.
    versions : dict of str to str
    """

    x_adv: np.ndarray
    found: np.ndarray
    seconds: np.ndarray
    calls: np.ndarray
    queries: np.ndarray
    lower: np.ndarray
    versions: dict[str, str] = field(default_factory=dict)


def run(
    peer: str,
    model: Any,
    x: np.ndarray,
    decided: np.ndarray,
    *,
    options: dict[str, Any] | None = None,
    arrays: dict[str, np.ndarray] | None = None,
    cache: Path | None = None,
    timeout_s: float = 7200,
) -> PeerResult:
    """Run a peer on rows of a model and wait for it.

    Parameters
    ----------
    peer : {'art', 'veritas'}
    model : object
        A fitted classifier of scikit-learn, XGBoost or LightGBM; it is written to a file that the peer loads.
    x : ndarray of shape (n, d)
    decided : ndarray of shape (n,)
        What the model decides here. The peer refuses to start when it decides otherwise there.
    options : dict, optional
        Passed on to the script as JSON.
    arrays : dict of str to ndarray, optional
        Passed on to the script, such as a mask of columns.
    cache : path, optional
        Folder of environments.
    timeout_s : float

    Raises
    ------
    RuntimeError
        The peer failed; the message ends with the last lines that it printed.
    """
    python = interpreter(peer, cache=cache)
    with tempfile.TemporaryDirectory(prefix="sparring-peer-") as name:
        folder = Path(name)
        kind = write_model(model, folder)
        np.savez(folder / "data.npz", x=x, decided=decided, **(arrays or {}))
        (folder / "job.json").write_text(json.dumps({"kind": kind, **(options or {})}), encoding="utf-8")
        script = Path(__file__).parent / SCRIPTS[peer]
        quiet = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        command = [str(python), str(script), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet, timeout=timeout_s)
        if done.returncode:
            raise RuntimeError(f"{peer} failed: {(done.stderr or done.stdout)[-1500:]}")
        with np.load(folder / "result.npz") as data:
            found = {key: data[key] for key in data.files}
        versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))
    return PeerResult(**found, versions=versions)


def joined(parts: list[PeerResult]) -> PeerResult:
    """Put results on successive rows end to end."""
    names = ("x_adv", "found", "seconds", "calls", "queries", "lower")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return PeerResult(**arrays, versions=parts[0].versions)
