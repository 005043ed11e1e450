"""Attackers who only ask: what they find on models whose answers are known, and against those who do not try."""

from __future__ import annotations

import numpy as np
import pytest

from sparring.attacks.evasion.cube_search import CubeSearch
from sparring.attacks.evasion.finite_differences import FiniteDifferences
from sparring.attacks.evasion.hand_edit import HandEdit
from sparring.attacks.evasion.hop_skip_jump import HopSkipJump
from sparring.attacks.evasion.random_noise import RandomNoise
from sparring.core.case import Case, Effort
from sparring.core.examples import Examples
from sparring.core.space import Column, TableSpace
from sparring.core.target import Decision, Oracle
from sparring.core.threat import GRANTS, Evasion
from sparring.testing import models
from sparring.testing.models import Formula, KnownModel


def found_by(attack, known, objective, *, queries=300, wants=None, seed=3):
    case = Case(
        oracle=Oracle(known.target, GRANTS[attack.attacker], budget=queries * len(known.rows)),
        rows=known.rows,
        background=known.background,
        threat=Evasion(objective=objective, attacker=attack.attacker, wants=wants),
        effort=Effort(queries=queries),
        entropy=seed,
    )
    *_, last = attack.run(case, rng=np.random.default_rng(0))
    measure = case.space.size_in_columns if objective == "columns" else case.space.size_in_spreads
    return last, np.where(last.found, measure(known.rows.x, last.x_adv), np.inf)


@pytest.fixture(scope="module")
def plane() -> KnownModel:
    """Sixty rows beside a plane in ten numbers without limits: the distance is |score| / sum of |slope| spreads."""
    rng = np.random.default_rng(8)
    slope = rng.normal(size=10)
    spread = rng.uniform(0.5, 5.0, 10)
    space = TableSpace(
        tuple(Column(name=f"c{j}", kind="number", who="anyone", spread=float(spread[j])) for j in range(10))
    )
    target = Formula(lambda x: (x / spread) @ slope[:, None], space=space)
    x, background = rng.normal(size=(60, 10)) * spread, rng.normal(size=(300, 10)) * spread
    return KnownModel(
        "plane",
        target,
        Examples(x, target.predict(x), np.arange(60)),
        Examples(background, target.predict(background), np.arange(300)),
        np.ones(60),
        np.abs(target.raw(x)[:, 0]) / np.abs(slope).sum(),
    )


@pytest.mark.parametrize(
    ("attack", "median", "worst"),
    [(HopSkipJump(), 1.05, 1.6), (CubeSearch(), 1.05, 1.6), (FiniteDifferences(), 1.01, 1.02)],
    ids=lambda value: getattr(value, "id", None),
)
def test_the_nearest_row_beside_a_plane_is_all_but_found(plane, attack, median, worst):
    last, size = found_by(attack, plane, "spread", queries=500)
    ratio = size / plane.spread
    assert last.found.all()
    assert (ratio > 1 - 1e-9).all()
    assert np.median(ratio) < median
    # rows that lie on the plane are hard to come near in proportion
    assert np.quantile(ratio, 0.9) < worst


@pytest.mark.parametrize("attack", [HopSkipJump(), CubeSearch()], ids=lambda attack: attack.id)
def test_trying_beats_not_trying(attack, plane):
    for known, objective in ((plane, "spread"), (models.additive_model(n=60), "spread")):
        _, size = found_by(attack, known, objective)
        _, chance = found_by(RandomNoise(), known, objective)
        wins, losses = (size < chance - 1e-9).sum(), (size > chance + 1e-9).sum()
        assert wins > 3 * losses


@pytest.mark.parametrize("attack", [HandEdit(), HopSkipJump(), CubeSearch()], ids=lambda attack: attack.id)
@pytest.mark.parametrize(
    "make", [models.threshold_model, models.additive_model, models.stepwise_model], ids=lambda make: make.__name__
)
def test_the_fewest_columns_are_found(attack, make):
    known = make(n=60)
    _, size = found_by(attack, known, "columns")
    assert np.array_equal(size, known.columns)


@pytest.mark.parametrize("attack", [HopSkipJump(), CubeSearch()], ids=lambda attack: attack.id)
def test_more_tries_do_not_end_farther_in_the_median(plane, attack):
    medians = [np.median(found_by(attack, plane, "spread", queries=queries)[1]) for queries in (50, 200, 800)]
    assert medians[0] >= medians[1] >= medians[2]
    assert medians[0] > 1.1 * medians[2]


