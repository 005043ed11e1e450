"""Planted weaknesses: they are there, good searches find them, and bad ones are told apart."""

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier

import sparring
import sparring.report
from assess.test_metered import MeteredToy
from assess.toy import Toy, number, table
from sparring.assess import planted
from sparring.assess.ground import Movement, ground_of
from sparring.assess.plan import Planned
from sparring.core.case import AdversarialExamples, Bounds, Effort
from sparring.core.examples import Examples
from sparring.core.plugin import Attack
from sparring.core.riding import RidingCodec, rider_column
from sparring.core.shift import FALL, NEAR, RISE, Shift
from sparring.core.space import TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision
from sparring.core.threat import Attacker, Evasion
from sparring.errors import SparringError

X = np.random.default_rng(0).uniform(2, 8, (60, 3))
BUDGET = {"budget_s": 100.0, "end": float("inf")}


class Seeks(Attack[Evasion]):
    """Climbs or falls as far as it may, in the first `share` of the rows."""

    id: ClassVar = "evasion/seeks"
    title: ClassVar = "seeks"
    attacker: ClassVar = Attacker.SEES_DECISIONS
    needs: ClassVar = frozenset({Access.LABELS})
    objectives: ClassVar = ("columns", "spread", "cost")
    reference: ClassVar = "none"
    share: float = 1.0
    bound: float = 0.0
    waits: bool = False
    fails: bool = False

    def run(self, case, *, rng):
        """Propose one row for each."""
        if self.fails:
            raise SparringError("on purpose")
        n = len(case.rows)
        found = np.arange(n) < self.share * n
        far = case.rows.x + np.where(case.rows.y == 1, -1.0, 1.0)[:, None]
        far = np.where(
            case.space.movable, far if case.threat.objective == "spread" else 10 * np.sign(far - case.rows.x), far
        )
        far = case.space.project(case.rows.x, far)
        if self.bound:
            yield Bounds(np.full(n, self.bound))
        while self.waits and not case.cancelled():
            time.sleep(0.01)
        yield AdversarialExamples(np.where(found[:, None], far, case.rows.x), found, np.ones(n, dtype=np.int64))


class Idle(Seeks):
    """Somebody who does not search."""

    id: ClassVar = "evasion/idle"
    attacker: ClassVar = Attacker.NOBODY


def planter(target=None, *, x=X, entropy=3):
    target = target or Toy()
    rows = Examples(x, target.predict(x), np.arange(len(x)) * 2)
    return planted.Planter(target, target, rows, rows, entropy)


def item(attack, objective="columns", **threat):
    given = Evasion(objective=objective, attacker=attack.attacker, **threat)
    return Planned(f"{attack.id}@{objective}", attack, given, Effort(queries=50))


def codes(caveats):
    return [caveat.code for caveat in caveats]


@pytest.mark.parametrize("objective", ["columns", "spread", "cost"])
def test_what_was_planted_is_there_and_nothing_else_has_turned(objective):
    target = Toy(TableSpace(tuple(number(f"c{j}", cost=10.0 * (j + 1)) for j in range(3))))
    work = planter(target)
    threat = Evasion(objective=objective, attacker=Attacker.INSIDER, amounts=(30.0, 60.0), money="EUR")
    plot = work._plot(threat)
    assert len(plot.rows) == planted.ROWS
    asked = plot.ground.target
    assert np.array_equal(asked.predict(plot.rows.x), plot.rows.y)
    assert np.array_equal(asked.decision.apply(asked.scores(plot.rows.x)), plot.rows.y)
    assert (plot.size > 0).all()
    assert (plot.size <= threat.headline + 1e-9).all()
    # as far as the limits go within the planted size, the sum turns: what was planted is legal and works
    for x, y, size in zip(plot.rows.x, plot.rows.y, plot.size, strict=True):
        far = np.where(y == 1, 0.0, 10.0) if objective != "spread" else x[:3] + np.where(y == 1, -size, size)
        edge = np.append(np.clip(np.broadcast_to(far, 3), 0, 10), x[3])
        assert asked.predict(edge[None])[0] != y


