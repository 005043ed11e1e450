"""What a risk looks like to people: the range first, never more digits than it holds, hollow where it was argued."""

import re

import pytest

from sparring.core.risk import Attacked, Deterrence, Elicited, ElicitedShare, Lines, Scenario, Weighed
from sparring.govern.risk import simulate
from sparring.report import charts
from sparring.report.blocks import Alert, Notes, Section, Table
from sparring.report.markdown import _block as as_markdown
from sparring.report.risk import HOLLOW, NO_LEVEL, in_words, level_in_words, money, section
from sparring.report.text import _section as as_text
from sparring.report.words import GAP

BANNED = re.compile(r"\b(safe|secure|robust|compliant|guaranteed)\b", re.IGNORECASE)
LINES = Lines(amounts=(10_000, 50_000, 250_000), unit="EUR")


def scenario(name, success, **more):
    return Scenario(
        name=name,
        attempts=Elicited(low=20, high=400),
        success=success,
        caught=Weighed(a=8, b=4),
        loss=Elicited(low=300, high=3000),
        unit="EUR",
        **more,
    )


@pytest.fixture(scope="module")
def risks():
    pays = Deterrence(gain=Elicited(low=100, high=1000), cost=Elicited(low=50, high=2000))
    asked = [
        scenario("measured", Attacked(k=61, n=100)),
        scenario("near a line", Attacked(k=9, n=100)),
        scenario("argued", ElicitedShare(low=0.05, high=0.3), deterrence=pays),
        scenario("unknown", None),
        scenario("known", ElicitedShare(low=0, high=0)),
    ]
    return simulate(asked, LINES, rng=0)


def text_of(part: Section) -> str:
    return "\n".join(as_text(part, 200)).replace(GAP, " ")


def test_range_first_then_mean(risks):
    assert in_words(risks[0]).replace(GAP, " ") == "2 k to 120 k EUR a year (90 %), mean 33 k"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0"), (0.0366, "0.037"), (1.04, "1.0"), (9.96, "10"), (99.6, "100"), (999, "1 k"), (1.5e9, "1.5 bn")],
)
def test_two_digits(amount, shown):
    assert money(amount).replace(GAP, " ") == shown


def test_levels(risks):
    assert [level_in_words(risk) for risk in risks] == [
        "High", "Low to Medium", f"{HOLLOW} Low to Medium", f"{HOLLOW} Low to High", f"{HOLLOW} Low",
    ]  # fmt: skip


def test_without_lines_there_is_no_level():
    found = simulate([scenario("a", Attacked(k=1, n=9))], rng=0, years=1000)
    assert level_in_words(found[0]) == NO_LEVEL
    assert NO_LEVEL in text_of(section(found))


def test_section_says_all_of_each_threat(risks):
    part = section(risks)
    table = next(block for block in part.blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows] == [risk.name for risk in risks]
    assert [row[3] for row in table.rows] == ["E2", "E2", "E1, hollow", "E0, hollow", "E1, hollow"]
    assert next(block for block in part.blocks if isinstance(block, Alert)).text.count("unknown") == 1
    first, others = (dict(block.items) for block in part.blocks if isinstance(block, Notes))
    assert "65 % above 10 k (Medium)" in first["Level"].replace(GAP, " ")
    assert "Ask who is responsible for security" in first["Width of the range"]
    assert "Which level" not in first
    second, third = (others[risk.name] for risk in risks[1:3])
    assert re.search(r"about [\d,]+ more cases would tell", second)
    assert "attack some cases" in third
    assert "does not gain" in third


def test_no_probability_reads_as_impossible(risks):
    assert " 0 % above" not in text_of(section(risks))
    assert "under 1 % above" in text_of(section(risks[::-1])) + text_of(section(risks))


def test_every_format_shows_it_and_gives_no_verdict(risks):
    part = section(risks)
    for shown in (text_of(part), "\n".join("\n".join(as_markdown(block)) for block in part.blocks)):
        assert "near a line" in shown
        assert BANNED.findall(shown) == []


def test_nothing_to_show():
    assert "No threat was put into money" in text_of(section(()))


def test_names_of_users_command_nothing():
    found = simulate([scenario("a\x1b[31m\u202eb", Attacked(k=1, n=9))], rng=0, years=1000)
    assert "\x1b" not in text_of(section(found))
    assert "\u202e" not in text_of(section(found))


def values(drawn) -> list:
    """Rows of each layer, which stand apart by name."""
    return [drawn["datasets"][layer["data"]["name"]] for layer in drawn["layer"]]


def test_chart_has_the_curve_and_the_lines(risks):
    drawn = charts.exceedance(risks[0])
    curve, rules, names = values(drawn)
    assert [(p["loss"], p["p"]) for p in curve] == [(p.loss, p.probability) for p in risks[0].exceedance]
    assert rules == names == [{"loss": c.amount, "name": c.name} for c in risks[0].crossings]
    assert drawn["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"


def test_chart_without_lines_or_with_years_that_cost_nothing(risks):
    plain = simulate([scenario("a", Attacked(k=1, n=9))], rng=0, years=1000)[0]
    assert len(charts.exceedance(plain)["layer"]) == 1
    deterred = values(charts.exceedance(risks[2]))[0]
    assert 0 < len(deterred) < len(risks[2].exceedance)
    assert all(point["loss"] > 0 for point in deterred)


def test_picture_takes_its_colors_from_the_page(risks):
    drawn = charts.exceedance_svg(risks[0], charts.NARROW)
    assert drawn.startswith("<svg aria-hidden")
    assert "var(--series-1" in drawn
    assert "Critical" in drawn
    assert not any(color in drawn for color in charts.VARIABLES)
    assert "<svg" in charts.exceedance_svg(risks[-1])  # a loss of nothing at any probability
