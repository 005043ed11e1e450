"""Examples, parameters, cases, threats and documents."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sparring.core.case import Case, Effort, never
from sparring.core.document import Assessment, DataRecord, Estimate, Finding, Outcome, TargetRecord, ThreatRecord
from sparring.core.document import Effort as EffortAgain
from sparring.core.examples import Examples
from sparring.core.parameters import LinearModel, TreeEnsemble
from sparring.core.plugin import Attack
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision, Oracle
from sparring.core.threat import GRANTS, Attacker, Evasion


def examples(n=4):
    return Examples(np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 2, np.arange(n) * 10)


def test_examples_are_taken_by_index_mask_and_slice():
    e = examples()
    assert len(e) == 4
    assert e.take(np.array([2, 0])).ids.tolist() == [20, 0]
    assert e.take(np.array([True, False, False, True])).y.tolist() == [0, 1]
    assert e.take(slice(1, 2)).x.tolist() == [[2, 3]]


def test_parts_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="must be equally long, got 1, 2, 1"):
        Examples(np.zeros((1, 1)), np.zeros(2, int), np.zeros(1, int))


@given(st.integers(0, 3), st.integers(0, 1))
def test_the_hash_sees_every_entry(i, j):
    other = examples()
    other.x[i, j] += 1e-9
    assert other.sha256 != examples().sha256
    assert examples().sha256 == Examples(examples().x.copy(order="F"), examples().y, examples().ids).sha256


def test_an_additive_model_adds_numbers_codes_and_blanks():
    model = LinearModel(
        intercept=np.array([1.0]),
        slope=np.array([[2.0], [0.0]]),
        missing=np.array([[-5.0], [7.0]]),
        link="logistic",
        codes={1: np.array([[10.0], [20.0], [0.0]])},
    )
    x = np.array([[3.0, 0], [3, 1], [3, 2], [3, 9], [np.nan, 0], [3, np.nan]])
    assert model.raw(x)[:, 0].tolist() == [17, 27, 7, 7, 6, 14]
    assert model.n_outputs == 1


def test_a_blank_that_the_model_refuses_is_no_number():
    model = LinearModel(np.zeros(1), np.ones((1, 1)), np.full((1, 1), np.nan), "logistic")
    assert np.isnan(model.raw(np.array([[np.nan]]))[0, 0])


def stump(**given_):
    plain = {
        "column": np.array([0, -1, -1], np.int32),
        "threshold": np.array([1.0, 0, 0]),
        "missing_left": np.array([True, False, False]),
        "left": np.array([1, -1, -1], np.int32),
        "right": np.array([2, -1, -1], np.int32),
        "value": np.array([[0.0], [-1], [1]]),
        "roots": np.array([0], np.int32),
        "output": np.array([0], np.int32),
        "intercept": np.zeros(1),
        "link": "logistic",
        "n_columns": 1,
        "dtype": "float64",
        "table": np.full(3, -1, np.int32),
    }
    return TreeEnsemble(**plain | given_)


def test_an_ensemble_knows_its_size():
    assert (stump().n_trees, stump().n_outputs, stump().vector_leaves) == (1, 1, False)
    assert stump(value=np.zeros((3, 2)), intercept=np.zeros(2)).vector_leaves


def case(**given_):
    class Nothing:
        space = TableSpace((Column(name="a", kind="number", spread=1),))
        decision = Decision(classes=("a", "b"))
        offers = frozenset()

    threat = Evasion(objective="columns", attacker=Attacker.NOBODY)
    oracle = Oracle(Nothing(), frozenset())
    return Case(oracle=oracle, rows=examples(), background=examples(), threat=threat, **given_)


def test_a_row_has_its_own_stream():
    first = [s.random() for s in case(entropy=1).streams("x")]
    assert len(set(first)) == 4
    assert first == [s.random() for s in case(entropy=1).streams("x")]
    assert first != [s.random() for s in case(entropy=2).streams("x")]
    assert first != [s.random() for s in case(entropy=1).streams("y")]
    assert case().space.names == ("a",)
    assert case().effort == Effort() == EffortAgain()
    assert never() is False


def test_who_wants_what():
    any_other = Evasion(objective="spread", attacker=Attacker.INSIDER, n_classes=3)
    assert any_other.wanted(1) == (0, 2)
    assert Evasion(objective="columns", attacker=Attacker.INSIDER, wants=2, n_classes=3).wanted(0) == (2,)
    assert any_other.sizes == (0.05, 0.1, 0.25, 0.5, 1.0)
    assert Evasion(objective="columns", attacker=Attacker.INSIDER).sizes == (1, 2, 3)


def test_insiders_see_most_and_nobody_least():
    assert GRANTS[Attacker.NOBODY] < GRANTS[Attacker.SEES_DECISIONS] < GRANTS[Attacker.SEES_SCORES]
    assert GRANTS[Attacker.SEES_SCORES] < GRANTS[Attacker.INSIDER]
    assert Access.PARAMETERS in GRANTS[Attacker.INSIDER]


def document(**given_):
    threat = ThreatRecord(goal="g", attacker="a", access=(), objective="columns", wants=None)
    finding = Finding(id="evasion/x@columns", fingerprint="f", threat=threat, outcome=Outcome.SKIPPED, reason="r")
    plain = {
        "created": "2026-01-01T00:00:00+00:00",
        "tool": "sparring 0",
        "complete": True,
        "fingerprint": "f",
        "entropy": 1,
        "packages": {},
        "target": TargetRecord(
            name="n", family="trees", source="s", loader="l", sha256=None, classes=("a", "b"), decision="d"
        ),
        "data": DataRecord(source="s", rows=1, columns=1, sha256="h"),
        "columns": (Column(name="a", kind="category", categories=("x", 1, True, 2.5)),),
        "budget_s": 60.0,
        "findings": (finding,),
    }
    return Assessment(**plain | given_)


def test_a_document_survives_json():
    first = document()
    again = Assessment.model_validate_json(first.model_dump_json())
    assert again == first
    assert again.columns[0].categories == ("x", 1, True, 2.5)
    assert [type(c) for c in again.columns[0].categories] == [str, int, bool, float]


def test_a_finding_is_found_by_its_id():
    assert document()["evasion/x@columns"].reason == "r"
    with pytest.raises(KeyError, match="no finding 'y'; there are evasion/x@columns"):
        document()["y"]


def test_no_number_that_is_none_enters_a_document():
    with pytest.raises(ValidationError):
        Estimate(value=float("nan"), n=1, method="m")
    with pytest.raises(ValidationError):
        Estimate(value=float("inf"), n=1, method="m")
    with pytest.raises(ValidationError):
        Estimate(value=0.5, n=1, method="m", surprise=1)


def test_an_attack_suits_every_target_unless_it_says_otherwise():
    class Any(Attack[Evasion]):
        def run(self, case, *, rng):
            yield from ()

    assert Any().unsuited(None, None) is None
