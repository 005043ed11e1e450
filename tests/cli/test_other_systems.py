"""What would go wrong on other systems, as far as this one can show it: no fork, paths with backslashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cli_place import QUICK, fit, make_rows
from sparring.cli.console import typed
from sparring.store import archive

# os.fork is what Windows has not, and what macOS should not use; children are started, as there, from nothing
WITHOUT_FORK = """
import multiprocessing, os, sys

def no_fork():
    raise OSError("this system has no fork")

if __name__ == "__main__":
    os.fork = no_fork
    multiprocessing.set_start_method("spawn")
    from sparring.cli import main
    sys.argv[0] = "sparring"
    main()
"""


def document(folder):
    return json.loads((folder / "assessment.json").read_text())


def test_nothing_depends_on_fork(place):
    (place / "without_fork.py").write_text(WITHOUT_FORK)
    command = (
        *("assess", "model.joblib", "data.csv", "--target", "class", "--no-input", "--rng", "0", "--budget", "60s"),
        *("--only", "evasion/hand-edit@columns", "--only", "evasion/hop-skip-jump@columns"),
    )
    place.run(*command, "--out", "here")
    plan = ("--plan", place / "here" / "assessment.json")
    done = subprocess.run(
        [sys.executable, "without_fork.py", *command, *plan, "--jobs", "2", "--out", "there"],
        cwd=place.folder, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    here, there = document(place / "here"), document(place / "there")
    for one, other in zip(here["findings"], there["findings"], strict=True):
        assert one["outcome"] == "measured"
        assert one["primary"] == other["primary"]
        assert one["edits"] == other["edits"]


def test_paths_with_backslashes_stay_as_they_are(place):
    rows, model, out = "C:\\new\\table_x.csv", "C:\\new\\tree.joblib", "res\\nice"
    place.rows(make_rows(120, seed=1), rows)
    place.model(fit(make_rows(300, seed=0)), model)
    shown = place.run("assess", model, rows, "--target", "class", *QUICK, "--no-input", "--out", out)
    assert rows in shown.stdout
    assert out in shown.stderr
    found = document(place / out)
    assert (found["data"]["source"], found["target"]["source"]) == (rows, model)
    for kind in ("text", "html"):
        text = place.run("report", out, "--format", kind).stdout
        assert rows in text
        assert model in text
    markdown = place.run("report", out, "--format", "markdown").stdout
    assert rows.replace("\\", "\\\\") in markdown


def test_names_of_columns_and_values_with_backslashes_stay_as_they_are(place):
    renamed = {"income": "in\\new", "job": "a\\b'\""}
    data, train = (make_rows(n, seed=seed).rename(columns=renamed) for n, seed in ((120, 1), (300, 0)))
    for frame in (data, train):
        frame["a\\b'\""] = frame["a\\b'\""].replace("smith", "c\\t")
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.tree import DecisionTreeClassifier

    before = make_column_transformer((OneHotEncoder(sparse_output=False), ["a\\b'\""]), ("passthrough", ["in\\new"]))
    pipeline = make_pipeline(before, DecisionTreeClassifier(max_depth=3)).fit(
        train.drop(columns="class"), train["class"]
    )
    place.model(pipeline)
    place.rows(data)
    place.run("assess", "other.joblib", "other.csv", "--target", "class", *QUICK, "--no-input")
    columns = {column["name"]: column for column in document(place / "sparring-out")["columns"]}
    assert "c\\t" in columns["a\\b'\""]["categories"]
    assert columns["in\\new"]["kind"] == "number"
    again = place / "sparring-out" / "columns.suggested.yaml"
    place.run(*("assess", "other.joblib", "other.csv", "--target", "class", *QUICK, "--overwrite", "--columns", again))


def test_a_command_is_written_for_the_shell_at_hand(monkeypatch):
    words = ["sparring", "assess", "C:\\my models\\m.joblib", "--decision", "bad >= 0.3"]
    assert typed(words) == "sparring assess 'C:\\my models\\m.joblib' --decision 'bad >= 0.3'"
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "name", "nt")
        text = typed(words)
    assert text == 'sparring assess "C:\\my models\\m.joblib" --decision "bad >= 0.3"'


@pytest.mark.parametrize(("name", "alive"), [("posix", True), ("nt", False)])
def test_no_signal_is_sent_where_signal_0_is_ctrl_c(monkeypatch, name, alive):
    sent = []
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "name", name)
        elsewhere.setattr(os, "kill", lambda pid, number: sent.append(number))
        found = archive._alive(1)
    assert found == alive
    assert sent == ([0] if alive else [])
