"""Run one planned finding: hand the attack its case, keep its best, stop it in time, judge what it proposes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from sparring.assess.judge import measure
from sparring.assess.plan import Planned
from sparring.core.case import AdversarialExamples, Bounds, Case
from sparring.core.examples import Examples, Floats, Ints
from sparring.core.metered import Metered
from sparring.core.plugin import Attack
from sparring.core.target import Oracle, Target
from sparring.core.threat import GRANTS, Evasion
from sparring.errors import BudgetSpent, NotApplicable, SparringError

Stop = Literal["effort", "time", "exhausted", "interrupt"]
Enough = Callable[[AdversarialExamples], bool]


def never(_attempt: AdversarialExamples) -> bool:
    """Return False: no attempt is enough, and effort alone ends the attack."""
    return False


@dataclass(frozen=True, eq=False)
class Pass:
    """How far an attack was after one of its passes, before any judging.

    Parameters
    ----------
    queries : float
        Mean rows asked for each attacked row.
    found : int
    """

    queries: float
    found: int


@dataclass(frozen=True, eq=False)
class Trace:
    """What came out of running one attack.

    Parameters
    ----------
    examples : AdversarialExamples
    lower : ndarray of shape (n,)
        Sizes below which nothing exists, 0 where nothing is known.
    passes : tuple of Pass
    asked : int
        Rows asked of the model in all.
    seconds : float
    stopped_by : {'effort', 'time', 'exhausted', 'interrupt'}
        'exhausted': the model may not be asked any more; 'interrupt': it no longer answers.
    fault : str or None
        Why it broke off; what it had found until then is kept.
    not_applicable : bool
        Whether the fault is that it cannot run on this model.
    """

    examples: AdversarialExamples
    lower: Floats
    passes: tuple[Pass, ...]
    asked: int
    seconds: float
    stopped_by: Stop
    fault: str | None = None
    not_applicable: bool = False


def attack_rows(
    planned: Planned,
    target: Target,
    rows: Examples,
    background: Examples,
    *,
    entropy: int,
    deadline: float,
    jobs: int = 1,
    enough: Enough = never,
) -> Trace:
    """Run one attack on all rows, in parallel where asked; a row's result does not depend on how rows are dealt out.

    Parameters
    ----------
    planned : Planned
        It has an attack and no reason against it.
    target : Target
    rows, background : Examples
        `y` holds what the model decides for them.
    entropy : int
        Seed of the run.
    deadline : float
        In seconds of `time.time`; the attack is asked to stop then.
    jobs : int
        Worker processes, each with inner threads off.
    enough : callable
        Given an attempt on the rows of one worker, says whether to stop there.
    """
    attack = partial(
        _attack_part, planned, target, background=background, entropy=entropy, deadline=deadline, enough=enough
    )
    parts = np.array_split(np.arange(len(rows)), max(1, min(jobs, len(rows))))
    if len(parts) == 1:
        return attack(rows)
    import joblib

    with joblib.parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
        traces = joblib.Parallel()(joblib.delayed(attack)(rows.take(part)) for part in parts)
    return _join(traces)


def _attack_part(
    planned: Planned,
    target: Target,
    rows: Examples,
    *,
    background: Examples,
    entropy: int,
    deadline: float,
    enough: Enough,
) -> Trace:
    assert planned.attack is not None
    began = time.perf_counter()
    oracle = Oracle(target, GRANTS[planned.threat.attacker], budget=planned.effort.queries * len(rows))
    case = Case(
        oracle=oracle,
        rows=rows,
        background=background,
        threat=planned.threat,
        effort=planned.effort,
        entropy=entropy,
        cancelled=lambda: time.time() >= deadline,
    )
    recorder = _Recorder(rows)
    rng = stream(entropy, planned.id)
    fault, out_of_reach = _drain(planned.attack, case, recorder, rng=rng, enough=enough)
    stopped = _why_stopped(target, deadline)
    seconds = time.perf_counter() - began
    best, lower, passes = recorder.examples, recorder.lower, tuple(recorder.passes)
    return Trace(best, lower, passes, oracle.asked, seconds, stopped, fault, out_of_reach)


def _why_stopped(target: Target, deadline: float) -> Stop:
    if isinstance(target, Metered) and target.stopped is not None:
        return "interrupt"
    if isinstance(target, Metered) and target.room <= 0:
        return "exhausted"
    return "time" if time.time() >= deadline else "effort"


def _drain(
    attack: Attack[Evasion], case: Case[Evasion], recorder: _Recorder, *, rng: np.random.Generator, enough: Enough
) -> tuple[str | None, bool]:
    late = False
    try:
        for attempt in attack.run(case, rng=rng):
            recorder.keep(attempt)
            rows = isinstance(attempt, AdversarialExamples)
            if (rows and enough(recorder.examples)) or (case.cancelled() and (rows or late)):
                break
            late = case.cancelled()  # bounds come before the rows of the same pass, which are waited for
    except BudgetSpent:
        pass  # the best so far is in hand
    except NotApplicable as error:
        return str(error), True
    except SparringError as error:
        return str(error), False
    except Exception as error:  # noqa: BLE001  # an attack from elsewhere may raise anything; the other findings go on
        return f"{type(error).__name__}: {error}", False
    return None, False


class _Recorder:
    """The last complete attempt of each kind."""

    def __init__(self, rows: Examples) -> None:
        nothing = np.zeros(len(rows), dtype=bool)
        self.examples = AdversarialExamples(rows.x.copy(), nothing, np.zeros(len(rows), dtype=np.int64))
        self.lower = np.zeros(len(rows))
        self.passes: list[Pass] = []

    def keep(self, attempt: AdversarialExamples | Bounds) -> None:
        if isinstance(attempt, Bounds):
            self.lower = np.maximum(self.lower, attempt.lower)
            return
        self.examples = attempt
        mean = float(attempt.queries.mean()) if len(attempt.queries) else 0.0
        self.passes.append(Pass(mean, int(attempt.found.sum())))


def _join(traces: list[Trace]) -> Trace:
    examples = AdversarialExamples(
        np.concatenate([t.examples.x_adv for t in traces]),
        np.concatenate([t.examples.found for t in traces]),
        np.concatenate([t.examples.queries for t in traces]),
        None if any(t.examples.until is None for t in traces) else np.concatenate([_until(t) for t in traces]),
    )
    faults = [t for t in traces if t.fault]
    return Trace(
        examples,
        np.concatenate([t.lower for t in traces]),
        _sum_passes([t.passes for t in traces], [len(t.lower) for t in traces]),
        sum(t.asked for t in traces),
        max(t.seconds for t in traces),
        "time" if any(t.stopped_by == "time" for t in traces) else "effort",
        faults[0].fault if faults else None,
        bool(faults) and all(t.not_applicable for t in faults),
    )


def _until(trace: Trace) -> Ints:
    assert trace.examples.until is not None
    return trace.examples.until


def _sum_passes(parts: list[tuple[Pass, ...]], sizes: list[int]) -> tuple[Pass, ...]:
    """Add up the passes of parts that may have made unequally many: a part that is done stays where it is."""
    longest = max((len(part) for part in parts), default=0)
    total = max(1, sum(sizes))
    summed = []
    for k in range(longest):
        here = [(part[min(k, len(part) - 1)], n) for part, n in zip(parts, sizes, strict=True) if part]
        summed.append(Pass(sum(p.queries * n for p, n in here) / total, sum(p.found for p, _ in here)))
    return tuple(summed)


def stream(entropy: int, name: str) -> np.random.Generator:
    """Return the random stream of one finding, which no other finding moves."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    return np.random.default_rng([entropy, key])


