"""Doubts: each fires where it must and stays silent where it must not."""

import numpy as np
import pytest

from assess.toy import Toy, number, table
from sparring.assess import across, conversion, sanity
from sparring.assess.findings import Baseline
from sparring.assess.judge import Judged
from sparring.assess.run import Pass, Trace
from sparring.core.case import AdversarialExamples
from sparring.core.examples import Examples
from sparring.core.parameters import LinearModel
from sparring.core.riding import rider_column
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision
from sparring.core.threat import Attacker, Evasion

X = np.random.default_rng(0).uniform(0, 10, (200, 3))


def codes(caveats):
    return [c.code for c in caveats]


class Coin(Toy):
    """Answers at random."""

    def predict(self, x):
        """Toss."""
        return np.random.default_rng(self.asked).integers(0, 2, len(x)) + 0 * super().predict(x)


class Hard(Toy):
    """Probabilities of 0 and 1 only."""

    def scores(self, x):
        """Return zeros and ones."""
        return np.eye(2)[self.predict(x)]


class Blind(Toy):
    """No probabilities."""

    offers = frozenset({Access.LABELS})


def test_a_model_that_answers_twice_alike_is_no_doubt():
    assert codes(sanity.stochastic(Toy(), X)) == []
    assert codes(sanity.stochastic(Coin(), X)) == ["stochastic-model"]


class Wavers(Toy):
    """Scores that move in the third digit, with the same decisions."""

    def scores(self, x):
        """Add a little, another time."""
        self.asked += len(x)
        p = np.clip(super().scores(x) * 0.99 + 0.005, 0, 1)
        p[:, 0] += 1e-3 * (self.asked % 2000 > 1000)
        return p


def test_scores_that_waver_are_a_doubt_though_decisions_stay():
    (caveat,) = sanity.stochastic(Wavers(), X)
    assert caveat.code == "stochastic-model"
    assert "scores 200 of 200 rows differently" in caveat.text


def test_probabilities_of_zero_and_one_are_a_doubt():
    assert codes(sanity.saturated(Toy(), X / 10 + 4.5)) == []
    assert codes(sanity.saturated(Hard(), X)) == ["saturated-scores"]
    assert codes(sanity.saturated(Blind(), X)) == []


class Rough(Toy):
    """Probabilities that hang on the last digits of a row."""

    def scores(self, x):
        """Add to each what its digits say."""
        p = np.clip(super().scores(x)[:, 1] * 0.4 + 0.3 + 0.2 * np.modf(np.abs(x).sum(axis=1) * 1e6)[0], 0, 1)
        return np.column_stack([1 - p, p])


def test_scores_that_jump_at_nothing_are_a_doubt():
    assert codes(sanity.rough(Toy(), X)) == []
    assert codes(sanity.rough(Rough(), X)) == ["rough-scores"]
    assert codes(sanity.rough(Hard(), X)) == ["flat-scores"]
    assert codes(sanity.rough(Hard(family="trees"), X)) == []  # steps are their nature, and no noise
    whole = TableSpace(tuple(number(f"c{j}", step=1.0) for j in range(3)))
    for cannot_tell in (Rough(whole), Blind(), Rough(table(who="nobody"))):
        assert codes(sanity.rough(cannot_tell, X)) == []


def test_models_no_better_than_a_constant():
    y = np.tile([0, 0, 0, 1], 25)
    assert codes(sanity.weak_model(np.ones(100, bool), y, y)) == []
    constant = np.zeros(100, dtype=np.int64)
    assert codes(sanity.weak_model(constant == y, y, constant)) == ["constant-model"]
    bad = np.tile([1, 0, 0, 0], 25)
    (caveat,) = sanity.weak_model(bad == y, y, bad)
    assert caveat.code == "no-better-than-majority"
    assert "not shown" not in caveat.text
    hardly = np.where(np.arange(100) == 3, 1, 0)  # right on one row more
    (caveat,) = sanity.weak_model(hardly == y, y, hardly)
    assert "76.0%" in caveat.text
    assert "That it is better is not shown." in caveat.text


