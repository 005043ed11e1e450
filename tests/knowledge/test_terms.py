"""The glossary is short, plain, and in step with its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sparring.knowledge import load
from sparring.report.explain import explain

TERMS = load().terms
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "words.md"
FIELD = (
    "evasion", "poisoning", "backdoor", "trigger", "membership inference", "model extraction", "model inversion",
    "surrogate", "black-box", "white-box", "threat model", "attacker profile", "query budget", "residual risk",
    "evidence grade", "money line", "decision about a threat", "owner", "compensating measure", "baseline",
    "non-inferiority margin", "Kaplan-Meier curve", "loss exceedance curve", "feedback loop", "drift",
    "differential privacy", "signing", "bill of materials", "rate limit", "adaptive attack", "canary",
)  # fmt: skip
SHELVES = (*TERMS, *load().defenses)


def sentences(text: str) -> list[str]:
    return re.split(r"[.?!]\s", text)


def test_words_of_the_field_are_explained():
    assert set(FIELD) <= set(TERMS)
    assert len(TERMS) < 60


@pytest.mark.parametrize("name", SHELVES)
def test_sentences_are_short(name):
    entry = load().every()[name]
    extra = [getattr(entry, "costs", ""), getattr(entry, "without", "")]
    for sentence in [part for text in (entry.says, entry.text, *extra) for part in sentences(text)]:
        assert len(sentence.split()) <= 30, sentence


@pytest.mark.parametrize("name", TERMS)
def test_one_line_says_it(name):
    assert len(TERMS[name].says) <= 100


@pytest.mark.parametrize("name", [name for name in FIELD if name not in ("evasion", "baseline")])
def test_text_has_an_example_from_a_credit_table(name):
    columns = r"\b(amounts?|duration|savings|employment|age|applica(nt|tion)s?)\b"
    assert re.search(columns, TERMS[name].text)


def test_every_word_of_the_page_can_be_explained():
    rows = re.findall(r"^\| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    words = [re.sub(r" \(.*\)$", "", word) for row in rows for word in row.split(", ") if row != "word"]
    assert set(FIELD) - set(words) <= {"white-box", "black-box", "decision about a threat"}  # there without the hyphen
    for word in words:
        assert explain(word)  # raises for a word that nobody explains


def test_white_box_is_no_longer_only_the_insider():
    assert "insider" in TERMS["white-box"].see
    assert "can read it" in explain("white box")
