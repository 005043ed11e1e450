"""The judge: nothing counts that the user's own model does not confirm."""

import numpy as np
import pandas as pd
import pytest

from assess.toy import Toy, number, table
from sparring.assess.judge import judge, through_csv
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Examples
from sparring.core.space import TableSpace
from sparring.core.threat import Attacker, Evasion


def evasion(objective="columns", wants=1):
    return Evasion(objective=objective, attacker=Attacker.INSIDER, wants=wants)


def rows(x):
    x = np.asarray(x, dtype=float)
    return Examples(x, np.zeros(len(x), dtype=np.int64), np.arange(len(x)))


def attempt(x_adv, found=None):
    x_adv = np.asarray(x_adv, dtype=float)
    found = np.ones(len(x_adv), dtype=bool) if found is None else np.asarray(found)
    return AdversarialExamples(x_adv, found, np.zeros(len(x_adv), dtype=np.int64))


def test_a_row_counts_when_it_is_legal_and_decided_as_wanted():
    toy = Toy()
    judged = judge(toy, toy, rows([[1, 2, 3]]), attempt([[9, 3, 3]]), threat=evasion())
    assert judged.broken.tolist() == [True]
    assert judged.size.tolist() == [2.0]
    assert judged.decided.tolist() == [1]
    assert judge(toy, toy, rows([[1, 2, 3]]), attempt([[9, 3, 3]]), threat=evasion("spread")).size.tolist() == [8.0]


def test_a_row_that_is_not_decided_as_wanted_dies_with_a_reason():
    toy = Toy()
    judged = judge(toy, toy, rows([[1, 2, 3]]), attempt([[2, 2, 3]]), threat=evasion())
    assert not judged.broken[0]
    assert judged.size[0] == np.inf
    assert judged.x_adv.tolist() == [[1, 2, 3]]
    assert "decides otherwise" in judged.deaths[0]


@pytest.mark.parametrize("x_adv", [[11, 9, 9], [9, 9, 9]])
def test_an_illegal_row_dies_even_when_it_flips_the_model(x_adv):
    toy = Toy(TableSpace((number("a"), number("b", who="nobody"), number("c"))))
    judged = judge(toy, toy, rows([[1, 2, 3]]), attempt([x_adv]), threat=evasion())
    assert not judged.broken[0]
    assert "column" in judged.deaths[0]


def test_what_the_attack_calls_not_found_is_not_asked():
    toy = Toy()
    judged = judge(toy, toy, rows([[1, 2, 3]] * 3), attempt([[9, 9, 9]] * 3, [False, True, False]), threat=evasion())
    assert judged.broken.tolist() == [False, True, False]
    assert toy.asked == 1
    assert judge(toy, toy, rows([[1, 2, 3]]), attempt([[9, 9, 9]], [False]), threat=evasion()).deaths == ()


def test_the_wanted_answer_counts_not_any_other():
    toy = Toy()
    high = Examples(np.array([[9.0, 9, 9]]), np.array([1]), np.array([0]))
    judged = judge(toy, toy, high, attempt([[0, 0, 0]]), threat=evasion(wants=1))
    assert not judged.broken[0]
    assert judge(toy, toy, high, attempt([[0, 0, 0]]), threat=evasion(wants=None)).broken[0]


def test_csv_carries_halves_thirds_blanks_and_narrow_floats():
    frame = pd.DataFrame(
        {
            "wide": [0.5, 1 / 3, np.nan],
            "narrow": np.array([0.1, 1 / 3, 2.5], dtype=np.float32),
            "text": ["a", "b,c", 'd"'],
            "whole": [1, 2, 3],
        }
    )
    back = through_csv(frame)
    pd.testing.assert_frame_equal(back, frame, check_exact=False, rtol=1e-15)
    assert (back["narrow"] == frame["narrow"]).all()
    assert back["text"].tolist() == frame["text"].tolist()


def test_csv_moves_no_number_by_more_than_its_last_digits():
    values = np.random.default_rng(0).random(20_000)
    back = through_csv(pd.DataFrame({"v": values}))["v"].to_numpy()
    # the parser of pandas 2 is quick, not exact
    exact = int(pd.__version__.partition(".")[0]) >= 3
    assert (np.abs(back - values) <= (np.spacing(values) if exact else 1e-12 * values)).all()


def test_frames_without_fractions_and_other_containers_pass():
    frame = pd.DataFrame({"a": [1, 2]})
    assert through_csv(frame) is frame
    array = np.ones((2, 2))
    assert through_csv(array) is array


def test_two_columns_of_one_name_stay_apart():
    frame = pd.DataFrame([[0.5, 1.5]], columns=["v", "v"])
    assert through_csv(frame).to_numpy().tolist() == [[0.5, 1.5]]


def test_table_default_is_movable():
    assert table().movable.all()
