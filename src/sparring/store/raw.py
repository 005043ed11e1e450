"""A document before anything is made of it: its bytes, its JSON, its version. Light: no record of ours is needed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from sparring.errors import UserError

NEWEST = 1
"""The schema version that this sparring writes, for whoever reads no more than that; see `sparring.core.document`."""
_LARGEST = 512 * 2**20  # bytes; a document is a few hundred kilobytes, so anything near this is not ours


def raw_document(path: Path) -> Any:
    """Read the JSON of one document.

    Raises
    ------
    UserError
        There is none, or it is damaged.
    """
    try:
        return from_json(read_bytes(path), allow_inf_nan=False)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; name a folder that assess has written") from error
    except OSError as error:
        raise UserError(f"{path} must be a document that can be read, got: {sentence(error)}") from error
    except ValueError as error:
        raise UserError(f"{path} must be whole JSON, but it was cut short or edited: {error}") from error


def version_of(path: Path, raw: Any, *, newest: int = NEWEST) -> int:
    """Return the schema version of a document's JSON.

    Raises
    ------
    UserError
        It has none, or a newer one than `newest`.
    """
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UserError(f"{path} must be a document that assess wrote, but it has no schema_version")
    if version > newest:
        raise UserError(
            f"{path} has schema version {version}, and this version of sparring reads up to {newest}; "
            "upgrade sparring to read it"
        )
    return version


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
