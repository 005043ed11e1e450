"""Which rows were turned by whom, read from an assessment; nothing is measured anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sparring.assess import stats
from sparring.assess.findings import EPS
from sparring.core.document import Assessment, Estimate, Finding, Outcome
from sparring.core.examples import Bools
from sparring.core.threat import headline_of
from sparring.govern.ratchet import LEVEL, compared
from sparring.report.facts import Facts

ONE_SIDED = 0.05
REFUTED_PROOF = "bound-refuted"


@dataclass(frozen=True, eq=False)
class Turned:
    """Rows that were attacked, and who turned which, for one way of counting size.

    Parameters
    ----------
    assessment : Assessment
    """

    assessment: Assessment

    @property
    def objective(self) -> str:
        """What sizes count: what the headline of the report counts."""
        return Facts(self.assessment).objective

    @property
    def measured(self) -> tuple[Finding, ...]:
        """Findings that say what became of each row; none where they have no row in common."""
        found = tuple(
            f
            for f in self.assessment.findings
            if f.outcome is Outcome.MEASURED and f.sizes and f.curve and f.threat.objective == self.objective
        )
        return found if found and set.intersection(*(set(f.sizes) for f in found)) else ()

    @property
    def headline(self) -> float:
        """Size of which the headline of the report speaks."""
        found = self.measured
        return headline_of(self.objective, [point.size for point in found[0].curve]) if found else 0.0

    @property
    def smallest(self) -> float:
        """Smallest size of the curve: one column, where columns are counted."""
        found = self.measured
        return found[0].curve[0].size if found else 0.0

    @property
    def rows(self) -> tuple[int, ...]:
        """Rows that all findings attacked."""
        found = self.measured
        return tuple(sorted(set.intersection(*(set(f.sizes) for f in found)))) if found else ()

    def by(self, attackers: Collection[str]) -> tuple[Finding, ...]:
        """Return the findings of some attackers."""
        return tuple(f for f in self.measured if f.threat.attacker in attackers)

    def within(self, findings: Sequence[Finding], size: float) -> Bools:
        """Say of each row whether any of these findings turned it with a change of this size or less."""
        return np.array([any(at_most(f.sizes[row], size) for f in findings) for row in self.rows], dtype=bool)

    def proven(self, size: float) -> int:
        """Count rows for which it is proven that no change of this size or less exists, whoever makes it."""
        sound = [f for f in self.measured if all(caveat.code != REFUTED_PROOF for caveat in f.caveats)]
        if any(caveat.code == REFUTED_PROOF for caveat in self.assessment.caveats):
            return 0
        return sum(any(row in f.bounds and not at_most(f.bounds[row], size) for f in sound) for row in self.rows)


def at_most(found: float | None, size: float) -> bool:
    """Say whether a change was found that is of this size or less."""
    return found is not None and found <= size + EPS


def share(turned: Bools) -> Estimate:
    """Return the share of rows that were turned; where none or all were, with the exact one-sided 95 % bound.

    Examples
    --------
    >>> none = share(np.zeros(59, dtype=bool))
    >>> none.value, round(none.high, 4)
    (0.0, 0.0495)
    """
    return rate(int(turned.sum()), len(turned))


def rate(k: int, n: int) -> Estimate:
    """Return a share with its interval: Wilson's, as in reports, but one-sided and exact where it is 0 or 1.

    A belief asks one question of one side. Where `n` rows show nothing, shares above ``1 - 0.05 ** (1 / n)`` would have
    shown themselves in at least 95 of 100 samples.
    """
    if n == 0 or 0 < k < n:
        return stats.wilson(k, n)
    bound = ONE_SIDED ** (1 / n)
    low, high = (0.0, 1 - bound) if k == 0 else (bound, 1.0)
    return Estimate(value=k / n, low=low, high=high, n=n, method="exact, one-sided")


def difference(before: Bools, after: Bools, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two shares on the same rows, `after` minus `before`, each bound at its level."""
    found = compared(before, after, level=level)
    method = f"bonett-price, paired, each bound {1 - level:.1%}"
    return Estimate(value=found.worse_by, low=found.low, high=found.high, n=found.n, method=method)
