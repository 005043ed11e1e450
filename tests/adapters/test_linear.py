"""Linear models against their own decision_function, predict_proba and predict."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from adapters.evaluate import raw
from adapters.probe import assert_same, target_of
from adapters.tables_of_numbers import numbers, with_blanks
from sparring.core.parameters import LinearModel
from sparring.core.spec import Access
from sparring.errors import DecisionError, NotApplicable

# scikit-learn 1.8 warns where these are left out, and 1.7 knows only one of them
NEW = {"l1_ratios": (0.0,), "use_legacy_attributes": False}
NEW = NEW if set(NEW) <= set(LogisticRegressionCV().get_params()) else {}
MODELS = {
    "logistic": LogisticRegression(),
    "logistic-cv": LogisticRegressionCV(Cs=2, cv=2, scoring="accuracy", **NEW),
    "liblinear-svm": LinearSVC(),
    "hinge": SGDClassifier(random_state=0),
    "log-loss": SGDClassifier(loss="log_loss", random_state=0),
    "ridge": RidgeClassifier(),
    "ridge-cv": RidgeClassifierCV(),
    "perceptron": Perceptron(random_state=0),
    "lda": LinearDiscriminantAnalysis(),
}


def scaled(model):
    return make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), clone(model))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_linear_models(name, n_classes):
    frame, y = numbers(n_classes)
    frame = with_blanks(frame)
    model = scaled(MODELS[name]).fit(frame, y)
    target = target_of(model, frame)
    x = assert_same(target)
    ours = raw(target.parameters(), x)
    # rows that no document holds: far out, all at once
    far = np.where(np.isnan(x), x, x * 7.0 - 3.0)
    theirs = model.decision_function(target.codec.decode(far)).reshape(ours.shape)
    np.testing.assert_allclose(raw(target.parameters(), far), theirs, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_bare_on_an_array(n_classes):
    frame, y = numbers(n_classes)
    x = StandardScaler().fit_transform(frame)
    model = LogisticRegression().fit(x, y)
    target = target_of(model, x)
    parameters = target.parameters()
    assert isinstance(parameters, LinearModel)
    np.testing.assert_array_equal(parameters.slope, model.coef_.T)
    assert np.isnan(parameters.missing).all()
    assert_same(target, blanks=False)


def test_support_vectors_with_a_linear_kernel():
    frame, y = numbers(2)
    assert_same(target_of(scaled(SVC(kernel="linear")).fit(frame, y), frame), tolerance=1e-9)
    for model, n_classes, reason in (
        (SVC(kernel="rbf"), 2, "SVC is not read|linear kernel"),
        (SVC(kernel="linear"), 3, "two classes"),
        (SGDClassifier(loss="modified_huber"), 2, "not a known function of its margins"),
    ):
        rows, labels = numbers(n_classes)
        with pytest.raises(NotApplicable, match=reason):
            target_of(scaled(model).fit(rows, labels), rows).parameters()


def test_a_margin_ranks_rows_and_is_no_probability():
    frame, y = numbers(2)
    model = scaled(LinearSVC()).fit(frame, y)
    target = target_of(model, frame)
    assert Access.SCORES in target.offers
    x = target.codec.encode(frame)
    scores = target.scores(x)[:, 1]
    np.testing.assert_array_equal(scores > 0.5, model.predict(frame) == 1)
    np.testing.assert_array_equal(np.argsort(scores), np.argsort(model.decision_function(frame)))
    with pytest.raises(DecisionError, match="needs probabilities"):
        target_of(model, frame, decision="1 >= 0.3")
    several = target_of(scaled(LinearSVC()).fit(frame, numbers(3)[1]), frame)
    assert Access.SCORES not in several.offers
