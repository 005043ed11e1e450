"""The clock starts when everything is compiled, and only what the plan needs is compiled."""

import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import sparring
from sparring.assess import plan, warm
from sparring.assess.job import _shelf
from sparring.core.document import Outcome
from sparring.kernels import warm as kernels

X = np.arange(60.0)[:, None] % 20
Y = np.where(X[:, 0] > 8, "yes", "no")
THREE = np.select([X[:, 0] > 12, X[:, 0] > 6], ["c", "b"], "a")


def loops(model, y=Y, *, wants=None, only=()):
    from sparring.assess.subject import subject_of
    from sparring.assess.system import System

    subject, _ = subject_of(
        model.fit(X, y),
        X,
        y,
        train=None,
        known=System(),
        decision=None,
        wants=wants,
        classes=None,
        record=None,
    )
    chosen = plan.chosen_from(_shelf(), subject.target, wants=subject.wants, answers=subject.answers, only=only)
    return set(warm.loops_of(subject.target, chosen))


def test_only_what_the_plan_needs_is_compiled():
    tree, every = DecisionTreeClassifier(max_depth=3), {"scores", "spread", "columns", "proof", "columns proof"}
    assert loops(tree) == every
    assert loops(tree, only=("evasion/tree-proof",)) == every
    assert loops(tree, only=("evasion/tree-search@spread",)) == {"scores", "spread"}
    assert loops(tree, only=("evasion/hand-edit",)) == {"scores"}
    assert loops(tree, THREE) == every
    assert loops(tree, THREE, wants="b") == {*every, "entries"}
    # a copy of any model is one of trees
    assert loops(LogisticRegression()) == {"scores", "spread", "columns"}
    assert loops(LogisticRegression(), only=("evasion/hand-edit",)) == set()


def go(model, **given):
    told = []
    only = "evasion/random-noise@columns"
    plain = {"rng": 0, "only": only, "budget": 1, "progress": lambda text, done: told.append(text)}
    return sparring.assess(model.fit(X, Y), X, Y, **plain | given).assessment, told


def test_a_compiler_that_takes_longer_than_the_budget_costs_no_measurement(monkeypatch):
    real = warm.warm_up

    def slow(*given, **options):
        began = time.time()
        real(*given, **options)  # what is measured below must not have to compile
        time.sleep(4.5)
        return time.time() - began

    monkeypatch.setattr(warm, "warm_up", slow)
    document, _ = go(DecisionTreeClassifier(max_depth=3), budget=4)
    assert [f.outcome for f in document.findings] == [Outcome.MEASURED]
    assert document.compile_s >= 4.5
    assert 0 < document.seconds < 4.4


@pytest.mark.parametrize(("cold", "told"), [(True, [warm.COMPILING]), (False, [])])
def test_people_are_told_only_where_something_is_compiled(monkeypatch, cold, told):
    monkeypatch.setattr(kernels, "cold", lambda loops: cold)
    heard = go(DecisionTreeClassifier(max_depth=3))[1]
    assert heard[: len(told) + 1] == [*told, "asking the model about every row"]


def test_nothing_is_compiled_for_a_model_without_trees(monkeypatch):
    monkeypatch.setattr(kernels, "warm", lambda loops: pytest.fail("compiled"))
    assert go(LogisticRegression())[0].compile_s == 0
