"""`security/system.yaml`: what people say about the world around the model. Read with care, written to be edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sparring.assess.system_parts import VERSION, ColumnsTable, read_parts
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.store.whole import write_whole

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


def read_system(path: str | Path) -> System:
    """Read a file such as `security/system.yaml`.

    Raises
    ------
    ColumnsError
        It cannot be read, is no YAML, uses aliases or tags, says something twice, or has an entry that is not
        known. The message names the line.
    """
    parts = read_parts(path)
    answers = Answers.model_validate({**parts.answers, "answered": bool(parts.columns)})
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
        lines.append("answers:")
        lines += [f"  {key}: {_scalar(getattr(answers, key))}" for key in ("decides", "wants", "tries")]
        lines += [] if answers.unit is None else [f"  unit: {_scalar(answers.unit)}"]
        lines.append("")
    lines.append("columns:" if columns else "columns: {}")
    width = max((len(_scalar(column.name)) for column in columns), default=0)
    for column in columns:
        entries = ", ".join(f"{key}: {value}" for key, value in _entries(column).items())
        note = (notes or {}).get(column.name)
        comment = f"  # {' '.join(note.split())}" if note else ""
        lines.append(f"  {_scalar(column.name) + ':':<{width + 1}} {{{entries}}}{comment}")
    if relations is not None and not relations:
        lines += ["", "relations: []"]
    elif relations:
        lines += ["", f"{RELATIONS}relations:", *(f"  - {{{_relation(relation)}}}" for relation in relations)]
    return "\n".join(lines) + "\n"


def _relation(relation: Relation) -> str:
    first, *rest = relation.columns
    named = f"sum: {_scalar(first)}, of: {_scalar(rest)}" if relation.kind == "sum" else None
    named = named or f"{relation.kind}: {_scalar(relation.columns)}"
    return f"{named}, confirmed: {_scalar(relation.confirmed)}"


def _entries(column: Column) -> dict[str, str]:
    shown: dict[str, Any] = {"kind": column.kind, "who": column.who}
    if column.kind == "carried":
        return {key: _scalar(value) for key, value in shown.items()}
    shown |= {"change": column.change, "checked": column.checked}
    if column.kind == "number":
        shown |= {"direction": column.direction, "range": [column.low, column.high], "step": column.step}
    shown |= {"cost": column.cost, "missing": column.missing, "unseen": column.unseen}
    defaults = {"cost": None, "step": None, "unseen": "never", "direction": "both"}
    return {key: _scalar(value) for key, value in shown.items() if key not in defaults or value != defaults[key]}


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else _decimal(value)
    if isinstance(value, bool | int):
        return str(value).lower()
    if value.isidentifier() and value.isascii() and isinstance(yaml.safe_load(value), str):
        return str(value)
    quoted: str = yaml.dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.rstrip("\n")


def _decimal(value: float) -> str:
    """YAML reads 1e-05 as text: it wants a point and a sign."""
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"
