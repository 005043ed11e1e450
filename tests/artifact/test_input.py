"""Bad input gets one sentence that says what to do."""

from __future__ import annotations

import io
import os
import pickle
import sys
import textwrap
import zipfile

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from artifact.hostile import PROTO4, STOP, call, instance, new, s, state
from sparring.artifact import load, load_object, scan, sha256_of
from sparring.errors import ArtifactError, MissingExtra, OptionError, UserError


def refusal(path, **options):
    with pytest.raises(UserError) as caught:
        load(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 700
    return text


@pytest.fixture
def model():
    return LogisticRegression().fit([[0.0], [1.0]], [0, 1])


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return buffer.getvalue()


class TestNoModel:
    def test_missing(self, tmp_path):
        assert "there is no such file" in refusal(tmp_path / "model.joblib")

    def test_folder(self, tmp_path):
        assert "is a folder" in refusal(tmp_path)

    def test_empty(self, tmp_path):
        (tmp_path / "model.joblib").touch()
        assert "is empty" in refusal(tmp_path / "model.joblib")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
    def test_pipe_does_not_wait(self, tmp_path):
        os.mkfifo(tmp_path / "model.joblib")
        assert "a pipe" in refusal(tmp_path / "model.joblib")

    def test_unreadable(self, tmp_path, monkeypatch):
        def refuse(*_):
            raise PermissionError

        (tmp_path / "model.joblib").write_bytes(b"x")
        monkeypatch.setattr(os, "open", refuse)
        assert "no permission" in refusal(tmp_path / "model.joblib")

    def test_hash_of_nothing(self, tmp_path):
        with pytest.raises(ArtifactError, match="there is no such file"):
            sha256_of(tmp_path / "none")

    def test_hash(self, tmp_path):
        (tmp_path / "a").write_bytes(b"abc")
        assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("applicants.csv", b"age,income\n20,3000\n31,2000\n", "is a table: the model comes first, then the data"),
            ("applicants.joblib", b"age;income\n20;3000\n31;2000\n", "is a table"),
            ("rows.parquet", b"PAR1" + bytes(20), "the model comes first"),
            ("model.h5", b"\x89HDF\r\n\x1a\n" + bytes(20), "Keras models are not supported yet"),
            ("model.onnx", b"\x08\x08\x12\x07skl2onnx" + bytes(20), "ONNX models are not supported yet"),
            (
                "model.keras",
                zipped(config_dot_json=b"{}", model_dot_weights_dot_h5=b"x"),
                "Keras models are not supported",
            ),
            ("model.skops", zipped(schema_dot_json=b"{}"), "skops files are not supported yet"),
            ("model.json", b'{"a": 1}', "JSON, but no XGBoost model"),
            ("model.model", b"binf" + bytes(50), "old binary format"),
            ("model.joblib", b"<!DOCTYPE html><html></html>", "is a web page"),
            ("model.joblib", b"just some words", "is no model file"),
            ("model.joblib", bytes(100), "is no model file"),
            ("model.joblib", b"\x1f\x8bbroken", "broken gzip compression"),
            ("model.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8'}", "is an array"),
            ("model.7z", b"7z\xbc\xaf\x27\x1c" + bytes(20), "is no model file|7z"),
        ],
    )
    def test_other_formats(self, name, content, expected, tmp_path):
        import re

        (tmp_path / name).write_bytes(content)
        assert re.search(expected, refusal(tmp_path / name))

    def test_torch(self, tmp_path):
        body = PROTO4 + call(new("torch._utils", "_rebuild_tensor_v2"), s("x")) + STOP
        (tmp_path / "model.pt").write_bytes(zipped(archive__data_dot_pkl=body, archive__version=b"3"))
        assert "PyTorch models are not supported yet" in refusal(tmp_path / "model.pt")


