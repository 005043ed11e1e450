"""Models as the bench asks them: decisions, labels, wrappers, functions, and one sentence for what cannot be used."""

import pickle
import warnings

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_dtypes
from sparring import registry
from sparring.adapters.callable import CallableAdapter
from sparring.adapters.catboost import CatBoostAdapter
from sparring.adapters.endpoint import EndpointAdapter
from sparring.adapters.frames import FrameCodec
from sparring.adapters.lightgbm import LightGBMAdapter
from sparring.adapters.sklearn import SklearnAdapter
from sparring.adapters.xgboost import XGBoostAdapter
from sparring.assess.columns import infer
from sparring.core.plugin import Adapter
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.errors import DataError, DecisionError, ModelError, NotApplicable


def tree(labels):
    frame, y = numbers(2)
    return DecisionTreeClassifier(max_depth=3, random_state=0).fit(frame, np.array(labels)[y]), frame


def function_target(function, frame, **options):
    adapter = CallableAdapter()
    frame = adapter.conform(function, frame)
    return adapter.target(
        function, codec=FrameCodec(frame, infer(frame)), **{"classes": None, "decision": None, **options}
    )


def test_the_shelf_holds_them_in_order():
    names = registry.names("sparring.adapters")
    loaded = [registry.load(name, "sparring.adapters") for name in names]
    assert all(issubclass(adapter, Adapter) and adapter.id == name for adapter, name in zip(loaded, names, strict=True))
    ours = [EndpointAdapter, XGBoostAdapter, LightGBMAdapter, CatBoostAdapter, SklearnAdapter, CallableAdapter]
    assert sorted(loaded, key=lambda adapter: adapter.order) == ours


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["good", "bad"], ("bad", "good")),
        ([False, True], ("False", "True")),
        ([3, 17], ("3", "17")),
        ([-1.0, 1.0], ("-1", "1")),
        (np.array(["n", "y"], dtype=object), ("n", "y")),
    ],
)
def test_labels_of_every_kind(labels, names):
    model, frame = tree(labels)
    target = target_of(model, frame)
    assert isinstance(target, Target)
    assert target.decision.classes == names
    x = target.codec.encode(frame)
    own = model.predict(frame)
    np.testing.assert_array_equal(target.predict(x), target.encode_labels(own))
    np.testing.assert_array_equal(target.encode_labels(pd.Series(own)), target.predict(x))
    np.testing.assert_array_equal(target.encode_labels(list(own)), target.predict(x))
    np.testing.assert_array_equal(np.array(names)[target.predict(x)], list(map(_text, own)))


def _text(label):
    return str(int(label)) if isinstance(label, float) else str(label)


@pytest.mark.parametrize(
    ("labels", "given"), [([0, 1], ["0", "1"]), (["0", "1"], [0, 1]), ([False, True], [0, 1]), ([0, 1], [False, True])]
)
def test_labels_that_a_file_changed(labels, given):
    model, frame = tree(labels)
    np.testing.assert_array_equal(target_of(model, frame).encode_labels(np.array(given)[[0, 1, 1]]), [0, 1, 1])


def test_names_of_outputs():
    model, frame = tree([0, 1])
    target = target_of(model, frame, classes=("good", "bad"), decision="bad >= 0.2")
    np.testing.assert_array_equal(target.encode_labels(["bad", "good"]), [1, 0])
    np.testing.assert_array_equal(target.encode_labels([1, 0]), [1, 0])
    with pytest.raises(ModelError, match="one name for each of the model's 2 classes"):
        target_of(model, frame, classes=("good",))
    with pytest.raises(ModelError, match="must differ"):
        target_of(model, frame, classes=("good", "good"))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["good", "ugly"], r"classes of the model \(bad, good\), got 'ugly'"),
        (["good", "good"], "at least two classes, all 2 are 'good'"),
        (["good", None], "at position 1 is blank"),
        (["good", np.nan], "at position 1 is blank"),
        ([["good", "bad"]], "must be one column"),
    ],
)
def test_labels_that_cannot_be_used(y, message):
    model, frame = tree(["good", "bad"])
    with pytest.raises(DataError, match=message):
        target_of(model, frame).encode_labels(y)