def test_a_search_that_works_is_not_doubted():
    for objective in ("columns", "spread"):
        estimate, found = planter().tested(item(Seeks(), objective), **BUDGET)
        assert estimate.value == 1.0
        assert estimate.n == planted.ROWS
        assert found == ()


def test_a_search_that_misses_is_doubted():
    estimate, found = planter().tested(item(Seeks(share=0.5)), **BUDGET)
    assert estimate.value == 13 / 25
    assert codes(found) == ["misses-planted-weakness"]
    assert "Of 25 rows in which a weakness was planted it found one in 13" in found[0].text
    # one row in 25 may be chance
    assert codes(planter().tested(item(Seeks(share=0.95)), **BUDGET)[1]) == []


def test_a_bound_above_what_was_planted_is_doubted():
    _, found = planter().tested(item(Seeks(bound=99.0)), **BUDGET)
    assert codes(found) == ["bound-refuted"]
    assert "of 25 of 25 rows" in found[0].text
    assert codes(planter().tested(item(Seeks(bound=1.0)), **BUDGET)[1]) == []


def test_the_clock_may_end_it_and_then_it_says_so():
    estimate, found = planter().tested(item(Seeks(share=0.1, waits=True)), budget_s=5.0, end=float("inf"))
    assert estimate.value is None
    assert estimate.method == planted.UNTIMELY
    assert found == ()
    assert planter().tested(item(Seeks(waits=True)), budget_s=5.0, end=float("inf"))[0].value == 1.0  # all in hand


def test_the_same_seed_plants_the_same():
    first, second, other = (planter(entropy=e)._plot(item(Seeks()).threat) for e in (3, 3, 4))
    assert np.array_equal(first.rows.x, second.rows.x)
    assert not np.array_equal(first.rows.x, other.rows.x)


class Three(Toy):
    """Three classes."""

    decision = Decision(classes=("a", "b", "c"))


class Blind(Toy):
    """No scores."""

    offers = frozenset({Access.LABELS})


class Level(Toy):
    """Scores that no edit changes."""

    def scores(self, x):
        """Return one probability for all."""
        return np.full((len(x), 2), 0.5)


@dataclass
class Broken(Toy):
    """Scores that cannot be had."""

    def scores(self, x):
        """Raise."""
        raise SparringError("no scores today")


@pytest.mark.parametrize(
    "target", [Three(), Blind(), Level(), Broken(), MeteredToy(), Toy(table(who="nobody"))], ids=str
)
def test_where_nothing_can_be_planted_nothing_is_said(target):
    assert planter(target).tested(item(Seeks()), **BUDGET) == (None, ())


def test_who_does_not_search_or_cannot_is_not_tested():
    assert planter().tested(item(Idle()), **BUDGET) == (None, ())
    assert (
        planter().tested(item(Seeks(fails=True)), **BUDGET)[0].value == 0.0
    )  # an attack that only fails finds nothing


def test_edits_without_real_rows_to_copy_from_change_nothing():
    given = item(Seeks()).threat
    drawn = planted.edits(table(), X[0], np.empty((0, 3)), given, rng=np.random.default_rng(0))
    assert (drawn == X[0]).all()
    assert not planted.legal(table(), X[0], drawn, given).any()


class Numbers:
    """A model that predicts the sum."""

    decision = Shift.of_size(2.0)
    offers = frozenset({Access.LABELS, Access.SCORES})
    family = "other"

    def __init__(self):
        self.space = TableSpace((*table().columns, rider_column()))

    def values(self, x):
        """Return the sum."""
        return x[:, :-1].sum(axis=1)

    def predict(self, x):
        """Say how it moved."""
        return self.decision.between(x[:, -1], self.values(x))


