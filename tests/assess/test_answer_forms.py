"""The forms that answers are read in are those in which the questions ask for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sparring.assess.answer_forms import forms
from sparring.assess.facts import facts

ASKED = {name: fact for name, fact in facts().items() if fact.kind != "columns"}


def test_every_answer_that_is_asked_for_has_a_form():
    assert set(forms()) == set(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_a_form_is_that_of_the_question(name):
    form, fact = forms()[name], ASKED[name]
    kind = "one" if fact.kind == "auto" else fact.kind
    if fact.yes_or_no:
        kind = "yes-or-no"
    elif kind == "one" and not fact.options:
        kind = "text"  # a class of the user's
    assert form.kind == kind
    assert set(form.codes) == set(fact.options)


def test_answers_are_read_without_the_knowledge_base():
    code = "import sys, sparring.assess.answers_read; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "sparring.knowledge", "sparring.core.space"} & set(done.stdout.split())
