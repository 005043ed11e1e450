"""The floor against brute force: no labeling of the meeting points does better."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.assess.floor import floor
from sparring.core.examples import Examples
from sparring.core.space import Column, TableSpace
from sparring.core.threat import Attacker, Evasion


def space(*columns):
    return TableSpace(tuple(columns))


def number(name, **given_):
    return Column(
        **{"name": name, "kind": "number", "who": "anyone", "low": 0, "high": 5, "step": 1, "spread": 1} | given_
    )


def rows(x, y):
    x = np.asarray(x, dtype=float)
    return Examples(x, np.asarray(y), np.arange(len(x)))


def threat(objective="columns", wants=None):
    return Evasion(objective=objective, attacker=Attacker.INSIDER, wants=wants)


def legal_rows(table, row, *, size, objective, moves):
    """All rows that `row` may be edited into, by trying everything."""
    if not moves:
        return {tuple(row)}
    grid = np.array(list(itertools.product(range(6), repeat=len(row))), dtype=float)
    original = np.broadcast_to(row, grid.shape)
    measured = (
        table.size_in_columns(original, grid) if objective == "columns" else table.size_in_spreads(original, grid)
    )
    fine = [v is None for v in table.violations(original, grid)]
    return {tuple(g) for g, ok, s in zip(grid, fine, measured, strict=True) if ok and s <= size + 1e-12}


def best_worst_case(table, examples, *, size, objective, wants):
    """Fewest rows that any classifier gets wrong in the worst case: try every labeling of every reachable point."""
    reach = [
        legal_rows(table, x, size=size, objective=objective, moves=wants is None or y != wants)
        for x, y in zip(examples.x, examples.y, strict=True)
    ]
    points = sorted(set().union(*reach))
    best = len(examples)
    # only points that rows of both classes reach need a choice
    shared = [p for p in points if len({int(y) for r, y in zip(reach, examples.y, strict=True) if p in r}) == 2]
    forced = dict.fromkeys(points)
    for labels in itertools.product((0, 1), repeat=len(shared)):
        chosen = dict(zip(shared, labels, strict=True))
        wrong = sum(any(chosen.get(p, y) != y for p in r) for r, y in zip(reach, examples.y, strict=True))
        best = min(best, wrong)
    assert forced
    return best


CASES = st.tuples(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=4, max_size=4),
    st.lists(st.integers(0, 1), min_size=4, max_size=4).filter(lambda y: 0 < sum(y) < 4),
    st.sampled_from(["both", "up", "down"]),
    st.sampled_from([None, 1]),
    st.sampled_from([("columns", 1.0), ("columns", 2.0), ("spread", 1.0), ("spread", 2.0)]),
)


@settings(max_examples=150, deadline=None)
@given(CASES)
def test_no_classifier_beats_the_floor(case):
    x, y, direction, wants, (objective, size) = case
    table = space(number("a", direction=direction, high=3), number("b", who="nobody", high=1))
    x = np.minimum(np.asarray(x, dtype=float), 3)
    examples = rows(x, y)
    bound = floor(examples, space=table, threat=threat(objective, wants), size=size)
    best = best_worst_case(table, examples, size=size, objective=objective, wants=wants)
    assert bound.value * len(examples) <= best + 1e-9


def test_identical_rows_of_unlike_label_cannot_both_be_right():
    table = space(number("a", who="nobody"), number("b"))
    assert floor(
        rows([[1, 1], [1, 1], [2, 2]], [0, 1, 0]), space=table, threat=threat(), size=1
    ).value == pytest.approx(1 / 3)


def test_frozen_columns_keep_rows_apart():
    frozen = space(number("a", who="nobody"))
    free = space(number("a"))
    examples = rows([[1], [2]], [0, 1])
    assert floor(examples, space=frozen, threat=threat(), size=1).value == 0
    assert floor(examples, space=free, threat=threat(), size=1).value == 0.5


def test_only_the_unwanted_are_edited_when_somebody_wants_an_answer():
    table = space(number("a", direction="up"))
    up, down = rows([[1], [3]], [0, 1]), rows([[3], [1]], [0, 1])
    assert floor(up, space=table, threat=threat(wants=1), size=1).value == 0.5
    assert floor(down, space=table, threat=threat(wants=1), size=1).value == 0


def test_two_open_rows_meet_half_way():
    table = space(number("a", step=None))
    examples = rows([[1.0], [2.0]], [0, 1])
    assert floor(examples, space=table, threat=threat("spread"), size=0.5).value == 0.5
    assert floor(examples, space=table, threat=threat("spread"), size=0.4).value == 0


def test_categories_and_blanks_meet_at_one_spread():
    table = space(Column(name="c", kind="category", who="anyone", categories=("x", "y")), number("n", missing="allow"))
    examples = rows([[0, 1], [1, np.nan]], [0, 1])
    assert floor(examples, space=table, threat=threat("spread"), size=1).value == 0.5
    assert floor(examples, space=table, threat=threat("spread"), size=0.9).value == 0
    assert floor(examples, space=table, threat=threat("columns"), size=1).value == 0.5
