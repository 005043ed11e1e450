"""How much memory large tables take: the bounds that the documentation states, measured in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak of memory"),
]
MB = 1024  # kB
# VmHWM, not ru_maxrss: that one begins with what the parent held
RUN = """
import sys
from sparring.cli import main
sys.argv[0] = "sparring"
try:
    main()
finally:
    print([line for line in open("/proc/self/status") if line.startswith("VmHWM")][0], file=sys.stderr)
"""


def peak(folder, model, data, *options):
    """Assess, and return the document and the largest memory that the process held, in MB."""
    command = [sys.executable, "-c", RUN, "assess", model, data, "--target", "class", "--no-input", "--rng", "0"]
    done = subprocess.run(
        [*command, "--overwrite", *options], cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((folder / "sparring-out" / "assessment.json").read_text())
    return found, int(done.stderr.split("VmHWM:")[1].split()[0]) / MB


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A million rows of 30 columns as CSV and Parquet, and a model for them."""
    folder, n = tmp_path_factory.mktemp("long"), 1_000_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {f"n{j}": rng.normal(size=n).round(4) for j in range(20)}
        | {f"i{j}": rng.integers(0, 5000, n) for j in range(5)}
        | {f"c{j}": rng.choice(["red", "green", "blue", "a longer value"], n) for j in range(5)}
    )
    frame["class"] = np.where(frame["n0"] + frame["n1"] + rng.logistic(0, 0.5, n) > 0, "good", "bad")
    csv.write_csv(pa.Table.from_pandas(frame), folder / "long.csv")
    frame.to_parquet(folder / "long.parquet")
    before = make_column_transformer((OrdinalEncoder(), [f"c{j}" for j in range(5)]), remainder="passthrough")
    model = make_pipeline(before, HistGradientBoostingClassifier(max_iter=20))
    joblib.dump(model.fit(frame[:20_000].drop(columns="class"), frame["class"][:20_000]), folder / "model.joblib")
    return folder


@pytest.mark.parametrize("name", ["long.csv", "long.parquet"])
def test_a_million_rows_of_30_columns_take_less_than_1500_mb(long, name):
    only = ("--only", "evasion/hand-edit@columns", "--only", "evasion/tree-search@spread", "--budget", "120s")
    found, megabytes = peak(long, "model.joblib", name, *only)
    assert megabytes < 1500
    assert (found["data"]["rows"], found["data"]["read"]) == (100_000, 1_000_000)
    assert "sampled-rows" in {caveat["code"] for caveat in found["caveats"]}
    assert "100,000 of the 1,000,000 rows" in (long / "sparring-out" / "report.html").read_text()
    assert {finding["outcome"] for finding in found["findings"]} == {"measured"}


def test_two_thousand_columns_take_less_than_1000_mb(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(3000, 2000)).round(4), columns=[f"n{j}" for j in range(2000)])
    frame["class"] = np.where(frame["n0"] + frame["n1"] + rng.logistic(0, 0.5, 3000) > 0, "good", "bad")
    model = HistGradientBoostingClassifier(max_iter=20)
    joblib.dump(model.fit(frame[:1000].drop(columns="class"), frame["class"][:1000]), tmp_path / "model.joblib")
    frame[1000:].to_csv(tmp_path / "wide.csv", index=False)
    ids = ("evasion/hand-edit", "evasion/tree-search@spread", "evasion/random-noise@columns")
    only = [word for name in ids for word in ("--only", name)]
    found, megabytes = peak(tmp_path, "model.joblib", "wide.csv", "--budget", "100s", *only)
    assert megabytes < 1000
    assert len(found["columns"]) == 2000
    assert {finding["outcome"] for finding in found["findings"]} == {"measured"}
    assert next(f for f in found["findings"] if "tree-search" in f["id"])["counts"]["broken"] > 0
