"""A target whose rows are counted: asked sparingly, stopped at its cap or when it answers no more, and recorded."""

from dataclasses import dataclass

import numpy as np
import pytest

from assess.test_bench import Noise, Raise, document, planned, subject, work
from assess.toy import Toy
from sparring.assess import plan, sanity
from sparring.core.document import EndpointRecord, Outcome
from sparring.core.metered import Metered
from sparring.core.spec import Access
from sparring.core.target import Oracle
from sparring.errors import BudgetSpent, ModelStopped

SHELF = {a.id: a for a in (Raise, Noise)}


@dataclass
class MeteredToy(Toy):
    """Counts every row, up to `cap`; after `breaks_at` rows it answers no more. Asked anew, it contradicts `wavers`."""

    cap: int = 10_000
    breaks_at: int = 10_000
    wavers: bool = False
    sent: int = 0
    stopped: ModelStopped | None = None
    seconds_per_call: float = 0.5
    rows_per_call: int = 100

    @property
    def room(self):
        """What is left."""
        return self.cap - self.sent

    @property
    def record(self):
        """The rows so far."""
        return EndpointRecord(
            url="u", authorized_by="A. Owner", mapping="m", max_queries=self.cap, rps=1.0, rows=self.sent
        )

    def predict(self, x):
        """Answer what fits."""
        if self.sent + len(x) > self.breaks_at:
            self.stopped = ModelStopped("the line is broken")
            raise self.stopped
        fits = x[: self.room]
        self.sent += len(fits)
        answers = super().predict(fits)
        if len(fits) < len(x):
            raise BudgetSpent("no more rows may be sent", answers)
        return answers

    def again(self, x):
        """Ask anew."""
        answers = self.predict(x)
        return 1 - answers if self.wavers else answers

    confirm = predict


def measured(toy, **given):
    w = work(subject(toy), **given)
    plans = planned(w, SHELF)
    return w, list(w.measure(plans, document(w, plans)))


def test_the_rows_that_were_sent_are_recorded_and_nobody_tries_at_random_more_than_once():
    toy = MeteredToy()
    assert isinstance(toy, Metered)
    w, documents = measured(toy)
    assert documents[-1].complete
    assert documents[-1].target.endpoint.rows == toy.sent
    assert {f.outcome for f in documents[-1].findings} == {Outcome.MEASURED}
    noise = [p for p in planned(w, SHELF) if p.id.startswith(Noise.id)]
    assert {p.effort.queries for p in noise} == {len(p.threat.sizes) for p in noise}


def test_its_speed_is_that_of_its_requests_so_far():
    toy = MeteredToy(seconds_per_call=2.0, rows_per_call=10)
    assert plan.measure_speed(toy, np.zeros((5, 3))) == plan.Speed(2.0, 0.2)
    assert toy.sent == 0


def test_where_the_cap_leaves_no_room_for_one_row_each_nothing_is_tried():
    toy = MeteredToy()
    w = work(subject(toy))
    plans = planned(w, SHELF)
    toy.cap = toy.sent + 3
    *_, last = w.measure(plans, document(w, plans))
    assert {f.outcome for f in last.findings} == {Outcome.SKIPPED}
    assert all("3" in f.reason or str(toy.cap) in f.reason for f in last.findings)


@pytest.mark.parametrize("more", [5, 150])  # in its first pass; after it, so that there are rows but none is judged
def test_a_cap_reached_on_the_way_ends_a_finding_and_says_so(more):
    toy = MeteredToy()
    w = work(subject(toy))
    plans = [p for p in planned(w, SHELF) if p.id == "evasion/raise@columns"]
    w._baselines_for("columns")
    toy.cap = toy.sent + len(w.attacked) + more
    *_, last = w.measure(plans, document(w, plans))
    finding = last["evasion/raise@columns"]
    assert (finding.outcome, finding.reason) == (Outcome.FAILED, "no more rows may be sent")
    assert toy.room == 0


def test_a_broken_line_leaves_the_document_open_and_the_same_call_goes_on():
    toy = MeteredToy()
    w = work(subject(toy))
    plans = planned(w, SHELF)
    for objective in ("columns", "spread"):
        w._baselines_for(objective)
    toy.breaks_at = toy.sent + len(w.attacked) + 5
    documents = list(w.measure(plans, document(w, plans)))
    assert not documents[-1].complete
    assert "interrupt" in {f.stopped_by for f in documents[-1].findings}
    toy.stopped, toy.breaks_at = None, 10_000
    assert list(w.measure(plans, documents[-1]))[-1].complete


def test_without_answers_copying_is_no_baseline_and_that_is_no_fault():
    toy = MeteredToy()
    w = work(subject(toy))
    toy.cap = toy.sent
    assert w._baselines_for("columns") == []


@pytest.mark.parametrize("wavers", [False, True])
def test_few_rows_are_asked_anew(wavers):
    toy = MeteredToy(wavers=wavers)
    found = sanity.stochastic(toy, np.random.default_rng(0).uniform(0, 8, (400, 3)))
    assert [c.code for c in found] == (["stochastic-model"] if wavers else [])
    assert toy.sent == 80


@pytest.mark.parametrize("served", [np.array([1, 0]), None])
def test_rows_that_the_target_served_before_its_cap_count_as_asked(served):
    class Capped(Toy):
        def predict(self, x):
            raise BudgetSpent("no more rows may be sent", served)

    oracle = Oracle(Capped(), frozenset({Access.LABELS}))
    with pytest.raises(BudgetSpent):
        oracle.predict(np.zeros((5, 3)))
    assert oracle.asked == (0 if served is None else 2)
