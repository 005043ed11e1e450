"""What an experiment on a belief may look at, and how its result is put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sparring.core.belief import Settled, Standing, Tried
from sparring.core.document import Assessment, Estimate, Finding
from sparring.core.threat import Attacker
from sparring.govern.turned import Turned
from sparring.knowledge import BeliefEntry
from sparring.report import words
from sparring.report.facts import Facts

OUTSIDERS = (Attacker.BY_HAND, Attacker.SEES_DECISIONS)
EVERYTHING = "assess the model again without --only and with a larger --budget, so that these attackers are measured"


@dataclass(frozen=True, eq=False)
class Trial:
    """A belief, and all that an experiment may look at.

    Parameters
    ----------
    entry : BeliefEntry
    assessment : Assessment
        Finished.
    tolerance : float
        Success that is borne, as a fraction.
    guess : float or None
        Share that the user expected, as a fraction.
    other : Assessment or None
        Of another model on the same rows.
    tried : Tried or None
        What people tried by hand.
    """

    entry: BeliefEntry
    assessment: Assessment
    tolerance: float
    guess: float | None = None
    other: Assessment | None = None
    tried: Tried | None = None

    @property
    def turned(self) -> Turned:
        """Which rows were turned by whom."""
        return Turned(self.assessment)

    @property
    def facts(self) -> Facts:
        """What the report would say of the assessment."""
        return Facts(self.assessment)

    @property
    def outsiders(self) -> tuple[Attacker, ...]:
        """Who sees no more than outsiders do; scores only where somebody has said that they are shown."""
        shown = "scores" in (self.assessment.answers.sees or ())
        return (*OUTSIDERS, Attacker.SEES_SCORES) if shown else OUTSIDERS

    def limit(self, size: float) -> str:
        """Write a size as a limit."""
        return self.facts.limit(size, self.turned.objective)

    def result(self, verdict: Standing, text: str, **more: Any) -> Settled:
        """Return a result in words that break at any space."""
        values = {
            "belief": self.entry.name,
            "experiment": self.entry.settled_by,
            "verdict": verdict,
            "text": plain(text),
            "guess": self.guess,
            "tolerance": self.tolerance,
            **more,
        }
        return Settled(**values)

    def unmeasured(self, text: str, cure: str) -> Settled:
        """Return that the assessment does not settle it, and what would."""
        return self.result(Standing.NOT_MEASURED, text, cure=plain(cure))

    def by_share(
        self, who: str, found: Sequence[Finding], estimate: Estimate, *, size: float, also: str = "", **more: Any
    ) -> Settled:
        """Return whether a share of rows that somebody turned is above what is tolerated."""
        rows, limit = self.facts.attacked_rows, self.limit(size)
        count = words.successes(estimate)
        many = {0: "none", estimate.n: "all"}.get(count, f"{count:,}")
        shown = f"{many} of {estimate.n:,} {rows} with {limit}"
        if 0 < count < estimate.n:
            shown += f": {words.rate(estimate)}"
        low, high = estimate.low or 0.0, 1.0 if estimate.high is None else estimate.high
        if low > self.tolerance:
            text = (
                f"Refuted: {who} turned {shown}. With 95 % confidence they would turn {at_least(low)} of such rows, "
                f"more than the {percent(self.tolerance)} that you tolerate."
            )
            verdict = Standing.REFUTED
        else:
            text = (
                f"Not refuted: {who} turned {shown}. With 95 % confidence they would turn {words.at_most(estimate)} of "
                "such rows, with attacks of this strength."
            )
            if high > self.tolerance:
                text += (
                    f" Whether it is above the {percent(self.tolerance)} that you tolerate, so few rows cannot tell."
                )
            verdict = Standing.NOT_REFUTED
        more.setdefault("limits", self.limits(found))
        return self.result(
            verdict,
            f"{text} {also}".strip(),
            estimate=estimate,
            size=size,
            objective=self.turned.objective,
            findings=tuple(f.id for f in found),
            **more,
        )

    def limits(self, found: Sequence[Finding]) -> tuple[str, ...]:
        """Say what a result does not cover."""
        said = []
        tries = sorted({f.effort.queries for f in found if f.threat.attacker != Attacker.INSIDER})
        if tries:
            many = words.listed([f"{count:,}" for count in tries])
            said.append(f"Whoever had to ask the model did so up to {many} times for each row.")
        said.append("The interval covers the drawing of rows alone; a better search may turn more.")
        if self.facts.assumed:
            names = words.listed(self.facts.assumed, most=4)
            said.append(f"Nobody has said who can set {names}; they counted as changeable, so success may be too high.")
        said += [
            f"{f.id} was ended by the clock; with more time it may turn more." for f in found if f.stopped_by == "time"
        ]
        doubts = dict.fromkeys(c.code for f in found for c in f.caveats)
        doubts |= dict.fromkeys(c.code for c in self.assessment.caveats)
        if self.turned.objective != "spread":
            doubts.pop("coarse-columns", None)  # which is about spreads alone
        if doubts:
            said.append(f"Doubts about these figures, which sparring explain puts into words: {', '.join(doubts)}.")
        return tuple(plain(text) for text in said)


def plain(text: str) -> str:
    """Return a text that may break at any space."""
    return text.replace(words.GAP, " ")


def percent(x: float) -> str:
    """Write a share without its rows."""
    return f"{100 * x:.4g} %"


def at_least(low: float) -> str:
    """Write the lower end of an interval, rounded down."""
    return f"at least {int(1000 * low + 1e-9) / 10:g} %"
