"""Models that predict numbers, from the user's call to rows that move the user's own predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

import sparring
from sparring.core.shift import FALL, NEAR, RISE, Shift
from sparring.errors import DataError, ModelError, OptionError

SHIFT = 2.0


def table(n=160):
    rng = np.random.default_rng(3)
    X = pd.DataFrame(
        {
            "income": rng.gamma(4.0, 1.0, n).round(2),
            "age": rng.integers(20, 70, n),
            "home": rng.choice(["own", "rent", "free"], n),
        }
    )
    y = 2 + X["income"] + 0.05 * X["age"] + 1.5 * (X["home"] == "own") + rng.normal(0, 0.2, n)
    return X, y.to_numpy()


X, Y = table()
NUMBERS = X[["income", "age"]]


def go(model, *, rows=NUMBERS, **options):
    given = {"shift": SHIFT, "rng": 0, "budget": "30s", "only": ["evasion/tree-search", "evasion/linear-exact"]}
    return sparring.assess(model, rows[100:], Y[100:], **given | options)


def moved(model, result, finding):
    """Return by how much the user's own model moves its prediction for each row that is called broken."""
    part = result.examples[result.examples["finding"] == finding]
    columns = list(result.examples.columns[3:])
    before, after = (part[part["role"] == role][columns] for role in ("original", "adversarial"))
    assert len(before) == result[finding].counts.broken or finding.endswith("spread")
    return model.predict(after) - model.predict(before)


TREES = [
    DecisionTreeRegressor(max_depth=5, random_state=0),
    RandomForestRegressor(20, random_state=0),
    ExtraTreesRegressor(20, random_state=0),
    GradientBoostingRegressor(n_estimators=30, random_state=0),
    GradientBoostingRegressor(n_estimators=20, loss="quantile", alpha=0.8, random_state=0),
    HistGradientBoostingRegressor(max_iter=30, random_state=0),
    HistGradientBoostingRegressor(max_iter=30, loss="poisson", random_state=0),
]


@pytest.mark.parametrize("model", TREES, ids=lambda model: f"{type(model).__name__}-{getattr(model, 'loss', '')}")
def test_trees_of_scikit_learn(model):
    model.fit(NUMBERS[:100], Y[:100])
    result = go(model)
    assert "predictions equal on 60 of 60 rows" in result.assessment.target.conversion
    finding = result["evasion/tree-search@columns"]
    assert finding.counts.broken > 0
    assert finding.counts.died == 0
    assert (np.abs(moved(model, result, finding.id)) >= SHIFT).all()


def boosted():
    catboost = pytest.importorskip("catboost")
    lightgbm = pytest.importorskip("lightgbm")
    xgboost = pytest.importorskip("xgboost")
    yield xgboost.XGBRegressor(n_estimators=30)
    yield xgboost.XGBRegressor(n_estimators=30, objective="count:poisson")
    yield xgboost.XGBRegressor(n_estimators=30, objective="reg:quantileerror", quantile_alpha=0.7)
    yield lightgbm.LGBMRegressor(n_estimators=30, verbose=-1, min_child_samples=5)
    yield lightgbm.LGBMRegressor(n_estimators=30, objective="tweedie", verbose=-1, min_child_samples=5)
    yield catboost.CatBoostRegressor(iterations=30, verbose=0, allow_writing_files=False)
    yield catboost.CatBoostRegressor(iterations=30, loss_function="Poisson", verbose=0, allow_writing_files=False)


@pytest.mark.parametrize("number", range(7))
def test_boosted_trees(number):
    model = list(boosted())[number].fit(NUMBERS[:100], Y[:100])
    result = go(model)
    assert "predictions equal on 60 of 60 rows" in result.assessment.target.conversion
    finding = result["evasion/tree-search@columns"]
    assert finding.counts.broken > 0
    # float32 sums may fall on the other side of the boundary by their last digit; the judge has then refused the row
    assert (np.abs(moved(model, result, finding.id)) >= SHIFT).all()


