"""Reference models and rows, the same on every machine with the same library versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.data import TABLES, Places, Split, split

N_ROWS = 200
LIBRARIES = ("xgboost", "forest", "lightgbm", "hist", "catboost")
NUMBERS_ONLY = ("lab", "breast", "digits")
NAMES = tuple(f"{table}-{library}" for table in TABLES for library in LIBRARIES)


@dataclass(frozen=True, eq=False)
class Reference:
    """A fitted model with rows that it decides correctly.

    Parameters
    ----------
    name : str
    model : object
        One thread.
    x : DataFrame or ndarray of shape (n, d)
        Rows to attack.
    y : ndarray of shape (n,)
        Their true classes, which are also what the model decides.
    background : DataFrame or ndarray of shape (m, d)
        Training rows.
    unit : bool
        Whether all columns are numbers in [0, 1] with one spread each, so that a change in spreads is the largest
        change, which is what other tools measure.
    """

    name: str
    model: Any
    x: Any
    y: NDArray[Any]
    background: Any
    unit: bool = True

    def head(self, n: int) -> Reference:
        """Return the same with the first `n` rows only."""
        return Reference(self.name, self.model, self.x[:n], self.y[:n], self.background, self.unit)


def reference(name: str, places: Places) -> Reference:
    """Return one of `NAMES`: a table and a library.

    Raises
    ------
    ValueError
        There is no such model, or a folder that it needs was not given.
    """
    if name not in NAMES:
        raise ValueError(f"a reference model is one of {', '.join(NAMES)}, got {name!r}")
    table, library = name.split("-")
    parts = split(table, places)
    unit = table in NUMBERS_ONLY
    model = _single_threaded(fitted(library, parts, large=table == "lab"))
    keep = np.flatnonzero(np.asarray(model.predict(parts.test)).astype(int) == parts.y_test)[:N_ROWS]
    rows = parts.test.iloc[keep].reset_index(drop=True) if isinstance(parts.test, pd.DataFrame) else parts.test[keep]
    return Reference(name, model, rows, parts.y_test[keep], parts.train[:2000], unit)


def fitted(library: str, parts: Split, *, large: bool) -> Any:
    """Fit a library's classifier on the training part.

    Parameters
    ----------
    library : str
        One of `LIBRARIES`.
    parts : Split
    large : bool
        300 trees, as in published comparisons, in place of 100.
    """
    mixed = isinstance(parts.train, pd.DataFrame)
    makers = {
        "xgboost": lambda: _xgboost(large=large, mixed=mixed),
        "lightgbm": lambda: _lightgbm(large=large),
        "hist": lambda: _hist(large=large, mixed=mixed),
        "forest": lambda: _forest(mixed=mixed),
        "catboost": lambda: _catboost(parts, large=large, mixed=mixed),
    }
    return makers[library]().fit(parts.train, parts.y_train)


def _xgboost(*, large: bool, mixed: bool) -> Any:
    from xgboost import XGBClassifier

    size = {"n_estimators": 300, "max_depth": 6} if large else {"n_estimators": 100, "max_depth": 4}
    return XGBClassifier(**size, enable_categorical=mixed, n_jobs=1)


def _lightgbm(*, large: bool) -> Any:
    from lightgbm import LGBMClassifier

    size = {"n_estimators": 300, "num_leaves": 63} if large else {"n_estimators": 100}
    return LGBMClassifier(**size, n_jobs=1, random_state=0, deterministic=True, verbose=-1)


def _hist(*, large: bool, mixed: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    kinds = {"categorical_features": "from_dtype"} if mixed else {}
    return HistGradientBoostingClassifier(max_iter=300 if large else 100, early_stopping=False, random_state=0, **kinds)


def _catboost(parts: Split, *, large: bool, mixed: bool) -> Any:
    from catboost import CatBoostClassifier

    size = {"iterations": 300 if large else 100, "depth": 6, "random_seed": 0, "thread_count": 1}
    quiet = {"verbose": False, "allow_writing_files": False}
    if not mixed:
        return CatBoostClassifier(**size, **quiet)
    texts = [str(name) for name in parts.train.select_dtypes(exclude="number").columns]
    if parts.train[texts].isna().to_numpy().any():
        return behind_columns(CatBoostClassifier(**size, **quiet))  # CatBoost takes no blank for a text
    # without combinations of columns, which cannot be read
    return CatBoostClassifier(**size, **quiet, cat_features=texts, max_ctr_complexity=1)


def _forest(*, mixed: bool) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(200, n_jobs=-1, random_state=0)
    return behind_columns(forest) if mixed else forest


def behind_columns(model: Any) -> Any:
    """Put a ColumnTransformer in front of a model: texts one-hot, numbers filled in and scaled."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        (numbers, make_column_selector(dtype_include="number")),
    )
    return make_pipeline(columns, model)


def _single_threaded(model: Any) -> Any:
    """Let a forest use every core to grow, and one to answer, since that is how it is measured."""
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(last, "n_jobs"):
        last.n_jobs = 1
    return model
