"""What several parts of a report need to know about an assessment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sparring.core.document import UNKNOWN, Assessment, Finding, Outcome, Point, WorstCase
from sparring.core.space import Column
from sparring.core.threat import MONEY, Attacker, headline_of
from sparring.core.threat_model import Applies, Profile, headliners
from sparring.knowledge import load
from sparring.report import words

NOTHING = "\N{EN DASH}"
OUTCOMES = {
    Outcome.NOT_APPLICABLE: "does not apply",
    Outcome.SKIPPED: "skipped",
    Outcome.FAILED: "failed",
    Outcome.MEASURED: "no rows",
}
OBJECTIVES = ("columns", "spread", "cost")
STRENGTH = tuple(attacker.value for attacker in Attacker)  # weakest first


@dataclass(frozen=True, eq=False)
class Facts:
    """Answers about one assessment; nothing here depends on the format."""

    assessment: Assessment

    @cached_property
    def measured(self) -> tuple[Finding, ...]:
        """Findings with numbers."""
        return tuple(f for f in self.assessment.findings if f.outcome is Outcome.MEASURED and f.curve)

    @cached_property
    def missing(self) -> tuple[Finding, ...]:
        """Findings without numbers."""
        return tuple(f for f in self.assessment.findings if f not in self.measured)

    def of(self, objective: str) -> tuple[Finding, ...]:
        """Return measured findings of one objective, most successful first.

        Among equally successful attackers who needs least comes first; where nobody succeeds, who had most to go by.
        """
        some = [f for f in self.measured if f.threat.objective == objective]
        return tuple(sorted(some, key=_rank))

    @cached_property
    def objectives(self) -> tuple[str, ...]:
        """Ways of counting size that tables show: those planned, but not spreads where nothing is that small."""
        planned = tuple(o for o in OBJECTIVES if any(f.threat.objective == o for f in self.assessment.findings))
        return tuple(o for o in planned if o != "spread") if self.coarse and "columns" in planned else planned

    @cached_property
    def coarse(self) -> bool:
        """Whether no column can change by as little as the headline size in spreads."""
        return any(caveat.code == "coarse-columns" for caveat in self.assessment.caveats)

    def stood_in(self, finding: Finding) -> bool:
        """Whether an attack does not fit this model, and another one by the same attacker took its place."""
        same = [f for f in self.of(finding.threat.objective) if f.threat.attacker == finding.threat.attacker]
        return finding.outcome is Outcome.NOT_APPLICABLE and bool(same)

    @cached_property
    def objective(self) -> str:
        """What the headline counts: columns, where they were measured."""
        return next((objective for objective in OBJECTIVES if self.of(objective)), "columns")

    @cached_property
    def top(self) -> Finding | None:
        """The finding of the headline: the most successful, of the attackers that the answers leave."""
        found = self.headlined(self.objective)
        return found[0] if found else None

    @cached_property
    def among(self) -> frozenset[str] | None:
        """Attackers of whom the headline speaks; None: of all, since nobody has said who could attack."""
        return headliners(self.assessment.profiles) if self.assessment.within else None

    @cached_property
    def nobody(self) -> bool:
        """Whether by the answers nobody could attack in any way that is measured here."""
        real = [p for p in self.assessment.profiles if p.name in STRENGTH and p.name != Attacker.NOBODY]
        return bool(real) and all(profile.applies is Applies.NO for profile in real)

    def headlined(self, objective: str) -> tuple[Finding, ...]:
        """Return measured findings of those of whom the headline speaks, most successful first."""
        found = self.of(objective)
        return tuple(f for f in found if self.among is None or f.threat.attacker in self.among) or found

    def beyond(self, objective: str) -> tuple[Finding, ...]:
        """Return measured findings of attackers who do not follow from the answers, most successful first."""
        said = self.headlined(objective)
        return tuple(f for f in self.of(objective) if f not in said)

    def worst(self, objective: str) -> WorstCase | None:
        """Return what is left under all measured attackers of whom the headline speaks."""
        return next((w for w in self.assessment.within if w.objective == objective), self.whole(objective))

    def whole(self, objective: str) -> WorstCase | None:
        """Return what is left under all measured attackers together."""
        return next((w for w in self.assessment.worst_case if w.objective == objective), None)

    def profile(self, attacker: str) -> Profile | None:
        """Return what the answers say of an attacker."""
        return next((p for p in self.assessment.profiles if p.name == attacker), None)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """What the headline names, three sizes at most: rows broken by whoever does best on each."""
        worst = self.worst(self.objective)
        curve = worst.union if worst else self.top.curve if self.top else ()
        return _up_to_headline(curve, self.objective)[-3:]

    @property
    def money(self) -> str:
        """What costs are counted in."""
        return words.plain(self.assessment.answers.unit or MONEY, longest=20)

    def limit(self, size: float, objective: str) -> str:
        """Write a size as a limit."""
        return words.size_limit(size, objective, money=self.money)

    @cached_property
    def assumed(self) -> tuple[str, ...]:
        """Columns that count as changeable because nobody said anything."""
        return tuple(words.column(c.name) for c in self.assessment.columns if c.assumed and c.movable)

    @cached_property
    def movable(self) -> tuple[str, ...]:
        """Columns that could be misstated."""
        return tuple(words.column(c.name) for c in self.assessment.columns if c.movable)

    @cached_property
    def fixed(self) -> dict[str, list[str]]:
        """Columns that could not, by why."""
        reasons: dict[str, list[str]] = {}
        for column in self.assessment.columns:
            if not column.movable:
                reasons.setdefault(why_fixed(column), []).append(words.column(column.name))
        return reasons

    @cached_property
    def wants(self) -> str | None:
        """The answer that somebody wants."""
        wants = self.assessment.target.wants
        return None if wants is None else words.value(wants)

    @cached_property
    def shift(self) -> float | None:
        """The movement of a prediction that counts; None: the model tells classes apart."""
        return self.assessment.target.shift

    @cached_property
    def attacked_rows(self) -> str:
        """Which rows were attacked, as a noun with what follows it."""
        if self.shift is not None:
            return f"rows predicted within {words.number(self.shift)} of their true value"
        classes = self.assessment.target.classes
        if self.wants is None:
            return "rows that are decided correctly"
        others = [words.value(c) for c in classes if c != self.assessment.target.wants]
        if len(others) == 1:
            return f"rows rightly decided as “{others[0]}”"
        return f"rows rightly decided as anything but “{self.wants}”"

    @cached_property
    def source(self) -> str:
        """Where the rows came from, as a noun."""
        source = words.plain(self.assessment.data.source, longest=80)
        return "the data given" if source in ("", "memory") else source

    @cached_property
    def passes(self) -> tuple[str, str]:
        """What a broken row does, for one row and for several."""
        if self.shift is not None:
            which = "elsewhere" if self.wants is None else self.wants.partition(" ")[0]  # lower or higher
            moved = f"predicted {which} by {words.number(self.shift)} or more"
            return f"is {moved}", f"are {moved}"
        if self.wants is None:
            return "is decided otherwise", "are decided otherwise"
        return f"passes as “{self.wants}”", f"pass as “{self.wants}”"


def _rank(finding: Finding) -> tuple[float, int]:
    share = headline_point(finding).success.value or 0.0
    return -share, _strength(finding) if share else -_strength(finding)


def _strength(finding: Finding) -> int:
    attacker = finding.threat.attacker
    return STRENGTH.index(attacker) if attacker in STRENGTH else len(STRENGTH)


def why_fixed(column: Column) -> str:
    """Say why a column cannot be misstated."""
    if column.kind == "carried":
        return "carried along unchanged (dates, free text, identifiers)"
    if column.who == "us":
        return "set by the owner of the model, not by the person concerned"
    if column.who == "nobody":
        return "nobody can set it"
    if column.checked == "always":
        return "always checked"
    if column.change == "real":
        return "a change there is a real change, not a misstatement"
    return "the same in every row"


def headline_point(finding: Finding) -> Point:
    """Return the point of the curve that headlines count: the largest size up to the usual one."""
    fitting = _up_to_headline(finding.curve, finding.threat.objective)
    return (fitting or finding.curve)[-1]


def _up_to_headline(curve: Sequence[Point], objective: str) -> tuple[Point, ...]:
    limit = headline_of(objective, [point.size for point in curve]) + 1e-9
    return tuple(point for point in curve if point.size <= limit)


def attacker_title(attacker: str) -> str:
    """Write who attacks."""
    known = load().attackers.get(attacker)
    if attacker == UNKNOWN:
        return "Not known"
    return known.heading if known else words.plain(attacker, longest=words.LONGEST_NAME)


def attacker_of(finding: Finding) -> str:
    """Say who would have attacked; an attack that could not be loaded is known by its name."""
    known = load().attacks.get(finding.id.partition("@")[0])
    return known.attacker if known and finding.threat.attacker == UNKNOWN else finding.threat.attacker


def attack_title(finding: Finding) -> str:
    """Write what was done."""
    known = load().attacks.get(finding.id.partition("@")[0])
    return known.heading if known else words.plain(finding.title or finding.id, longest=words.LONGEST_NAME)