def test_native_files_of_boosters(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    xgboost = pytest.importorskip("xgboost")
    for booster in (
        xgboost.XGBRegressor(n_estimators=20).fit(NUMBERS[:100], Y[:100]).get_booster(),
        lightgbm.LGBMRegressor(n_estimators=20, verbose=-1).fit(NUMBERS[:100], Y[:100]).booster_,
    ):
        assert "equal on 60 of 60" in go(booster).assessment.target.conversion


@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_linear_models_are_solved_in_one_direction_or_both(direction):
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["home"]), (StandardScaler(), ["income", "age"])), Ridge()
    ).fit(X[:100], Y[:100])
    columns = {"income": {"who": "anyone", "range": [0, 30]}, "age": {"who": "nobody"}, "home": {"who": "nobody"}}
    result = go(model, rows=X, direction=direction, columns=columns)
    finding = result["evasion/linear-exact@spread"]
    change = moved(model, result, finding.id)
    assert {"up": (change >= SHIFT).all(), "down": (change <= -SHIFT).all(), "both": True}[direction]
    # what must be moved, in spreads, follows from one coefficient
    slope = model[-1].coef_[-2] / model[0].named_transformers_["standardscaler"].scale_[0]
    spread = next(c.spread for c in result.assessment.columns if c.name == "income")
    part = result.examples[result.examples["finding"] == finding.id]
    sizes = np.abs(np.diff(part["income"].to_numpy().reshape(-1, 2), axis=1))[:, 0]
    free = {"up": slice(None), "down": part["income"].to_numpy()[::2] > SHIFT / slope, "both": slice(None)}[direction]
    assert len(sizes[free])
    # amounts are in hundredths
    assert ((sizes[free] >= SHIFT / slope - 1e-9) & (sizes[free] < SHIFT / slope + 0.01)).all()
    assert finding.curve[0].size * spread < SHIFT / slope


def test_counts_are_read_through_their_logarithm():
    model = PoissonRegressor().fit(NUMBERS[:100], Y[:100])
    result = go(model, budget="600s")  # enough for all rows on any machine; the solution takes none of it
    assert "equal on 60 of 60" in result.assessment.target.conversion
    finding = result["evasion/linear-exact@spread"]
    assert (np.abs(moved(model, result, finding.id)) >= SHIFT).all()
    assert finding.counts.broken + finding.counts.proven == finding.counts.attacked  # it is exact
    assert finding.counts.broken > 20


def test_bounds_hold_against_every_other_attacker():
    model = GradientBoostingRegressor(n_estimators=30, random_state=0).fit(NUMBERS[:100], Y[:100])
    result = go(model, only=None)
    proofs = result["evasion/tree-proof@spread"].bounds
    examples = result.examples[result.examples["finding"].str.endswith("@spread")]
    spread = {c.name: c.spread for c in result.assessment.columns}
    for (_, row), pair in examples.groupby(["finding", "row"]):
        a, b = pair.iloc[0], pair.iloc[1]
        size = max(abs(b[name] - a[name]) / spread[name] for name in NUMBERS.columns)
        bound = proofs.get(row, 0.0)
        assert bound is not None
        assert size >= bound - 1e-9
    found = {f.id: f.counts.broken for f in result.assessment.findings if f.id.endswith("@columns")}
    assert found["evasion/tree-search@columns"] >= max(found.values())


def test_performance_is_in_the_unit_of_y():
    model = LinearRegression().fit(NUMBERS[:100], Y[:100])
    result = go(model)
    errors = result.assessment.performance.errors
    off = np.abs(model.predict(NUMBERS[100:]) - Y[100:])
    assert errors.median.value == pytest.approx(np.median(off))
    assert errors.mean.value == pytest.approx(off.mean())
    assert result.assessment.performance.accuracy.value == pytest.approx((off < SHIFT).mean())
    assert result.assessment.target.shift == SHIFT
    assert [column.name for column in result.assessment.columns] == list(NUMBERS.columns)
    assert result.assessment.data.columns == 2


