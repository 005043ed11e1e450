"""The search of whoever sees scores, theirs or those of a model as it was read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sparring.attacks.evasion._ball import Compass
from sparring.attacks.evasion._blackbox import Ledger
from sparring.attacks.evasion._descent import Descent
from sparring.attacks.evasion._greedy import Greedy
from sparring.core.case import AdversarialExamples

STARTS, BATCH, TRUST, MEMORY = 5, 10, 1.5, 0.9


def by_scores(
    ledger: Ledger,
    streams: list[np.random.Generator],
    *,
    starts: int = STARTS,
    batch: int = BATCH,
    trust: float = TRUST,
    memory: float = MEMORY,
) -> Iterator[AdversarialExamples]:
    """Yield after each pass, in columns, money or spreads; `evasion/cube-search` says what the parameters mean."""
    # fifty passes at most, so that few survivors still make batches worth a call
    batch = max(batch, ledger.case.effort.queries // 50)
    if ledger.case.threat.objective != "spread":
        yield from Greedy(ledger, batch=batch).run(copies=starts)
        return
    compass = Compass(shape=ledger.x.shape, trust=trust, memory=memory)
    yield from Descent(ledger, streams, batch=batch, compass=compass).run(copies=starts)
