"""Bring `security/system.yaml` up to what was answered, and leave everything else in it as people wrote it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from sparring.assess.answers_text import answer_changes
from sparring.assess.system import RELATIONS, System, column_entries, relation_entry, render
from sparring.core.answers import Answers
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.errors import ColumnsError
from sparring.store.whole import write_whole
from sparring.store.yaml_patch import Unpatchable, patched

USUAL = {"cost": "null", "step": "null", "unseen": "never", "direction": "both"}
"""Entries of a column that are left out where they are so."""

Columns = tuple[Column, ...]


def changes(
    known: System, answers: Answers, *, before: Columns, after: Columns, relations: Sequence[Relation] | None
) -> dict[str, Any]:
    """Return what must change in the file, as `sparring.store.yaml_patch` takes it.

    Parameters
    ----------
    known : System
        What the file says.
    answers : Answers
    before, after : tuple of Column
        Columns of the data with what the file says of them, and with what is said now.
    relations : sequence of Relation or None
        None: nothing new.
    """
    found: dict[str, Any] = {}
    said = answer_changes(known.answers, answers)
    if said:
        found["answers"] = said
    columns: dict[str, Any] = {}
    for old, new in zip(before, after, strict=True):
        entries = column_entries(new)
        if new.name not in known.columns:
            columns[new.name] = "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
            continue
        earlier, written = column_entries(old), known.columns[new.name]
        changed = {key: text for key, text in entries.items() if earlier.get(key) != text}
        changed |= {
            key: text for key, text in USUAL.items() if key in written and key in earlier and key not in entries
        }
        if changed:
            columns[new.name] = changed
    if columns:
        found["columns"] = columns
    related = _relation_changes(known.relations, relations)
    return found | ({"relations": related} if related is not None and related != {} else {})


def _relation_changes(before: Sequence[Relation] | None, after: Sequence[Relation] | None) -> Any:
    if after is None or (before is not None and tuple(before) == tuple(after)):
        return None
    texts = {(r.kind, r.columns): f"{{{relation_entry(r)}}}" for r in after}
    if not before or not after:
        return list(texts.values())
    now = {(r.kind, r.columns): r.confirmed for r in after}
    earlier = [(r.kind, r.columns) for r in before]
    found: dict[int, Any] = {}
    for number, relation in enumerate(before):
        confirmed = now.get(earlier[number])
        if confirmed is None:
            found[number] = None
        elif confirmed != relation.confirmed:
            found[number] = {"confirmed": str(confirmed).lower()}
    added = [text for key, text in texts.items() if key not in earlier]
    return found | dict(enumerate(added, start=len(before)))


def revised(text: str, changed: dict[str, Any]) -> str:
    """Return the text of the file with the changes in it.

    Raises
    ------
    Unpatchable
        It is written in a way in which that cannot be done value by value.
    """
    found = patched(_uncommented(text, changed.get("answers", {})), changed)
    if isinstance(changed.get("relations"), list) and not re.search(r"^relations:", text, re.MULTILINE):
        found = re.sub(r"^relations:", lambda match: RELATIONS + match[0], found, count=1, flags=re.MULTILINE)
    return found


def _uncommented(text: str, answers: dict[str, Any]) -> str:
    """Make an entry of each comment that holds its place, such as ``# senders: unknown``."""
    for key in answers:
        place = re.compile(rf"^([ \t]+)# {key}: unknown\b[^\r\n]*", re.MULTILINE)
        tried = place.sub(lambda match, key=key: f"{match[1]}{key}: unknown", text, count=1)  # type: ignore[misc]  # mypy sees no default in a lambda
        if tried != text and _entries(tried) == {**_entries(text), key: "unknown"}:
            text = tried
    return text


def _entries(text: str) -> dict[str, str]:
    """Return names of answers with their text, whatever else the file says."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {}
    top = {key.value: value for key, value in root.value} if isinstance(root, yaml.MappingNode) else {}
    answers = top.get("answers")
    return (
        {key.value: str(value.value) for key, value in answers.value} if isinstance(answers, yaml.MappingNode) else {}
    )


def update(path: Path, changed: dict[str, Any]) -> bool:
    """Change the file in one step, and say whether there was anything to change.

    Parameters
    ----------
    path : Path
    changed : dict
        As `changes` returns it; nothing leaves the file untouched.

    Raises
    ------
    Unpatchable
        See `revised`.
    ColumnsError
        The file is not there any more, or no text.
    OutputError
        It cannot be written.
    """
    if not changed:
        return False
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ColumnsError(f"{path} must stay where it is while it is worked on; run the command again") from None
    mark = "\ufeff" if raw.startswith(b"\xef\xbb\xbf") else ""
    write_whole(path, mark + revised(text, changed))
    return True


def replace(path: Path, columns: Columns, *, answers: Answers, relations: Sequence[Relation] | None) -> Path | None:
    """Write the file anew; the old one, if there is one, lies beside it, word for word.

    Parameters
    ----------
    path : Path
    columns : tuple of Column
    answers : Answers
    relations : sequence of Relation or None

    Returns
    -------
    Path or None
        The copy of the old file.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    backup = None
    if path.exists():
        backup = _free(path)
        shutil.copy2(path, backup)
    write_whole(path, render(columns, answers=answers, relations=relations))
    return backup


def _free(path: Path) -> Path:
    number = 1
    while (backup := path.with_name(f"{path.name}.{number}.bak")).exists():
        number += 1
    return backup


__all__ = ["Unpatchable", "changes", "replace", "revised", "update"]
