"""One writer at a time: a lock on a folder that its holder's death gives back, whatever killed it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FAR = 1 << 20  # the byte that Windows locks, far from the text, which others may then read


class Lock:
    """A lock file in a folder.

    The operating system holds the lock for the open file and drops it when the process ends, so that what lies there
    after kill -9 locks nobody out. Where the file system knows no locks, none is taken.

    Parameters
    ----------
    path : Path
        Made by `take`, removed by `release`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._process = 0

    def take(self) -> bool:
        """Take the lock, or say that somebody else holds it; who has it already keeps it.

        Raises
        ------
        OSError
            The file cannot be made.
        """
        while self._descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self.path, flags, 0o600)
            if not _locked(descriptor):
                os.close(descriptor)
                return False
            if not _is_still(self.path, descriptor):
                os.close(descriptor)  # its holder removed it in between: what we locked is nobody's door any more
                continue
            with suppress(OSError):  # a full disk takes nothing from the lock itself
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
            self._descriptor, self._process = descriptor, os.getpid()
        return True

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        if self._process != os.getpid():
            os.close(descriptor)  # a fork of the holder: the lock is the parent's to give back
            return
        if os.name == "nt":  # open files cannot be removed there, and a closed one only while nobody has opened it
            os.close(descriptor)
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return
        with suppress(OSError):
            self.path.unlink(missing_ok=True)  # while it is locked: afterwards it may be somebody else's
        os.close(descriptor)

    def __del__(self) -> None:
        self.release()

    def holder(self) -> str:
        """Return the number of the process that holds it, '' where that cannot be read."""
        with suppress(OSError, ValueError), self.path.open("rb") as file:
            return str(int(file.read(20)))
        return ""


def held(path: Path) -> bool:
    """Say whether somebody holds the lock, without taking it."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock an open file; False: somebody else has. Where nothing can be locked, nobody can hold anything either."""
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # there on Windows only
        os.lseek(descriptor, 0, os.SEEK_SET)
        return
    # flock, not lockf: it belongs to the open file, so that two threads of one process are two writers
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False
