"""Derived columns through the command line."""

from __future__ import annotations

import json

import joblib
import pandas as pd
import pytest

from cli_place import fit, make_rows

CODE = """
def made(raw):
    return raw.assign(income=raw["income"] * 12.0).drop(columns="monthly", errors="ignore")

def renamed(raw):
    return raw.rename(columns={"monthly": "income"}).assign(income=lambda f: f["income"] * 12)

number = 3
"""
ARGUMENTS = ("assess", "model.joblib", "data.csv", "--target", "class", "--no-input", "--rng", "0", "--budget", "5s")
QUICK = ("--only", "evasion/hand-edit@columns")


@pytest.fixture
def raw(place):
    (place / "features_of_mine.py").write_text(CODE)
    rows = make_rows(300, seed=0)
    joblib.dump(fit(rows), place / "model.joblib")
    data = make_rows(120, seed=1)
    data.assign(income=data["income"] / 12).rename(columns={"income": "monthly"}).to_csv(
        place / "data.csv", index=False
    )
    return place


def test_raw_columns_are_edited(raw):
    result = raw.run(*ARGUMENTS, *QUICK, "--features", "features_of_mine:renamed")
    assert "this runs the code of that module" in " ".join(result.stderr.split())
    document = json.loads((raw / "sparring-out" / "assessment.json").read_text())
    assert document["target"]["features"] == "features_of_mine:renamed"
    assert "monthly" in [column["name"] for column in document["columns"]]
    examples = pd.read_parquet(raw / "sparring-out" / "examples.parquet")
    assert "monthly" in examples.columns
    assert "income" not in examples.columns


def test_workers_find_the_function(raw):
    found = []
    for jobs in ("1", "2"):
        # the budget is enough for as many rows, however busy the machine
        options = ("--features", "features_of_mine:renamed", "--jobs", jobs, "--overwrite", "--budget", "60s")
        raw.spawn(*ARGUMENTS, *QUICK, *options)
        document = json.loads((raw / "sparring-out" / "assessment.json").read_text())
        found.append(document["findings"][0]["counts"])
    assert found[0] == found[1]
    assert found[0]["broken"] > 0


@pytest.mark.parametrize(
    ("features", "says"),
    [
        ("features_of_mine", "must be module:function"),
        ("features_of_mine:missing", "missing"),
        ("features_of_mine:number", "must be a function"),
        ("features_of_mine:made", "raises KeyError"),
        ("no_such_module:made", "no_such_module"),
    ],
)
def test_what_will_not_do_gets_one_sentence(raw, features, says):
    result = raw.run(*ARGUMENTS, *QUICK, "--features", features, code=2)
    assert says in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not (raw / "sparring-out").exists()