@pytest.mark.parametrize("wants", [None, RISE, FALL])
@pytest.mark.parametrize("objective", ["columns", "spread"])
def test_predictions_of_numbers_turn_where_they_were_told_to(wants, objective):
    target = Numbers()
    x = np.column_stack([X, X.sum(axis=1)])
    rows = Examples(x, np.full(len(x), NEAR), np.arange(len(x)))
    codec = RidingCodec(Toy())
    assert isinstance(ground_of(target, codec), Movement)
    work = planted.Planter(target, codec, rows, rows, 1)
    threat = Evasion(objective=objective, attacker=Attacker.INSIDER, wants=wants, n_classes=3)
    plot = work._plot(threat)
    assert (target.predict(plot.rows.x) == NEAR).all()
    begins = plot.rows.x[:, -1]
    now = plot.rows.x[:, :-1].sum(axis=1)
    to_rise, to_fall = begins + 2.0 - now, now - (begins - 2.0)
    assert np.allclose(to_rise + to_fall, 4.0)
    least = {RISE: to_rise, FALL: to_fall, None: np.minimum(to_rise, to_fall)}[wants]
    assert (least > 0).all()
    assert (least < 4.0).all()  # farther, and the row itself would count as moved the other way


FRAME = pd.DataFrame(np.random.default_rng(1).normal(size=(400, 4)), columns=list("abcd"))
Y = (FRAME["a"] + FRAME["b"] * FRAME["c"] > 0).map({True: "yes", False: "no"})
AMOUNT = 3 * FRAME["a"] + FRAME["b"] * FRAME["c"]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (GradientBoostingClassifier(n_estimators=30, random_state=0), {}),
        (
            GradientBoostingClassifier(n_estimators=30, random_state=0),
            {"decision": "no >= 0.3", "attacker_wants": "yes"},
        ),
        (LogisticRegression(), {}),
        (GradientBoostingRegressor(n_estimators=30, random_state=0), {"shift": 2.0}),
        (Ridge(), {"shift": 2.0, "direction": "up"}),
    ],
    ids=lambda value: (
        getattr(value, "__class__", type(value)).__name__ if not isinstance(value, dict) else "-".join(value)
    ),
)
def test_our_searches_find_what_is_planted_in_a_user_s_model(model, options, monkeypatch):
    monkeypatch.setattr(planted, "SHARE", 1.0)  # whatever else this machine does
    y = AMOUNT if "shift" in options else Y
    model.fit(FRAME[:200], y[:200])
    read = "evasion/linear-exact" if isinstance(model, LogisticRegression | Ridge) else "evasion/tree-search"
    others = ("evasion/random-noise", "evasion/hand-edit", "evasion/transfer")
    searches = (read, "evasion/hop-skip-jump", "evasion/cube-search")
    result = sparring.assess(model, FRAME[200:], y[200:], rng=0, only=[*searches, *others], **options)
    found = {f.id: f.planted for f in result.assessment.findings if f.planted is not None}
    for name in searches:
        for objective in ("columns", "spread"):
            assert found[f"{name}@{objective}"].value == 1.0, name
            assert found[f"{name}@{objective}"].n >= 20
    assert not any(name.startswith(others) for name in found)
    page = " ".join(sparring.report.render(result.assessment, format="markdown").split())
    assert "Weaknesses planted to see whether a search finds them" in page
    assert "found 25 of 25" in page


def test_a_search_that_cannot_feel_its_way_is_doubted_in_the_report(monkeypatch):
    monkeypatch.setattr(planted, "SHARE", 1.0)
    model = KNeighborsClassifier().fit(FRAME[:200], Y[:200])
    result = sparring.assess(model, FRAME[200:], Y[200:], rng=0, only="evasion/finite-differences")
    finding = result["evasion/finite-differences@spread"]
    assert finding.planted.value < 0.5
    assert "misses-planted-weakness" in codes(finding.caveats)
    assert "missed weaknesses that were planted" in sparring.report.render(result.assessment, format="markdown")
