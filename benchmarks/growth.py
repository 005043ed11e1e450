"""How the time of the search grows over a decade of rows, trees and columns.

``python -m benchmarks.growth``. Writes a figure beside the table; slopes are those of a straight line through the
logarithms: 1 says that twice as many take twice as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from benchmarks.harness import subject
from benchmarks.models import Reference
from sparring.core.case import Effort

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "growth.svg"
STEPS = (1, 2, 5, 10)
BASE = {"rows": 40, "trees": 30, "columns": 10}
TRAIN_ROWS = 4000
LIBRARIES = ("xgboost", "forest")
GOAL = "time grows no faster than in proportion to rows (slope <= 1.1)"
LINEAR = 1.1


def main() -> None:
    """Measure every library over every decade, one after the other, and draw them."""
    parser = results.parser(__doc__)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    points = [point for library in LIBRARIES for point in grown(library)]
    draw(points, options.picture)
    for library in LIBRARIES:
        for axis in BASE:
            mine = [p for p in points if p["library"] == library and p["axis"] == axis]
            slope = float(np.polyfit(np.log([p["count"] for p in mine]), np.log([p["seconds"] for p in mine]), 1)[0])
            measured: dict[str, Any] = {f"s at {p['count']}": p["seconds"] for p in mine}
            goal, met = (GOAL, slope <= LINEAR) if axis == "rows" else ("none", None)
            results.record(
                options.results,
                "growth",
                f"{library}, {axis}",
                goal=goal,
                met=met,
                measured={"slope": slope, **measured},
            )


def grown(library: str) -> Iterator[dict[str, Any]]:
    """Yield the seconds of a search at each step of each axis."""
    for axis, least in BASE.items():
        for step in STEPS:
            size = BASE | {axis: least * step}
            target = subject(made(library, **size))
            target.head(2).attack("evasion/tree-search", objective="spread", effort=Effort(sweeps=20))  # compiled, cut
            found = target.attack("evasion/tree-search", objective="spread", effort=Effort(sweeps=20))
            yield {"library": library, "axis": axis, "count": size[axis], "seconds": found.seconds}


def made(library: str, *, rows: int, trees: int, columns: int) -> Reference:
    """Return a model of some size with rows that it decides correctly."""
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier
    from xgboost import XGBClassifier

    x, y = make_classification(
        TRAIN_ROWS + 3 * rows, columns, n_informative=max(4, columns // 2), n_redundant=0, random_state=0
    )
    x = ((x - x.min(axis=0)) / np.ptp(x, axis=0)).astype(np.float32)
    makers: dict[str, Any] = {
        "xgboost": lambda: XGBClassifier(n_estimators=trees, max_depth=6, n_jobs=1),
        "forest": lambda: RandomForestClassifier(trees, n_jobs=1, random_state=0),
    }
    model = makers[library]().fit(x[:TRAIN_ROWS], y[:TRAIN_ROWS])
    test, truth = x[TRAIN_ROWS:], y[TRAIN_ROWS:]
    keep = np.flatnonzero(model.predict(test) == truth)[:rows]
    return Reference(f"{library}-{trees}-{columns}", model, test[keep], truth[keep], x[:2000])


def draw(points: list[dict[str, Any]], picture: Path) -> None:
    """Write the figure."""
    import altair as alt
    import pandas as pd
    import vl_convert as vlc

    chart = (
        alt.Chart(pd.DataFrame(points))
        .mark_line(point=True)
        .encode(
            x=alt.X("count:Q", scale=alt.Scale(type="log"), title=None),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds"),
            color=alt.Color("library:N", title=None),
        )
        .properties(width=180, height=180)
        .facet(column=alt.Column("axis:N", title=None, sort=list(BASE)))
        .resolve_scale(x="independent")
    )
    picture.write_text(vlc.vegalite_to_svg(chart.to_json()), encoding="utf-8")


if __name__ == "__main__":
    main()