def test_rows_seen_in_training_and_repeated_rows():
    rows = Examples(X, np.zeros(200, dtype=np.int64), np.arange(200))
    assert codes(sanity.overlap(rows, None)) == []
    assert codes(sanity.overlap(rows, X[:5] + 1e-9)) == []
    found = sanity.overlap(rows, X[:5])
    assert codes(found) == ["train-rows-in-data"]
    assert found[0].text.startswith("5 of 200")
    blank = np.vstack([X[:100], X[:100]])
    blank[:, 0] = np.nan
    assert codes(sanity.overlap(Examples(blank, rows.y, rows.ids), None)) == ["repeated-rows"]


def test_a_range_that_the_data_break():
    assert codes(sanity.limits_hold(table(), X)) == []
    assert codes(sanity.limits_hold(table(high=5.0), X)) == ["range-against-data"] * 3
    assert codes(sanity.limits_hold(table(high=5.0, who="nobody"), X)) == []


def test_a_step_that_the_data_break():
    cents = np.round(X, 2)
    assert codes(sanity.limits_hold(table(step=0.01), cents)) == []
    assert codes(sanity.limits_hold(table(step=0.01), cents.astype(np.float32).astype(float))) == []
    found = sanity.limits_hold(table(step=0.5), cents)
    assert codes(found) == ["step-against-data"] * 3
    off = np.mean(np.abs(cents[:, 0] * 2 - np.round(cents[:, 0] * 2)) > 1e-9)
    assert off > 0.9
    assert found[0].text.startswith(f"{off:.1%} of the values in column 'c0' are no multiples of its step, 0.5")
    assert codes(sanity.limits_hold(table(step=0.5, who="nobody"), cents)) == []
    assert sanity.limits_hold(table(step=0.5), np.full((9, 3), np.nan))[0].code == "missing-against-data"


def test_blanks_where_the_table_allows_none():
    some = X.copy()
    some[:40, 1] = np.nan
    found = sanity.limits_hold(table(missing="never"), some)
    assert codes(found) == ["missing-against-data"]
    assert found[0].text.startswith("20.0% of the data are blank in column 'c1'")
    assert sanity.limits_hold(table(missing="allow"), some) == []
    some[2:, 1] = X[2:, 1]
    assert sanity.limits_hold(table(missing="never"), some) == []  # one row in a hundred is no doubt


def test_no_rows_are_no_doubt():
    assert sanity.limits_hold(table(step=0.5), np.empty((0, 3))) == []


def test_columns_that_nobody_has_spoken_of():
    assert codes(sanity.assumed(table())) == []
    some = TableSpace(tuple(number(f"c{j}", who="unknown") for j in range(7)))
    caveat = sanity.assumed(some)[0]
    assert caveat.code == "assumed-columns"
    assert "c4 and 2 more" in caveat.text


@pytest.mark.parametrize(("lies", "holds"), [(0.0, True), (0.5, False)])
def test_a_readable_form_must_agree_with_predict(lies, holds):
    found = conversion.compare(Toy(readable=True, lies=lies), X)
    assert found.holds == holds
    assert codes(found.caveats) == ([] if holds else ["conversion-mismatch"])


@pytest.mark.parametrize("scored", [True, False])
def test_one_wrong_row_of_thousands_is_found_and_reading_refused(scored):
    x = np.random.default_rng(1).uniform(0, 10, (5000, 3))
    odd = 4321  # beyond any sample

    class Odd(Toy):
        offers = frozenset({Access.LABELS, Access.PARAMETERS} | ({Access.SCORES} if scored else set()))

        def predict(self, rows):
            label = super().predict(rows)
            return np.where((rows == x[odd]).all(axis=1), 1 - label, label)

    right = conversion.compare(Odd(readable=True), np.delete(x, odd, axis=0))
    assert right.holds
    assert "equal on 4999 of 4999" in right.text
    wrong = conversion.compare(Odd(readable=True), x)
    assert not wrong.holds
    assert codes(wrong.caveats) == ["conversion-mismatch"]
    assert "on 1 of 5000 rows" in wrong.caveats[0].text


