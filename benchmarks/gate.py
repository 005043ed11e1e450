"""How often the gate fails models that are no worse, and how often it lets through those that are: simulated.

``python -m benchmarks.gate``. Two models meet the same rows; each row is broken by one and not by the other in a share
of cases, the discordance, and more often after than before by the true worsening.
"""

from __future__ import annotations

import numpy as np

from benchmarks import results
from sparring.govern.ratchet import compared, detected

PAIRS = 10_000
ROWS = 300
MARGIN = 0.05
WORSENING = (0.0, 0.05, 0.08, 0.15)
DISCORDANCE = (0.1, 0.2, 0.3)


def main() -> None:
    """Simulate each setting."""
    options = results.parser(__doc__).parse_args()
    for discordance in DISCORDANCE:
        shares = {}
        for worsening in WORSENING:
            if worsening <= discordance:
                failed = share_failed(worsening, discordance)
                shares[f"{100 * worsening:g} points worse, fails"] = failed
        expected = detected(0.08, ROWS, discordance, margin=MARGIN)
        equal, bad = shares["0 points worse, fails"], shares.get("15 points worse, fails")
        results.record(
            options.results,
            "gate",
            f"{ROWS} rows, {discordance:.0%} discordant",
            goal="equal <= 5 %" + ("; 15 points worse >= 95 %" if bad is not None else ""),
            met=bool(equal <= 0.05 and (bad is None or bad >= 0.95)),
            measured={"pairs": PAIRS, **shares, "8 points worse, said to fail": expected},
        )


def share_failed(worsening: float, discordance: float) -> float:
    """Return the share of pairs of models that fail."""
    rng = np.random.default_rng(0)
    up, down = (discordance + worsening) / 2, (discordance - worsening) / 2
    failed = 0
    for _ in range(PAIRS):
        u, otherwise = rng.random(ROWS), rng.random(ROWS) < 0.5
        both = (u >= up + down) & otherwise
        before, after = ((u >= up) & (u < up + down)) | both, (u < up) | both
        failed += compared(before, after).is_worse(MARGIN)
    return failed / PAIRS


if __name__ == "__main__":
    main()
