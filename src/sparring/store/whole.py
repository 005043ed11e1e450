"""Files that people keep, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sparring.errors import OutputError


def write_whole(path: str | Path, text: str) -> None:
    """Replace a file in one step: whoever reads it sees the old text or the new one.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path, temporary = Path(path), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}; choose a folder that you may write to"
        ) from None
