"""The mistakes of a person in a hurry: each gets one sentence and exit code 2, and loses nothing."""

from __future__ import annotations

import io
import os
import resource
import zipfile

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline

from cli_place import QUICK, fit, make_rows
from report.sample import assessment
from sparring.store import Archive

WANTED = ("--target", "class")


# files


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.csv", None, "does not exist"),
        ("dta.csv", None, "did you mean data.csv"),
        ("data.xlsx", b"PK\x03\x04", "ends in .csv or .parquet"),
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"income,class\n", "no rows"),
        ("binary.csv", bytes(range(256)) * 9, "binary file"),
        ("latin.csv", "income,class\n1,g\u00fct\n".encode("latin-1"), "UTF-8"),
        ("twice.csv", b"income,income,class\n1,2,good\n3,4,bad\n", "'income' stands more than once"),
        ("ragged.csv", b"income,class\n1,good,3\n2,bad\n", "3 cells in row 1"),
        ("short.csv", b"income,class\n1,good\n2\n", "1 cells in row 2"),
        ("one.csv", b"income,class\n1,good\n", "at least 2 rows"),
        ("alike.csv", b"income,class\n1,good\n2,good\n", "at least two classes"),
        ("blank.csv", b"income,class\n1,\n2,\n", "blank in all 2 rows"),
        ("semicolon.csv", b"income;class\n1;good\n2;bad\n", "semicolons"),
        ("broken.parquet", b"PAR1nothing", "cannot be read as Parquet"),
    ],
)
def test_data_that_cannot_be_read(place, name, content, says):
    if content is not None:
        (place / name).write_bytes(content)
    assert says in place.complaint("assess", "model.joblib", name, *WANTED)
    assert not (place / "sparring-out").exists()


def test_a_folder_as_data(place):
    assert "is a folder" in place.complaint("assess", "model.joblib", place.folder, *WANTED)


def test_a_wrong_target_gets_the_nearest_name(place):
    assert "did you mean 'class'" in place.complaint("assess", "model.joblib", "data.csv", "--target", "Clas")


def test_model_and_data_swapped(place):
    text = place.complaint("assess", "data.csv", "model.joblib", *WANTED)
    assert "model comes first" in text
    assert place.complaint("assess", "data.csv", "data.csv", *WANTED)
    assert "model comes first" in place.complaint("assess", "model.joblib", "model.joblib", *WANTED)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda raw: None, id="missing"),
        pytest.param(lambda raw: b"", id="empty"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="truncated"),
        pytest.param(lambda raw: b"\x80\x63" + raw[2:], id="of a later protocol"),
        pytest.param(lambda raw: os.urandom(500), id="noise"),
        pytest.param(lambda raw: b"cos\nsystem\n(S'touch pwned'\ntR.", id="malicious"),
        pytest.param(lambda raw: b"cbuiltins\ngetattr\n(cos\npath\nS'os'\ntR.", id="malicious behind a getattr"),
        pytest.param(lambda raw: b"\x80\x04" + b"]q\x00" * 20 + b"r\xff\xff\xff\x7f.", id="memo bomb"),
        pytest.param(lambda raw: _zip_bomb(), id="zip bomb"),
    ],
)
def test_model_files_that_are_damaged_or_hostile(place, make):
    raw = make((place / "model.joblib").read_bytes())
    if raw is not None:
        (place / "bad.joblib").write_bytes(raw)
    text = place.complaint("assess", "bad.joblib", "data.csv", *WANTED, *QUICK)
    assert "bad.joblib" in text
    assert not (place / "pwned").exists()


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.pkl", b"\0" * 300_000_000)
    return out.getvalue()


def test_a_model_file_named_like_another_kind(place):
    (place / "model.ubj").write_bytes((place / "model.joblib").read_bytes())
    assert "rename it" in place.complaint("assess", "model.ubj", "data.csv", *WANTED)


def test_an_object_that_is_not_there(place):
    place.code("x = 1\nraise_me = 1 / 1\n", "some_code")
    place.code("1 / 0\n", "broken_code")
    assert "nothing_of_that_name" in place.complaint("assess", "nothing_of_that_name:f", "data.csv", *WANTED)
    assert "some_code" in place.complaint("assess", "some_code:y", "data.csv", *WANTED)
    assert "ZeroDivisionError" in place.complaint("assess", "broken_code:y", "data.csv", *WANTED)


# columns


def test_a_column_that_the_model_needs_is_missing(place):
    rows = make_rows(50, seed=2)
    assert "'income'" in place.complaint("assess", "model.joblib", place.rows(rows.drop(columns="income")), *WANTED)
    renamed = place.rows(rows.rename(columns={"income": "incomes"}))
    assert "'income'" in place.complaint("assess", "model.joblib", renamed, *WANTED)


def test_reordered_and_further_columns_are_fine(place):
    rows = make_rows(50, seed=2)
    rows = rows[["class", *sorted(set(rows) - {"class"}, reverse=True)]].assign(more=1)
    place.run("assess", "model.joblib", place.rows(rows), *WANTED, *QUICK)