def test_the_users_rule_and_the_models_own():
    model, frame = tree(["good", "bad"])
    p = model.predict_proba(frame)[:, 0]
    cut = float(np.median(p))
    target = target_of(model, frame, decision=f"bad >= {cut}")
    x = target.codec.encode(frame)
    np.testing.assert_array_equal(target.predict(x) == 0, p >= cut)
    np.testing.assert_array_equal(target.scores(x), model.predict_proba(frame))
    for rule in ("ugly >= 0.3", "bad >= much", "bad"):
        with pytest.raises(DecisionError):
            target_of(model, frame, decision=rule)
    assert target.predict(x[:0]).shape == (0,)
    assert target.scores(x[:0]).shape == (0, 2)


class Counting(DecisionTreeClassifier):
    """Notes what it is asked."""

    def predict(self, X):
        self.asked = getattr(self, "asked", 0) + 1
        return super().predict(X)


def test_without_a_cut_off_the_models_own_predict_is_asked():
    frame, y = numbers(2)
    model = Counting(max_depth=2).fit(frame, y)
    target = target_of(model, frame)
    x = target.codec.encode(frame)
    target.predict(x)
    assert model.asked == 1
    target_of(model, frame, decision="1 >= 0.3").predict(x)
    assert model.asked == 1


@pytest.mark.parametrize("positive", [0, 1])
def test_tuned_thresholds_are_the_models_own_rule(positive):
    frame, y = numbers(2)
    fixed = FixedThresholdClassifier(RandomForestClassifier(10, random_state=0), threshold=0.3, pos_label=positive)
    tuned = TunedThresholdClassifierCV(RandomForestClassifier(10, random_state=0), cv=2, scoring="f1")
    for model in (fixed, tuned):
        model.fit(frame, y)
        target = target_of(model, frame)
        x = target.codec.encode(frame)
        assert target.decision.cut == (0.3 if model is fixed else model.best_threshold_)
        np.testing.assert_array_equal(target.predict(x), model.predict(frame))
        assert_same(target)
        assert target_of(model, frame, decision="1 >= 0.8").decision.cut == 0.8


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        LinearSVC(),
        GradientBoostingClassifier(n_estimators=5),
        HistGradientBoostingClassifier(max_iter=5),
    ],
)
def test_a_threshold_on_a_margin_is_the_models_own_rule(model, positive):
    frame, y = numbers(2)
    frame = (frame - frame.mean()) / frame.std()
    cut = FixedThresholdClassifier(model, threshold=0.7, pos_label=positive, response_method="decision_function")
    target = target_of(cut.fit(frame, y), frame)
    assert target.parameters().link == "margin"
    x = assert_same(target, blanks=False)
    assert len(np.unique(target.predict(x))) == 2
    forest = FixedThresholdClassifier(RandomForestClassifier(3), threshold=1e9, response_method="predict_proba")
    with pytest.raises(NotApplicable, match="decides every row alike"):
        target_of(forest.fit(frame, y), frame).parameters()


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (CalibratedClassifierCV(DecisionTreeClassifier(), cv=2), "CalibratedClassifierCV is an average"),
        (
            VotingClassifier([("a", DecisionTreeClassifier()), ("b", GaussianNB())]),
            "VotingClassifier holds a model that cannot",
        ),
        (GaussianNB(), "GaussianNB is not read"),
    ],
)
def test_black_boxes_say_why(model, reason):
    frame, y = numbers(2)
    target = target_of(model.fit(frame, y), frame)
    assert Access.PARAMETERS not in target.offers
    np.testing.assert_array_equal(target.predict(target.codec.encode(frame)), model.predict(frame))
    with pytest.raises(NotApplicable, match=reason):
        target.parameters()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (RandomForestRegressor(3), "needs a shift that counts.*RandomForestRegressor does"),
        (IsolationForest(n_estimators=3), "IsolationForest is an outlier detector"),
        (KMeans(2, n_init=1), "KMeans is a clusterer"),
        (MultiOutputClassifier(DecisionTreeClassifier()), "answers 2 at once"),
        (
            make_pipeline(StandardScaler(), RandomForestRegressor(3)),
            "needs a shift that counts.*RandomForestRegressor does",
        ),
    ],
)
def test_what_is_no_classifier(model, message):
    frame, y = numbers(2)
    model.fit(frame, np.column_stack([y, 1 - y]) if isinstance(model, MultiOutputClassifier) else y)
    with pytest.raises(ModelError, match=message):
        target_of(model, frame)


