"""Money: the cheapest columns to misstate, against enumeration."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.attacks.evasion._cover import cheapest_cover
from sparring.attacks.evasion.cube_search import CubeSearch
from sparring.attacks.evasion.hand_edit import HandEdit
from sparring.attacks.evasion.hop_skip_jump import HopSkipJump
from sparring.attacks.evasion.linear_exact import LinearExact
from sparring.attacks.evasion.random_noise import RandomNoise
from sparring.attacks.evasion.tree_search import TreeSearch
from sparring.core.case import AdversarialExamples, Bounds, Case, Effort
from sparring.core.target import Oracle
from sparring.core.threat import Evasion, amounts, headline_of
from sparring.testing import models

PRICES = st.sampled_from([0.0, 1.0, 2.5, 10.0, 40.0])
GAINS = st.sampled_from([0.0, 0.5, 1.0, 1.75, 3.0])


@given(st.lists(st.tuples(GAINS, PRICES), min_size=1, max_size=7), st.sampled_from([0.0, 0.6, 1.9, 4.1, 30.0]))
def test_the_cheapest_cover_is_that_of_all_subsets(columns, short):
    gain, price = (np.array(part) for part in zip(*columns, strict=True))
    sets = [list(s) for k in range(1, len(gain) + 1) for s in combinations(range(len(gain)), k)]
    enough = [price[s].sum() for s in sets if gain[s].sum() > short]
    chosen, least = cheapest_cover(gain, price, short)
    if not enough:
        assert chosen is None
        assert least == np.inf
    else:
        assert gain[chosen].sum() > short
        assert price[chosen].sum() == min(enough)
        assert least == pytest.approx(min(enough), rel=1e-9)
        assert least <= min(enough)


def test_where_branches_run_out_the_bound_is_that_of_columns_bought_in_parts(monkeypatch):
    monkeypatch.setattr("sparring.attacks.evasion._cover.MOST_NODES", 1)
    chosen, least = cheapest_cover(np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.0, 1.0]), 3.0)
    assert chosen.all()
    assert least == pytest.approx(1.5)


def test_amounts_are_round_and_reach_from_one_column_to_all():
    for costs in ([40.0, 150.0, 500.0], [0.3] * 12, [7.0], [1.0, 0.0, 12_345.0], [1e-3, 1e6]):
        found = amounts(costs)
        paid = [c for c in costs if c]
        assert 1 <= len(found) <= 5
        assert found == tuple(sorted(found))
        assert found[-1] >= sum(costs)
        assert min(paid) <= found[0]
        assert all(float(f"{a:.0e}") == a and f"{a:e}"[0] in "125" for a in found)
    assert amounts([]) == amounts([0.0]) == ()
    assert headline_of("cost", (50.0, 100.0, 200.0, 500.0, 1000.0)) == 200.0


def last(attack, known, *, queries=400):
    space = known.target.space
    threat = Evasion(
        objective="cost", attacker=attack.attacker, amounts=amounts(space.cost[space.movable]), money="EUR"
    )
    case = Case(
        oracle=Oracle(known.target, attack.needs, budget=queries * len(known.rows)),
        rows=known.rows,
        background=known.background,
        threat=threat,
        effort=Effort(queries=queries, sweeps=5),
        entropy=3,
    )
    attempts = list(attack.run(case, rng=np.random.default_rng(0)))
    rows = [a for a in attempts if isinstance(a, AdversarialExamples)][-1]
    bound = np.max([np.zeros(len(known.rows))] + [a.lower for a in attempts if isinstance(a, Bounds)], axis=0)
    return np.where(rows.found, space.size_in_cost(known.rows.x, rows.x_adv), np.inf), bound


@pytest.mark.parametrize("make", [models.threshold_model, models.stepwise_model])
def test_trees_are_searched_for_the_least_money_and_it_is_proven(make):
    known = make(n=40)
    size, bound = last(TreeSearch(), known)
    assert np.array_equal(size, known.cost)
    assert (bound <= known.cost).all()
    # one and two columns are enumerated, and nothing here needs three
    assert (bound >= np.minimum(known.cost, 35.0)).all()


def test_linear_models_are_solved_for_the_least_money():
    known = models.additive_model(n=60)
    size, bound = last(LinearExact(), known)
    assert np.array_equal(size, known.cost)
    assert bound == pytest.approx(known.cost, rel=1e-9)


@pytest.mark.parametrize(("attack", "share"), [(HandEdit(), 0.8), (HopSkipJump(), 0.9), (CubeSearch(), 0.9)])
@pytest.mark.parametrize("make", [models.threshold_model, models.additive_model, models.stepwise_model])
def test_those_who_only_ask_come_near_the_least_money(attack, share, make):
    known = make(n=40)
    size, _ = last(attack, known)
    there = np.isfinite(known.cost)
    assert (size >= known.cost).all()
    assert np.mean(size[there] <= known.cost[there]) >= share


def test_random_changes_cost_no_more_than_the_amount():
    known = models.threshold_model(n=40)
    size, _ = last(RandomNoise(), known)
    assert amounts(models.PRICES)[-1] == 200.0
    assert size[np.isfinite(size)].max() <= models.PRICES.sum()
    assert size.min() == 20.0
