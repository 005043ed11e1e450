"""From a file to a document: damage is named, older versions are brought forward."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from sparring.core.document import SCHEMA_VERSION, Assessment
from sparring.errors import UserError

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""From schema version v to v + 1, by v. A version without an entry reads unchanged as the next."""

_LARGEST = 512 * 2**20  # bytes; a document is a few hundred kilobytes, so anything near this is not ours


def parse(path: Path) -> Assessment:
    """Read one document and check it; older versions are brought up to date.

    Raises
    ------
    UserError
        There is none, or it is damaged, or written by a newer version.
    """
    try:
        raw = from_json(read_bytes(path), allow_inf_nan=False)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; name a folder that assess has written") from error
    except OSError as error:
        raise UserError(f"{path} must be a document that can be read, got: {sentence(error)}") from error
    except ValueError as error:
        raise UserError(f"{path} must be whole JSON, but it was cut short or edited: {error}") from error
    current = _migrated(path, raw)
    try:
        return Assessment.model_validate(current)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole document"
        raise UserError(f"{path} must be as assess wrote it, but {where} is not: {first['msg']}") from error


def _migrated(path: Path, raw: Any) -> dict[str, Any]:
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UserError(f"{path} must be a document that assess wrote, but it has no schema_version")
    if version > SCHEMA_VERSION:
        raise UserError(
            f"{path} has schema version {version}, and this version of sparring reads up to {SCHEMA_VERSION}; "
            "upgrade sparring to read it"
        )
    for step in range(version, SCHEMA_VERSION):
        raw = MIGRATIONS.get(step, dict)(raw) | {"schema_version": step + 1}
    return dict(raw)


def looks_like_ours(path: Path) -> bool:
    """Whether a document, of whatever version, says that this tool wrote it."""
    try:
        raw = from_json(read_bytes(path))
    except (OSError, ValueError):
        return False
    return isinstance(raw, dict) and "schema_version" in raw and str(raw.get("tool", "")).startswith("sparring")


def read_bytes(path: Path) -> bytes:
    """Read a plain file that is no link; a pipe in its place would hang, a device would never end."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        if status.st_size > _LARGEST:
            raise OSError(errno.EFBIG, f"larger than {_LARGEST >> 20} MiB")
        return file.read()


def sentence(error: Exception) -> str:
    """Say in one line what the system or a library said."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]
