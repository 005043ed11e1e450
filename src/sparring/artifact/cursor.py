"""Reads a pickle's bytes, instruction by instruction, by the rules of the machine that would run it."""

from __future__ import annotations

import struct

from sparring.errors import ArtifactError


class Unreadable(ArtifactError):
    """The bytes end early, break a rule of their format, or go over a limit."""


class Cursor:
    """A position in bytes, with pickle's frames.

    A frame says how many of the next bytes belong together. Python reads the instructions inside a frame from a buffer
    and raw arrays from behind it, so an instruction that crosses a frame's end, or an array that starts inside one,
    would be read differently by different readers. Both are refused.

    Parameters
    ----------
    data : bytes
        The whole stream.
    position : int
        Where to start.
    longest_line : int
        Longest line in bytes.
    """

    def __init__(self, data: bytes, *, position: int = 0, longest_line: int) -> None:
        self.data = data
        self._view = memoryview(data)
        self.position = position
        self.longest_line = longest_line
        self._frame_end: int | None = None
        self._stop = len(data)  # of the frame, or of everything

    @property
    def remaining(self) -> int:
        """Bytes left."""
        return len(self.data) - self.position

    def take(self, size: int) -> memoryview:
        """Return the next `size` bytes without copying them."""
        end = self.position + size
        if size < 0 or end > self._stop:
            self._next_stop(size)
        part = self._view[self.position : end]
        self.position = end
        return part

    def byte(self) -> int:
        """Return the next byte."""
        if self.position >= self._stop:
            self._next_stop(1)
        self.position += 1
        return self.data[self.position - 1]

    def _next_stop(self, size: int) -> None:
        """Go beyond the end of a frame, where an instruction ended there too."""
        if self.position == self._frame_end:
            self._frame_end, self._stop = None, len(self.data)
        if size < 0 or self.position + size > len(self.data):
            raise Unreadable(f"ends early: byte {self.position} announces {size} more bytes, {self.remaining} are left")
        if self.position + size > self._stop:
            raise Unreadable(f"has an instruction that crosses the end of its frame at byte {self.position}")

    def number(self, layout: str) -> int:
        """Return the next number, `layout` as in `struct`."""
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def line(self) -> bytes:
        """Return the bytes up to the next line end, which is dropped."""
        end = self.data.find(b"\n", self.position, self.position + self.longest_line + 1)
        if end < 0:
            raise Unreadable(f"has no end of line within {self.longest_line} bytes from byte {self.position}")
        return bytes(self.take(end - self.position + 1)[:-1])

    def frame(self, size: int) -> None:
        """Start a frame of `size` bytes."""
        if self._frame_end is not None and self.position != self._frame_end:
            raise Unreadable(f"starts a frame inside another one at byte {self.position}")
        if size > self.remaining:
            raise Unreadable(f"ends early: a frame of {size} bytes starts {self.remaining} bytes before the end")
        self._frame_end = self._stop = self.position + size

    def leave_frame(self) -> None:
        """Go on behind the frame, for bytes that are no instructions."""
        if self._frame_end is not None and self.position != self._frame_end:
            raise Unreadable(f"hides raw bytes inside a frame at byte {self.position}")
        self._frame_end, self._stop = None, len(self.data)
