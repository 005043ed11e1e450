"""YAML that people edit, read with care: complaints name their line, and nothing large is built from little."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from sparring.errors import ColumnsError, UserError

MAX_BYTES = 5_000_000
MAX_DEPTH = 6


@dataclass
class CarefulYaml:
    """One file.

    Parameters
    ----------
    source : str
        The file.
    cure : str
        What to do where there is none.
    """

    source: str
    cure: str = ""
    fault: ClassVar[type[UserError]] = ColumnsError
    """What a complaint is raised as."""

    def compose(self) -> yaml.Node | None:
        """Return the file's root, None where it is empty; raises `fault`."""
        try:
            with Path(self.source).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise self.fault(f"{self.source} cannot be read: {error.strerror}; {self.cure}") from None
        if len(raw) > MAX_BYTES:
            raise self.fault(
                f"{self.source} must be smaller than {MAX_BYTES // 10**6} MB to be a file that people edit"
            )
        try:
            text = raw.decode("utf-8-sig")
            self._check_events(text)
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except UnicodeDecodeError:
            raise self.fault(f"{self.source} must be text in UTF-8; save it again as such") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self.error(line, f"this is no YAML: {error.problem}") from None
        except yaml.YAMLError as error:
            raise self.fault(f"{self.source} is no YAML: {str(error).splitlines()[0]}") from None

    def _check_events(self, text: str) -> None:
        """Refuse what makes a small file large or deep, before anything is built from it."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                raise self.error(line, f"aliases such as *{event.anchor} are not read here; write it out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise self.error(line, "entries are nested too deeply; plain entries are enough")

    def mapping(self, node: yaml.Node, what: str) -> dict[str, yaml.Node]:
        """Return entries under their keys as they are typed: a column may be called no, 12 or 2024-01-01."""
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            raise self.error(line, f"{what} must hold entries such as 'name: value'")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(line, f"{what} must have plain names")
            if key.value in found:
                raise self.error(line, f"{key.value!r} stands twice in {what}; keep one")
            found[key.value] = value
        return found

    def plain(self, node: yaml.Node) -> Any:
        """Return what an entry holds: text, a number, a list."""
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        except (yaml.MarkedYAMLError, ValueError, TypeError):
            raise self.error(node.start_mark.line + 1, "only plain text, numbers and lists can stand here") from None
        finally:
            loader.dispose()

    def error(self, line: int, text: str) -> UserError:
        """Return a complaint about a line, counted from 1."""
        return self.fault(f"{self.source}:{line}: {text}")


def near(name: str, known: Sequence[str]) -> str:
    """Return a hint at what was meant, as the end of a message."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"
