"""Preprocessing that is tabulated, whoever wrote it: bins, means of targets, quantiles, powers, skrub, own classes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks
from sparring.errors import NotApplicable

lightgbm = pytest.importorskip("lightgbm")
category_encoders = pytest.importorskip("category_encoders")
skrub = pytest.importorskip("skrub")

# category_encoders 2.11 uses what pandas 3 is about to drop
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting")

FOREST = RandomForestClassifier(6, max_depth=5, random_state=0)
HIST = HistGradientBoostingClassifier(max_iter=6, random_state=0)
# scikit-learn 1.7 warns where this is left to its old default
KBINS = {"quantile_method": "averaged_inverted_cdf"} if hasattr(KBinsDiscretizer(), "quantile_method") else {}
NUMBERS = {
    "bins": KBinsDiscretizer(5, encode="ordinal", **KBINS),
    "bins-one-hot": KBinsDiscretizer(5, encode="onehot-dense", **KBINS),
    "bins-sparse": KBinsDiscretizer(4, strategy="kmeans"),
    "bins-uniform": KBinsDiscretizer(4, encode="onehot", strategy="uniform"),
    "quantile": QuantileTransformer(n_quantiles=50),
    "quantile-normal": QuantileTransformer(n_quantiles=50, output_distribution="normal"),
    "power": PowerTransformer(),
    "scaled-bins": make_pipeline(StandardScaler(), KBinsDiscretizer(5, encode="ordinal", **KBINS)),
    "asinh": FunctionTransformer(np.arcsinh),
    "twice": FunctionTransformer(lambda x: -2.0 * x),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name, dtype):
    frame, y = numbers(2)
    frame = frame.astype(dtype)
    for final in (FOREST, HIST)[: 1 if name in ("bins-sparse", "bins-uniform") else 2]:
        model = make_pipeline(clone(NUMBERS[name]), clone(final)).fit(frame, y)
        assert_same(target_of(model, frame), blanks=False, at_least=500)


def test_numbers_that_must_be_positive():
    frame, y = numbers(2)
    frame = frame.abs() + 0.5
    for step in (PowerTransformer("box-cox"), FunctionTransformer(np.log), FunctionTransformer(np.sqrt)):
        with np.errstate(all="ignore"):
            model = make_pipeline(step, clone(FOREST)).fit(frame, y)
            assert_same(target_of(model, frame), blanks=False, at_least=500)


CATEGORIES = {
    "target": TargetEncoder(),
    "ce-target": category_encoders.TargetEncoder(),
    "ce-ordinal": category_encoders.OrdinalEncoder(),
    "ce-one-hot": category_encoders.OneHotEncoder(use_cat_names=True),
    "ce-count": category_encoders.CountEncoder(),
    "ce-binary": category_encoders.BinaryEncoder(),
    "ce-james-stein": category_encoders.JamesSteinEncoder(),
    "ce-leave-one-out": category_encoders.LeaveOneOutEncoder(),
    "skrub-similarity": skrub.SimilarityEncoder(),
}


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("first", ["bare", "part"])
def test_categories(name, first):
    frame, y = mixed(2)
    frame = frame.assign(digit=frame["digit"].astype(str).astype(object), n1=frame["n1"].fillna(0.0))
    step = clone(CATEGORIES[name])
    if first == "part" or name in ("target", "skrub-similarity"):
        step = make_column_transformer((step, ["letter", "digit"]), remainder="passthrough", sparse_threshold=0)
    for final in (FOREST, HIST):
        model = make_pipeline(step, clone(final)).fit(frame, y)
        assert_same(target_of(model, frame), at_least=500)


def test_means_of_several_classes():
    frame, y = mixed(3)
    frame = frame.assign(whole=frame["whole"].astype(int))
    step = make_column_transformer((TargetEncoder(), ["letter", "digit", "whole"]), (SimpleImputer(), ["n1", "n0"]))
    assert_same(target_of(make_pipeline(step, clone(FOREST)).fit(frame, y), frame), at_least=500)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_table_vectorizer(n_classes):
    frame, y = mixed(n_classes)
    many = np.random.default_rng(0).choice([f"town {i}" for i in range(60)], len(frame))
    frame = frame.assign(town=many, letter=frame["letter"].fillna("none"))
    light = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1, min_child_samples=5)
    for final in (FOREST, HIST, light):
        model = make_pipeline(skrub.TableVectorizer(cardinality_threshold=30), clone(final)).fit(frame, y)
        assert_same(target_of(model, frame), at_least=500)


def test_zeros_as_blanks_behind_a_scaler():
    frame, y = numbers(2)
    frame = frame.assign(whole=frame["whole"].astype(float))
    light = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1, min_child_samples=5, zero_as_missing=True)
    for sign in (1.0, -1.0):
        model = make_pipeline(StandardScaler(with_mean=False), clone(light)).fit(frame, y)
        model[0].scale_ = model[0].scale_ * sign
        assert_same(target_of(model, frame), blanks=False, at_least=500)


class Ratio(TransformerMixin, BaseEstimator):
    """Mixes two columns, and only where one is large."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        x = np.asarray(X, dtype=float)
        return np.column_stack([x, np.where(x[:, 0] > 0.5, x[:, 1], 0.0)])


class Own(TransformerMixin, BaseEstimator):
    """Somebody's own, one column at a time."""

    def fit(self, X, y=None):
        self.middle_ = np.nanmedian(np.asarray(X, dtype=float), axis=0)
        return self

    def transform(self, X):
        x = np.asarray(X, dtype=float)
        return np.column_stack([np.where(np.isnan(x), self.middle_, x), np.isnan(x), np.cbrt(x)])


def test_a_transformer_of_somebodys_own():
    frame, y = numbers(2)
    frame = with_blanks(frame)
    assert_same(target_of(make_pipeline(Own(), clone(HIST)).fit(frame, y), frame), at_least=500)


def absolute(x):
    return np.abs(x)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Ratio(), "Ratio let column 'n1' change what is made of 'n0'"),
        (FunctionTransformer(absolute), "what FunctionTransformer makes of column 'n0' neither rises nor falls"),
        (SplineTransformer(), "what SplineTransformer makes of column 'n0' neither rises nor falls"),
        (make_pipeline(StandardScaler(), KBinsDiscretizer(3, **KBINS)), "KBinsDiscretizer after another transformer"),
    ],
)
def test_what_cannot_be_tabulated_is_named(step, reason):
    frame, y = numbers(2)
    with pytest.raises(NotApplicable, match=reason):
        target_of(make_pipeline(step, clone(FOREST)).fit(frame, y), frame).parameters()


def test_bins_are_no_line():
    frame, y = numbers(2)
    model = make_pipeline(KBinsDiscretizer(3, encode="ordinal", **KBINS), LogisticRegression()).fit(frame, y)
    with pytest.raises(NotApplicable, match="is not linear in it"):
        target_of(model, frame).parameters()


def test_dates_in_a_carried_column():
    frame, y = numbers(2)
    when = pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(len(frame)) % 50, unit="D")
    frame = frame.assign(when=when)
    model = make_pipeline(skrub.TableVectorizer(), clone(FOREST)).fit(frame, y)
    assert_same(target_of(model, frame), blanks=False, at_least=400)