def test_a_row_on_the_very_boundary_may_fall_either_way():
    x = np.vstack([X, [5.0, 5.0, 5.0 - 1e-9]])

    class Rounds(Toy):
        def predict(self, rows):
            return super().predict(rows + 1e-8)

    assert conversion.compare(Rounds(readable=True), x).holds


def test_one_wrong_probability_is_enough():
    class Odd(Toy):
        def scores(self, rows):
            p = super().scores(rows)
            p[-1] = p[-1] * 0.9 + 0.05
            return p

    assert codes(conversion.compare(Odd(readable=True), X).caveats) == ["conversion-mismatch"]


def test_with_three_classes_and_a_cut_off_a_row_can_be_near_the_cut_or_near_a_tie():
    toy = Toy()
    p = np.array([[0.35, 0.33, 0.32], [0.32, 0.58, 0.10], [0.6, 0.2, 0.2]])
    for text, far in (("a >= 0.3", [0.01, 0.02, 0.0]), (None, [0.02, 0.26, 0.4])):
        toy.decision = Decision(classes=tuple("abc")) if text is None else Decision.parse(text, tuple("abc"))
        np.testing.assert_allclose(conversion._from_boundary(toy, p, p, "softmax"), far, atol=1e-12)


def test_a_bare_margin_is_compared_by_its_decisions():
    d = 3

    class Bare(Toy):
        decision = Decision.parse("yes >= 0.9", ("no", "yes"))

        def parameters(self):
            return LinearModel(np.array([-self.cut]), np.ones((d, 1)), np.zeros((d, 1)), "margin")

    agreed = conversion.compare(Bare(readable=True), X)
    assert agreed.holds
    assert "probability" not in agreed.text


def test_a_model_that_is_not_readable_says_why():
    found = conversion.compare(Toy(), X)
    assert not found.holds
    assert found.text == "not readable: a toy that keeps its parts to itself"

    class Promises(Toy):
        offers = frozenset({Access.LABELS, Access.PARAMETERS})

    assert conversion.compare(Promises(), X).text.startswith("not readable: a toy")

    class Reticent(Toy):
        offers = frozenset({Access.LABELS})

    assert conversion.compare(Reticent(readable=True), X).text == "not readable"


def doubts(
    size,
    *,
    baseline=None,
    feasible=None,
    more_helps=True,
    passes=(),
    stopped="effort",
    fault=None,
    deaths=(),
    x_adv=None,
    **threat,
):
    size = np.asarray(size, dtype=float)
    n = len(size)
    x_adv = X[:n] if x_adv is None else x_adv
    broken = np.isfinite(size)
    found = AdversarialExamples(x_adv, broken, np.zeros(n, dtype=np.int64))
    trace = Trace(found, np.zeros(n), tuple(passes), 0, 0.1, stopped, fault)
    judged = Judged(x_adv, broken, size, np.ones(n, dtype=np.int64), deaths)
    who = Evasion(**{"objective": "columns", "attacker": Attacker.INSIDER, "wants": 1} | threat)
    baselines = [] if baseline is None else [Baseline("noise", np.asarray(baseline, dtype=float))]
    feasible = broken if feasible is None else np.asarray(feasible)
    return codes(
        sanity.of_finding(
            trace,
            judged,
            threat=who,
            baselines=baselines,
            feasible=feasible,
            more_helps=more_helps,
            background=X,
            space=table(),
        )
    )


GOOD = np.ones(60)


def test_a_clean_finding_has_no_doubts():
    assert doubts(GOOD, baseline=np.full(60, np.inf)) == []