def test_a_column_of_another_type_than_at_training(place):
    rows = make_rows(50, seed=2).assign(income="much")
    assert "'income'" in place.complaint("assess", "model.joblib", place.rows(rows), *WANTED, *QUICK)


def test_a_category_never_seen_at_training_is_refused_by_name_or_fine(place):
    rows = make_rows(50, seed=2)
    rows.loc[3, "job"] = "astronaut"
    place.run("assess", "model.joblib", place.rows(rows), *WANTED, *QUICK)  # handle_unknown="ignore"
    strict = fit(make_rows(200, seed=0))
    strict.steps[0][1].transformers_[0][1].set_params(handle_unknown="error")
    text = place.complaint("assess", place.model(strict), place.rows(rows), *WANTED, *QUICK, "--overwrite")
    assert "'astronaut'" in text


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_the_model_refuses(place, value):
    rows = make_rows(50, seed=2).astype({"income": float})
    rows.loc[3, "income"] = value
    text = place.complaint("assess", "model.joblib", place.rows(rows), *WANTED, *QUICK)
    assert "'income'" in text or "NaN" in text or "infinity" in text


def test_constant_columns_and_few_rows_are_fine(place):
    place.run("assess", "model.joblib", place.rows(make_rows(12, seed=2).assign(age=30)), *WANTED, *QUICK)


# labels and answers


def test_labels_that_are_no_class_of_the_model(place):
    rows = make_rows(50, seed=2)
    rows.loc[3, "class"] = "so-so"
    assert "'so-so'" in place.complaint("assess", "model.joblib", place.rows(rows), *WANTED, *QUICK)


@pytest.mark.parametrize("labels", [{"good": True, "bad": False}, {"good": 7, "bad": 3}, {"good": "1", "bad": "0"}])
def test_labels_of_any_kind_are_fine(place, labels):
    train, rows = make_rows(200, seed=0), make_rows(60, seed=2)
    model = fit(train.assign(**{"class": train["class"].map(labels)}))
    wants = str(labels["good"])
    data = place.rows(rows.assign(**{"class": rows["class"].map(labels)}))
    if wants == "1":
        model = fit(train.assign(**{"class": train["class"].map({"good": 1, "bad": 0})}))
    place.run("assess", place.model(model), data, *WANTED, *QUICK, "--attacker-wants", wants)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("poor >= 0.3", "(bad, good)"),
        ("bad >= much", "number in (0, 1]"),
        ("bad >= 30", "number in (0, 1]"),
        ("bad > 0", "number in (0, 1]"),
        ("bad >= nan", "number in (0, 1]"),
        ("bad", "reads like"),
        ("", "reads like"),
    ],
)
def test_a_decision_that_names_no_class_or_no_number(place, rule, says):
    assert says in place.complaint("assess", "model.joblib", "data.csv", *WANTED, "--decision", rule)


def test_an_answer_that_nobody_gives(place):
    text = place.complaint("assess", "model.joblib", "data.csv", *WANTED, "--attacker-wants", "god")
    assert "did you mean 'good'" in text


def test_a_cut_off_for_a_model_without_probabilities(place):
    model = place.model(fit(make_rows(200, seed=0), RidgeClassifier()))
    place.run("assess", model, "data.csv", *WANTED, *QUICK)
    text = place.complaint("assess", model, "data.csv", *WANTED, *QUICK, "--decision", "bad >= 0.3", "--overwrite")
    assert "probabilities" in text


def test_a_regressor(place):
    rows = make_rows(50, seed=2).assign(**{"class": np.arange(50) % 5})
    for model in (LinearRegression(), RandomForestRegressor(5)):
        fitted = fit(rows, model)
        said = place.complaint("assess", place.model(fitted), place.rows(rows), *WANTED, *QUICK)
        assert "needs a shift that counts" in said


def test_a_model_that_was_never_fitted(place):
    assert "fit" in place.complaint(
        "assess", place.model(make_pipeline(LogisticRegression())), "data.csv", *WANTED, *QUICK
    )


def test_things_that_are_no_model(place):
    place.model({"a": 1}, "dict.joblib")
    assert "dict" in place.complaint("assess", "dict.joblib", "data.csv", *WANTED, *QUICK)


RULE = """
def answer(rows):
    {body}
    return ["good" if income > 2500 else "bad" for income in rows["income"]]
"""


def test_a_model_that_raises_says_what_and_where(place):
    place.code(RULE.format(body="raise KeyError('secret door')"), "raising_always")
    text = place.complaint("assess", "raising_always:answer", "data.csv", *WANTED, *QUICK)
    assert "secret door" in text


def test_a_model_that_raises_on_some_rows_is_no_crash(place):
    place.code(
        RULE.format(body="if (rows['job'] == 'smith').all(): raise ValueError('no smiths')"), "raising_sometimes"
    )
    place.run("assess", "raising_sometimes:answer", "data.csv", *WANTED, *QUICK)


