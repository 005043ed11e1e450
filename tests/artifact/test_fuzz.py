"""Random bytes and damaged real files end in a verdict and an `ArtifactError`, or load; nothing else ever happens."""

from __future__ import annotations

import io
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sparring.artifact import Verdict, load, scan
from sparring.errors import ArtifactError


def _seeds():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=40), "b": rng.choice(["u", "v"], 40)})
    answers = rng.integers(0, 2, 40)
    front = make_column_transformer((OneHotEncoder(), rows.columns[1:]), remainder="passthrough")
    models = [
        make_pipeline(front, RandomForestClassifier(2)).fit(rows, answers),
        HistGradientBoostingClassifier(max_iter=2).fit(rows[["a"]], answers),
        KNeighborsClassifier(algorithm="kd_tree").fit(rows[["a"]], answers),
    ]
    for model in models:
        for protocol in (0, 2, 4, 5):
            yield pickle.dumps(model, protocol)
            buffer = io.BytesIO()
            joblib.dump(model, buffer, protocol=protocol, compress=protocol == 5)
            yield buffer.getvalue()


SEEDS = list(_seeds())
OPCODES = bytes(range(0x80, 0x99)) + b"(.01234FGIJKLMNPQRSTUVXabcdeghijlopqrstu}]"
REAL_NAMES = [
    b"cnumpy\ndtype\n",
    b"cnumpy\nndarray\n",
    b"csklearn.tree._tree\nTree\n",
    b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n",
]


def judge(path):
    """Scan and load; whatever happens must be one of the two outcomes."""
    verdict = scan(path).verdict
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            load(path)
        except ArtifactError as fault:
            refused: str | None = str(fault)
        else:
            refused = None
    assert verdict == Verdict.NO_KNOWN_DANGER if refused is None else "\n" not in refused


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "model.sav"


QUIET = settings(max_examples=150, deadline=2000, suppress_health_check=list(HealthCheck))


@QUIET
@given(st.binary(min_size=1, max_size=300))
@example(b"\x80")
@example(b"PK\x03\x04")
@example(b"\x93NUMPY\x01\x00")
@example(b"CBM1")
def test_random_bytes(path, data):
    if data[:4] == b"CBM1" or b"learner" in data or data[:5] == b"tree\n":
        return  # those go to a child process
    path.write_bytes(data)
    judge(path)


@QUIET
@given(
    st.lists(
        st.one_of(
            st.sampled_from([bytes([code]) for code in OPCODES]), st.sampled_from(REAL_NAMES), st.binary(max_size=5)
        )
    )
)
def test_random_instructions(path, parts):
    path.write_bytes(b"\x80\x04" + b"".join(parts) + b".")
    judge(path)


@QUIET
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.sampled_from(["set", "flip", "cut", "copy", "ones"]),
            st.integers(0, 255),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_damaged_models(path, seed, damage):
    data = bytearray(seed)
    for place, kind, value in damage:
        at = int(place * len(data))
        if kind == "set":
            data[at] = value
        elif kind == "flip":
            data[at] ^= 1 << value % 8
        elif kind == "cut":
            del data[at : at + value % 20 + 1]
        elif kind == "copy":
            data[at:at] = data[at : at + value % 40]
        else:
            data[at : at + 4] = b"\xff\xff\xff\x7f"
        if not data:
            return
    path.write_bytes(data)
    judge(path)
