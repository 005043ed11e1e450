"""Shift, the decision that stands for a regressor: whether its prediction has moved far enough, and which way.

A prediction becomes an answer only when it is compared with what the model predicted for the row as it was. That
number rides along; see `sparring.core.riding`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Link, Margin
from sparring.core.target import Decision
from sparring.errors import NotApplicable

FALL, NEAR, RISE = 0, 1, 2
"""Class indices: lower by the shift or more, nearer than that, higher by the shift or more."""
UNREACHABLE = 1e300
STEEP = 4.0
"""Slope of the scores: how they fall off is nobody's business, only their order is."""
Direction = Literal["up", "down", "both"]
WANTED: dict[Direction, int | None] = {"up": RISE, "down": FALL, "both": None}


class Shift(Decision):
    """Say whether a prediction has moved by `by` or more, in the unit of y."""

    by: float = Field(..., gt=0, description="in the unit of y")

    @classmethod
    def of_size(cls, by: float) -> Shift:
        """Return the rule for a size of movement.

        Examples
        --------
        >>> Shift.of_size(500).classes
        ('lower by 500 or more', 'within 500', 'higher by 500 or more')
        """
        names = (f"lower by {by:g} or more", f"within {by:g}", f"higher by {by:g} or more")
        return cls(classes=names, by=by)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"a prediction that moves by {self.by:g} or more"

    @property
    def relative(self) -> bool:
        """Yes: a prediction is compared with the one before."""
        return True

    def between(self, before: Floats, after: Floats) -> Ints:
        """Say how predictions moved, shape (n,)."""
        with np.errstate(invalid="ignore"):
            moved = np.asarray(after, dtype=float) - before
        return np.where(moved >= self.by, RISE, np.where(moved <= -self.by, FALL, NEAR)).astype(np.int64)

    def scores(self, before: Floats, after: Floats) -> Floats:
        """Return a share for each answer that grows as a prediction moves toward it, shape (n, 3)."""
        share = np.clip((after - before) / self.by, -100.0, 100.0)
        raw = STEEP * np.column_stack([-share - 1.0, np.zeros(len(share)), share - 1.0])
        e = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def of_raw(self, x: Floats, raw: Floats, link: Link) -> Ints:
        """Say how predictions moved from those that ride along, shape (n,)."""
        return self.between(x[:, -1], _value(raw, link))

    def scores_of_raw(self, x: Floats, raw: Floats, link: Link) -> Floats:
        """Return a share for each answer, shape (n, 3)."""
        return self.scores(x[:, -1], _value(raw, link))

    def margins(self, *, label: int, wanted: tuple[int, ...], link: Link, n_outputs: int) -> list[Margin]:
        """List the ways to move; where each begins is row by row in `offsets`."""
        if n_outputs != 1:
            raise NotApplicable("a model that predicts several numbers at once is not read")
        sign = {RISE: -1.0, FALL: 1.0}
        return [Margin(np.array([sign[c]]), 0.0, ties=True) for c in wanted if c in sign]

    def offsets(self, x: Floats, margins: list[Margin], link: Link) -> Floats | None:
        """Return what is to be added to each margin for each row, shape (n, n_margins)."""
        up, down = (_raw(x[:, -1] + sign * self.by, link) for sign in (1.0, -1.0))
        columns = [up if margin.weights[0] < 0 else -down for margin in margins]
        return np.clip(np.column_stack([*columns, up])[:, : len(columns)], -UNREACHABLE, UNREACHABLE)

    def seen_from(self, row: Floats, others: Floats, labels: Ints) -> Ints:
        """Say how other rows' predictions differ from that of one row, shape (n,)."""
        return self.between(row[-1], others[:, -1])


def _value(raw: Floats, link: Link) -> Floats:
    """Turn raw scores into predictions."""
    return np.asarray(np.exp(raw[:, 0]) if link == "log" else raw[:, 0])


def _raw(value: Floats, link: Link) -> Floats:
    """Turn predictions into raw scores."""
    if link != "log":
        return value
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value > 0, np.log(np.maximum(value, 0.0)), -np.inf)
