"""Loops are compiled ahead of the work, for the very types that the work brings, and only once."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier

import sparring
from sparring.kernels import warm

EVERY = tuple(warm.COMPILED)
TWICE = """
from sparring.kernels import warm
told = warm.cold(("scores",))
warm.warm(("scores",))
print(told, warm.cold(("scores",)))
"""


def test_every_loop_that_is_called_from_python_can_be_compiled_ahead():
    doors = set()
    for file in sorted(Path(warm.__file__).parent.glob("*.py")):
        doors |= set(re.findall(r"^@compiled\ndef (\w+)\(", file.read_text(), flags=re.MULTILINE))
    known = {function.py_func.__name__ for function in warm.COMPILED.values()}
    assert doors == known, "a new loop needs a place in kernels/warm.py, and its attack one in assess/warm.py"


def models():
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"a": rng.integers(0, 9, 200), "b": rng.normal(size=200).round(2), "c": rng.integers(0, 5, 200)})
    two = np.where(x["a"] + x["b"] > 4, "yes", "no")
    three = np.select([x["a"] > 6, x["a"] + x["c"] > 6], ["high", "mid"], "low")
    return {
        "two classes, float32": (GradientBoostingClassifier(n_estimators=5), x, two, "yes"),
        "three classes, vectors": (RandomForestClassifier(n_estimators=5, random_state=0), x, three, "mid"),
        "three classes, sets": (HistGradientBoostingClassifier(max_iter=5, categorical_features=[2]), x, three, None),
    }


@pytest.mark.parametrize("kind", list(models()))
def test_what_is_compiled_ahead_is_what_runs(kind):
    model, x, y, wants = models()[kind]
    warm.warm(EVERY)
    before = {name: list(function.signatures) for name, function in warm.COMPILED.items()}
    only = ("evasion/tree-search", "evasion/tree-proof")
    result = sparring.assess(model.fit(x, y), x, y, attacker_wants=wants, rng=0, only=only, budget=100)
    assert {f.outcome for f in result.assessment.findings} == {"measured"}
    assert {name: list(function.signatures) for name, function in warm.COMPILED.items()} == before


def test_only_the_first_process_finds_loops_that_were_never_compiled(tmp_path):
    def told(folder):
        run = [sys.executable, "-c", TWICE]
        environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
        return subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout.split()

    assert told(tmp_path) == ["True", "False"]
    assert told(tmp_path) == ["False", "False"]
