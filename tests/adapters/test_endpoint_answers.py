"""Whatever comes back, it is either one answer a row or one sentence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.adapters.endpoint_answers import read
from sparring.adapters.endpoint_mapping import Response
from sparring.adapters.labels import Labels
from sparring.errors import ModelError

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["a", "b", 1, 0.5])
)
ANSWER = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["a", "b"]) | LEAVES,
        "p": st.lists(st.floats(0, 1) | LEAVES, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), LEAVES)
        | LEAVES,
        "n": st.integers(0, 2) | LEAVES,
    },
)
BODIES = st.recursive(
    LEAVES | st.fixed_dictionaries({"r": st.lists(ANSWER, max_size=4)}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["r", "a", "b"]), inner, max_size=3),
    max_leaves=8,
)
RESPONSES = [
    {"labels": "r[].label"},
    {"scores": "r[].p"},
    {"labels": "r[].label", "scores": "r[].p", "id": "r[].n"},
    {"labels": ""},
    {"scores": ""},
]


@pytest.mark.parametrize("places", RESPONSES, ids=str)
@given(body=BODIES, n=st.integers(1, 3))
def test_an_answer_a_row_or_one_sentence(places, body, n):
    response = Response(classes=("a", "b"), **places)
    try:
        found = read(body, n, response, Labels(["a", "b"]))
    except ModelError as error:
        text = str(error)
        assert "\n" not in text
        assert len(text) < 300
        return
    assert found.labels.shape == (n,)
    assert set(found.labels.tolist()) <= {0, 1}
    if found.scores is not None:
        assert found.scores.shape == (n, 2)
        assert ((found.scores >= 0) & (found.scores <= 1 + 1e-9)).all()
        assert np.abs(found.scores.sum(axis=1) - 1).max() <= 0.02 + 1e-12


@given(st.permutations(range(5)), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_numbers_bring_any_order_back(order, scores):
    rows = [{"n": 7 + i, "p": scores[i]} for i in order]
    response = Response(classes=("a", "b"), scores="[].p", id="[].n")
    found = read(json.loads(json.dumps(rows)), 5, response, Labels(["a", "b"]), first_id=7)
    assert found.scores[:, 1].tolist() == scores
    assert (found.labels == (np.array(scores) > 0.5)).all()


def test_as_many_scores_in_each_row():
    with pytest.raises(ModelError, match="as many scores, got 1 here and 2 there"):
        read([[0.5], [0.2, 0.8], 0.5], 3, Response(classes=("a", "b"), scores=""), Labels(["a", "b"]))


def test_numbers_too_large_for_a_float():
    with pytest.raises(ModelError, match="NaN or infinite"):
        read([10**400, 0], 2, Response(classes=("a", "b"), scores=""), Labels(["a", "b"]))
