"""Our attacks on reference models, asked as the bench asks them; and a clock for the time inside the user's model.

Time is processor time: everything here runs on one thread and waits for nothing, so that on an idle machine it is wall
time, and on a busy one it still says the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models import Reference
from sparring import api, registry
from sparring.adapters.frames import FrameCodec
from sparring.assess import subject as subjects
from sparring.core.case import AdversarialExamples, Case, Effort
from sparring.core.examples import Bools, Examples, Floats
from sparring.core.space import Codec, Column
from sparring.core.target import Oracle, Target
from sparring.core.threat import GRANTS, Evasion, Objective


@dataclass(frozen=True, eq=False)
class Found:
    """What one of our attacks found; arrays have one entry a row.

    Parameters
    ----------
    x_adv : ndarray of shape (n, d)
    found : ndarray of shape (n,)
        Whether the user's model, asked again, decides the row otherwise.
    size : ndarray of shape (n,)
        In the objective's unit; inf where nothing was found.
    seconds : float
        Processor time for all rows together.
    queries : float
        Rows asked for each attacked row.
    """

    x_adv: Floats
    found: Bools
    size: Floats
    seconds: float
    queries: float

    @property
    def ms_per_row(self) -> float:
        """Milliseconds a row."""
        return 1e3 * self.seconds / len(self.found)


@dataclass(eq=False)
class Subject:
    """A reference model as a target, with the rows to attack."""

    target: Target
    codec: Codec
    rows: Examples
    background: Examples

    def head(self, n: int) -> Subject:
        """Return the same with the first `n` rows."""
        return Subject(self.target, self.codec, self.rows.take(slice(0, n)), self.background)

    def part(self, rows: slice) -> Subject:
        """Return the same with some of the rows."""
        return Subject(self.target, self.codec, self.rows.take(rows), self.background)

    def attack(
        self, attack_id: str, *, objective: Objective, effort: Effort | None = None, entropy: int = 0, **options: Any
    ) -> Found:
        """Run one of our attacks on all rows and ask the model about what it hands back."""
        attack = registry.load(attack_id)(**options)
        threat = Evasion(objective=objective, attacker=attack.attacker, n_classes=len(self.target.decision.classes))
        effort = effort or Effort()
        budget = effort.queries * len(self.rows) or None
        oracle = Oracle(self.target, GRANTS[attack.attacker], budget=budget)
        case = Case(oracle, self.rows, self.background, threat, effort, entropy)
        began = time.process_time()
        best = None
        for attempt in attack.run(case, rng=np.random.default_rng(entropy)):
            best = attempt if isinstance(attempt, AdversarialExamples) else best
        seconds = time.process_time() - began
        assert best is not None
        return self._judged(best.x_adv, seconds, objective, oracle.asked / len(self.rows))

    def _judged(self, x_adv: Floats, seconds: float, objective: Objective, queries: float) -> Found:
        """Ask the user's model, in the user's dtypes."""
        x_adv = self.codec.encode(self.codec.decode(x_adv))
        found = self.target.predict(x_adv) != self.rows.y
        space = self.target.space
        measure = space.size_in_spreads if objective == "spread" else space.size_in_columns
        size = np.where(found, measure(self.rows.x, x_adv), np.inf)
        return Found(x_adv, found, size, seconds, queries)


def subject(reference: Reference, *, columns: tuple[Column, ...] | None = None) -> Subject:
    """Return a reference model as a target.

    Parameters
    ----------
    reference : Reference
    columns : tuple of Column, optional
        None: numbers in [0, 1] with one spread each where the reference says so, otherwise inferred.
    """
    adapter = subjects.adapter_for(reference.model)
    frame = adapter.conform(reference.model, reference.x)
    background = adapter.conform(reference.model, reference.background)
    if columns is None:
        columns = unit_columns(frame.shape[1]) if reference.unit else api.columns(background)
    codec = FrameCodec(frame, columns)
    target = adapter.target(reference.model, codec=codec, classes=None, decision=None)
    x = codec.encode(frame)
    rows = Examples(x, target.predict(x), np.arange(len(x), dtype=np.int64))
    theirs = codec.encode(background)
    owned = Examples(theirs, target.predict(theirs), np.arange(len(theirs), dtype=np.int64))
    return Subject(target, codec, rows, owned)


def unit_columns(d: int) -> tuple[Column, ...]:
    """Return `d` columns in [0, 1], one spread each: the size in spreads is then the largest change."""
    names = [f"x{j}" for j in range(d)]
    return tuple(Column(name=name, kind="number", who="anyone", low=0.0, high=1.0, spread=1.0) for name in names)


def ratio(ours: NDArray[Any], best: NDArray[Any]) -> dict[str, float]:
    """Describe how far `ours` lies above `best`: median, 90th percentile, largest, and the share that is equal.

    Equal means within one part in 100,000: distances come out of float32 numbers.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        q = np.where(best > 0, ours / best, np.where(ours > 0, np.inf, 1.0))
    return {
        "median": float(np.median(q)),
        "p90": float(np.quantile(q, 0.9, method="higher")),
        "max": float(q.max()),
        "equal": float((q <= 1.00001).mean()),
    }


@dataclass(eq=False)
class Clock:
    """How long a model was inside its own methods, and what it was asked there.

    Parameters
    ----------
    seconds : float
    sizes : list of int
        Rows of each call.
    """

    seconds: float = 0.0
    sizes: list[int] = field(default_factory=list)
    inside: bool = False

    def reset(self) -> None:
        """Start from zero."""
        self.seconds, self.sizes = 0.0, []

    def around(self, ask: Any) -> Any:
        """Return `ask` with the clock running; calls from within another noted call are part of that one."""

        def answer(x: Any, *args: Any, **options: Any) -> Any:
            if self.inside:
                return ask(x, *args, **options)
            self.inside = True
            began = time.process_time()
            try:
                return ask(x, *args, **options)
            finally:
                self.seconds += time.process_time() - began
                self.sizes.append(len(x))
                self.inside = False

        return answer


def clocked(model: Any) -> Clock:
    """Note the time inside `predict` and `predict_proba` of a model, in place."""
    clock = Clock()
    for name in ("predict", "predict_proba"):
        setattr(model, name, clock.around(getattr(model, name)))
    return clock


__all__ = ["Clock", "Found", "Subject", "clocked", "ratio", "subject", "unit_columns"]
