"""The matrix of what can be read: each row is a claim of docs/reference/models.md, and a test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import catboost
import category_encoders
import lightgbm
import numpy as np
import skrub
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    PoissonRegressor,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from sparring.adapters import regressors

AVERAGE, BOOSTED, WEIGHTS = "trees that average probabilities", "boosted trees", "weights"
VOTES, STACK, CUT = "a weighted sum of votes", "trees, weighted by the last model", "trees or weights and a cut-off"
SEED = {"random_state": 0}
LIGHT = {"n_estimators": 6, "verbose": -1, "n_jobs": 1, "min_child_samples": 5}
XGB = {"n_estimators": 6, "max_depth": 4, "n_jobs": 1}
CAT = {"iterations": 8, "depth": 4, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}
TEXTS = {"cat_features": ["letter", "digit"], "one_hot_max_size": 2, "max_ctr_complexity": 1}


@dataclass(frozen=True, eq=False)
class Cell:
    """One row of the matrix.

    Parameters
    ----------
    library, model : str
        As the page has them.
    make : callable
        Returns a model that has not been fitted.
    read_as : str
        What becomes of it; for what is not read, the words that its reason must hold.
    data : {'numbers', 'blanks', 'scaled', 'text', 'dtype'}
        Numbers, with blanks, scaled to be easy for linear models; with text columns, with columns of category dtype.
    classes : tuple of int
    tolerance : float
        Of probabilities; XGBoost adds up in float32.
    """

    library: str
    model: str
    make: Callable[[], Any]
    read_as: str
    data: str = "numbers"
    classes: tuple[int, ...] = (2, 3)
    tolerance: float = 1e-12


def tree(**options):
    return DecisionTreeClassifier(**{"max_depth": 3, **SEED, **options})


def forest(n=7):
    return RandomForestClassifier(n, max_depth=4, random_state=0)


def boosted(**options):
    return GradientBoostingClassifier(n_estimators=5, **SEED, **options)


def hist(**options):
    return HistGradientBoostingClassifier(max_iter=6, **SEED, **options)


def light(**options):
    return lightgbm.LGBMClassifier(**LIGHT, **options)


def xgb(**options):
    return xgboost.XGBClassifier(**XGB | options)


def cat(**options):
    return catboost.CatBoostClassifier(**CAT | options)


def calibrated(model, method="sigmoid", *, ensemble=False):
    return CalibratedClassifierCV(model, method=method, ensemble=ensemble, cv=2)


def soft(*models, voting="soft"):
    return VotingClassifier([(str(i), model) for i, model in enumerate(models)], voting=voting)


def stack(*models, last=None, **options):
    last = RidgeClassifier() if last is None else last
    return StackingClassifier([(str(i), m) for i, m in enumerate(models)], last, cv=2, **options)


SKLEARN = [
    Cell("scikit-learn", "`DecisionTreeClassifier`, blanks", tree, AVERAGE, "blanks"),
    Cell("scikit-learn", "`ExtraTreeClassifier`", lambda: ExtraTreeClassifier(max_depth=6, **SEED), AVERAGE),
    Cell("scikit-learn", "`RandomForestClassifier`, blanks", forest, AVERAGE, "blanks"),
    Cell("scikit-learn", "`ExtraTreesClassifier`, blanks", lambda: ExtraTreesClassifier(7, **SEED), AVERAGE, "blanks"),
    Cell("scikit-learn", "`GradientBoostingClassifier`", boosted, BOOSTED),
    Cell("scikit-learn", '`GradientBoostingClassifier(init="zero")`', lambda: boosted(init="zero"), BOOSTED),
    Cell(
        "scikit-learn",
        '`GradientBoostingClassifier(loss="exponential")`',
        lambda: boosted(loss="exponential"),
        BOOSTED,
        classes=(2,),
    ),
    Cell("scikit-learn", "`HistGradientBoostingClassifier`, blanks", hist, BOOSTED, "blanks"),
    Cell("scikit-learn", "`HistGradientBoostingClassifier`, categories", hist, BOOSTED, "dtype"),
    Cell("scikit-learn", "`AdaBoostClassifier` of single trees", lambda: AdaBoostClassifier(tree(), **SEED), VOTES),
    Cell(
        "scikit-learn",
        "`BaggingClassifier` of trees and forests, blanks, columns drawn at random",
        lambda: BaggingClassifier(tree(), n_estimators=6, max_features=0.7, **SEED),
        AVERAGE,
        "blanks",
    ),
    Cell("scikit-learn", "`VotingClassifier`, soft, of trees and forests", lambda: soft(tree(), forest()), AVERAGE),
    Cell(
        "scikit-learn",
        "`VotingClassifier`, hard, of single trees",
        lambda: soft(tree(), tree(max_depth=5), tree(max_depth=2), voting="hard"),
        VOTES,
    ),
    Cell(
        "scikit-learn",
        "`StackingClassifier` of trees and forests under a linear last model",
        lambda: stack(tree(), forest(), last=LogisticRegression()),
        STACK,
    ),
    Cell(
        "scikit-learn",
        '`StackingClassifier(stack_method="decision_function")` of boosted trees under a linear last model',
        lambda: stack(boosted(), hist(), stack_method="decision_function"),
        STACK,
    ),
    Cell(
        "scikit-learn",
        "`CalibratedClassifierCV(ensemble=False)`, sigmoid over forests, boosted trees with a margin, linear models",
        lambda: calibrated(forest()),
        "trees or weights",
    ),
    Cell(
        "scikit-learn",
        "`CalibratedClassifierCV(ensemble=False)`, isotonic or over other probabilities, two classes",
        lambda: calibrated(forest(), "isotonic"),
        CUT,
        classes=(2,),
    ),
    Cell(
        "scikit-learn",
        "`FixedThresholdClassifier`, `TunedThresholdClassifierCV` on probabilities",
        lambda: FixedThresholdClassifier(forest(), threshold=0.3),
        "as what is inside",
        classes=(2,),
    ),
    Cell(
        "scikit-learn",
        "`FixedThresholdClassifier`, `TunedThresholdClassifierCV` on a margin",
        lambda: FixedThresholdClassifier(hist(), threshold=0.4, response_method="decision_function"),
        CUT,
        classes=(2,),
    ),
    Cell("scikit-learn", "`LogisticRegression`", LogisticRegression, WEIGHTS, "scaled"),
    Cell(
        "scikit-learn",
        "`LogisticRegressionCV`",
        lambda: make_pipeline(LogisticRegressionCV(cv=2, Cs=3)),
        WEIGHTS,
        "scaled",
    ),
    Cell("scikit-learn", "`SGDClassifier`", lambda: SGDClassifier(**SEED), WEIGHTS, "scaled"),
    Cell("scikit-learn", "`RidgeClassifier`", RidgeClassifier, WEIGHTS, "scaled"),
    Cell("scikit-learn", "`RidgeClassifierCV`", RidgeClassifierCV, WEIGHTS, "scaled"),
    Cell("scikit-learn", "`Perceptron`", lambda: Perceptron(**SEED), WEIGHTS, "scaled"),
    Cell("scikit-learn", "`PassiveAggressiveClassifier`", PassiveAggressiveClassifier, WEIGHTS, "scaled"),
    Cell("scikit-learn", "`LinearSVC`", lambda: LinearSVC(**SEED), WEIGHTS, "scaled"),
    Cell("scikit-learn", "`LinearDiscriminantAnalysis`", LinearDiscriminantAnalysis, WEIGHTS, "scaled"),
    Cell(
        "scikit-learn",
        '`SVC(kernel="linear")`, two classes',
        lambda: SVC(kernel="linear"),
        WEIGHTS,
        "scaled",
        classes=(2,),
        tolerance=1e-9,
    ),
]

LIBRARIES = [
    Cell("XGBoost", "`XGBClassifier`, blanks", xgb, BOOSTED, "blanks", tolerance=1e-5),
    Cell(
        "XGBoost",
        "`XGBClassifier`, categories one by one",
        lambda: xgb(enable_categorical=True, max_cat_to_onehot=50),
        BOOSTED,
        "dtype",
        tolerance=1e-5,
    ),
    Cell(
        "XGBoost",
        "`XGBClassifier`, sets of categories",
        lambda: xgb(enable_categorical=True, max_cat_to_onehot=1),
        BOOSTED,
        "dtype",
        tolerance=1e-5,
    ),
    Cell("XGBoost", "`XGBRFClassifier`", lambda: xgboost.XGBRFClassifier(**XGB, **SEED), BOOSTED, tolerance=1e-5),
    Cell(
        "XGBoost",
        '`booster="dart"`, weights of dropped trees',
        lambda: xgb(booster="dart", rate_drop=0.4, **SEED),
        BOOSTED,
        "blanks",
        tolerance=1e-5,
    ),
    Cell(
        "XGBoost",
        "`num_parallel_tree`, `base_score`",
        lambda: xgb(num_parallel_tree=3, subsample=0.7, base_score=0.3),
        BOOSTED,
        tolerance=1e-5,
    ),
    Cell("XGBoost", "a number as a blank (`missing=3`)", lambda: xgb(missing=3.0), BOOSTED, "blanks", tolerance=1e-5),
    Cell(
        "XGBoost",
        '`multi_strategy="multi_output_tree"`',
        lambda: xgb(multi_strategy="multi_output_tree"),
        BOOSTED,
        "blanks",
        classes=(3,),
        tolerance=1e-5,
    ),
    Cell("XGBoost", '`booster="gblinear"`', lambda: xgb(booster="gblinear"), WEIGHTS, "scaled", tolerance=1e-5),
    Cell("LightGBM", "`LGBMClassifier`, blanks", light, BOOSTED, "blanks"),
    Cell("LightGBM", "`LGBMClassifier`, sets of categories", lambda: light(min_data_per_group=5), BOOSTED, "dtype"),
    Cell("LightGBM", '`boosting_type="dart"`', lambda: light(boosting_type="dart"), BOOSTED, "blanks"),
    Cell(
        "LightGBM",
        '`boosting_type="rf"`, averages of trees',
        lambda: light(boosting_type="rf", bagging_freq=1, bagging_fraction=0.6),
        BOOSTED,
        "blanks",
    ),
    Cell("LightGBM", "`zero_as_missing`", lambda: light(zero_as_missing=True), BOOSTED, "blanks"),
    Cell("LightGBM", "`use_missing=False`", lambda: light(use_missing=False), BOOSTED, "blanks"),
    Cell(
        "LightGBM",
        '`objective="multiclassova"`',
        lambda: light(objective="multiclassova"),
        "boosted trees, one sigmoid for each class",
        "blanks",
        classes=(3,),
    ),
    Cell("CatBoost", "`CatBoostClassifier`, symmetric trees, blanks", cat, BOOSTED, "blanks"),
    Cell("CatBoost", '`nan_mode="Max"`', lambda: cat(nan_mode="Max"), BOOSTED, "blanks"),
    Cell("CatBoost", '`grow_policy="Depthwise"`', lambda: cat(grow_policy="Depthwise"), BOOSTED, "blanks"),
    Cell("CatBoost", '`grow_policy="Lossguide"`', lambda: cat(grow_policy="Lossguide"), BOOSTED, "blanks"),
    Cell("CatBoost", "one-hot categories", lambda: cat(**TEXTS | {"one_hot_max_size": 20}), BOOSTED, "text"),
    Cell("CatBoost", "statistics of single categories (CTR)", lambda: cat(**TEXTS), BOOSTED, "text"),
    Cell(
        "CatBoost",
        '`loss_function="MultiClassOneVsAll"`',
        lambda: cat(loss_function="MultiClassOneVsAll"),
        "boosted trees, one sigmoid for each class",
        "blanks",
        classes=(3,),
    ),
]

NOT_READ = [
    Cell(
        "scikit-learn",
        "`GradientBoostingClassifier` with `init` another model",
        lambda: boosted(init=GaussianNB()),
        "starts from GaussianNB (init), which is not read",
    ),
    Cell(
        "scikit-learn",
        "`AdaBoostClassifier` of anything but single trees",
        lambda: AdaBoostClassifier(forest(3), n_estimators=2),
        "which is no single tree",
    ),
    Cell(
        "scikit-learn",
        "`BaggingClassifier`, `VotingClassifier` of boosted or linear models",
        lambda: soft(hist(), tree()),
        "which are no sum of trees",
    ),
    Cell(
        "scikit-learn",
        "`VotingClassifier`, hard, of forests",
        lambda: soft(forest(), tree(), voting="hard"),
        "which is no single tree",
    ),
    Cell(
        "scikit-learn",
        "`StackingClassifier(passthrough=True)`",
        lambda: stack(tree(), passthrough=True),
        "hands the columns on to its last model (passthrough), which is not read",
    ),
    Cell(
        "scikit-learn",
        "`StackingClassifier` under a last model that is not linear",
        lambda: stack(tree(), last=forest()),
        "ends in RandomForestClassifier, which is no linear model",
    ),
    Cell(
        "scikit-learn",
        "`StackingClassifier` over probabilities of boosted or linear models",
        lambda: stack(hist()),
        "which are no sum of trees",
    ),
    Cell(
        "scikit-learn",
        "`CalibratedClassifierCV(ensemble=True)`",
        lambda: calibrated(forest(), ensemble=True),
        "calibrated models of several folds (calibration over folds), which is no sum of trees",
    ),
    Cell(
        "scikit-learn",
        "`CalibratedClassifierCV`, isotonic, several classes",
        lambda: calibrated(forest(), "isotonic"),
        "maps several classes by isotonic, which is no sum of trees",
        classes=(3,),
    ),
    Cell("scikit-learn", "`OneVsRestClassifier`", lambda: OneVsRestClassifier(tree()), "is one model for each class"),
    Cell(
        "scikit-learn",
        "`OneVsOneClassifier`",
        lambda: OneVsOneClassifier(tree()),
        "is a vote of one model for each pair of classes",
        classes=(3,),
    ),
    Cell(
        "scikit-learn",
        '`SGDClassifier(loss="modified_huber")`',
        lambda: SGDClassifier(loss="modified_huber", **SEED),
        "are not a known function of its margins",
        "scaled",
    ),
    Cell(
        "scikit-learn",
        "`SVC` of another kernel, or of several classes",
        SVC,
        "is read only with a linear kernel and two classes",
        "scaled",
    ),
    Cell("scikit-learn", "any other classifier", GaussianNB, "is not read"),
    Cell(
        "XGBoost",
        '`objective="binary:hinge"`',
        lambda: xgb(objective="binary:hinge"),
        "binary:hinge is not read",
        classes=(2,),
    ),
    Cell(
        "XGBoost",
        '`XGBClassifier(objective="binary:logitraw")`; a `Booster` with it is read',
        lambda: xgb(objective="binary:logitraw"),
        "answers with raw scores in place of probabilities",
        classes=(2,),
    ),
    Cell(
        "XGBoost",
        "a number as a blank beside categories",
        lambda: xgb(missing=-999.0, enable_categorical=True),
        "for a blank beside sets of categories, which is not read",
        "dtype",
    ),
    Cell("LightGBM", "`linear_tree`", lambda: light(linear_tree=True), "linear trees (linear_tree) are not read"),
    Cell(
        "CatBoost",
        "statistics of combinations of columns (its default; `max_ctr_complexity=1` trains without)",
        lambda: cat(**TEXTS | {"max_ctr_complexity": 2, "iterations": 40}),
        "statistics of combinations of columns here (CTR combinations), which are not read",
        "text",
    ),
    Cell(
        "CatBoost",
        '`simple_ctr=["BinarizedTargetMeanValue"]`',
        lambda: cat(**TEXTS, simple_ctr=["BinarizedTargetMeanValue"]),
        "loses statistics of kind BinarizedTargetMeanValue in its own JSON, so that they are not read",
        "text",
    ),
    Cell(
        "CatBoost",
        "text and embedding features",
        lambda: cat(text_features=["letter"], cat_features=["digit"]),
        "computes with text features here, which are not read",
        "words",
    ),
]


LINES = sorted(regressors.LINEAR, key=lambda name: (name != "LinearRegression", name))
LEAVES, COUNTS = "trees", "the exponential of boosted trees"
REGRESSORS = [
    Cell(
        "scikit-learn", "`DecisionTreeRegressor`, blanks", lambda: DecisionTreeRegressor(max_depth=5), LEAVES, "blanks"
    ),
    Cell("scikit-learn", "`ExtraTreeRegressor`", lambda: ExtraTreeRegressor(max_depth=5, **SEED), LEAVES),
    Cell("scikit-learn", "`RandomForestRegressor`, blanks", lambda: RandomForestRegressor(7, **SEED), LEAVES, "blanks"),
    Cell("scikit-learn", "`ExtraTreesRegressor`", lambda: ExtraTreesRegressor(7, **SEED), LEAVES),
    Cell("scikit-learn", "`GradientBoostingRegressor`", lambda: GradientBoostingRegressor(n_estimators=9), BOOSTED),
    Cell(
        "scikit-learn",
        '`GradientBoostingRegressor(loss="quantile")`',
        lambda: GradientBoostingRegressor(n_estimators=9, loss="quantile", alpha=0.5),
        BOOSTED,
    ),
    Cell(
        "scikit-learn",
        "`HistGradientBoostingRegressor`, blanks",
        lambda: HistGradientBoostingRegressor(max_iter=9),
        BOOSTED,
        "blanks",
    ),
    Cell(
        "scikit-learn",
        "`HistGradientBoostingRegressor`, categories",
        lambda: HistGradientBoostingRegressor(max_iter=9),
        BOOSTED,
        "dtype",
    ),
    Cell(
        "scikit-learn",
        '`HistGradientBoostingRegressor(loss="poisson")`, also gamma',
        lambda: HistGradientBoostingRegressor(max_iter=9, loss="poisson"),
        COUNTS,
    ),
    Cell("scikit-learn", ", ".join(f"`{name}`" for name in LINES), LinearRegression, WEIGHTS, "scaled"),
    Cell(
        "scikit-learn",
        "`PoissonRegressor`, `GammaRegressor`, `TweedieRegressor`",
        PoissonRegressor,
        "the exponential of weights",
        "scaled",
    ),
    Cell("XGBoost", "`XGBRegressor`, blanks", lambda: xgboost.XGBRegressor(**XGB), BOOSTED, "blanks", tolerance=1e-5),
    Cell("XGBoost", "`XGBRFRegressor`", lambda: xgboost.XGBRFRegressor(**XGB, **SEED), BOOSTED, tolerance=1e-5),
    Cell(
        "XGBoost",
        '`XGBRegressor(objective="count:poisson")`',
        lambda: xgboost.XGBRegressor(**XGB, objective="count:poisson"),
        COUNTS,
        tolerance=1e-5,
    ),
    Cell(
        "XGBoost",
        '`XGBRegressor(objective="reg:quantileerror")`',
        lambda: xgboost.XGBRegressor(**XGB, objective="reg:quantileerror", quantile_alpha=0.5),
        BOOSTED,
        tolerance=1e-5,
    ),
    Cell(
        "XGBoost",
        '`XGBRegressor(booster="gblinear")`',
        lambda: xgboost.XGBRegressor(**XGB, booster="gblinear"),
        WEIGHTS,
        "scaled",
        tolerance=1e-5,
    ),
    Cell("LightGBM", "`LGBMRegressor`, blanks", lambda: lightgbm.LGBMRegressor(**LIGHT), BOOSTED, "blanks"),
    Cell("LightGBM", "`LGBMRegressor`, sets of categories", lambda: lightgbm.LGBMRegressor(**LIGHT), BOOSTED, "dtype"),
    Cell(
        "LightGBM",
        '`LGBMRegressor(objective="quantile")`',
        lambda: lightgbm.LGBMRegressor(**LIGHT, objective="quantile", alpha=0.8),
        BOOSTED,
    ),
    Cell(
        "LightGBM",
        '`LGBMRegressor(objective="tweedie")`, also poisson and gamma',
        lambda: lightgbm.LGBMRegressor(**LIGHT, objective="tweedie"),
        COUNTS,
    ),
    Cell("CatBoost", "`CatBoostRegressor`, blanks", lambda: catboost.CatBoostRegressor(**CAT), BOOSTED, "blanks"),
    Cell(
        "CatBoost",
        "`CatBoostRegressor`, categories",
        lambda: catboost.CatBoostRegressor(**CAT | TEXTS),
        BOOSTED,
        "text",
    ),
    Cell(
        "CatBoost",
        '`CatBoostRegressor(loss_function="Poisson")`, also Tweedie',
        lambda: catboost.CatBoostRegressor(**CAT, loss_function="Poisson"),
        COUNTS,
    ),
]
REGRESSORS_NOT_READ = [
    Cell(
        "scikit-learn",
        "`AdaBoostRegressor`, a median",
        lambda: AdaBoostRegressor(n_estimators=2),
        "AdaBoostRegressor is not read",
    ),
    Cell(
        "scikit-learn",
        "`BaggingRegressor`, `VotingRegressor`, `StackingRegressor`",
        lambda: BaggingRegressor(n_estimators=2),
        "BaggingRegressor is not read",
    ),
    Cell(
        "scikit-learn",
        "`GradientBoostingRegressor` with `init` another model",
        lambda: GradientBoostingRegressor(n_estimators=2, init=LinearRegression()),
        "starts from LinearRegression (init), which is not read",
    ),
]


@dataclass(frozen=True, eq=False)
class Step:
    """One row of the table of what may stand in front.

    Parameters
    ----------
    name, note : str
        As the page has them; for what is not read, `note` is what its reason must hold.
    make : callable
    data : {'numbers', 'blanks', 'positive', 'text'}
        For text, the step gets the columns of text and the others are passed through.
    """

    name: str
    note: str
    make: Callable[[], Any]
    data: str = "numbers"


READ_OFF, TRIED = "read off its structure", "found by trying"
KBINS = {"quantile_method": "averaged_inverted_cdf"} if hasattr(KBinsDiscretizer(), "quantile_method") else {}


def bins(encode):
    return KBinsDiscretizer(4, encode=encode, **KBINS)


STEPS = [
    Step("`SimpleImputer`, `MissingIndicator`", READ_OFF, lambda: SimpleImputer(add_indicator=True), "blanks"),
    Step(
        "`FeatureUnion` without weights",
        READ_OFF,
        lambda: FeatureUnion([("a", SimpleImputer()), ("b", MissingIndicator(features="all"))]),
        "blanks",
    ),
    Step("`StandardScaler`", READ_OFF, StandardScaler, "blanks"),
    Step("`MinMaxScaler`, also with `clip`", READ_OFF, lambda: MinMaxScaler(clip=True)),
    Step("`MaxAbsScaler`", READ_OFF, MaxAbsScaler),
    Step("`RobustScaler`", READ_OFF, RobustScaler),
    Step("`ColumnTransformer` with `passthrough`, `drop` and `remainder`", READ_OFF, RobustScaler, "part"),
    Step("`Pipeline`, also nested", READ_OFF, lambda: Pipeline([("a", make_pipeline(StandardScaler())), ("b", None)])),
    Step(
        "`OneHotEncoder`, with `drop`, rare categories and every `handle_unknown`",
        READ_OFF,
        lambda: OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=30),
        "text",
    ),
    Step(
        "`OrdinalEncoder`",
        READ_OFF,
        lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
        "text",
    ),
    Step("`TargetEncoder`", READ_OFF, TargetEncoder, "text"),
    Step("`KBinsDiscretizer`, ordinal", READ_OFF, lambda: bins("ordinal")),
    Step("`KBinsDiscretizer`, one-hot, of raw numbers", READ_OFF, lambda: bins("onehot-dense")),
    Step("`SelectKBest` and other selectors", READ_OFF, lambda: SelectKBest(k=3)),
    Step("`QuantileTransformer`", TRIED, lambda: QuantileTransformer(n_quantiles=40)),
    Step("`PowerTransformer`, Yeo-Johnson", TRIED, PowerTransformer),
    Step("`PowerTransformer`, Box-Cox", TRIED, lambda: PowerTransformer("box-cox"), "positive"),
    Step("`FunctionTransformer` of a function that rises or falls", TRIED, lambda: FunctionTransformer(np.arcsinh)),
    Step("category_encoders: `OrdinalEncoder`", TRIED, category_encoders.OrdinalEncoder, "text"),
    Step("category_encoders: `OneHotEncoder`", TRIED, category_encoders.OneHotEncoder, "text"),
    Step("category_encoders: `TargetEncoder`", TRIED, category_encoders.TargetEncoder, "text"),
    Step("category_encoders: `CountEncoder`", TRIED, category_encoders.CountEncoder, "text"),
    Step("category_encoders: `BinaryEncoder`", TRIED, category_encoders.BinaryEncoder, "text"),
    Step("category_encoders: `JamesSteinEncoder`", TRIED, category_encoders.JamesSteinEncoder, "text"),
    Step("skrub: `TableVectorizer`", TRIED, lambda: skrub.TableVectorizer(cardinality_threshold=5), "table"),
    Step("skrub: `SimilarityEncoder`", TRIED, skrub.SimilarityEncoder, "text"),
]

STEPS_NOT_READ = [
    Step("`PCA`, `TruncatedSVD`, `FastICA`, `NMF`", "PCA mixes columns", lambda: PCA(2)),
    Step("`PolynomialFeatures`", "PolynomialFeatures mixes columns", PolynomialFeatures),
    Step("`KNNImputer`, `IterativeImputer`, `Normalizer`", "KNNImputer mixes columns", KNNImputer, "blanks"),
    Step(
        "`SplineTransformer`",
        "what SplineTransformer makes of column 'n0' neither rises nor falls with it",
        SplineTransformer,
    ),
    Step(
        "`FunctionTransformer` of any other function",
        "what FunctionTransformer makes of column 'n0' neither rises nor falls with it",
        lambda: FunctionTransformer(np.abs),
    ),
    Step(
        "`KBinsDiscretizer`, `OneHotEncoder`, `OrdinalEncoder` of numbers that were scaled before",
        "KBinsDiscretizer after another transformer of a number is not read",
        lambda: make_pipeline(StandardScaler(), bins("onehot-dense")),
    ),
    Step(
        "`FeatureUnion` with weights",
        "FeatureUnion with weights is not read",
        lambda: FeatureUnion([("a", StandardScaler())], transformer_weights={"a": 2.0}),
    ),
    Step(
        "`SimpleImputer(missing_values=-1)`",
        "treats the number -1 as a blank, which is not read",
        lambda: SimpleImputer(missing_values=-1),
    ),
]


def tables() -> str:
    """Return the tables of the page."""
    lines = ["| library | model | read as |", "|---|---|---|"]
    lines += [f"| {cell.library} | {cell.model} | {cell.read_as} |" for cell in (*SKLEARN, *LIBRARIES, *REGRESSORS)]
    lines += ["", "| library | not read | what the reason says |", "|---|---|---|"]
    lines += [f"| {cell.library} | {cell.model} | {cell.read_as} |" for cell in (*NOT_READ, *REGRESSORS_NOT_READ)]
    return "\n".join(lines) + "\n"


def step_tables() -> str:
    """Return the tables of what may stand in front."""
    lines = ["| transformer | |", "|---|---|"]
    lines += [f"| {step.name} | {step.note} |" for step in STEPS]
    lines += ["", "| not read | the reason that is given |", "|---|---|"]
    lines += [f"| {step.name} | {step.note} |" for step in STEPS_NOT_READ]
    return "\n".join(lines) + "\n"


def in_page(text: str) -> str:
    """Return the page with the tables as the matrix has them."""
    for name, table in (("models", tables()), ("transformers", step_tables())):
        start, end = f"<!-- matrix of {name} -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        text = before + start + "\n" + table + "\n" + end + rest.split(end)[1]
    return text


ALL = [*SKLEARN, *LIBRARIES]
