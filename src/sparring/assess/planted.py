"""Weaknesses planted for an attack to find: what is known to be there must be found.

In some of the attacked rows the cut-off is moved until a random edit, drawn within the limits and kept from the attack,
is decided as wanted. An attack that misses many of these would miss others, so its figure is too low. The user's model
is asked as it is; only the cut-off differs, row by row.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import numpy as np

from sparring.assess import run, stats
from sparring.assess.findings import EPS
from sparring.assess.ground import Ground, ground_of
from sparring.assess.judge import judge
from sparring.assess.plan import Planned
from sparring.core.case import AdversarialExamples
from sparring.core.document import Caveat, Estimate
from sparring.core.examples import Bools, Examples, Floats
from sparring.core.metered import Metered
from sparring.core.space import Codec, TableSpace
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective
from sparring.errors import SparringError

ROWS = 25
TRIES = 20  # random edits for each row; the first of them that leads the right way is planted
MEANT_TO_FIND = 0.95
SHARE = 0.02  # of the budget, for each attack
DIFFERENT = 1e-6  # scores nearer than this count as one
ROUNDING = 1e-6
UNTIMELY = "the clock ended it first"


@dataclass(frozen=True, eq=False)
class Plot:
    """Rows with one planted weakness each.

    Parameters
    ----------
    ground : Ground
    rows, background : Examples
    size : ndarray of shape (n,)
        Of the planted edits.
    """

    ground: Ground
    rows: Examples
    background: Examples
    size: Floats


@dataclass(eq=False)
class Planter:
    """Plants weaknesses in rows and sets attacks on them.

    Parameters
    ----------
    target : Target
    codec : Codec
    rows, background : Examples
        The attacked rows and those that attackers may own; `y` holds what the model decides for them.
    entropy : int
    """

    target: Target
    codec: Codec
    rows: Examples
    background: Examples
    entropy: int

    def __post_init__(self) -> None:
        """Nothing is planted until an attack asks for it."""
        self._plots: dict[Objective, Plot | None] = {}

    def tested(self, item: Planned, *, budget_s: float, end: float) -> tuple[Estimate | None, tuple[Caveat, ...]]:
        """Return in which share of the rows an attack finds something; None where it cannot be tested like this.

        Parameters
        ----------
        item : Planned
            It has an attack.
        budget_s : float
            Seconds for everything, of which a small share is taken.
        end : float
            In seconds of `time.time`; nothing goes on after that.
        """
        deadline = min(time.time() + SHARE * budget_s, end)
        if item.threat.attacker in (Attacker.NOBODY, Attacker.BY_HAND) or isinstance(self.target, Metered):
            return None, ()  # who does not search is not meant to find everything, and a served model's rows are few
        try:
            return self._tested(item, deadline)
        except SparringError:
            return None, ()  # what is wrong with the model or the attack, the finding itself says

    def _tested(self, item: Planned, deadline: float) -> tuple[Estimate | None, tuple[Caveat, ...]]:
        plot = self._plot(item.threat)
        if plot is None or item.attack is None or item.attack.unsuited(plot.ground.target, item.threat):
            return None, ()
        target, rows, largest = plot.ground.target, plot.rows, item.threat.sizes[-1] + EPS

        def enough(attempt: AdversarialExamples) -> bool:
            size = target.space.size(rows.x, attempt.x_adv, item.threat.objective)
            return bool((attempt.found & (size <= largest)).all())

        trace = run.attack_rows(
            item, target, rows, plot.background, entropy=self.entropy, deadline=deadline, enough=enough
        )
        if trace.not_applicable:
            return None, ()
        found = judge(target, plot.ground.codec, rows, trace.examples, threat=item.threat).size <= largest
        refuted = trace.lower > plot.size * (1 + ROUNDING) + EPS
        if trace.stopped_by == "time" and not found.all() and not refuted.any():
            return Estimate(value=None, n=len(rows), method=UNTIMELY), ()
        return stats.wilson(int(found.sum()), len(rows)), doubts(found, refuted)

    def _plot(self, threat: Evasion) -> Plot | None:
        """Return the rows for an objective, the same for all attacks; None where nothing can be planted."""
        if threat.objective not in self._plots:
            ground = ground_of(self.target, self.codec)
            self._plots[threat.objective] = None if ground is None else self._planted(ground, threat)
        return self._plots[threat.objective]

    def _planted(self, ground: Ground, threat: Evasion) -> Plot | None:
        chosen = self.rows.take(np.unique(np.linspace(0, len(self.rows) - 1, ROWS).astype(np.int64)))
        space, now = self.target.space, ground.score(chosen.x)
        then, size = now.copy(), np.zeros(len(chosen))
        drawn = [
            edits(space, x, self.background.x, threat, rng=rng)
            for x, rng in zip(chosen.x, self._streams(chosen), strict=True)
        ]
        scores = ground.score(np.concatenate(drawn)).reshape(len(chosen), TRIES)
        for i, (tries, score) in enumerate(zip(drawn, scores, strict=True)):
            x = chosen.x[i]
            leads = ground.gain(int(chosen.y[i]), threat, score - now[i]) > DIFFERENT * max(1.0, abs(now[i]))
            useful = np.flatnonzero(leads & legal(space, x, tries, threat))
            if len(useful):
                then[i] = score[useful[0]]
                size[i] = space.size(x[None], tries[useful[:1]], threat.objective)[0]
        at = np.flatnonzero(size > 0)
        if not len(at):
            return None
        rows = ground.plant(chosen.take(at), now[at], then[at])
        return Plot(ground, rows, ground.background(self.background), size[at])

    def _streams(self, rows: Examples) -> list[np.random.Generator]:
        key = int.from_bytes(hashlib.sha256(b"planted").digest()[:8], "little")
        return [np.random.default_rng([self.entropy, key, int(i)]) for i in rows.ids]


def edits(space: TableSpace, x: Floats, donors: Floats, threat: Evasion, *, rng: np.random.Generator) -> Floats:
    """Draw edits of one row up to the headline size: noise in every number, or values that occur, in random columns.

    Parameters
    ----------
    space : TableSpace
    x : ndarray of shape (d,)
    donors : ndarray of shape (m, d)
        Real rows to take values from.
    threat : Evasion
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (TRIES, d)
        As legal as a projection makes them.
    """
    originals = np.repeat(x[None], TRIES, axis=0)
    if threat.objective == "spread":
        noise = rng.uniform(-threat.headline, threat.headline, originals.shape) * space.spread
        return space.project(originals, np.where(space.categorical, originals, originals + noise))
    out, price = originals.copy(), space.cost if threat.objective == "cost" else np.ones(len(x))
    for row in out:
        columns = rng.permutation(np.flatnonzero(space.movable))
        bought = columns[np.cumsum(price[columns]) <= threat.headline + EPS]
        row[bought] = donors[rng.integers(len(donors), size=len(bought)), bought] if len(donors) else row[bought]
    return space.project(originals, out)


def legal(space: TableSpace, x: Floats, tries: Floats, threat: Evasion) -> Bools:
    """Say which edits of one row are changes within the limits and the headline size, shape (n,)."""
    originals = np.repeat(x[None], len(tries), axis=0)
    size = space.size(originals, tries, threat.objective)
    fits = np.array([fault is None for fault in space.violations(originals, tries)])
    return np.asarray(fits & (size > 0) & (size <= threat.headline + EPS))


def doubts(found: Bools, refuted: Bools) -> tuple[Caveat, ...]:
    """Say what an attack missed of what was planted, and where it said that there is nothing.

    Parameters
    ----------
    found, refuted : ndarray of bool, shape (n,)
    """
    n, given = len(found), []
    share = stats.wilson(int(found.sum()), n)
    if share.high is not None and share.high < MEANT_TO_FIND:
        text = (
            f"Of {n} rows in which a weakness was planted it found one in {int(found.sum())}, and {MEANT_TO_FIND:.0%} "
            "are expected of a search that works; its figure is too low."
        )
        given.append(Caveat(code="misses-planted-weakness", text=text))
    if refuted.any():
        text = (
            f"It said of {int(refuted.sum())} of {n} rows that no change so small exists, and one had been planted; "
            "none of its bounds should be relied on."
        )
        given.append(Caveat(code="bound-refuted", text=text))
    return tuple(given)
