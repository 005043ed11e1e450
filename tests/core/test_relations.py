"""Relations between columns: what holds, and rows that are made to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sparring.core.relations import Relation
from sparring.core.space import Column, TableSpace

NAN = float("nan")


def number(name, **given):
    return Column(**{"name": name, "kind": "number", "who": "anyone", "low": 0.0, "high": 10.0, "spread": 1.0} | given)


def at_most(*names):
    return Relation(kind="at_most", columns=names)


def total(*names):
    return Relation(kind="sum", columns=names)


def one_of(*names):
    return Relation(kind="one_of", columns=names)


@pytest.mark.parametrize(
    ("relation", "rows", "kept"),
    [
        (at_most("a", "b"), [[1, 2], [2, 2], [3, 2], [NAN, 0], [9, NAN]], [1, 1, 0, 1, 1]),
        (total("a", "b", "c"), [[3, 1, 2], [3, 1, 1], [0.3, 0.1, 0.2], [NAN, 1, 1], [0, 0, 0]], [1, 0, 1, 1, 1]),
        (total("a", "b", "c"), [[1e9, 5e8, 5e8 + 1], [-1, 1, -2]], [1, 1]),
        (one_of("a", "b", "c"), [[1, 0, 0], [0, 0, 0], [1, 1, 0], [0.5, 0.5, 0], [NAN, 0, 0]], [1, 0, 0, 0, 1]),
    ],
)
def test_what_holds(relation, rows, kept):
    assert relation.holds(np.array(rows, dtype=float)).tolist() == [bool(k) for k in kept]


def test_relations_are_written_as_a_person_would():
    assert at_most("a", "b").text == "a <= b"
    assert total("t", "p", "q", "r").text == "t = p + q + r"
    assert one_of("x", "y").text == "exactly one of x, y"


@pytest.mark.parametrize(
    ("kind", "names", "says"),
    [
        ("at_most", ("a",), "2 columns, got 1"),
        ("at_most", ("a", "b", "c"), "2 columns, got 3"),
        ("sum", ("a", "b"), "at least 3"),
        ("one_of", ("a",), "at least 2"),
        ("one_of", ("a", "a"), "each column once"),
    ],
)
def test_relations_that_make_no_sense_are_refused(kind, names, says):
    with pytest.raises(ValidationError, match=says):
        Relation(kind=kind, columns=names)


def repaired(space, x, x_adv):
    x, x_adv = np.array([x], dtype=float), np.array([x_adv], dtype=float)
    out = space.project(x, x_adv)
    assert space.violations(x, out) == [None]
    assert np.array_equal(space.project(x, out), out, equal_nan=True)
    return out[0].tolist()


AB = TableSpace((number("a"), number("b")), (at_most("a", "b"),))


def test_the_smaller_stays_below_the_larger():
    assert repaired(AB, [2, 5], [9, 5]) == [5, 5]
    assert repaired(AB, [2, 5], [2, 1]) == [2, 2]
    assert repaired(AB, [2, 5], [4, 5]) == [4, 5]  # nothing to repair
    assert repaired(AB, [2, 5], [4, 3]) == [3, 3]  # both moved: the smaller gives way
    fixed = TableSpace((number("a", who="us"), number("b")), AB.relations)
    assert repaired(fixed, [2, 5], [2, 1]) == [2, 2]
    falls = TableSpace((number("a", direction="up"), number("b")), AB.relations)
    assert repaired(falls, [2, 5], [4, 1]) == [4, 4]  # the smaller may not fall to 1, and the larger gives way
    coarse = TableSpace((number("a", step=2.0), number("b")), AB.relations)
    assert repaired(coarse, [2, 5], [8, 5]) == [4, 5]  # down to its own grid


ABC = TableSpace((number("t", high=30.0), number("p"), number("q")), (total("t", "p", "q"),))


def test_a_total_follows_its_parts():
    assert repaired(ABC, [5, 2, 3], [5, 4, 3]) == [7, 4, 3]
    assert repaired(ABC, [5, 2, 3], [5, 0, 9]) == [9, 0, 9]


def test_parts_make_up_for_a_total_that_moved():
    assert repaired(ABC, [5, 2, 3], [8, 2, 3]) == [8, 5, 3]
    held = TableSpace((ABC.columns[0], number("p", who="us"), number("q")), ABC.relations)
    assert repaired(held, [5, 2, 3], [8, 2, 3]) == [8, 2, 6]
    both = TableSpace((ABC.columns[0], number("p", who="us"), number("q", who="us")), ABC.relations)
    assert repaired(both, [5, 2, 3], [8, 2, 3]) == [5, 2, 3]  # nobody can


def test_parts_make_up_for_each_other_where_the_total_stays():
    known = TableSpace((number("t", who="us", high=30.0), number("p"), number("q")), ABC.relations)
    assert repaired(known, [5, 2, 3], [5, 4, 3]) in ([5, 4, 1], [5, 2, 3])
    assert repaired(known, [5, 2, 3], [5, 2, 1]) in ([5, 4, 1], [5, 2, 3])


def test_cents_add_up():
    cents = TableSpace(tuple(number(c, step=0.01, high=100.0) for c in "tpq"), ABC.relations)
    assert repaired(cents, [0.5, 0.2, 0.3], [0.5, 0.1, 0.2]) == [0.3, 0.1, 0.2]


FLAGS = tuple(number(c, high=1.0, step=1.0) for c in "xyz")
GROUP = TableSpace((*FLAGS, number("n")), (one_of("x", "y", "z"),))


def test_the_choice_that_was_newly_made_wins():
    assert repaired(GROUP, [1, 0, 0, 5], [1, 1, 0, 5]) == [0, 1, 0, 5]
    assert repaired(GROUP, [1, 0, 0, 5], [0, 0, 0, 6]) == [1, 0, 0, 6]  # none made: as it was
    assert repaired(GROUP, [1, 0, 0, 5], [0, 0, 1, 5]) == [0, 0, 1, 5]
    known = TableSpace((number("x", who="us", high=1.0), *FLAGS[1:], number("n")), GROUP.relations)
    assert repaired(known, [1, 0, 0, 5], [1, 1, 0, 6]) == [1, 0, 0, 6]


def test_blanks_are_no_contradiction():
    space = TableSpace((number("a", missing="allow"), number("b")), (at_most("a", "b"),))
    out = repaired(space, [2, 5], [NAN, 1])
    assert np.isnan(out[0])
    assert out[1] == 1


def test_relations_that_share_columns_take_turns():
    space = TableSpace(
        (number("t", high=20.0), number("p"), number("q"), number("cap", who="us")),
        (total("t", "p", "q"), at_most("t", "cap")),
    )
    assert repaired(space, [5, 2, 3, 8], [5, 9, 3, 8]) == [8, 5, 3, 8]
    stuck = TableSpace((number("t", who="us"), number("p"), number("q", who="us")), (total("t", "p", "q"),))
    assert repaired(stuck, [5, 2, 3], [5, 9, 3]) == [5, 2, 3]


def test_a_row_that_breaks_a_relation_is_named_so():
    x = np.array([[2.0, 5.0], [2.0, 5.0], [2.0, 5.0]])
    edited = np.array([[6.0, 5.0], [3.0, 5.0], [20.0, 5.0]])
    assert AB.violations(x, edited) == ["a <= b must hold", None, "column 'a' must be in [0, 10], got 20"]


def test_several_edits_of_a_row_are_repaired_as_one_is():
    x = np.array([[2.0, 5.0], [1.0, 3.0]])
    edits = np.array([[[9.0, 5.0], [2.0, 1.0], [4.0, 5.0]], [[9.0, 9.0], [0.0, 0.0], [3.0, 2.0]]])
    alone = np.stack([AB.project(x, edits[:, k]) for k in range(3)], axis=1)
    assert np.array_equal(AB.project(x[:, None], edits), alone)
    assert np.array_equal(AB.project(x[:1], edits[0]), alone[0])


def test_a_rider_and_frozen_columns_keep_the_relations():
    wide = AB.with_rider(number("r"))
    assert wide.relations == AB.relations
    still = AB.frozen(np.array([True, False]))
    assert still.movable.tolist() == [False, True]
    assert AB.related.tolist() == [True, True]
    assert not TableSpace(AB.columns).related.any()


@st.composite
def tables(draw):
    """Return a space of four columns with one to three relations, a row that keeps to them, and an edit."""
    columns = [
        number(
            c,
            who=draw(st.sampled_from(["anyone", "anyone", "us"])),
            direction=draw(st.sampled_from(["both", "up", "down"])),
            step=draw(st.sampled_from([None, 1.0, 0.5])),
            missing=draw(st.sampled_from(["allow", "never"])),
        )
        for c in "abcd"
    ]
    known = [at_most("a", "b"), at_most("b", "d"), total("c", "a", "b"), total("d", "a", "b", "c"), at_most("c", "d")]
    relations = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    a, b = sorted(draw(st.integers(0, 5)) / 2 for _ in range(2))
    x = np.array([[a, b, a + b, 2 * (a + b)]])
    edit = np.array([[draw(st.sampled_from([v, NAN, draw(st.integers(-4, 44)) / 4])) for v in x[0]]])
    return TableSpace(tuple(columns), tuple(relations)), x, edit


@settings(max_examples=400, deadline=None)
@given(tables())
def test_projected_rows_are_always_legal_and_stay(case):
    space, x, edit = case
    assert all(r.holds(x[:, r.at(space.names)]).all() for r in space.relations)
    out = space.project(x, edit)
    assert space.violations(x, out) == [None]
    assert np.array_equal(space.project(x, out), out, equal_nan=True)
    entry = space.entrywise(x, edit)
    if all(r.holds(entry[:, r.at(space.names)]).all() for r in space.relations):
        assert np.array_equal(out, entry, equal_nan=True)  # what keeps to everything is left alone
