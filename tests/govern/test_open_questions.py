"""What nobody knows is a question to the team that would."""

from __future__ import annotations

import pytest

from sparring.assess.facts import TEAMS, all_prompts
from sparring.core.answers import Answers
from sparring.govern.open_questions import open_questions, to_do


def test_each_unknown_fact_is_one_question_in_the_order_of_stages():
    found = open_questions(Answers())
    assert len(found) == len(all_prompts())
    stages = [question.stage for question in found]
    assert stages == sorted(stages, key=list(TEAMS).index)
    senders = next(question for question in found if question.fact == "senders")
    assert (senders.question, senders.assumed, senders.team) == ("Q5", "anyone", "whoever runs it")


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ({"senders": "staff"}, {("senders", "")}),
        ({"watched": False}, {("watched", "")}),
        ({"answered": True}, {("columns", "")}),
        ({"loss_refused": (1, 2, 3)}, {("loss_refused", ""), ("harm", "")}),
        ({"owners": {"data": "Ann", "risk": "nobody"}}, {("owners", "data"), ("owners", "risk")}),
    ],
)
def test_what_is_known_is_no_question(said, gone):
    before = {(question.fact, question.role) for question in open_questions(Answers())}
    after = {(question.fact, question.role) for question in open_questions(Answers(**said))}
    assert before - after == gone
    assert after < before


@pytest.mark.parametrize("width", [40, 80])
def test_the_list_fits_and_names_each_team_once(width):
    found = open_questions(Answers())
    text = to_do(found, width=width)
    assert max(map(len, text.splitlines())) < width
    told = " ".join(text.split())
    for question in found:
        assert question.ask in told
        assert f"assumed, not confirmed: {question.assumed}" in told
        assert told.count(f"To {question.team}:") == 1
    assert text.startswith("To whoever collects the data:\n  - ")
    assert to_do(()) == ""
