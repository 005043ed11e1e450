"""What stands in `security/system.yaml`, entry by entry. Light: neither numpy nor the documents are imported for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sparring.assess.answers_read import read_answers
from sparring.assess.relation_entries import parsed
from sparring.core.answers import Answers
from sparring.core.column_codes import CODES
from sparring.core.relations import Relation
from sparring.errors import ColumnsError
from sparring.store.careful_yaml import CarefulYaml, near

VERSION = 1


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
class Parts:
    """All that the file says, each entry checked by itself and none held against data.

    Parameters
    ----------
    answers : Answers
    columns : ColumnsTable
    relations : tuple of Relation or None
        None: the file says nothing of relations.
    """

    answers: Answers
    columns: ColumnsTable
    relations: tuple[Relation, ...] | None


def wrong_words(table: ColumnsTable) -> Iterator[str]:
    """Yield a complaint for each entry of a columns table that it does not know; it names the line."""
    keys = (*CODES, "range", "step", "cost")
    for name, entry in table.items():
        for key, value in entry.items():
            if key not in keys:
                yield f"{table.where(name, key)}column {name!r} has no entry {key!r}{near(key, keys)}"
            if key in CODES and value not in CODES[key]:
                known = ", ".join(CODES[key])
                yield f"{table.where(name, key)}{key} of column {name!r} must be one of {known}, got {value!r}"


def read_parts(
    path: str | Path, *, caught: list[ColumnsError] | None = None, cure: str = "`sparring init` writes one"
) -> Parts:
    """Read a file such as `security/system.yaml`.

    Parameters
    ----------
    path : str or Path
    caught : list of ColumnsError, optional
        Complaints about single entries are added to it, and reading goes on; without it the first one is raised.
    cure : str
        What to do where there is no such file.

    Raises
    ------
    ColumnsError
        See `sparring.assess.system.read_system`.
    """
    return _Reader(str(path), cure=cure, caught=caught).parts()


@dataclass
class _Reader(CarefulYaml):
    """Read one file; every complaint names its line."""

    lines: dict[tuple[str, str | None], int] = field(default_factory=dict)

    caught: list[ColumnsError] | None = None
    """Where complaints are kept, so that reading goes on; None: the first one is raised."""

    def parts(self) -> Parts:
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
            newer = isinstance(version, int) and version > VERSION
            cure = "upgrade sparring to read it" if newer else f"write schema_version: {VERSION}"
            told = f"schema_version must be {VERSION}, which this sparring reads, got {version!r}; {cure}"
            raise self.error(line, told)
        table: dict[str, dict[str, Any]] = {}
        answers = Answers()
        relations: list[Relation] | None = None
        with self._going_on():
            table = self._table(top["columns"]) if "columns" in top else {}
        with self._going_on():
            answers = read_answers(self, top["answers"]) if "answers" in top else answers
        with self._going_on():
            relations = self._relations(top["relations"]) if "relations" in top else None
        listed = None if relations is None else tuple(relations)
        return Parts(answers, ColumnsTable(table, source=self.source, lines=self.lines), listed)

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except ColumnsError as error:
            if self.caught is None:
                raise
            self.caught.append(error)

    def _table(self, node: yaml.Node) -> dict[str, dict[str, Any]]:
        table = {}
        for name, entry in self.mapping(node, "'columns'").items():
            with self._going_on():
                self.lines[name, None] = entry.start_mark.line + 1
                fields = self.mapping(entry, f"column {name!r}")
                self.lines |= {(name, key): value.start_mark.line + 1 for key, value in fields.items()}
                table[name] = {key: self.plain(value) for key, value in fields.items()}
        return table

    def _relations(self, node: yaml.Node) -> list[Relation]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node.start_mark.line + 1, "'relations' must be a list, each entry behind a dash")
        found = []
        for item in node.value:
            with self._going_on():
                where = f"{self.source}:{item.start_mark.line + 1}: "
                entry = {
                    key: self.plain(value) if key == "confirmed" else self._names(value)
                    for key, value in self.mapping(item, "a relation").items()
                }
                found.append(parsed(entry, where))
        return found

    def _names(self, node: yaml.Node) -> Any:
        """Names of columns as they are typed: one may be called no, 12 or 2024-01-01."""
        if isinstance(node, yaml.SequenceNode):
            return [self._names(item) for item in node.value]
        return node.value if isinstance(node, yaml.ScalarNode) else self.plain(node)
