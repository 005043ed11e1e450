"""Reads a file once, and says in a sentence why it cannot be read."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from sparring.artifact.limits import MIB, Limits
from sparring.errors import ArtifactError

_CHUNK = 4 * MIB


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Hash a file.

    Parameters
    ----------
    path : str or path-like
        Any file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ArtifactError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as fault:
        raise ArtifactError(f"{path} cannot be read: {_why(fault)}") from None
    return digest.hexdigest()


def read(path: str | os.PathLike[str], limits: Limits) -> bytes:
    """Read a whole model file, once.

    Parameters
    ----------
    path : str or path-like
        The file.
    limits : Limits
        `limits.file_bytes` is the most that is read.

    Returns
    -------
    bytes

    Raises
    ------
    ArtifactError
        If there is no such file, it is a folder or a device, is empty, too large or unreadable.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            about = os.fstat(stream.fileno())
            if stat.S_ISDIR(about.st_mode):
                raise IsADirectoryError
            if not stat.S_ISREG(about.st_mode):
                raise ArtifactError(f"a model must be a file, but {path} is a pipe or a device")
            if about.st_size > limits.file_bytes:
                raise ArtifactError(f"{path} is larger than {limits.file_bytes // MIB} MiB, the most that is read")
            data: bytes = stream.read(about.st_size)
    except IsADirectoryError:
        raise ArtifactError(f"a model must be a file, but {path} is a folder; name the file inside it") from None
    except (OSError, ValueError, MemoryError) as fault:
        if isinstance(fault, ArtifactError):
            raise
        raise ArtifactError(f"{path} cannot be read: {_why(fault)}") from None
    if not data:
        raise ArtifactError(f"{path} is empty; save the model again")
    return data


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for somebody to write into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _why(fault: Exception) -> str:
    if isinstance(fault, FileNotFoundError):
        return "there is no such file"
    if isinstance(fault, PermissionError):
        return "you have no permission to read it"
    return getattr(fault, "strerror", None) or type(fault).__name__
