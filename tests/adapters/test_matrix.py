"""Every row of the matrix against the library itself, bare and in a pipeline; what is not read says why."""

import warnings
from functools import cache

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from adapters.matrix import LIBRARIES, NOT_READ, SKLEARN, STEPS, STEPS_NOT_READ, WEIGHTS, forest, hist, in_page
from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import mixed, numbers, with_blanks, with_dtypes
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
