"""What the knowledge base says is complete, connected and plain."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from sparring.core.threat import Attacker
from sparring.knowledge import Entry, load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "sparring" / "knowledge"
BANNED = re.compile(r"\b(safe|secure|robust|compliant|guaranteed)\b", re.IGNORECASE)
ENTRIES = load().every()
EXPLAINED = (
    "terms", "attackers", "attacks", "measures", "caveats", "threats", "defenses", "beliefs", "incidents",
)  # fmt: skip
JARGON = re.compile(
    r"\b(surrogates?|perturb\w*|gradients?|white[- ]box|black[- ]box|oracles?|poison\w*|backdoor\w*|evasions?"
    r"|exfiltrat\w*|inference|extraction|adversar\w*|payloads?|triggers?|canar\w*|provenance|jailbreak\w*|robustness|logits?)\b",
    re.IGNORECASE,
)
GLOSSARY = [name.lower() for entry in load().terms.values() for name in (entry.name, *entry.also)]
LONGEST = 30


def codes_in_source():
    for path in (ROOT / "src" / "sparring").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Caveat":
                yield from (
                    key.value.value
                    for key in node.keywords
                    if key.arg == "code" and isinstance(key.value, ast.Constant)
                )


def unexplained(entry):
    """Words of the field that neither the entry nor the glossary explains."""
    own = [name.lower() for name in (entry.name, entry.heading, *entry.also)]
    said = " ".join([entry.says, entry.text, getattr(entry, "life", "")])
    known = " ".join([*own, *GLOSSARY])
    return [word for word in JARGON.findall(said) if not re.search(rf"\b{word.lower().rstrip('s')}", known)]


def longest_sentence(text):
    return max(len(sentence.split()) for sentence in re.split(r"[.?!][)”\"]?\s", text))


def test_no_name_stands_twice():
    shelves = [yaml.compose((FOLDER / f"{shelf}.yaml").read_text(encoding="utf-8")) for shelf in EXPLAINED]
    names = [key.value for shelf in shelves for key, _ in shelf.value]
    assert len(names) == len(set(names))
    assert set(names) == set(ENTRIES)
    also = [other.lower() for entry in ENTRIES.values() for other in entry.also]
    assert len(also) == len(set(also))
    assert not set(also) & set(ENTRIES)


def test_every_attacker_attack_and_doubt_is_explained():
    known = load()
    assert set(known.attackers) == {attacker.value for attacker in Attacker}
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert set(points["sparring.attacks"]) <= set(known.attacks)
    assert set(codes_in_source()) <= set(known.caveats)


def said(entry):
    """Everything that an entry says to people."""
    fields = ("heading", "says", "text", "cure", "shows", "misses", "sees", "life", "worst", "costs", "without")
    return {field: text for field in fields if (text := getattr(entry, field, ""))}


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_is_plain_and_connected(name):
    entry = ENTRIES[name]
    assert entry.says.endswith(".")
    assert entry.text.endswith((".", ")"))
    for field, text in said(entry).items():
        assert not BANNED.search(text), field
        assert longest_sentence(text) <= LONGEST, f"{field}: long sentences are hard to read"
    assert unexplained(entry) == []
    for other in entry.see:
        assert other in ENTRIES or f"evasion/{other}" in ENTRIES, f"{name} points to {other}"


def entry_that(says, **fields):
    return Entry(name="example", says=says, text="A text.", **fields)


def test_the_check_finds_words_that_nobody_explains():
    assert unexplained(entry_that("A payload follows the gradients.")) == ["payload", "gradients"]
    assert unexplained(entry_that("A payload follows.", also=("payloads",))) == []
    assert unexplained(entry_that("An oracle answers.", title="Oracle")) == []
    assert "backdoor" in GLOSSARY
    assert unexplained(entry_that("A backdoor opens.")) == []


def test_the_check_finds_long_sentences():
    assert longest_sentence("One two. Three four five? (Six.) Seven") == 3
    assert longest_sentence("word " * 31) == 31
