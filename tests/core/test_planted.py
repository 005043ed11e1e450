"""Cut-offs that ride along with rows: margins, offsets and decisions say the same."""

import numpy as np
import pytest

from sparring.core.parameters import probabilities
from sparring.core.planted import PlantedCut
from sparring.errors import NotApplicable

RULE = PlantedCut(classes=("no", "yes"))
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("link", ["identity", "logistic", "sigmoids"])
@pytest.mark.parametrize("label", [0, 1])
def test_a_margin_falls_below_zero_where_the_decision_turns(link, label):
    raw = RNG.uniform(0.01, 0.99, (500, 1)) if link == "identity" else RNG.normal(0, 3, (500, 1))
    cut = RNG.uniform(0.01, 0.99, 500)
    x = np.column_stack([RNG.normal(size=500), cut])
    (margin,) = RULE.margins(label=label, wanted=(1 - label,), link=link, n_outputs=1)
    height = raw @ margin.weights + RULE.offsets(x, [margin], link)[:, 0]
    decided = RULE.decided(cut, probabilities(raw, link)[:, 1])
    assert 50 < decided.sum() < 450
    assert np.array_equal(RULE.of_raw(x, raw, link), decided)
    assert np.array_equal(RULE.apply(RULE.scores_of_raw(x, raw, link)), decided)
    assert np.array_equal(height < 0, decided != label)


def test_at_the_cut_off_itself_the_second_class_is_decided():
    level = np.array([0.25, 0.5])
    assert RULE.decided(level, level).tolist() == [1, 1]
    assert RULE.apply(RULE.moved(level, level)).tolist() == [1, 1]
    to_second, to_first = (RULE.margins(label=k, wanted=(1 - k,), link="identity", n_outputs=1)[0] for k in (0, 1))
    assert to_second.ties
    assert not to_first.ties


def test_moved_probabilities_decide_alike_and_keep_the_order():
    cut, p = RNG.uniform(0, 1, 300), RNG.uniform(0, 1, 300)
    moved = RULE.moved(cut, p)
    assert np.allclose(moved.sum(axis=1), 1)
    assert np.array_equal(RULE.apply(moved), RULE.decided(cut, p))
    at_one_cut = RULE.moved(np.full(300, 0.3), p)[:, 1]
    assert np.array_equal(np.argsort(at_one_cut), np.argsort(p))
    assert np.isfinite(RULE.moved(np.array([0.5, 0.5]), np.array([0.0, 1.0]))).all()


def test_other_rows_are_seen_by_the_row_s_own_cut_off():
    others = np.array([[9.0, 0.2], [9.0, 0.6]])
    assert RULE.seen_from(np.array([0.0, 0.5]), others, np.array([1, 0])).tolist() == [0, 1]
    assert RULE.relative


@pytest.mark.parametrize(("link", "n_outputs"), [("margin", 1), ("softmax", 3), ("log", 1)])
def test_scores_that_are_no_probabilities_have_no_cut_off(link, n_outputs):
    with pytest.raises(NotApplicable, match="no probability"):
        RULE.margins(label=0, wanted=(1,), link=link, n_outputs=n_outputs)
