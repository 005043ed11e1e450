"""Every row of the matrix against the library itself, bare and in a pipeline; what is not read says why."""

import warnings
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import linear_model, svm
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from adapters.evaluate import raw
from adapters.matrix import (
    LIBRARIES,
    NOT_READ,
    REGRESSORS,
    REGRESSORS_NOT_READ,
    SKLEARN,
    STEPS,
    STEPS_NOT_READ,
    WEIGHTS,
    forest,
    hist,
    in_page,
)
from adapters.probe import assert_same, probing_rows, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks, with_dtypes
from sparring.adapters import regressors
from sparring.adapters.base import quiet, same
from sparring.adapters.frames import FrameCodec
from sparring.adapters.regressors import family_of, read_regressor, values
from sparring.adapters.unwrap import take_apart
from sparring.assess.columns import infer
from sparring.core.parameters import LinearModel, TreeEnsemble
from sparring.errors import NotApplicable

READ = [*SKLEARN, *LIBRARIES]
pytestmark = pytest.mark.filterwarnings("ignore:.*no_silent_downcasting")


@cache
def data(kind, n_classes):
    if kind in ("text", "dtype", "table", "words"):
        frame, y = mixed(n_classes)
        frame = frame.assign(digit=frame["digit"].astype(str).astype(object))
        if kind in ("text", "words"):
            frame = frame.assign(letter=frame["letter"].fillna("none"))
        if kind == "words":
            frame = frame.assign(letter=frame["letter"] + " and " + frame["digit"])
        return (with_dtypes(frame).astype({"digit": "category"}) if kind == "dtype" else frame), y
    frame, y = numbers(n_classes)
    if kind == "blanks":
        frame = with_blanks(frame)
    if kind == "positive":
        frame = frame.abs() + 0.5
    if kind == "scaled":
        frame = (frame - frame.mean()) / frame.std()
    return frame, y


def fitted(model, frame, y):
    with warnings.catch_warnings():
        # small tables: solvers that have not converged are as good for this
        warnings.simplefilter("ignore")
        return model.fit(frame, y)


