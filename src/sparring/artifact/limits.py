"""How much of a hostile file we are ready to read."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """Bounds on reading one file; going over any of them makes the file unreadable.

    Parameters
    ----------
    file_bytes : int
        Largest file.
    unpacked_bytes : int
        Most that all its compressed parts together may unpack to.
    ratio : int
        Most that they may unpack to per byte of file, above an allowance of `free_bytes`. Ensembles of trees shrink
        by 3 to 20 times; a bomb by 1,000.
    free_bytes : int
        May be unpacked whatever the ratio.
    depth : int
        Deepest nesting of containers (a zip in a gzip is 2).
    parts : int
        Most members of all archives together.
    opcodes : int
        Most instructions in all pickles together.
    memo : int
        Most objects, and largest index, that one pickle may remember or stack.
    names : int
        Most imports in one stream of pickles.
    text_bytes : int
        Longest line or name that is read as text.
    """

    file_bytes: int = 4 * GIB
    unpacked_bytes: int = 4 * GIB
    ratio: int = 40
    free_bytes: int = 256 * MIB
    depth: int = 4
    parts: int = 10_000
    opcodes: int = 10_000_000
    memo: int = 4_000_000
    names: int = 200_000
    text_bytes: int = 1 * MIB

    def unpacked(self, size: int) -> int:
        """Bytes that a file of `size` bytes may unpack to."""
        return min(self.unpacked_bytes, max(self.free_bytes, self.ratio * size))