def test_a_function_of_rows_with_a_shift_is_a_regressor():
    neighbors = KNeighborsRegressor(3).fit(NUMBERS[:100], Y[:100])
    result = go(neighbors.predict, only="evasion/hop-skip-jump@columns")
    assert result["evasion/hop-skip-jump@columns"].counts.broken > 0
    assert (np.abs(moved(neighbors, result, "evasion/hop-skip-jump@columns")) >= SHIFT).all()


def test_what_cannot_be_read_is_asked():
    model = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(NUMBERS[:100], Y[:100])
    result = go(model, only=["evasion/linear-exact", "evasion/cube-search"])
    assert "TransformedTargetRegressor is not read" in result["evasion/linear-exact@spread"].reason
    assert result["evasion/cube-search@spread"].counts.broken > 0


def test_interrupted_runs_go_on_with_the_same_figures(tmp_path):
    model = Ridge().fit(NUMBERS[:100], Y[:100])
    options = {"only": ["evasion/random-noise", "evasion/linear-exact"]}
    whole = go(model, **options)

    class Stop(Exception):
        pass

    def interrupt(text, done):
        if text == "evasion/linear-exact@spread":
            raise Stop

    with pytest.raises(Stop):
        go(model, out=tmp_path / "out", progress=interrupt, **options)
    again = go(model, out=tmp_path / "out", **options)
    assert [f.counts for f in again.assessment.findings] == [f.counts for f in whole.assessment.findings]
    assert again.assessment.worst_case == whole.assessment.worst_case


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"shift": None}, ModelError, "needs a shift"),
        ({"shift": 0}, OptionError, "above 0"),
        ({"shift": "far"}, OptionError, "above 0"),
        ({"direction": "sideways"}, OptionError, "direction"),
        ({"decision": "bad >= 0.3"}, OptionError, "no classes"),
        ({"shift": None, "direction": "up"}, OptionError, "needs a shift"),
    ],
)
def test_bad_options(options, error, says):
    with pytest.raises(error, match=says):
        go(Ridge().fit(NUMBERS[:100], Y[:100]), **options)


def test_bad_truth():
    model = Ridge().fit(NUMBERS[:100], Y[:100])
    with pytest.raises(DataError, match="must hold numbers, got 'high'"):
        sparring.assess(model, NUMBERS[100:], ["high"] * 60, shift=1)
    with pytest.raises(DataError, match="finite"):
        sparring.assess(model, NUMBERS[100:], np.full(60, np.nan), shift=1)
    with pytest.raises(DataError, match="as many rows"):
        sparring.assess(model, NUMBERS[100:], Y[:10], shift=1)


def test_a_classifier_has_no_shift():
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(NUMBERS[:100], Y[:100] > 8)
    with pytest.raises(ModelError, match="LogisticRegression does not"):
        go(model)


def test_rankers_and_models_that_are_not_fitted():
    xgboost = pytest.importorskip("xgboost")
    ranker = xgboost.XGBRanker(n_estimators=3).fit(NUMBERS[:100], (Y[:100] > 8).astype(int), qid=np.repeat([0, 1], 50))
    with pytest.raises(ModelError, match="does not"):
        go(ranker)
    with pytest.raises(ModelError, match="ranks rows"):
        go(ranker, shift=None)
    with pytest.raises(ModelError, match="has not been"):
        go(Ridge())


def test_between():
    rule = Shift.of_size(2)
    assert rule.between(np.zeros(5), np.array([-2.0, -1.9, 0.0, 1.9, 2.0])).tolist() == [FALL, NEAR, NEAR, NEAR, RISE]
    scores = rule.scores(np.zeros(3), np.array([-3.0, 0.0, 3.0]))
    assert scores.argmax(axis=1).tolist() == [FALL, NEAR, RISE]
    assert (np.diff(rule.scores(np.zeros(9), np.linspace(-4, 4, 9))[:, RISE]) > 0).all()
