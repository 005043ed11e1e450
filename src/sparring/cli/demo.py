"""`sparring demo`: the whole story on bundled data, in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparring.cli import options
from sparring.cli.assess import measure, out_is_free, show
from sparring.cli.console import say

if TYPE_CHECKING:
    import pandas as pd

DECISION = "bad >= 0.3"
WANTS = "good"
BUDGET_S = 45.0  # a tenth is used
SEED = 0
ASSESSED = 400

INTRO = """\
1,000 loans of a German bank (H. Hofmann 1994, UCI, CC BY 4.0): 600 to train on
and 400 to look at. A model of boosted trees says how likely a loan goes bad.
The bank refuses at 30 %, because a bad loan costs more than a good one earns.

Applicants want to be called good, and some columns hold what they state
themselves: purpose, savings, housing, ... What the bank looks up, what would
make it another loan, and sex, age and nationality are never edited.
"""


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("sparring-demo"),
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Train a credit model on bundled data, and assess it."""
    out_is_free(out, overwrite=overwrite)
    say(INTRO)
    model, X, y = train()
    result = measure(
        BUDGET_S,
        out,
        model=model,
        X=X,
        y=y,
        system=columns_file(),
        decision=DECISION,
        attacker_wants=WANTS,
        rng=SEED,
        overwrite=overwrite,
        source="german_credit.csv, rows not trained on",
        target_name="class",
        command="sparring demo",
    )
    show(result, out, json=json)


def train() -> tuple[Any, pd.DataFrame, pd.Series[str]]:
    """Train the model of the demonstration; return it with the rows that it has not seen."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    from sparring.adapters.tables import read_table

    X, y = read_table(columns_file().with_name("german_credit.csv"), target="class")
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=ASSESSED, stratify=y, random_state=SEED)
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    texts = make_column_selector(dtype_exclude="number")
    trees = GradientBoostingClassifier(n_estimators=150, learning_rate=0.05, subsample=0.7, random_state=SEED)
    model = make_pipeline(make_column_transformer((one_hot, texts), remainder="passthrough"), trees)
    model.fit(X_train, y_train)
    return model, X_test.reset_index(drop=True), y_test.reset_index(drop=True)


def columns_file() -> Path:
    """Path of the bundled answers about the columns."""
    from importlib.resources import files

    return Path(str(files("sparring") / "data" / "german_credit_columns.yaml"))
