"""Part of a report: what each threat may cost in a year, how sure that is, and whom to ask to be surer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sparring.core.risk import Driver, RiskEstimate
from sparring.knowledge import load
from sparring.report import words
from sparring.report.blocks import Alert, Block, Notes, Section, Table, Text
from sparring.report.facts import NOTHING

HEADLINE = "headline"
"""Scenario of everybody of whom the headline speaks, together."""
NO_LEVEL = "no level: management has set no lines"
HOLLOW = "\N{WHITE CIRCLE}"
STEPS = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
PARTS = {
    "attempts": "how often somebody tries",
    "success": "how often it works",
    "not caught": "how often it is caught",
    "loss": "what one success costs",
}
STAGES = {
    "data": "who collects the data",
    "model": "who builds the model: attack more cases",
    "deployment": "who runs it: try how many are caught",
    "security": "who is responsible for security",
    "management": "management, or who knows the cost of one case",
}
SHOWN_LOSSES = (0.9, 0.5, 0.25, 0.1, 0.05, 0.01)


def section(risks: Sequence[RiskEstimate]) -> Section:
    """Show risks, the range first.

    Parameters
    ----------
    risks : sequence of RiskEstimate
    """
    title = "What it may cost in a year"
    if not risks:
        return Section("risk", title, (Text("No threat was put into money."),))
    blocks: list[Block] = [
        Text(
            "The yearly loss, on average over years: with 90 % probability it lies in the range. "
            "The range comes from what is not known about each input. It does not cover attacks that nobody tried."
        )
    ]
    hollow = [_title(risk) for risk in risks if risk.hollow]
    if hollow:
        blocks.append(Alert(f"Hollow ({HOLLOW}), because nothing was measured: {words.listed(hollow)}."))
    blocks.append(_overview(risks))
    blocks.append(Notes(tuple(_details(risks[0]))))
    others = tuple((_title(risk), text) for risk in risks[1:] if (text := _open(risk)))
    blocks += [Notes(others)] if others else []
    blocks.append(_exceedance(risks))
    if len(risks) > 1:
        note = "Each line takes all attempts to be of its kind, so that lines must not be added up."
        blocks.append(Text(note, small=True))
    return Section("risk", title, tuple(blocks))


def _title(risk: RiskEstimate) -> str:
    """Name a scenario: all of the headline together, or a threat as if all who try did that."""
    if risk.name == HEADLINE:
        return "Whoever of the headline does best on each row"
    entry = load().threats.get(risk.name)
    return entry.heading if entry else words.plain(risk.name, longest=words.LONGEST_NAME)


def money(amount: float) -> str:
    """Write an amount with two significant digits: more would claim what no range of this kind holds.

    Parameters
    ----------
    amount : float
        Not negative.

    Examples
    --------
    >>> [money(x).replace(words.GAP, " ") for x in (0, 0.366, 48.3, 2023, 118_233, 999_600, 3.33e6)]
    ['0', '0.37', '48', '2 k', '120 k', '1 M', '3.3 M']
    """
    if amount == 0:
        return "0"
    rounded = float(f"{amount:.1e}")
    for size, name in STEPS:
        if rounded >= size:
            return f"{rounded / size:.6g}{words.GAP}{name}"
    return f"{rounded:.{max(0, 1 - math.floor(math.log10(rounded)))}f}" if rounded < 10 else f"{rounded:.0f}"


def in_words(risk: RiskEstimate) -> str:
    """Write the range first, then the mean.

    Parameters
    ----------
    risk : RiskEstimate
    """
    unit = f" {words.plain(risk.unit)}" if risk.unit else ""
    return f"{money(risk.low)} to {money(risk.high)}{unit} a year (90{words.GAP}%), mean {money(risk.mean)}"


def level_in_words(risk: RiskEstimate) -> str:
    """Write the level, or the range of levels; hollow where nothing was measured.

    Parameters
    ----------
    risk : RiskEstimate
    """
    if risk.level is None:
        return NO_LEVEL
    span = risk.level_range
    shown = risk.level if span is None else f"{span.low} to {span.high}"
    return f"{HOLLOW} {words.plain(shown)}" if risk.hollow else words.plain(shown)


def _overview(risks: Sequence[RiskEstimate]) -> Table:
    rows = tuple(
        (
            _title(risk),
            in_words(risk),
            level_in_words(risk),
            f"{risk.evidence.grade.value}{', hollow' if risk.hollow else ''}",
        )
        for risk in risks
    )
    return Table("Yearly loss by threat", ("Threat", "Loss", "Level", "Evidence"), rows)


def _details(risk: RiskEstimate) -> list[tuple[str, str]]:
    """Return everything else about one threat."""
    items = [(_title(risk), in_words(risk))]
    above = [f"{_chance(c.probability)} above {money(c.amount)} ({words.plain(c.name)})" for c in risk.crossings]
    items.append(("Level", f"{level_in_words(risk)}{': ' + words.listed(above) if above else ''}"))
    if risk.level_range is not None:
        items.append(("Which level", _undecided(risk)))
    grade = f"{risk.evidence.grade.value}{', hollow' if risk.hollow else ''}"
    items.append(("Evidence", f"{grade}: {words.plain(risk.evidence.reason, longest=300)}"))
    if risk.drivers:
        items.append(("Width of the range", _driver(risk.drivers[0])))
    if risk.pays is not None:
        items.append(("Attacker gains", _gains(risk.pays)))
    items.append(("A single year", _single_year(risk)))
    return items


def _open(risk: RiskEstimate) -> str:
    """Say of a threat what its line in the table leaves open; '' where it is nothing."""
    told = [] if risk.level_range is None else [f"level {_undecided(risk)}"]
    if risk.pays is not None:
        told.append(f"the attacker gains {_gains(risk.pays)}")
    return "; ".join(told)


def _gains(pays: float) -> str:
    return f"with probability {_chance(pays)}; who does not gain does not try"


def _undecided(risk: RiskEstimate) -> str:
    assert risk.level_range is not None
    span, cases = risk.level_range, risk.level_range.more_cases
    text = f"from {words.plain(span.low)} to {words.plain(span.high)}, depending on how often it works"
    if cases is None and risk.hollow:
        return f"{text}; attack some cases to know"
    if cases is None:
        return f"{text}; the rate lies so near the border that more cases will not tell"
    return f"{text}; about {words.counted(int(float(f'{cases:.1e}')), 'more case')} would tell, at the same rate"


def _driver(driver: Driver) -> str:
    known = f"known exactly, the range would be {money(driver.low_if_known)} to {money(driver.high_if_known)}"
    return f"{100 * driver.share:.0f}{words.GAP}% from {PARTS[driver.part]}; {known}. Ask {STAGES[driver.ask]}"


def _single_year(risk: RiskEstimate) -> str:
    above = [f"{_chance(c.single_year)} above {money(c.amount)}" for c in risk.crossings]
    quiet = f"{_chance(risk.quiet_year)} of years pass without a success"
    return f"{quiet}; {words.listed(above)}, luck of the year included" if above else quiet


def _exceedance(risks: Sequence[RiskEstimate]) -> Table:
    head = ("Threat", *(f"{100 * p:.0f}{words.GAP}%" for p in SHOWN_LOSSES))
    rows = []
    for risk in risks:
        losses = {point.probability: point.loss for point in risk.exceedance}
        cells = (money(losses[p]) if p in losses else NOTHING for p in SHOWN_LOSSES)
        rows.append((_title(risk), *cells))
    name = "Yearly loss that is passed with this probability"
    return Table(name, head, tuple(rows), tuple(range(1, len(head))), titled=True)


def _chance(p: float) -> str:
    """Write a probability in percent, without making the rare impossible."""
    if p < 0.01:
        return f"under 1{words.GAP}%"
    return f"over 99{words.GAP}%" if p > 0.99 else f"{100 * p:.0f}{words.GAP}%"
