"""Explaining says what a name means, and what it means here."""

from __future__ import annotations

import re

import pytest

from report.sample import assessment
from sparring.errors import OptionError
from sparring.knowledge import load
from sparring.report import explain, topics

BANNED = re.compile(r"\b(safe|secure|robust|compliant|guaranteed)\b", re.IGNORECASE)


@pytest.mark.parametrize("name", load().every())
def test_every_entry_is_explained_within_the_width(name):
    text = explain(name, assessment())
    assert max(map(len, text.splitlines())) <= 80
    assert load().every()[name].says.split()[0] in text
    assert not BANNED.search(text)
    assert explain(name) in text or "In your assessment" in text


@pytest.mark.parametrize("name", ["tree-search", "evasion/tree-search", "evasion/tree-search@columns", "Tree-Search"])
def test_an_attack_goes_by_several_names_and_shows_the_users_own_edit(name):
    text = " ".join(explain(name, assessment()).split())
    assert "one of its cut points" in text
    assert "40 of 80: 50 % (39 to 61 %) of the rows rightly decided as “bad” with up to 3 columns" in text
    assert "in row 17: savings from “under 100 DM” to “unknown or no savings account”" in text


def test_one_finding_is_not_the_others():
    assert "@spread)" not in explain("evasion/tree-search@columns", assessment())


def test_a_finding_without_a_result_says_why():
    assert "no result (not-applicable): the model is an ensemble" in " ".join(
        explain("linear-exact", assessment()).split()
    )


def test_a_column_of_the_user_is_explained_from_the_table():
    assert "Anyone can set it. It could be misstated." in explain("savings", assessment())
    assert "changed in 31 edited rows" in " ".join(explain("savings", assessment()).split())
    assert "It stays as it is: nobody can set it." in explain("age", assessment())
    with pytest.raises(OptionError):
        explain("savings")


def test_figures_carry_the_users_own_numbers():
    assert "9.0 %, n = 300" in explain("floor", assessment())
    assert "0.851 (0.801 to 0.890), n = 300" in explain("auc", assessment())
    assert "70.0 % (64.6 to 74.9 %)" in explain("constant model", assessment())
    assert "62.0 % (56.4 to 67.3 %)" in explain("worst case", assessment())
    assert "Nobody has said who can set checking_account" in explain("upper bound", assessment(answered=False))


def test_a_doubt_shows_where_it_was_raised():
    assert "evasion/tree-search@spread: The second half" in explain("not-converged", assessment())


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("insidr", "insider"),
        ("tre-search", "evasion/tree-search"),
        ("few-row", "few-rows"),
        ("Confidence intervall", "confidence interval"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(name, nearest):
    with pytest.raises(OptionError, match=f"did you mean '{nearest}'"):
        explain(name)


def test_an_unknown_column_suggests_the_nearest():
    with pytest.raises(OptionError, match="did you mean 'savings'"):
        explain("saving", assessment())


@pytest.mark.parametrize("name", ["", "   ", "xyzzy", "\x1b[31m", "@columns@", "x" * 10_000])
def test_nonsense_is_one_clear_sentence(name):
    with pytest.raises(OptionError) as caught:
        explain(name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_topics_list_everything():
    text = " ".join(topics().split())
    assert all(name in text for name in load().every())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("evasion_query", "What makes it smaller, what changes no prediction first: rate_limit, hide_scores"),
        ("evasion_query", "nist-ai-100-2 E2025 NISTAML.025 (Black-box Evasion)"),
        ("evasion_query", "Such pairings between lists are ours."),
        ("poisoned_dataset", "AML.T0019 (Publish Poisoned Datasets), since renumbered AML.T0115.000"),
        ("hide_scores", "It costs in accuracy: nothing; no prediction changes."),
        ("hide_scores", "Without a tool:"),
        ("harden", "it has to be measured on your model"),
        ("sign_model", "Tool: model-signing (Apache-2.0; last release"),
        ("sign_model", "Against: malicious_file, model_tamper, output_tamper."),
        ("expired-domains", "AML.CS0025"),
    ],
)
def test_threats_defenses_and_cases_are_explained(name, says):
    assert says in " ".join(explain(name).split())


def test_every_entry_can_be_explained():
    for name, entry in load().every().items():
        assert entry.says in " ".join(explain(name).split()), name