def nearest_real_rows(
    target: Target, rows: Examples, background: Examples, *, threat: Evasion, tries: int = 10
) -> AdversarialExamples:
    """Copy what may be copied from the nearest rows that are decided as wanted: the attacker who does not search.

    Parameters
    ----------
    target : Target
    rows, background : Examples
        `y` holds what the model decides for them.
    threat : Evasion
    tries : int
        Real rows copied for each attacked row, nearest first.
    """
    space, n = target.space, len(rows)
    x_adv, found, size = rows.x.copy(), np.zeros(n, dtype=bool), np.full(n, np.inf)
    copies, owner = [], []
    for i in range(n):
        as_this = target.decision.seen_from(rows.x[i], background.x, background.y)
        donors = background.x[np.isin(as_this, threat.wanted(int(rows.y[i])))]
        copied = space.project(np.broadcast_to(rows.x[i], donors.shape), donors)
        distance = measure(space, np.broadcast_to(rows.x[i], copied.shape), copied, threat.objective)
        near = np.argsort(distance, kind="stable")[:tries]
        copies.append(copied[near])
        owner.append(np.full(len(near), i))
    if not copies or not sum(map(len, copies)):
        return AdversarialExamples(x_adv, found, np.zeros(n, dtype=np.int64))
    all_copies, owners = np.concatenate(copies), np.concatenate(owner)
    answers = target.predict(all_copies)
    sizes = measure(space, rows.x[owners], all_copies, threat.objective)
    changed = np.asarray(space.changed(rows.x[owners], all_copies).any(axis=1))
    for row, i, answer, s, differs in zip(all_copies, owners, answers, sizes, changed, strict=True):
        if differs and s < size[i] and int(answer) in threat.wanted(int(rows.y[i])):
            x_adv[i], found[i], size[i] = row, True, s
    return AdversarialExamples(x_adv, found, np.bincount(owners, minlength=n).astype(np.int64))
