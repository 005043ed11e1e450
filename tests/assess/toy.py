"""A model whose weaknesses are known by heart, for tests of the bench."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sparring.core.parameters import LinearModel
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision
from sparring.errors import NotApplicable

CLASSES = ("no", "yes")


def number(name: str, **given) -> Column:
    """Return a column of numbers from 0 to 10 that anyone can set."""
    plain = {"name": name, "kind": "number", "who": "anyone", "low": 0.0, "high": 10.0, "spread": 1.0}
    return Column(**plain | given)


def table(d: int = 3, **given) -> TableSpace:
    """Return a space of `d` columns of numbers."""
    return TableSpace(tuple(number(f"c{j}", **given) for j in range(d)))


@dataclass
class Toy:
    """Decides 'yes' when the sum of the columns reaches `cut`; also its own codec, over plain arrays."""

    space: TableSpace = field(default_factory=table)
    cut: float = 15.0
    readable: bool = False
    family: str = "linear"
    lies: float = 0.0
    asked: int = 0

    decision = Decision(classes=CLASSES)

    @property
    def offers(self):
        """Everything, or what a black box offers."""
        extra = {Access.PARAMETERS} if self.readable else set()
        return frozenset({Access.LABELS, Access.SCORES} | extra)

    def encode(self, frame):
        """Return the array itself."""
        return np.asarray(frame, dtype=float)

    decode = encode

    def encode_labels(self, y):
        """Return class indices of 'no' and 'yes'."""
        return np.array([CLASSES.index(v) for v in y])

    def predict(self, x):
        """Decide by the sum."""
        self.asked += len(x)
        return (np.nansum(x, axis=1) >= self.cut).astype(np.int64)

    def scores(self, x):
        """Return probabilities that rise with the sum."""
        self.asked += len(x)
        p = 1 / (1 + np.exp(-(np.nansum(x, axis=1) - self.cut)))
        return np.column_stack([1 - p, p])

    def parameters(self):
        """Return the sum as a linear model, moved by `lies`."""
        if not self.readable:
            raise NotApplicable("a toy that keeps its parts to itself")
        d = len(self.space)
        ones = np.ones((d, 1))
        return LinearModel(np.array([self.lies - self.cut]), ones, np.zeros((d, 1)), "logistic")
