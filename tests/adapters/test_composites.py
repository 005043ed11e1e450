"""Models made of models, against their own answers: averages, votes, stacks, calibration; what is no sum is named."""

import numpy as np
import pytest
from sklearn import calibration
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks
from sparring.adapters.calibration import cut_on_score
from sparring.errors import NotApplicable

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

STUMP = DecisionTreeClassifier(max_depth=2, random_state=0)
FOREST = RandomForestClassifier(7, max_depth=4, random_state=0)
BOOSTED = GradientBoostingClassifier(n_estimators=6, random_state=0)
HIST = HistGradientBoostingClassifier(max_iter=6, random_state=0)
LIGHT = lightgbm.LGBMClassifier(n_estimators=6, verbose=-1, n_jobs=1, min_child_samples=5)
XGB = xgboost.XGBClassifier(n_estimators=6, max_depth=3, n_jobs=1)
TWO = [("tree", STUMP), ("forest", FOREST)]
PREPARED = make_pipeline(
    make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["letter", "digit"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["n1", "n0"]),
        remainder="passthrough",
        sparse_threshold=0,
    ),
    FOREST,
)
ORDERED = make_pipeline(
    make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["letter", "digit"]),
        remainder="passthrough",
    ),
    ExtraTreesClassifier(6, random_state=0),
)

SUMS = {
    "ada": AdaBoostClassifier(STUMP, n_estimators=9, random_state=0),
    "ada-default": AdaBoostClassifier(n_estimators=9, random_state=0),
    "bagging": BaggingClassifier(n_estimators=7, random_state=0),
    "bagging-columns": BaggingClassifier(STUMP, n_estimators=8, max_features=0.5, max_samples=0.3, random_state=0),
    "bagging-twice": BaggingClassifier(STUMP, n_estimators=5, bootstrap_features=True, random_state=0),
    "bagging-forests": BaggingClassifier(FOREST, n_estimators=3, random_state=0),
    "soft": VotingClassifier(TWO, voting="soft"),
    "soft-weights": VotingClassifier([*TWO, ("no", "drop")], voting="soft", weights=[0.3, 2, 5]),
    "soft-bagging": VotingClassifier([("b", BaggingClassifier(STUMP, random_state=0)), ("t", STUMP)], voting="soft"),
    "hard": VotingClassifier(
        [("a", STUMP), ("b", clone(STUMP).set_params(max_depth=5)), ("c", DecisionTreeClassifier())]
    ),
    "hard-tie": VotingClassifier([("a", STUMP), ("b", DecisionTreeClassifier(max_depth=4, random_state=1))]),
    "stack": StackingClassifier(TWO, cv=2),
    "stack-margins": StackingClassifier([("g", BOOSTED), ("h", HIST)], stack_method="decision_function", cv=2),
    "stack-ridge": StackingClassifier(TWO, RidgeClassifier(), cv=2),
    "calibrated-forest": CalibratedClassifierCV(FOREST, ensemble=False, cv=2),
    "calibrated-margin": CalibratedClassifierCV(BOOSTED, ensemble=False, cv=2),
}
if hasattr(LIGHT, "decision_function"):  # LightGBM 4.7
    SUMS["calibrated-lightgbm"] = CalibratedClassifierCV(clone(LIGHT).set_params(sigmoid=0.7), ensemble=False, cv=2)
if hasattr(calibration, "_TemperatureScaling"):  # scikit-learn 1.8
    SUMS["calibrated-temperature"] = CalibratedClassifierCV(HIST, method="temperature", ensemble=False, cv=2)
BARE_NUMBERS = {"calibrated-margin", "stack-margins", "ada", "ada-default"}  # they take no blanks


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", SUMS)
def test_sums_of_trees(name, n_classes):
    frame, y = numbers(n_classes)
    blanks = name not in BARE_NUMBERS
    frame = with_blanks(frame) if blanks else frame
    target = target_of(clone(SUMS[name]).fit(frame, y), frame)
    assert target.family == "trees"
    assert_same(target, blanks=blanks, at_least=500)


@pytest.mark.parametrize("decision", ["1 >= 0.3", "1 > 0.5", "0 >= 0.6", "0 > 0.25"])
@pytest.mark.parametrize("name", ["ada", "bagging", "soft", "stack", "calibrated-forest", "bagging-columns"])
def test_cut_offs_on_sums(name, decision):
    frame, y = numbers(2)
    model = clone(SUMS[name]).fit(frame, y)
    assert_same(target_of(model, frame, decision=decision), blanks=False, at_least=500)
    assert_same(target_of(GridSearchCV(SUMS[name], {}, cv=2).fit(frame, y), frame, decision=decision), blanks=False)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_members_that_prepare_columns_in_their_own_way(n_classes):
    frame, y = mixed(n_classes)
    for model in (
        VotingClassifier([("a", PREPARED), ("b", ORDERED)], voting="soft", weights=[1, 2]),
        StackingClassifier([("a", PREPARED), ("b", ORDERED)], cv=2),
        CalibratedClassifierCV(PREPARED, ensemble=False, cv=2),
    ):
        target = target_of(model.fit(frame, y), frame)
        assert target.family == "trees"
        assert_same(target, at_least=500)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_composites_behind_preparation(n_classes):
    frame, y = mixed(n_classes)
    for name in ("ada", "bagging-columns", "soft", "hard", "stack", "calibrated-forest"):
        model = make_pipeline(clone(PREPARED[0]), clone(SUMS[name])).fit(frame, y)
        assert_same(target_of(model, frame), at_least=500)


