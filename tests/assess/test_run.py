"""Running an attack: access and effort are limited, faults are kept apart, workers change no number."""

import sys
import time
from typing import ClassVar

import numpy as np
import pytest

from assess.toy import Toy
from sparring.assess import run
from sparring.assess.plan import Planned
from sparring.core.case import AdversarialExamples, Bounds, Effort
from sparring.core.examples import Examples
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion
from sparring.errors import NotApplicable, SparringError


class Draws(Attack[Evasion]):
    """Draws a random row for each row and asks once."""

    id: ClassVar = "evasion/draws"
    title: ClassVar = "draws"
    attacker: ClassVar = Attacker.SEES_DECISIONS
    needs: ClassVar = frozenset({Access.LABELS})
    objectives: ClassVar = ("columns",)
    reference: ClassVar = "none"
    passes: int = 2

    def run(self, case, *, rng):
        """Yield one pass after another."""
        streams = case.streams(self.id)
        x_adv, found = case.rows.x.copy(), np.zeros(len(case.rows), dtype=bool)
        for k in range(self.passes):
            draw = np.array([s.uniform(0, 10, case.rows.x.shape[1]) for s in streams]).reshape(case.rows.x.shape)
            hit = (case.oracle.predict(draw) == 1) & ~found
            x_adv, found = np.where(hit[:, None], draw, x_adv), found | hit
            yield AdversarialExamples(x_adv, found, np.full(len(found), k + 1))
        yield Bounds(np.full(len(found), 1.0))


class Faulty(Draws):
    """Raises after the first pass, or before it."""

    id: ClassVar = "evasion/faulty"
    error: str = "ZeroDivisionError"
    first: bool = False

    def run(self, case, *, rng):
        """Raise."""
        if not self.first:
            yield next(iter(super().run(case, rng=rng)))
        known = {"NotApplicable": NotApplicable("not this one"), "SparringError": SparringError("on purpose")}
        raise known.get(self.error, ZeroDivisionError("by zero"))


class Forever(Draws):
    """Never stops by itself."""

    id: ClassVar = "evasion/forever"
    passes: int = 10**9


class Nosy(Draws):
    """Asks for scores, which it is not granted."""

    id: ClassVar = "evasion/nosy"

    def run(self, case, *, rng):
        """Ask."""
        case.oracle.scores(case.rows.x)
        yield from ()


@pytest.fixture(autouse=True, scope="module")
def workers_get_our_classes_by_value():
    """Send the classes of this file as a notebook's would be sent: workers cannot import them."""
    # joblib before 1.6 sends with a copy of its own
    try:
        from joblib.externals import cloudpickle
    except ImportError:
        import cloudpickle
    from joblib.externals.loky import get_reusable_executor

    # all test modules: pydantic keeps a parametrized base class where it was first written down
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ("tests", "assess")]
    for module in ours:
        cloudpickle.register_pickle_by_value(module)
    yield
    for module in ours:
        cloudpickle.unregister_pickle_by_value(module)
    get_reusable_executor().shutdown(wait=True)


def planned(attack, queries=100):
    threat = Evasion(objective="columns", attacker=attack.attacker, wants=1)
    return Planned(f"{attack.id}@columns", attack, threat, Effort(queries=queries))


def rows(n=40):
    x = np.random.default_rng(0).uniform(0, 4, (n, 3))
    return Examples(x, np.zeros(n, dtype=np.int64), np.arange(n) * 3)


def go(attack, *, n=40, queries=100, jobs=1, deadline=None, entropy=5, enough=run.never):
    deadline = time.time() + 60 if deadline is None else deadline
    return run.attack_rows(
        planned(attack, queries),
        Toy(),
        rows(n),
        rows(n),
        entropy=entropy,
        deadline=deadline,
        jobs=jobs,
        enough=enough,
    )


def test_a_trace_holds_the_best_the_bounds_and_the_passes():
    trace = go(Draws())
    assert trace.stopped_by == "effort"
    assert trace.fault is None
    assert trace.asked == 80
    assert [p.queries for p in trace.passes] == [1, 2]
    assert trace.passes[0].found < trace.passes[1].found == trace.examples.found.sum()
    assert (trace.lower == 1).all()
    assert trace.seconds > 0


@pytest.mark.parametrize("jobs", [2, 3])
def test_workers_change_no_number(jobs):
    alone, together = go(Draws()), go(Draws(), jobs=jobs)
    assert np.array_equal(alone.examples.x_adv, together.examples.x_adv)
    assert np.array_equal(alone.examples.found, together.examples.found)
    assert np.array_equal(alone.lower, together.lower)
    assert alone.asked == together.asked
    assert [(p.queries, p.found) for p in alone.passes] == [(p.queries, p.found) for p in together.passes]


