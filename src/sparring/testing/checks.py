"""Checks of an attack's contract; our own attacks run the same.

::

    @pytest.mark.parametrize("check", yield_checks(MyAttack), ids=str)
    def test_my_attack(check):
        check()
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from sparring.core.case import AdversarialExamples, Bounds, Case, Effort, never
from sparring.core.examples import Floats
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.target import Oracle
from sparring.core.threat import GRANTS, Attacker, Evasion, Objective, amounts
from sparring.errors import BudgetSpent, NotApplicable, PluginError
from sparring.testing import models
from sparring.testing._parts import empty, equal, rows_of, take
from sparring.testing.models import KnownModel

AttackClass = type[Attack[Evasion]]
QUERIES = 240
THERE: dict[Objective, float] = {"columns": 1, "spread": 0.5, "cost": 20.0}
"""Size within which an attack must find what is there."""
LAST_PASSES = 2
"""Attempts that may still come after time is up: the pass under way, and one to sum up."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold of an attack; call it to find out.

    Parameters
    ----------
    name : str
    run : callable
        Raises PluginError when it does not hold.
    """

    name: str
    run: Callable[[], None]

    def __call__(self) -> None:
        """Run the check."""
        self.run()

    def __str__(self) -> str:
        return self.name


def check_attack(attack_class: AttackClass) -> None:
    """Run every check of an attack.

    Parameters
    ----------
    attack_class : type
        A subclass of `sparring.core.plugin.Attack` that can be made without arguments.

    Raises
    ------
    PluginError
        A check failed; the message names it and says what must hold.
    """
    for check in yield_checks(attack_class):
        check()


def yield_checks(attack_class: AttackClass) -> Iterator[Check]:
    """List the checks of an attack, for a test runner that shows each by its name.

    Parameters
    ----------
    attack_class : type

    Yields
    ------
    Check
    """
    always: list[tuple[str, Callable[..., None]]] = [
        ("says what it is", _says_what_it_is),
        ("its options are recorded", _options_are_recorded),
        ("finds what is there on some known model", _finds_on_some_model),
    ]
    for name, check in always:
        yield Check(name, _named(attack_class, name, partial(check, attack_class)))
    for objective in attack_class.objectives:
        for title, check in _ON_EACH_OBJECTIVE:
            name = f"{title} ({objective})"
            yield Check(name, _named(attack_class, name, partial(check, attack_class, objective)))


def _named(attack_class: AttackClass, name: str, run: Callable[[], None]) -> Callable[[], None]:
    def named() -> None:
        try:
            run()
        except PluginError as error:
            raise PluginError(f"{attack_class.__name__} fails the check {name!r}: {error}") from error

    return named


def _must(holds: Any, message: str) -> None:
    if not holds:
        raise PluginError(message)


# --- what it says of itself ------------------------------------------------------------------------------------------


def _says_what_it_is(attack_class: AttackClass) -> None:
    _must(
        re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", attack_class.id),
        f"id must look like evasion/name, got {attack_class.id!r}",
    )
    known = get_args(Objective)
    objectives = attack_class.objectives
    _must(
        objectives and set(objectives) <= set(known), f"objectives must be among {', '.join(known)}, got {objectives}"
    )
    _must(isinstance(attack_class.attacker, Attacker), f"attacker must be an Attacker, got {attack_class.attacker!r}")
    needs: Any = attack_class.needs  # an author may have written anything
    _must(
        isinstance(needs, frozenset) and all(isinstance(need, Access) for need in needs),
        "needs must be a frozenset of Access",
    )
    beyond = needs - GRANTS[attack_class.attacker]
    _must(
        not beyond,
        f"needs must be within what {attack_class.attacker} is granted, got also {', '.join(sorted(beyond))}",
    )
    for name in ("title", "reference", "__doc__"):
        _must((getattr(attack_class, name, None) or "").strip(), f"{name} must say something")


def _options_are_recorded(attack_class: AttackClass) -> None:
    attack = attack_class()
    again = attack_class(**json.loads(attack.model_dump_json()))
    _must(again == attack, "options must come back from JSON as they were")
    for name, option in attack_class.model_fields.items():
        _must(option.description, f"option {name!r} must have a description")
        try:
            setattr(attack, name, getattr(attack, name))
        except ValidationError:
            continue
        raise PluginError(f"option {name!r} must be frozen")


# --- what it does ----------------------------------------------------------------------------------------------------


def _stays_within_its_access(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        _run(attack_class, known, objective)  # the oracle grants exactly what is needed, and raises otherwise


def _stays_within_its_effort(attack_class: AttackClass, objective: Objective) -> None:
    for queries in (0, 1, 17, QUERIES):
        for known in _known():
            case, attempts = _run(attack_class, known, objective, queries=queries)
            for attempt in attempts:
                most = attempt.queries.max(initial=0)
                _must(most <= queries, f"no row may be asked more than {queries} times, got {most}")
            counted = int(attempts[-1].queries.sum()) if attempts else 0
            _must(
                counted == case.oracle.asked,
                f"queries must add up to the {case.oracle.asked} rows asked, got {counted}",
            )


def _leaves_its_input_alone(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        before = known.rows.sha256, known.background.sha256
        for examples in (known.rows, known.background):
            for part in (examples.x, examples.y, examples.ids):
                part.setflags(write=False)
        _run(attack_class, known, objective)
        _must((known.rows.sha256, known.background.sha256) == before, "rows and background must stay as they were")


def _yields_complete_attempts(attack_class: AttackClass, objective: Objective) -> None:
    for known in (*_known(), empty(models.threshold_model())):
        case, attempts = _run(attack_class, known, objective)
        for attempt in attempts:
            shape = known.rows.x.shape
            _must(attempt.x_adv.shape == shape, f"x_adv must have shape {shape}, got {attempt.x_adv.shape}")
            _must(
                attempt.found.dtype == bool and attempt.found.shape == shape[:1], "found must be one bool for each row"
            )
            whole = np.issubdtype(attempt.queries.dtype, np.integer) and attempt.queries.shape == shape[:1]
            _must(whole, "queries must be one integer for each row")
            kept = ~attempt.found
            same = ~case.space.changed(known.rows.x[kept], attempt.x_adv[kept]).any()
            _must(same, "x_adv must be the original where nothing was found")


def _only_gets_better(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        case, attempts = _run(attack_class, known, objective)
        sizes = [_sizes(case, attempt) for attempt in attempts]
        for earlier, later in pairwise(sizes):
            _must((later <= earlier + 1e-9).all(), "a later attempt must be at least as small: keep the best so far")
        for before, after in pairwise(attempts):
            _must((before.found <= after.found).all(), "what was found must not be lost")
            _must((before.queries <= after.queries).all(), "queries must not fall")


def _proposes_legal_rows(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        case, attempts = _run(attack_class, known, objective)
        for attempt in attempts:
            faults = [fault for fault in case.space.violations(known.rows.x, attempt.x_adv) if fault]
            _must(not faults, f"every row must be one that may be entered; {faults[:1]}")


def _claims_nothing_impossible(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        smallest = known.smallest(objective)
        case, attempts = _run(attack_class, known, objective)
        for attempt in attempts[-1:]:
            labels = known.target.predict(attempt.x_adv)
            wrong = attempt.found & (labels == known.rows.y)
            _must(not wrong.any(), f"a row that is called found must be decided otherwise; {wrong.sum()} are not")
            size = _sizes(case, attempt)
            _must(
                (size >= smallest - 1e-6).all(),
                "a smaller change than the smallest there is was claimed on a known model",
            )
        for bound in _bounds(attack_class, known, objective):
            _must((bound.lower <= smallest + 1e-6).all(), "a lower bound must not exceed the smallest change there is")


def _repeats_itself(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        first, second = (_last(attack_class, known, objective) for _ in range(2))
        _must(equal(first, second), "equal seeds must give equal results")


def _treats_rows_alone(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        whole = _last(attack_class, known, objective)
        n = len(known.rows)
        for parts in ([np.arange(n)[::-1]], np.array_split(np.arange(n), 3), [np.arange(n)[1::2], np.arange(n)[::2]]):
            for part in parts:
                alone = _last(attack_class, take(known, part), objective)
                same = equal(alone, rows_of(whole, part))
                _must(same, "a row's result must not depend on the other rows or their order; draw from case.streams")


def _finds_nothing_where_nothing_is(attack_class: AttackClass, objective: Objective) -> None:
    frozen = [known.frozen() for known in _known()]
    for known in (models.constant_model(), models.constant_tree(), *frozen):
        _, attempts = _run(attack_class, known, objective)
        _must(not any(attempt.found.any() for attempt in attempts), f"nothing can be found on the {known.name} model")


def _bears_odd_cases(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        alone = known.target.space.columns[models.AMOUNT]
        one = tuple(c if c is alone else c.model_copy(update={"who": "nobody"}) for c in known.target.space.columns)
        space = replace(known.target.space, columns=one)
        _run(attack_class, replace(known, target=replace(known.target, space=space)), objective)
        nobody = known.background.take(np.zeros(0, dtype=np.int64))
        _run(attack_class, replace(known, background=nobody), objective)
        _run(
            attack_class, replace(known, background=known.background.take(known.background.y == 0)), objective, wants=1
        )
    _run(attack_class, models.moody_model(), objective)


def _stops_when_told(attack_class: AttackClass, objective: Objective) -> None:
    for known in _known():
        told = threading.Event()
        case = _case(attack_class, known, objective, cancelled=told.is_set)
        after = 0
        for _ in _attempts(attack_class, case):
            after += told.is_set()
            told.set()
        _must(
            after <= LAST_PASSES, f"an attack must stop when case.cancelled() says so; {after} attempts came after it"
        )


def _finds_on_some_model(attack_class: AttackClass) -> None:
    tried, shares = 0, []
    for known in (*_known(), models.additive_model(n=60)):
        for objective in attack_class.objectives:
            there = known.smallest(objective) <= THERE[objective]
            _, attempts = _run(attack_class, known, objective)
            if attempts:
                tried += 1
                shares.append(float(attempts[-1].found[there].mean()))
    _must(tried, "there must be a known model that it is suited to")
    _must(
        max(shares) == 1.0,
        f"some known model's rows with a small change must all be found, got at most {max(shares):.0%}",
    )


_ON_EACH_OBJECTIVE: tuple[tuple[str, Callable[[AttackClass, Objective], None]], ...] = (
    ("stays within its access", _stays_within_its_access),
    ("stays within its effort", _stays_within_its_effort),
    ("leaves its input alone", _leaves_its_input_alone),
    ("yields complete attempts", _yields_complete_attempts),
    ("only gets better", _only_gets_better),
    ("proposes legal rows", _proposes_legal_rows),
    ("claims nothing impossible", _claims_nothing_impossible),
    ("repeats itself", _repeats_itself),
    ("treats rows alone", _treats_rows_alone),
    ("finds nothing where nothing is", _finds_nothing_where_nothing_is),
    ("bears odd cases", _bears_odd_cases),
    ("stops when told", _stops_when_told),
)


# --- running it ------------------------------------------------------------------------------------------------------


def _known() -> tuple[KnownModel, ...]:
    return models.threshold_model(), models.additive_model(), models.stepwise_model()


def _case(
    attack_class: AttackClass,
    known: KnownModel,
    objective: Objective,
    *,
    queries: int = QUERIES,
    wants: int | None = None,
    cancelled: Callable[[], bool] = never,
) -> Case[Evasion]:
    space = known.target.space
    prices = amounts(space.cost[space.movable]) if objective == "cost" else ()
    threat = Evasion(objective=objective, attacker=attack_class.attacker, wants=wants, amounts=prices)
    return Case(
        oracle=Oracle(known.target, attack_class.needs, budget=queries * len(known.rows)),
        rows=known.rows,
        background=known.background,
        threat=threat,
        effort=Effort(queries=queries, sweeps=5),
        entropy=11,
        cancelled=cancelled,
    )


def _attempts(attack_class: AttackClass, case: Case[Evasion]) -> Iterator[AdversarialExamples | Bounds]:
    """Run it; one that says that it does not suit the model yields nothing."""
    attack = attack_class()
    if attack.unsuited(case.oracle.target, case.threat):
        return
    try:
        for attempt in attack.run(case, rng=np.random.default_rng(13)):
            _must(
                isinstance(attempt, AdversarialExamples | Bounds),
                f"an attempt must be one of core.case.Attempt, got {attempt!r}",
            )
            yield attempt
    except (NotApplicable, BudgetSpent):
        return  # as the bench does: what was yielded until then stands


def _run(
    attack_class: AttackClass,
    known: KnownModel,
    objective: Objective,
    *,
    queries: int = QUERIES,
    wants: int | None = None,
) -> tuple[Case[Evasion], list[AdversarialExamples]]:
    case = _case(attack_class, known, objective, queries=queries, wants=wants)
    attempts = list(_attempts(attack_class, case))
    return case, [attempt for attempt in attempts if isinstance(attempt, AdversarialExamples)]


def _bounds(attack_class: AttackClass, known: KnownModel, objective: Objective) -> list[Bounds]:
    attempts = _attempts(attack_class, _case(attack_class, known, objective))
    return [attempt for attempt in attempts if isinstance(attempt, Bounds)]


def _last(attack_class: AttackClass, known: KnownModel, objective: Objective) -> AdversarialExamples | None:
    _, attempts = _run(attack_class, known, objective)
    return attempts[-1] if attempts else None


def _sizes(case: Case[Evasion], attempt: AdversarialExamples) -> Floats:
    size = case.space.size(case.rows.x, attempt.x_adv, case.threat.objective)
    return np.where(attempt.found, size, np.inf)
