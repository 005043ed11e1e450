"""CatBoost's trees against its own answers: every way to grow them, categories, blanks, two classes and three."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import sparring
from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks
from sparring.errors import NotApplicable

catboost = pytest.importorskip("catboost")

QUIET = {"iterations": 8, "depth": 4, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}
GROWN = {
    "symmetric": {},
    "depthwise": {"grow_policy": "Depthwise"},
    "lossguide": {"grow_policy": "Lossguide", "max_leaves": 9},
    "ordered": {"boosting_type": "Ordered"},
    "blanks-high": {"nan_mode": "Max"},
    "weights": {"auto_class_weights": "Balanced"},
}
ENCODED = {
    "one-hot": {"one_hot_max_size": 20},
    "statistics": {"one_hot_max_size": 2, "max_ctr_complexity": 1},
    "counters": {"one_hot_max_size": 2, "max_ctr_complexity": 1, "simple_ctr": ["Counter"]},
    "buckets": {"one_hot_max_size": 2, "max_ctr_complexity": 1, "simple_ctr": ["Buckets"]},
}


def texts(n_classes):
    frame, y = mixed(n_classes)
    return frame.assign(letter=frame["letter"].fillna("none"), digit=frame["digit"].astype(str).astype(object)), y


def fitted(frame, y, **options):
    return catboost.CatBoostClassifier(**QUIET | options).fit(frame, y)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("grown", GROWN)
def test_numbers_and_blanks(grown, n_classes):
    frame, y = numbers(n_classes)
    frame = with_blanks(frame)
    for rows in (frame, frame.to_numpy(), frame.astype({"n0": np.float32})):
        target = target_of(fitted(rows, y, **GROWN[grown]), rows)
        x = assert_same(target, at_least=500)
        assert np.isnan(x).any()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("grown", ["symmetric", "depthwise"])
@pytest.mark.parametrize("encoded", ENCODED)
def test_categories(encoded, grown, n_classes):
    frame, y = texts(n_classes)
    model = fitted(frame, y, cat_features=["letter", "digit"], **ENCODED[encoded], **GROWN[grown])
    target = target_of(model, frame)
    parameters = target.parameters()
    assert len(parameters.tables) > 0
    assert_same(target, at_least=500)


def test_one_sigmoid_for_each_class():
    frame, y = texts(3)
    model = fitted(frame, y, cat_features=["letter", "digit"], loss_function="MultiClassOneVsAll", max_ctr_complexity=1)
    target = target_of(model, frame)
    assert target.parameters().link == "sigmoids"
    assert_same(target)
    assert_same(target_of(model, frame, decision="1 >= 0.4"))


@pytest.mark.parametrize("decision", [None, "1 >= 0.4", "0 > 0.7"])
def test_a_threshold_that_the_model_carries_is_its_own_rule(decision):
    frame, y = numbers(2)
    model = fitted(frame, y)
    model.set_probability_threshold(0.3)
    target = target_of(model, frame, decision=decision)
    if decision is None:
        assert target.decision.text == "1 > 0.3"
        np.testing.assert_array_equal(target.predict(target.codec.encode(frame)), model.predict(frame))
    assert_same(target, blanks=False)


def test_scale_bias_and_trees_of_one_leaf():
    frame, y = numbers(2)
    model = fitted(frame, y, min_data_in_leaf=500, grow_policy="Depthwise")
    model.set_scale_and_bias(0.25, 0.7)
    target = target_of(model, frame)
    assert target.parameters().intercept.tolist() == [0.7]
    assert_same(target)
    shrunk = catboost.CatBoostClassifier(**QUIET | {"iterations": 40})
    shrunk.fit(frame, y, eval_set=(frame[:100], 1 - y[:100]), early_stopping_rounds=3)
    assert target_of(shrunk, frame).parameters().n_trees == shrunk.best_iteration_ + 1 == shrunk.tree_count_ < 40


@pytest.mark.parametrize("loss", ["CrossEntropy", "Focal:focal_alpha=0.4;focal_gamma=2"])
def test_files_without_an_estimator(tmp_path, loss):
    frame, y = texts(2)
    model = fitted(frame, y, cat_features=["letter", "digit"], max_ctr_complexity=1, loss_function=loss)
    model.save_model(tmp_path / "model.cbm")
    for kind in (catboost.CatBoostClassifier, catboost.CatBoost):
        read = kind()
        read.load_model(tmp_path / "model.cbm")
        assert_same(target_of(read, frame))


def test_whole_numbers_as_categories_are_listed_or_refused():
    frame, y = numbers(2)
    model = fitted(frame, y, cat_features=["whole"], max_ctr_complexity=1)
    target = target_of(model, frame)
    assert_same(target, blanks=False)
    x = np.tile(target.codec.sample[:1], (30, 1))
    x[:, 3] = np.arange(-5, 25)
    target.codec.sample = x
    assert_same(target, blanks=False, at_least=50)
    far = frame.assign(whole=frame["whole"] * 1000)
    with pytest.raises(NotApplicable, match="'whole' holds numbers that the model takes for categories"):
        target_of(fitted(far, y, cat_features=["whole"], max_ctr_complexity=1), far).parameters()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_in_a_pipeline(n_classes):
    frame, y = texts(n_classes)
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    numeric = make_column_transformer((encode, ["letter", "digit"]), remainder=StandardScaler())
    assert_same(target_of(make_pipeline(numeric, catboost.CatBoostClassifier(**QUIET)).fit(frame, y), frame))
    kept = make_column_transformer(
        (StandardScaler(), ["n0", "n2"]), remainder="passthrough", verbose_feature_names_out=False
    )
    kept.set_output(transform="pandas")
    inner = catboost.CatBoostClassifier(**QUIET, cat_features=["letter", "digit"], max_ctr_complexity=1)
    assert_same(target_of(make_pipeline(kept, inner).fit(frame, y), frame))


def test_what_is_not_read_is_named():
    frame, y = texts(2)
    mixing = y ^ frame["letter"].isin(list("abcd")) ^ (frame["digit"] == "1")
    model = fitted(
        frame, mixing, cat_features=["letter", "digit"], one_hot_max_size=2, max_ctr_complexity=2, iterations=40
    )
    with pytest.raises(NotApplicable, match="combinations of columns"):
        target_of(model, frame).parameters()
    model = fitted(frame, y, cat_features=["letter"], one_hot_max_size=2, simple_ctr=["BinarizedTargetMeanValue"])
    with pytest.raises(NotApplicable, match="BinarizedTargetMeanValue"):
        target_of(model, frame).parameters()
    words = pd.DataFrame({"n": frame["n0"], "text": frame["letter"] + " " + frame["digit"]})
    model = fitted(words, y, text_features=["text"])
    with pytest.raises(NotApplicable, match="text features"):
        target_of(model, words).parameters()


def test_behind_steps_that_put_out_sparse_rows():
    """A one-hot encoder with many categories hands on a sparse matrix."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"town": [f"t{k}" for k in rng.integers(0, 40, 400)], "age": rng.integers(18, 80, 400)})
    y = (rows["age"] > 40) ^ (rows["town"].str.len() == 2)
    before = make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["age"]), sparse_threshold=1.0)
    model = make_pipeline(before, catboost.CatBoostClassifier(iterations=20, verbose=0, allow_writing_files=False))
    model.fit(rows[:300], y[:300])
    result = sparring.assess(model, rows[300:], y[300:], only="evasion/tree-search@columns", budget="10s", rng=0)
    assert "decisions equal on 100 of 100 rows" in result.assessment.target.conversion
    assert result["evasion/tree-search@columns"].counts.broken > 0
