"""A file that people wrote is brought up to what was answered; everything else in it stays as it was."""

from __future__ import annotations

import pytest

from sparring.assess.rewrite import changes, replace, revised, update
from sparring.assess.system import read_system, render
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.errors import ColumnsError

TEXT = """\
# ours, by hand
schema_version: 1
answers:
  # who sends: ask Ann
  # senders: unknown  (anyone | account)
  wants: good   # the loan
columns:
  income: {kind: number, who: anyone, cost: 5}   # from the form
  age:    {kind: number, who: us}
relations:
  - {at_most: [income, limit], confirmed: false}   # ?
  - {at_most: [age, limit], confirmed: true}
"""
SAME = (
    Column(name="income", kind="number", who="anyone", cost=5, spread=1),
    Column(name="age", kind="number", who="us", spread=1),
)
FIRST = Relation(kind="at_most", columns=("income", "limit"), confirmed=False)
SECOND = Relation(kind="at_most", columns=("age", "limit"), confirmed=True)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "system.yaml"
    path.write_text(TEXT)
    return path


def changed(file, *, answers=None, after=SAME, relations=None):
    known = read_system(file)
    said = known.answers.model_copy(update=answers or {})
    return changes(known, said, before=SAME, after=after, relations=relations)


def test_nothing_new_touches_nothing(file):
    assert changed(file) == {}
    assert update(file, {}) is False
    assert changed(file, relations=(FIRST, SECOND)) == {}
    assert file.read_text() == TEXT


def test_an_answer_takes_the_place_that_was_kept_for_it(file):
    assert update(file, changed(file, answers={"senders": "staff", "wants": "bad"}))
    assert file.read_text() == TEXT.replace("# senders: unknown  (anyone | account)", "senders: staff").replace(
        "wants: good", "wants: bad"
    )


def test_a_column_changes_where_something_new_is_said_and_keeps_its_comment(file):
    after = (SAME[0].model_copy(update={"who": "effort", "cost": None}), SAME[1])
    update(file, changed(file, after=after))
    assert file.read_text() == TEXT.replace("who: anyone, cost: 5}", "who: effort, cost: null}")


def test_a_column_that_the_file_does_not_name_is_added(file):
    new = Column(name="limit", kind="number", who="us", spread=1)
    known = read_system(file)
    found = changes(known, known.answers, before=(*SAME, new), after=(*SAME, new), relations=None)
    update(file, found)
    again = read_system(file)
    assert again.columns["limit"]["who"] == "us"
    assert all(line in file.read_text() for line in TEXT.splitlines())


@pytest.mark.parametrize(
    "after",
    [
        (FIRST.model_copy(update={"confirmed": True}), SECOND),
        (SECOND,),
        (FIRST, SECOND, Relation(kind="at_most", columns=("age", "income"), confirmed=True)),
        (),
    ],
)
def test_relations_become_those_that_were_confirmed(file, after):
    update(file, changed(file, relations=after))
    assert read_system(file).relations == after
    assert "# from the form" in file.read_text()


def test_relations_come_with_their_explanation_where_there_were_none():
    text = TEXT.partition("relations:")[0]
    made = revised(text, {"relations": ["{at_most: [age, limit], confirmed: true}"]})
    assert made.startswith(text)
    assert "# What every row keeps to" in made


def test_a_mark_at_the_start_of_the_file_stays(file):
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    update(file, changed(file, answers={"wants": "bad"}))
    assert file.read_bytes() == b"\xef\xbb\xbf" + TEXT.replace("wants: good", "wants: bad").encode()


def test_a_file_that_is_gone_is_one_sentence(file):
    found = changed(file, answers={"wants": "bad"})
    file.unlink()
    with pytest.raises(ColumnsError, match="must stay where it is"):
        update(file, found)


def test_a_file_that_is_written_anew_leaves_each_older_one_beside_it(file):
    answers = Answers(wants="bad")
    first = replace(file, SAME, answers=answers, relations=None)
    second = replace(file, SAME, answers=answers, relations=None)
    assert (first.name, second.name) == ("system.yaml.1.bak", "system.yaml.2.bak")
    assert first.read_text() == TEXT
    assert file.read_text() == second.read_text() == render(SAME, answers=answers)
    assert replace(file.with_name("new.yaml"), SAME, answers=answers, relations=None) is None
