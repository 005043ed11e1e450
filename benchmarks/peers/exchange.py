"""Files between us and a peer. Imported on both sides, so nothing heavy and nothing of ours is imported here."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np


class FrameModel:
    """A model of a pandas table behind a matrix of numbers in [0, 1], as those wrap it who use ART on a pipeline.

    Parameters
    ----------
    model : object
    columns : list of dict
        One for each column of the matrix: `name`, and either `low` and `width` of a number, or `categories`, of which
        the matrix holds the position divided by the last one.
    """

    def __init__(self, model: Any, columns: list[dict[str, Any]]) -> None:
        self.model, self.columns = model, columns

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Decide rows of the matrix, shape (n,)."""
        return np.asarray(self.model.predict(self.frame(x)))

    def frame(self, x: np.ndarray) -> Any:
        """Return rows of the matrix as a table."""
        import pandas as pd

        parts = {c["name"]: _column(c, np.asarray(x, dtype=float)[:, j]) for j, c in enumerate(self.columns)}
        return pd.DataFrame(parts)


def _column(column: dict[str, Any], x: np.ndarray) -> Any:
    import pandas as pd

    if "categories" not in column:
        return column["low"] + x * column["width"]
    last = len(column["categories"]) - 1
    return pd.Categorical.from_codes(np.clip(np.rint(x * last), 0, last).astype(int), column["categories"])


def write_model(model: Any, folder: Path) -> str:
    """Write a model in its library's own format and return the kind: 'xgboost', 'lightgbm', 'joblib' or 'frame'."""
    module = type(model).__module__.split(".")[0]
    if module == "xgboost":
        model.save_model(folder / "model.json")
        return "xgboost"
    if module == "lightgbm":
        model.booster_.save_model(folder / "model.txt")
        return "lightgbm"
    import joblib

    if isinstance(model, FrameModel):
        (folder / "columns.json").write_text(json.dumps(model.columns), encoding="utf-8")
        joblib.dump(model.model, folder / "model.joblib")
        return "frame"
    joblib.dump(model, folder / "model.joblib")
    return "joblib"


def read_model(folder: Path, kind: str) -> Any:
    """Load what `write_model` wrote; one thread, since the others are measured with one."""
    if kind == "xgboost":
        import xgboost

        model = xgboost.XGBClassifier()
        model.load_model(folder / "model.json")
        model.set_params(n_jobs=1)
        return model
    if kind == "lightgbm":
        import lightgbm

        return lightgbm.Booster(model_file=folder / "model.txt")
    import joblib

    model = joblib.load(folder / "model.joblib")
    if kind == "frame":
        return FrameModel(model, json.loads((folder / "columns.json").read_text(encoding="utf-8")))
    return model


def labels(model: Any, x: np.ndarray, *, kind: str) -> np.ndarray:
    """Return decisions of a two-class model, shape (n,); a LightGBM booster gives the probability of class 1."""
    if kind == "lightgbm":
        return (np.asarray(model.predict(x, num_threads=1)) > 0.5).astype(int)
    return np.asarray(model.predict(x)).astype(int)


def read_job(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray], Any]:
    """Return options, arrays and the model, which must decide the rows as it did on our side.

    Raises
    ------
    RuntimeError
        It decides a row otherwise here: another model was read than the one that was written.
    """
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    with np.load(folder / "data.npz") as data:
        arrays = {key: data[key] for key in data.files}
    model = read_model(folder, job["kind"])
    if job.get("predicts", True):
        here = labels(model, arrays["x"], kind=job["kind"])
        if not (here == arrays["decided"]).all():
            raise RuntimeError(f"the model decides {(here != arrays['decided']).sum()} rows otherwise here")
    return job, arrays, model


def write_result(folder: Path, packages: tuple[str, ...], **arrays: np.ndarray) -> None:
    """Write one entry a row for each field of `PeerResult`, and the versions used."""
    n = len(arrays["x_adv"])
    blank = {"calls": np.zeros(n, int), "queries": np.zeros(n, int), "lower": np.zeros(n)}
    np.savez(folder / "result.npz", **{**blank, **arrays})
    versions = {}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    (folder / "versions.json").write_text(json.dumps(versions), encoding="utf-8")
