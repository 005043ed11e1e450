"""Preprocessing pulled back into raw columns, against the user's pipeline; what mixes columns is refused by name."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks, with_dtypes
from sparring.adapters.bisect import key_of, value_of
from sparring.assess.columns import infer
from sparring.core.parameters import TreeEnsemble
from sparring.errors import NotApplicable

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

FINALS = {
    "forest": RandomForestClassifier(6, random_state=0),
    "hist": HistGradientBoostingClassifier(max_iter=6, random_state=0),
    "xgboost": xgboost.XGBClassifier(n_estimators=6, max_depth=4, n_jobs=1),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=6, verbose=-1, n_jobs=1, min_child_samples=5),
    "logistic": LogisticRegression(max_iter=2000),
}
ENCODERS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "one-hot-strict": OneHotEncoder(),
    "one-hot-drop": OneHotEncoder(drop="first", handle_unknown="ignore"),
    "one-hot-rare": OneHotEncoder(min_frequency=60, handle_unknown="infrequent_if_exist"),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
}


def tolerance(name):
    return 1e-5 if name.startswith("xgboost") else 1e-12


def pipeline(final, encoder, *, whole=("whole",)):
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    encoded = ["letter", "digit", *whole]
    first = make_column_transformer(
        (encoder, encoded), (scaled, ["n1", "n0"]), remainder=MinMaxScaler(), sparse_threshold=0
    )
    return make_pipeline(first, clone(final))


@pytest.mark.parametrize(("encoder", "n_classes"), [*((encoder, 2) for encoder in ENCODERS), ("one-hot", 3)])
@pytest.mark.parametrize("final", FINALS)
def test_pipelines_of_mixed_columns(final, encoder, n_classes):
    frame, y = mixed(n_classes)
    # a number that is one-hot encoded is no line: linear models get it scaled instead
    model = pipeline(FINALS[final], clone(ENCODERS[encoder]), whole=() if final == "logistic" else ("whole",))
    model.fit(frame, y)
    assert_same(target_of(model, frame), unseen=encoder != "one-hot-strict", tolerance=tolerance(final))


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler(), MinMaxScaler(clip=True), MaxAbsScaler(), RobustScaler()]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_thresholds_behind_scalers_are_exact(scaler, dtype):
    frame, y = numbers(2)
    frame = frame.astype(dtype)
    for final in ("forest", "hist"):
        model = make_pipeline(clone(scaler), clone(FINALS[final])).fit(frame, y)
        assert_same(target_of(model, frame), blanks=False)


def test_a_scaler_that_turns_numbers_around():
    frame, y = numbers(2)
    model = make_pipeline(StandardScaler(), clone(FINALS["forest"])).fit(frame, y)
    model[0].scale_ = -model[0].scale_
    target = target_of(model, frame)
    assert isinstance(target.parameters(), TreeEnsemble)
    assert_same(target, blanks=False)


def test_every_raw_threshold_is_the_first_number_on_its_side():
    frame, y = numbers(2)
    frame = frame.drop(columns="whole")  # rows are rounded to whole numbers on the way
    model = make_pipeline(StandardScaler(), RandomForestClassifier(1, max_depth=3, random_state=0)).fit(frame, y)
    ensemble = target_of(model, frame).parameters()
    scaled = model[1].estimators_[0].tree_
    for i in np.flatnonzero(ensemble.column >= 0):
        j, cut = ensemble.column[i], ensemble.threshold[i]
        rows = np.zeros((2, frame.shape[1]))
        rows[:, j] = [np.nextafter(cut, -np.inf), cut]
        z = model[0].transform(pd.DataFrame(rows, columns=frame.columns))[:, j].astype(np.float32)
        assert z[0] <= scaled.threshold[i] < z[1]


def test_searches_selectors_unions_and_nested_pipelines():
    frame, y = numbers(2)
    frame = with_blanks(frame)
    inner = make_pipeline(
        SimpleImputer(strategy="median"), FeatureUnion([("s", StandardScaler()), ("r", RobustScaler())])
    )
    model = make_pipeline(make_pipeline(inner, "passthrough"), SelectKBest(k=4), clone(FINALS["forest"]))
    search = GridSearchCV(model, {"randomforestclassifier__max_depth": [2, 4]}, cv=2).fit(frame, y)
    target = target_of(search, frame)
    assert target.parameters().source == "scikit-learn RandomForestClassifier"
    assert_same(target)


def test_category_dtypes_behind_a_transformer_that_keeps_frames():
    frame, y = mixed(2)
    frame = with_dtypes(frame)
    first = make_column_transformer((SimpleImputer(), ["n1"]), remainder="passthrough", verbose_feature_names_out=False)
    for final in (
        HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
        lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1, min_data_per_group=5),
        xgboost.XGBClassifier(n_estimators=5, enable_categorical=True, n_jobs=1),
    ):
        model = make_pipeline(clone(first).set_output(transform="pandas"), final).fit(frame, y)
        assert_same(target_of(model, frame), tolerance=1e-5)


def test_a_number_that_is_encoded_becomes_intervals():
    frame = pd.DataFrame({"k": np.tile([1, 2, 5, 9], 50), "n": np.linspace(0, 1, 200)})
    y = np.isin(frame["k"], [2, 9]).astype(int)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["k"]), remainder="passthrough"),
        RandomForestClassifier(3, random_state=0),
    ).fit(frame, y)
    target = target_of(model, frame)
    x = np.array([[k, 0.5] for k in range(-3, 15)], dtype=float)
    target.codec.sample = x
    assert_same(target, blanks=False, at_least=10)


def test_encoded_numbers_that_the_model_refuses_are_not_guessed():
    frame = pd.DataFrame({"k": np.tile([1, 2, 5, 9], 50), "n": np.linspace(0, 1, 200)})
    y = np.isin(frame["k"], [2, 9]).astype(int)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["k"]), remainder="passthrough"),
        RandomForestClassifier(3, random_state=0),
    ).fit(frame, y)
    with pytest.raises(NotApplicable, match="'k' holds numbers that the model encodes as categories"):
        target_of(model, frame).parameters()
    # between 1 and 2 lies no whole number, so that nothing is left to guess
    narrow = target_of(
        model,
        frame,
        columns=lambda rows: [c.model_copy(update={"high": 2.0} if c.name == "k" else {}) for c in infer(rows)],
    )
    assert isinstance(narrow.parameters(), TreeEnsemble)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (PCA(2), "PCA mixes columns"),
        (PolynomialFeatures(), "PolynomialFeatures mixes columns"),
        (SimpleImputer(missing_values=-1), "the number -1 as a blank"),
    ],
)
def test_what_cannot_be_pulled_back_is_named(step, reason):
    frame, y = numbers(2)
    model = make_pipeline(step, clone(FINALS["forest"])).fit(frame, y)
    target = target_of(model, frame)
    with pytest.raises(NotApplicable, match=reason):
        target.parameters()
    assert len(target.predict(target.codec.encode(frame))) == len(frame)


def test_a_transformer_that_lies_about_its_columns_is_caught():
    class Liar(StandardScaler):
        pass

    Liar.__name__, Liar.__module__ = "StandardScaler", "sklearn.preprocessing"
    frame, y = numbers(2)
    model = make_pipeline(Liar(), clone(FINALS["forest"])).fit(frame, y)
    honest = Liar.transform
    Liar.transform = lambda self, x: honest(self, x) + np.asarray(x)[:, :1]
    with pytest.raises(NotApplicable, match="let column 'n0' change what is made of"):
        target_of(model, frame).parameters()


def test_a_clipped_number_is_no_line():
    frame, y = numbers(2)
    model = make_pipeline(MinMaxScaler(clip=True), LogisticRegression()).fit(frame, y)
    with pytest.raises(NotApplicable, match="is not linear in it"):
        target_of(model, frame).parameters()
    encoded = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["whole"]), remainder=StandardScaler()),
        LogisticRegression(),
    ).fit(frame, y)
    with pytest.raises(NotApplicable, match="declare kind: category"):
        target_of(encoded, frame).parameters()


def test_keys_order_numbers():
    values = np.array([-np.inf, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e300, np.inf])
    keys = key_of(values)
    assert (np.diff(keys) > 0).all()
    np.testing.assert_array_equal(value_of(keys), values)
    np.testing.assert_array_equal(value_of(keys[1:-1] + 1), np.nextafter(values[1:-1], np.inf))
