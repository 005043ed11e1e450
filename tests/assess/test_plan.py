"""The plan: what runs, what does not and why, and how hard."""

from typing import ClassVar

import numpy as np
import pytest

from assess.toy import Toy
from sparring.assess import plan
from sparring.assess.plan import Speed
from sparring.core.answers import Answers
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion
from sparring.errors import PluginError

FAST = Speed(call_s=1e-5, row_s=1e-7)


class Guess(Attack[Evasion]):
    """Tries nothing."""

    id: ClassVar = "evasion/guess"
    title: ClassVar = "tries nothing"
    attacker: ClassVar = Attacker.SEES_DECISIONS
    needs: ClassVar = frozenset({Access.LABELS})
    objectives: ClassVar = ("columns", "spread")
    reference: ClassVar = "none"

    def run(self, case, *, rng):
        """Yield nothing."""
        return iter(())


class Hand(Guess):
    """By hand."""

    id: ClassVar = "evasion/hand"
    attacker: ClassVar = Attacker.BY_HAND
    objectives: ClassVar = ("columns",)


class Reader(Guess):
    """Reads the model."""

    id: ClassVar = "evasion/reader"
    attacker: ClassVar = Attacker.INSIDER
    needs: ClassVar = frozenset({Access.PARAMETERS})


class Greedy(Guess):
    """Needs more than its kind of attacker has."""

    id: ClassVar = "evasion/greedy"
    needs: ClassVar = frozenset({Access.SCORES})


class Picky(Guess):
    """Refuses this target."""

    id: ClassVar = "evasion/picky"

    def unsuited(self, target, threat):
        """Refuse."""
        return "it likes no toys"


SHELF = {a.id: a for a in (Guess, Hand, Reader, Greedy, Picky)}


def make(shelf=SHELF, target=None, **given):
    plain = {"wants": 1, "answers": Answers(), "budget_s": 60.0, "rows": 200, "speed": FAST}
    return {p.id: p for p in plan.make(shelf, target or Toy(), **plain | given)}


def test_what_is_not_offered_has_a_reason_only_where_there_is_one():
    class Shy(Toy):
        offers = frozenset({Access.LABELS})

    class Deaf(Toy):
        offers = frozenset({Access.SCORES})

    assert make(target=Shy(readable=True))["evasion/reader@spread"].reason.endswith("does not offer")
    assert make(target=Deaf())["evasion/guess@spread"].reason.endswith("labels, which this model does not offer")


def test_every_attack_and_objective_is_in_the_plan():
    assert set(make()) == {
        *(f"evasion/{name}@{o}" for name in ("guess", "reader", "greedy", "picky") for o in ("columns", "spread")),
        "evasion/hand@columns",
    }


def test_what_does_not_apply_says_why():
    planned = make()
    assert planned["evasion/guess@columns"].reason is None
    told = "it needs parameters, which this model does not offer: a toy that keeps its parts to itself"
    assert planned["evasion/reader@spread"].reason == told
    assert "an attacker of this kind (sees-decisions) does not have" in planned["evasion/greedy@columns"].reason
    assert planned["evasion/picky@columns"].reason == "it likes no toys"
    assert make(target=Toy(readable=True))["evasion/reader@spread"].reason is None


def test_a_broken_extension_is_a_failed_finding():
    planned = make({"evasion/lost": PluginError("evasion/lost cannot be imported")})
    assert planned["evasion/lost@columns"].failed
    assert planned["evasion/lost@columns"].attack is None


def test_only_keeps_an_attack_or_one_objective():
    assert set(make(only=("evasion/guess",))) == {"evasion/guess@columns", "evasion/guess@spread"}
    assert set(make(only=("evasion/guess@spread",))) == {"evasion/guess@spread"}


def test_the_order_starts_with_what_costs_least_and_tells_most():
    order = [p.threat.attacker for p in make(target=Toy(readable=True)).values()]
    assert order[0] is Attacker.INSIDER


def test_effort_comes_from_the_ladder_and_falls_with_slow_models():
    fast = make()["evasion/guess@columns"].effort.queries
    slow = make(speed=Speed(call_s=0.01, row_s=1e-3))["evasion/guess@columns"].effort.queries
    slowest = make(speed=Speed(call_s=10.0, row_s=1.0))["evasion/guess@columns"].effort.queries
    assert fast == plan.USUAL_QUERIES
    assert make(budget_s=600.0)["evasion/guess@columns"].effort.queries == plan.QUERY_LADDER[-1]
    assert slowest == plan.QUERY_LADDER[0] < slow < fast
    assert slow in plan.QUERY_LADDER


def test_people_try_little_and_the_owner_may_say_how_much():
    assert make()["evasion/hand@columns"].effort.queries == plan.HAND_TRIES
    few = make(answers=Answers(tries=7))
    assert few["evasion/hand@columns"].effort.queries == 7
    assert few["evasion/guess@columns"].effort.queries == 7


def test_readers_sweep_and_the_rest_do_not():
    planned = make(target=Toy(readable=True))
    assert planned["evasion/reader@columns"].effort.sweeps == plan.SWEEPS
    assert planned["evasion/guess@columns"].effort.sweeps == 0


def test_rows_shrink_for_slow_models():
    slow = Speed(call_s=0.01, row_s=1e-3)
    assert plan.how_many_rows(FAST, budget_s=60, answers=Answers()) == plan.ROW_LADDER[-1]
    assert plan.how_many_rows(Speed(call_s=1.0, row_s=1.0), budget_s=60, answers=Answers()) == plan.ROW_LADDER[0]
    assert plan.how_many_rows(slow, budget_s=60, answers=Answers()) == 50
    assert plan.how_many_rows(slow, budget_s=60, answers=Answers(tries=5)) == plan.ROW_LADDER[-1]


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_a_sample_holds_about_as_many_rows_as_asked(share):
    eligible = np.random.default_rng(0).random(5000) < share
    attacked, sample = plan.choose_rows(eligible, at_most=100, entropy=3)
    assert eligible[attacked].all()
    assert set(attacked) <= set(sample)
    assert 70 <= len(attacked) <= 130
    again = plan.choose_rows(eligible, at_most=100, entropy=3)
    assert np.array_equal(attacked, again[0])
    assert not np.array_equal(attacked, plan.choose_rows(eligible, at_most=100, entropy=4)[0])


def test_few_rows_are_all_taken():
    attacked, sample = plan.choose_rows(np.array([True, False, True]), at_most=100, entropy=0)
    assert attacked.tolist() == [0, 2]
    assert sample.tolist() == [0, 1, 2]
    assert plan.choose_rows(np.zeros(3, bool), at_most=100, entropy=0)[0].tolist() == []
    assert plan.choose_rows(np.zeros(0, bool), at_most=100, entropy=0)[1].tolist() == []


def test_speed_is_measured_on_the_model_itself():
    toy = Toy()
    speed = plan.measure_speed(toy, np.ones((5, 3)))
    assert 0 < speed.call_s < 1
    assert 0 < speed.row_s < speed.call_s
    assert toy.asked > 1024


def test_a_slow_model_is_not_asked_for_long():
    class Slow(Toy):
        def predict(self, x):
            import time

            time.sleep(0.05)
            return super().predict(x)

    slow = Slow()
    plan.measure_speed(slow, np.ones((5, 3)), patience_s=0.1)
    assert slow.asked < 1024
