"""Follows all pickles that lie one behind the other in some bytes, without running any."""

from __future__ import annotations

from dataclasses import replace

from sparring.artifact.cursor import Cursor, Unreadable
from sparring.artifact.limits import Limits
from sparring.artifact.machine import Machine, Trace
from sparring.artifact.opcodes import HANDLERS
from sparring.artifact.verdict import Name, Verdict


def trace_pickles(
    data: bytes, *, where: str, limits: Limits, inert: frozenset[Name] = frozenset(), start: int = 0
) -> tuple[Trace, int]:
    """Follow the first pickle, then whatever stands behind it.

    Parameters
    ----------
    data : bytes
        The stream, already unpacked.
    where : str
        Name of the part, for messages.
    limits : Limits
        Bounds; `limits.opcodes` counts for all pickles of `data` together.
    inert : frozenset of Name
        Names that a loader would replace by placeholders.
    start : int
        First byte of the first pickle.

    Returns
    -------
    Trace
        What the first pickle would do; its reasons also cover those behind it, and anything unreadable.
    int
        Bytes of `data` that the first pickle takes, from 0; or 0 if it has no end.
    """
    trace = Trace(where)
    cursor = Cursor(data, position=start, longest_line=limits.text_bytes)
    end = 0
    current = trace
    try:
        _one(cursor, trace, limits, inert)
        end = cursor.position
        while cursor.remaining:
            current = Trace(f"{where}, behind the first pickle", opcodes=current.opcodes)
            _one(cursor, current, limits, inert)
            _merge(trace, current)
    except Unreadable as fault:
        if current is not trace:
            _merge(trace, current)
        text = str(fault) if end == 0 else f"has {len(data) - end} bytes behind its end that are no pickle"
        verdict = Verdict.UNREADABLE if end == 0 else Verdict.SUSPICIOUS
        trace.note(verdict, text, cursor.position)
    return trace, end


def _one(cursor: Cursor, trace: Trace, limits: Limits, inert: frozenset[Name]) -> None:
    Machine(cursor, trace, limits, handlers=HANDLERS, inert=inert).run()
    cursor.leave_frame()


def _merge(trace: Trace, other: Trace) -> None:
    """Add what a later pickle would do; only the first one's imports are ever made by a loader."""
    for name, use in other.uses.items():
        if use > trace.uses.get(name, 0):
            trace.uses[name] = use
        trace.places.setdefault(name, other.places[name])
    trace.reasons.extend(replace(reason) for reason in other.reasons)
    trace.opcodes = other.opcodes
