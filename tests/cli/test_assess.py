import json
import re
import stat
import sys

import joblib
import jsonschema
import numpy as np
import pandas as pd
import pytest

from cli_place import QUICK, fit, make_rows
from sparring.core.document import Assessment

MODEL = ("assess", "model.joblib", "data.csv", "--target", "class")
KNOWN = """
answers: {decides: loans, wants: good, tries: 5}
columns:
  income: {who: anyone, direction: up, range: [500, 9000]}
  job: {who: anyone}
  savings: {who: us}
  age: {who: nobody}
"""


def document(place, folder="sparring-out"):
    return json.loads((place / folder / "assessment.json").read_text())


def test_a_folder_with_everything_that_only_its_owner_reads(place):
    result = place.run(*MODEL, *QUICK, "--decision", "bad >= 0.3", "--attacker-wants", "good", "--out", "out")
    names = {path.name for path in (place / "out").iterdir()}
    assert names == {".gitignore", "assessment.json", "examples.parquet", "report.html", "columns.suggested.yaml"}
    assert all(stat.S_IMODE((place / "out" / name).stat().st_mode) == 0o600 for name in names)
    found = document(place, "out")
    assert found["complete"]
    assert found["target"]["decision"] == "bad >= 0.3"
    assert found["target"]["wants"] == "good"
    assert found["data"]["source"] == "data.csv"
    assert found["data"]["target"] == "class"
    assert "report.html" in result.stderr
    assert "WHAT MISSTATED COLUMNS COULD DO" in result.stdout


def test_every_row_called_broken_flips_the_model_when_replayed(place):
    place.run(*MODEL, "--budget", "6s", "--rng", "1", "--decision", "bad >= 0.3", "--attacker-wants", "good")
    examples = pd.read_parquet(place / "sparring-out" / "examples.parquet")
    model = joblib.load(place / "model.joblib")
    data = pd.read_csv(place / "data.csv")
    bad = list(model.classes_).index("bad")
    decided = model.predict_proba(examples)[:, bad] >= 0.3
    assert len(examples) > 20
    assert (decided == (examples["role"] == "original")).all()
    originals = examples[examples["role"] == "original"]
    columns = ["income", "age", "job", "savings"]
    pd.testing.assert_frame_equal(
        originals[columns].reset_index(drop=True), data.loc[originals["row"], columns].reset_index(drop=True)
    )
    kept = originals["finding"].value_counts()
    for finding in document(place)["findings"]:
        # also edits beyond the sizes that are reported are kept, so that anybody can replay them
        assert kept.get(finding["id"], 0) >= finding["counts"]["broken"]
    assert not examples.duplicated(["finding", "row", "role"]).any()


def test_json_prints_data_only(place):
    done = place.spawn(*MODEL, *QUICK, "--json")
    found = Assessment.model_validate_json(done.stdout)
    jsonschema.validate(json.loads(done.stdout), Assessment.model_json_schema())
    assert found.complete
    assert "evasion/hand-edit@columns" in done.stderr
    assert "\x1b" not in done.stderr
    assert all(len(line) < 200 for line in done.stderr.splitlines())


def test_nobody_is_asked_where_nobody_sits(place):
    result = place.run(*MODEL, *QUICK)
    assert not re.search(r"\b1 of 4\b", result.output)
    found = document(place)
    assert not found["answers"]["answered"]
    assert "assumed-columns" in {caveat["code"] for caveat in found["caveats"]}
    assert "upper bound" in " ".join(result.stdout.split())


def test_columns_and_answers_come_from_a_file(place):
    (place / "known.yaml").write_text(KNOWN)
    place.run(*MODEL, *QUICK, "--columns", "known.yaml")
    found = document(place)
    said = {key: value for key, value in found["answers"].items() if value not in (None, {})}
    assert said == {"decides": "loans", "wants": "good", "tries": 5, "answered": True}
    assert found["target"]["wants"] == "good"
    columns = {column["name"]: column for column in found["columns"]}
    assert (columns["income"]["high"], columns["income"]["direction"]) == (9000, "up")
    examples = pd.read_parquet(place / "sparring-out" / "examples.parquet")
    before, after = examples[examples["role"] == "original"], examples[examples["role"] == "adversarial"]
    assert len(after)
    assert (before["age"].to_numpy() == after["age"].to_numpy()).all()
    assert (before["savings"].to_numpy() == after["savings"].to_numpy()).all()
    assert (before["income"].to_numpy() <= after["income"].to_numpy()).all()


