"""Every row that an assessment shows respects the columns and turns the model when asked again; ART's rows beside.

``python -m benchmarks.validity``. Whole assessments of tables with texts, whole numbers and blanks, with four libraries
each. The rows come from the examples that the user gets; each is put back through `model.predict` by plain pandas, and
its columns are compared with the original by this script, not by the code that made it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import sparring
from benchmarks import results
from benchmarks.data import split
from benchmarks.models import LIBRARIES, Reference, reference
from benchmarks.peers import run
from benchmarks.wrapping import matrix, wrapped
from sparring import api
from sparring.core.space import Column

LEADING = 3
GOAL = "100 % of shown rows respect the columns and turn the model"


@dataclass(frozen=True)
class Checked:
    """How many of some rows turn the model, respect the columns, and both."""

    rows: int
    turned: int
    legal: int
    both: int


def main() -> None:
    """Assess every table and library, then attack one pipeline with ART."""
    parser = results.parser(__doc__)
    parser.add_argument("--tables", default="german,adult,credit")
    parser.add_argument("--budget", default="20s")
    parser.add_argument("--art-rows", type=int, default=10, help="0 leaves ART out")
    options = parser.parse_args()
    for table in options.tables.split(","):
        for library in LIBRARIES:
            ours(reference(f"{table}-{library}", results.places(options)), options)
    if options.art_rows:
        theirs(reference("german-forest", results.places(options)).head(options.art_rows), options)


def ours(model: Reference, options: argparse.Namespace) -> None:
    """Assess, replay what is shown, and write one row."""
    columns = frozen_by_name(model)
    result = sparring.assess(model.model, model.x, model.y, columns=columns, budget=options.budget, rng=0)
    shown = result.examples
    before = shown[shown["role"] == "original"].set_index(["finding", "row"])
    after = shown[shown["role"] == "adversarial"].set_index(["finding", "row"]).loc[before.index]
    table = api.columns(model.x, table=columns)
    names = list(model.x.columns)
    checked = check(
        model.model, before.iloc[:, 1:].set_axis(names, axis=1), after.iloc[:, 1:].set_axis(names, axis=1), table
    )
    findings = [finding for finding in result.assessment.findings if finding.counts is not None]
    measured = {
        "findings with rows": len(set(shown["finding"])),
        "findings": len(findings),
        "rows shown": checked.rows,
        "turn the model": checked.turned / max(1, checked.rows),
        "respect the columns": checked.legal / max(1, checked.rows),
        "both": checked.both / max(1, checked.rows),
    }
    met = checked.rows > 0 and checked.both == checked.rows
    results.record(options.results, "validity", model.name, goal=GOAL, met=met, measured=measured)


def frozen_by_name(model: Reference) -> dict[str, dict[str, Any]]:
    """Let nobody change every third column and let every fourth number only rise, so that there are limits to break."""
    said: dict[str, dict[str, Any]] = {}
    for j, name in enumerate(model.x.columns):
        said[name] = {"who": "nobody" if j % 3 == 0 else "anyone"}
        if j % 4 == 1 and pd.api.types.is_numeric_dtype(model.x[name]):
            said[name]["direction"] = "up"
    return said


def check(model: Any, before: pd.DataFrame, after: pd.DataFrame, table: tuple[Column, ...]) -> Checked:
    """Replay rows and compare them with their originals, column by column."""
    turned = np.asarray(model.predict(after)) != np.asarray(model.predict(before))
    legal = np.ones(len(after), dtype=bool)
    for column in table:
        legal &= respects(column, before[column.name], after[column.name])
    return Checked(len(after), int(turned.sum()), int(legal.sum()), int((turned & legal).sum()))


def respects(column: Column, before: pd.Series, after: pd.Series) -> np.ndarray:
    """Say for each row whether a change in this column is one that the table of columns allows, shape (n,)."""
    same = np.asarray((before.astype(object) == after.astype(object)) | (before.isna() & after.isna()), dtype=bool)
    if column.kind == "carried" or column.who in ("us", "nobody"):
        return same
    blank = after.isna().to_numpy() & (column.missing == "allow")
    if column.kind == "category":
        return same | blank | after.isin(column.categories).to_numpy()
    a, b = after.to_numpy(float), before.to_numpy(float)
    with np.errstate(invalid="ignore"):
        inside = (a >= column.low) & (a <= column.high)
        inside &= (a >= b) if column.direction == "up" else True
        inside &= (a <= b) if column.direction == "down" else True
        # on the grid: the number that its own decimal text stands for
        inside &= np.isclose(a / column.step, np.round(a / column.step), atol=1e-9) if column.step else True
    return same | blank | inside


def theirs(model: Reference, options: argparse.Namespace) -> None:
    """Attack the pipeline with ART as one wraps it, and check its rows in the same way."""
    columns = api.columns(split("german", results.places(options)).train)
    table = api.columns(model.x, table=frozen_by_name(model))
    asked = wrapped(model.model, columns)
    peer = run("art", asked, matrix(model.x, columns), model.y, options={"max_iter": 10}, cache=options.cache)
    rows = asked.frame(peer.x_adv)
    checked = check(model.model, model.x, rows, table)
    measured = {
        "rows shown": checked.rows,
        "turn the model": checked.turned / checked.rows,
        "respect the columns": checked.legal / checked.rows,
        "both": checked.both / checked.rows,
    }
    versions = {k: v for k, v in peer.versions.items() if k == "adversarial-robustness-toolbox"}
    name = "german-forest, ART's HopSkipJump"
    results.record(options.results, "validity", name, goal="none", met=None, measured=measured, peers=versions)


if __name__ == "__main__":
    main()
