"""The bench itself: one model, one table, all planned findings, one document that is whole after each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

import numpy as np

from sparring.assess import across, conversion, figures, findings, movement, plan, planted, run, sampling, sanity
from sparring.assess.floor import floor
from sparring.assess.judge import Judged, judge
from sparring.assess.who import Subject
from sparring.core.case import AdversarialExamples
from sparring.core.document import (
    Assessment,
    Caveat,
    Estimate,
    Finding,
    Outcome,
    Performance,
    TargetRecord,
    WorstCase,
)
from sparring.core.examples import Bools, Examples, Floats
from sparring.core.metered import Metered
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion, Objective
from sparring.errors import BudgetSpent, ModelError

BACKGROUND_ROWS = 2000
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
ANYBODY: frozenset[str] = frozenset(Attacker)
PENDING = "not reached yet"
OUT_OF_TIME = "the budget ended first"
CAPPED = "the model may be asked {cap:,} rows in all, and {sent:,} were sent; raise max_queries to measure this"


@dataclass(eq=False)
class Bench:
    """Runs the plan and keeps the document.

    Parameters
    ----------
    subject : Subject
    entropy : int
    budget_s : float
    jobs : int
    began : float
        `time.time` when the user's call began.
    progress : callable
        Called with a text and the share done.
    """

    subject: Subject
    entropy: int
    budget_s: float
    jobs: int
    began: float
    progress: Callable[[str, float], None]
    judged: dict[str, Judged] = field(default_factory=dict)
    sizes: dict[str, tuple[Attacker, Objective, Floats]] = field(default_factory=dict)
    lower: dict[str, Floats] = field(default_factory=dict)

    def look(self) -> None:
        """Ask the model once about every row, choose the rows to attack, and look for general doubts."""
        subject, rows = self.subject, self.subject.rows
        self.decided = subject.target.predict(rows.x)
        self.correct: Bools = self.decided == rows.y
        self.eligible: Bools = self.correct & (rows.y != subject.wants if subject.wants is not None else True)
        self.speed = plan.measure_speed(subject.target, rows.x)
        self.conversion = conversion.compare(subject.target, rows.x)

    def choose(self, at_most: int) -> None:
        """Draw the rows to attack and the rows that the attackers may own."""
        rows, self.at_most = self.subject.rows, at_most
        attacked, sample = plan.choose_rows(self.eligible, at_most=at_most, entropy=self.entropy)
        self.sample = rows.take(sample)
        self.sample_correct: Bools = self.correct[sample]
        self.where = np.searchsorted(sample, attacked)
        self.attacked = Examples(rows.x[attacked], self.decided[attacked], rows.ids[attacked])
        own = np.sort(np.random.default_rng([self.entropy, 2]).permutation(len(rows))[:BACKGROUND_ROWS])
        rule, x = self.subject.target.decision, rows.x[own]
        # answers that are relative to a row are given relative to a usual one here
        usual = np.append(x[0, :-1], np.median(x[:, -1]))
        self.background = Examples(x, rule.seen_from(usual, x, self.decided[own]), rows.ids[own])
        self.planter = planted.Planter(
            self.subject.target, self.subject.codec, self.attacked, self.background, self.entropy
        )
        self._baselines: dict[Objective, findings.Baseline | None] = {}
        self._floors: dict[Objective, Estimate] = {}

    def caveats(self) -> tuple[Caveat, ...]:
        """Doubts that concern every finding."""
        subject, rows = self.subject, self.subject.rows
        some = rows.x[: sanity.CHECKED_ROWS]
        found = [
            *sanity.drawn(len(rows), subject.read),
            *sanity.stochastic(subject.target, some),
            *self._weakness(some),
            *sanity.overlap(rows, subject.train),
            *sanity.limits_hold(subject.codec.space, rows.x),
            *sanity.assumed(subject.codec.space),
            *sanity.unconfirmed(subject.open_relations),
            *sanity.coarse(subject.codec.space),
            *self.conversion.caveats,
        ]
        return tuple(found)

    def _weakness(self, some: Floats) -> list[Caveat]:
        """Doubts about the model itself."""
        rows, truth = self.subject.rows, self.subject.truth
        if truth is not None:
            return sanity.weak_regressor(rows.x[:, -1], truth)
        target = self.subject.target
        doubts = [*sanity.saturated(target, some), *sanity.rough(target, some)]
        return [*doubts, *sanity.weak_model(self.correct, rows.y, self.decided)]

    def performance(self) -> Performance:
        """How good the model is on all rows, without anybody trying anything."""
        return self._performance

    @cached_property
    def _performance(self) -> Performance:
        return figures.performance(self.subject.target, self.subject.rows, self.correct, truth=self.subject.truth)

    def measure(self, planned: Sequence[plan.Planned], document: Assessment) -> Iterator[Assessment]:
        """Run what the document still lacks; yield it, whole, after each finding."""
        done = {f.id: f for f in document.findings if f.reason != PENDING and f.stopped_by != "interrupt"}
        if isinstance(self.subject.target, Metered):
            for objective in {p.threat.objective for p in planned if p.id not in done}:
                self._baselines_for(objective)  # first, while rows may still be sent
        waiting = [p for p in planned if p.id not in done]
        for position, item in enumerate(waiting):
            self.progress(item.id, (len(planned) - len(waiting) + position) / max(1, len(planned)))
            done[item.id] = self._finding(item, left=len(waiting) - position, document=document)
            document = self._with(document, planned, done)
            yield document
            if done[item.id].stopped_by == "interrupt":
                return  # the model answers no more: the document stays open, and the same call continues it
        yield self._closed(document)

    def pending(self, planned: Sequence[plan.Planned], fingerprint: str) -> tuple[Finding, ...]:
        """Return the findings of a plan before anything ran."""
        classes = self.subject.target.decision.classes
        return tuple(
            findings.unmeasured(p, Outcome.SKIPPED, PENDING, classes=classes, fingerprint=fingerprint) for p in planned
        )

    def restore(self, finding: Finding, x_adv: Floats, ids: np.ndarray) -> None:
        """Take back what an interrupted run had judged, for what is said of several findings together.

        Parameters
        ----------
        finding : Finding
            A measured one.
        x_adv : ndarray of shape (k, d)
            Its broken rows, edited.
        ids : ndarray of shape (k,)
        """
        space, n = self.subject.codec.space, len(self.attacked)
        objective = _objective(finding.id)
        x, broken, size = self.attacked.x.copy(), np.zeros(n, dtype=bool), np.full(n, np.inf)
        at = np.searchsorted(self.attacked.ids, ids)
        x[at], broken[at] = space.keep_rider(x[at], x_adv), True
        size[broken] = space.size(self.attacked.x[broken], x[broken], objective)
        known = np.array([finding.bounds.get(int(i), 0.0) for i in self.attacked.ids], dtype=float)
        lower = np.where(np.isnan(known), np.inf, known)  # None, for no size at all, has become NaN
        self._baselines_for(objective)
        judged = Judged(x, broken, size, self.attacked.y, ())
        self._remember(finding.id, judged, Attacker(finding.threat.attacker), lower)

    def _with(self, document: Assessment, planned: Sequence[plan.Planned], done: dict[str, Finding]) -> Assessment:
        classes = self.subject.target.decision.classes
        every = tuple(
            done.get(p.id)
            or findings.unmeasured(p, Outcome.SKIPPED, PENDING, classes=classes, fingerprint=document.fingerprint)
            for p in planned
        )
        return document.model_copy(update={"findings": every, **self._together(document)})

    def _closed(self, document: Assessment) -> Assessment:
        self.progress("putting findings together", 0.99)
        caveats = (*document.caveats, *across.doubts(self.sizes, self.lower))
        return document.model_copy(update={"complete": True, "caveats": caveats, **self._together(document)})

    def _together(self, document: Assessment) -> dict[str, Any]:
        """Return what is said of all findings together."""
        among = self.subject.among
        return {
            "target": self._counted(document),
            "worst_case": self.worst_case(),
            "within": () if among is None else self.worst_case(among=among),
            "seconds": round(time.time() - self.began, 3),
        }

    def _counted(self, document: Assessment) -> TargetRecord:
        target = self.subject.target
        if not isinstance(target, Metered):
            return document.target
        return document.target.model_copy(update={"endpoint": target.record})

    def _finding(self, item: plan.Planned, *, left: int, document: Assessment) -> Finding:
        mark = document.fingerprint
        outcome, reason = self._obstacle(item)
        if outcome is not None:
            assert reason is not None
            return self._unmeasured(item, outcome, reason, mark)
        trace = run.attack_rows(
            item,
            self.subject.target,
            self.attacked,
            self.background,
            entropy=self.entropy,
            deadline=self._deadline(left),
            jobs=1 if isinstance(self.subject.target, Metered) else self.jobs,  # one cap, one line
        )
        if trace.stopped_by == "time" and not trace.passes:
            return self._unmeasured(item, Outcome.SKIPPED, OUT_OF_TIME, mark)
        if trace.fault and not trace.examples.found.any():
            outcome = Outcome.NOT_APPLICABLE if trace.not_applicable else Outcome.FAILED
            return self._broken_off(self._unmeasured(item, outcome, trace.fault, mark))
        try:
            return self._measured(item, trace, mark)
        except (BudgetSpent, ModelError) as error:
            return self._broken_off(self._unmeasured(item, Outcome.FAILED, str(error), mark))

    def _unmeasured(self, item: plan.Planned, outcome: Outcome, reason: str, mark: str) -> Finding:
        classes, eligible = self.subject.target.decision.classes, int(self.eligible.sum())
        return findings.unmeasured(item, outcome, reason, classes=classes, fingerprint=mark, eligible=eligible)

    def _broken_off(self, finding: Finding) -> Finding:
        target = self.subject.target
        stopped = isinstance(target, Metered) and target.stopped is not None
        return finding.model_copy(update={"stopped_by": "interrupt"}) if stopped else finding

    def _measured(self, item: plan.Planned, trace: run.Trace, fingerprint: str) -> Finding:
        subject = self.subject
        judged = judge(subject.target, subject.codec, self.attacked, trace.examples, threat=item.threat)
        baselines = self._baselines_for(item.threat.objective, unless=item.id)
        doubts = sanity.of_finding(
            trace,
            judged,
            threat=item.threat,
            baselines=baselines,
            feasible=self._feasible(item.threat),
            more_helps=self._more_helps(item),
            background=self.background.x,
            space=subject.codec.space,
        )
        self._remember(item.id, judged, item.threat.attacker, trace.lower)
        known, missed = self.planter.tested(item, budget_s=self.budget_s, end=self.began + self.budget_s)
        finding = findings.measured(
            item,
            trace,
            judged,
            self.attacked,
            space=subject.codec.space,
            classes=subject.target.decision.classes,
            fingerprint=fingerprint,
            eligible=int(self.eligible.sum()),
            entropy=self.entropy,
            baselines=baselines,
            planted=known,
            caveats=(*doubts, *missed),
        )
        rng = run.stream(self.entropy, item.id + "/movement")
        return movement.in_units_of_y(finding, judged, self.attacked, subject.target, rng=rng)

    def _obstacle(self, item: plan.Planned) -> tuple[Outcome | None, str | None]:
        if item.failed:
            return Outcome.FAILED, item.reason
        if item.reason is not None:
            return Outcome.NOT_APPLICABLE, item.reason
        if Access.PARAMETERS in (item.attack.needs if item.attack else ()) and not self.conversion.holds:
            return Outcome.NOT_APPLICABLE, self.conversion.text
        if len(self.attacked) == 0:
            return Outcome.NOT_APPLICABLE, self._nobody_to_attack()
        if not self.subject.codec.space.movable.any():
            return Outcome.NOT_APPLICABLE, "the columns table lets nobody misstate any column"
        if time.time() >= self.began + self.budget_s:
            return Outcome.SKIPPED, OUT_OF_TIME
        target = self.subject.target
        if isinstance(target, Metered) and target.room < len(self.attacked):
            return Outcome.SKIPPED, CAPPED.format(cap=target.cap, sent=target.sent)
        return None, None

    def _nobody_to_attack(self) -> str:
        decision, wants = self.subject.target.decision, self.subject.wants
        if wants is None:
            return "no row is decided correctly; check that the target column and the model belong together"
        return (
            f"no row is rightly decided as anything but {decision.classes[wants]!r}, so nobody has a reason to try; "
            f"check --decision (now: {decision.text}) and --attacker-wants"
        )

    def _deadline(self, left: int) -> float:
        """Leave something for those that come later, but let none be cut off early without need."""
        now, end = time.time(), self.began + self.budget_s
        return now + max((end - now) * (1.0 if left <= 1 else 0.6), 0.0)

    def _remember(self, name: str, judged: Judged, attacker: Attacker, lower: Floats) -> None:
        objective = _objective(name)
        self.judged[name] = judged
        self.lower[name] = lower
        self.sizes[name] = (attacker, objective, judged.size)

    def _feasible(self, threat: Evasion) -> Bools:
        """Rows turned by copying a real row or by an attacker who sees no more, within what is meant to be found."""
        order = list(Attacker)
        at_most = order.index(threat.attacker)
        known = [
            size
            for attacker, objective, size in self.sizes.values()
            if objective == threat.objective and order.index(attacker) <= at_most
        ]
        copied = self._baselines[threat.objective]
        best = np.min([np.full(len(self.attacked), np.inf) if copied is None else copied.size, *known], axis=0)
        return np.asarray((best <= sanity.reach(threat) + findings.EPS) & np.isfinite(best), dtype=bool)

    def _more_helps(self, item: plan.Planned) -> bool:
        """Whether the budget bounds the effort, rather than what the owner said about tries or how an attack works."""
        tries = self.subject.answers.most_queries
        asks = item.threat.attacker in (Attacker.SEES_DECISIONS, Attacker.SEES_SCORES)
        return asks and (tries is None or item.effort.queries < tries)

    def _baselines_for(self, objective: Objective, *, unless: str = "") -> list[findings.Baseline]:
        """Return what attackers who do not search get; the finding `unless` is no baseline of its own."""
        if objective not in self._baselines:
            self._baselines[objective] = self._nearest(self._threat(objective))
        noise = f"evasion/random-noise@{objective}"
        copied = self._baselines[objective]
        found = [] if copied is None else [copied]
        if noise in self.judged and noise != unless:
            found.insert(0, findings.Baseline("random changes of the same size", self.judged[noise].size))
        return found

    def _nearest(self, threat: Evasion) -> findings.Baseline | None:
        """Return what copying gets; None where rows are counted and the model does not answer so many."""
        target = self.subject.target
        sparing = {"tries": 1} if isinstance(target, Metered) else {}
        donors = sampling.donors(self.background, attacked=len(self.attacked))
        try:
            copies: AdversarialExamples = run.nearest_real_rows(target, self.attacked, donors, threat=threat, **sparing)
            judged = judge(target, self.subject.codec, self.attacked, copies, threat=threat)
        except (BudgetSpent, ModelError):
            if sparing:
                return None
            raise
        return findings.Baseline("copying the nearest real row that is decided as wanted", judged.size)

    def worst_case(self, *, among: frozenset[str] = ANYBODY) -> tuple[WorstCase, ...]:
        """Return what is left when every row meets the best of the attackers measured so far.

        What is proven holds whoever has proven it.
        """
        found = []
        for objective in OBJECTIVES:
            names = [name for name, (_, its, _) in self.sizes.items() if its == objective]
            tried = [name for name in names if self.sizes[name][0] in among]
            if not tried:
                continue
            worst = figures.worst_case(
                self.sample,
                self.sample_correct,
                self.where,
                threat=self._threat(objective),
                classes=self.subject.target.decision.classes,
                sizes=[self.judged[name].size for name in tried],
                lower=[self.lower[name] for name in names],
                floor=self._floor(objective),
                constant=self._performance.constant_model if self.subject.truth is not None else None,
            )
            found.append(worst)
        return tuple(found)

    def _floor(self, objective: Objective) -> Estimate:
        if self.subject.truth is not None:
            return Estimate(value=None, n=len(self.sample), method="not defined for predictions of numbers")
        if objective not in self._floors:
            threat = self._threat(objective)
            self._floors[objective] = floor(
                self.sample, space=self.subject.codec.space, threat=threat, size=threat.headline
            )
        return self._floors[objective]

    def _threat(self, objective: Objective) -> Evasion:
        """Return what somebody wants, whoever it is."""
        n_classes = max(2, len(self.subject.target.decision.classes))
        threat = Evasion(objective=objective, attacker=Attacker.INSIDER, wants=self.subject.wants, n_classes=n_classes)
        return plan.priced(threat, self.subject.codec.space, self.subject.answers)


def _objective(finding_id: str) -> Objective:
    name = finding_id.rpartition("@")[2]
    return next(objective for objective in OBJECTIVES if objective == name)
