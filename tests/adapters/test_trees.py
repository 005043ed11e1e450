"""Every tree library against its own predict, bare: numbers, blanks, categories; two classes and three."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks, with_dtypes
from sparring.adapters.trees import after, bits, code_set, on_grid, raw_cut
from sparring.core.parameters import LinearModel
from sparring.errors import NotApplicable

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

FLOATS = st.floats(width=64, allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30)
QUIET = {"verbose": -1, "n_jobs": 1, "min_child_samples": 5}
BLANKS = {
    "tree": DecisionTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(7, random_state=0),
    "extra": ExtraTreesClassifier(7, random_state=0),
    "hist": HistGradientBoostingClassifier(max_iter=10, random_state=0),
    "xgboost": xgboost.XGBClassifier(n_estimators=10, max_depth=4, n_jobs=1),
    "xgboost-dart": xgboost.XGBClassifier(n_estimators=8, booster="dart", rate_drop=0.4, n_jobs=1, random_state=0),
    "xgboost-forest": xgboost.XGBRFClassifier(n_estimators=8, max_depth=4, n_jobs=1, random_state=0),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=10, **QUIET),
    "lightgbm-zero": lightgbm.LGBMClassifier(n_estimators=10, zero_as_missing=True, **QUIET),
    "lightgbm-none": lightgbm.LGBMClassifier(n_estimators=10, use_missing=False, **QUIET),
    "lightgbm-dart": lightgbm.LGBMClassifier(n_estimators=10, boosting_type="dart", **QUIET),
    "lightgbm-forest": lightgbm.LGBMClassifier(
        n_estimators=8, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6, **QUIET
    ),
}


def tolerance(name):
    return 1e-5 if name.startswith("xgboost") else 1e-12


@pytest.mark.parametrize(
    ("container", "n_classes"), [("frame", 2), ("frame", 3), ("array", 3), ("float32", 2), ("narrow frame", 2)]
)
@pytest.mark.parametrize("name", BLANKS)
def test_numbers_and_blanks(name, container, n_classes):
    frame, y = numbers(n_classes)
    frame = with_blanks(frame)
    x = {
        "frame": frame,
        "array": frame.to_numpy(),
        "float32": frame.to_numpy().astype(np.float32),
        "narrow frame": frame.astype({"n0": np.float32, "n2": np.float32}),
    }[container]
    model = clone(BLANKS[name]).fit(x, y)
    assert_same(target_of(model, x), tolerance=tolerance(name))


@pytest.mark.parametrize("decision", ["1 >= 0.3", "1 > 0.3", "0 >= 0.7", "0 > 0.7", "1 >= 0.5", None])
@pytest.mark.parametrize("n_trees", [1, 8, 10, 30])
def test_ties_of_forests_fall_as_the_rule_says(decision, n_trees):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = (x[:, 0] + rng.normal(size=200) > 0).astype(int)
    model = RandomForestClassifier(n_trees, random_state=0).fit(x, y)
    share = model.predict_proba(x)[:, 1]
    target = target_of(model, np.concatenate([x, rng.normal(size=(300, 3))]), decision=decision)
    target.codec.sample = rng.normal(size=(3000, 3))
    assert_same(target, blanks=False)
    assert n_trees == 1 or len(np.unique(share)) > 3


@pytest.mark.parametrize(
    ("options", "n_classes"),
    [({}, 2), ({}, 3), ({"init": "zero"}, 2), ({"init": "zero"}, 3), ({"loss": "exponential"}, 2)],
)
def test_gradient_boosting(options, n_classes):
    frame, y = numbers(n_classes)
    model = GradientBoostingClassifier(n_estimators=8, random_state=0, **options).fit(frame, y)
    assert_same(target_of(model, frame), blanks=False)


def test_gradient_boosting_on_top_of_another_model_is_refused_by_name():
    frame, y = numbers(2)
    model = GradientBoostingClassifier(n_estimators=3, init=LogisticRegression(max_iter=1000)).fit(frame, y)
    target = target_of(model, frame)
    with pytest.raises(NotApplicable, match=r"LogisticRegression \(init\)"):
        target.parameters()


CATEGORIES = {
    "hist": HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype", random_state=0),
    "xgboost-one": xgboost.XGBClassifier(n_estimators=10, enable_categorical=True, n_jobs=1),
    "xgboost-sets": xgboost.XGBClassifier(n_estimators=10, enable_categorical=True, max_cat_to_onehot=1, n_jobs=1),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=10, min_data_per_group=5, cat_smooth=1, **QUIET),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", CATEGORIES)
def test_categories_of_the_frame(name, n_classes):
    frame, y = mixed(n_classes)
    frame = with_dtypes(frame)
    model = clone(CATEGORIES[name]).fit(frame, y)
    parameters_use_sets = target_of(model, frame)
    assert len(parameters_use_sets.parameters().tables) > 0
    assert_same(parameters_use_sets, tolerance=tolerance(name))


@pytest.mark.parametrize("name", CATEGORIES)
def test_text_from_a_file_gets_the_categories_of_training(name):
    frame, y = mixed(2)
    model = clone(CATEGORIES[name]).fit(with_dtypes(frame), y)
    typed = target_of(model, with_dtypes(frame))
    texts = frame.assign(digit=frame["digit"].astype(str).astype(object))[::-1]
    read = target_of(model, texts)
    x = typed.codec.encode(typed.codec.frame)
    np.testing.assert_array_equal(typed.predict(x)[::-1], read.predict(read.codec.encode(read.codec.frame)))
    assert_same(read, tolerance=tolerance(name))


def test_sets_of_codes_in_an_array():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=400), rng.integers(0, 12, 400)])
    y = (np.isin(x[:, 1], [1, 4, 5, 9]) ^ (x[:, 0] > 1)).astype(int)
    for model in (
        HistGradientBoostingClassifier(max_iter=5, categorical_features=[1]).fit(x, y),
        lightgbm.LGBMClassifier(n_estimators=5, min_data_per_group=5, **QUIET).fit(x, y, categorical_feature=[1]),
    ):
        target = target_of(model, x)
        assert_same(target)
        assert len(target.parameters().tables) > 0


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_xgboost_files_stop_at_the_best_iteration(form):
    frame, y = numbers(3)
    model = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, learning_rate=1.0, n_jobs=1)
    model.fit(frame[:200], y[:200], eval_set=[(frame[200:], y[200:])], verbose=False)
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.get_booster().save_raw(form)))
    target = target_of(booster, frame, classes=("low", "middle", "high"))
    used = target.parameters().n_trees // 3
    assert used == model.best_iteration + 1 < booster.num_boosted_rounds()
    assert_same(target, tolerance=1e-5)
    x = target.codec.encode(frame)
    np.testing.assert_allclose(target.scores(x), model.predict_proba(frame), atol=1e-6)


@pytest.mark.parametrize("objective", ["binary", "multiclass", "multiclassova"])
def test_lightgbm_files(objective, tmp_path):
    frame, y = numbers(2 if objective == "binary" else 3)
    options = {"objective": objective, "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}
    options |= {} if objective == "binary" else {"num_class": 3}
    options |= {"sigmoid": 0.7} if objective != "multiclass" else {}
    lightgbm.train(options, lightgbm.Dataset(frame, y), num_boost_round=6).save_model(tmp_path / "model.txt")
    booster = lightgbm.Booster(model_file=tmp_path / "model.txt")
    target = target_of(booster, frame, classes=("low", "middle", "high")[: len(np.unique(y))])
    parameters = target.parameters()
    assert_same(target)
    if objective == "multiclassova":
        # one logistic for each class, which do not sum to one
        assert parameters.link == "sigmoids"
        assert_same(target_of(booster, frame, classes=("low", "middle", "high"), decision="high >= 0.3"))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_linear_booster_is_read_as_weights(n_classes):
    frame, y = numbers(n_classes)
    frame = with_blanks((frame - frame.mean()) / frame.std())
    for options in ({}, {"base_score": 0.3} if n_classes == 2 else {"reg_alpha": 0.1}):
        model = xgboost.XGBClassifier(n_estimators=9, booster="gblinear", n_jobs=1, **options).fit(frame, y)
        target = target_of(model, frame)
        assert target.family == "linear"
        assert isinstance(target.parameters(), LinearModel)
        assert_same(target, tolerance=1e-5)
        assert_same(target_of(make_pipeline(StandardScaler(), model).fit(frame, y), frame), tolerance=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("blank", [-1.0, 0.0, 3.0])
def test_a_number_as_a_blank_of_xgboost(blank, n_classes):
    frame, y = numbers(n_classes)
    frame = with_blanks(frame.assign(whole=frame["whole"] - 1.0))
    model = xgboost.XGBClassifier(n_estimators=8, max_depth=4, missing=blank, n_jobs=1).fit(frame, y)
    target = target_of(model, frame)
    x = assert_same(target, tolerance=1e-5, at_least=500)
    assert (x == blank).any()
    if blank == 0.0 and n_classes == 2:
        scaled = make_pipeline(StandardScaler(with_mean=False), clone(model)).fit(frame, y)
        assert_same(target_of(scaled, frame), tolerance=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_forests_boosted_and_base_scores_of_xgboost(n_classes):
    frame, y = numbers(n_classes)
    frame = with_blanks(frame)
    for options in (
        {"num_parallel_tree": 3, "subsample": 0.6, "early_stopping_rounds": 2, "learning_rate": 1.0},
        {"base_score": 0.2},
        {"booster": "dart", "rate_drop": 0.3, "normalize_type": "forest", "random_state": 1},
        {"multi_strategy": "multi_output_tree", "grow_policy": "depthwise"},
        {"grow_policy": "lossguide", "max_leaves": 7},
    ):
        if n_classes == 2 and "multi_strategy" in options:
            continue
        model = xgboost.XGBClassifier(n_estimators=7, max_depth=4, n_jobs=1, **options)
        evaluation = (
            {"eval_set": [(frame[:150], y[:150])], "verbose": False} if "early_stopping_rounds" in options else {}
        )
        model.fit(frame, y, **evaluation)
        assert_same(target_of(model, frame), tolerance=1e-5, at_least=500)


def test_what_adds_up_in_float32_says_so_behind_a_scaler_too():
    frame, y = numbers(2)
    model = make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=3, n_jobs=1)).fit(frame, y)
    ensemble = target_of(model, frame).parameters()
    assert (ensemble.dtype, ensemble.adds_in) == ("float64", "float32")
    forest = RandomForestClassifier(3, random_state=0).fit(frame, y)
    assert target_of(forest, frame).parameters().adds_in == "float64"


def test_leaves_of_several_outputs():
    frame, y = numbers(3)
    model = xgboost.XGBClassifier(n_estimators=4, multi_strategy="multi_output_tree", n_jobs=1).fit(frame, y)
    assert target_of(model, frame).parameters().vector_leaves


def test_what_is_not_read_is_named():
    frame, y = numbers(2)
    linear = lightgbm.LGBMClassifier(n_estimators=3, linear_tree=True, **QUIET).fit(frame, y)
    hinge = xgboost.XGBClassifier(n_estimators=3, objective="binary:hinge", n_jobs=1).fit(frame, y)
    raw_scores = xgboost.XGBClassifier(n_estimators=3, objective="binary:logitraw", n_jobs=1).fit(frame, y)
    for model, reason in ((linear, "linear_tree"), (hinge, "binary:hinge"), (raw_scores, "binary:logitraw")):
        with pytest.raises(NotApplicable, match=reason):
            target_of(model, frame).parameters()
    texts, y = mixed(2)
    blank = xgboost.XGBClassifier(n_estimators=3, missing=-999.0, enable_categorical=True, n_jobs=1)
    with pytest.raises(NotApplicable, match="takes -999 for a blank beside sets of categories"):
        target_of(blank.fit(with_dtypes(texts), y), with_dtypes(texts)).parameters()


class Mine(RandomForestClassifier):
    """A subclass that may answer in another way."""


def test_a_subclass_is_not_read():
    frame, y = numbers(2)
    with pytest.raises(NotApplicable, match="Mine is not read"):
        target_of(Mine(3).fit(frame, y), frame).parameters()


@given(FLOATS, FLOATS)
def test_after_turns_at_most_into_less_than(threshold, x):
    cut = after(np.array([threshold]), dtype="float64")[0]
    assert (x <= threshold) == (x < cut)
    low = np.float32(x)
    for value in (low, np.float32(threshold), np.nextafter(np.float32(threshold), np.float32(np.inf))):
        assert (float(value) <= threshold) == (float(value) < after(np.array([threshold]), dtype="float32")[0])


@given(FLOATS, FLOATS)
def test_raw_cut_is_the_first_number_that_rounds_up_to_the_threshold(threshold, x):
    cut = raw_cut(np.array([threshold]), dtype="float32")[0]
    for value in (x, cut, np.nextafter(cut, -np.inf)):
        assert (float(np.float32(value)) >= threshold) == (value >= cut)


@pytest.mark.parametrize("n_trees", [3, 7, 10, 100, 200, 300])
def test_averages_of_votes_fall_on_the_asked_side_of_ties(n_trees):
    up, down = (on_grid(np.ones(1) / n_trees, side)[0] for side in ("up", "down"))
    for votes in range(n_trees + 1):
        exact = votes / n_trees
        assert sum([down] * votes) <= exact <= sum([up] * votes)
        assert sum([up] * votes) - sum([down] * votes) < 1e-12


def test_sets_of_codes_read_numbers_as_libraries_do():
    table = code_set(np.array([0, 3]), n_codes=5, inside_left=True, other_left=False)
    for value, left in ((-1.0, False), (-0.5, True), (0.0, True), (0.9, True), (1.0, False), (3.5, True), (9.0, False)):
        assert table.left[int((table.breaks <= value).sum())] == left
    np.testing.assert_array_equal(bits(np.array([0b101, 0b1], dtype=np.uint32)), [0, 2, 32])
