"""Share of an attack's wall time that is spent inside the user's own model, for the attacks that ask it.

``python -m benchmarks.engine_overhead``. A forest of 200 on 30 columns, asked for at least 1,000 rows at a time.
"""

from __future__ import annotations

import numpy as np

from benchmarks import harness, results
from benchmarks.models import reference
from sparring.core.case import Effort

ATTACKS = ("evasion/hop-skip-jump", "evasion/cube-search", "evasion/hand-edit", "evasion/random-noise")
GOAL = ">= 90 % of wall time inside the user's predict"


def main() -> None:
    """Measure each attack."""
    parser = results.parser(__doc__)
    parser.add_argument("--queries", type=int, default=500)
    options = parser.parse_args()
    model = reference("lab-forest", results.places(options))
    subject = harness.subject(model)
    clock = harness.clocked(model.model)
    for attack in ATTACKS:
        subject.head(2).attack(attack, objective="spread", effort=Effort(queries=20))
        clock.reset()
        found = subject.attack(attack, objective="spread", effort=Effort(queries=options.queries))
        sizes = np.array(clock.sizes)
        large = float(sizes[sizes >= 1000].sum() / sizes.sum())
        share = clock.seconds / found.seconds
        measured = {
            "rows": len(found.found),
            "calls of the model": len(sizes),
            "rows a call, median": float(np.median(sizes)),
            "of all rows, asked in batches >= 1,000": large,
            "processor s": found.seconds,
            "inside the model": share,
        }
        results.record(options.results, "engine overhead", attack, goal=GOAL, met=bool(share >= 0.9), measured=measured)


if __name__ == "__main__":
    main()
