"""The bench on a toy whose weaknesses are known: one column is enough where the sum lies close to the cut."""

import time
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from assess.toy import Toy, number
from sparring.assess import bench, findings, plan
from sparring.core.answers import Answers
from sparring.core.case import AdversarialExamples, Bounds
from sparring.core.document import Assessment, DataRecord, Outcome, TargetRecord
from sparring.core.examples import Examples
from sparring.core.plugin import Attack
from sparring.core.space import TableSpace
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion
from sparring.errors import NotApplicable, PluginError


class Raise(Attack[Evasion]):
    """Raises the first movable columns to their top, one after another."""

    id: ClassVar = "evasion/raise"
    title: ClassVar = "raises columns"
    attacker: ClassVar = Attacker.SEES_DECISIONS
    needs: ClassVar = frozenset({Access.LABELS})
    objectives: ClassVar = ("columns", "spread")
    reference: ClassVar = "none"

    def run(self, case, *, rng):
        """Yield after each column."""
        x_adv, found = case.rows.x.copy(), np.zeros(len(case.rows), dtype=bool)
        for j in np.flatnonzero(case.space.movable):
            x_adv = np.where(found[:, None], x_adv, np.where(np.arange(x_adv.shape[1]) == j, case.space.high[j], x_adv))
            found |= np.isin(case.oracle.predict(x_adv), case.threat.wanted(0))
            yield AdversarialExamples(
                np.where(found[:, None], x_adv, case.rows.x), found, np.full(len(found), int(j) + 1)
            )
        yield Bounds(np.where(found, 0.0, np.inf))


class Noise(Raise):
    """Stands for the baseline."""

    id: ClassVar = "evasion/random-noise"
    attacker: ClassVar = Attacker.NOBODY


class Reads(Raise):
    """Reads the model."""

    id: ClassVar = "evasion/reads"
    attacker: ClassVar = Attacker.INSIDER
    needs: ClassVar = frozenset({Access.PARAMETERS, Access.LABELS})


class Breaks(Raise):
    """Fails at once."""

    id: ClassVar = "evasion/breaks"

    def run(self, case, *, rng):
        """Raise."""
        raise ZeroDivisionError("at once")
        yield


class Refuses(Breaks):
    """Finds out late that it cannot run."""

    id: ClassVar = "evasion/refuses"

    def run(self, case, *, rng):
        """Raise."""
        raise NotApplicable("it needs the moon")
        yield


SHELF = {a.id: a for a in (Raise, Noise, Reads, Breaks, Refuses)}


def subject(toy=None, *, n=120, wants=1, labels=None):
    toy = toy or Toy()
    x = np.random.default_rng(0).uniform(0, 8, (n, len(toy.space)))
    y = toy.predict(x) if labels is None else labels
    return bench.Subject(toy, toy, Examples(x, y, np.arange(n)), None, wants, Answers())


def work(who, *, budget_s=60.0, began=None, at_most=200):
    messages = []
    w = bench.Bench(who, 7, budget_s, 1, time.time() if began is None else began, lambda t, d: messages.append((t, d)))
    w.look()
    w.choose(at_most)
    w.messages = messages
    return w


def planned(w, shelf=SHELF):
    return plan.make(
        shelf,
        w.subject.target,
        wants=w.subject.wants,
        answers=Answers(),
        budget_s=60,
        rows=len(w.attacked),
        speed=w.speed,
    )


def document(w, plans):
    target = TargetRecord(
        name="t", family="linear", source="s", loader="l", sha256=None, classes=("no", "yes"), decision="d"
    )
    data = DataRecord(source="s", rows=1, columns=1, sha256="h")
    return Assessment(
        created="now",
        tool="t",
        complete=False,
        fingerprint="f",
        entropy=7,
        packages={},
        target=target,
        data=data,
        columns=w.subject.codec.space.columns,
        budget_s=60,
        findings=w.pending(plans, "f"),
    )