def test_the_file_of_the_repository_is_read_without_being_named(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text(KNOWN)
    result = place.run(*MODEL, *QUICK)
    assert "taken from security/system.yaml" in result.stderr
    assert document(place)["answers"]["tries"] == 5
    assert (place / "security" / "system.yaml").read_text() == KNOWN
    place.run(*MODEL, *QUICK, "--attacker-wants", "bad", "--overwrite")
    assert document(place)["target"]["wants"] == "bad"


def test_what_was_suggested_can_be_given_back(place):
    place.run(*MODEL, *QUICK, "--yes")
    first = document(place)
    suggested = place / "mine.yaml"
    suggested.write_text((place / "sparring-out" / "columns.suggested.yaml").read_text())
    place.run(*MODEL, *QUICK, "--columns", "mine.yaml", "--overwrite")
    assert document(place)["columns"] == first["columns"]


def test_the_same_seed_gives_the_same_figures_for_any_number_of_workers(place):
    hand = ("--only", "evasion/hand-edit@columns", "--budget", "40s", "--rng", "0")
    place.run(*MODEL, *hand, "--out", "one")
    place.run(*MODEL, *hand, "--out", "two", "--plan", "one/assessment.json", "--jobs", "2")
    one, two = document(place, "one"), document(place, "two")
    assert all(finding["stopped_by"] != "time" for finding in one["findings"] + two["findings"])
    for a, b in zip(one["findings"], two["findings"], strict=True):
        assert (a["id"], a["counts"], a["primary"], a["curve"]) == (b["id"], b["counts"], b["primary"], b["curve"])


def test_a_command_that_can_be_repeated_is_recorded(place):
    place.spawn(*MODEL, *QUICK, "--decision", "bad >= 0.3")
    command = document(place)["command"]
    assert command.startswith("sparring assess model.joblib data.csv --target class")
    assert "--decision 'bad >= 0.3'" in command


def test_training_rows_among_the_rows_are_a_doubt(place):
    place.rows(make_rows(300, seed=0), "train.csv")
    place.run("assess", "model.joblib", "train.csv", "--target", "class", *QUICK, "--train", "train.csv")
    assert "train-rows-in-data" in {caveat["code"] for caveat in document(place)["caveats"]}


def test_code_as_a_model_is_run_and_announced(place):
    place.code("import joblib\nmodel = joblib.load('model.joblib')\n", "my_models")
    result = place.run("assess", "my_models:model", "data.csv", "--target", "class", *QUICK)
    assert "importing my_models:model: this runs the code of that module" in result.stderr


def test_an_object_that_is_not_on_the_list_needs_to_be_allowed(place):
    name = place.code(
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "class Mine(ClassifierMixin, BaseEstimator):\n"
        "    classes_ = ['bad', 'good']\n"
        "    def fit(self, X, y): return self\n"
        "    def predict(self, X): return ['good' if i > 2500 else 'bad' for i in X['income']]\n",
        "own_classifier",
    )
    model = place.model(__import__(name).Mine(), "mine.joblib")
    args = ("assess", model, "data.csv", "--target", "class", *QUICK)
    assert "--allow own_classifier:Mine" in place.complaint(*args)
    result = place.run(*args, "--allow", "own_classifier:Mine")
    assert "because you allow it" in result.stderr
    sys.modules.pop(name)


@pytest.mark.parametrize("kind", ["xgboost.json", "xgboost.ubj", "lightgbm.txt"])
def test_native_files_with_the_names_of_their_classes(place, kind):
    library, suffix = kind.split(".")
    train, rows = make_rows(300, seed=0), make_rows(100, seed=1)
    inputs = ["income", "age"]
    labels = (train["class"] == "good").astype(int)
    path = place / f"native.{suffix}"
    if library == "xgboost":
        import xgboost

        xgboost.XGBClassifier(n_estimators=10).fit(train[inputs], labels).save_model(path)
    else:
        import lightgbm

        lightgbm.LGBMClassifier(n_estimators=10, verbose=-1).fit(train[inputs], labels).booster_.save_model(path)
    args = ("assess", path, place.rows(rows), "--target", "class", *QUICK)
    assert "--classes" in place.complaint(*args)
    place.run(*args, "--classes", "bad,good", "--attacker-wants", "good")
    assert document(place)["target"]["classes"] == ["bad", "good"]


def test_parquet_keeps_categories_and_missing_values(place):
    rows = make_rows(150, seed=3)
    rows["job"] = rows["job"].astype("category")
    rows.to_parquet(place / "rows.parquet")
    place.run("assess", place.model(fit(make_rows(300, seed=0))), "rows.parquet", "--target", "class", *QUICK)
    examples = pd.read_parquet(place / "sparring-out" / "examples.parquet")
    assert isinstance(examples["job"].dtype, pd.CategoricalDtype)


def test_three_classes(place):
    rows = make_rows(300, seed=0)
    rows["class"] = np.where(rows["income"] > 4000, "great", rows["class"])
    place.run("assess", place.model(fit(rows)), place.rows(rows[:100]), "--target", "class", *QUICK)
    assert document(place)["target"]["classes"] == ["bad", "good", "great"]
