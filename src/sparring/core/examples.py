"""Examples: rows, their labels and their ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows in the model's input units.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        Numbers as they are, categories as codes, missing as NaN.
    y : ndarray of shape (n,)
        Class indices.
    ids : ndarray of shape (n,)
        0-based position of each row in the user's data as read.
    """

    x: Floats
    y: Ints
    ids: Ints

    def __post_init__(self) -> None:
        """Refuse parts of unequal length."""
        if not len(self.x) == len(self.y) == len(self.ids):
            raise ValueError(f"x, y and ids must be equally long, got {len(self.x)}, {len(self.y)}, {len(self.ids)}")

    def __len__(self) -> int:
        return len(self.x)

    def take(self, index: Ints | Bools | slice) -> Examples:
        """Return the rows at `index`, an integer or boolean array or a slice."""
        return Examples(self.x[index], self.y[index], self.ids[index])

    @property
    def sha256(self) -> str:
        """Hash of the contents, the same for the same rows on every machine."""
        digest = hashlib.sha256()
        for part, kind in ((self.x, "<f8"), (self.y, "<i8"), (self.ids, "<i8")):
            digest.update(str(part.shape).encode())
            digest.update(np.ascontiguousarray(part, dtype=kind).tobytes())
        return digest.hexdigest()