def run(who, shelf=SHELF, **given):
    w = work(who, **given)
    plans = planned(w, shelf)
    return w, list(w.measure(plans, document(w, plans)))


def test_every_document_on_the_way_is_whole():
    w, documents = run(subject())
    assert len(documents) == 11
    assert [d.complete for d in documents] == [False] * 10 + [True]
    for k, d in enumerate(documents[:-1]):
        assert len(d.findings) == 10
        assert sum(f.reason == bench.PENDING for f in d.findings) == 9 - k
    assert [m[1] for m in w.messages] == sorted(m[1] for m in w.messages)


def test_outcomes_are_told_apart():
    last = run(subject(Toy()), {**SHELF, "evasion/lost": PluginError("it is lost")})[1][-1]
    outcomes = {f.id: (f.outcome, f.reason) for f in last.findings}
    assert outcomes["evasion/raise@columns"] == (Outcome.MEASURED, None)
    assert outcomes["evasion/reads@columns"][0] == Outcome.NOT_APPLICABLE
    assert outcomes["evasion/breaks@columns"] == (Outcome.FAILED, "ZeroDivisionError: at once")
    assert outcomes["evasion/refuses@spread"] == (Outcome.NOT_APPLICABLE, "it needs the moon")
    assert outcomes["evasion/lost@columns"] == (Outcome.FAILED, "it is lost")
    assert (last["evasion/lost@columns"].threat.attacker, last["evasion/lost@columns"].threat.access) == ("unknown", ())
    assert last["evasion/breaks@columns"].threat.attacker == Attacker.SEES_DECISIONS


def test_only_rows_with_a_reason_to_try_are_attacked():
    who = subject()
    w = work(who)
    assert (w.attacked.y == 0).all()
    assert len(w.attacked) == int((who.rows.y == 0).sum())
    both = work(subject(wants=None))
    assert set(both.attacked.y) == {0, 1}
    wrong = who.rows.y.copy()
    wrong[:10] = 1 - wrong[:10]
    assert not set(work(subject(labels=wrong)).attacked.ids) & set(range(10))


def test_a_smaller_plan_attacks_fewer_rows_and_worst_case_rests_on_the_sample():
    w = work(subject(), at_most=20)
    assert 15 <= len(w.attacked) <= 25
    assert set(w.attacked.ids) <= set(w.sample.ids)


def test_worst_case_is_accuracy_without_the_broken_rows():
    w, documents = run(subject(), {"evasion/raise": Raise})
    last = documents[-1]
    finding, worst = last["evasion/raise@columns"], last.worst_case[0]
    assert (worst.objective, worst.size) == ("columns", 3)
    assert worst.accuracy.value == pytest.approx((len(w.sample) - finding.counts.broken) / len(w.sample))
    assert worst.accuracy.n == worst.balanced_accuracy.n == worst.constant_model.n == worst.floor.n == len(w.sample)
    assert worst.by_class["yes"].value == 1
    assert worst.by_class["no"].value == pytest.approx(1 - finding.counts.broken / (w.sample.y == 0).sum())
    assert worst.constant_model.value == max((w.sample.y == c).mean() for c in (0, 1))
    assert worst.floor.value > 0
    assert worst.union == finding.curve
    assert finding.counts.broken > 0
    assert [other.objective for other in last.worst_case] == ["columns", "spread"]


def test_without_a_measured_finding_there_is_no_worst_case():
    assert run(subject(), {"evasion/breaks": Breaks})[1][-1].worst_case == ()


class First(Raise):
    """Breaks what one column can break among even rows, and knows some limits that the other one does not."""

    id: ClassVar = "evasion/first"
    objectives: ClassVar = ("columns",)
    column: ClassVar = 0
    lower: ClassVar = (1.0, 3.0, np.inf, 0.0)

    def run(self, case, *, rng):
        """Yield once."""
        mine, x_adv = case.rows.ids % 2 == self.column, case.rows.x.copy()
        x_adv[mine, self.column] = case.space.high[self.column]
        found = mine & np.isin(case.oracle.predict(x_adv), case.threat.wanted(0))
        x_adv = np.where(found[:, None], x_adv, case.rows.x)
        yield AdversarialExamples(x_adv, found, np.ones(len(found), dtype=np.int64))
        yield Bounds(np.resize(self.lower, len(found)))


