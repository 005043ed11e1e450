"""A small credit model, its rows as files, and two ways to call the command line: in this process and in another."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from typer.testing import CliRunner

from sparring.cli import app

MAIN = "import sys; sys.argv[0] = 'sparring'; from sparring.cli import main; main()"
QUICK = ("--only", "evasion/hand-edit@columns", "--budget", "2s", "--rng", "0")


def make_rows(n: int, *, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "income": rng.integers(5, 60, n) * 100,
            "age": rng.integers(18, 80, n),
            "job": rng.choice(["clerk", "none", "smith"], n),
            "savings": rng.choice(["low", "some", "high"], n),
            "customer_id": rng.permutation(10**6)[:n],
        }
    )
    score = rows["income"] / 3000 + (rows["job"] != "none") + (rows["savings"] == "high") + rng.logistic(0, 0.4, n)
    rows["class"] = np.where(score > 2.1, "good", "bad")
    return rows


def fit(rows: pd.DataFrame, model=None, target: str = "class"):
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    before = make_column_transformer((one_hot, ["job", "savings"]), (StandardScaler(), ["income", "age"]))
    pipeline = make_pipeline(before, LogisticRegression() if model is None else model)
    return pipeline.fit(rows.drop(columns=[target, "customer_id"]), rows[target])


@dataclass
class Place:
    """A working folder of its own, and the command line in it."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def run(self, *args: str | Path, code: int | None = 0):
        """Call the command line in this process; fails on another exit code."""
        result = CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)
        assert code is None or result.exit_code == code, result.output
        return result

    def spawn(self, *args: str | Path, code: int | None = 0, **options):
        """Call the command line in a process of its own."""
        command = [sys.executable, "-c", MAIN, *map(str, args)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=240, **options)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def complaint(self, *args: str | Path) -> str:
        """Call for a wrong input, and return the one sentence about it."""
        result = self.run(*args, code=2)
        lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, result.stderr
        assert result.stderr.rstrip("\n").endswith(lines[0]), result.stderr
        assert "Traceback" not in result.output
        return lines[0]

    def rows(self, rows: pd.DataFrame, name: str = "other.csv") -> Path:
        """Write rows to a file."""
        rows.to_csv(self.folder / name, index=False)
        return self.folder / name

    def model(self, model, name: str = "other.joblib") -> Path:
        """Write a model to a file."""
        joblib.dump(model, self.folder / name)
        return self.folder / name

    def code(self, text: str, name: str) -> str:
        """Write a module, which `name:object` then imports."""
        (self.folder / f"{name}.py").write_text(text)
        return name
