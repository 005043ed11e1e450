"""A belief, what was done about it, and how the user's guess lies by the result."""

from __future__ import annotations

import re

from sparring.core.belief import Settled, Standing
from sparring.core.document import Estimate, Named
from sparring.knowledge import BeliefEntry, load
from sparring.report import words
from sparring.report.blocks import Block, Notes, Section, Summary, Table, Text
from sparring.report.text import as_text

COMMONLY = "commonly heard"
INTRO = (
    "Each can be held against your own model. A belief is refuted, or not refuted with an upper bound; none is ever "
    "shown to be true."
)
GUESSED = {
    "below": "That is below the interval: more is possible than you expected.",
    "inside": "That lies inside the interval.",
    "above": "That is above the interval: less was found than you expected.",
}


def belief_card(entry: BeliefEntry, *, width: int = 80) -> str:
    """Write a belief before anything is said about it, so that somebody can guess.

    Parameters
    ----------
    entry : BeliefEntry
    width : int
        Columns of the terminal.
    """
    about = (*_about(entry), ("Experiment", entry.experiment))
    return as_text(Summary(_title(entry), about, (), entry.guess, (), ()), width=width)


def render_belief(entry: BeliefEntry, settled: Settled, *, width: int = 80) -> str:
    """Write what became of a belief.

    Parameters
    ----------
    entry : BeliefEntry
    settled : Settled
    width : int
        Columns of the terminal.
    """
    about = [*_about(entry), ("Question", entry.guess)]
    if settled.guess is not None:
        about.append(("Your guess", f"{100 * settled.guess:.4g}{words.GAP}%"))
    about.append(("Experiment", entry.experiment))
    if settled.verdict is not Standing.REFRAMED:
        about += [("Refuted when", entry.refuted_when), ("Not refuted when", entry.kept_when)]
    summary = Summary(
        title=_title(entry),
        about=tuple(about),
        warnings=(),
        headline=_held(_headline(settled)),
        lead=tuple((question, _held(answer)) for question, answer in _lead(entry, settled)),
        tiles=(),
        sections=_sections(settled),
    )
    return as_text(summary, width=width)


def list_beliefs(*, width: int = 80) -> str:
    """List all beliefs: the statement, where it was heard, and whether its experiment is built."""
    rows = tuple((entry.name, f"“{entry.statement}”", entry.heard, _state(entry)) for entry in load().beliefs.values())
    table = Table("Beliefs", ("Name", "Belief", "Heard in", "Experiment"), rows)
    text = "sparring belief M01 holds one of them against your assessment; it asks for your guess first."
    section = Section("beliefs", "What people believe about their models", (table, Text(text)))
    summary = Summary("Beliefs", (), (), INTRO, (), (), (section,))
    return as_text(summary, width=width)


def _state(entry: BeliefEntry) -> str:
    return "not built yet" if entry.settled_by is None else "built"


def _title(entry: BeliefEntry) -> str:
    return f"{entry.name}: {entry.heading}"


def _about(entry: BeliefEntry) -> tuple[tuple[str, str], ...]:
    heard = "commonly heard; not found in the studies that we know" if entry.heard == COMMONLY else entry.heard
    return (("Belief", f"“{entry.statement}”"), ("Heard in", heard))


def _headline(settled: Settled) -> str:
    return f"Not measured. {settled.text}" if settled.verdict is Standing.NOT_MEASURED else settled.text


def _lead(entry: BeliefEntry, settled: Settled) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    estimate = settled.estimate
    if estimate is not None and estimate.value is not None:
        found.append(("Result", _figure(estimate)))
        if settled.guess is not None and settled.guessed is not None:
            found.append(("Your guess", f"{100 * settled.guess:.4g} %. {GUESSED[settled.guessed]}"))
    if settled.cure:
        found.append(("What to do", f"{settled.cure[:1].upper()}{settled.cure[1:]}."))
    found.append(("What is behind it", entry.text))
    return found


def _figure(estimate: Estimate) -> str:
    """Write a rate, or a difference of rates in points."""
    if not estimate.method.startswith("bonett-price"):
        return words.figure(estimate)
    low, high = estimate.low or 0.0, estimate.high or 0.0
    value = 100 * (estimate.value or 0.0)
    return f"a difference of {value:.1f} points ({100 * low:.1f} to {100 * high:.1f}), on the same {estimate.n:,} rows"


def _sections(settled: Settled) -> tuple[Section, ...]:
    found: list[Section] = []
    if settled.beside:
        found.append(Section("beside", "Beside it", (_table(settled.beside),)))
    blocks: list[Block] = []
    if settled.findings:
        blocks.append(Text(f"It rests on {words.listed([words.plain(name) for name in settled.findings])}."))
    if settled.limits:
        blocks.append(
            Notes(tuple((str(i), _held(words.plain(text))) for i, text in enumerate(settled.limits, start=1)))
        )
    if blocks:
        found.append(Section("limits", "What this does not say", tuple(blocks)))
    return tuple(found)


def _table(beside: tuple[Named, ...]) -> Table:
    rows = tuple((words.plain(named.measure), _figure(named.estimate)) for named in beside)
    return Table("Beside it", ("Figure", "Result"), rows, (1,))


def _held(text: str) -> str:
    """Keep numbers and their percent sign on one line."""
    return re.sub(r"(?<=\d) %", f"{words.GAP}%", text)
