"""From a model to what a holder of its file can read, in the user's raw columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sparring.adapters.base import class_name
from sparring.adapters.frames import FrameCodec
from sparring.adapters.library_codes import lightgbm_matrix, xgboost_matrix
from sparring.adapters.lightgbm_trees import read_lightgbm
from sparring.adapters.linear import over_raw_columns, read_weights
from sparring.adapters.preprocess import chain, numbers
from sparring.adapters.pull_back import pull_back
from sparring.adapters.sklearn_trees import read_forest, read_gradient_boosting, read_hist_gradient_boosting
from sparring.adapters.trees import Rounding
from sparring.adapters.unwrap import Parts
from sparring.adapters.xgboost_trees import read_xgboost
from sparring.core.examples import Floats
from sparring.core.parameters import Parameters, TreeEnsemble
from sparring.core.space import Codec
from sparring.core.target import Decision
from sparring.errors import NotApplicable

FORESTS = (
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "ExtraTreesClassifier",
    "RandomForestClassifier",
)
OTHER_TREES = ("GradientBoostingClassifier", "HistGradientBoostingClassifier")
XGBOOST = ("Booster", "XGBClassifier", "XGBRFClassifier")
LIGHTGBM = ("Booster", "LGBMClassifier")
LINEAR = (
    "LinearDiscriminantAnalysis",
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
    "SVC",
)
BLACK_BOXES = {
    "AdaBoostClassifier": "a vote of boosted models",
    "BaggingClassifier": "an average over models of rows and columns drawn at random",
    "CalibratedClassifierCV": "an average over calibrated models of several folds",
    "OneVsOneClassifier": "a vote of one model for each pair of classes",
    "OneVsRestClassifier": "one model for each class",
    "StackingClassifier": "a model over the answers of other models",
    "VotingClassifier": "a vote of several models",
}


def family_of(final: Any) -> str:
    """Return the family of the estimator that answers: 'trees', 'linear' or 'other'."""
    library, name = _origin(final)
    if library in ("xgboost", "lightgbm", "catboost") or name in FORESTS + OTHER_TREES:
        return "trees"
    if name in LINEAR and library == "sklearn" and getattr(final, "kernel", "linear") == "linear":
        return "linear"
    return "other"


def _origin(final: Any) -> tuple[str, str]:
    # the exact class: a subclass may answer in another way
    return type(final).__module__.partition(".")[0], class_name(final)


def read_model(
    parts: Parts, codec: Codec, prepare: Callable[[Any], Any], decision: Decision, *, user_cut: bool
) -> Parameters:
    """Read a model in the user's raw columns.

    Parameters
    ----------
    parts : Parts
    codec : Codec
    prepare : callable
        From the decoded frame to what the first part was trained on.
    decision : Decision
        Says on which side exact ties of averaging forests fall.
    user_cut : bool
        Whether the user's cut-off replaces the model's own rule.

    Raises
    ------
    NotApplicable
        With the reason, which names the class that cannot be read.
    """
    if parts.blocked and not user_cut:
        raise NotApplicable(parts.blocked)
    if not isinstance(codec, FrameCodec):
        raise NotApplicable(f"models are read over tables of FrameCodec, not of {class_name(codec)}")
    library, name = _origin(parts.final)
    if library == "sklearn" and name in LINEAR:
        weights = read_weights(parts.final)
        return over_raw_columns(weights, chain(codec, prepare=prepare, steps=parts.steps, matrix=numbers))
    steps = parts.steps
    matrix: Callable[[Any], Floats] = numbers
    if name == "HistGradientBoostingClassifier" and parts.final._preprocessor is not None:  # noqa: SLF001  # its encoder
        steps = (*steps, parts.final._preprocessor)  # noqa: SLF001  # the same
    ensemble = _ensemble(parts.final, library, name, _rounding(decision))
    if library == "xgboost":
        matrix = xgboost_matrix(parts.final)
    if library == "lightgbm":
        matrix = lightgbm_matrix(parts.final)
    made = chain(codec, prepare=prepare, steps=steps, matrix=matrix)
    if len(made.features) != ensemble.n_columns:
        raise NotApplicable(f"{name} was trained on {ensemble.n_columns} columns and gets {len(made.features)}")
    return pull_back(ensemble, made)


def _ensemble(final: Any, library: str, name: str, rounding: Rounding) -> TreeEnsemble:
    readers: dict[tuple[str, str], Callable[[Any], TreeEnsemble]] = {
        **{("sklearn", forest): partial(read_forest, rounding=rounding) for forest in FORESTS},
        ("sklearn", "GradientBoostingClassifier"): read_gradient_boosting,
        ("sklearn", "HistGradientBoostingClassifier"): read_hist_gradient_boosting,
        **{("xgboost", model): read_xgboost for model in XGBOOST},
        **{("lightgbm", model): read_lightgbm for model in LIGHTGBM},
    }
    reader = readers.get((library, name))
    if reader is None:
        what = BLACK_BOXES.get(name)
        raise NotApplicable(f"{name} is {what}, which is not read yet" if what else f"{name} is not read")
    return reader(final)


def _rounding(decision: Decision) -> Rounding:
    """Return how leaves of averaging forests are rounded so that a tie falls as the rule says."""
    if decision.cut is None or decision.positive is None:
        return "down"
    reached = decision.op == ">="
    if len(decision.classes) == 2 and decision.positive == 0:
        # the scores are those of class 1
        return "down" if reached else "up"
    return "up" if reached else "down"