def test_a_member_that_saw_fewer_classes():
    frame, y = numbers(3)
    y[y == 2] = 1
    y[:6] = 2
    inner = make_pipeline(StandardScaler(), STUMP)
    model = BaggingClassifier(inner, n_estimators=9, max_samples=60, random_state=0).fit(frame, y)
    assert {len(one.classes_) for one in model.estimators_} == {2, 3}
    assert_same(target_of(model, frame), blanks=False)


CURVES = {
    "isotonic-forest": CalibratedClassifierCV(FOREST, method="isotonic", ensemble=False, cv=2),
    "isotonic-tree": CalibratedClassifierCV(STUMP, method="isotonic", ensemble=False, cv=2),
    "isotonic-margin": CalibratedClassifierCV(BOOSTED, method="isotonic", ensemble=False, cv=2),
    "sigmoid-xgboost": CalibratedClassifierCV(XGB, ensemble=False, cv=2),
    "isotonic-lightgbm": CalibratedClassifierCV(LIGHT, method="isotonic", ensemble=False, cv=2),
    "isotonic-line": CalibratedClassifierCV(
        make_pipeline(StandardScaler(), LogisticRegression()), method="isotonic", ensemble=False, cv=2
    ),
}


if hasattr(calibration, "_TemperatureScaling"):
    CURVES["temperature-forest"] = CalibratedClassifierCV(FOREST, method="temperature", ensemble=False, cv=2)


@pytest.mark.parametrize("decision", [None, "1 >= 0.3", "1 > 0.7", "0 >= 0.4", "0 > 0.9", "1 >= 1.0"])
@pytest.mark.parametrize("name", CURVES)
def test_calibration_of_two_classes_is_another_cut_off(name, decision):
    frame, y = numbers(2)
    y = np.where(np.random.default_rng(1).random(len(y)) < 0.15, 1 - y, y)
    target = target_of(clone(CURVES[name]).fit(frame, y), frame, decision=decision)
    assert target.parameters().link == "margin"
    assert_same(target, blanks=False, at_least=400)


def test_calibration_of_weights():
    frame, y = numbers(2)
    frame = (frame - frame.mean()) / frame.std()
    target = target_of(CalibratedClassifierCV(LinearSVC(), ensemble=False, cv=2).fit(frame, y), frame)
    assert target.parameters().link == "logistic"
    assert target.family == "linear"
    assert_same(target, blanks=False)


def test_calibration_over_folds_of_one_fitted_model():
    frame, y = numbers(2)
    model = CalibratedClassifierCV(FrozenEstimator(clone(FOREST).fit(frame[:200], y[:200])), cv=3, ensemble=True)
    model.fit(frame[200:], y[200:])
    assert len(model.calibrated_classifiers_) == 3
    assert_same(target_of(model, frame), blanks=False)


def test_cuts_are_found_to_the_last_digit():
    for at in (0.1, -3e-200, 0.0, 7e250):
        assert cut_on_score(lambda raw, at=at: raw >= at) == (1.0, at)
        sign, cut = cut_on_score(lambda raw, at=at: raw <= at)
        assert (sign, -cut) == (-1.0, at)
    assert cut_on_score(lambda raw: raw > np.inf) == (1.0, np.inf)
    assert cut_on_score(lambda raw: raw < np.inf) == (1.0, -np.inf)
    with pytest.raises(NotApplicable, match="does not rise"):
        cut_on_score(lambda raw: np.abs(raw) < 1)


NOT_READ = {
    "folds": (CalibratedClassifierCV(FOREST, cv=2), "calibration over folds"),
    "isotonic": (
        CalibratedClassifierCV(FOREST, method="isotonic", ensemble=False, cv=2),
        "several classes by isotonic",
    ),
    "soft boosted": (
        VotingClassifier([("h", HIST), ("t", STUMP)], voting="soft"),
        "HistGradientBoostingClassifier, which",
    ),
    "soft lines": (
        VotingClassifier([("l", LogisticRegression(max_iter=10000))], voting="soft"),
        "LogisticRegression, which",
    ),
    "hard forests": (VotingClassifier(TWO), "RandomForestClassifier, which is no single tree"),
    "bagged boosters": (BaggingClassifier(LIGHT, n_estimators=2), "LGBMClassifier, which are no sum"),
    "boosted forests": (AdaBoostClassifier(FOREST, n_estimators=2), "RandomForestClassifier, which is no single tree"),
    "stack columns": (StackingClassifier(TWO, RidgeClassifier(), passthrough=True, cv=2), "passthrough"),
    "stack forest": (StackingClassifier(TWO, FOREST, cv=2), "ends in RandomForestClassifier"),
    "stack boosted": (StackingClassifier([("l", XGB)], cv=2), "XGBClassifier, which are no sum"),
    "stack labels": (StackingClassifier(TWO, stack_method="predict", cv=2), "uses predict of"),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_no_sum_is_named(name):
    frame, y = numbers(3)
    model, reason = NOT_READ[name]
    with pytest.raises(NotApplicable, match=reason):
        target_of(clone(model).fit(frame, y), frame).parameters()
