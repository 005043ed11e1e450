"""How many raw bytes follow an array's description in a joblib file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from sparring.artifact.cursor import Cursor, Unreadable
from sparring.artifact.machine import DTYPE, Made

# a type code and its size, as numpy pickles it: f8, i4, U12, V64, O8; what else `np.dtype` understands is never pickled
TYPE_CODE = re.compile(r"[<>|=]?(?P<kind>[biufcmMOSUV?])(?P<size>\d{0,9})")


@dataclass(frozen=True)
class Described:
    """What a description says of the bytes behind it."""

    size: int
    nested: bool
    aligned: bool


def describe(fields: dict[str, Any], cursor: Cursor) -> Described:
    """Read the description of an array.

    Parameters
    ----------
    fields : dict
        Attributes of the object that joblib writes in place of the array.
    cursor : Cursor
        Stands at its end; only used to say where.

    Returns
    -------
    Described

    Raises
    ------
    Unreadable
        If the description is not one that joblib writes.
    """
    shape, dtype = fields.get("shape"), fields.get("dtype")
    if type(shape) is not tuple or not all(type(length) is int and length >= 0 for length in shape):
        raise Unreadable(f"describes an array without a plain shape at byte {cursor.position}")
    if not isinstance(dtype, Made) or dtype.name != DTYPE:
        raise Unreadable(f"describes an array without a plain type at byte {cursor.position}")
    width, nested = _width(dtype, cursor)
    aligned = fields.get("numpy_array_alignment_bytes") is not None
    return Described(0 if nested else width * math.prod(shape), nested, aligned and not nested)


def _width(dtype: Made, cursor: Cursor) -> tuple[int, bool]:
    """Return the bytes per element, and whether elements are Python objects."""
    match = TYPE_CODE.fullmatch(dtype.code or "")
    if match is None:
        raise Unreadable(f"describes an array of an unknown type at byte {cursor.position}")
    if match["kind"] == "O":
        return 0, True
    if dtype.width is not None and match["kind"] in "SUV":
        return dtype.width, False
    size = int(match["size"] or 1)
    return (size * 4 if match["kind"] == "U" else size), False