def test_few_rows_clock_faults_and_deaths_are_said():
    assert doubts(GOOD[:10]) == ["few-rows"]
    assert doubts(GOOD, stopped="time") == ["stopped-by-time"]
    assert doubts(GOOD, stopped="exhausted") == ["stopped-by-cap"]
    assert doubts(GOOD, fault="x") == ["broke-off"]
    assert doubts(GOOD, deaths=("column 'a' may not rise",)) == ["rows-died"]


def test_an_attack_must_beat_doing_nothing_clever():
    assert doubts(GOOD, baseline=GOOD) == ["no-better-than-baseline"]
    assert doubts(GOOD, baseline=GOOD, attacker=Attacker.NOBODY) == []
    assert doubts(np.full(60, np.inf), baseline=np.full(60, np.inf)) == []


def test_an_attack_must_find_what_is_known_to_be_there():
    size = np.where(np.arange(60) < 30, 1.0, np.inf)
    assert doubts(size, feasible=np.ones(60, bool)) == ["misses-what-is-there"]
    assert doubts(size, feasible=np.isfinite(size)) == []
    assert doubts(np.where(np.isinf(size), 4.0, size), feasible=np.ones(60, bool)) == ["misses-what-is-there"]
    assert doubts(size, feasible=np.ones(60, bool), attacker=Attacker.BY_HAND) == []


def test_spreads_have_no_size_that_is_too_large_to_be_found():
    far, known = np.full(60, 40.0), np.ones(60, bool)
    assert doubts(far, feasible=known, objective="spread") == []
    assert "misses-what-is-there" in doubts(np.full(60, np.inf), feasible=known, objective="spread")
    assert "misses-what-is-there" in doubts(far, feasible=known)  # no number of columns that large is looked for


def test_effort_that_still_gains_at_the_end_is_not_enough():
    assert doubts(GOOD, passes=[Pass(10, 20), Pass(50, 30), Pass(100, 60)]) == ["not-converged"]
    assert doubts(GOOD, passes=[Pass(10, 60), Pass(50, 60), Pass(100, 60)]) == []
    assert doubts(GOOD, passes=[Pass(100, 60)]) == []


def test_effort_that_no_budget_could_raise_is_not_doubted():
    assert doubts(GOOD, passes=[Pass(10, 20), Pass(50, 30), Pass(100, 60)], more_helps=False) == []


def test_tables_without_any_small_change_are_said():
    steps = [number("a", step=1.0, spread=1.5), number("b", who="nobody")]
    kind = Column(name="c", kind="category", who="anyone", categories=("x", "y"))
    (caveat,) = sanity.coarse(TableSpace((*steps, kind)))
    assert caveat.code == "coarse-columns"
    assert "by 0.5 spreads or less: the smallest possible change is 0.67." in caveat.text
    assert sanity.coarse(TableSpace((*steps, kind, number("d")))) == []
    assert sanity.coarse(TableSpace((number("a", step=1.0, spread=2.0),))) == []
    assert sanity.coarse(TableSpace((number("b", who="nobody"),))) == []


def test_rows_far_from_all_real_ones_are_said():
    assert doubts(GOOD, x_adv=X[:60] + 500) == ["outside-the-data"]


def test_neighbors_count_categories_and_blanks():
    mixed = TableSpace((number("n"), Column(name="c", kind="category", who="anyone", categories=("a", "b"))))
    real = np.array([[1.0, 0.0], [np.nan, 1.0], [3.0, 1.0]])
    rows = np.array([[1.0, 1.0], [np.nan, 1.0]])
    assert sanity._nearest(rows, real, mixed).tolist() == [1.0, 0.0]
    assert sanity._nearest(real, real, mixed, skip_self=True).tolist() == [2.0, 1.0, 1.0]


def test_a_black_box_that_beats_a_reader_is_a_doubt():
    reader, blind = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    sizes = {"r": (Attacker.INSIDER, "columns", reader), "b": (Attacker.SEES_SCORES, "columns", blind)}
    assert codes(across.doubts(sizes)) == ["black-box-beats-white-box"]
    assert codes(across.doubts(sizes | {"b": (Attacker.SEES_SCORES, "spread", blind)})) == []
    assert codes(across.doubts({"r": sizes["r"], "b": (Attacker.SEES_SCORES, "columns", reader)})) == []


