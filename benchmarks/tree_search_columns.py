"""Fewest columns changed on tree ensembles, against trying every value of every column and of every pair of columns.

``python -m benchmarks.tree_search_columns``. German credit with its texts as categories, two tables of columns: the one
that comes with the demonstration, and one in which every column may be changed. Every value means: all categories, a
blank where one is allowed, and for numbers one value in each interval between thresholds of the model, on the column's
grid. The user's own model answers.
"""

from __future__ import annotations

from importlib.resources import files
from itertools import combinations
from typing import Any

import numpy as np

from benchmarks import harness, results
from benchmarks.models import LIBRARIES, Reference, reference
from sparring import api
from sparring.core.examples import Floats
from sparring.core.parameters import TreeEnsemble
from sparring.core.space import Column, TableSpace, grid_value

ATTACK = "evasion/tree-search"
BATCH = 200_000


def main() -> None:
    """Measure every library with both tables of columns."""
    parser = results.parser(__doc__)
    parser.add_argument("--models", default=",".join(f"german-{library}" for library in LIBRARIES))
    parser.add_argument("--rows", type=int, default=200)
    options = parser.parse_args()
    for name in options.models.split(","):
        model = reference(name, results.places(options)).head(options.rows)
        for said, columns in tables(model).items():
            measure(model, harness.subject(model, columns=columns), said, options.results)


def tables(model: Reference) -> dict[str, tuple[Column, ...]]:
    """Return the two tables of columns by name."""
    import yaml

    path = files("sparring").joinpath("data/german_credit_columns.yaml")
    answers = yaml.safe_load(path.read_text(encoding="utf-8"))["columns"]
    return {
        "demo's columns": api.columns(model.background, table=answers),
        "all columns": api.columns(model.background),
    }


def measure(model: Reference, subject: harness.Subject, said: str, path: Any) -> None:
    """Compare the search with brute force, and write one row."""
    subject.head(2).attack(ATTACK, objective="columns")
    found = subject.attack(ATTACK, objective="columns")
    truth, tried = brute_force(subject)
    one, two = truth == 1, truth == 2
    # a row that one column turns must be found with one; one that needs two, with two; one that needs more, with more
    agrees = np.where(truth <= 2, found.size == truth, found.size > 2)
    measured = {
        "rows": len(truth),
        "turned by 1": int(one.sum()),
        "found with 1": int((found.size[one] == 1).sum()),
        "turned by 2, not 1": int(two.sum()),
        "found with 2": int((found.size[two] == 2).sum()),
        "agree": float(agrees.mean()),
        "ms a row": found.ms_per_row,
        "tried by brute force a row": tried / len(truth),
    }
    exact = bool((found.size[one] == 1).all() and (found.size[~one] > 1).all())
    results.record(
        path,
        "tree-search@columns",
        f"{model.name}, {said}",
        goal="one column: all rows; two columns: >= 98 % of rows",
        met=exact and measured["agree"] >= 0.98,
        measured=measured,
    )


def brute_force(subject: harness.Subject) -> tuple[Floats, int]:
    """Return the fewest columns of each row, up to two and inf for more, and the number of rows asked."""
    ensemble: Any = subject.target.parameters()
    space = subject.target.space
    values = [candidates(space, ensemble, j) for j in range(len(space))]
    movable = [j for j in np.flatnonzero(space.movable) if len(values[j])]
    fewest = np.full(len(subject.rows), np.inf)
    tried = 0
    for i, x in enumerate(subject.rows.x):
        for n in (1, 2):
            found, asked = any_flips(subject, x, int(subject.rows.y[i]), list(combinations(movable, n)), values)
            tried += asked
            if found:
                fewest[i] = n
                break
    return fewest, tried


def candidates(space: TableSpace, ensemble: TreeEnsemble, j: int) -> Floats:
    """Return one value for every way in which the model can tell values of column `j` apart."""
    column = space.columns[j]
    blank = [np.nan] if space.may_miss[j] else []
    if column.kind != "number":
        return np.concatenate([np.arange(space.low[j], space.high[j] + 1), blank])
    cuts = np.unique(ensemble.threshold[(ensemble.column == j) & (ensemble.table < 0)])
    for table in {int(t) for t in ensemble.table[(ensemble.column == j) & (ensemble.table >= 0)]}:
        cuts = np.union1d(cuts, ensemble.tables[table].breaks)
    cuts = cuts[np.isfinite(cuts)]
    points = np.concatenate([cuts, np.nextafter(cuts.astype(ensemble.dtype), -np.inf).astype(float)])
    points = np.concatenate([points, (cuts[1:] + cuts[:-1]) / 2, [space.low[j], space.high[j]]])
    if space.step[j]:
        k = points / space.step[j]
        points = grid_value(np.concatenate([np.floor(k), np.ceil(k)]), space.step[j])
    points = points[(points >= space.low[j]) & (points <= space.high[j])]
    # of the values in one interval between cuts, the smallest stands for all
    _, first = np.unique(np.searchsorted(cuts, np.unique(points), side="right"), return_index=True)
    return np.concatenate([np.unique(points)[first], blank])


def any_flips(
    subject: harness.Subject, x: Floats, label: int, groups: list[tuple[int, ...]], values: list[Floats]
) -> tuple[bool, int]:
    """Say whether some values in one of the groups of columns turn the row, and how many rows were asked."""
    space = subject.target.space
    asked = 0
    for block in blocks(x, groups, values):
        legal = np.array([fault is None for fault in space.violations(np.repeat(x[None], len(block), axis=0), block)])
        rows = block[legal]
        asked += len(rows)
        if len(rows) and (subject.target.predict(rows) != label).any():
            return True, asked
    return False, asked


def blocks(x: Floats, groups: list[tuple[int, ...]], values: list[Floats]) -> Any:
    """Yield all rows to ask, in blocks of at most about `BATCH`."""
    waiting: list[Floats] = []
    for group in groups:
        grid = np.stack(np.meshgrid(*(values[j] for j in group), indexing="ij"), axis=-1).reshape(-1, len(group))
        rows = np.repeat(x[None], len(grid), axis=0)
        rows[:, list(group)] = grid
        waiting.append(rows)
        if sum(map(len, waiting)) >= BATCH:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


if __name__ == "__main__":
    main()
