"""Search through the model file against attackers who only ask, on the same rows: who needs the larger change.

``python -m benchmarks.search_against_asking``. Whoever holds the file can do whatever an outsider can, so a row on
which the search needs more than an attack that only asks is a failure of the search.
"""

from __future__ import annotations

import numpy as np

from benchmarks import results
from benchmarks.harness import subject
from benchmarks.models import reference
from sparring.core.case import Effort
from sparring.core.threat import Objective

OBJECTIVES: tuple[Objective, ...] = ("spread", "columns")
ASKING = ("evasion/hop-skip-jump", "evasion/cube-search")
MODELS = ("breast-catboost", "breast-lightgbm", "breast-hist", "german-catboost", "german-lightgbm", "german-hist")
MOST = 0.01
NEARLY = 1e-5
GOAL = "the search needs more on <= 1 % of rows"


def main() -> None:
    """Attack every model with the search and with both attackers who ask."""
    parser = results.parser(__doc__)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--queries", type=int, default=1000)
    options = parser.parse_args()
    for name in options.models.split(","):
        model = subject(reference(name, results.places(options)).head(options.rows))
        for objective in OBJECTIVES:
            search = model.attack("evasion/tree-search", objective=objective, effort=Effort(sweeps=20))
            measured: dict[str, float | str] = {"rows": len(search.size), "search, ms a row": search.ms_per_row}
            worst = 0.0
            for attack in ASKING:
                asked = model.attack(attack, objective=objective, effort=Effort(queries=options.queries))
                farther = float((search.size > asked.size * (1 + NEARLY)).mean())
                both = np.isfinite(asked.size) & np.isfinite(search.size) & (search.size > 0)
                ratio = float(np.median(asked.size[both] / search.size[both])) if both.any() else float("nan")
                short = attack.rpartition("/")[2]
                measured |= {f"search needs more than {short} on": farther, f"{short}'s ratio, median": ratio}
                worst = max(worst, farther)
            results.record(
                options.results,
                "search against asking",
                f"{name}, {objective}",
                goal=GOAL,
                met=worst <= MOST,
                measured=measured,
            )


if __name__ == "__main__":
    main()
