"""Which rows of large data are looked at."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

import sparring
from sparring.assess import sampling
from sparring.core.examples import Examples


def frames(n):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": np.arange(n, dtype=float), "b": rng.normal(size=n)}, index=np.arange(n) + 7)
    y = pd.Series(np.where(frame["b"] > 0, "x", "y"), index=frame.index)
    polars, arrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    return {
        "pandas": (frame, y),
        "numpy": (frame.to_numpy(), y.to_numpy()),
        "list": (frame.to_numpy(), y.tolist()),
        "polars": (polars.from_pandas(frame), polars.Series(y.tolist())),
        "pyarrow": (arrow.Table.from_pandas(frame, preserve_index=False), arrow.array(y.tolist())),
        "chunked": (arrow.Table.from_pandas(frame, preserve_index=False), arrow.chunked_array([y.tolist()])),
    }


@pytest.mark.parametrize("kind", ["pandas", "numpy", "list", "polars", "pyarrow", "chunked"])
def test_rows_and_labels_stay_together_in_their_container(kind):
    X, y = frames(500)[kind]
    drawn, labels, ids, read = sampling.draw(X, y, at_most=40)
    assert read == 500
    assert type(drawn) is type(X)
    assert len(drawn) == len(labels) == len(ids) == 40
    table = np.asarray(drawn.to_pandas() if hasattr(drawn, "to_pandas") else drawn, dtype=float)
    assert (table[:, 0] == ids).all()
    assert [str(label) for label in labels] == ["x" if b > 0 else "y" for b in table[:, 1]]
    assert (np.diff(ids) > 0).all()
    assert ids.dtype == np.int64


@given(st.integers(2, 300), st.integers(1, 300))
def test_no_more_than_allowed_and_always_the_same(n, most):
    X, y = np.arange(n)[:, None], np.arange(n)
    a, b = sampling.draw(X, y, at_most=most), sampling.draw(X, y, at_most=most)
    assert len(a[0]) == min(n, most)
    assert (a[2] == b[2]).all()
    assert (a[3] is None) == (n <= most)


def test_every_row_is_as_likely():
    counts = np.zeros(1000)
    for n in range(900, 1000):
        counts[sampling.draw(np.zeros((n, 1)), np.zeros(n), at_most=90)[2]] += 1
    # 100 draws of a tenth: 10 on average, 3 standard deviations wide
    assert abs(counts[:900].mean() - 9.5) < 0.5
    assert counts[:900].std() < 4


def test_unequal_numbers_are_left_for_others_to_complain_about():
    X, y = np.zeros((50, 2)), np.zeros(49)
    assert sampling.draw(X, y, at_most=10)[0] is X


@pytest.mark.parametrize(("columns", "most"), [(30, 2000), (250, 2000), (2000, 250), (200_000, 50)])
def test_only_with_hundreds_of_columns_fewer_rows_are_copied_from(columns, most):
    x = np.broadcast_to(np.arange(2000.0)[:, None], (2000, columns))
    rows = Examples(x, np.arange(2000), np.arange(2000))
    found = sampling.donors(rows, attacked=200)
    assert len(found) == most
    assert (found.x[0, 0], found.x[-1, 0]) == (0, 1999)


def test_the_document_says_so_and_rows_keep_their_positions(monkeypatch, tmp_path):
    monkeypatch.setattr(sampling, "MOST_ROWS", 120)
    X, y = frames(600)["pandas"]
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    only = {"only": "evasion/hand-edit@columns", "budget": 60, "out": tmp_path / "out"}
    result = sparring.assess(model, X, y, rng=0, columns={"a": {"who": "nobody"}}, **only)
    found = result.assessment
    assert (found.data.rows, found.data.read) == (120, 600)
    assert "120 of the 600 rows, drawn at random" in next(c.text for c in found.caveats if c.code == "sampled-rows")
    assert "120 of 600 rows" in repr(result)
    originals = result.examples[result.examples["role"] == "original"]
    assert len(originals) > 50
    assert (originals["a"] == originals["row"]).all()
    assert originals["row"].max() > 120
    page = (tmp_path / "out" / "report.html").read_text()
    assert "120 of 600 rows" in page


def test_small_data_are_not_drawn_from():
    X, y = frames(100)["pandas"]
    model = DecisionTreeClassifier(max_depth=2).fit(X, y)
    found = sparring.assess(model, X, y, rng=0, only="evasion/random-noise@columns", budget=2).assessment
    assert found.data.read is None
    assert "sampled-rows" not in {c.code for c in found.caveats}
