"""`security/decisions.yaml`: read with care, and written so that people can go on editing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import ValidationError

from sparring.core.decisions import Decided
from sparring.errors import DecisionError, UserError
from sparring.store.careful_yaml import CarefulYaml, near
from sparring.store.whole import write_whole

VERSION = 1
CLOCK = timedelta(days=1)
HEADER = """\
# What was decided about findings, by whom and until when. People edit this file, and `sparring decide` adds to it.
# Names are recorded, not authenticated. decision: mitigate, accept, transfer or avoid. A decision holds for at most
# 365 days; to accept or transfer needs approved_by, who is not the owner. reopen_if: [model, data].
"""


class DecisionsError(DecisionError):
    """`security/decisions.yaml` says something that cannot be."""


class _Reader(CarefulYaml):
    fault: ClassVar[type[UserError]] = DecisionsError

    def entries(self, today: date) -> Iterator[tuple[int, Decided | UserError]]:
        for node in self._listed():
            line = node.start_mark.line + 1
            try:
                yield line, self._decided(node, today)
            except self.fault as error:
                yield line, error

    def _listed(self) -> list[yaml.Node]:
        root = self.compose()
        if root is None:
            return []
        top = self.mapping(root, "the file")
        for key, node in top.items():
            known = ("schema_version", "decisions")
            if key not in known:
                raise self.error(node.start_mark.line + 1, f"no entry {key!r} in this file{near(key, known)}")
        if "schema_version" in top and self.plain(top["schema_version"]) != VERSION:
            line, got = top["schema_version"].start_mark.line + 1, self.plain(top["schema_version"])
            raise self.error(line, f"schema_version must be {VERSION}, which this sparring reads, got {got!r}")
        listed = top.get("decisions")
        if listed is None or (isinstance(listed, yaml.ScalarNode) and self.plain(listed) is None):
            return []
        if not isinstance(listed, yaml.SequenceNode):
            raise self.error(listed.start_mark.line + 1, "'decisions' must be a list, each entry behind a dash")
        return list(listed.value)

    def _decided(self, node: yaml.Node, today: date) -> Decided:
        entries = self.mapping(node, "a decision")
        line = node.start_mark.line + 1
        for key, value in entries.items():
            if key not in Decided.model_fields:
                raise self.error(value.start_mark.line + 1, f"no entry {key!r}{near(key, list(Decided.model_fields))}")
        try:
            found = Decided.model_validate({key: self._value(key, value) for key, value in entries.items()})
        except ValidationError as error:
            fault = error.errors()[0]
            key = str(fault["loc"][0]) if fault["loc"] else ""
            if key in entries:
                line = entries[key].start_mark.line + 1
            told = fault["msg"].removeprefix("Value error, ")
            text = f"a decision needs {key}" if fault["type"] == "missing" else f"{key or 'a decision'}: {told}"
            raise self.error(line, text[0].lower() + text[1:]) from None
        if found.created > today + CLOCK:
            raise self.error(line, f"created lies in the future, {found.created}; mend it, or this machine's clock")
        return found

    def _value(self, key: str, node: yaml.Node) -> Any:
        """Names and reasons are text, whatever YAML makes of them."""
        text = isinstance(node, yaml.ScalarNode) and key in ("finding", "owner", "approved_by", "reason", "evidence")
        return node.value if text and isinstance(node, yaml.ScalarNode) and node.value != "null" else self.plain(node)


class _WithoutAliases(yaml.SafeDumper):
    """Writes equal entries out each time, as a person would, and as they are read."""

    def ignore_aliases(self, data: Any) -> bool:  # as inherited
        return True


def read(path: str | Path, *, today: date, check: Callable[[Decided], None] | None = None) -> tuple[Decided, ...]:
    """Read decisions.

    Parameters
    ----------
    path : str or Path
    today : date
    check : callable, optional
        Raises a DecisionError about a decision that does not fit what it is about.

    Raises
    ------
    DecisionsError
        The file cannot be read, is no YAML, or holds something that no decision says; the message names the line.
    """
    found = []
    for line, entry in entries(path, today=today):
        if isinstance(entry, UserError):
            raise entry
        if check is not None:
            _checked(entry, check, where=f"{path}:{line}: ")
        found.append(entry)
    return tuple(found)


def _checked(decided: Decided, check: Callable[[Decided], None], *, where: str) -> None:
    try:
        check(decided)
    except DecisionError as error:
        raise DecisionsError(f"{where}{error}") from None


def entries(path: str | Path, *, today: date) -> Iterator[tuple[int, Decided | UserError]]:
    """Yield each entry with its line: the decision, or what is wrong with it.

    Raises
    ------
    DecisionsError
        The file as a whole cannot be read.
    """
    return _Reader(str(path), cure="`sparring decide` writes one").entries(today)


def write(path: str | Path, decisions: Sequence[Decided]) -> None:
    """Write decisions; the file is the old one or the new one, never a part.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    entries = [decided.model_dump(mode="python", exclude_none=True) for decided in decisions]
    plain = [
        {k: list(v) if isinstance(v, tuple) else v for k, v in entry.items() if v not in ("", ())} for entry in entries
    ]
    listed = yaml.dump(plain, Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True, width=110) if plain else ""
    body = f"decisions:\n{listed}" if plain else "decisions: []\n"
    write_whole(path, f"{HEADER}schema_version: {VERSION}\n{body}")