def test_a_person_stops_asking_soon_after_the_first_success():
    known = models.threshold_model()
    last, size = found_by(HandEdit(), known, "columns", queries=50)
    assert (size == 1).all()
    assert (last.queries <= 15).all()


def test_a_person_begins_with_what_accepted_rows_have():
    known = models.threshold_model()
    last, _ = found_by(HandEdit(), known, "columns", queries=10)
    # amount is the only column that tells accepted rows from others
    assert last.found.all()
    assert (last.queries <= 2).all()


def test_somebody_who_wants_yes_is_given_yes_only():
    known = models.threshold_model()
    for attack in (HandEdit(), HopSkipJump(), CubeSearch()):
        last, _ = found_by(attack, known, "columns", wants=1)
        assert np.array_equal(last.found, known.rows.y == 0)
        assert (known.target.predict(last.x_adv)[last.found] == 1).all()


def test_scores_are_followed_to_the_users_own_cut():
    base = models.additive_model(n=40)
    target = Formula(
        base.target.raw, base.target.contents, "linear", decision=Decision.parse("yes >= 0.9", models.CLASSES)
    )
    rows = Examples(base.rows.x, target.predict(base.rows.x), base.rows.ids)
    background = Examples(base.background.x, target.predict(base.background.x), base.background.ids)
    known = KnownModel("cut", target, rows, background, base.columns, base.spread)
    last, _ = found_by(CubeSearch(), known, "spread", wants=1)
    scores = target.scores(last.x_adv)[last.found, 1]
    assert last.found[rows.y == 0].mean() > 0.9
    assert (scores >= 0.9).all()
    assert np.median(scores) < 0.93


def test_three_classes_are_one_class_more():
    centers = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    space = TableSpace(tuple(Column(name=n, kind="number", who="anyone", spread=1.0) for n in "ab"))
    decision = Decision(classes=("low", "right", "up"))

    class Nearest(Formula):
        def scores(self, x):
            e = np.exp(-((x[:, None, :] - centers) ** 2).sum(axis=2))
            return e / e.sum(axis=1, keepdims=True)

    target = Nearest(lambda x: x, space=space, decision=decision)
    rng = np.random.default_rng(2)
    x, background = rng.uniform(-1, 1, (30, 2)), rng.uniform(-2, 6, (200, 2))
    known = KnownModel(
        "three",
        target,
        Examples(x, target.predict(x), np.arange(30)),
        Examples(background, target.predict(background), np.arange(200)),
        np.ones(30),
        2 - x[:, 0],
    )
    for attack in (HopSkipJump(), CubeSearch()):
        case = Case(
            oracle=Oracle(target, GRANTS[attack.attacker], budget=300 * 30),
            rows=known.rows,
            background=known.background,
            threat=Evasion(objective="spread", attacker=attack.attacker, wants=1, n_classes=3),
            effort=Effort(queries=300),
        )
        *_, last = attack.run(case, rng=np.random.default_rng(0))
        assert last.found.all()
        assert (target.predict(last.x_adv) == 1).all()
        size = space.size_in_spreads(x, last.x_adv)
        # right of low where a > 2, and of up where a > b
        assert (size >= known.spread - 1e-9).all()
        assert np.median(size / known.spread) < 1.05


def test_slopes_of_trees_are_refused_with_the_reason():
    known = models.threshold_model()
    threat = Evasion(objective="spread", attacker=FiniteDifferences.attacker)
    assert "zero almost everywhere" in FiniteDifferences().unsuited(known.target, threat)
    assert FiniteDifferences().unsuited(models.additive_model().target, threat) is None


def test_noise_of_a_size_is_found_at_no_larger_one():
    known = models.threshold_model(n=60)
    last, size = found_by(RandomNoise(), known, "spread", queries=500)
    assert (size <= 1.0).sum() == last.found.sum()
    assert last.found[known.spread <= 0.5].all()
    assert not last.found[known.spread > 1.0].any()


def test_without_a_background_rows_are_looked_for_nearby():
    known = models.threshold_model()
    nobody = known.background.take(np.zeros(0, dtype=np.int64))
    alone = KnownModel("alone", known.target, known.rows, nobody, known.columns, known.spread)
    last, size = found_by(HopSkipJump(), alone, "spread")
    assert last.found[known.spread < 1.5].all()
    assert np.median((size - known.spread)[last.found]) < 0.05
