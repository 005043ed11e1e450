"""What people type, what it means, and how it reads afterwards."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.assess.facts import facts
from sparring.assess.typed import parse, shown
from sparring.errors import OptionError

FACTS = {name: fact for name, fact in facts().items() if fact.kind not in ("auto", "columns")}


@pytest.mark.parametrize(
    ("name", "text", "value", "words"),
    [
        ("wants", "2", "good", "good"),
        ("wants", "bad", "bad", "bad"),
        ("senders", "2", "account", "anyone with a free account"),
        ("senders", " Staff ", "staff", "our own staff"),
        ("apart", "no", "no", "no"),
        ("watched", "yes", True, "somebody does"),
        ("watched", "2", False, "nobody does"),
        ("sees", "3,1", ("decision", "scores"), "the decision; the exact score"),
        ("sees", "1-2 outcome", ("decision", "rounded", "outcome"), None),
        ("sees", "6", ("nothing",), "nothing at all"),
        ("decisions", "20,000", 20000, "20,000"),
        ("outside_share", "2", 0.02, "2 %"),
        ("outside_share", "0.5%", 0.005, "0.5 %"),
        ("attempts", "20 400", (20, 400), "20 to 400"),
        ("attempts", "20-1,400", (20, 1400), "20 to 1,400"),
        ("attempts", "1 to 3", (1, 3), "1 to 3"),
        ("caught", "40 % 85 %", (0.4, 0.85), "40 to 85 %"),
        ("caught", "40 - 85", (0.4, 0.85), "40 to 85 %"),
        ("loss_accepted", "300, 1000, 3000.50", (300, 1000, 3000.5), "300, 1,000 and 3,000.5 EUR"),
        ("alarm", "the  desk", "the desk", "the desk"),
        ("owners", "nobody", "nobody", "nobody"),
    ],
)
def test_typed_answers_mean_values_and_values_read_as_words(name, text, value, words):
    found = parse(FACTS[name], text, classes=("bad", "good"))
    assert found == value
    assert type(found) is type(value)
    assert words is None or shown(FACTS[name], found, unit="EUR") == words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wants", "3"),
        ("senders", "7"),
        ("senders", "0"),
        ("senders", "²"),
        ("sees", "1,6"),
        ("sees", "none"),
        ("sees", "7"),
        ("sees", "9" * 5000),
        ("decisions", "-1"),
        ("outside_share", "101"),
        ("outside_share", "2 3"),
        ("attempts", "400 20"),
        ("attempts", "20,400"),
        ("attempts", "20"),
        ("attempts", "-20 400"),
        ("caught", "40 850"),
        ("loss_accepted", "1.000 2.000 3.000"),
        ("loss_accepted", "300 1000"),
        ("loss_accepted", "a b c"),
        ("loss_accepted", "-1 2 3"),
        ("loss_accepted", "1 2 1e400"),
    ],
)
def test_other_text_is_explained(name, text):
    with pytest.raises(OptionError):
        parse(FACTS[name], text, classes=("bad", "good"))


@given(st.sampled_from(list(FACTS.values())), st.text(min_size=1, max_size=20))
def test_no_text_breaks_it(fact, text):
    with contextlib.suppress(OptionError):
        shown(fact, parse(fact, text, classes=("a", "b")))
