"""HopSkipJump of the Adversarial Robustness Toolbox, largest change as the distance. Runs in its environment.

Options: `max_iter` (default: ART's own, 50), `low` and `high` of all columns. Arrays: `mask`, 1 where a column may
change.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from exchange import labels, read_job, write_result


class Counter:
    """Counts calls of a function of rows, and rows."""

    def __init__(self, ask: Any) -> None:
        self.ask, self.calls, self.queries = ask, 0, 0

    def __call__(self, x: Any, *args: Any, **options: Any) -> Any:
        self.calls += 1
        self.queries += len(x)
        return self.ask(x, *args, **options)


def wrapped(model: Any, kind: str, width: int, clip: tuple[float, float]) -> tuple[Any, Counter]:
    """Wrap the model as ART's documentation does, with its own class for the library where there is one that works."""
    from art.estimators.classification import BlackBoxClassifier, SklearnClassifier, XGBoostClassifier

    if kind == "xgboost":
        counter = model.predict_proba = Counter(model.predict_proba)
        return XGBoostClassifier(model, clip_values=clip, nb_features=width, nb_classes=2), counter
    if kind == "joblib" and type(model).__name__ == "RandomForestClassifier":
        counter = model.predict_proba = Counter(model.predict_proba)
        return SklearnClassifier(model, clip_values=clip), counter
    counter = Counter(lambda x: np.eye(2)[labels(model, np.asarray(x, dtype=np.float32), kind=kind)])
    return BlackBoxClassifier(counter, (width,), 2, clip_values=clip), counter


def main(folder: Path) -> None:
    """Attack each row on its own, so that its time and queries are known."""
    from art.attacks.evasion import HopSkipJump

    job, arrays, model = read_job(folder)
    x, decided = arrays["x"], arrays["decided"]
    classifier, counter = wrapped(model, job["kind"], x.shape[1], (job.get("low", 0.0), job.get("high", 1.0)))
    options = {"max_iter": job["max_iter"]} if "max_iter" in job else {}
    attack = HopSkipJump(classifier, norm=np.inf, verbose=False, **options)
    extra = {"mask": arrays["mask"]} if "mask" in arrays else {}
    # ART draws directions from numpy's global generator, which can be pinned, and starts from one that cannot
    np.random.seed(0)  # noqa: NPY002
    out = x.astype(np.float32)
    seconds, calls, queries = np.zeros(len(x)), np.zeros(len(x), int), np.zeros(len(x), int)
    for i in range(len(x)):
        counter.calls = counter.queries = 0
        began = time.process_time()
        out[i] = attack.generate(x[i : i + 1].astype(np.float32), **extra)[0]
        seconds[i] = time.process_time() - began
        calls[i], queries[i] = counter.calls, counter.queries
    found = labels(model, out, kind=job["kind"]) != decided
    packages = ("adversarial-robustness-toolbox", "numpy", "scikit-learn", "xgboost", "lightgbm")
    write_result(folder, packages, x_adv=out, found=found, seconds=seconds, calls=calls, queries=queries)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
