"""The plan: which attacks run, why others do not, on how many rows, and how hard each tries.

The clock decides only here. From measured speeds it picks effort from a coarse ladder; afterwards numbers depend on
effort and seed alone, and the effort is in the document.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparring.core.answers import Answers
from sparring.core.case import Effort
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.metered import Metered
from sparring.core.plugin import Attack
from sparring.core.space import TableSpace
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import GRANTS, MONEY, Attacker, Evasion, Objective, amounts
from sparring.errors import NotApplicable, PluginError

QUERY_LADDER = (20, 50, 100, 200, 500, 1000, 2000)
ROW_LADDER = (25, 50, 100, 200)
HAND_TRIES = 30
USUAL_QUERIES = 500
USUAL_BUDGET_S = 60.0
ASKED_OF_A_ROW = 1000  # by all attackers together
SWEEPS = 20
CONFIRMATIONS = 50  # an attack that reads the model still asks whether its rows hold
ORDER: tuple[tuple[Attacker, Objective], ...] = (
    (Attacker.NOBODY, "columns"),
    (Attacker.INSIDER, "columns"),
    (Attacker.BY_HAND, "columns"),
    (Attacker.SEES_DECISIONS, "columns"),
    (Attacker.SEES_SCORES, "columns"),
    (Attacker.HAS_A_COPY, "columns"),
    (Attacker.NOBODY, "spread"),
    (Attacker.INSIDER, "spread"),
    (Attacker.SEES_DECISIONS, "spread"),
    (Attacker.SEES_SCORES, "spread"),
    (Attacker.HAS_A_COPY, "spread"),
    (Attacker.NOBODY, "cost"),
    (Attacker.INSIDER, "cost"),
    (Attacker.BY_HAND, "cost"),
    (Attacker.SEES_DECISIONS, "cost"),
    (Attacker.SEES_SCORES, "cost"),
)


@dataclass(frozen=True)
class Planned:
    """One finding to be: an attack with an objective, and how hard it may try.

    Parameters
    ----------
    id : str
        Attack and objective.
    attack : Attack or None
        None where it could not be loaded.
    threat : Evasion
    effort : Effort
    reason : str or None
        Why it does not run; None: it runs.
    failed : bool
        Whether the reason is a fault of the extension, not of the model.
    """

    id: str
    attack: Attack[Evasion] | None
    threat: Evasion
    effort: Effort
    reason: str | None = None
    failed: bool = False

    def repeating(self, effort: Effort) -> Planned:
        """Return the same with the effort of an earlier run."""
        return replace(self, effort=effort)


@dataclass(frozen=True)
class Speed:
    """How fast the user's model answers.

    Parameters
    ----------
    call_s : float
        Seconds for a call with one row.
    row_s : float
        Seconds for one more row in a large batch.
    """

    call_s: float
    row_s: float


def measure_speed(target: Target, x: Floats, *, patience_s: float = 2.0) -> Speed:
    """Time the model on one row and on growing batches, for at most about `patience_s` seconds.

    A target whose rows are counted is not asked for this: its requests so far tell.
    """
    if isinstance(target, Metered):
        call_s = target.seconds_per_call
        return Speed(call_s, call_s / min(target.rows_per_call, ROW_LADDER[0]))
    began = time.perf_counter()
    target.predict(x[:1])
    single = min(_timed(target, x[:1]) for _ in range(3))
    row = single
    for size in (64, 1024):
        batch = np.resize(x, (size, x.shape[1]))
        row = max(_timed(target, batch) - single, 0.0) / size or 1e-9
        if time.perf_counter() - began > patience_s / 4:
            break
    return Speed(single, row)


def _timed(target: Target, x: Floats) -> float:
    began = time.perf_counter()
    target.predict(x)
    return time.perf_counter() - began


def make(
    attacks: dict[str, type[Attack[Evasion]] | PluginError],
    target: Target,
    *,
    wants: int | None,
    answers: Answers,
    budget_s: float,
    rows: int,
    speed: Speed,
    only: Sequence[str] = (),
) -> tuple[Planned, ...]:
    """Decide what runs and how hard.

    Parameters
    ----------
    attacks : dict of str to Attack subclass or PluginError
        Everything on the shelves; an error stands for what could not be loaded.
    target : Target
    wants : int or None
        Class index that somebody wants.
    answers : Answers
    budget_s : float
        Seconds for everything.
    rows : int
        Rows that will be attacked.
    speed : Speed
    only : sequence of str
        Attack or finding ids; empty: all.

    Returns
    -------
    tuple of Planned
        In the order of running: cheap and telling first.
    """
    chosen = chosen_from(attacks, target, wants=wants, answers=answers, only=only)
    queries = _queries(chosen, answers=answers, budget_s=budget_s, rows=rows, speed=speed)
    chosen = [_with_effort(p, queries, answers) for p in chosen]
    if isinstance(target, Metered):
        chosen = [_sparing(p) for p in chosen]
    return tuple(sorted(chosen, key=_place))


def _sparing(planned: Planned) -> Planned:
    """Leave random changes one try of each size: where rows are counted, they are for those who try."""
    if planned.threat.attacker is not Attacker.NOBODY:
        return planned
    return planned.repeating(Effort(queries=min(planned.effort.queries, len(planned.threat.sizes))))


def chosen_from(
    attacks: dict[str, type[Attack[Evasion]] | PluginError],
    target: Target,
    *,
    wants: int | None,
    answers: Answers,
    only: Sequence[str] = (),
) -> list[Planned]:
    """Say what runs and what does not and why, before any effort is chosen; see `make` for the parameters.

    Money is counted where somebody has declared what a column costs, or asks for it by the id of a finding.
    """
    declared = any(column.movable and column.cost is not None for column in target.space.columns)
    planned = [
        _consider(name, attack, _threat(objective, target, wants=wants, answers=answers), target=target)
        for name, attack in attacks.items()
        for objective in (("columns",) if isinstance(attack, PluginError) else attack.objectives)
        if objective != "cost" or declared or f"{name}@cost" in only
    ]
    return [p for p in planned if not only or p.id in only or p.id.partition("@")[0] in only]


def _place(planned: Planned) -> tuple[int, str]:
    where = (planned.threat.attacker, planned.threat.objective)
    return (ORDER.index(where) if where in ORDER else len(ORDER), planned.id)


def _consider(name: str, attack: type[Attack[Evasion]] | PluginError, threat: Evasion, *, target: Target) -> Planned:
    if isinstance(attack, PluginError):
        return Planned(f"{name}@{threat.objective}", None, threat, Effort(), str(attack), failed=True)
    threat = threat.model_copy(update={"attacker": attack.attacker})
    instance = attack()
    lacking = attack.needs - (target.offers | {Access.BACKGROUND})
    beyond = attack.needs - GRANTS[attack.attacker]
    reason: str | None
    if lacking:
        reason = f"it needs {_words(lacking)}, which this model does not offer{_why(lacking, target)}"
    elif beyond:
        reason = f"it needs {_words(beyond)}, which an attacker of this kind ({attack.attacker}) does not have"
    else:
        reason = _unpriced(target.space, threat) or instance.unsuited(target, threat)
    return Planned(f"{name}@{threat.objective}", instance, threat, Effort(), reason)


def _threat(objective: Objective, target: Target, *, wants: int | None, answers: Answers) -> Evasion:
    n_classes = max(2, len(target.decision.classes))
    threat = Evasion(objective=objective, attacker=Attacker.NOBODY, wants=wants, n_classes=n_classes)
    return priced(threat, target.space, answers)


def priced(threat: Evasion, space: TableSpace, answers: Answers) -> Evasion:
    """Return the threat with what its curve needs where money is counted: amounts, and what they are amounts of."""
    if threat.objective != "cost":
        return threat
    return threat.model_copy(update={"amounts": amounts(space.cost[space.movable]), "money": answers.unit or MONEY})


def _unpriced(space: TableSpace, threat: Evasion) -> str | None:
    """Say why money cannot be counted, or None."""
    if threat.objective != "cost" or not space.movable.any():
        return None
    if space.unpriced:
        shown = ", ".join(space.unpriced[:5]) + (f" and {len(space.unpriced) - 5} more" if space.unpriced[5:] else "")
        return (
            "it needs to know what it costs to misstate each column that may be misstated; "
            f"declare a cost for {shown} in the columns table"
        )
    return None if threat.amounts else "every declared cost is 0, so there is nothing to count; declare a cost above 0"


def _why(lacking: frozenset[Access], target: Target) -> str:
    """Say why a model cannot be read: often there is a cure."""
    if Access.PARAMETERS in lacking:
        try:
            target.parameters()
        except NotApplicable as error:
            return f": {error}"
    return ""


def _words(access: frozenset[Access]) -> str:
    return " and ".join(sorted(access))


def _queries(chosen: Sequence[Planned], *, answers: Answers, budget_s: float, rows: int, speed: Speed) -> int:
    """Rows that each query-bound finding may ask for each attacked row, from the ladder."""
    few = (Attacker.INSIDER, Attacker.BY_HAND, Attacker.HAS_A_COPY)
    asking = [p for p in chosen if p.reason is None and p.threat.attacker not in few]
    share_s = 0.5 * budget_s / max(1, len(asking))
    affordable = share_s / (max(rows, 1) * (speed.row_s + speed.call_s / 256))
    # an even step for all models that are quick enough: then equal seeds give equal figures on any machine
    enough = USUAL_QUERIES * max(1.0, budget_s / USUAL_BUDGET_S)
    fitting = [step for step in QUERY_LADDER if step <= min(affordable, enough)]
    queries = fitting[-1] if fitting else QUERY_LADDER[0]
    return queries if answers.most_queries is None else min(queries, answers.most_queries)


def _with_effort(planned: Planned, queries: int, answers: Answers) -> Planned:
    if planned.threat.attacker is Attacker.BY_HAND:
        # a person gives up after some tries, whatever the machine could afford
        queries = min(HAND_TRIES, queries) if answers.most_queries is None else min(HAND_TRIES, answers.most_queries)
    if planned.threat.attacker is Attacker.HAS_A_COPY:
        queries = min(CONFIRMATIONS, queries)
    if planned.threat.attacker is Attacker.INSIDER:
        queries = CONFIRMATIONS
    effort = Effort(queries=queries, sweeps=SWEEPS if planned.threat.attacker is Attacker.INSIDER else 0)
    return planned.repeating(effort)


def how_many_rows(speed: Speed, *, budget_s: float, answers: Answers) -> int:
    """Rows to attack: as many as leave a few hundred questions for each, or as many as one person could ask."""
    questions = ASKED_OF_A_ROW if answers.most_queries is None else min(ASKED_OF_A_ROW, 10 * answers.most_queries)
    per_row = questions * (speed.row_s + speed.call_s / 256)
    fitting = [step for step in ROW_LADDER if step * per_row <= budget_s]
    return fitting[-1] if fitting else ROW_LADDER[0]


def choose_rows(eligible: Bools, *, at_most: int, entropy: int) -> tuple[Ints, Ints]:
    """Draw a sample of the data, large enough to hold about `at_most` rows that can be attacked.

    Parameters
    ----------
    eligible : ndarray of bool, shape (n,)
    at_most : int
    entropy : int

    Returns
    -------
    attacked : ndarray of int
        Positions of the eligible rows in the sample, sorted.
    sample : ndarray of int
        Positions of the whole sample, sorted; worst-case figures rest on these rows.
    """
    n = len(eligible)
    order = np.random.default_rng([entropy, 1]).permutation(n)
    share = eligible.mean() if n else 0.0
    size = n if share == 0 or eligible.sum() <= at_most else int(np.ceil(at_most / share))
    sample = np.sort(order[:size])
    return sample[eligible[sample]], sample
