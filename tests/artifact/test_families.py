"""Real files of every family and compression load, and answer as the model that was saved."""

from __future__ import annotations

import gzip
import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

from sparring.artifact import Verdict, load, scan, sha256_of
from sparring.artifact.loading import native

COMPRESSIONS = ("zlib", "gzip", "bz2", "lzma", "xz", "lz4")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3000, 800, 90),
            "age": rng.integers(18, 80, 90),
            "job": rng.choice(["clerk", "driver", "nurse"], 90),
            "region": pd.Categorical(rng.choice(["north", "south"], 90)),
        }
    )
    frame.loc[::9, "income"] = np.nan
    return frame, np.where(rng.random(90) < 0.5, "bad", "good")


def front(columns):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("n", numbers, ["income", "age"]), ("c", encoder, columns)])


def models(frame):
    texts = ["job", "region"]
    forest = make_pipeline(front(texts), RandomForestClassifier(5, random_state=np.random.RandomState(0)))
    grid = {"randomforestclassifier__max_depth": [1, 3]}
    return {
        "forest in a pipeline": forest,
        "columns by index": make_pipeline(front(frame.columns[2:]), LogisticRegression()),
        "ordinal codes": make_pipeline(
            ColumnTransformer([("c", OrdinalEncoder(), texts), ("n", SimpleImputer(), ["income", "age"])]),
            GradientBoostingClassifier(n_estimators=3),
        ),
        "gradient boosting with categories": HistGradientBoostingClassifier(
            max_iter=3, categorical_features="from_dtype"
        ),
        "neighbors": make_pipeline(front(texts), KNeighborsClassifier(algorithm="ball_tree")),
        "support vectors": make_pipeline(front(texts), SVC()),
        "calibrated": CalibratedClassifierCV(forest, method="isotonic", cv=2),
        "searched": GridSearchCV(forest, grid, cv=2, scoring="roc_auc"),
        "with a logarithm": make_pipeline(
            ColumnTransformer(
                [("n", make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p)), ["income", "age"])]
            ),
            LogisticRegression(),
        ),
    }


@pytest.fixture(scope="module")
def fitted(table):
    frame, answers = table
    frame = frame.assign(job=frame["job"].astype("category"))
    return {name: model.fit(frame, answers) for name, model in models(frame).items()}, frame


def assert_same(loaded, model, rows):
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("writer", ["pickle", "joblib"])
def test_scikit_learn(fitted, tmp_path, protocol, writer):
    trained, rows = fitted
    for name, model in trained.items():
        file = tmp_path / "model.pkl"
        if writer == "pickle":
            file.write_bytes(pickle.dumps(model, protocol))
        else:
            joblib.dump(model, file, protocol=protocol)
        loaded = load(file)
        assert_same(loaded.model, model, rows)
        assert loaded.loader == writer, name
        assert (loaded.allowed, loaded.replaced, loaded.warnings, loaded.ran_code) == ((), (), (), False)
        assert loaded.sha256 == sha256_of(file)
        assert scan(file).verdict == Verdict.NO_KNOWN_DANGER


@pytest.mark.parametrize("method", COMPRESSIONS)
def test_compressed(fitted, tmp_path, method):
    if method == "lz4":
        pytest.importorskip("lz4")
    trained, rows = fitted
    file = tmp_path / "model.joblib"
    joblib.dump(trained["forest in a pipeline"], file, compress=(method, 3))
    assert_same(load(file).model, trained["forest in a pipeline"], rows)


def test_gzip_around_pickle(fitted, tmp_path):
    trained, rows = fitted
    file = tmp_path / "model.pkl.gz"
    file.write_bytes(gzip.compress(pickle.dumps(trained["calibrated"])))
    assert_same(load(file).model, trained["calibrated"], rows)


