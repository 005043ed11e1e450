"""Risk in money: the worked example, closed forms, and what must not move what."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import polygamma

from sparring.core.risk import (
    Attacked,
    Counted,
    Deterrence,
    Elicited,
    ElicitedShare,
    Lines,
    Scenario,
    Seen,
    ThreePoint,
    Weighed,
)
from sparring.errors import OptionError
from sparring.govern.inputs import inputs_of
from sparring.govern.risk import CURVE, cases_needed, evidence_of, simulate

LINES = Lines(amounts=(10_000, 50_000, 250_000), unit="EUR")
Z = stats.norm.ppf(0.95)


def scenario(name="a", *, k=61, n=100, **more):
    given = {
        "attempts": Elicited(low=20, high=400),
        "success": Attacked(k=k, n=n),
        "caught": Weighed(a=8, b=4),
        "loss": Elicited(low=300, high=3000),
        "unit": "EUR",
    }
    return Scenario(name=name, **(given | more))


def one(*args, lines=LINES, rng=0, years=100_000, **more):
    return simulate([scenario(*args, **more)], lines, rng=rng, years=years)[0]


def factor(part, **more):
    return next(found for found in inputs_of(scenario(**more)) if found.part == part)


def known(**more):
    """A scenario of which everything is known but what is given."""
    given = {
        "attempts": Elicited(low=10, high=10),
        "success": ElicitedShare(low=0.5, high=0.5),
        "caught": None,
        "loss": Elicited(low=100, high=100),
    }
    return one(**(given | more))


# --- the worked example --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "losses", "above", "level"),
    [
        (61, (32_800, 2_000, 118_000), (0.64, 0.17, 0.01), "High"),
        (9, (5_100, 300, 18_000), (0.13, 0.01, 0.00), "Medium"),
        (0, None, (0.00, 0.00, 0.00), "Low"),
    ],
)
def test_worked_example(k, losses, above, level):
    found = one(k=k)
    assert found.level == level
    # the published figures are rounded to two digits and were drawn, too
    assert [crossing.probability for crossing in found.crossings] == pytest.approx(above, abs=0.009)
    if losses is not None:
        mean, low, high = losses
        assert found.mean == pytest.approx(mean, rel=0.025)
        assert found.low == pytest.approx(low, rel=0.07)
        assert found.high == pytest.approx(high, rel=0.03)


def test_the_page_shows_the_worked_example_as_it_comes_out():
    text = (Path(__file__).parents[2] / "docs" / "explanation" / "risk.md").read_text(encoding="utf-8")
    amount = r"([\d.]+) k"
    row = rf"^\| \w[\w ]* \| (\d+) of 100 \| {amount} \| {amount} to {amount} \| (.*) \| (.*) \|$"
    rows = re.findall(row, text, re.MULTILINE)
    assert [row[0] for row in rows] == ["61", "9", "0"]
    for k, mean, low, high, above, level in rows:
        found = one(k=int(k))
        # two digits are shown, of figures that are drawn
        assert [found.mean / 1e3, found.high / 1e3] == pytest.approx([float(mean), float(high)], rel=0.04)
        assert found.low / 1e3 == pytest.approx(float(low), rel=0.15)
        assert [c.probability for c in found.crossings] == pytest.approx(
            list(map(float, above.split(" | "))), abs=0.009
        )
        assert level.startswith(found.level)
    cases = one(k=9).level_range.more_cases
    assert f"it takes about {int(float(f'{cases:.1e}')):,} more" in text


@pytest.mark.parametrize("k", [61, 9, 0])
def test_the_mean_is_the_product_of_means(k):
    def mean_of(low, high):
        spread = math.log(high / low) / (2 * Z)
        return math.sqrt(low * high) * math.exp(spread**2 / 2)

    expected = mean_of(20, 400) * (k + 0.5) / 101 * (4 / 12) * mean_of(300, 3000)
    # standard error of the mean of 100,000 draws: 0.6 % where success is known, 0.9 % at none of 100
    assert one(k=k).mean == pytest.approx(expected, rel=0.03)


def test_log_normal_quantiles_are_exact():
    found = known(attempts=Elicited(low=20, high=400), loss=Elicited(low=300, high=3000))
    center = math.log(math.sqrt(20 * 400 * 300 * 3000) * 0.5)
    spread = math.hypot(math.log(20), math.log(10)) / (2 * Z)
    for p, value in ((0.05, found.low), (0.5, found.median), (0.95, found.high)):
        # standard error of a quantile of the logarithm
        error = spread * math.sqrt(p * (1 - p) / 1e5) / stats.norm.pdf(stats.norm.ppf(p))
        assert math.log(value) == pytest.approx(center + stats.norm.ppf(p) * spread, abs=4 * error)
    for crossing in found.crossings:
        above = stats.norm.sf((math.log(crossing.amount) - center) / spread)
        assert crossing.probability == pytest.approx(above, abs=4 * math.sqrt(above * (1 - above) / 1e5))


# --- inputs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-4.0, -Z, -0.5, 0.0, 1.0, Z, 4.0])
@pytest.mark.parametrize(
    ("part", "more", "distribution"),
    [
        ("success", {"k": 61}, stats.beta(61.5, 39.5)),
        ("success", {"k": 0}, stats.beta(0.5, 100.5)),
        ("success", {"k": 100}, stats.beta(100.5, 0.5)),
        ("success", {"success": Weighed(a=2, b=3)}, stats.beta(2, 3)),
        ("success", {"success": None}, stats.beta(0.5, 0.5)),
        ("not caught", {"caught": Counted(k=9, n=10)}, stats.beta(1.5, 9.5)),
        ("attempts", {"attempts": Seen(events=0, years=2)}, stats.gamma(0.5, scale=1 / 2)),
        ("attempts", {"attempts": Seen(events=7, years=3)}, stats.gamma(7.5, scale=1 / 3)),
        ("attempts", {}, stats.lognorm(math.log(20) / 2 / Z, scale=math.sqrt(8000))),
        ("loss", {"loss": ThreePoint(low=100, likely=200, high=900)}, stats.beta(1.5, 4.5, loc=100, scale=800)),
        ("loss", {"loss": ThreePoint(low=0, likely=0, high=9)}, stats.beta(1, 5, loc=0, scale=9)),
    ],
)
def test_inputs_have_their_distribution(part, more, distribution, z):
    # between entries of the table, too
    for score in (z, z + 0.007):
        assert factor(part, **more).at(score) == pytest.approx(distribution.ppf(stats.norm.cdf(score)), rel=1e-3)


@pytest.mark.parametrize(("part", "field"), [("success", "success"), ("not caught", "caught")])
def test_an_argued_share_has_its_ends_as_quantiles(part, field):
    found = factor(part, **{field: ElicitedShare(low=0.1, high=0.4)})
    ends = (0.1, 0.4) if part == "success" else (0.6, 0.9)
    assert (found.at(-Z), found.at(Z)) == pytest.approx(ends)


@pytest.mark.parametrize("years", [0.5, 2.0, 10.0])
def test_none_seen_is_not_none(years):
    bound = factor("attempts", attempts=Seen(events=0, years=years)).at(Z)
    assert bound == pytest.approx(stats.chi2.ppf(0.95, 1) / (2 * years), rel=1e-4)
    assert bound == pytest.approx(1.92 / years, rel=1e-3)


@pytest.mark.parametrize(("k", "n"), [(61, 100), (0, 100), (9, 100), (3, 3)])
def test_log_variance_of_a_beta_is_that_of_the_trigamma_function(k, n):
    a, b = k + 0.5, n - k + 0.5
    assert factor("success", k=k, n=n).log_variance == pytest.approx(
        float(polygamma(1, a) - polygamma(1, a + b)), rel=1e-3
    )


# --- one year ------------------------------------------------------------------------------------------------------


def test_a_single_year_is_poisson_where_all_is_known():
    found = known(attempts=Elicited(low=0.4, high=0.4), loss=Elicited(low=8000, high=8000), lines=LINES)
    # 0.2 successes a year at 8,000 each: above 10,000 from the second on, above 50,000 from the seventh on
    assert found.mean == pytest.approx(1600)
    assert found.quiet_year == pytest.approx(math.exp(-0.2))
    assert [c.single_year for c in found.crossings] == pytest.approx([stats.poisson.sf(m, 0.2) for m in (1, 6, 31)])
    assert [c.probability for c in found.crossings] == [0, 0, 0]


# --- levels --------------------------------------------------------------------------------------------------------


def test_no_lines_no_level():
    found = one(lines=None)
    assert (found.level, found.level_range, found.crossings) == (None, None, ())


@pytest.mark.parametrize(
    ("loss", "level"), [(9_999, "Low"), (10_001, "Medium"), (50_001, "High"), (250_001, "Critical")]
)
def test_the_highest_line_passed_gives_the_level(loss, level):
    assert known(attempts=Elicited(low=2, high=2), loss=Elicited(low=loss, high=loss)).level == level


def test_ten_percent_is_the_border():
    # the loss at its 90 % quantile lies on the line
    q90 = math.sqrt(100 * 10_000) * math.exp(stats.norm.ppf(0.9) * math.log(100) / (2 * Z))
    above, below = (
        known(
            attempts=Elicited(low=2, high=2),
            loss=Elicited(low=100, high=10_000),
            lines=Lines(amounts=(q90 * shift,), names=("Bad",), unit="EUR"),
        )
        for shift in (0.96, 1.04)
    )
    assert (above.level, below.level) == ("Bad", "Low")


def test_level_hangs_on_success_and_more_cases_settle_it():
    open_ = one(k=9)
    assert (open_.level_range.low, open_.level_range.high) == ("Low", "Medium")
    more = open_.level_range.more_cases
    n = 100 + more
    assert one(success=Attacked(k=round(0.09 * n), n=n)).level_range is None
    assert one(success=Attacked(k=round(0.09 * n / 2), n=n // 2)).level_range is not None
    assert one(k=61).level_range is None


def test_cases_needed_is_the_least_number():
    border = 0.3

    def open_at(n):
        low, high = stats.beta.ppf([0.05, 0.95], 0.2 * n + 0.5, 0.8 * n + 0.5)
        return low <= border < high

    more = cases_needed(Attacked(k=2, n=10), [border])
    assert open_at(10 + more - 1)
    assert not open_at(10 + more)
    assert cases_needed(Attacked(k=3, n=10), [border]) is None
    assert cases_needed(Attacked(k=900, n=1000), [border]) == 0


def test_what_was_argued_has_no_number_of_cases():
    found = one(success=ElicitedShare(low=0.05, high=0.9))
    assert found.level_range.more_cases is None
    assert found.hollow


@pytest.mark.parametrize(
    ("success", "grade", "says"),
    [
        (None, "E0", "nobody said"),
        (ElicitedShare(low=0.1, high=0.2), "E1", "argued"),
        (Weighed(a=1, b=1), "E1", "argued"),
        (Attacked(k=1, n=9), "E2", "1 of 9 attacked cases, with standard"),
        (Attacked(k=1, n=9, checked=True, repeated_by="QA"), "E2", "standard"),
        (Attacked(k=1, n=9, adaptive=True), "E2", "did not pass"),
        (Attacked(k=1, n=9, adaptive=True, checked=True), "E3", "adaptive"),
        (Attacked(k=1, n=9, adaptive=True, checked=True, repeated_by="QA"), "E4", "again by QA"),
    ],
)
def test_evidence(success, grade, says):
    found = evidence_of(scenario(success=success))
    assert found.grade == grade
    assert says in found.reason
    assert found.hollow is (grade in ("E0", "E1"))


# --- what drives the range -----------------------------------------------------------------------------------------


def test_shares_are_those_of_the_drawn_logarithms():
    found = one()
    assert sum(d.share for d in found.drivers) == pytest.approx(1)
    assert [d.part for d in found.drivers] == ["attempts", "loss", "not caught", "success"]
    assert [d.ask for d in found.drivers] == ["security", "management", "deployment", "model"]
    tried, cost = ((math.log(ratio) / (2 * Z)) ** 2 for ratio in (20, 10))
    beta = [float(polygamma(1, a) - polygamma(1, a + b)) for a, b in ((61.5, 39.5), (4, 8))]
    total = tried + cost + sum(beta)
    shares = {d.part: d.share for d in found.drivers}
    assert shares["attempts"] == pytest.approx(tried / total, rel=1e-3)
    assert shares["success"] == pytest.approx(beta[0] / total, rel=1e-3)


def test_a_point_drives_nothing():
    assert known().drivers == ()
    found = known(attempts=Elicited(low=20, high=400))
    assert [(d.part, d.share) for d in found.drivers] == [("attempts", 1.0)]
    middle = math.sqrt(8000) * 0.5 * 100
    assert (found.drivers[0].low_if_known, found.drivers[0].high_if_known) == pytest.approx((middle, middle))


def test_knowing_an_input_leaves_the_range_of_the_others():
    found = one().drivers[0]
    fixed = one(attempts=Elicited(low=math.sqrt(8000), high=math.sqrt(8000)))
    assert (found.low_if_known, found.high_if_known) == pytest.approx((fixed.low, fixed.high))


def test_what_never_works_costs_nothing():
    found = one(success=ElicitedShare(low=0, high=0))
    assert (found.mean, found.high, found.level, found.drivers, found.quiet_year) == (0, 0, "Low", (), 1)


# --- deterrence ----------------------------------------------------------------------------------------------------


def test_who_does_not_gain_does_not_try():
    gain, cost = Elicited(low=100, high=1000), Elicited(low=50, high=2000)
    found, plain = one(deterrence=Deterrence(gain=gain, cost=cost)), one()
    spread = math.hypot(math.log(10), math.log(40)) / (2 * Z)
    expected = stats.norm.cdf(0.5 * math.log(100 * 1000 / (50 * 2000)) / spread)
    assert found.pays == pytest.approx(expected, abs=0.006)
    assert found.mean == pytest.approx(plain.mean * expected, rel=0.02)
    assert found.low == 0
    # the others are drawn as before
    assert found.drivers[0].share == plain.drivers[0].share
    assert plain.pays is None


def test_an_attacker_who_surely_gains_changes_nothing():
    sure = Deterrence(gain=Elicited(low=100, high=100), cost=Elicited(low=1, high=1))
    assert one(deterrence=sure).model_copy(update={"pays": None}) == one()


# --- streams -------------------------------------------------------------------------------------------------------


def test_scenarios_do_not_move_each_other():
    a, b, c = scenario("a"), scenario("b", k=9), scenario("c", k=0)
    together = simulate([a, b, c], LINES, rng=7, years=2000)
    assert simulate([c, a], LINES, rng=7, years=2000) == (together[2], together[0])
    assert simulate([b], LINES, rng=7, years=2000) == (together[1],)


def test_same_seed_same_figures_and_other_names_other_draws():
    assert one(rng=3, years=2000) == one(rng=3, years=2000)
    assert one(rng=3, years=2000).mean != one(rng=4, years=2000).mean
    assert one("a", years=2000).mean != one("b", years=2000).mean
    generator = one(rng=np.random.default_rng(5), years=2000)
    assert generator == one(rng=generator.entropy, years=2000)
    fresh = one(rng=None, years=2000)
    assert fresh == one(rng=fresh.entropy, years=2000)


RATES = st.floats(0.1, 1000)


@settings(max_examples=25)
@given(RATES, st.floats(1, 50), st.floats(1, 10), st.integers(0, 20), st.floats(0.1, 5))
def test_more_attempts_lower_no_quantile(low, width, more, events, years):
    for before, after in (
        (Elicited(low=low, high=low * width), Elicited(low=low * more, high=low * width * more)),
        (Seen(events=events, years=years), Seen(events=events + 1, years=years)),
        (Seen(events=events, years=years * more), Seen(events=events, years=years)),
    ):
        old, new = (one(attempts=attempts, years=1000) for attempts in (before, after))
        for x, y in zip(old.exceedance, new.exceedance, strict=True):
            assert y.loss >= x.loss * (1 - 1e-9)


@settings(max_examples=20)
@given(st.integers(0, 29))
def test_more_success_lowers_no_quantile(k):
    old, new = one(k=k, n=30, years=1000), one(k=k + 1, n=30, years=1000)
    assert all(y.loss >= x.loss for x, y in zip(old.exceedance, new.exceedance, strict=True))


def test_the_curve_falls_and_meets_the_quantiles():
    found = one(years=5000)
    losses = [point.loss for point in found.exceedance]
    assert [point.probability for point in found.exceedance] == list(CURVE) == sorted(CURVE, reverse=True)
    assert losses == sorted(losses)
    at = {point.probability: point.loss for point in found.exceedance}
    assert (at[0.95], at[0.5], at[0.05]) == pytest.approx((found.low, found.median, found.high), rel=0.01)


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenarios", "more", "says"),
    [
        ([scenario(), scenario()], {}, "name of its own, got 'a' twice"),
        ([scenario(), scenario("b", unit="USD")], {}, "one unit"),
        ([scenario(unit="USD")], {}, "one unit"),
        ([scenario()], {"years": 10}, "years must be >= 1,000"),
        ([scenario()], {"rng": -1}, "rng must be"),
        ([scenario()], {"rng": True}, "rng must be"),
        ([scenario(loss=Elicited(low=1e290, high=1e300))], {}, "too large to be real"),
    ],
)
def test_what_is_refused(scenarios, more, says):
    with pytest.raises(OptionError, match=says):
        simulate(scenarios, LINES, **({"rng": 0} | more))