def test_readers_are_compared_together():
    search, proof, blind = np.array([1.0, 3.0]), np.array([2.0, 2.0]), np.array([1.0, 2.0])
    sizes = {"r": (Attacker.INSIDER, "columns", search), "b": (Attacker.SEES_SCORES, "columns", blind)}
    assert codes(across.doubts(sizes)) == ["black-box-beats-white-box"]
    both = sizes | {"p": (Attacker.INSIDER, "columns", proof)}
    assert codes(across.doubts(both)) == []
    copied = sizes | {"b": (Attacker.HAS_A_COPY, "columns", blind)}
    assert codes(across.doubts(copied)) == ["transfer-beats-direct"]
    assert codes(across.doubts(copied | {"p": (Attacker.INSIDER, "columns", proof)})) == []
    (said,) = across.doubts(both | {"b": (Attacker.SEES_SCORES, "columns", np.array([0.5, 2.0]))})
    assert "than r and p on 1 of 2 rows" in said.text


def test_a_bound_above_a_row_in_hand_is_a_doubt():
    sizes = {
        "p": (Attacker.INSIDER, "spread", np.array([np.inf, 0.5])),
        "b": (Attacker.SEES_SCORES, "spread", np.array([0.3, np.inf])),
        "c": (Attacker.SEES_SCORES, "columns", np.array([0.1, 0.1])),
    }
    assert codes(across.doubts(sizes, {"p": np.array([0.3, 0.5 * (1 + 1e-8)])})) == ["black-box-beats-white-box"]
    found = across.doubts(sizes, {"p": np.array([np.inf, 0.6])})
    assert codes(found) == ["black-box-beats-white-box", "bound-refuted"]
    assert "p said of 2 of 2 rows" in found[1].text


def test_the_prediction_before_is_no_distance():
    wide = TableSpace((number("a"), rider_column()))
    x = np.random.default_rng(0).uniform(0, 1, (80, 1))
    real = np.column_stack([x, np.arange(80.0) * 1000])  # predictions lie far apart, the rows do not
    adv = np.column_stack([np.full(80, 9.0), real[:, 1]])
    judged = Judged(adv, np.ones(80, dtype=bool), np.ones(80), np.zeros(80, dtype=int), ())
    assert codes(sanity._outside(judged, real, wide)) == ["outside-the-data"]
    inside = Judged(real, np.ones(80, dtype=bool), np.ones(80), np.zeros(80, dtype=int), ())
    assert codes(sanity._outside(inside, real, wide)) == []


def test_a_copy_that_beats_whoever_sees_more_is_a_doubt():
    direct, copied, mixed = np.array([1.0, 2.0, 2.0]), np.array([1.0, 1.0, 2.0]), np.array([2.0, 1.0, 3.0])
    copy = {"t": (Attacker.HAS_A_COPY, "columns", copied)}
    for attacker in (Attacker.INSIDER, Attacker.SEES_SCORES):
        assert codes(across.doubts(copy | {"d": (attacker, "columns", direct)})) == ["transfer-beats-direct"]
        assert codes(across.doubts(copy | {"d": (attacker, "spread", direct)})) == []
        assert codes(across.doubts(copy | {"d": (attacker, "columns", copied)})) == []
    # one row lost and two won is no sign against somebody who only asks
    mixed = {"t": (Attacker.HAS_A_COPY, "columns", mixed)}
    assert codes(across.doubts(mixed | {"d": (Attacker.SEES_SCORES, "columns", direct)})) == []
    assert codes(across.doubts(mixed | {"d": (Attacker.SEES_DECISIONS, "columns", direct)})) == []
    assert codes(across.doubts(mixed | {"d": (Attacker.INSIDER, "columns", direct)})) == ["transfer-beats-direct"]
