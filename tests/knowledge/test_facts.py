"""Questions ask for fields of the answers, in words that the answers know."""

from __future__ import annotations

from typing import get_args

import pytest

from sparring.assess.facts import all_prompts, facts, first_prompts
from sparring.core.answers import Answers

ASKED = {name: fact for name, fact in facts().items() if fact.kind != "auto"}


def codes(annotation):
    """All words that a type allows."""
    found = [arg for arg in get_args(annotation) if isinstance(arg, str)]
    return found or [code for arg in get_args(annotation) for code in codes(arg)]


@pytest.mark.parametrize("name", ASKED)
def test_each_fact_has_a_worst_plausible_answer(name):
    fact = ASKED[name]
    assert fact.worst
    assert fact.assumed
    if fact.options and fact.kind != "names":
        assert set(fact.worst) <= set(fact.options)
        assert len(fact.worst) == 1 or fact.kind == "several"
    else:
        assert len(fact.worst) == 1
        assert " " in fact.worst[0], "a sentence"


def test_each_answer_is_asked_for_and_each_fact_is_an_answer():
    assert set(facts()) - {"columns"} == set(Answers.model_fields) - {"answered"}


@pytest.mark.parametrize("name", [name for name, fact in facts().items() if fact.options and fact.kind != "names"])
def test_options_are_the_codes_of_the_answer(name):
    fact = facts()[name]
    allowed = codes(Answers.model_fields[name].annotation) or ["yes", "no"]
    assert list(fact.options) == list(allowed) or fact.yes_or_no
    said = fact.worst or tuple(fact.options)[:1]
    value = said if fact.kind == "several" else (said[0] == "yes") if fact.yes_or_no else said[0]
    assert getattr(Answers.model_validate({name: value}), name) == value


def test_four_questions_come_first_and_twelve_and_three_are_all():
    assert [prompt.fact.name for prompt in first_prompts()] == ["wants", "columns", "senders", "sees"]
    assert [prompt.label for prompt in first_prompts()] == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]
    assert list(dict.fromkeys(prompt.question.name for prompt in all_prompts())) == [f"Q{n}" for n in range(1, 16)]
    assert {prompt.fact.name for prompt in all_prompts()} == set(ASKED)
    assert len({prompt.label for prompt in all_prompts()}) == len(all_prompts())
