"""What the knowledge base says is complete, connected and plain."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from sparring.core.threat import Attacker
from sparring.knowledge import load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "sparring" / "knowledge"
BANNED = re.compile(r"\b(safe|secure|robust|compliant|guaranteed)\b", re.IGNORECASE)
ENTRIES = load().every()


def codes_in_source():
    for path in (ROOT / "src" / "sparring").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Caveat":
                yield from (
                    key.value.value
                    for key in node.keywords
                    if key.arg == "code" and isinstance(key.value, ast.Constant)
                )


def test_no_name_stands_twice():
    shelves = [yaml.compose(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yaml")]
    names = [key.value for shelf in shelves for key, _ in shelf.value]
    assert len(names) == len(set(names)) == len(ENTRIES)
    also = [other.lower() for entry in ENTRIES.values() for other in entry.also]
    assert len(also) == len(set(also))
    assert not set(also) & set(ENTRIES)


def test_every_attacker_attack_and_doubt_is_explained():
    known = load()
    assert set(known.attackers) == {attacker.value for attacker in Attacker}
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert set(points["sparring.attacks"]) <= set(known.attacks)
    assert set(codes_in_source()) <= set(known.caveats)


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_is_plain_and_connected(name):
    entry = ENTRIES[name]
    assert entry.says.endswith(".")
    assert entry.text.endswith((".", ")"))
    words = " ".join([entry.heading, entry.says, entry.text, getattr(entry, "cure", ""), getattr(entry, "shows", "")])
    assert not BANNED.search(words)
    longest = max(len(sentence.split()) for sentence in re.split(r"[.;:?] ", words))
    assert longest <= 45, "long sentences are hard to read"
    for other in entry.see:
        assert other in ENTRIES or f"evasion/{other}" in ENTRIES, f"{name} points to {other}"