class Second(First):
    """Breaks odd rows."""

    id: ClassVar = "evasion/second"
    column: ClassVar = 1
    lower: ClassVar = (2.0, 1.0, 1.0, 0.0)


def test_the_union_is_the_best_of_all_attackers_row_by_row():
    w, documents = run(subject(), {a.id: a for a in (First, Second)})
    last = documents[-1]
    first, second = last["evasion/first@columns"], last["evasion/second@columns"]
    union, n = last.worst_case[0].union, len(w.attacked)
    assert 0 < first.counts.broken < n
    assert 0 < second.counts.broken < n
    assert [round(p.success.value * n) for p in union] == [first.counts.broken + second.counts.broken] * 3
    broken = w.judged["evasion/first@columns"].broken | w.judged["evasion/second@columns"].broken
    lower = np.resize((2.0, 3.0, np.inf, 0.0), n)
    assert [p.proven for p in union] == [int((~broken & (lower > p.size)).sum()) for p in union]
    assert union[0].proven > union[1].proven > union[2].proven > 0


def test_the_worst_case_is_in_every_document_on_the_way():
    documents = run(subject(), {a.id: a for a in (First, Second)})[1]
    first, both = documents[0].worst_case[0], documents[1].worst_case[0]
    assert first.union == documents[0]["evasion/first@columns"].curve
    assert both.accuracy.value < first.accuracy.value
    assert both.floor == first.floor


def test_performance_is_on_all_rows():
    figures = work(subject()).performance()
    assert figures.accuracy.value == figures.balanced_accuracy.value == figures.auc.value == 1
    assert figures.accuracy.n == figures.constant_model.n == 120
    assert {name: e.value for name, e in figures.by_class.items()} == {"no": 1, "yes": 1}

    class Blind(Toy):
        offers = frozenset({Access.LABELS})

    assert work(subject(Blind())).performance().auc is None


def test_noise_and_real_rows_are_the_baselines():
    last = run(subject(), {a.id: a for a in (Raise, Noise)})[1][-1]
    assert [b.measure for b in last["evasion/raise@columns"].baselines] == [
        "random changes of the same size",
        "copying the nearest real row that is decided as wanted",
    ]
    assert len(last["evasion/random-noise@columns"].baselines) == 1


def test_only_those_who_see_no_more_show_what_an_attack_has_missed():
    shelf = {a.id: a for a in (First, Second)}
    w = run(subject(), shelf)[0]
    broken = w.judged["evasion/first@columns"].broken | w.judged["evasion/second@columns"].broken
    copied = np.flatnonzero(~broken)[:1]
    size = np.full(len(broken), 4.0)
    size[copied] = 3.0
    w._baselines["columns"] = findings.Baseline("copying", size)
    for attacker in Attacker:
        known = w._feasible(Evasion(objective="columns", attacker=attacker, wants=1))
        more = np.flatnonzero(broken) if attacker not in (Attacker.NOBODY, Attacker.BY_HAND) else []
        assert np.flatnonzero(known).tolist() == sorted([*copied, *more])


@pytest.mark.parametrize(
    ("attack", "tries", "expected"),
    [(Raise, None, True), (Raise, 5, False), (Raise, 10**6, True), (Reads, None, False)],
)
def test_doubts_about_effort_are_raised_where_a_budget_could_help(attack, tries, expected):
    who = replace(subject(Toy(readable=True)), answers=Answers(tries=tries))
    w = work(who)
    item = next(
        p
        for p in plan.make(
            {attack.id: attack}, who.target, wants=1, answers=who.answers, budget_s=60, rows=9, speed=w.speed
        )
    )
    assert w._more_helps(item) is expected