def test_a_model_that_answers_differently_twice_is_a_doubt(place):
    body = "import random; rows = rows.assign(income=rows['income'] + [random.gauss(0, 900) for _ in range(len(rows))])"
    place.code(RULE.format(body=body), "throwing_dice")
    place.run("assess", "throwing_dice:answer", "data.csv", *WANTED, *QUICK)
    assert '"stochastic-model"' in (place / "sparring-out" / "assessment.json").read_text()


# options


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--only", "evasion/hand-edt"), "did you mean 'evasion/hand-edit'"),
        (("--only", "evasion/hand-edit@colums"), "did you mean 'evasion/hand-edit@columns'"),
        (("--budget", "soon"), '"60s"'),
        (("--budget", "0s"), "at least 1 s"),
        (("--columns", "none.yaml"), "none.yaml cannot be read"),
        (("--system", "none.yaml"), "none.yaml cannot be read"),
        (("--train", "none.csv"), "none.csv does not exist"),
        (("--plan", "none.json"), "none.json"),
        (("--classes", "a,b,c"), "classes"),
    ],
)
def test_options_that_cannot_be_used(place, options, says):
    assert says in place.complaint("assess", "model.joblib", "data.csv", *WANTED, *options)


def test_a_columns_file_that_does_not_fit_names_its_line(place):
    (place / "c.yaml").write_text("columns:\n  income: {who: anyone}\n  jobs: {who: us}\n")
    text = place.complaint("assess", "model.joblib", "data.csv", *WANTED, "--columns", "c.yaml")
    assert "c.yaml:3: no column 'jobs' in the data; did you mean 'job'" in text


def test_usage_mistakes_exit_with_2(place):
    assert "--target" in place.run("assess", "model.joblib", "data.csv", code=2).stderr
    assert "No such option" in place.run("assess", "model.joblib", "data.csv", "--targt", "class", code=2).stderr
    assert "No such command" in place.run("asess", code=2).stderr


# the folder


def test_a_folder_with_other_things_is_left_alone(place):
    (place / "mine").mkdir()
    (place / "mine" / "thesis.tex").write_text("years of work")
    for more in ((), ("--overwrite",)):
        text = place.complaint("assess", "model.joblib", "data.csv", *WANTED, *QUICK, "--out", "mine", *more)
        assert "mine" in text
    assert (place / "mine" / "thesis.tex").read_text() == "years of work"


def test_a_finished_folder_is_left_alone_without_overwrite(place):
    place.run("assess", "model.joblib", "data.csv", *WANTED, *QUICK)
    before = (place / "sparring-out" / "assessment.json").read_bytes()
    assert "--overwrite" in place.complaint("assess", "model.joblib", "data.csv", *WANTED, *QUICK)
    assert (place / "sparring-out" / "assessment.json").read_bytes() == before
    place.run("assess", "model.joblib", "data.csv", *WANTED, *QUICK, "--overwrite")


def test_a_folder_that_another_run_writes_into(place):
    with Archive(place / "sparring-out") as other:
        other.begin(assessment(complete=False, findings=()))
        for more in ((), ("--overwrite",)):
            text = place.complaint("assess", "model.joblib", "data.csv", *WANTED, *QUICK, *more)
            assert "sparring-out must have one writer" in text
            assert "wait for it" in text
    place.run("assess", "model.joblib", "data.csv", *WANTED, *QUICK, "--overwrite")


def test_an_output_folder_that_cannot_be_written(place):
    (place / "file").write_text("x")
    assert "file" in place.complaint("assess", "model.joblib", "data.csv", *WANTED, *QUICK, "--out", "file/out")
    assert "file" in place.complaint("assess", "model.joblib", "data.csv", *WANTED, *QUICK, "--out", "file")


def test_a_disk_that_fills_up_is_one_sentence(place):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    done = place.spawn("assess", "model.joblib", "data.csv", *WANTED, *QUICK, code=2, preexec_fn=limit)
    assert "disk is full or a file-size limit" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_of_ours_is_called_one(place, monkeypatch):
    monkeypatch.setattr("sparring.api.seconds", lambda budget: 1 / 0)
    result = place.run("assess", "model.joblib", "data.csv", *WANTED, code=70)
    assert "mistake in sparring" in result.stderr
    assert "Traceback" not in result.stderr
    monkeypatch.setenv("SPARRING_DEBUG", "1")
    assert "Traceback" in place.run("assess", "model.joblib", "data.csv", *WANTED, code=70).stderr


def test_debug_shows_where_a_wrong_input_was_noticed(place, monkeypatch):
    monkeypatch.setenv("SPARRING_DEBUG", "1")
    assert "Traceback" in place.run("assess", "model.joblib", "none.csv", *WANTED, code=2).stderr


def test_names_with_control_characters_do_not_reach_the_terminal(place):
    data = place.rows(pd.DataFrame({"a\x1b[31m": [1, 2], "c": ["x", "y"]}))
    assert "\x1b" not in place.complaint("assess", "model.joblib", data, "--target", "a\x1b[32m")


def test_a_hostile_joblib_array(place):
    joblib.dump(np.array([os.system], dtype=object), place / "bad.joblib")
    assert "bad.joblib" in place.complaint("assess", "bad.joblib", "data.csv", *WANTED)
