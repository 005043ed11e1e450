"""A small YAML file, read with care: no aliases, no tags, nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sparring.errors import OptionError

MAX_BYTES = 1_000_000
MAX_DEPTH = 12
TRUTH = "tag:yaml.org,2002:bool"
TIME = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Words such as no, yes, on and off, and dates, are text: they are names of classes and columns here."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # as inherited
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != TIME and not (tag == TRUTH and first in "yYnNoO")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read the entries of a YAML file.

    Raises
    ------
    OptionError
        The file cannot be read, or holds anything but plain entries; the message names the line.
    """
    text = _text(Path(path))
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise OptionError(f"{path}:{_line(event)}: aliases such as *{event.anchor} are not read; write it out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise OptionError(f"{path}:{_line(event)}: entries are nested too deeply")
        found = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader that makes less
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise OptionError(f"{path}:{line}: this is no plain YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise OptionError(f"{path} is no YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(found, dict):
        raise OptionError(f"{path} must hold entries such as 'url: https://...'")
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise OptionError(f"{path} must be smaller than {MAX_BYTES // 10**6} MB to be a mapping that people write")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError(f"{path} must be text in UTF-8; save it again as such") from None


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1
