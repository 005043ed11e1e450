"""A report as Markdown, for a repository or a pull request. What users named is shown, never obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterator

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

_SPECIAL = re.compile(r"([\\`*\[\]{}<>|~#!&$@])|(?<!\w)(_)|(_)(?!\w)")


def as_markdown(summary: Summary) -> str:
    """Write a report as GitHub-flavored Markdown."""
    lines = [f"# {escape(summary.title)}", ""]
    for warning in summary.warnings:
        lines += [f"> **{escape(warning)}**", ""]
    lines += [f"**{escape(summary.headline)}**", ""]
    for question, answer in summary.lead:
        lines += [f"**{escape(question)}.** {escape(answer)}", ""]
    lines += [*_notes(summary.about), ""]
    for section in summary.sections:
        lines += [*_section(section)]
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> print(escape("<b>|a_b|"))
    \<b\>\|a_b\|
    """
    shown = _SPECIAL.sub(lambda match: "\\" + match.group(0), text.replace("\n", ": "))
    # at the start of a line these would begin a list or a rule
    return re.sub(r"^(\s*)(?:([-+=])|(\d+)([.)]))", _line_start, shown)


def _line_start(match: re.Match[str]) -> str:
    space, mark, number, stop = match.groups()
    return f"{space}\\{mark}" if mark else f"{space}{number}\\{stop}"


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {escape(section.title)}", "")
    for block in section.blocks:
        yield from _block(block)
        yield ""


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text(text):
            yield escape(text)
        case Alert(text):
            yield f"> **{escape(text)}**"
        case Table():
            yield from (f"**{escape(block.name)}**", "") if block.titled else ()
            yield from _table(block)
        case LossCurve(alt=alt):
            yield escape(alt)
        case Figure():
            yield from (f"**{escape(block.name)}**", "")
            yield from _table(block.table)
        case _:
            yield from _list(block)


def _list(block: Edits | Bars | Notes | Code) -> Iterator[str]:
    match block:
        case Edits(name, edits):
            yield from (f"**{escape(name)}**", "")
            rows = tuple(
                (edit.title, f"{edit.before} → {edit.after}", column, before, after)
                for edit in edits
                for column, before, after in edit.changes
            )
            yield from _table(Table(name, ("Row", "Decided", "Column", "Before", "After"), rows))
        case Bars(name, bars):
            counts = tuple((column, f"{count:,}") for column, count in bars)
            yield from _table(Table(name, ("Column", name), counts, (1,)))
        case Notes(items):
            yield from _notes(items)
        case Code(code):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
            yield from (f"{fence}sh", code, fence)


def _notes(items: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for label, text in items:
        yield f"- **{escape(label)}**: {escape(text)}"


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(escape, table.head))} |"
    yield f"|{'|'.join('---:' if j in table.numeric else '---' for j in range(len(table.head)))}|"
    for row in table.rows:
        yield f"| {' | '.join(map(escape, row))} |"
