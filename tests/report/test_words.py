"""Figures and names are written so that nobody misreads them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.sample import rate
from sparring.core.document import Estimate
from sparring.report import words

HOSTILE = [
    "\x1b]0;owned\x07income",
    "\x1b[2Jincome",
    "in\u202ecome",
    "in\u200bco\x00me",
    "\x9b31mincome",
    "in\ud800come",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_lose_what_a_terminal_obeys(name):
    shown = words.column(name)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in shown)
    assert "come" in shown


@given(st.text())
def test_plain_is_printable_and_settled(text):
    shown = words.plain(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)
    assert words.plain(shown) == shown


@given(st.text(), st.integers(5, 80))
def test_long_names_are_cut_and_keep_both_ends(text, longest):
    shown, whole = words.plain(text, longest=longest), words.plain(text)
    assert len(shown) <= longest
    assert shown == whole or (shown[0] == whole[0] and shown[-1] == whole[-1] and "…" in shown)


def test_line_breaks_in_names_are_spaces():
    assert words.plain("a\nb\r\n\tc\u2028d") == "a b   c d"


def test_nothing_is_named():
    assert words.column("\x00") == "(no name)"
    assert words.value("") == "(empty text)"


@given(st.integers(1, 5000), st.data())
def test_a_share_that_is_not_all_never_reads_as_all_nor_as_none(n, data):
    k = data.draw(st.integers(0, n))
    shown = words.percent(k / n, n)
    assert (shown in (f"100{words.GAP}%", f"100.0{words.GAP}%")) == (k == n)
    if k > 0 and k / n >= 0.0005:
        assert float(shown.split(words.GAP)[0]) > 0


def test_zero_of_n_shows_what_it_may_still_be():
    assert words.rate(rate(0, 80)).replace(words.GAP, " ") == "0 % (at most 4.6 %)"
    assert rate(0, 80).high == pytest.approx(0.04582, abs=1e-5)


@given(st.integers(1, 3000))
def test_an_upper_bound_is_never_rounded_down(n):
    estimate = rate(0, n)
    assert float(words.at_most(estimate).split(words.GAP)[2]) >= 100 * estimate.high - 1e-6


def test_ends_of_an_interval_have_as_many_digits_as_the_middle():
    estimate = Estimate(value=0.964, low=0.902, high=0.9898, n=85, method="wilson")
    assert words.rate(estimate).replace(words.GAP, " ") == "96 % (90 to 99 %)"
    nearly = Estimate(value=0.98, low=0.93, high=0.9962, n=85, method="wilson")
    assert words.rate(nearly).replace(words.GAP, " ") == "98 % (93 to 99.9 %)"


def test_what_was_not_computed_says_why():
    assert words.rate(Estimate(value=None, n=0, method="no rows")) == "none (no rows)"
    assert words.figure(Estimate(value=None, n=0, method="one class only"), shown="number") == "none (one class only)"


def test_other_units_keep_them():
    estimate = Estimate(value=2, low=2, high=3, n=40, method="bootstrap", unit="columns")
    assert words.figure(estimate).replace(words.GAP, " ") == "2 columns (2 to 3)"
