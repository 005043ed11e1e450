"""Models are named as a person would name them."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sparring
from sparring.adapters.naming import name_of

X = np.random.default_rng(0).normal(size=(80, 2))
Y = (X.sum(axis=1) > 0).astype(int)


def piped(final=None):
    return make_pipeline(StandardScaler(), LogisticRegression() if final is None else final)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (GradientBoostingClassifier(n_estimators=3), "GradientBoostingClassifier"),
        (piped(GradientBoostingClassifier(n_estimators=3)), "GradientBoostingClassifier in a Pipeline"),
        (GridSearchCV(piped(), {"logisticregression__C": [1]}), "LogisticRegression in a Pipeline in a GridSearchCV"),
        (CalibratedClassifierCV(piped(), cv=2), "LogisticRegression in a Pipeline in a CalibratedClassifierCV"),
        (FixedThresholdClassifier(LogisticRegression()), "LogisticRegression in a FixedThresholdClassifier"),
        (
            piped(CalibratedClassifierCV(LogisticRegression())),
            "LogisticRegression in a CalibratedClassifierCV in a Pipeline",
        ),
    ],
)
def test_wrappers_are_named_from_the_inside(model, name):
    assert name_of(model.fit(X, Y)) == name


def test_functions_and_boosters_have_names():
    def refuse_the_poor(rows):
        return rows[:, 0] > 0

    import lightgbm
    import xgboost

    assert name_of(refuse_the_poor) == "function refuse_the_poor"
    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(X, Y), num_boost_round=2)
    assert name_of(booster) == "XGBoost Booster"
    trees = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(X, Y), num_boost_round=2)
    assert name_of(trees) == "LightGBM Booster"
    assert name_of(xgboost.XGBClassifier()) == "XGBClassifier"


def test_the_report_names_the_estimator():
    result = sparring.assess(piped().fit(X, Y), X, Y, only="evasion/random-noise@columns", rng=0, budget=5)
    assert "LogisticRegression in a Pipeline" in repr(result)
