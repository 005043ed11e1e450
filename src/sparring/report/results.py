"""Parts of a report: success against size, the cheapest edits, and the columns that they use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sparring.core.document import Edit, Finding, Point
from sparring.core.threat import Attacker
from sparring.report import words
from sparring.report.blocks import TOGETHER, Bars, Block, Dot, Edits, Figure, Section, Series, ShownEdit, Table, Text
from sparring.report.facts import NOTHING, Facts, attack_title, attacker_title

SHOWN_EDITS = 6
SHOWN_BARS = 12
OBJECTIVES = ("columns", "spread", "cost")
BY = {"columns": "columns misstated", "spread": "largest change in spreads", "cost": "what the misstatements cost"}
AXES = {
    "columns": "columns misstated, at most",
    "spread": "largest change in spreads, at most",
    "cost": "{money} spent, at most",
}
COUNTED = {"columns": "columns", "spread": "spreads", "cost": "money"}
ALL_OF_THEM = "All of these together"


def figures(facts: Facts) -> Section:
    """Draw success against size."""
    blocks: list[Block] = []
    for objective in OBJECTIVES:
        found = facts.of(objective)
        if found:
            blocks.append(_figure(facts, objective))
    if not blocks:
        blocks.append(Text("There is nothing to draw: no finding was measured."))
    else:
        note = "Intervals are 95 % intervals for sampling of rows. A better search may find more than is shown."
        blocks.append(Text(note, small=True))
    return Section("figure", "Success against size of the misstatement", tuple(blocks))


@dataclass(frozen=True)
class Curve:
    """A line of a figure.

    Parameters
    ----------
    label : str
    attacker : str
        Whose it is, or TOGETHER.
    points : tuple of Point
    """

    label: str
    attacker: str
    points: tuple[Point, ...]


def _curves(facts: Facts, objective: str) -> tuple[Curve, ...]:
    """Return the line of each finding, strongest first; where there are several, also that of all together."""
    found, worst = facts.of(objective), facts.whole(objective)
    labels = _labels(found)
    curves = [Curve(labels[f.id], f.threat.attacker, f.curve) for f in found]
    if len(found) > 1 and worst is not None and worst.union:
        curves.append(Curve(ALL_OF_THEM, TOGETHER, worst.union))
    return tuple(curves)


def _figure(facts: Facts, objective: str) -> Figure:
    curves = _curves(facts, objective)
    series = tuple(
        Series(c.label, c.attacker, tuple(_dot(point) for point in c.points if point.success.value is not None))
        for c in curves
    )
    name = f"Share of attacked rows that pass, by {BY[objective]}"
    axis = AXES[objective].format(money=facts.money)
    sizes, rows = _by_size(curves, lambda point: words.counted_rate(point.success))
    head = ("Attacker", *(facts.limit(s, objective) for s in sizes))
    table = Table(name, head, rows, tuple(range(1, len(head))))
    return Figure(name, axis, series, _alt(facts, curves, objective), table)


def proofs(facts: Facts) -> Section | None:
    """Say by attacker what was proven, and what is still open; None where nobody can prove anything."""
    tables: list[Block] = []
    for objective in facts.objectives:
        curves = tuple(c for c in _curves(facts, objective) if any(p.proven for p in c.points))
        if curves:
            sizes, rows = _by_size(curves, _proven)
            if len(rows) == 2 and rows[0][1:] == rows[1][1:]:
                rows = rows[:1]  # together with those who prove nothing, one knows no more
            name = f"Rows that cannot pass, size counted in {COUNTED[objective]}"
            head = ("Who proved it", *(facts.limit(s, objective) for s in sizes))
            tables.append(Table(name, head, rows, tuple(range(1, len(head)))))
    if not tables:
        return None
    intro = (
        "For some attacked rows it was proven that no edit of that size works, whoever tries, as long as the columns "
        "table holds. Rows for which neither an edit was found nor such a proof are undecided."
    )
    return Section("proofs", "What was proven to be impossible", (Text(intro), *tables))


def _proven(point: Point) -> str:
    n = point.success.n
    undecided = n - words.successes(point.success) - point.proven
    rest = f"{undecided:,}{words.GAP}undecided" if undecided else f"none{words.GAP}undecided"
    return f"{point.proven:,}{words.GAP}of{words.GAP}{n:,}: {rest}"


def _by_size(
    curves: Sequence[Curve], cell: Callable[[Point], str]
) -> tuple[tuple[float, ...], tuple[tuple[str, ...], ...]]:
    """Return the sizes of some curves, and a row of cells for each of them."""
    sizes = tuple(dict.fromkeys(p.size for curve in curves for p in curve.points))
    known = [{p.size: cell(p) for p in curve.points} for curve in curves]
    return sizes, tuple(
        (curve.label, *(at.get(size, NOTHING) for size in sizes)) for curve, at in zip(curves, known, strict=True)
    )


def _dot(point: Point) -> Dot:
    rate = point.success
    return Dot(point.size, words.successes(rate), rate.n, rate.value or 0.0, rate.low or 0.0, rate.high or 0.0)


def _labels(found: tuple[Finding, ...]) -> dict[str, str]:
    """Name each line by its attacker; where one attacker has several, also by what was done."""
    titles = [attacker_title(f.threat.attacker) for f in found]
    return {
        f.id: title if titles.count(title) == 1 else f"{title} ({attack_title(f)})"
        for f, title in zip(found, titles, strict=True)
    }


def _alt(facts: Facts, curves: tuple[Curve, ...], objective: str) -> str:
    parts = []
    for curve in curves:
        first, last = curve.points[0], curve.points[-1]
        low, high = (words.percent(p.success.value or 0.0, p.success.n) for p in (first, last))
        a, b = (facts.limit(p.size, objective) for p in (first, last))
        parts.append(f"{curve.label}: {low} with {a}, {high} with {b}")
    return "Success rises with the size of the change. " + "; ".join(parts) + "."


def edits(facts: Facts) -> Section:
    """Show the cheapest real edits."""
    hand = [f for f in facts.of(facts.objective) if f.threat.attacker == Attacker.BY_HAND]
    chosen = dict.fromkeys(f.id for f in (facts.top, *hand) if f is not None and f.edits)
    blocks: list[Block] = []
    for finding_id in chosen:
        finding = facts.assessment[finding_id]
        shown = tuple(_shown(facts, edit, finding.threat.objective) for edit in finding.edits[:SHOWN_EDITS])
        blocks.append(Edits(f"Found by: {attacker_title(finding.threat.attacker)}", shown))
    if not blocks:
        return Section("edits", "The cheapest edits", (Text("No edit was found."),))
    intro = (
        "The cheapest of each set of columns comes first. Each was shown to your own model once more, after a trip "
        f"through a CSV file. Only the changed columns are shown. Row numbers count from 0 in {facts.source}, as read."
    )
    return Section("edits", "The cheapest edits", (Text(intro), *blocks))


def _shown(facts: Facts, edit: Edit, objective: str) -> ShownEdit:
    size = facts.limit(edit.size, objective).rpartition(f"to{words.GAP}")[2]
    changes = tuple((words.column(c.column), words.value(c.before), words.value(c.after)) for c in edit.changes)
    return ShownEdit(
        f"Row {edit.row}, {size}", words.value(edit.decided_before), words.value(edit.decided_after), changes
    )


def moved(facts: Facts) -> Section:
    """Show which columns the edits use."""
    top = facts.top
    if top is None or not top.columns_used:
        return Section("columns", "Which columns are moved most", (Text("No edit was found, so none."),))
    bars = tuple((words.column(name), count) for name, count in list(top.columns_used.items())[:SHOWN_BARS])
    left = len(top.columns_used) - len(bars)
    title = attacker_title(top.threat.attacker)
    intro = (
        f"In how many edited rows each column was changed (attacker: {title.lower()}). A column that carries most "
        "edits is the first to check against a document, or to do without."
    )
    blocks: list[Block] = [Text(intro), Bars("Edited rows in which the column was changed", bars)]
    if left > 0:
        blocks.append(Text(f"{words.counted(left, 'further column')} less often.", small=True))
    return Section("columns", "Which columns are moved most", tuple(blocks))
