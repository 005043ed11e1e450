"""pandas, polars and pyarrow, through a whole assessment: the same figures, and rows that come back as they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import sparring
from cli_place import make_rows

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

SAVINGS = ["high", "low", "some"]
IDS = ("evasion/tree-search@columns", "evasion/hand-edit@columns", "evasion/hop-skip-jump@columns")
WHO = {"age": {"who": "nobody"}, "since": {"who": "nobody"}}


def rows(n, *, seed):
    """Numbers, whole numbers, text, categories, dates and truth values; blanks in all but two."""
    rng = np.random.default_rng(seed)
    frame = make_rows(n, seed=seed)

    def gaps(values):
        return values.where(rng.random(n) > 0.1)

    frame["income"] = gaps(frame["income"].astype(float))
    frame["job"] = gaps(frame["job"])
    frame["savings"] = gaps(pd.Series(pd.Categorical(frame["savings"], categories=SAVINGS)))
    frame["since"] = gaps(pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="D")))
    frame["member"] = rng.random(n) > 0.5
    return frame


TRAIN, TEST = rows(400, seed=0), rows(150, seed=1)
X, Y = TEST.drop(columns="class"), TEST["class"]


@pytest.fixture(scope="module")
def model():
    # blanks are no category of their own: scikit-learn takes None and NaN for two
    known = [["clerk", "none", "smith"], SAVINGS, [False, True]]
    one_hot = OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)
    before = make_column_transformer((one_hot, ["job", "savings", "member"]), (SimpleImputer(), ["income", "age"]))
    forest = RandomForestClassifier(20, max_depth=6, random_state=0)
    return make_pipeline(before, forest).fit(TRAIN.drop(columns="class"), TRAIN["class"])


def as_polars(frame):
    return pl.from_pandas(frame.drop(columns="savings")).with_columns(
        pl.Series(
            "savings",
            frame["savings"].astype(object).where(frame["savings"].notna(), None).tolist(),
            dtype=pl.Enum(SAVINGS),
        )
    )[list(frame.columns)]


def as_arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


@pytest.fixture(scope="module")
def by_pandas(model):
    return sparring.assess(model, X, Y, rng=0, budget="20s", columns=WHO, only=IDS)


KINDS = {
    "polars": lambda: (as_polars(X), pl.Series(Y.tolist())),
    "pyarrow": lambda: (as_arrow(X), pa.array(Y.tolist())),
    "a list of labels": lambda: (X, Y.tolist()),
    "an index of its own": lambda: (X.set_axis([f"r{i}" for i in range(len(X))]), Y.set_axis(range(5, 5 + len(Y)))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_figures_whatever_holds_the_rows(model, by_pandas, kind):
    frame, labels = KINDS[kind]()
    plain = by_pandas.assessment
    result = sparring.assess(model, frame, labels, rng=0, budget="60s", columns=WHO, only=IDS, plan=plain)
    found = result.assessment
    assert found.performance == plain.performance
    assert [column.model_dump() for column in found.columns] == [column.model_dump() for column in plain.columns]
    for name in IDS:
        assert found[name].outcome == "measured"
        assert found[name].counts == plain[name].counts
        assert found[name].primary == plain[name].primary
        assert found[name].edits == plain[name].edits


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_rows_come_back_as_they_were(model, kind, tmp_path):
    frame, labels = (X, Y) if kind == "pandas" else KINDS[kind]()
    given = {"rng": 0, "budget": "10s", "columns": WHO, "only": "evasion/hand-edit@columns", "out": tmp_path / "out"}
    sparring.assess(model, frame, labels, **given)
    kept = pd.read_parquet(tmp_path / "out" / "examples.parquet")
    originals = kept[kept["role"] == "original"]
    assert len(originals) > 20
    source = X.iloc[originals["row"]].reset_index(drop=True)
    back = originals[list(X.columns)].reset_index(drop=True)
    for name in X.columns:
        assert (back[name].isna() == source[name].isna()).all(), name
        there = ~source[name].isna()
        assert back[name][there].astype(object).tolist() == source[name][there].astype(object).tolist(), name
    # what is carried is the same in both rows of a pair, dates and numbers of customers among it
    edited = kept[kept["role"] == "adversarial"].reset_index(drop=True)
    for name in ("since", "customer_id", "age"):
        assert (edited[name].isna() == back[name].isna()).all()
        assert (edited[name].dropna().astype(object) == back[name].dropna().astype(object)).all()
    decided = model.predict(kept)
    assert (decided[kept["role"] == "original"] == TEST["class"].iloc[originals["row"]]).all()
    assert (decided[kept["role"] == "adversarial"] != decided[kept["role"] == "original"]).all()


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_training_rows_of_the_same_kind(model, kind):
    both = pd.concat([X, TRAIN.drop(columns="class")], ignore_index=True)
    make = as_polars if kind == "polars" else as_arrow
    both["savings"] = pd.Categorical(both["savings"], categories=SAVINGS)
    given = {"rng": 0, "budget": "5s", "columns": WHO, "only": "evasion/random-noise@columns"}
    found = sparring.assess(model, make(X), Y, train=make(both), **given).assessment
    assert "150 of 150 rows also stand among the training rows" in next(
        c.text for c in found.caveats if c.code == "train-rows-in-data"
    )


def test_categories_of_polars_and_dates_of_a_day():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "n": rng.normal(size=80),
            "c": pl.Series(rng.choice(["x", "y"], 80), dtype=pl.Categorical),
            "d": pl.Series(pd.date_range("2024-01-01", periods=80)).cast(pl.Date),
            "b": rng.random(80) > 0.5,
            "i": pl.Series(rng.integers(0, 9, 80), dtype=pl.Int8),
        }
    )
    asked = []

    def decide(rows):
        assert rows.schema == frame.schema
        asked.append(len(rows))
        return np.where((rows["n"].to_numpy() > 0) | (rows["c"] == "x").to_numpy(), "good", "bad")

    found = sparring.assess(
        decide, frame, decide(frame), rng=0, budget="5s", only="evasion/hand-edit@columns"
    ).assessment
    assert {c.name: c.kind for c in found.columns} == {
        "n": "number", "c": "category", "d": "carried", "b": "category", "i": "number",
    }  # fmt: skip
    assert found.findings[0].counts.broken > 20
    assert len(asked) > 3