def test_more_workers_than_rows_is_fine():
    assert len(go(Draws(), n=2, jobs=5).examples.found) == 2


def test_another_seed_gives_another_result():
    assert not np.array_equal(go(Draws()).examples.x_adv, go(Draws(), entropy=6).examples.x_adv)


def test_no_rows_is_no_crash():
    trace = go(Draws(), n=0)
    assert len(trace.examples.found) == 0
    assert trace.asked == 0
    assert trace.passes[0].queries == 0


def test_effort_is_a_limit_and_what_was_found_stays():
    trace = go(Draws(passes=50), queries=3)
    assert trace.asked == 120
    assert trace.fault is None
    assert len(trace.passes) == 3


@pytest.mark.parametrize(
    ("error", "fault", "not_applicable"),
    [
        ("ZeroDivisionError", "ZeroDivisionError: by zero", False),
        ("SparringError", "on purpose", False),
        ("NotApplicable", "not this one", True),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_fault_is_recorded_and_what_was_found_stays(error, fault, not_applicable, first):
    trace = go(Faulty(error=error, first=first))
    assert (trace.fault, trace.not_applicable) == (fault, not_applicable)
    assert trace.examples.found.any() == (not first)


def test_a_fault_in_one_worker_is_the_fault_of_all():
    trace = go(Faulty(error="NotApplicable", first=True), jobs=2)
    assert trace.fault == "not this one"
    assert trace.not_applicable


def test_asking_beyond_what_is_granted_is_a_fault():
    assert go(Nosy()).fault == "this attacker sees labels, not scores"


def test_the_clock_stops_an_attack_that_does_not_stop():
    began = time.time()
    trace = go(Forever(), queries=10**8, deadline=time.time() + 0.3)
    assert trace.stopped_by == "time"
    assert time.time() - began < 5
    assert trace.examples.found.any()


def test_parts_with_unequally_many_passes_add_up():
    a, b = run.Pass(1.0, 1), run.Pass(2.0, 3)
    summed = run._sum_passes([(a, b), (a,)], [1, 1])
    assert [(p.queries, p.found) for p in summed] == [(1.0, 2), (1.5, 4)]
    assert run._sum_passes([(), ()], [0, 0]) == ()


def test_streams_of_findings_are_apart():
    assert run.stream(1, "a").random() == run.stream(1, "a").random()
    assert run.stream(1, "a").random() != run.stream(1, "b").random()


def test_copying_a_real_row_is_legal_and_takes_the_nearest():
    toy = Toy()
    far, near = [9.0, 9.0, 9.0], [9.0, 4.0, 3.0]
    background = Examples(np.array([far, near, [1.0, 1.0, 1.0]]), np.array([1, 1, 0]), np.arange(3))
    one = Examples(np.array([[1.0, 4.0, 3.0]]), np.array([0]), np.array([0]))
    threat = Evasion(objective="columns", attacker=Attacker.NOBODY, wants=1)
    copies = run.nearest_real_rows(toy, one, background, threat=threat)
    assert copies.found.tolist() == [True]
    assert copies.x_adv.tolist() == [near]
    assert copies.queries.tolist() == [2]


def test_without_a_wanted_row_there_is_nothing_to_copy():
    toy = Toy()
    threat = Evasion(objective="spread", attacker=Attacker.NOBODY, wants=1)
    none = run.nearest_real_rows(toy, rows(3), rows(3), threat=threat)
    assert not none.found.any()
    assert not run.nearest_real_rows(toy, rows(0), rows(3), threat=threat).found.any()


class Tardy(Draws):
    """Proves and finds in one pass that outlasts the clock."""

    id: ClassVar = "evasion/tardy"
    bounds: int = 1

    def run(self, case, *, rng):
        """Wait for the clock, then yield."""
        while not case.cancelled():
            time.sleep(0.01)
        for _ in range(self.bounds):
            yield Bounds(np.full(len(case.rows), 0.5))
        yield AdversarialExamples(case.rows.x + 1, np.ones(len(case.rows), dtype=bool), np.zeros(len(case.rows), int))


def test_rows_that_follow_their_bounds_are_waited_for():
    trace = go(Tardy(), deadline=time.time() + 0.2)
    assert trace.stopped_by == "time"
    assert trace.lower.min() == 0.5
    assert trace.examples.found.all()
    assert not go(Tardy(bounds=3), deadline=time.time() + 0.2).examples.found.any()  # not for ever


def test_an_attack_stops_where_it_has_enough():
    trace = go(Draws(passes=50), enough=lambda attempt: bool(attempt.found.sum() >= 2))
    assert 0 < len(trace.passes) < 50
    assert trace.examples.found.sum() >= 2