class TestBrokenModel:
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    @pytest.mark.parametrize("compress", [0, 3])
    def test_truncated(self, model, share, compress, tmp_path):
        joblib.dump(model, tmp_path / "whole.joblib", compress=compress)
        whole = (tmp_path / "whole.joblib").read_bytes()
        (tmp_path / "model.joblib").write_bytes(whole[: int(len(whole) * share)])
        assert "early" in refusal(tmp_path / "model.joblib")

    @pytest.mark.parametrize("name", ["model.json", "model.ubj", "model.cbm", "model.txt", "rows.csv"])
    def test_pickle_in_disguise(self, model, name, tmp_path):
        (tmp_path / name).write_bytes(pickle.dumps(model))
        assert "holds a pickle one; rename it" in refusal(tmp_path / name)

    def test_booster_in_disguise(self, tmp_path):
        (tmp_path / "model.pkl").write_bytes(b'{"learner": {}}')
        assert "named like a pickle file but holds a xgboost one" in refusal(tmp_path / "model.pkl")

    def test_other_endings_promise_nothing(self, model, tmp_path):
        for name in ("model.sav", "model.bin", "model"):
            (tmp_path / name).write_bytes(pickle.dumps(model))
            assert load(tmp_path / name).loader == "pickle"

    def test_other_version_warns(self, tmp_path):
        import sklearn

        data = (
            PROTO4
            + instance("sklearn.dummy", "DummyClassifier")
            + state(_sklearn_version=s("0.1"), strategy=s("prior"))
        )
        (tmp_path / "model.pkl").write_bytes(data + b"b" + STOP)
        (warning,) = load(tmp_path / "model.pkl").warnings
        assert "predictions may differ" in warning
        assert f"saved with scikit-learn 0.1 and {sklearn.__version__} is installed" in warning

    def test_other_version_fails(self, tmp_path, monkeypatch):
        import sklearn.dummy

        first = instance("sklearn.dummy", "DummyClassifier") + state(_sklearn_version=s("0.1")) + b"b"
        (tmp_path / "model.pkl").write_bytes(PROTO4 + first + new("sklearn.dummy", "DummyRegressor") + STOP)
        monkeypatch.delattr(sklearn.dummy, "DummyRegressor")
        text = refusal(tmp_path / "model.pkl")
        assert "cannot be loaded: AttributeError" in text
        assert "it was saved with scikit-learn 0.1" in text

    def test_library_not_installed(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "xgboost", None)
        (tmp_path / "model.json").write_bytes(b'{"learner": {}}')
        with pytest.raises(MissingExtra, match=r'pip install "sparring\[xgboost\]"'):
            load(tmp_path / "model.json")
        (tmp_path / "model.pkl").write_bytes(PROTO4 + instance("xgboost.sklearn", "XGBClassifier") + STOP)
        with pytest.raises(MissingExtra, match="xgboost"):
            load(tmp_path / "model.pkl")

    def test_lz4_not_installed(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "lz4", None)
        monkeypatch.setitem(sys.modules, "lz4.frame", None)
        (tmp_path / "model.joblib").write_bytes(b"\x04\x22\x4d\x18" + bytes(30))
        assert "pip install lz4" in refusal(tmp_path / "model.joblib")

    def test_joblib_of_long_ago(self, tmp_path):
        """Before 0.10 the arrays were in other files, whose names the file chose."""
        old = instance("joblib.numpy_pickle_compat", "NDArrayWrapper") + state(filename=s("/etc/passwd")) + b"b"
        (tmp_path / "model.pkl").write_bytes(PROTO4 + old + STOP)
        assert "joblib.numpy_pickle_compat:NDArrayWrapper" in refusal(tmp_path / "model.pkl")