def test_nobody_to_attack_is_said_with_the_cure():
    toy = Toy(cut=100.0)
    labels = np.arange(120) % 2
    last = run(subject(toy, wants=0, labels=labels), {"evasion/raise": Raise})[1][-1]
    assert "nobody has a reason to try" in last["evasion/raise@columns"].reason
    assert "--attacker-wants" in last["evasion/raise@columns"].reason
    wrong = run(subject(toy, wants=None, labels=np.ones(120, int)), {"evasion/raise": Raise})[1][-1]
    assert "no row is decided correctly" in wrong["evasion/raise@columns"].reason


def test_frozen_tables_are_said():
    toy = Toy(TableSpace((number("a", who="nobody"), number("b", who="us"), number("c", who="nobody"))))
    last = run(subject(toy), {"evasion/raise": Raise})[1][-1]
    assert "lets nobody misstate" in last["evasion/raise@columns"].reason


def test_when_the_budget_is_gone_the_rest_is_skipped():
    last = run(subject(), {"evasion/raise": Raise}, began=time.time() - 100)[1][-1]
    assert last["evasion/raise@columns"].outcome == Outcome.SKIPPED
    assert last["evasion/raise@columns"].reason == bench.OUT_OF_TIME
    assert last.complete


class Slow(Raise):
    """Has nothing to show when the clock ends it."""

    id: ClassVar = "evasion/slow"
    objectives: ClassVar = ("columns",)

    def run(self, case, *, rng):
        """Wait for the end."""
        while not case.cancelled():
            time.sleep(0.01)
        yield from ()


def test_an_attack_that_had_no_time_for_one_pass_is_skipped():
    w = work(subject(), budget_s=0.1)
    plans = planned(w, {"evasion/slow": Slow})
    w.began = time.time()
    *_, last = w.measure(plans, document(w, plans))
    assert last["evasion/slow@columns"].outcome == Outcome.SKIPPED
    assert last["evasion/slow@columns"].reason == bench.OUT_OF_TIME


def test_readers_run_where_the_readable_form_holds():
    last = run(subject(Toy(readable=True)), {"evasion/reads": Reads})[1][-1]
    assert last["evasion/reads@columns"].outcome == Outcome.MEASURED
    lying = run(subject(Toy(readable=True, lies=0.5)), {"evasion/reads": Reads})[1][-1]
    assert lying["evasion/reads@columns"].outcome == Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("done", [1, 2, 3, 5])
def test_an_interrupted_run_goes_on_where_it_stopped(done):
    who, shelf = subject(), {a.id: a for a in (Raise, Noise, First, Second)}
    whole = run(who, shelf)[1][-1]
    first = work(who)
    plans = planned(first, shelf)
    halfway = [d for _, d in zip(range(done), first.measure(plans, document(first, plans)), strict=False)][-1]
    halfway = Assessment.model_validate_json(halfway.model_dump_json())
    second = work(who)
    for finding in halfway.findings:
        if finding.primary is not None:
            judged = first.judged[finding.id]
            second.restore(finding, judged.x_adv[judged.broken], first.attacked.ids[judged.broken])
    resumed = list(second.measure(planned(second, shelf), halfway))[-1]
    assert sum(f.primary is not None for f in halfway.findings) == done
    assert timeless(resumed) == timeless(whole)
    assert any(p.proven for p in whole.worst_case[0].union)


def timeless(assessment):
    findings = tuple(f.model_copy(update={"seconds": 0}) for f in assessment.findings)
    return assessment.model_copy(update={"seconds": 0, "findings": findings})


def test_general_doubts_are_collected():
    unknown = Toy(TableSpace(tuple(number(f"c{j}", who="unknown") for j in range(3))))
    assert [c.code for c in work(subject(unknown)).caveats()] == ["assumed-columns"]