def placed(cell, where):
    """The model bare, or behind a step that scales two of its columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are on their way out of their libraries
        model = cell.make()
    if where == "bare":
        return model
    scale = make_column_transformer((StandardScaler(), ["n0", "n2"]), remainder="passthrough")
    scale.set_params(verbose_feature_names_out=False).set_output(transform="pandas")
    return make_pipeline(scale, model)


def cases(cells):
    return [
        pytest.param(cell, n, id=f"{cell.library} {cell.model} of {n}".replace("`", ""))
        for cell in cells
        for n in cell.classes
    ]


@pytest.mark.parametrize("where", ["bare", "pipeline"])
@pytest.mark.parametrize(("cell", "n_classes"), cases(READ))
def test_read(cell, n_classes, where):
    frame, y = data(cell.data, n_classes)
    model = fitted(placed(cell, where), frame, y)
    target = target_of(model, frame)
    parameters = target.parameters()
    assert isinstance(parameters, LinearModel if cell.read_as == WEIGHTS else TreeEnsemble)
    blanks = cell.data in ("blanks", "dtype")
    x = assert_same(target, blanks=blanks, tolerance=cell.tolerance, at_least=500)
    assert np.isnan(x).any() or not blanks
    assert len(np.unique(target.predict(x))) == n_classes


@pytest.mark.parametrize("where", ["bare", "pipeline"])
@pytest.mark.parametrize(("cell", "n_classes"), cases(NOT_READ))
def test_not_read(cell, n_classes, where):
    frame, y = data(cell.data, n_classes)
    if "combinations" in cell.model:
        # each pair of categories has a class of its own
        pair = frame["letter"].astype("category").cat.codes * 3 + frame["digit"].astype("category").cat.codes
        y = np.random.default_rng(0).integers(0, n_classes, 30)[pair]
    target = target_of(fitted(placed(cell, where), frame, y), frame)
    with pytest.raises(NotApplicable) as caught:
        target.parameters()
    assert cell.read_as in str(caught.value)
    # it can still be asked
    assert len(target.predict(target.codec.sample)) == len(target.codec.sample)


def amounts(frame):
    """Positive whole numbers that depend on what the classes depend on."""
    x = frame["n0"].fillna(0.0) + frame["n1"].fillna(0.0) / 10 + frame["whole"] % 3
    return np.rint(np.exp(x.clip(-2, 2)) + 1.0)


def regressor(cell, where):
    frame, _ = data(cell.data, 2)
    model = fitted(placed(cell, where), frame, amounts(data("numbers", 2)[0]))
    return model, FrameCodec(frame, infer(frame))


@pytest.mark.parametrize("where", ["bare", "pipeline"])
@pytest.mark.parametrize("cell", REGRESSORS, ids=lambda cell: f"{cell.library} {cell.model}".replace("`", ""))
def test_regressors(cell, where):
    model, codec = regressor(cell, where)
    with quiet():
        parameters = read_regressor(model, codec, same)
    blanks = cell.data in ("blanks", "dtype")
    x = probing_rows(SimpleNamespace(codec=codec), parameters, blanks=blanks, unseen=True)
    assert len(x) >= 500
    with quiet():
        theirs = np.asarray(model.predict(codec.decode(x))).reshape(-1)
    np.testing.assert_allclose(values(parameters, raw(parameters, x)), theirs, rtol=cell.tolerance * 10, atol=1e-9)
    assert len(np.unique(theirs)) > 8
    assert family_of(take_apart(model).final) in ("trees", "linear")


def test_every_linear_regressor():
    frame, _ = data("scaled", 2)
    for name in regressors.LINEAR:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = getattr(linear_model if hasattr(linear_model, name) else svm, name)()
        fitted(model, frame, amounts(data("numbers", 2)[0]))
        with quiet():
            parameters = read_regressor(model, FrameCodec(frame, infer(frame)), same)
        np.testing.assert_allclose(
            values(parameters, parameters.raw(frame.to_numpy())), model.predict(frame), rtol=1e-9
        )


@pytest.mark.parametrize("cell", REGRESSORS_NOT_READ, ids=lambda cell: cell.model.replace("`", ""))
def test_regressors_that_are_not_read(cell):
    model, codec = regressor(cell, "pipeline")
    with pytest.raises(NotApplicable) as caught:
        read_regressor(model, codec, same)
    assert cell.read_as in str(caught.value)


def behind(step):
    """The step before a forest; a step for text gets the text alone."""
    if step.data == "text":
        return make_column_transformer((step.make(), ["letter", "digit"]), remainder="passthrough", sparse_threshold=0)
    if step.data == "part":
        return make_column_transformer((step.make(), ["n1"]), ("drop", ["whole"]), remainder="passthrough")
    return step.make()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name.replace("`", ""))
def test_steps(step):
    kind = "numbers" if step.data == "part" else step.data
    for n_classes, final in ((2, hist()), (3, forest())):
        frame, y = data(kind, n_classes)
        target = target_of(fitted(make_pipeline(behind(step), final), frame, y), frame)
        assert_same(target, blanks=kind in ("blanks", "text", "table"), at_least=500)


@pytest.mark.parametrize("step", STEPS_NOT_READ, ids=lambda step: step.name.replace("`", ""))
def test_steps_that_are_not_read(step):
    frame, y = data(step.data, 2)
    target = target_of(fitted(make_pipeline(behind(step), forest()), frame, y), frame)
    with pytest.raises(NotApplicable) as caught:
        target.parameters()
    assert step.note in str(caught.value)


def test_the_page_has_the_matrix_as_it_is_tested(root):
    """tools/write_models_page.py writes it."""
    text = (root / "docs/reference/models.md").read_text(encoding="utf-8")
    assert in_page(text) == text
