"""Reads a model file without running it and says what is known against it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace

from sparring.artifact.container import Unpacker, npy_pickle
from sparring.artifact.cursor import Unreadable
from sparring.artifact.files import read
from sparring.artifact.formats import BOOSTERS, COMPRESSED, OTHERS, sniff, zip_kind
from sparring.artifact.limits import Limits
from sparring.artifact.machine import ARRAY_WRAPPER, Trace, Use
from sparring.artifact.names import Allowed, never
from sparring.artifact.pickle_scan import trace_pickles
from sparring.artifact.verdict import Name, Reason, ScanResult, Verdict, worst_first

_PICKLE_ENDINGS = (".pkl", ".pickle", ".joblib", ".dat", ".pt", ".pth", ".bin", ".sav")


@dataclass
class Opened:
    """A scanned file with what a loader needs.

    Parameters
    ----------
    result : ScanResult
        What the scan says.
    payload : bytes
        The content below one layer of compression, if there was one.
    trace : Trace or None
        The scan of `payload`, if that is a pickle.
    layers : int
        Containers around `payload`; a loader opens at most one.
    """

    result: ScanResult
    payload: bytes
    trace: Trace | None
    layers: int


@dataclass
class _Walk:
    """The state of one scan."""

    allowed: Allowed
    limits: Limits
    unpacker: Unpacker
    reasons: list[Reason] = field(default_factory=list)
    uses: dict[Name, Use] = field(default_factory=dict)
    unknown: set[Name] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    opcodes: int = 0
    payload: bytes = b""
    trace: Trace | None = None
    layers: int = 0

    def unreadable(self, where: str, text: object) -> None:
        """Note that something cannot be read."""
        self.reasons.append(Reason(Verdict.UNREADABLE, str(text), where))

    def visit(self, data: bytes, where: str, depth: int) -> str:
        """Scan one part and everything inside it; return its format."""
        kind = sniff(data)
        if depth > self.limits.depth:
            self.unreadable(where, f"is nested more than {self.limits.depth} deep")
            return kind
        if kind in COMPRESSED:
            try:
                inner = self.unpacker.decompress(data, kind)
            except Unreadable as fault:
                self.unreadable(where, fault)
                return kind
            return self.visit(inner, f"{where} > {kind}", depth + 1)
        self.payload, self.layers = data, depth
        if kind == "zip":
            return self.zip(data, where, depth)
        if kind == "npy":
            self.npy(data, where)
            return kind
        if kind in ("pickle", "unknown"):
            return self.pickle(data, where)
        if kind in OTHERS or kind in ("7z", "rar", "zstd", "sqlite"):
            self.unreadable(where, f"is {OTHERS[kind].is_a}" if kind in OTHERS else f"is a {kind} file")
        return kind

    def zip(self, data: bytes, where: str, depth: int) -> str:
        """Scan the members of an archive."""
        names: list[str] = []
        try:
            for name, content in self.unpacker.members(data):
                names.append(name)
                self.member(name, content, f"{where} > {name[:200]}", depth + 1)
        except Unreadable as fault:
            self.unreadable(where, fault)
        return zip_kind(names)

    def member(self, name: str, content: bytes | Unreadable, where: str, depth: int) -> None:
        """Scan one member; plain data is left alone."""
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name[:3]:
            self.reasons.append(Reason(Verdict.SUSPICIOUS, "would be unpacked outside its folder", where))
        if isinstance(content, Unreadable):
            self.unreadable(where, content)
            return
        kind = sniff(content)
        if kind in COMPRESSED or kind in ("zip", "npy", "pickle", "7z", "rar", "zstd"):
            self.visit(content, where, depth)
        elif name.lower().endswith(_PICKLE_ENDINGS) or kind == "unknown":
            trace, end = self.follow(content, where)
            if end and (trace.calls or trace.reasons):
                self.judge(trace)

    def npy(self, data: bytes, where: str) -> None:
        """Scan an array file, which may hold a pickle."""
        try:
            start = npy_pickle(data)
        except Unreadable as fault:
            self.unreadable(where, fault)
            return
        if start is not None:
            self.judge(self.follow(data, where, start=start)[0])

    def pickle(self, data: bytes, where: str) -> str:
        """Scan a pickle."""
        trace, _ = self.follow(data, where)
        self.judge(trace)
        self.trace = trace
        if data[:1] != b"\x80" and trace.opcodes < 4 and not trace.calls and trace.reasons:
            return "unknown"
        return "joblib" if ARRAY_WRAPPER in trace.uses else "pickle"

    def follow(self, data: bytes, where: str, *, start: int = 0) -> tuple[Trace, int]:
        """Follow pickles within what is left of the limit on instructions."""
        limits = replace(self.limits, opcodes=self.limits.opcodes - self.opcodes)
        trace, end = trace_pickles(data, where=where, limits=limits, inert=self.allowed.inert, start=start)
        self.opcodes += trace.opcodes
        return trace, end

    def judge(self, trace: Trace) -> None:
        """Hold each name that a pickle uses against the list."""
        self.reasons.extend(trace.reasons)
        self.versions.update(trace.versions)
        for name, use in trace.uses.items():
            self.uses[name] = max(use, self.uses.get(name, Use.NAME))
            level = self.allowed.level(name)
            if level >= use:
                continue
            if never(name):
                verdict, text = Verdict.DANGEROUS, f"{_does(use)} {name}, which can run code or reach outside the file"
            elif level:
                verdict, text = Verdict.DANGEROUS, f"{_does(use)} {name}, which models only keep"
            else:
                verdict, text = Verdict.SUSPICIOUS, f"{_does(use)} {name}, which is on no list"
                self.unknown.add(name)
            self.reasons.append(Reason(verdict, text, f"{trace.where}, byte {trace.places[name]}"))


def _does(use: Use) -> str:
    return "calls" if use == Use.CALL else "asks for"


def open_bytes(data: bytes, path: str, *, allowed: Allowed, limits: Limits) -> Opened:
    """Scan bytes and keep what a loader needs.

    Parameters
    ----------
    data : bytes
        The content of a file.
    path : str
        Its name, for messages.
    allowed : Allowed
        Which names are on the list.
    limits : Limits
        Bounds on memory and time.

    Returns
    -------
    Opened
    """
    walk = _Walk(allowed, limits, Unpacker(len(data), limits))
    kind = walk.visit(data, "file", 0)
    result = ScanResult(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        format=kind,
        reasons=worst_first(walk.reasons),
        names=tuple(sorted(walk.uses)),
        unknown=tuple(sorted(walk.unknown)),
        versions=walk.versions,
    )
    single = walk.layers <= 1 and kind in ("pickle", "joblib", *BOOSTERS)
    return Opened(result, walk.payload, walk.trace if single else None, walk.layers)


def scan(path: str | os.PathLike[str], *, allow: tuple[str, ...] = (), limits: Limits | None = None) -> ScanResult:
    """Read a model file without running anything in it, and say what is known against it.

    Parameters
    ----------
    path : str or path-like
        The file.
    allow : tuple of str
        Names `module:name` that the user answers for.
    limits : Limits, optional
        Bounds on memory and time; by default those of `Limits`.

    Returns
    -------
    ScanResult
        A file that cannot be understood is `UNREADABLE`, which is no good sign.

    Raises
    ------
    ArtifactError
        If there is no file to read.
    OptionError
        If `allow` names something that is never loaded.

    Notes
    -----
    A scan is no sandbox: it tells what a pickle would import and call, and whether real models do that. It cannot tell
    whether the numbers in a model were chosen to mislead.
    """
    limits = limits or Limits()
    allowed = Allowed.shipped().with_added(tuple(allow))
    return open_bytes(read(path, limits), os.fspath(path), allowed=allowed, limits=limits).result
