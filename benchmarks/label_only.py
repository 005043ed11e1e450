"""Decisions only: our hop-skip-jump against ART's at the same number of queries, on a forest and on a pandas pipeline.

``python -m benchmarks.label_only``. ART runs with a tenth of its default effort; ours may ask as many rows as ART asked
on average. ART gets the first rows only, since it takes seconds a row; ours advances 200 rows together, as an
assessment does, and once more ART's rows alone. Distances are compared on the same rows. On the pipeline both may
change numbers only, on any scale between the smallest and the largest value seen: ART gets a mask for the rest.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import harness, results
from benchmarks.data import Split, split
from benchmarks.models import N_ROWS, Reference, fitted, reference
from benchmarks.peers import PeerResult, run
from benchmarks.peers.run import joined
from benchmarks.wrapping import matrix, wrapped
from sparring.core.case import Effort
from sparring.core.space import Column

ATTACK = "evasion/hop-skip-jump"
GOAL = ">= 100 x faster than ART, median distance <= its"
MAX_ITER = 10


@dataclass(frozen=True, eq=False)
class Wrapped:
    """The model as ART meets it: rows in [0, 1], and which of the columns may change."""

    model: Any
    x: np.ndarray
    mask: np.ndarray | None = None

    def attacked(self, rows: slice, decided: np.ndarray, options: argparse.Namespace) -> PeerResult:
        """Run ART's HopSkipJump on some rows."""
        arrays = {} if self.mask is None else {"mask": self.mask.astype(np.float32)}
        extra = {"max_iter": MAX_ITER}
        return run("art", self.model, self.x[rows], decided[rows], options=extra, arrays=arrays, cache=options.cache)


def main() -> None:
    """Measure the forest, then the pipeline."""
    parser = results.parser(__doc__)
    parser.add_argument("--rows", type=int, default=10, help="for ART")
    parser.add_argument("--only", choices=("forest", "pipeline"))
    options = parser.parse_args()
    if options.only != "pipeline":
        model = reference("lab-forest", results.places(options))
        compare("forest of 200", options, harness.subject(model), Wrapped(model.model, np.asarray(model.x)))
    if options.only != "forest":
        model, columns = credit_pipeline(options)
        mask = np.array([float(column.movable) for column in columns])
        theirs = Wrapped(wrapped(model.model, columns), matrix(model.x, columns), mask)
        compare("pandas ColumnTransformer pipeline", options, harness.subject(model, columns=columns), theirs)


def compare(name: str, options: argparse.Namespace, subject: harness.Subject, theirs: Wrapped) -> None:
    """Run half of ART's rows, ours, the other half, ours again, and write one row."""
    n, decided = options.rows, subject.rows.y
    ours_on = partial(subject.attack, ATTACK, objective="spread")
    subject.head(2).attack(ATTACK, objective="spread", effort=Effort(queries=50))
    parts = [theirs.attacked(slice(0, n // 2), decided, options)]
    effort = Effort(queries=round(float(parts[0].queries.mean())))
    ours = [ours_on(effort=effort)]
    parts.append(theirs.attacked(slice(n // 2, n), decided, options))
    ours.append(ours_on(effort=effort))
    few = subject.head(n).attack(ATTACK, objective="spread", effort=effort)
    peer = joined(parts)
    moved = np.abs(peer.x_adv.astype(float) - theirs.x[:n].astype(float)).max(axis=1)
    theirs_ms, ms = 1e3 * float(peer.seconds.mean()), float(np.mean([o.ms_per_row for o in ours]))
    measured = {
        "rows, ours": len(decided),
        "rows, ART": n,
        "queries a row, ours": ours[0].queries,
        "queries a row, ART": float(peer.queries.mean()),
        "calls of the model, ART": int(peer.calls.sum()),
        "ms a row, ours": ms,
        "ms a row, ours on ART's rows alone": few.ms_per_row,
        "ms a row, ART": theirs_ms,
        "times faster": theirs_ms / ms,
        "distance, ours": float(np.median(ours[0].size[:n])),
        "distance, ART": float(np.median(np.where(peer.found, moved, np.inf))),
        "rows found, ours": int(ours[0].found[:n].sum()),
        "rows found, ART": int(peer.found.sum()),
    }
    met = measured["times faster"] >= 100 and measured["distance, ours"] <= measured["distance, ART"]
    versions = {k: v for k, v in peer.versions.items() if k == "adversarial-robustness-toolbox"}
    results.record(options.results, "decisions only", name, goal=GOAL, met=met, measured=measured, peers=versions)


def credit_pipeline(options: argparse.Namespace) -> tuple[Reference, tuple[Column, ...]]:
    """Return the German credit pipeline and its columns; numbers go on any scale, since ART knows no whole numbers."""
    parts = split("german", results.places(options))
    floats = dict.fromkeys(parts.train.select_dtypes("number").columns, float)
    parts = Split(parts.train.astype(floats), parts.y_train, parts.test.astype(floats), parts.y_test)
    model = fitted("forest", parts, large=False)
    model[-1].n_jobs = 1
    keep = np.flatnonzero(model.predict(parts.test) == parts.y_test)[:N_ROWS]
    rows = parts.test.iloc[keep].reset_index(drop=True)
    columns = tuple(_column(parts.train[name]) for name in parts.train.columns)
    return Reference("german-forest", model, rows, parts.y_test[keep], parts.train, unit=False), columns


def _column(values: pd.Series) -> Column:
    name = str(values.name)
    if values.dtype != float:
        return Column(name=name, kind="category", who="nobody", categories=tuple(values.cat.categories))
    low, high = float(values.min()), float(values.max())
    return Column(name=name, kind="number", who="anyone", low=low, high=high, spread=high - low)


if __name__ == "__main__":
    main()