def test_joblib_without_alignment(fitted, tmp_path):
    """Before joblib 1.2 there was no padding; into a pipe there still is none."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.parts = []

        def write(self, data):
            self.parts.append(bytes(data))
            return len(data)

        def writable(self):
            return True

        def tell(self):
            raise io.UnsupportedOperation

    trained, rows = fitted
    pipe, file = Pipe(), tmp_path / "model.joblib"
    joblib.dump(trained["support vectors"], pipe)
    file.write_bytes(b"".join(pipe.parts))
    assert_same(load(file).model, trained["support vectors"], rows)


def test_distributions_become_placeholders(table, tmp_path):
    from scipy import stats

    frame, answers = table
    forest = make_pipeline(front(["job", "region"]), RandomForestClassifier(5, random_state=0))
    laws = {
        "randomforestclassifier__max_depth": stats.randint(1, 5),
        "randomforestclassifier__max_features": stats.uniform(0.2, 0.8),
    }
    model = RandomizedSearchCV(forest, laws, n_iter=2, cv=2, random_state=0).fit(frame, answers)
    file = tmp_path / "search.joblib"
    joblib.dump(model, file)
    loaded = load(file)
    assert_same(loaded.model, model, frame)
    assert "scipy.stats._discrete_distns:randint_gen" in loaded.replaced
    assert scan(file).verdict == Verdict.NO_KNOWN_DANGER


def test_arrays_of_any_layout(tmp_path):
    arrays = [
        np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["a", "longer"]),
        np.array([b"x", b"yz"]),
        np.array([1, "a", None], dtype=object),
        np.zeros(0),
        np.array(3.5),
        np.array([(1, 2.5)], dtype=[("i", "i4"), ("f", "f8")]),
        np.array(["2024-01-01"], dtype="M8[D]"),
        np.arange(3, dtype=">i4"),
        np.ma.masked_array([1.0, 2.0], [True, False]),
    ]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        file = tmp_path / "arrays.joblib"
        joblib.dump(arrays, file, protocol=protocol)
        for mine, theirs in zip(load(file).model, arrays, strict=True):
            assert mine.dtype.newbyteorder("=") == theirs.dtype.newbyteorder("=")
            np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4))
    return x, (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)


@pytest.mark.slow
class TestBoosters:
    """Compiled parsers run in a child first, which takes its time."""

    def test_xgboost(self, numbers, tmp_path):
        xgb = pytest.importorskip("xgboost")
        x, y = numbers
        model = xgb.XGBClassifier(n_estimators=5).fit(x, y)
        for ending in ("json", "ubj"):
            model.save_model(tmp_path / f"model.{ending}")
            loaded = load(tmp_path / f"model.{ending}")
            assert loaded.loader == "xgboost"
            expected = model.predict_proba(x)[:, 1]
            np.testing.assert_array_equal(loaded.model.predict(xgb.DMatrix(x)), expected)
        joblib.dump(model, tmp_path / "model.joblib")
        assert_same(load(tmp_path / "model.joblib").model, model, x)

    def test_lightgbm(self, numbers, tmp_path):
        lgb = pytest.importorskip("lightgbm")
        x, y = numbers
        model = lgb.LGBMClassifier(n_estimators=5, verbose=-1).fit(x, y)
        model.booster_.save_model(tmp_path / "model.txt")
        loaded = load(tmp_path / "model.txt")
        assert loaded.loader == "lightgbm"
        np.testing.assert_array_equal(loaded.model.predict(x), model.booster_.predict(x))
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
        assert_same(load(tmp_path / "model.pkl").model, model, x)

    def test_catboost(self, numbers, tmp_path):
        cb = pytest.importorskip("catboost")
        x, y = numbers
        model = cb.CatBoostClassifier(iterations=5, verbose=False, allow_writing_files=False).fit(x, y)
        model.save_model(str(tmp_path / "model.cbm"))
        loaded = load(tmp_path / "model.cbm")
        assert loaded.loader == "catboost"
        np.testing.assert_array_equal(loaded.model.predict(x, prediction_type="Probability"), model.predict_proba(x))
        joblib.dump(model, tmp_path / "model.joblib")
        assert_same(load(tmp_path / "model.joblib").model, model, x)

    def test_nothing_but_what_the_library_reads(self, numbers, tmp_path):
        lgb, xgb = pytest.importorskip("lightgbm"), pytest.importorskip("xgboost")
        from sparring.errors import ArtifactError

        x, y = numbers
        lgb.LGBMClassifier(n_estimators=5, verbose=-1).fit(x, y).booster_.save_model(tmp_path / "model.txt")
        xgb.XGBClassifier(n_estimators=5).fit(x, y).save_model(tmp_path / "model.ubj")
        text = (tmp_path / "model.txt").read_bytes()
        for twentieth in range(1, 20):
            with pytest.raises(ArtifactError, match="ends early"):
                native(text[: len(text) * twentieth // 20], "lightgbm")
        for file, share in (("model.txt", 0.7), ("model.ubj", 0.6)):
            whole = (tmp_path / file).read_bytes()
            (tmp_path / f"cut-{file}").write_bytes(whole[: int(len(whole) * share)])
            with pytest.raises(ArtifactError) as caught:
                load(tmp_path / f"cut-{file}")
            assert "\n" not in str(caught.value)
