"""A report as text: for a terminal, a log or a pipe. Plain characters, no colors, never wider than asked."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from sparring.report.blocks import (
    Alert,
    Bars,
    Block,
    Code,
    Edits,
    Figure,
    LossCurve,
    Notes,
    Section,
    Summary,
    Table,
    Text,
)
from sparring.report.words import GAP

NARROWEST = 40
LONGEST_WORD = 28
BETWEEN = "  "


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
    for question, answer in summary.lead:
        yield ""
        yield from _wrapped(f"{question}: {answer}", width)


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
        case LossCurve(alt=alt):
            yield from _wrapped(alt, width)
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
    """Break a paragraph; leading spaces stay, and further lines hang under the first."""
    lead = text[: len(text) - len(text.lstrip(" "))]
    first, *others = _folded(text.strip(" "), width - max(len(lead), len(hang)))
    return [lead + first, *(hang + line for line in others)]


def _notes(items: tuple[tuple[str, str], ...], width: int) -> Iterator[str]:
    longest = max((_width(label) for label, _ in items), default=0)
    if longest + 2 > width // 3 or any(_width(label) + _width(text) > 3 * width for label, text in items):
        for label, text in items:
            yield from _wrapped(f"- {label}: {text}", width, hang="  ")
        return
    for label, text in items:
        for i, line in enumerate(_folded(text, width - longest - 2)):
            yield f"{_padded('' if i else label, longest, right=False)}  {line}"


def _bars(bars: tuple[tuple[str, int], ...], width: int) -> Iterator[str]:
    names = min(max(len(name) for name, _ in bars), width // 2)
    counts = max(len(f"{count:,}") for _, count in bars)
    room, most = width - names - counts - 4, max(count for _, count in bars)
    for name, count in bars:
        yield f"{name[:names]:<{names}}  {count:>{counts},}  {'#' * max(1, round(room * count / most))}"


def _table(table: Table, width: int) -> list[str]:
    """Lay a table out in columns; where figures would be cut in two, stack its cells instead."""
    cells = [table.head, *table.rows]
    least = [_least(table, j) for j in range(len(table.head))]
    if sum(least) + len(BETWEEN) * (len(least) - 1) > width:
        return _stacked(table, width)
    natural = [max(_width(line) for row in cells for line in row[j].split("\n")) for j in range(len(least))]
    widths = _fitted(least, natural, room=width - len(BETWEEN) * (len(least) - 1))
    lines = _row(table.head, widths, table.numeric)
    lines.append("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * (sum(widths) + len(BETWEEN) * (len(widths) - 1)))
    for row in table.rows:
        lines += _row(row, widths, table.numeric)
    return lines


def _fitted(least: list[int], natural: list[int], *, room: int) -> list[int]:
    """Give every column its least width, and what is left to those that lack most."""
    widths = list(least)
    for _ in range(room - sum(least)):
        j = max(range(len(widths)), key=lambda k: natural[k] / widths[k])
        if widths[j] >= natural[j]:
            break
        widths[j] += 1
    return widths


def _row(row: tuple[str, ...], widths: list[int], numeric: tuple[int, ...]) -> list[str]:
    columns = [
        [line for part in cell.split("\n") for line in _folded(part, width)]
        for cell, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, columns))
    return [
        BETWEEN.join(
            _padded(lines[i] if i < len(lines) else "", width, right=j in numeric)
            for j, (lines, width) in enumerate(zip(columns, widths, strict=True))
        )
        for i in range(height)
    ]


def _padded(text: str, width: int, *, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank


def _folded(text: str, width: int) -> list[str]:
    """Break a text at spaces, and words that are too long anywhere; no-break spaces hold."""
    lines, line = [], ""
    for word in text.split(" "):
        rest = word
        if line and _width(line) + 1 + _width(rest) <= width:
            line = f"{line} {rest}"
            continue
        if line:
            lines.append(line)
        while _width(rest) > width:
            cut = next(k for k in range(len(rest), 0, -1) if _width(rest[:k]) <= width or k == 1)
            lines.append(rest[:cut])
            rest = rest[cut:]
        line = rest
    return [*lines, line]


def _width(text: str) -> int:
    """Columns that a text takes on a terminal; Chinese, Japanese and Korean letters take two."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _least(table: Table, j: int) -> int:
    """Width below which words would be cut in two; very long ones may be, figures never."""
    cells = [table.head[j], *(row[j] for row in table.rows)]
    longest = max(_width(word) for cell in cells for word in cell.replace("\n", " ").split(" "))
    return longest if j in table.numeric else min(longest, LONGEST_WORD)


def _stacked(table: Table, width: int) -> list[str]:
    lines: list[str] = []
    longest = max(len(title) for title in table.head[1:])
    for row in table.rows:
        lines += _wrapped(row[0].replace("\n", ": "), width)
        for title, cell in zip(table.head[1:], row[1:], strict=True):
            lines += _wrapped(f"  {title:<{longest}}  {cell}", width, hang="    ")
    return lines
