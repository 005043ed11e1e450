"""Models that predict numbers, through the command line."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor

from cli_place import make_rows

ARGUMENTS = ("assess", "model.joblib", "data.csv", "--target", "savings", "--no-input", "--rng", "0")
QUICK = ("--only", "evasion/tree-search@columns", "--only", "evasion/random-noise@columns", "--budget", "20s")


@pytest.fixture
def numbers(place):
    rows = make_rows(400, seed=3).select_dtypes("number")
    target = rows["income"] * 2.0 + rows["age"] * 10.0
    rows = rows.drop(columns=[c for c in ("savings", "class") if c in rows]).assign(savings=target)
    model = GradientBoostingRegressor(n_estimators=30, random_state=0)
    joblib.dump(model.fit(rows[:300].drop(columns="savings"), rows[:300]["savings"]), place / "model.joblib")
    rows[300:].to_csv(place / "data.csv", index=False)
    return place


def test_a_shift_in_the_unit_of_y(numbers):
    shift = 200.0
    result = numbers.run(*ARGUMENTS, *QUICK, "--shift", str(shift), "--direction", "up")
    said = " ".join(result.stdout.split())
    assert "predicted within 200 of their true value" in said
    assert "higher by 200 or more" in said
    assert "Median absolute error" in said
    assert "Balanced accuracy" not in said
    document = json.loads((numbers / "sparring-out" / "assessment.json").read_text())
    assert document["target"]["shift"] == shift
    assert document["target"]["wants"] == "higher by 200 or more"
    examples = pd.read_parquet(numbers / "sparring-out" / "examples.parquet")
    assert list(examples.columns[:3]) == ["finding", "row", "role"]
    assert len(examples) > 2
    model, columns = joblib.load(numbers / "model.joblib"), list(examples.columns[3:])
    before, after = (examples[examples["role"] == role][columns] for role in ("original", "adversarial"))
    assert (model.predict(after) - model.predict(before) >= shift).all()
    edit = next(f for f in document["findings"] if f["edits"])["edits"][0]
    data = pd.read_csv(numbers / "data.csv").drop(columns="savings")
    assert float(edit["decided_before"]) == pytest.approx(model.predict(data.iloc[[edit["row"]]])[0], rel=1e-5)
    html = (numbers / "sparring-out" / "report.html").read_text()
    assert "in the unit of y" in html.lower() or "unit of y" in html


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "needs a shift that counts"),
        (("--shift", "0"), "must be a number above 0"),
        (("--shift", "-3"), "must be a number above 0"),
        (("--shift", "5", "--direction", "sideways"), "direction"),
        (("--direction", "up"), "needs a shift"),
        (("--shift", "5", "--decision", "a >= 0.5"), "no classes"),
    ],
)
def test_bad_options_get_one_sentence(numbers, options, says):
    result = numbers.run(*ARGUMENTS, *QUICK, *options, code=2)
    assert says in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not (numbers / "sparring-out").exists()


def test_a_target_of_text_gets_one_sentence(numbers):
    rows = pd.read_csv(numbers / "data.csv")
    rows.assign(savings=np.where(rows["savings"] > rows["savings"].median(), "high", "low")).to_csv(
        numbers / "data.csv", index=False
    )
    result = numbers.run(*ARGUMENTS, *QUICK, "--shift", "5", code=2)
    assert "must hold numbers" in " ".join(result.stderr.split())
