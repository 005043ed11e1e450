"""A report as text: for a terminal, a log or a pipe. Plain characters, no colors, never wider than asked."""

from __future__ import annotations

import io
from collections.abc import Iterator

from sparring.report.blocks import Alert, Bars, Block, Code, Edits, Figure, Notes, Section, Summary, Table, Text
from sparring.report.words import GAP

NARROWEST = 40
_GLUE = "\ue000"  # rich breaks lines at a no-break space; a character of nobody's that it does not know stays whole


def as_text(summary: Summary, *, width: int = 80) -> str:
    """Write a report as text.

    Parameters
    ----------
    summary : Summary
    width : int
        Columns of the terminal; at least 40 are used.
    """
    width = max(NARROWEST, width)
    lines = [*_top(summary, width)]
    for section in summary.sections:
        lines += ["", *_section(section, width)]
    return "\n".join(line.replace(GAP, " ").rstrip() for line in lines) + "\n"


def _top(summary: Summary, width: int) -> Iterator[str]:
    yield from (summary.title.upper(), "")
    yield from _notes(summary.about, width)
    for warning in summary.warnings:
        yield ""
        yield from _wrapped(f"! {warning}", width, hang="  ")
    yield ""
    yield from _wrapped(summary.headline, width)
    for text in summary.lead:
        yield ""
        yield from _wrapped(text, width)


def _section(section: Section, width: int) -> Iterator[str]:
    title = _wrapped(section.title.upper(), width)
    yield from (*title, "-" * len(title[0]))
    for i, block in enumerate(section.blocks):
        if i:
            yield ""
        yield from _block(block, width)


def _block(block: Block, width: int) -> Iterator[str]:
    match block:
        case Text(text):
            yield from _wrapped(text, width)
        case Alert(text):
            yield from _wrapped(f"! {text}", width, hang="  ")
        case Table():
            yield from (block.name, "") if block.titled else ()
            yield from _table(block, width)
        case Figure():
            yield from (*_wrapped(block.name, width), "")
            yield from _table(block.table, width)
        case _:
            yield from _list(block, width)


def _list(block: Edits | Bars | Notes | Code, width: int) -> Iterator[str]:
    match block:
        case Edits(name, edits):
            yield from _wrapped(name, width)
            for edit in edits:
                yield from _wrapped(f"  {edit.title}: {edit.before} -> {edit.after}", width, hang="    ")
                for column, before, after in edit.changes:
                    yield from _wrapped(f"    {column}: {before} -> {after}", width, hang="      ")
        case Bars(_, bars):
            yield from _bars(bars, width)
        case Notes(items):
            yield from _notes(items, width)
        case Code(code):
            # not wrapped: it is to be copied
            yield f"  {code}"


def _wrapped(text: str, width: int, *, hang: str = "") -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, subsequent_indent=hang, break_on_hyphens=False) or [""]


def _notes(items: tuple[tuple[str, str], ...], width: int) -> Iterator[str]:
    longest = max((len(label) for label, _ in items), default=0)
    if longest + 2 > width // 3 or any(len(label) + len(text) > 3 * width for label, text in items):
        for label, text in items:
            yield from _wrapped(f"- {label}: {text}", width, hang="  ")
        return
    for label, text in items:
        yield from _wrapped(f"{label:<{longest}}  {text}", width, hang=" " * (longest + 2))


def _bars(bars: tuple[tuple[str, int], ...], width: int) -> Iterator[str]:
    names = min(max(len(name) for name, _ in bars), width // 2)
    counts = max(len(f"{count:,}") for _, count in bars)
    room, most = width - names - counts - 4, max(count for _, count in bars)
    for name, count in bars:
        yield f"{name[:names]:<{names}}  {count:>{counts},}  {'#' * max(1, round(room * count / most))}"


def _table(table: Table, width: int) -> list[str]:
    """Lay out with rich, which knows wide characters; columns that do not fit are stacked instead."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Layout
    from rich.text import Text as Cell

    if sum(_least(table, j) + 2 for j in range(len(table.head))) - 2 > width:
        return _stacked(table, width)
    layout = Layout(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for j, title in enumerate(table.head):
        layout.add_column(Cell(title.replace(GAP, _GLUE)), overflow="fold", min_width=_least(table, j))
    for row in table.rows:
        layout.add_row(*(Cell(cell.replace(GAP, _GLUE)) for cell in row))
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(layout)
    return [line.replace(_GLUE, " ").rstrip() for line in out.getvalue().rstrip("\n").split("\n")]


def _least(table: Table, j: int) -> int:
    """Width below which a column's words would be cut in two; very long ones may be."""
    cells = [table.head[j], *(row[j] for row in table.rows)]
    longest = max(len(word) for cell in cells for word in cell.replace("\n", " ").split(" "))
    return longest if j in table.numeric else min(longest, 28)


def _stacked(table: Table, width: int) -> list[str]:
    lines: list[str] = []
    longest = max(len(title) for title in table.head[1:])
    for row in table.rows:
        lines += _wrapped(row[0].replace("\n", ": "), width)
        for title, cell in zip(table.head[1:], row[1:], strict=True):
            lines += _wrapped(f"  {title:<{longest}}  {cell}", width, hang="    ")
    return lines
