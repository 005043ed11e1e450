"""Opens what is compressed or archived, never more of it than the limits give."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Protocol

from sparring.artifact.cursor import Unreadable
from sparring.artifact.limits import MIB, Limits

_CHUNK = MIB
_LZMA_MEMORY = 256 * MIB


class _Stream(Protocol):
    """One compressed stream, as the standard library's decompressors have it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Unpacker:
    """Opens containers under one common allowance.

    Parameters
    ----------
    size : int
        Of the whole file, in bytes.
    limits : Limits
        What may be unpacked.
    """

    def __init__(self, size: int, limits: Limits) -> None:
        self.allowance = limits.unpacked(size)
        self.left = self.allowance
        self.parts = limits.parts

    def decompress(self, data: bytes, kind: str) -> bytes:
        """Undo one layer of compression.

        Parameters
        ----------
        data : bytes
            One or several streams, one behind the other.
        kind : str
            The compression, as `formats.sniff` names it.

        Returns
        -------
        bytes

        Raises
        ------
        Unreadable
            If the stream is broken, followed by something else, or too large.
        """
        chunks: list[bytes] = []
        position = 0
        try:
            while position < len(data):
                self.parts -= 1
                if self.parts < 0:
                    raise Unreadable("has too many compressed streams, one behind the other")
                position = self._stream(kind, data, position, chunks)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError) as fault:
            if isinstance(fault, Unreadable):
                raise
            raise Unreadable(f"has broken {kind} compression") from fault
        return b"".join(chunks)

    def _stream(self, kind: str, data: bytes, position: int, chunks: list[bytes]) -> int:
        """Undo one compressed stream, in pieces, so that no step makes more than one chunk; return where it ends."""
        stream = _stream(kind)
        while not stream.eof:
            piece = data[position : position + _CHUNK] if stream.needs_input else b""
            if stream.needs_input and not piece:
                raise Unreadable(f"ends early inside its {kind} compression")
            position += len(piece)
            chunk = stream.decompress(piece, _CHUNK)
            self._spend(len(chunk))
            chunks.append(chunk)
        return position - len(stream.unused_data or b"")

    def members(self, data: bytes) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Yield the name and content of each member of a zip archive.

        Parameters
        ----------
        data : bytes
            The archive.

        Yields
        ------
        tuple of str and (bytes or Unreadable)
            What cannot be read is handed on as the reason why.

        Raises
        ------
        Unreadable
            If it is no archive, or too large.
        """
        if data.count(b"PK\x01\x02") > self.parts:
            raise Unreadable(f"has more than {self.parts} members")
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, OSError, IndexError) as fault:
            raise Unreadable("is a broken zip archive") from fault
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, self._member(archive, info)

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | Unreadable:
        self.parts -= 1
        chunks: list[bytes] = []
        try:
            with archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    self._spend(len(chunk))
                    chunks.append(chunk)
        except Unreadable:
            raise
        except Exception as fault:  # noqa: BLE001  zipfile raises a dozen kinds on broken members
            return Unreadable(f"has a member {info.filename!r} that cannot be read ({type(fault).__name__})")
        return b"".join(chunks)

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise Unreadable(f"unpacks to more than {self.allowance // MIB} MiB")


def _stream(kind: str) -> _Stream:
    if kind in ("gzip", "zlib"):
        return _Zlib(31 if kind == "gzip" else 15)
    if kind == "bz2":
        return bz2.BZ2Decompressor()
    if kind in ("xz", "lzma"):
        which = lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE
        return lzma.LZMADecompressor(format=which, memlimit=_LZMA_MEMORY)
    try:
        import lz4.frame
    except ImportError:
        raise Unreadable("is compressed by lz4, and lz4 is not installed: pip install lz4") from None
    stream: _Stream = lz4.frame.LZ4FrameDecompressor()
    return stream


class _Zlib:
    """zlib with the interface of the other decompressors."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self._full = False

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._stream.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        chunk = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        self._full = len(chunk) == max_length
        return chunk


def npy_pickle(data: bytes) -> int | None:
    """Find the pickle inside an array of Python objects.

    Parameters
    ----------
    data : bytes
        A file of numpy's own format.

    Returns
    -------
    int or None
        Its first byte; None if the array holds plain numbers.

    Raises
    ------
    Unreadable
        If the header is broken.
    """
    wide = data[6:7] > b"\x01"
    start = 12 if wide else 10
    length = int.from_bytes(data[8:start], "little")
    if len(data) < start + length or length > 65536:
        raise Unreadable("is a broken array file")
    header = data[start : start + length]
    return start + length if re.search(rb"['\"][|<>=]?O\d?['\"]", header) else None
