"""Lists what real model files ask for and `allowed.txt` does not have yet, for a person to review.

Fits and pickles every scikit-learn estimator, the usual compositions, and the estimators of the booster libraries that
are installed, then follows each pickle without running it. Nothing is written: the printed lines are read by a person,
who checks that the object can neither run code of a file's choosing nor read or write anything, and then adds them.

    python tools/allowed_names.py            # lines that are missing from the list
    python tools/allowed_names.py --all      # every line, with the models that need it
"""

# ruff: noqa: E501  tables of models read better wide

from __future__ import annotations

import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import joblib
import numpy as np
import pandas as pd

from sparring.artifact.limits import Limits
from sparring.artifact.machine import Use
from sparring.artifact.names import Allowed
from sparring.artifact.pickle_scan import trace_pickles
from sparring.artifact.verdict import Name

ROWS = 60


def table() -> tuple[pd.DataFrame, np.ndarray]:
    """Make a small table with numbers, blanks, text and categories, and a binary label of shape (n,)."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3000, 800, ROWS),
            "age": rng.integers(18, 80, ROWS),
            "job": rng.choice(["clerk", "driver", "nurse"], ROWS),
            "region": pd.Categorical(rng.choice(["north", "south"], ROWS)),
        }
    )
    frame.loc[::9, "income"] = np.nan
    return frame, (rng.random(ROWS) < 0.5).astype(int)


def fits() -> Iterator[tuple[str, Any]]:
    """Yield names and fitted models."""
    makers: list[Callable[[], Iterator[tuple[str, Any]]]] = [estimators, variants, wrapped, boosters]
    for maker in makers:
        yield from maker()


def estimators() -> Iterator[tuple[str, Any]]:
    """Fit every estimator of scikit-learn, in every way that its own checks construct it."""
    from sklearn.utils import all_estimators

    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(ROWS, 4))) + 0.1
    labels = np.arange(ROWS) % 3
    for name, kind in all_estimators():
        yield name, kind.__new__(kind)
        for number, model in enumerate(_instances(kind)):
            if fitted := _fit(model, x, labels):
                yield f"{name}[{number}]", fitted


def _instances(kind: Any) -> Iterator[Any]:
    try:
        from sklearn.utils._test_common.instance_generator import _construct_instances
    except ImportError:  # scikit-learn < 1.6
        try:
            yield kind()
        except TypeError:
            return
        return
    try:
        yield from _construct_instances(kind)
    except Exception as fault:  # noqa: BLE001
        print(f"# {kind.__name__}: {fault}", file=sys.stderr)


def _fit(model: Any, x: np.ndarray, labels: np.ndarray) -> Any:
    text = np.array(["red green", "blue green", "red blue dog"] * (ROWS // 3), dtype=object)
    pairs = np.column_stack([labels, labels[::-1]])
    attempts = [
        (x, labels), (x, labels.astype(float)), (x, labels % 2), (x, pairs % 2), (x, pairs.astype(float)), (x[:, 0], labels),
        (text, labels), (labels, None), ([{"a": 1.0, "b": "u"}] * ROWS, None), ([["a"], ["b", "c"]] * (ROWS // 2), None),
    ]  # fmt: skip
    for rows, target in attempts:
        try:
            return model.fit(rows) if target is None else model.fit(rows, target)
        except Exception:  # noqa: BLE001, S112
            continue
    print(f"# not fitted: {model!r}"[:200], file=sys.stderr)
    return None


def variants() -> Iterator[tuple[str, Any]]:
    """Fit options whose objects no default makes: losses, kernels, metrics, weights, generators."""
    from sklearn import (
        discriminant_analysis,
        ensemble,
        gaussian_process,
        kernel_approximation,
        linear_model,
        naive_bayes,
        neighbors,
        neural_network,
        preprocessing,
        svm,
        tree,
    )
    from sklearn.gaussian_process import kernels

    x, labels = np.random.default_rng(0).normal(size=(ROWS, 4)), np.arange(ROWS) % 2
    target = np.abs(x[:, 0]) + 0.1
    losses = ("squared_error", "absolute_error", "gamma", "poisson", "quantile")
    models: list[tuple[Any, Any]] = [
        *((ensemble.HistGradientBoostingRegressor(loss=loss, quantile=0.5, max_iter=3), target) for loss in losses),
        (ensemble.HistGradientBoostingClassifier(max_iter=5, early_stopping=True, n_iter_no_change=2), labels),
        *((ensemble.GradientBoostingRegressor(loss=loss, n_estimators=3), target)
          for loss in ("squared_error", "absolute_error", "huber", "quantile")),
        *((ensemble.GradientBoostingClassifier(loss=loss, n_estimators=3), labels) for loss in ("log_loss", "exponential")),
        (ensemble.GradientBoostingClassifier(n_estimators=3), np.arange(ROWS) % 3),
        (ensemble.GradientBoostingClassifier(n_estimators=3, init="zero"), labels),
        *((tree.DecisionTreeRegressor(criterion=name), target)
          for name in ("squared_error", "friedman_mse", "absolute_error", "poisson")),
        *((linear_model.SGDClassifier(loss=loss), labels) for loss in (
            "hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "squared_error", "huber",
            "epsilon_insensitive", "squared_epsilon_insensitive")),
        *((linear_model.TweedieRegressor(power=power), target) for power in (0, 1, 1.5, 2, 3)),
        *((neighbors.KNeighborsClassifier(algorithm=name, metric=metric), labels)
          for name in ("ball_tree", "kd_tree", "brute") for metric in ("minkowski", "manhattan", "chebyshev")),
        *((neighbors.KNeighborsClassifier(algorithm="ball_tree", metric=metric), labels) for metric in (
            "canberra", "braycurtis", "hamming", "jaccard", "dice", "russellrao", "rogerstanimoto", "sokalsneath")),
        (neighbors.KNeighborsClassifier(algorithm="ball_tree", metric="seuclidean", metric_params={"V": np.ones(4)}), labels),
        (neighbors.KNeighborsClassifier(algorithm="ball_tree", metric="mahalanobis",
                                        metric_params={"V": np.eye(4)}), labels),
        (neighbors.KNeighborsClassifier(weights="distance", p=3), labels),
        *((neural_network.MLPClassifier((3,), solver=name, max_iter=3), labels) for name in ("adam", "sgd", "lbfgs")),
        (neural_network.MLPClassifier((3,), early_stopping=True, max_iter=5, random_state=np.random.RandomState(0)), labels),
        *((gaussian_process.GaussianProcessClassifier(kernel), labels) for kernel in (
            kernels.RBF() + kernels.WhiteKernel(), kernels.Matern() * kernels.ConstantKernel(),
            kernels.RationalQuadratic() + kernels.DotProduct() ** 2, kernels.ExpSineSquared(),
            kernels.PairwiseKernel())),
        (svm.SVC(probability=False), labels), (svm.SVC(kernel="poly"), labels), (svm.LinearSVC(), labels),
        (linear_model.LogisticRegressionCV(cv=3, max_iter=50), labels), (naive_bayes.GaussianNB(), labels),
        (discriminant_analysis.QuadraticDiscriminantAnalysis(), labels),
        (linear_model.Ridge(random_state=np.random.RandomState(3)), target),
        (kernel_approximation.Nystroem(n_components=5), None),
        (preprocessing.KBinsDiscretizer(encode="onehot"), None), (preprocessing.SplineTransformer(), None),
        *((preprocessing.FunctionTransformer(function), None) for function in (
            np.log1p, np.log, np.log2, np.log10, np.exp, np.expm1, np.sqrt, np.square, np.cbrt, np.abs, np.sign, np.tanh,
            np.sin, np.cos, np.arcsinh, np.sinh, np.reciprocal, np.negative, np.nan_to_num, np.round, np.clip, np.ravel,
            np.rint, np.floor, np.ceil)),
    ]  # fmt: skip
    for model, answer in models:
        try:
            yield f"{type(model).__name__} variant", model.fit(x, answer) if answer is not None else model.fit(x)
        except Exception as fault:  # noqa: BLE001
            print(f"# {model!r}: {fault}"[:300], file=sys.stderr)


def wrapped() -> Iterator[tuple[str, Any]]:
    """Fit pipelines, column transformers, searches, calibration and ensembles on a data frame."""
    from sklearn import (
        calibration,
        compose,
        ensemble,
        feature_selection,
        impute,
        linear_model,
        metrics,
        model_selection,
        pipeline,
        preprocessing,
    )

    frame, labels = table()
    numbers, texts = ["income", "age"], ["job", "region"]
    forest = ensemble.RandomForestClassifier(3, random_state=np.random.RandomState(0))
    logistic = linear_model.LogisticRegression()

    def front(columns: Any, encoder: Any) -> Any:
        number = pipeline.make_pipeline(impute.SimpleImputer(strategy="median", add_indicator=True),
                                        preprocessing.StandardScaler())  # fmt: skip
        return compose.ColumnTransformer([("n", number, numbers), ("c", encoder, columns)], remainder="passthrough")

    one_hot = preprocessing.OneHotEncoder(handle_unknown="ignore", min_frequency=2)
    ordinal = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)
    piped = pipeline.make_pipeline(front(texts, one_hot), forest)
    selected = pipeline.make_pipeline(
        front(compose.make_column_selector(dtype_exclude="number"), ordinal),
        feature_selection.SelectKBest(feature_selection.f_classif, k=2), logistic)  # fmt: skip
    indexed = pipeline.make_pipeline(front(frame.columns[2:], preprocessing.TargetEncoder(cv=2)), logistic)
    sliced = pipeline.make_pipeline(front(slice(2, 4), one_hot), forest)
    masked = pipeline.make_pipeline(front(np.array([False, False, True, True]), one_hot), logistic)
    framed = pipeline.make_pipeline(front(texts, preprocessing.OneHotEncoder(sparse_output=False)), logistic)
    framed.set_output(transform="pandas")
    scorers = {"auc": metrics.make_scorer(metrics.roc_auc_score, response_method="predict_proba"),
               "f1": metrics.make_scorer(metrics.f1_score)}  # fmt: skip
    folds = [model_selection.StratifiedKFold(2), model_selection.KFold(2, shuffle=True, random_state=0),
             model_selection.TimeSeriesSplit(2), model_selection.ShuffleSplit(2), model_selection.RepeatedStratifiedKFold(),
             model_selection.StratifiedShuffleSplit(2), model_selection.RepeatedKFold(n_splits=2, n_repeats=1)]  # fmt: skip
    models: list[Any] = [
        piped, selected, indexed, sliced, masked, framed,
        *(model_selection.GridSearchCV(piped, {"randomforestclassifier__max_depth": [1, 2]}, cv=fold) for fold in folds),
        *(model_selection.GridSearchCV(piped, {"randomforestclassifier__max_depth": [1, 2]}, cv=2, scoring=name)
          for name in ("accuracy", "roc_auc", "neg_log_loss", "f1", "average_precision", "balanced_accuracy",
                       "neg_brier_score", "precision", "recall", "f1_macro", "matthews_corrcoef")),
        model_selection.GridSearchCV(piped, {"randomforestclassifier__max_depth": np.arange(1, 3)}, cv=2, scoring=scorers,
                                     refit="auc"),
        model_selection.RandomizedSearchCV(piped, {"randomforestclassifier__max_depth": [1, 2]}, n_iter=2, cv=2),
        *_random_searches(piped),
        *(calibration.CalibratedClassifierCV(model, method=method, cv=2)
          for model in (piped, logistic_pipe(front, one_hot)) for method in ("sigmoid", "isotonic")),
        ensemble.VotingClassifier([("a", piped), ("b", selected)], voting="soft"),
        ensemble.StackingClassifier([("a", piped), ("b", selected)], cv=2),
        ensemble.BaggingClassifier(piped, n_estimators=2), ensemble.BaggingClassifier(selected, n_estimators=2),
        compose.TransformedTargetRegressor(pipeline.make_pipeline(front(texts, one_hot), linear_model.Ridge()),
                                           func=np.log1p, inverse_func=np.expm1),
        pipeline.make_pipeline(front(texts, one_hot), pipeline.FeatureUnion([("p", "passthrough")]), logistic),
        ensemble.HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=3),
    ]  # fmt: skip
    try:
        models.append(model_selection.TunedThresholdClassifierCV(piped, cv=2))
        models.append(model_selection.FixedThresholdClassifier(piped, threshold=0.3))
    except AttributeError:  # scikit-learn < 1.5
        pass
    for model in models:
        try:
            rows = (
                frame.astype({"job": "category"})
                if isinstance(model, ensemble.HistGradientBoostingClassifier)
                else frame
            )
            yield f"{type(model).__name__} on a frame", model.fit(rows, np.where(labels == 1, "bad", "good")
                                                                  if hasattr(model, "predict_proba") else labels)  # fmt: skip
        except Exception as fault:  # noqa: BLE001
            print(f"# {type(model).__name__}: {fault}"[:300], file=sys.stderr)


def logistic_pipe(front: Callable[[Any, Any], Any], encoder: Any) -> Any:
    """Make a pipeline that ends in a logistic regression."""
    from sklearn import linear_model, pipeline

    return pipeline.make_pipeline(front(["job", "region"], encoder), linear_model.LogisticRegression())


def _random_searches(piped: Any) -> Iterator[Any]:
    """Search over distributions of scipy.stats, which the list replaces by placeholders."""
    from scipy import stats
    from sklearn.model_selection import RandomizedSearchCV

    for law in (stats.randint(1, 4), stats.uniform(0, 1), stats.loguniform(1e-3, 1), stats.norm(), stats.expon(),
                stats.gamma(2), stats.beta(1, 2), stats.poisson(3), stats.binom(3, 0.5), stats.geom(0.5),
                stats.truncnorm(-1, 1), stats.lognorm(1), stats.halfnorm(), stats.triang(0.5)):  # fmt: skip
        search = RandomizedSearchCV(piped, {"randomforestclassifier__max_depth": [1, 2]}, n_iter=2, cv=2)
        search.fit(*table())
        search.param_distributions = {"randomforestclassifier__max_depth": law}
        yield search


def boosters() -> Iterator[tuple[str, Any]]:
    """Fit the estimators of XGBoost, LightGBM and CatBoost, bare and in a pipeline, on numbers and on a frame."""
    from sklearn import model_selection, pipeline, preprocessing

    frame, labels = table()
    x = frame[["income", "age"]].to_numpy(float)
    cats = frame.astype({"job": "category"})
    for name, make, rows in _booster_makers(x, cats):
        try:
            model = make().fit(rows, labels)
            yield name, model
            if rows is x:
                yield (
                    f"{name} in a pipeline",
                    pipeline.make_pipeline(preprocessing.StandardScaler(), make()).fit(x, labels),
                )
                grid = model_selection.GridSearchCV(make(), {"random_state": [0, 1]}, cv=2)
                yield f"{name} in a search", grid.fit(x, labels)
            for attribute in ("booster_", "get_booster"):
                inner = getattr(model, attribute, None)
                if inner is not None:
                    yield f"{name} booster", inner() if callable(inner) and attribute == "get_booster" else inner
        except Exception as fault:  # noqa: BLE001
            print(f"# {name}: {fault}"[:300], file=sys.stderr)


def _booster_makers(x: Any, cats: Any) -> Iterator[tuple[str, Callable[[], Any], Any]]:
    try:
        import xgboost as xgb

        for kind in (xgb.XGBClassifier, xgb.XGBRegressor, xgb.XGBRFClassifier, xgb.XGBRFRegressor):
            yield kind.__name__, lambda kind=kind: kind(n_estimators=3), x
        yield "XGB callbacks", lambda: xgb.XGBClassifier(
            n_estimators=3, callbacks=[xgb.callback.LearningRateScheduler([0.1] * 3)]
        ), x  # fmt: skip
        yield "XGB frame", lambda: xgb.XGBClassifier(n_estimators=3, enable_categorical=True), cats
        yield "XGB dart", lambda: xgb.XGBClassifier(n_estimators=3, booster="dart"), x
        yield "XGBRanker", lambda: xgb.XGBRanker(n_estimators=3), x
    except ImportError:
        print("# xgboost is not installed", file=sys.stderr)
    try:
        import lightgbm as lgb

        for kind in (lgb.LGBMClassifier, lgb.LGBMRegressor, lgb.LGBMRanker):
            yield kind.__name__, lambda kind=kind: kind(n_estimators=3, verbose=-1), x
        yield "LGBM frame", lambda: lgb.LGBMClassifier(n_estimators=3, verbose=-1), cats
    except ImportError:
        print("# lightgbm is not installed", file=sys.stderr)
    try:
        import catboost as cb

        quiet = {"iterations": 3, "verbose": False, "allow_writing_files": False}
        for kind in (cb.CatBoostClassifier, cb.CatBoostRegressor, cb.CatBoost, cb.CatBoostRanker):
            yield kind.__name__, lambda kind=kind: kind(quiet) if kind is cb.CatBoost else kind(**quiet), x
    except ImportError:
        print("# catboost is not installed", file=sys.stderr)


def dumps(model: Any) -> Iterator[bytes]:
    """Write a model in every protocol, by pickle and by joblib."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            yield pickle.dumps(model, protocol)
        except Exception:  # noqa: BLE001, S112
            continue
        buffer = io.BytesIO()
        joblib.dump(model, buffer, protocol=protocol)
        yield buffer.getvalue()


def gather(known: Allowed) -> dict[Name, tuple[Use, set[str]]]:
    """Follow the pickles of all models."""
    found: dict[Name, tuple[Use, set[str]]] = {}
    for title, model in fits():
        for data in dumps(model):
            trace, _ = trace_pickles(data, where=title, limits=Limits(), inert=known.inert)
            for reason in trace.reasons:
                print(f"# {title}: {reason}", file=sys.stderr)
            for name, use in trace.uses.items():
                old, titles = found.get(name, (use, set()))
                found[name] = (max(old, use), {*titles, title})
    return found


def main() -> None:
    """Print the lines."""
    warnings.simplefilter("ignore")
    known = Allowed.shipped()
    for name, (use, titles) in sorted(gather(known).items()):
        if "--all" in sys.argv or known.level(name) < use:
            print(f"{use.name.lower()} {name}  # {', '.join(sorted(titles)[:3])}")


if __name__ == "__main__":
    main()