def test_models_that_are_not_fitted():
    frame, y = numbers(2)
    for model in (DecisionTreeClassifier(), make_pipeline(StandardScaler(), LogisticRegression()), GaussianNB()):
        with pytest.raises(ModelError, match="has not been fitted"):
            target_of(model, frame)
    constant = DecisionTreeClassifier().fit(frame, y * 0)
    with pytest.raises(ModelError, match="at least two classes"):
        target_of(constant, frame)


def test_columns_are_put_in_order_and_others_dropped():
    model, frame = tree(["good", "bad"])
    shuffled = frame.assign(extra=1)[["extra", *frame.columns[::-1]]]
    target = target_of(model, shuffled)
    assert target.space.names == tuple(frame.columns)
    np.testing.assert_array_equal(target.codec.decode(target.codec.encode(frame)), frame)
    named = target_of(model, frame.to_numpy())
    assert named.space.names == tuple(frame.columns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.rename(columns={"whole": "wholes"}), "'whole' is missing; was it renamed to 'wholes'"),
        (lambda f: f.drop(columns=["n0", "n1"]), "'n0' and 1 more is missing"),
        (lambda f: f.assign(n0="abc"), "column 'n0' must hold numbers, as at training, got 'abc'"),
        (lambda f: pd.concat([f, f[["n0"]]], axis=1), "'n0' occurs 2 times"),
        (lambda f: f.to_numpy()[:, :2], "trained on 4 columns, the data have 2"),
        (lambda f: f.to_numpy()[0], "two dimensions"),
        (lambda f: "rows.csv", "must be a pandas, polars or pyarrow table"),
    ],
)
def test_data_that_do_not_fit_the_model(change, message):
    model, frame = tree(["good", "bad"])
    with pytest.raises(DataError, match=message):
        target_of(model, change(frame))


def test_types_and_categories_are_those_of_training():
    frame, y = mixed(2)
    frame = frame.assign(letter=frame["letter"].fillna("a"))
    model = make_pipeline(OneHotEncoder(), DecisionTreeClassifier(max_depth=2)).fit(frame[["letter", "digit"]], y)
    ok = frame[["letter", "digit"]]
    target_of(model, ok)
    with pytest.raises(DataError, match=r"'letter' must hold text, as at training \(such as 'a'\), got 1"):
        target_of(model, ok.assign(letter=1))
    with pytest.raises(DataError, match=r"'digit' must hold numbers, as at training, got 'x'"):
        target_of(model, ok.assign(digit="x"))
    with pytest.raises(DataError, match=r"'letter' must hold categories seen at training \('a', .*\), got 'zebra'"):
        target_of(model, ok.assign(letter="zebra"))


def test_rows_that_the_model_refuses_are_counted_out():
    frame, y = numbers(2)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, y)
    target = target_of(model, frame)
    x = target.codec.encode(frame)[:10]
    x[7, 0] = np.nan
    with pytest.raises(ModelError, match="on row 7 of 10 it raises ValueError: Input X contains NaN"):
        target.predict(x)
    with pytest.raises(ModelError, match="on one row it raises"):
        target.predict(x[7:8])
    x[7, 0] = np.inf
    with pytest.raises(ModelError, match="contains infinity"):
        target.scores(x)


