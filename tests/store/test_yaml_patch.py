"""Single values change in a text that people edit, and every other character of it stays."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.store.yaml_patch import Noted, Unpatchable, patched

TEXT = """\
# what we know
schema_version: 1   # ours

answers:   # asked in March

  # Which answer?
  wants:   good  # the clerk says so
  sees:   # why
  - decision   # they are told
  # and
  - scores   # in the app
  senders:
  alarm: |  # who
    the team

columns:
  # what they type
  age:     {who: us , checked: [never]}  # by law
  job:
    who: anyone   # on the form


"""


def comments(text):
    text = text.replace('"a: # b"', "")  # a value that looks like one
    return sorted(match.strip() for match in re.findall(r"(?<!\S)#[^\n]*", text.replace(" # ", "\n# ")))


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"answers": {"wants": "bad"}}, "wants:   good  # the", "wants:   bad  # the"),
        ({"answers": {"senders": "anyone"}}, "senders:\n", "senders: anyone\n"),
        ({"columns": {"age": {"who": "nobody"}}}, "{who: us , checked", "{who: nobody , checked"),
        ({"columns": {"age": {"cost": "5"}}}, "[never]}", "[never], cost: 5}"),
        ({"columns": {"age": {"checked": "always"}}}, "checked: [never]}", "checked: always}"),
        ({"columns": {"job": {"cost": "5"}}}, "on the form\n", "on the form\n    cost: 5\n"),
        ({"columns": {"a b": "{who: us}"}}, "on the form\n", 'on the form\n  "a b": {who: us}\n'),
        ({"answers": {"tries": "3"}}, "the team\n", "the team\n  tries: 3\n"),
        ({"answers": {"alarm": "Ann"}}, "alarm: |  # who\n    the team\n", "alarm: Ann\n  # who\n"),
        ({"relations": "[]"}, "on the form\n", "on the form\n\nrelations: []\n"),
        (
            {"answers": {"sees": "[nothing]"}},
            "sees:   # why\n  - decision   # they are told\n  # and\n  - scores   # in the app\n",
            "sees: [nothing]\n  # why\n  # they are told\n  # and   # in the app\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_value_changes(changes, old, new, newline):
    assert old in TEXT
    assert patched(TEXT.replace("\n", newline), changes) == TEXT.replace(old, new).replace("\n", newline)


def test_nothing_to_change_changes_nothing():
    assert patched(TEXT, {}) is TEXT
    assert patched("no: [yaml", {}) == "no: [yaml"


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("a:\nb: 1\n", {"a": {"x": "1"}}, "a:\n  x: 1\nb: 1\n"),
        ("a:  # none\n  # x: ?\nb: 1\n", {"a": {"x": "1"}}, "a:  # none\n  x: 1\n  # x: ?\nb: 1\n"),
        ("a: {}\nb: 1\n", {"a": {"x": "1", "y": {"z": "2"}}}, "a:\n  x: 1\n  y:\n    z: 2\nb: 1\n"),
        ("a: null\n", {"a": {"x": "1"}}, "a:\n  x: 1\n"),
        ("a: 1", {"b": "2"}, "a: 1\n\nb: 2"),
        ("{a: 1, b: {}}\n", {"b": {"x": "1"}, "c": {"y": "2"}}, "{a: 1, b: {x: 1}, c: {y: 2}}\n"),
        ("{a: 1,}\n", {"b": "2"}, "{a: 1, b: 2,}\n"),
        ("{}\n", {"b": "2"}, "{b: 2}\n"),
        ("{a: [1, # x\n 2], b: 1}\n", {"a": "3"}, "{a: 3\n # x\n , b: 1}\n"),
        (
            "r:\n- {k: 1}  # a\n- {k: 2}\n",
            {"r": {0: {"k": "3"}, 2: "{k: 4}"}},
            "r:\n- {k: 3}  # a\n- {k: 2}\n- {k: 4}\n",
        ),
        ("r:\n  - {k: 1}  # a\n  - {k: 2}\n", {"r": {0: None}}, "r:\n  # a\n  - {k: 2}\n"),
        ("a:\n  x: 1\n", {"a": {"x": Noted("2", "no"), "y": Noted("3", "why?")}}, "a:\n  x: 2\n  # why?\n  y: 3\n"),
        ("a: {x: 1}\n", {"a": {"y": Noted("3", "why?")}}, "a: {x: 1, y: 3}\n"),
        ("r: [1, 2]\n", {"r": {1: "5", 2: "6"}}, "r: [1, 5, 6]\n"),
        ("a: \U0001f600  # x\nb: 'it''s'\n", {"a": "1", "b": '"no"'}, 'a: 1  # x\nb: "no"\n'),
    ],
)
def test_places_of_other_forms(text, changes, expected):
    assert patched(text, changes) == expected


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("", {"a": "1"}),
        ("[1]\n", {"a": "1"}),
        ("a: [\n", {"a": "1"}),
        ("a: text\n", {"a": {"x": "1"}}),
        ("a: [1]\n", {"a": {0: {"x": "1"}}}),
        ("a: []\n", {"a": {0: "1"}}),
        ("a: [1, 2]\n", {"a": {0: None}}),
        ("a:\n  - 1\n", {"a": {0: None}}),
        ("a:\n  - {k: 1, # why\n     l: 2}\n  - 3\n", {"a": {0: None}}),
        ("a: |+\n  text\n\n\n", {"b": "1"}),
    ],
)
def test_what_cannot_be_done_is_said(text, changes):
    with pytest.raises(Unpatchable):
        patched(text, changes)


WORD = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda word: word not in ("null", "yes", "no"))
NOTE = st.sampled_from(["", "", "  # why", " # a: b", "  # [x"])
BEFORE = st.sampled_from(["", "", "\n", "  # on its own\n", "# at the margin\n"])
VALUE = st.one_of(
    st.integers(0, 99).map(str),
    WORD,
    st.just('"a: # b"'),
    st.just("'it''s'"),
    st.just(""),
    st.lists(WORD, max_size=3).map(lambda words: f"[{', '.join(words)}]"),
    st.lists(st.tuples(WORD, NOTE), min_size=1, max_size=3).map(
        lambda items: "  # first" + "".join(f"\n    - {word}{note}" for word, note in items)
    ),
)


@st.composite
def files(draw):
    """Text of a file with two parts, and names of what stands in them."""
    text, names = "# head\n", {}
    for part in ("answers", "columns"):
        text += draw(BEFORE) + f"{part}:{draw(NOTE)}\n"
        names[part] = draw(st.lists(WORD, min_size=1, max_size=4, unique=True))
        for name in names[part]:
            if part == "columns":
                value = "{" + ", ".join(f"{key}: {draw(WORD)}" for key in ("who", "checked")) + "}"
            else:
                value = draw(VALUE)
            last = value.rpartition("\n")[2]
            note = "" if "#" in last and not last.startswith(('"', "'")) else draw(NOTE)
            text += draw(BEFORE) + f"  {name}: {value}{note}\n"
    return text, names


@given(files(), st.data())
@settings(max_examples=150, deadline=None)
def test_new_values_are_read_and_all_comments_are_still_there(file, data):
    text, names = file
    told = st.sampled_from(["anyone", "7", '"no"', "[a, b]", "null"])
    said = st.dictionaries(st.sampled_from(names["answers"]) | st.just("added"), told, max_size=3)
    table = st.dictionaries(
        st.sampled_from(names["columns"]) | st.just("a new one"), st.just({"who": "us", "cost": "3"}), max_size=2
    )
    changes = {"answers": data.draw(said), "columns": data.draw(table)}
    found = patched(text, changes)
    before, after = yaml.safe_load(text), yaml.safe_load(found)
    for part, entries in changes.items():
        for name, value in entries.items():
            new = yaml.safe_load(value) if isinstance(value, str) else {"who": "us", "cost": 3}
            whole = before[part].get(name) or {}
            before[part][name] = whole | new if isinstance(new, dict) else new
    assert after == before
    assert list(after["answers"])[: len(names["answers"])] == names["answers"]
    assert comments(found) == comments(text)
