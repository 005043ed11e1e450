"""Beliefs that are held against assessments whose rows are known: what refutes one, and what leaves it standing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.sample import assessment, finding
from report.sample import rate as shown_rate
from sparring.assess import stats
from sparring.core.answers import Answers
from sparring.core.belief import Standing, Tried
from sparring.core.case import Effort
from sparring.core.document import Caveat, Outcome
from sparring.core.risk import Attacked
from sparring.core.threat import Attacker
from sparring.errors import OptionError, UserError
from sparring.govern import comparisons, experiments
from sparring.govern.beliefs import EXPERIMENTS, belief, settle
from sparring.govern.risk import simulate
from sparring.govern.scenarios import scenario
from sparring.govern.turned import rate
from sparring.knowledge import load
from sparring.report import words
from sparring.report.belief import list_beliefs, render_belief
from sparring.report.risk import in_words

BELIEFS = load().beliefs
BUILT = {name: entry.settled_by for name, entry in BELIEFS.items() if entry.settled_by}
ANSWERS = Answers(wants="good", tries=10, answered=True)
BANNED = re.compile(r"\b(safe|secure|robust|compliant|guaranteed)\b", re.IGNORECASE)


def measured(name, attacker, sizes, *, n=100, **more):
    """Return a finding on `n` rows; `sizes` maps rows to the smallest change that turned them, of 1, 2 or 3 columns."""
    counts = tuple(sum(size <= limit for size in sizes.values()) for limit in (1, 2, 3))
    rows = {row: sizes.get(row) for row in range(n)}
    return finding(name, "columns", attacker, counts, n=n, sizes=rows, effort=Effort(queries=10), **more)


def first(k, *, size=3.0):
    return dict.fromkeys(range(k), size)


def of(*findings, **more):
    """Return an assessment with these findings; nothing else in it is about their rows."""
    return assessment().model_copy(update={"findings": findings, "caveats": (), "answers": ANSWERS} | more)


def hand(sizes, **more):
    return measured("hand-edit", Attacker.BY_HAND, sizes, **more)


def decisions(sizes, **more):
    return measured("hop-skip-jump", Attacker.SEES_DECISIONS, sizes, **more)


def scores(sizes, **more):
    return measured("cube-search", Attacker.SEES_SCORES, sizes, **more)


def copied(sizes, **more):
    return measured("transfer", Attacker.HAS_A_COPY, sizes, **more)


def insider(sizes, **more):
    return measured("tree-search", Attacker.INSIDER, sizes, **more)


def noise(sizes, **more):
    return measured("random-noise", Attacker.NOBODY, sizes, **more)


# the knowledge base and the experiments fit together


def test_there_are_24_beliefs():
    assert list(BELIEFS) == [f"M{i:02}" for i in range(1, 25)]


def test_those_that_no_study_found_are_called_commonly_heard():
    commonly = {name for name, entry in BELIEFS.items() if entry.heard == "commonly heard"}
    assert commonly == {"M06", "M11", "M12", "M13", "M14", "M15", "M16", "M20", "M21"}
    assert all(re.search(r" et al\., .+ 20\d\d", BELIEFS[name].heard) for name in BELIEFS.keys() - commonly)


def test_every_experiment_is_used_and_every_one_that_is_named_exists():
    assert set(BUILT.values()) == set(EXPERIMENTS)
    written = {
        node.name
        for module in (comparisons, experiments)
        for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert {experiment.__name__ for experiment in EXPERIMENTS.values()} == written


@pytest.mark.parametrize("name", BELIEFS)
def test_cards_are_plain(name):
    entry = BELIEFS[name]
    parts = [
        entry.says, entry.text, entry.statement, entry.guess, entry.experiment, entry.refuted_when, entry.kept_when,
    ]  # fmt: skip
    assert len(entry.says) <= 160
    assert entry.says.endswith(".")
    assert entry.guess.endswith("?")
    for sentence in (s for part in parts for s in re.split(r"[.?!]\s", part)):
        assert len(sentence.split()) <= 30, sentence
        assert not BANNED.search(sentence)
    every = load().every()
    assert all(other in every or f"evasion/{other}" in every for other in entry.see)


# one share


def test_a_belief_is_refuted_where_the_lower_bound_lies_above_what_is_tolerated():
    found = settle("M01", of(hand(first(40))), guess=0.05)
    assert found.verdict is Standing.REFUTED
    assert found.estimate == stats.wilson(40, 100)
    assert found.guessed == "below"
    assert "turned 40 of 100 rows" in found.text
    assert "at least 30.9 %" in found.text
    assert found.findings == ("evasion/hand-edit@columns",)


def test_nothing_found_in_59_rows_leaves_at_most_five_percent():
    found = settle("M01", of(hand({}, n=59)), guess=0.01)
    assert found.verdict is Standing.NOT_REFUTED
    assert found.estimate.value == 0.0
    assert found.estimate.high == pytest.approx(1 - 0.05 ** (1 / 59))
    assert "none of 59" in found.text
    assert "at most 5 %" in found.text
    assert "cannot tell" not in found.text
    assert found.guessed == "inside"


def test_nothing_found_in_58_rows_cannot_tell():
    found = settle("M01", of(hand({}, n=58)))
    assert found.verdict is Standing.NOT_REFUTED
    assert "cannot tell" in found.text
    assert found.guessed is None


def test_what_lies_around_the_tolerance_is_not_refuted_and_says_that_few_rows_cannot_tell():
    found = settle("M01", of(hand(first(6))))
    assert found.estimate.low < 0.05 < found.estimate.high
    assert found.verdict is Standing.NOT_REFUTED
    assert "cannot tell" in found.text
    assert settle("M01", of(hand(first(6))), tolerance=0.01).verdict is Standing.REFUTED


@given(n=st.integers(1, 300), data=st.data())
def test_bounds_hold_the_share_and_are_wilsons_but_at_the_ends(n, data):
    k = data.draw(st.integers(0, n))
    found = rate(k, n)
    assert found.low <= k / n <= found.high
    assert (found == stats.wilson(k, n)) == (0 < k < n)
    if k == 0:  # larger shares show nothing in n rows in less than 5 of 100 samples
        assert (1 - found.high) ** n == pytest.approx(0.05)


@pytest.mark.parametrize(("guess", "place"), [(0.1, "below"), (0.4, "inside"), (0.9, "above"), (None, None)])
def test_the_guess_stands_below_inside_or_above_the_interval(guess, place):
    found = settle("M01", of(hand(first(40))), guess=guess)
    assert found.guessed == place
    said = render_belief(belief("M01"), found)
    assert ("interval" in said.partition("What is behind it")[0].partition("Result")[2]) == (guess is not None)


# who counts


def test_outsiders_are_joined_row_by_row():
    found = settle("M14", of(hand(first(20)), decisions(dict.fromkeys(range(10, 30), 2.0)), insider(first(90))))
    assert round(found.estimate.value * 100) == 30
    assert not any("tree-search" in name for name in found.findings)


@pytest.mark.parametrize(("sees", "expected"), [(("scores",), 60), (("decision",), 10), (None, 10)])
def test_scores_count_only_where_they_are_said_to_be_shown(sees, expected):
    answers = ANSWERS.model_copy(update={"sees": sees})
    found = settle("M10", of(hand(first(10)), decisions({}), scores(first(60)), answers=answers))
    assert round(found.estimate.value * 100) == expected
    beside = {named.measure: named.estimate.value for named in found.beside}
    assert ("Outsider who sees scores" in beside) == (expected == 60)
    assert 0.6 in beside.values()


def test_a_copy_counts_where_the_features_are_unknown():
    document = of(decisions(first(10)), copied(dict.fromkeys(range(50, 70), 3.0)))
    assert round(settle("M06", document).estimate.value * 100) == 30
    assert round(settle("M01", document).estimate.value * 100) == 10


def test_decisions_alone_leave_out_who_edits_by_hand():
    assert round(settle("M15", of(hand(first(90)), decisions(first(7)))).estimate.value * 100) == 7


def test_larger_changes_than_the_headline_do_not_count():
    found = settle("M01", of(hand({0: 3.0, 1: 4.0, 2: 3.0 + 1e-12})))
    assert round(found.estimate.value * 100) == 2
    assert found.size == 3.0


def test_by_hand_counts_one_entry():
    found = settle("M08", of(hand({**first(30), **dict.fromkeys(range(30, 50), 1.0)})))
    assert round(found.estimate.value * 100) == 20
    assert found.size == 1.0
    assert "1 column" in found.text


def test_whoever_was_not_measured_is_named():
    found = settle("M01", of(hand(first(2))))
    assert any("Not measured" in text and "sees decisions" in text for text in found.limits)


def test_rows_that_not_all_attacked_are_left_out():
    found = settle("M01", of(hand(first(40)), decisions({}, n=50)))
    assert found.estimate.n == 50


def test_proven_rows_are_told():
    of_that_size, larger = dict.fromkeys(range(80, 90), 3.0), dict.fromkeys(range(90, 99), 4.0)
    bounds = {**dict.fromkeys(range(80), None), **of_that_size, **larger}
    found = settle("M01", of(hand({99: 1.0}), insider({99: 1.0}, bounds=bounds)))
    assert "proven of 89 of the 100 rows" in found.text
    doubt = (Caveat(code="bound-refuted", text="..."),)
    refuted = settle("M01", of(hand({99: 1.0}), insider({99: 1.0}, bounds=bounds, caveats=doubt)))
    assert "proven" not in refuted.text


def test_what_makes_a_figure_doubtful_is_told():
    doubt = (Caveat(code="not-converged", text="..."),)
    document = of(hand(first(3), caveats=doubt, stopped_by="time")).model_copy(
        update={"columns": assessment(answered=False).columns}
    )
    said = " ".join(settle("M01", document).limits)
    for expected in (
        "not-converged",
        "ended by the clock",
        "Nobody has said who can set",
        "up to 10 times",
        "better search",
    ):
        assert expected in said


# comparisons


def test_noise_that_misses_what_is_chosen_refutes_that_it_covers_it():
    found = settle("M20", of(noise(first(5)), decisions(first(40))), guess=0.1)
    assert found.verdict is Standing.REFUTED
    assert found.estimate.value == pytest.approx(0.35)
    assert found.estimate.low > 0.05
    assert found.guessed == "below"


def test_noise_that_finds_as_much_leaves_it_standing():
    found = settle("M20", of(noise(first(38)), decisions(first(40))))
    assert found.verdict is Standing.NOT_REFUTED
    assert found.estimate.value == pytest.approx(0.02)
    assert f"at most {100 * found.estimate.high:.1f} points" in found.text


def test_the_difference_is_paired_on_rows():
    """The same counts on other rows are less certain."""
    nested = settle("M20", of(noise(first(30)), decisions(first(40)))).estimate
    apart = settle("M20", of(noise(first(30)), decisions(dict.fromkeys(range(60, 100), 3.0)))).estimate
    assert nested.value == pytest.approx(apart.value)
    assert nested.high - nested.low < apart.high - apart.low


def test_insider_and_outsiders_stand_side_by_side():
    found = settle("M22", of(hand({}), decisions({}), insider(first(80))))
    assert found.verdict is Standing.NOT_REFUTED
    assert [round(named.estimate.value * 100) for named in found.beside] == [80, 80]
    assert "80 of 100" in found.text
    assert settle("M22", of(hand(first(30)), insider(first(80)))).verdict is Standing.REFUTED


def test_two_models_that_are_equally_right_and_not_equally_hard_to_turn():
    one, other = of(hand(first(10))), of(hand(first(60)))
    for a, b in ((one, other), (other, one)):  # whichever is named first
        found = settle("M03", a, other=b)
        assert found.verdict is Standing.REFUTED
        assert found.estimate.value == pytest.approx(0.5)
    same = settle("M03", one, other=one)
    assert same.verdict is Standing.NOT_REFUTED
    assert same.estimate.value == 0


def test_two_models_are_compared_only_where_they_are_comparable():
    one = of(hand(first(10)))
    assert settle("M03", one).verdict is Standing.NOT_MEASURED
    better = one.performance.model_copy(update={"accuracy": shown_rate(280, 300)})
    not_equal = settle("M03", one, other=one.model_copy(update={"performance": better}))
    assert not_equal.verdict is Standing.NOT_MEASURED
    assert "not equally right" in not_equal.text
    other_effort = hand(first(60)).model_copy(update={"effort": Effort(queries=500)})
    assert settle("M03", one, other=of(other_effort)).verdict is Standing.NOT_MEASURED
    assert settle("M03", one, other=of(hand(first(9), n=29))).verdict is Standing.NOT_MEASURED
    elsewhere = one.model_copy(update={"data": one.data.model_copy(update={"sha256": "9" * 64})})
    with pytest.raises(UserError, match="same rows"):
        settle("M03", one, other=elsewhere)


def test_people_are_compared_with_a_program_of_their_kind():
    document = of(hand(first(41), n=91))
    refuted = settle("M04", document, tried=Tried(cases=8, broken=0))
    assert refuted.verdict is Standing.REFUTED
    chance = refuted.beside[1].estimate.value
    # none of 8 and 41 of 91: all 41 successes lie among the program's rows
    expected = np.prod([(58 - i) / (99 - i) for i in range(8)])
    assert chance == pytest.approx(expected)
    few = settle("M04", document, tried=Tried(cases=3, broken=0))
    assert few.verdict is Standing.NOT_REFUTED
    assert "few cases say little" in few.text
    assert settle("M04", document).verdict is Standing.NOT_MEASURED


def test_money_takes_loss_and_attempts():
    said = {"loss_accepted": (100, 500, 1000), "attempts": (20, 400), "unit": "EUR"}
    document = of(hand(first(40)), answers=ANSWERS.model_copy(update=said))
    found = settle("M07", document)
    assert found.verdict is Standing.REFUTED
    # the same simulation as in reports, and not the product of all low and of all high ends
    alone = scenario("M07", Attacked(k=40, n=100), document.answers)
    (yearly,) = simulate([alone], rng=document.entropy)
    assert in_words(yearly).replace(words.GAP, " ") in found.text
    assert settle("M07", of(hand({}, n=100), answers=document.answers)).verdict is Standing.NOT_REFUTED
    for missing in said.keys() - {"unit"}:
        answers = document.answers.model_copy(update={missing: None})
        unknown = settle("M07", of(hand(first(40)), answers=answers))
        assert unknown.verdict is Standing.NOT_MEASURED
        assert missing in unknown.cure


def test_the_sign_turned_round_is_the_error_before_and_after():
    document = assessment()
    found = settle("M02", document)
    assert found.verdict is Standing.REFRAMED
    worst = next(w for w in document.worst_case if w.objective == "columns")
    assert found.estimate.value == pytest.approx(1 - worst.accuracy.value)
    assert found.beside[0].estimate.value == pytest.approx(1 - document.performance.accuracy.value)
    assert found.estimate.low <= found.estimate.value <= found.estimate.high


# what cannot be settled


@pytest.mark.parametrize("name", [name for name in BELIEFS if name not in BUILT])
def test_what_is_not_built_says_so_without_any_assessment(name):
    found = settle(name, None, guess=0.1)
    assert found.verdict is Standing.NOT_BUILT
    said = " ".join(render_belief(belief(name), found).split())
    assert "not built yet" in said
    assert BELIEFS[name].experiment in said


@pytest.mark.parametrize("name", BUILT)
def test_nothing_measured_is_not_measured_and_says_what_to_do(name):
    missing = finding("hand-edit", "columns", Attacker.BY_HAND, None, outcome=Outcome.SKIPPED, reason="no time")
    document = of(missing, worst_case=())
    found = settle(name, document, tried=Tried(cases=5, broken=0), other=document)
    assert found.verdict is Standing.NOT_MEASURED
    assert found.estimate is None
    assert found.cure
    assert "What to do" in render_belief(belief(name), found)


@pytest.mark.parametrize("name", BUILT)
def test_documents_without_sizes_are_not_measured_but_for_the_sign(name):
    found = settle(name, assessment(), other=assessment(), tried=Tried(cases=5, broken=0))
    assert found.verdict is (Standing.REFRAMED if name == "M02" else Standing.NOT_MEASURED)


def test_an_unfinished_or_missing_assessment_is_refused():
    with pytest.raises(UserError, match="must be complete"):
        settle("M01", of(hand({}), complete=False))
    with pytest.raises(UserError, match="run sparring assess"):
        settle("M01", None)


@pytest.mark.parametrize(("name", "hint"), [("M99", "M01 to M24"), ("m1", "did you mean"), ("belief", "--list")])
def test_a_belief_that_does_not_exist(name, hint):
    with pytest.raises(OptionError, match=hint):
        belief(name)


# how it is put


def everything():
    said = {"loss_accepted": (100, 500, 1000), "attempts": (20, 400), "unit": "EUR", "sees": ("scores",)}
    answers = ANSWERS.model_copy(update=said)
    document = of(
        noise(first(3)),
        hand(first(40)),
        decisions(first(30)),
        scores(first(50)),
        copied(first(20)),
        insider(first(90)),
        answers=answers,
    )
    other = of(hand({}), decisions({}), noise({}), answers=answers)
    return {name: settle(name, document, guess=0.2, other=other, tried=Tried(cases=9, broken=1)) for name in BELIEFS}


@pytest.mark.parametrize("width", [40, 80, 100])
def test_everything_fits_and_gives_no_verdict_on_the_model(width):
    for name, found in everything().items():
        assert type(found).model_validate_json(found.model_dump_json()) == found
        said = render_belief(belief(name), found, width=width)
        assert max(map(len, said.splitlines())) <= width, name
        assert not BANNED.search(said)
        assert "\N{NO-BREAK SPACE}" not in said
        assert not re.search(r"\d\s*\n\s*%", said)
        assert "1 tries" not in said
    assert max(map(len, list_beliefs(width=width).splitlines())) <= width


def test_the_list_says_what_is_built_and_where_it_was_heard():
    said = " ".join(list_beliefs().split())
    assert said.count("commonly heard") == 9
    assert "none is ever shown to be true" in said
    for name in BELIEFS:
        assert name in said
