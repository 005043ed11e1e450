"""`security/system.yaml`: what people say about the world around the model. Read with care, written to be edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sparring.assess.answers_text import answer_lines
from sparring.assess.system_parts import VERSION, ColumnsTable, read_parts
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.store.whole import write_whole
from sparring.store.yaml_text import scalar

HEADER = """\
# What we know about the world around the model. People edit this file.
#
# who        anyone: chosen freely by the person concerned; effort: takes some effort; us: we look it up or compute it;
#            nobody: cannot be set at all; unknown: not known yet, so it counts as changeable
# change     misstated: the case stays the same, the form says otherwise; real: another value is another case
# checked    always: a false value never passes; sometimes; never
# direction  up, down or both: where a false value may go
# range      [lowest, highest] value that may be entered; step: values are multiples of it
# cost       money that it takes to misstate it once; answers may hold a unit, such as EUR
# missing    allow: it may be left blank; unseen: allow: a category that we have never seen may be entered
#
# `sparring init --full` asks for all answers; unknown stands for those that nobody knows.
"""
RELATIONS = """\
# What every row keeps to: {at_most: [smaller, larger]}, {one_of: [a, b, c]} of 0 and 1, or {sum: total, of: [a, b]}.
# Edits keep to those that are confirmed. The others hold in all rows of the data: say true where every row must, and
# remove them where not.
"""


@dataclass(frozen=True)
class System:
    """All that the file says.

    Parameters
    ----------
    answers : Answers
    columns : ColumnsTable
    relations : tuple of Relation or None
        None: the file says nothing of relations.
    """

    answers: Answers = field(default_factory=Answers)
    columns: ColumnsTable = field(default_factory=lambda: ColumnsTable({}, source="columns", lines={}))
    relations: tuple[Relation, ...] | None = None


def read(path: str | Path) -> ColumnsTable:
    """Read the columns table of a file; see `read_system` for its errors."""
    return read_system(path).columns


def read_system(path: str | Path, *, cure: str = "`sparring init` writes one") -> System:
    """Read a file such as `security/system.yaml`.

    Parameters
    ----------
    path : str or Path
    cure : str
        What to do where there is no such file.

    Raises
    ------
    ColumnsError
        It cannot be read, is no YAML, uses aliases or tags, says something twice, or has an entry that is not
        known. The message names the line.
    """
    parts = read_parts(path, cure=cure)
    answers = parts.answers.model_copy(update={"answered": bool(parts.columns)})
    return System(answers, parts.columns, parts.relations)


def write(
    path: str | Path,
    columns: tuple[Column, ...],
    *,
    answers: Answers | None = None,
    notes: Mapping[str, str] | None = None,
    relations: Sequence[Relation] | None = None,
) -> None:
    """Write the answers and the columns table, one line a column, for people to edit.

    Parameters
    ----------
    path : str or Path
        Replaced in one step: whoever reads it sees the old file or the new one.
    columns : tuple of Column
    answers : Answers, optional
    notes : mapping of str to str, optional
        Column name to a comment at the end of its line.
    relations : sequence of Relation, optional
        An empty one says that somebody has looked, and that there are none.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_whole(path, render(columns, answers=answers, notes=notes, relations=relations))


def render(
    columns: tuple[Column, ...],
    *,
    answers: Answers | None = None,
    notes: Mapping[str, str] | None = None,
    relations: Sequence[Relation] | None = None,
) -> str:
    """Return the text that `write` writes."""
    lines = [HEADER, f"schema_version: {VERSION}", ""]
    if answers is not None:
        lines += [*answer_lines(answers), ""]
    lines.append("columns:" if columns else "columns: {}")
    width = max((len(scalar(column.name)) for column in columns), default=0)
    for column in columns:
        entries = ", ".join(f"{key}: {value}" for key, value in column_entries(column).items())
        note = (notes or {}).get(column.name)
        comment = f"  # {' '.join(note.split())}" if note else ""
        lines.append(f"  {scalar(column.name) + ':':<{width + 1}} {{{entries}}}{comment}")
    if relations is not None and not relations:
        lines += ["", "relations: []"]
    elif relations:
        lines += ["", f"{RELATIONS}relations:", *(f"  - {{{relation_entry(relation)}}}" for relation in relations)]
    return "\n".join(lines) + "\n"


def relation_entry(relation: Relation) -> str:
    """Return a relation as it stands between braces."""
    first, *rest = relation.columns
    named = f"sum: {scalar(first)}, of: {scalar(rest)}" if relation.kind == "sum" else None
    named = named or f"{relation.kind}: {scalar(relation.columns)}"
    return f"{named}, confirmed: {scalar(relation.confirmed)}"


def column_entries(column: Column) -> dict[str, str]:
    """Return what the file says about a column, as YAML text by key; what is as usual is left out."""
    shown: dict[str, Any] = {"kind": column.kind, "who": column.who}
    if column.kind == "carried":
        return {key: scalar(value) for key, value in shown.items()}
    shown |= {"change": column.change, "checked": column.checked}
    if column.kind == "number":
        shown |= {"direction": column.direction, "range": [column.low, column.high], "step": column.step}
    shown |= {"cost": column.cost, "missing": column.missing, "unseen": column.unseen}
    defaults = {"cost": None, "step": None, "unseen": "never", "direction": "both"}
    return {key: scalar(value) for key, value in shown.items() if key not in defaults or value != defaults[key]}
