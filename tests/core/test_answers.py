"""What people can say, and what contradicts itself."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sparring.core.answers import Answers


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"sees": ["nothing", "scores"]}, "'nothing' stands for none of the others"),
        ({"gains": ["nobody", "person"]}, "'nobody' stands for none of the others"),
        ({"sees": []}, "it must name one at least"),
        ({"sees": ["everything"]}, "Input should be"),
        ({"attempts": [400, 20]}, "from low to high, got \\[400, 20\\]"),
        ({"attempts": [0, 20]}, "above 0, got \\[0, 20\\]"),
        ({"loss_accepted": [-1, 2, 3]}, "0 or more, got \\[-1, 2, 3\\]"),
        ({"loss_accepted": [3, 2, 1]}, "from low to high"),
        ({"caught": [40, 85]}, "both ends must lie between 0 and 1"),
        ({"caught": [0.5, 1.0]}, "both ends must lie between 0 and 1"),
        ({"lines": [10, 10, 20]}, "the three amounts must rise"),
        ({"lines": [0, 10, 20]}, "the three amounts must rise"),
        ({"outside_share": 1.5}, "less than or equal to 1"),
        ({"decisions": -1}, "greater than or equal to 0"),
        ({"owners": {"sales": "@x"}}, "Input should be 'data'"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused(said, fault):
    with pytest.raises(ValidationError, match=fault):
        Answers(**said)


def test_one_code_is_a_list_of_one_and_none_stands_twice():
    assert Answers(sees="scores").sees == ("scores",)
    assert Answers(sees=["scores", "decision", "scores"]).sees == ("scores", "decision")
    assert Answers(sees=None).sees is None


def test_loss_of_somebody_who_gains_is_that_of_a_wrongly_accepted_case():
    accepted, refused = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)
    assert Answers(loss_accepted=accepted, loss_refused=refused).loss == accepted
    assert Answers(loss_refused=refused).loss == refused
    assert Answers().loss is None
    assert Answers(attempts=None, caught=None, lines=None) == Answers()
