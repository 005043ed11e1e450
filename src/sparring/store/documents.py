"""From a file to a document: damage is named, older versions are brought forward."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from sparring.core.document import SCHEMA_VERSION, Assessment
from sparring.errors import UserError
from sparring.store.raw import raw_document, read_bytes, version_of

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""From schema version v to v + 1, by v. A version without an entry reads unchanged as the next."""


def parse(path: Path) -> Assessment:
    """Read one document and check it; older versions are brought up to date.

    Raises
    ------
    UserError
        There is none, or it is damaged, or written by a newer version.
    """
    raw = raw_document(path)
    current = _migrated(path, raw)
    try:
        return Assessment.model_validate(current)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole document"
        raise UserError(f"{path} must be as assess wrote it, but {where} is not: {first['msg']}") from error


def _migrated(path: Path, raw: Any) -> dict[str, Any]:
    for step in range(version_of(path, raw, newest=SCHEMA_VERSION), SCHEMA_VERSION):
        raw = MIGRATIONS.get(step, dict)(raw) | {"schema_version": step + 1}
    return dict(raw)


def looks_like_ours(path: Path) -> bool:
    """Whether a document, of whatever version, says that this tool wrote it."""
    try:
        raw = from_json(read_bytes(path))
    except (OSError, ValueError):
        return False
    return isinstance(raw, dict) and "schema_version" in raw and str(raw.get("tool", "")).startswith("sparring")