def test_no_remarks_about_names_get_through():
    frame, y = numbers(2)
    model = DecisionTreeClassifier().fit(frame.to_numpy(), y)
    target = target_of(model, frame)
    assert target.space.names == tuple(frame.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        target.predict(target.codec.encode(frame))
        target.parameters()


class Odd(DecisionTreeClassifier):
    """Answers what it is told to."""

    answer = None

    def predict(self, X):
        return self.answer(len(X))

    def predict_proba(self, X):
        return self.answer(len(X))


@pytest.mark.parametrize(
    ("answer", "labels", "scores"),
    [
        (lambda n: ["ugly"] * n, "one of its classes", None),
        (lambda n: ["good"] * (n - 1), "with one label", None),
        (lambda n: np.full((n, 3), 0.3), "with one label", "2 probabilities for each"),
        (lambda n: np.full((n, 2), np.nan), "with one label", "some are NaN"),
    ],
)
def test_odd_answers(answer, labels, scores):
    frame, y = numbers(2)
    model = Odd(max_depth=1).fit(frame, np.array(["good", "bad"])[y])
    target = target_of(model, frame)
    x = target.codec.encode(frame)
    Odd.answer = staticmethod(answer)
    with pytest.raises(ModelError, match=labels):
        target.predict(x)
    if scores:
        with pytest.raises(ModelError, match=scores):
            target.scores(x)


def test_functions():
    frame, _ = numbers(2)
    good = lambda rows: np.where(rows["n0"] > 0, "yes", "no")  # noqa: E731  # what users write in a notebook
    target = function_target(good, frame)
    assert target.offers == {Access.LABELS, Access.BACKGROUND}
    x = target.codec.encode(frame)
    np.testing.assert_array_equal(target.predict(x), (frame["n0"] > 0).astype(int))
    with pytest.raises(DecisionError):
        function_target(good, frame, decision="yes >= 0.3")
    with pytest.raises(NotApplicable, match="it is code"):
        target.parameters()


def share(rows):
    return 1 / (1 + np.exp(-rows["n0"].to_numpy()))


def shares(rows):
    return np.column_stack([1 - share(rows), share(rows)])


@pytest.mark.parametrize("function", [share, shares])
def test_functions_that_give_probabilities(function):
    frame, _ = numbers(2)
    with pytest.raises(ModelError, match="probabilities of 2 classes and does not name them"):
        function_target(function, frame)
    target = function_target(function, frame, classes=("no", "yes"), decision="yes >= 0.9")
    x = target.codec.encode(frame)
    np.testing.assert_allclose(target.scores(x), shares(frame))
    np.testing.assert_array_equal(target.predict(x), (share(frame) >= 0.9).astype(int))
    own = function_target(function, frame, classes=("no", "yes"))
    np.testing.assert_array_equal(own.predict(x), (share(frame) > 0.5).astype(int))
    np.testing.assert_array_equal(target.encode_labels(["yes", "no"]), [1, 0])


@pytest.mark.parametrize(
    ("function", "classes", "message"),
    [
        (lambda rows: ["yes"] * len(rows), None, "with 'yes' only"),
        (lambda rows: np.where(rows["n0"] > 0, "yes", "no"), ("good", "bad"), "one of the classes good, bad, got 'no'"),
        (lambda rows: 1 / 0, None, "ZeroDivisionError"),
        (DecisionTreeClassifier, None, "got the class DecisionTreeClassifier"),
    ],
)
def test_functions_that_cannot_be_used(function, classes, message):
    frame, _ = numbers(2)
    with pytest.raises(ModelError, match=message):
        function_target(function, frame, classes=classes)


class Service:
    """An object with predict that no library made."""

    classes_ = ("no", "yes")

    def predict(self, rows):
        return np.where(rows["n0"] > 0, "yes", "no")


def test_objects_with_predict_and_flags():
    frame, _ = numbers(2)
    assert not SklearnAdapter().accepts(Service())
    target = function_target(Service(), frame)
    assert target.decision.classes == ("no", "yes")
    flags = function_target(lambda rows: (rows["n0"] > 0).to_numpy(), frame, classes=("no", "yes"))
    x = flags.codec.encode(frame)
    np.testing.assert_array_equal(flags.predict(x), target.predict(x))


def test_targets_travel_to_other_processes_without_the_users_rows():
    frame, y = mixed(2)
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), RandomForestClassifier(3, random_state=0)).fit(
        frame[["letter", "digit"]], y
    )
    target = target_of(model, frame[["letter", "digit"]])
    there = pickle.loads(cloudpickle.dumps(target))
    assert there.codec.frame is None
    x = target.codec.encode(frame[["letter", "digit"]])
    np.testing.assert_array_equal(there.predict(x), target.predict(x))


