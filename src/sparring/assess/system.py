"""`security/system.yaml`: what people say about the world around the model. Read with care, written to be edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sparring.assess.relations import parsed
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.store.careful_yaml import CarefulYaml, near
from sparring.store.whole import write_whole

VERSION = 1
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


class ColumnsTable(dict[str, dict[str, Any]]):
    """Column name to entries, which remembers the file and the lines that it was read from.

    Parameters
    ----------
    table : mapping of str to dict
    source : str
        The file.
    lines : mapping of (str, str or None) to int
        Column name and key to line, counted from 1.
    """

    def __init__(
        self, table: Mapping[str, dict[str, Any]], *, source: str, lines: Mapping[tuple[str, str | None], int]
    ) -> None:
        super().__init__(table)
        self.source = source
        self.lines = dict(lines)

    def where(self, name: str, key: str | None = None) -> str:
        """Say where an entry stands, as the start of a message."""
        line = self.lines.get((name, key)) or self.lines.get((name, None))
        return f"{self.source}:{line}: " if line else f"{self.source}: "


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
    return _Reader(str(path), cure="`sparring init` writes one").system()


@dataclass
class _Reader(CarefulYaml):
    """Read one file; every complaint names its line."""

    lines: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def system(self) -> System:
        root = self.compose()
        if root is None:
            raise self.error(1, "the file must hold entries under 'columns', and is empty")
        top = self.mapping(root, "the file")
        for key, node in top.items():
            known = ("schema_version", "answers", "columns", "relations")
            if key not in known:
                line = node.start_mark.line + 1
                raise self.error(line, f"no entry {key!r} in this file{near(key, known)}; columns go under 'columns'")
        version = self.plain(top["schema_version"]) if "schema_version" in top else VERSION
        if version != VERSION:
            line = top["schema_version"].start_mark.line + 1
            raise self.error(line, f"schema_version must be {VERSION}, which this sparring reads, got {version!r}")
        table = self._table(top["columns"]) if "columns" in top else {}
        answers = self._answers(top["answers"]) if "answers" in top else Answers()
        answers = answers.model_copy(update={"answered": bool(table)})
        relations = self._relations(top["relations"]) if "relations" in top else None
        return System(answers, ColumnsTable(table, source=self.source, lines=self.lines), relations)

    def _table(self, node: yaml.Node) -> dict[str, dict[str, Any]]:
        table = {}
        for name, entry in self.mapping(node, "'columns'").items():
            self.lines[name, None] = entry.start_mark.line + 1
            fields = self.mapping(entry, f"column {name!r}")
            self.lines |= {(name, key): value.start_mark.line + 1 for key, value in fields.items()}
            table[name] = {key: self.plain(value) for key, value in fields.items()}
        return table

    def _relations(self, node: yaml.Node) -> tuple[Relation, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node.start_mark.line + 1, "'relations' must be a list, each entry behind a dash")
        found = []
        for item in node.value:
            where = f"{self.source}:{item.start_mark.line + 1}: "
            entry = {
                key: self.plain(value) if key == "confirmed" else self._names(value)
                for key, value in self.mapping(item, "a relation").items()
            }
            found.append(parsed(entry, where))
        return tuple(found)

    def _names(self, node: yaml.Node) -> Any:
        """Names of columns as they are typed: one may be called no, 12 or 2024-01-01."""
        if isinstance(node, yaml.SequenceNode):
            return [self._names(item) for item in node.value]
        return node.value if isinstance(node, yaml.ScalarNode) else self.plain(node)

    def _answers(self, node: yaml.Node) -> Answers:
        entries = self.mapping(node, "'answers'")
        for key, value in entries.items():
            known = ("decides", "wants", "tries", "unit")
            if key not in known:
                raise self.error(value.start_mark.line + 1, f"no answer {key!r}{near(key, known)}")
        # the name of a class is text, whatever YAML makes of it: `wants: no` is the class 'no'
        values = {key: self.plain(value) for key, value in entries.items()}
        for key in ("decides", "wants", "unit"):
            node_ = entries.get(key)
            if isinstance(node_, yaml.ScalarNode) and values[key] is not None:
                values[key] = node_.value
        try:
            return Answers.model_validate(values)
        except ValidationError as error:
            fault = error.errors()[0]
            key = str(fault["loc"][0])
            line = entries[key].start_mark.line + 1
            raise self.error(line, f"{key} must be {_expected(key)}, got {fault['input']!r}") from None


def _expected(key: str) -> str:
    return "a whole number from 0" if key == "tries" else "one line of text"


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