@pytest.fixture
def own_package(tmp_path, monkeypatch):
    """A package of the user's, with a function that a transformer holds."""
    (tmp_path / "credit_features.py").write_text(
        textwrap.dedent(
            """
            import os
            from functools import partial
            import numpy as np
            def log_income(x):
                return np.log1p(x)
            class Outer:
                class Inner:
                    pass
            system = os.system
            """
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    import credit_features

    yield credit_features
    del sys.modules["credit_features"]


class TestAllow:
    @pytest.fixture
    def file(self, own_package, tmp_path):
        step = FunctionTransformer(own_package.log_income)
        joblib.dump(make_pipeline(step, LogisticRegression()).fit([[0.0], [1.0]], [0, 1]), tmp_path / "own.joblib")
        return tmp_path / "own.joblib"

    def test_error_names_pair_and_cure(self, file):
        text = refusal(file)
        assert "credit_features:log_income" in text
        assert "add --allow credit_features:log_income" in text

    @pytest.mark.slow
    def test_allowed_is_recorded(self, file):
        loaded = load(file, allow=("credit_features:log_income", "sklearn.pipeline:Pipeline", "some.other:name"))
        assert loaded.allowed == ("credit_features:log_income",)
        assert loaded.ran_code
        np.testing.assert_array_equal(loaded.model.predict([[0.0], [1.0]]), [0, 1])

    def test_main_is_explained(self, tmp_path):
        (tmp_path / "m.pkl").write_bytes(PROTO4 + new("__main__", "Thing") + STOP)
        text = refusal(tmp_path / "m.pkl")
        assert "--allow __main__:Thing" in text
        assert "move it into a module" in text

    def test_main_of_this_process(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys.modules["__main__"], "log_income", np.log1p, raising=False)
        (tmp_path / "m.pkl").write_bytes(PROTO4 + new("__main__", "log_income") + STOP)
        assert load(tmp_path / "m.pkl", allow=("__main__:log_income",)).model is np.log1p

    def test_main_that_is_not_here(self, tmp_path):
        (tmp_path / "m.pkl").write_bytes(PROTO4 + new("__main__", "no_such_thing") + STOP)
        assert "no_such_thing" in refusal(tmp_path / "m.pkl", allow=("__main__:no_such_thing",))

    @pytest.mark.parametrize(
        "pair",
        [
            *(
                "os:system",
                "builtins:eval",
                "functools:partial",
                "operator:attrgetter",
                "builtins:getattr",
                "nt:system",
            ),
            *(
                "joblib:load",
                "numpy:load",
                "numpy.testing:runstring",
                "mypackage:eval",
                "cloudpickle:loads",
                "runpy:run_path",
            ),
            *(
                "mypackage:thing.__globals__",
                "mypackage:os.system",
                "sparring.artifact:load",
                "numpy._core:_ufunc_reconstruct",
            ),
        ],
    )
    def test_never(self, pair, tmp_path, model):
        (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
        with pytest.raises(OptionError, match="cannot add"):
            load(tmp_path / "m.pkl", allow=(pair,))

    @pytest.mark.parametrize("pair", ["", "os", "os.system", ":x", "a:", "a b:c", "a:b:c", "a:b()"])
    def test_no_pair(self, pair, tmp_path, model):
        (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
        with pytest.raises(OptionError, match="must be module:name"):
            scan(tmp_path / "m.pkl", allow=(pair,))

    def test_forbidden_under_another_name(self, own_package, tmp_path):
        (tmp_path / "m.pkl").write_bytes(PROTO4 + call(new("credit_features", "system"), s("true")) + STOP)
        assert "cannot add" in refusal(tmp_path / "m.pkl", allow=("credit_features:system",))
        own_package.renamed = own_package.system
        (tmp_path / "m.pkl").write_bytes(PROTO4 + new("__main__", "renamed") + STOP)
        sys.modules["__main__"].renamed = own_package.system
        try:
            assert "posix:system under another name" in refusal(tmp_path / "m.pkl", allow=("__main__:renamed",))
        finally:
            del sys.modules["__main__"].renamed


class TestObject:
    def test_import(self, own_package):
        loaded = load_object("credit_features:Outer.Inner")
        assert loaded.model is own_package.Outer.Inner
        assert (loaded.loader, loaded.source, loaded.ran_code) == ("import", "credit_features:Outer.Inner", True)
        assert loaded.sha256 is None

    def test_from_the_current_folder(self, tmp_path, monkeypatch):
        (tmp_path / "only_here.py").write_text("model = 1")
        monkeypatch.chdir(tmp_path)
        before = list(sys.path)
        assert load_object("only_here:model").model == 1
        assert sys.path == before

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            ("model.joblib", "must be package.module:object"),
            ("a b:c", "must be package.module:object"),
            ("no_such_module:model", "there is no module no_such_module"),
            ("credit_features:no_such", "has no no_such"),
            ("broken_features:model", "fails with ZeroDivisionError: division by zero"),
        ],
    )
    def test_errors(self, spec, expected, own_package, tmp_path):
        (tmp_path / "broken_features.py").write_text("1 / 0")
        with pytest.raises(ArtifactError, match=expected):
            load_object(spec)