def test_carried_columns_are_read_again_when_more_values_are_met():
    frame = pd.DataFrame({"id": [2**60 + i for i in range(60)], "n": np.arange(60) / 7})
    y = np.arange(60) % 2
    model = DecisionTreeClassifier(random_state=0).fit(frame, y)
    target = target_of(model, frame)
    first = target.parameters()
    assert target.parameters() is first
    target.codec.encode(frame.assign(id=frame["id"] + 100))
    assert target.parameters() is not first


def test_native_files_need_names():
    lightgbm = pytest.importorskip("lightgbm")
    xgboost = pytest.importorskip("xgboost")
    frame, y = numbers(2)
    for booster in (
        xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(frame, y).get_booster(),
        lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1).fit(frame, y).booster_,
    ):
        with pytest.raises(ModelError, match="2 outputs without names"):
            target_of(booster, frame)
    for model, message in (
        (xgboost.XGBRegressor(n_estimators=2, n_jobs=1).fit(frame, y), "predicts numbers"),
        (xgboost.XGBRanker(n_estimators=2, n_jobs=1).fit(frame, y, qid=np.repeat(np.arange(8), 50)), "ranks rows"),
        (lightgbm.LGBMRegressor(n_estimators=2, verbose=-1, n_jobs=1).fit(frame, y), "predicts numbers"),
        (lightgbm.LGBMRanker(n_estimators=2, verbose=-1, n_jobs=1).fit(frame, y, group=[50] * 8), "ranks rows"),
    ):
        with pytest.raises(ModelError, match=message):
            target_of(model, frame)
    for model in (xgboost.XGBClassifier(), lightgbm.LGBMClassifier()):
        with pytest.raises(ModelError, match="has not been"):
            target_of(model, frame)


def test_xgboost_refuses_categories_it_has_no_place_for():
    xgboost = pytest.importorskip("xgboost")
    frame, y = mixed(2)
    model = xgboost.XGBClassifier(n_estimators=2, enable_categorical=True, n_jobs=1).fit(with_dtypes(frame), y)
    with pytest.raises(DataError, match=r"'letter' must hold categories seen at training .* got 'zebra'"):
        target_of(model, frame.assign(letter="zebra"))


def test_catboost_in_the_order_of_training():
    catboost = pytest.importorskip("catboost")
    frame, y = mixed(2)
    frame = frame.assign(letter=frame["letter"].fillna("none"), digit=frame["digit"].astype(str).astype(object))
    options = {"iterations": 3, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    labels = np.array(["good", "bad"])[y]
    model = catboost.CatBoostClassifier(cat_features=["letter", "digit"], **options).fit(frame, labels)
    adapter = CatBoostAdapter()
    assert adapter.accepts(model)
    assert not SklearnAdapter().accepts(object())
    shuffled = adapter.conform(model, frame[frame.columns[::-1]])
    assert list(shuffled.columns) == list(frame.columns)
    codec = FrameCodec(shuffled, infer(shuffled))
    target = adapter.target(model, codec=codec, classes=None, decision="bad >= 0.3")
    x = codec.encode(frame)
    np.testing.assert_array_equal(target.predict(x) == 0, model.predict_proba(frame)[:, 0] >= 0.3)
    regressor = catboost.CatBoostRegressor(**options).fit(frame[["n0"]], y)
    with pytest.raises(ModelError, match=r"needs a shift that counts.*objective RMSE"):
        adapter.target(regressor, codec=codec, classes=None, decision=None)
    with pytest.raises(ModelError, match="not been yet"):
        adapter.target(catboost.CatBoostClassifier(), codec=codec, classes=None, decision=None)
