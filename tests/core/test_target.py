"""Decisions, margins and the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.core.parameters import Margin, argmax_margin, probabilities
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision, Oracle, Target
from sparring.errors import AccessDenied, BudgetSpent, DecisionError, NotApplicable

BINARY, THREE = ("good", "bad"), ("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "positive", "op", "cut"),
    [
        ("bad >= 0.08", 1, ">=", 0.08),
        (" good>0.5 ", 0, ">", 0.5),
        ("'bad' >= 1", 1, ">=", 1.0),
    ],
)
def test_rules_are_read(text, positive, op, cut):
    decision = Decision.parse(text, BINARY)
    assert (decision.positive, decision.op, decision.cut) == (positive, op, cut)
    assert decision.needs_scores
    assert Decision.parse(decision.text, BINARY) == decision


def test_names_with_spaces_and_signs_are_read():
    assert Decision.parse("not > so bad >= 0.3", ("not > so bad", "x")).positive == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bad", 'a decision reads like "bad >= 0.3", got'),
        ("awful >= 0.3", "names a class of the model (good, bad), got 'awful'"),
        ("bad >= often", "must be a number in (0, 1], got 'often'"),
        ("bad >= 0", "must be a number in (0, 1], got '0'"),
        ("bad >= 1.5", "got '1.5'"),
        ("bad >= nan", "got 'nan'"),
        ("bad <= 0.3", "a decision reads like"),
        ("", "a decision reads like"),
    ],
)
def test_bad_rules_get_one_sentence(text, says):
    with pytest.raises(DecisionError) as caught:
        Decision.parse(text, BINARY)
    assert says in str(caught.value)


def test_without_a_rule_the_model_decides():
    decision = Decision.parse(None, BINARY)
    assert not decision.needs_scores
    assert decision.text == "the model's own rule"
    assert decision.apply(np.array([[0.5, 0.5], [0.4, 0.6]])).tolist() == [0, 1]


def test_a_cut_off_decides_at_and_above():
    scores = np.array([[0.7, 0.3], [0.71, 0.29]])
    assert Decision.parse("bad >= 0.3", BINARY).apply(scores).tolist() == [1, 0]
    assert Decision.parse("bad > 0.3", BINARY).apply(scores).tolist() == [0, 0]


def test_with_several_classes_the_likeliest_other_one_wins_below_the_cut():
    scores = np.array([[0.5, 0.3, 0.2], [0.2, 0.1, 0.7], [0.1, 0.3, 0.6]])
    assert Decision.parse("c >= 0.65", THREE).apply(scores).tolist() == [0, 2, 1]


def flips(margins: list[Margin], raw):
    s = [raw @ m.weights + m.offset for m in margins]
    return np.any([(v < 0) | (m.ties & (v == 0)) for v, m in zip(s, margins, strict=True)], axis=0)


RULES = [None, "bad >= 0.3", "bad > 0.3", "good >= 0.3", "good > 0.7", "bad >= 0.5"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("link", ["logistic", "identity"])
@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.7, 0.75, 1.0]) | st.floats(0, 1), min_size=1, max_size=8)
)
def test_two_class_margins_say_what_the_decision_says(rule, link, scores):
    decision = Decision.parse(rule, BINARY)
    p = np.clip(np.array(scores), 1e-6, 1 - 1e-6)
    raw = (p if link == "identity" else np.log(p / (1 - p)))[:, None]
    # leave out what rounding of log and exp may move over the boundary
    clear = (
        np.abs(p - (0.5 if decision.cut is None else decision.cut if decision.positive else 1 - decision.cut)) > 1e-9
    )
    if link == "identity":
        exact = p == (0.5 if decision.cut is None else decision.cut)
        clear |= exact & (decision.cut in (None, 0.5) or decision.positive == 1)
    decided = decision.apply(probabilities(raw, link))
    for label in (0, 1):
        margins = decision.margins(label=label, wanted=(1 - label,), link=link, n_outputs=1)
        assert (flips(margins, raw) == (decided != label))[clear].all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, "b >= 0.4", "b > 0.25"]))
def test_margins_of_averaged_classes_are_necessary(seed, rule):
    """A row whose decision is a wanted class has crossed one of the margins."""
    p = np.random.default_rng(seed).integers(1, 9, (20, 3)).astype(float)
    p /= p.sum(axis=1, keepdims=True)
    decision = Decision.parse(rule, THREE)
    decided = decision.apply(p)
    for label in range(3):
        wanted = tuple(c for c in range(3) if c != label)
        crossed = flips(decision.margins(label=label, wanted=wanted, link="identity", n_outputs=3), p)
        assert crossed[decided != label].all()


def test_a_cut_off_on_a_softmax_is_not_linear():
    with pytest.raises(NotApplicable, match="not linear in the raw scores"):
        Decision.parse("b >= 0.4", THREE).margins(label=0, wanted=(1,), link="softmax", n_outputs=3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, "b >= 0.4", "b > 0.25"]))
def test_a_cut_off_on_one_of_several_sigmoids_is_linear(seed, rule):
    raw = np.random.default_rng(seed).normal(size=(20, 3))
    decision = Decision.parse(rule, THREE)
    decided = decision.decide(raw, "sigmoids")
    np.testing.assert_array_equal(decided, decision.apply(1 / (1 + np.exp(-raw))))
    for label in range(3):
        wanted = tuple(c for c in range(3) if c != label)
        crossed = flips(decision.margins(label=label, wanted=wanted, link="sigmoids", n_outputs=3), raw)
        assert crossed[decided != label].all()


@pytest.mark.parametrize("rule", [None, "bad >= 0.9", "good > 0.2"])
def test_a_bare_margin_decides_by_its_sign_whatever_the_rule(rule):
    raw = np.array([[-1.0], [-5e-324], [0.0], [2.0]])
    decision = Decision.parse(rule, BINARY)
    assert decision.decide(raw, "margin").tolist() == [0, 0, 1, 1]
    for label in (0, 1):
        margins = decision.margins(label=label, wanted=(1 - label,), link="margin", n_outputs=1)
        assert (flips(margins, raw) == (decision.decide(raw, "margin") != label)).all()


def test_ties_go_to_the_first_class():
    assert not argmax_margin(1, label=0, other=1).ties
    assert argmax_margin(1, label=1, other=0).ties
    assert argmax_margin(3, label=2, other=0).ties
    assert argmax_margin(3, label=0, other=2).weights.tolist() == [1, 0, -1]


def test_links():
    assert probabilities(np.array([[0.0]]), "logistic").tolist() == [[0.5, 0.5]]
    assert probabilities(np.array([[0.25]]), "identity").tolist() == [[0.75, 0.25]]
    assert probabilities(np.array([[0.2, 0.3, 0.5]]), "identity").tolist() == [[0.2, 0.3, 0.5]]
    np.testing.assert_allclose(probabilities(np.log([[1.0, 2, 1]]), "softmax"), [[0.25, 0.5, 0.25]])
    np.testing.assert_allclose(probabilities(np.zeros((1, 4)), "logistic"), [[0.25] * 4])
    np.testing.assert_allclose(probabilities(np.zeros((1, 4)), "sigmoids"), [[0.5] * 4])


class Counting:
    space = TableSpace((Column(name="a", kind="number", spread=1),))
    decision = Decision(classes=BINARY)
    offers = frozenset({Access.LABELS, Access.SCORES, Access.PARAMETERS})
    family = "other"

    def encode_labels(self, y):
        return np.asarray(y)

    def predict(self, x):
        assert len(x), "never asked for nothing"
        return np.zeros(len(x), dtype=np.int64)

    def scores(self, x):
        assert len(x), "never asked for nothing"
        return np.full((len(x), 2), 0.5)

    def parameters(self):
        raise NotApplicable("nothing to read")


def test_an_oracle_counts_and_serves_the_remainder():
    oracle = Oracle(Counting(), frozenset({Access.LABELS, Access.SCORES}), budget=5)
    assert len(oracle.predict(np.zeros((3, 1)))) == 3
    with pytest.raises(BudgetSpent, match="effort allows 5 rows; 4 more were asked") as caught:
        oracle.scores(np.zeros((4, 1)))
    assert caught.value.served.shape == (2, 2)
    assert oracle.asked == 5
    with pytest.raises(BudgetSpent) as again:
        oracle.predict(np.zeros((1, 1)))
    assert again.value.served.shape == (0,)
    assert oracle.asked == 5


def test_an_oracle_without_a_budget_only_counts():
    oracle = Oracle(Counting(), frozenset({Access.LABELS}))
    oracle.predict(np.zeros((7, 1)))
    assert oracle.predict(np.zeros((0, 1))).shape == (0,)
    assert oracle.asked == 7
    assert oracle.space is Counting.space
    assert oracle.decision is Counting.decision


def test_an_oracle_shows_no_more_than_is_granted_and_offered():
    oracle = Oracle(Counting(), frozenset({Access.LABELS, Access.GRADIENTS}))
    for ask in (oracle.scores, lambda x: oracle.parameters()):
        with pytest.raises(AccessDenied, match="this attacker sees labels, not"):
            ask(np.zeros((1, 1)))
    with pytest.raises(AccessDenied, match="sees nothing"):
        Oracle(Counting(), frozenset()).predict(np.zeros((1, 1)))
    with pytest.raises(NotApplicable):
        Oracle(Counting(), frozenset({Access.PARAMETERS})).parameters()


def test_a_target_is_recognized_by_its_shape():
    assert isinstance(Counting(), Target)
