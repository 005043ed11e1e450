"""Change single values in YAML that people edit; every other character of it stays, comments above all.

What shall change is a tree like the file's own: ``{"answers": {"senders": "anyone"}}``, whose leaves are YAML text. An
item of a list goes under its number, and None takes it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import yaml

from sparring.errors import SparringError

Changes = Mapping[Any, Any]

_COLLECTIONS = (yaml.MappingNode, yaml.SequenceNode)


class Unpatchable(SparringError):
    """The text is written in a way in which a single value cannot be changed; it must be written anew."""


class Noted(str):
    """YAML text with a comment, which is put above it where it is added as a line of its own.

    Parameters
    ----------
    text : str
    note : str
    """

    __slots__ = ("note",)
    note: str

    def __new__(cls, text: str, note: str) -> Self:
        """Make one."""
        found = super().__new__(cls, text)
        found.note = note
        return found


def patched(text: str, changes: Changes) -> str:
    r"""Return the text with some values changed and some added.

    Parameters
    ----------
    text : str
        YAML whose root is a mapping, without aliases.
    changes : mapping
        Key to YAML text, to a list of such texts, or to a mapping of the same kind.

    Raises
    ------
    Unpatchable
        It cannot be done without touching anything else.

    Examples
    --------
    >>> patched("job: {who: us}  # asked\n", {"job": {"who": "anyone", "cost": "5"}})
    'job: {who: anyone, cost: 5}  # asked\n'
    """
    if not changes:
        return text
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise Unpatchable(f"this is no YAML: {error}") from None
    if not isinstance(root, yaml.MappingNode):
        raise Unpatchable("there are no entries")
    patch = _Patch(text, newline="\r\n" if "\r\n" in text else "\n")
    patch.mapping(root, changes)
    found = patch.applied()
    try:
        reached = _plain(yaml.compose(found, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        raise Unpatchable("the result would be no YAML") from None
    if reached != _expected(_plain(root), changes):
        raise Unpatchable("the result would say something else")
    return found


@dataclass
class _Patch:
    """Pieces of a text and what stands there instead."""

    text: str
    newline: str
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def applied(self) -> str:
        """Return the text with all pieces replaced, from the end on, so that places stay true."""
        text = self.text
        numbered = [(start, end, number, new) for number, (start, end, new) in enumerate(self.edits)]
        for start, end, _, new in sorted(numbered, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def mapping(self, node: yaml.MappingNode, changes: Changes) -> None:
        """Change and add entries of one mapping."""
        known = {key.value: (key, value) for key, value in node.value}
        column = known and next(iter(known.values()))[0].start_mark.column
        added = {}
        for name, change in changes.items():
            if str(name) not in known:
                added[str(name)] = change
                continue
            key, value = known[str(name)]
            if not isinstance(change, Mapping):
                self._replace(key, value, _flow(change), flow=bool(node.flow_style))
            elif isinstance(value, yaml.MappingNode) and value.value:
                self.mapping(value, change)
            elif isinstance(value, yaml.SequenceNode):
                self._items(value, change)
            else:
                self._fill(value, change, column=int(column or 0), flow=bool(node.flow_style))
        if added:
            self._add(node, added)

    def _replace(self, key: yaml.Node, value: yaml.Node, new: str, *, flow: bool) -> None:
        start, end = value.start_mark.index, self._end(value)
        if start == end:
            self.edits.append((start, end, f" {new}"))
            return
        if isinstance(value, yaml.ScalarNode) and value.style not in ("|", ">"):
            self.edits.append((start, end, new))
            return
        colon = self.text.index(":", key.end_mark.index) + 1
        if isinstance(value, yaml.ScalarNode):
            header = self.text[start:].splitlines()[0].partition("#")
            kept = [f"#{header[2]}"] if header[1] else []
        else:
            kept = self._comments(colon, start) + self._inside(value)
        margin = self.newline + " " * key.start_mark.column
        tail = "".join(margin + comment for comment in kept) + (margin if kept and flow else "")
        self.edits.append((colon, end, f" {new}{tail}"))

    def _fill(self, value: yaml.Node, change: Changes, *, column: int, flow: bool) -> None:
        """Put entries where there are none yet: behind a name with nothing, null or {} after it."""
        if isinstance(value, yaml.ScalarNode) and value.value not in ("", "null", "~", "Null", "NULL"):
            raise Unpatchable("a plain value stands where entries must be")
        start, end = value.start_mark.index, self._end(value)
        if flow:
            self.edits.append((start, end, f"{'' if end > start else ' '}{_flow(change)}"))
            return
        lines = "".join(self.newline + line for line in _block(change, column + 2))
        if start < end:
            before = len(self.text[:start]) - len(self.text[:start].rstrip(" "))
            self.edits.append((start - before, end, lines))
        else:
            self.edits.append((self._line_end(start), self._line_end(start), lines))

    def _add(self, node: yaml.MappingNode, added: Changes) -> None:
        """Put entries behind the last one."""
        if node.flow_style:
            end = self._end(node.value[-1][1]) if node.value else node.start_mark.index + 1
            inner = _flow(added)[1:-1]
            self.edits.append((end, end, f", {inner}" if node.value else inner))
            return
        end = self._line_end(self._end(node.value[-1][1]))
        column = node.value[0][0].start_mark.column
        lines = _block(added, column)
        gap = "" if column else self.newline  # parts of the file stand apart
        self.edits.append((end, end, gap + "".join(self.newline + line for line in lines)))

    def _items(self, node: yaml.SequenceNode, changes: Changes) -> None:
        """Change, add and take out items of one list."""
        for number, change in sorted(changes.items()):
            if number >= len(node.value):
                self._append(node, str(change))
            elif isinstance(change, Mapping):
                if not isinstance(node.value[number], yaml.MappingNode):
                    raise Unpatchable("a plain value stands where entries must be")
                self.mapping(node.value[number], change)
            elif change is None:
                self._take_out(node.value[number])
            else:
                item = node.value[number]
                self.edits.append((item.start_mark.index, self._end(item), str(change)))

    def _append(self, node: yaml.SequenceNode, item: str) -> None:
        if not node.value:
            raise Unpatchable("an empty list has no place for an item")
        end = self._end(node.value[-1])
        if node.flow_style:
            self.edits.append((end, end, f", {item}"))
            return
        margin = " " * node.start_mark.column
        self.edits.append((self._line_end(end), self._line_end(end), f"{self.newline}{margin}- {item}"))

    def _take_out(self, item: yaml.Node) -> None:
        """Take out an item that has its lines for itself; a comment behind it stays."""
        start = self.text.rfind("\n", 0, item.start_mark.index) + 1
        end, stop = self._end(item), self._line_end(self._end(item))
        if self.text[start : item.start_mark.index].strip() != "-" or stop == len(self.text):
            raise Unpatchable("an item shares its line with something else")
        kept = self._comments(start, stop)
        margin = " " * (len(self.text[start:]) - len(self.text[start:].lstrip(" ")))
        if "#" in self.text[item.start_mark.index : end]:
            raise Unpatchable("a comment stands inside an item")
        after = self.text.index("\n", stop) + 1
        self.edits.append((start, after, "".join(margin + comment + self.newline for comment in kept)))

    def _end(self, node: yaml.Node) -> int:
        """Return where a value ends; the parser counts blank lines and comments behind a block to it."""
        if isinstance(node, _COLLECTIONS) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        return start + len(self.text[start:end].rstrip())

    def _line_end(self, place: int) -> int:
        found = re.compile(r"\r?\n|\Z").search(self.text, place)
        return found.start() if found else len(self.text)

    def _inside(self, node: yaml.Node) -> list[str]:
        """Return the comments between the values of a collection."""
        inner, place = [], int(node.start_mark.index)
        for leaf in _leaves(node):
            inner += self._comments(place, leaf.start_mark.index)
            place = self._end(leaf)
        return inner + self._comments(place, self._end(node))

    def _comments(self, start: int, end: int) -> list[str]:
        """Return the comments in a piece of text that holds no values but perhaps a dash, a comma or a name."""
        return [match[0].rstrip() for match in re.finditer(r"(?<!\S)#[^\r\n]*", self.text[start:end])]


def _leaves(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [leaf for pair in node.value for part in pair for leaf in _leaves(part)]
    if isinstance(node, yaml.SequenceNode):
        return [leaf for item in node.value for leaf in _leaves(item)]
    return [node]


def _flow(change: Any) -> str:
    if isinstance(change, list):
        return f"[{', '.join(change)}]"
    if not isinstance(change, Mapping):
        return str(change)
    return "{" + ", ".join(f"{_key(name)}: {_flow(value)}" for name, value in change.items()) + "}"


def _block(change: Changes, column: int) -> list[str]:
    lines = []
    for name, value in change.items():
        if isinstance(value, Mapping):
            lines += [f"{' ' * column}{_key(name)}:", *_block(value, column + 2)]
        elif isinstance(value, list):
            lines += [f"{' ' * column}{_key(name)}:", *(f"{' ' * column}  - {item}" for item in value)]
        else:
            lines += [f"{' ' * column}# {value.note}"] if isinstance(value, Noted) else []
            lines.append(f"{' ' * column}{_key(name)}: {value}")
    return lines


def _key(name: Any) -> str:
    """Write a name so that it is read as it is typed; that of a column may hold anything."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
        return str(name)
    quoted: str = yaml.dump(str(name), default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.rstrip("\n")


def _plain(node: yaml.Node | None) -> Any:
    """Return what a node says, with values as they are typed."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return None if node is None else (node.tag, node.value)


def _expected(said: Any, change: Any) -> Any:
    """Return what the text must say after a change."""
    if not isinstance(change, Mapping):
        return _plain(yaml.compose(_flow(change), Loader=yaml.SafeLoader))
    if isinstance(said, list):
        kept = dict(enumerate(said))
        for number, value in sorted(change.items()):
            kept[number] = None if value is None else _expected(kept.get(number), value)
        return [value for value in kept.values() if value is not None]
    before = said if isinstance(said, dict) else {}
    return before | {str(name): _expected(before.get(str(name)), value) for name, value in change.items()}
