"""Levels without money: every cell of the published matrix, and what leads into it."""

import itertools

import pytest

from sparring.errors import OptionError
from sparring.govern.ordinal import CLASSES, class_of, level, rated, shown

# NIST SP 800-30 revision 1, table I-2: likelihood downwards from very high, impact from very low to very high
PUBLISHED = """
VL L M H VH
VL L M H VH
VL L M M H
VL L L L M
VL VL VL L L
"""
SHORT = dict(zip(("VL", "L", "M", "H", "VH"), CLASSES, strict=True))
CELLS = [
    pytest.param(likelihood, impact, SHORT[cell], id=f"{likelihood}, {impact}")
    for likelihood, row in zip(reversed(CLASSES), PUBLISHED.split("\n")[1:-1], strict=True)
    for impact, cell in zip(CLASSES, row.split(), strict=True)
]


@pytest.mark.parametrize(("likelihood", "impact", "found"), CELLS)
def test_every_cell(likelihood, impact, found):
    assert level(likelihood, impact) == found


def test_there_are_25_and_none_falls():
    assert len(CELLS) == 25
    ranks = [[CLASSES.index(level(a, b)) for b in CLASSES] for a in CLASSES]
    for (i, j), (k, m) in itertools.product(itertools.product(range(5), repeat=2), repeat=2):
        assert ranks[i][j] <= ranks[k][m] or i > k or j > m


@pytest.mark.parametrize(
    ("share", "found"),
    [(0, 0), (0.049, 0), (0.05, 1), (0.2, 1), (0.21, 2), (0.79, 2), (0.8, 3), (0.95, 3), (0.96, 4), (1, 4)],
)
def test_shares_become_classes_at_the_published_limits(share, found):
    assert class_of(share) == CLASSES[found]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_what_is_no_share(share):
    with pytest.raises(OptionError, match="fraction from 0 to 1"):
        class_of(share)


@pytest.mark.parametrize(
    ("bound", "reach", "pays", "likelihood"),
    [
        (None, "anyone", None, "very high"),
        (0.7, "anyone", None, "moderate"),
        (0.7, "staff", None, "low"),
        (0.7, "anyone", 0.03, "very low"),
        (0.97, "vetted", 0.9, "moderate"),
        (0.03, "anyone", 1.0, "very low"),
    ],
)
def test_no_likelier_than_the_least_likely_link(bound, reach, pays, likelihood):
    assert rated(bound=bound, reach=reach, pays=pays, harm="serious", use="acts").likelihood == likelihood


@pytest.mark.parametrize(
    ("harm", "use", "impact"),
    [
        ("minor", "acts", "low"),
        ("severe", "moves", "very high"),
        ("severe", "queue", "high"),
        ("serious", "advises", "moderate"),
        ("severe", "report", "moderate"),
        ("minor", "report", "very low"),
    ],
)
def test_impact_falls_where_somebody_stands_between(harm, use, impact):
    assert rated(bound=None, reach="anyone", harm=harm, use=use).impact == impact


def test_it_says_what_it_is_and_why():
    found = rated(bound=0.036, reach="account", pays=0.5, harm="severe", use="acts")
    assert "ordinal, not arithmetic" in shown(found)
    assert found.level == "low"
    assert len(found.reasons) == 4
    assert "success is at most 3.6 %: very low" in found.reasons
