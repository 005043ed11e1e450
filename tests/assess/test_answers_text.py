"""Answers as they stand in security/system.yaml: read with care, written to be edited, changed one by one."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.assess.answers_text import answer_changes, answer_lines
from sparring.assess.facts import facts
from sparring.assess.rewrite import changes, revised
from sparring.assess.system import System, read_system, render
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.errors import ColumnsError


def read(folder, text):
    path = folder / "system.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    return read_system(path)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("sender: staff", "no answer 'sender'; did you mean 'senders'?"),
        ("answered: true", "no answer 'answered'"),
        ("senders: stuff", "senders cannot be 'stuff'; did you mean 'staff'?"),
        ("senders: [staff]", "senders must be one of anyone, account"),
        ("sees: [decision, score]", "sees cannot be 'score'; did you mean 'scores'?"),
        ("sees: [decision, nothing]", "sees: 'nothing' stands for none of the others"),
        ("sees: []", "sees: it must name one at least"),
        ("watched: maybe", "watched cannot be 'maybe'; did you mean 'yes'?"),
        ("attempts: [400, 20]", "attempts must be two numbers above 0 that go up, such as [20, 400], got [400, 20]"),
        ("attempts: 20", "attempts must be two numbers"),
        ("caught: [40, 85]", "caught must be two fractions from 0 to 1 that go up, such as [0.4, 0.85] for 40 to 85 %"),
        ("loss_accepted: [-1, 2, 3]", "loss_accepted must be three amounts from 0 that go up"),
        ("loss_accepted: [1, yes, 3]", "loss_accepted must be three amounts"),
        ("lines: 3", "lines must be three amounts"),
        ("outside_share: 2", "outside_share must be a fraction from 0 to 1, such as 0.02 for 2 %, got 2"),
        ("tries: yes", "tries must be a whole number from 0"),
        ("tries: 1.5", "tries must be a whole number from 0, got 1.5"),
        ("alarm: [a, b]", "alarm must be one line of text"),
        ("owners: Ann", "'owners' must hold entries"),
        ("owners: {boss: Ann}", "owners cannot be 'boss'; there are data, model"),
        ("wants: {a: b}", "wants must be one line of text"),
    ],
)
def test_complaints_name_line_and_nearest_word(tmp_path, entry, says):
    with pytest.raises(ColumnsError) as caught:
        read(tmp_path, f"answers:\n  decides: loans\n  {entry}\n")
    assert f"system.yaml:3: {says}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "name", "value"),
    [
        ("wants: no", "wants", "no"),
        ("wants: 1", "wants", "1"),
        ("wants: unknown", "wants", None),
        ('wants: "unknown"', "wants", "unknown"),
        ("wants: null", "wants", None),
        ("wants:", "wants", None),
        ("apart: no", "apart", "no"),
        ("copy_hurts: no", "copy_hurts", "no"),
        ("watched: no", "watched", False),
        ("watched: True", "watched", True),
        ("watched: yes", "watched", True),
        ("sees: decision", "sees", ("decision",)),
        ("sees: unknown", "sees", None),
        ("attempts: [20, 400]", "attempts", (20, 400)),
        ("outside_share: 0.02", "outside_share", 0.02),
        ("owners: {data: no, model: unknown}", "owners", {"data": "no"}),
    ],
)
def test_entries_are_read_as_they_are_meant(tmp_path, entry, name, value):
    assert getattr(read(tmp_path, f"answers:\n  {entry}\n").answers, name) == value


def test_answers_may_be_comments_alone(tmp_path):
    assert read(tmp_path, "answers:\n  # senders: unknown\ncolumns: {}\n").answers == Answers()


@pytest.mark.parametrize(("version", "says"), [("2", "upgrade sparring"), ("0", "write schema_version: 1")])
def test_other_versions_are_one_sentence(tmp_path, version, says):
    with pytest.raises(ColumnsError, match=rf"system.yaml:1: schema_version must be 1, .* got {version}; {says}"):
        read(tmp_path, f"schema_version: {version}\n")


def test_what_is_known_stands_under_its_question_and_the_first_four_are_kept_open():
    lines = answer_lines(Answers(tries=3, watched=False, senders="staff"))
    assert lines == [
        "answers:",
        "  # Which answer is somebody glad to get, even if it is wrong?",
        "  # wants: unknown",
        "  # Who can send a case to the model, directly or through your product?",
        "  senders: staff",
        "  # What do they get back or notice?",
        "  # sees: unknown  (decision | rounded | scores | reasons | outcome | nothing)",
        "  # How many tries could one person make before somebody notices?",
        "  tries: 3",
        "  # Does somebody look at unusual use?",
        "  watched: no",
    ]


def _value(fact):
    text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
        ["unknown", "no", "null", "12", "a: b # c"]
    )
    numbers = st.floats(0.01, 0.99 if fact.unit == "%" else 1e9).map(lambda x: round(x, 6))
    if fact.yes_or_no:
        return st.booleans()
    if fact.kind == "names":
        return st.dictionaries(st.sampled_from(list(fact.options)), text, min_size=1)
    if fact.kind == "several":
        return st.sampled_from([(code,) for code in fact.options])
    if fact.options:
        return st.sampled_from(list(fact.options))
    kinds = {
        "number": st.integers(0, 10**9),
        "share": st.floats(0, 1),
        "interval": st.tuples(numbers, numbers).map(lambda pair: tuple(sorted(pair))),
        # lines of management must rise, so that no two amounts are equal
        "money": st.lists(numbers, min_size=3, max_size=3, unique=True).map(lambda three: tuple(sorted(three))),
    }
    return kinds.get(fact.kind, text)


ANSWERS = st.fixed_dictionaries(
    {}, optional={name: _value(fact) for name, fact in facts().items() if fact.kind != "columns"}
).map(lambda said: Answers(**said))


@given(ANSWERS, ANSWERS)
@settings(max_examples=100, deadline=None)
def test_answers_are_read_as_written_and_changed_one_by_one(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("w")
    text = render((), answers=before)
    assert read(folder, text).answers == before
    text = text.replace("\n  # What do", "\n\n  # by hand\n  # What do")
    changed = answer_changes(before, after)
    assert bool(changed) == (before != after)
    found = revised(text, {"answers": changed} if changed else {})
    assert read(folder, found).answers == after
    assert "  # by hand" in found or "by hand" not in text
    assert before != after or found == text


def test_a_comment_that_keeps_a_place_becomes_the_entry():
    text = render((), answers=Answers(wants="good"))
    found = revised(text, {"answers": answer_changes(Answers(wants="good"), Answers(wants="good", sees="scores"))})
    old = "  # sees: unknown  (decision | rounded | scores | reasons | outcome | nothing)\n"
    assert found == text.replace(old, "  sees: [scores]\n")
    other = "columns:\n  # senders: unknown\n  a: {who: us}\nanswers: {}\n"
    assert yaml.safe_load(revised(other, {"answers": {"senders": "staff"}})) == {
        "columns": {"a": {"who": "us"}},
        "answers": {"senders": "staff"},
    }


ORDER = Relation(kind="at_most", columns=("a", "b"), confirmed=False)
GROUP = Relation(kind="one_of", columns=("c", "d"), confirmed=True)


@pytest.mark.parametrize(
    ("now", "tail"),
    [
        (None, "relations:\n  - {at_most: [a, b], confirmed: false}  # x\n"),
        ([ORDER], "relations:\n  - {at_most: [a, b], confirmed: false}  # x\n"),
        ([ORDER.model_copy(update={"confirmed": True})], "relations:\n  - {at_most: [a, b], confirmed: true}  # x\n"),
        ([], "relations: []  # x\n"),
        ([GROUP], "relations:\n  # x\n  - {one_of: [c, d], confirmed: true}\n"),
        (
            [ORDER, GROUP],
            "relations:\n  - {at_most: [a, b], confirmed: false}  # x\n  - {one_of: [c, d], confirmed: true}\n",
        ),
    ],
)
def test_relations_change_one_by_one(now, tail):
    text = "columns: {}\nrelations:\n  - {at_most: [a, b], confirmed: false}  # x\n"
    changed = changes(System(relations=(ORDER,)), Answers(), before=(), after=(), relations=now)
    assert revised(text, changed) == f"columns: {{}}\n{tail}"


def test_the_first_relations_come_with_their_explanation():
    changed = changes(System(), Answers(), before=(), after=(), relations=[GROUP])
    found = revised("columns: {}\n", changed)
    assert found.endswith("\nrelations:\n  - {one_of: [c, d], confirmed: true}\n")
    assert "# What every row keeps to" in found
