"""Numbers that are codes: read as categories where the columns table says so, through every door."""

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

import sparring
from sparring.assess import columns
from sparring.errors import ColumnsError

ZONES = (101, 5003, 80331)
SAID = {"zone": {"kind": "category", "who": "anyone"}, "income": {"who": "us"}}
LINEAR, TREES = "evasion/linear-exact@columns", "evasion/tree-search@columns"


def frame(dtype="int64", n=160):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"zone": pd.Series(rng.choice(ZONES, n), dtype=dtype), "income": rng.integers(10, 90, n)})
    good = rows["income"] + 30.0 * (rows["zone"] == 5003) > 60
    return rows, np.where(good, "good", "bad")


def linear(rows, y):
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["zone"]), remainder="passthrough")
    return make_pipeline(encode, LogisticRegression(C=10, max_iter=5000)).fit(rows, y)


def test_numbers_become_categories_only_where_they_are_said_to_be():
    rows, _ = frame()
    assert columns.described(rows, {})[0].kind == "number"
    zone, income = columns.described(rows, SAID)
    assert (zone.kind, zone.categories, zone.step, zone.who) == ("category", ZONES, None, "anyone")
    assert income.kind == "number"


@pytest.mark.parametrize("dtype", ["int64", "float64", "float32", "Int64"])
def test_a_linear_model_over_codes_is_read_once_they_are_declared(dtype):
    rows, y = frame(dtype)
    model = linear(rows, y)

    def go(said):
        return sparring.assess(model, rows, y, columns=said, attacker_wants="good", only=LINEAR, rng=0)

    undeclared = go({"zone": {"who": "anyone"}, "income": {"who": "us"}})[LINEAR]
    assert "declare kind: category" in undeclared.reason
    result = go(SAID)
    finding = result[LINEAR]
    assert finding.outcome == "measured"
    assert finding.counts.broken > 5
    assert {change.after for edit in finding.edits for change in edit.changes} == {"5003"}
    edited = result.examples[result.examples["role"] == "adversarial"]
    assert edited["zone"].dtype == rows["zone"].dtype
    assert set(edited["zone"]) == {5003}
    assert (model.predict(edited[["zone", "income"]]) == "good").all()


def test_trees_over_codes_enter_codes_that_were_seen():
    rows, y = frame()
    model = DecisionTreeClassifier(random_state=0).fit(rows, y)
    result = sparring.assess(model, rows, y, columns=SAID, attacker_wants="good", only=TREES, rng=0)
    edited = result.examples[result.examples["role"] == "adversarial"]
    assert len(edited) > 5
    assert set(edited["zone"]) <= set(ZONES)


def test_blanks_and_fractions_are_codes_of_their_own_kind():
    rows = pd.DataFrame({"a": [1.5, 2.0, np.nan, 2.0]})
    (column,) = columns.described(rows, {"a": {"kind": "category"}})
    assert (column.categories, column.missing) == ((1.5, 2), "allow")
    with pytest.raises(ColumnsError, match="'a' holds categories, and range is for numbers"):
        columns.described(rows, {"a": {"kind": "category", "range": [1, 2]}})


def test_further_rows_bring_further_codes():
    (column,) = columns.described(
        pd.DataFrame({"a": [3, 1]}), {"a": {"kind": "category"}}, background=pd.DataFrame({"a": [7, 3]})
    )
    assert column.categories == (1, 3, 7)


def test_a_column_of_measurements_is_no_category():
    rows = pd.DataFrame({"a": np.linspace(0, 1, 1001)})
    with pytest.raises(ColumnsError, match="columns: column 'a' must have at most 1,000 different values"):
        columns.described(rows, {"a": {"kind": "category"}})
    assert columns.described(rows[:1000], {"a": {"kind": "category"}})[0].kind == "category"


def test_blank_columns_have_no_codes():
    rows = pd.DataFrame({"a": [np.nan, np.nan]})
    with pytest.raises(ColumnsError, match="'a' must have kind carried"):
        columns.described(rows, {"a": {"kind": "category"}})


def test_what_is_suggested_can_be_given_back(tmp_path):
    rows, y = frame()
    model = linear(rows, y)
    first = sparring.assess(model, rows, y, columns=SAID, attacker_wants="good", only=LINEAR, rng=0, out=tmp_path / "a")
    table = tmp_path / "a" / "columns.suggested.yaml"
    assert yaml.safe_load(table.read_text())["columns"]["zone"]["kind"] == "category"
    again = sparring.assess(model, rows, y, columns=table, attacker_wants="good", only=LINEAR, rng=0)
    assert again.assessment.columns == first.assessment.columns


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "polars"])
def test_what_is_said_of_columns_that_the_model_does_not_use_is_left_out(kind):
    rows, _ = frame()
    given = rows.assign(note="x")
    if kind == "pyarrow":
        given = pytest.importorskip("pyarrow").Table.from_pandas(given)
    elif kind == "polars":
        given = pytest.importorskip("polars").from_pandas(given)
    said = SAID | {"note": {"who": "us"}}
    assert columns.described(rows, said, given=given) == columns.described(rows, SAID)
    with pytest.raises(ColumnsError, match="no column 'note'"):
        columns.described(rows, said)
    with pytest.raises(ColumnsError, match="no column 'nota'"):
        columns.described(rows, SAID | {"nota": {"who": "us"}}, given=given)


def test_an_array_has_no_columns_that_a_model_could_leave_out():
    rows, _ = frame()
    with pytest.raises(ColumnsError, match="no column 'zone'"):
        columns.described(rows.to_numpy(), SAID, given=rows)
