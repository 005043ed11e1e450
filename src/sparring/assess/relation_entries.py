"""Relations between columns, as people write them down. Light: nothing here looks at data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from sparring.core.relations import Relation
from sparring.errors import ColumnsError

KEYS = ("at_most", "one_of", "sum", "of", "confirmed")


def parsed(entry: Any, where: str = "relations: ") -> Relation:
    """Return a relation from an entry such as ``{"at_most": ["amount", "limit"]}``.

    Parameters
    ----------
    entry : Relation or mapping
        ``{"at_most": [a, b]}``, ``{"one_of": [a, b, c]}`` or ``{"sum": total, "of": [a, b]}``; with ``confirmed`` false
        where it is only a guess.
    where : str
        Start of messages.

    Raises
    ------
    ColumnsError
        It is written otherwise.
    """
    if isinstance(entry, Relation):
        return entry
    kinds = [key for key in entry if key in KEYS[:3]] if isinstance(entry, Mapping) else []
    if len(kinds) != 1:
        raise ColumnsError(
            f"{where}a relation reads {{at_most: [a, b]}}, {{one_of: [a, b, c]}} or {{sum: total, of: [a, b]}}, "
            f"got {entry!r}"
        )
    (kind,) = kinds
    allowed = {kind, "confirmed", *(["of"] if kind == "sum" else [])}
    for key in entry:
        if key not in allowed:
            near = difflib.get_close_matches(str(key), sorted(allowed), n=1, cutoff=0.5)
            raise ColumnsError(f"{where}{kind} has no entry {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    listed = entry.get("of") if kind == "sum" else entry[kind]
    if not isinstance(listed, list | tuple) or (kind == "sum" and isinstance(entry[kind], list | tuple)):
        raise ColumnsError(f"{where}{kind} must hold {_form(kind)}, got {entry!r}")
    names = (entry[kind], *listed) if kind == "sum" else listed
    try:
        return Relation(kind=kind, columns=tuple(str(name) for name in names), confirmed=entry.get("confirmed", True))
    except ValidationError as error:
        fault = error.errors()[0]
        text = fault["msg"].removeprefix("Value error, ")
        text = f"confirmed must be true or false, got {fault['input']!r}" if fault["loc"] == ("confirmed",) else text
        raise ColumnsError(f"{where}{text}") from None


def _form(kind: str) -> str:
    return {"sum": "a total, and 'of' the list of its parts"}.get(kind, "a list of columns")
