from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.assess import questions
from sparring.assess.questions import Choice, edit, prefill, table, unknown
from sparring.assess.typed import count, pick
from sparring.core.space import Column
from sparring.errors import OptionError, UserError

COLUMNS = (
    Column(name="age", kind="number", low=18, high=90),
    Column(name="income", kind="number", low=0, high=9),
    Column(name="V1", kind="category", categories=("a", "b")),
    Column(name="loan amount", kind="number", low=0, high=9),
    Column(name="id", kind="carried"),
    Column(name="region", kind="category", categories=("n", "s"), who="us", checked="always"),
)
START = prefill(COLUMNS)


def test_the_table_starts_with_what_was_said_and_guesses_for_the_rest():
    assert list(START) == ["age", "income", "V1", "loan amount", "region"]
    assert START["age"] == Choice("nobody", guessed=True)
    assert START["loan amount"] == Choice("anyone", "real", guessed=True)
    assert START["V1"] == Choice("unknown")
    assert START["region"] == Choice("us", checked="always")


def test_who_does_not_know_gives_no_answer_and_keeps_what_was_said():
    said = unknown(START)
    assert {name for name, choice in said.items() if choice.who != "unknown"} == {"region"}
    assert table(said) == {"region": {"who": "us", "change": "misstated", "checked": "always"}}


@pytest.mark.parametrize(
    ("line", "changed", "entry"),
    [
        ("3 us", {"V1"}, ("us", "misstated", "never")),
        ("V1 us", {"V1"}, ("us", "misstated", "never")),
        ("  V1:us ", {"V1"}, ("us", "misstated", "never")),
        ("3 = nobody", {"V1"}, ("nobody", "misstated", "never")),
        ("3 Anyone", {"V1"}, ("anyone", "misstated", "never")),
        ("1-2,3 effort", {"age", "income", "V1"}, ("effort", "misstated", "never")),
        ("income, V1 effort", {"income", "V1"}, ("effort", "misstated", "never")),
        ("1, 3 effort", {"age", "V1"}, ("effort", "misstated", "never")),
        ("1 3 effort", {"age", "V1"}, ("effort", "misstated", "never")),
        ("all anyone", set(START), None),
        ("* us", set(START) - {"region"}, None),
        ("loan amount misstated", {"loan amount"}, ("anyone", "misstated", "never")),
        ("loan amount us", {"loan amount"}, ("us", "misstated", "never")),
        ("3 anyone real always", {"V1"}, ("anyone", "real", "always")),
        ("2 real", {"income"}, ("anyone", "real", "never")),
        ("2 unknown", {"income"}, ("unknown", "misstated", "never")),
    ],
)
def test_a_line_says_columns_and_words(line, changed, entry):
    after = edit(START, line)
    assert {name for name in START if after[name] != START[name]} == changed
    assert not any(after[name].guessed for name in changed)
    if entry is not None:
        assert all(tuple(after[name].entry.values()) == entry for name in changed)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("3", "ends with one of anyone"),
        ("us", "ends with one of anyone"),
        ("3 them", "ends with one of anyone"),
        ("3us", "ends with one of anyone"),
        (", us", "ends with one of anyone"),
        ("; us", "starts with the number"),
        ("0 us", "1 to 5"),
        ("6 us", "1 to 5"),
        ("3-1 us", "1 to 5"),
        ("-1 us", "1 to 5"),
        ("2-99 us", "1 to 5"),
        ("incom us", "got 'incom'"),
    ],
)
def test_other_lines_change_nothing_and_say_why(line, says):
    with pytest.raises(OptionError, match=says):
        edit(START, line)


@given(st.text(max_size=30))
def test_no_line_breaks_the_table(line):
    with contextlib.suppress(UserError):
        assert list(edit(START, line)) == list(START)


def test_columns_named_like_words_can_still_be_chosen():
    choices = {"us": Choice(), "real": Choice(), "2": Choice()}
    assert edit(choices, "us nobody")["us"].who == "nobody"
    assert edit(choices, "real us")["real"].who == "us"
    assert edit(choices, "2 us")["2"].who == "us"


@pytest.mark.parametrize(
    ("text", "answer"), [("", None), ("  \n", None), ("good", "good"), (" 2\n", "bad"), ("1", "1"), ("3", "1")]
)
def test_a_class_is_picked_by_name_before_number(text, answer):
    assert pick(text, ("good", "bad", "1")) == answer


@pytest.mark.parametrize("text", ["gut", "0", "9", "²", "-1"])
def test_no_other_class_is_picked(text):
    with pytest.raises(OptionError, match="number from 1 to 2"):
        pick(text, ("good", "bad"))


@pytest.mark.parametrize(("text", "answer"), [("", None), ("\n", None), ("10", 10), ("1,000", 1000), ("1 000", 1000)])
def test_tries_are_counted(text, answer):
    assert count(text) == answer


@pytest.mark.parametrize("text", ["0", "-3", "many", "1e3", "²", "9" * 30, "1/2"])
def test_tries_are_a_whole_number(text):
    with pytest.raises(OptionError, match="whole number from 1"):
        count(text)


def test_every_word_is_explained():
    assert {"anyone", "effort", "us", "nobody", "real", "always", "unknown"} == set(questions.WORDS)
