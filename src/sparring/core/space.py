"""The space of a table: its columns, what may change in each, and how far a change goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from pydantic import Field, model_validator

from sparring.core.column_codes import Admitted, Change, Checked, Direction, Kind, Who
from sparring.core.examples import Bools, Floats
from sparring.core.relations import Relation
from sparring.core.repair import repaired
from sparring.core.spec import Spec
from sparring.core.threat import Objective

Label = bool | int | float | str
RIDER = "(rides along)"
"""Name of a last column of the encoded table that no user has; see `sparring.core.riding`."""


class Column(Spec):
    """One column of the user's table and what somebody could misstate in it.

    The names and values are those of the columns table in `security/system.yaml`.
    """

    name: str
    kind: Kind
    who: Who = "unknown"
    change: Change = "misstated"
    checked: Checked = "never"
    direction: Direction = "both"
    low: float | None = Field(None, description="smallest value that may be entered, in the column's unit")
    high: float | None = Field(None, description="largest value that may be entered, in the column's unit")
    step: float | None = Field(None, gt=0, description="values are multiples of it; None: any number")
    spread: float = Field(0.0, ge=0, description="IQR / 1.349 of the data, in the column's unit")
    categories: tuple[Label, ...] = Field((), description="what each code stands for; carried values stay outside")
    cost: float | None = Field(None, ge=0, description="money to change it once")
    missing: Admitted = "never"
    unseen: Admitted = "never"

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"range of column {self.name!r} must be [low, high], got [{self.low}, {self.high}]")
        return self

    @property
    def assumed(self) -> bool:
        """Whether nobody has said yet who can set it, so that it counts as changeable."""
        return self.who == "unknown" and self.kind != "carried"

    @property
    def movable(self) -> bool:
        """Whether a misstatement of it counts."""
        if self.kind == "carried" or self.who in ("us", "nobody") or self.checked == "always":
            return False
        if self.kind == "number" and self.spread == 0:
            return False
        return self.change == "misstated"


@dataclass(frozen=True, eq=False)
class TableSpace:
    """Rows of a table as one float64 matrix.

    Numbers stand as they are, categories as codes 0, 1, ... (one more than the last: a category never seen),
    missing as NaN.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the user's table.
    relations : tuple of Relation
        What holds in every row between its columns, and is kept by every edit.
    """

    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = ()

    def __len__(self) -> int:
        return len(self.columns)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        """The user's own columns, in order."""
        return tuple(column for column in self.columns if column.name != RIDER)

    def with_rider(self, column: Column) -> TableSpace:
        """Return the same with one more column, which comes last."""
        return replace(self, columns=(*self.columns, column))

    def frozen(self, columns: Bools) -> TableSpace:
        """Return the same with further columns that may not change; columns of shape (d,)."""
        still = [
            c.model_copy(update={"who": "nobody"}) if stays else c
            for c, stays in zip(self.columns, columns, strict=True)
        ]
        return replace(self, columns=tuple(still))

    def keep_rider(self, x: Floats, x_adv: Floats) -> Floats:
        """Give edited rows back the number that rides along with the originals; most tables have none."""
        if len(self.shown) == len(self.columns):
            return x_adv
        out = x_adv.copy()
        out[:, -1] = x[:, -1]
        return out

    @cached_property
    def movable(self) -> Bools:
        """Which columns may be misstated, shape (d,)."""
        return np.array([column.movable for column in self.columns], dtype=bool)

    @cached_property
    def categorical(self) -> Bools:
        """Which columns hold codes, shape (d,)."""
        return np.array([column.kind != "number" for column in self.columns], dtype=bool)

    @cached_property
    def spread(self) -> Floats:
        """One spread of each column in its own unit, shape (d,); 1 for codes."""
        return np.array([1.0 if c.kind != "number" else (c.spread or 1.0) for c in self.columns])

    @cached_property
    def low(self) -> Floats:
        """Smallest value that may be entered, shape (d,)."""
        return np.array([_bound(c, c.low, -np.inf, 0.0) for c in self.columns])

    @cached_property
    def high(self) -> Floats:
        """Largest value that may be entered, shape (d,); for codes the last one that may be used."""
        return np.array(
            [_bound(c, c.high, np.inf, len(c.categories) - 1 + (c.unseen == "allow")) for c in self.columns]
        )

    @cached_property
    def step(self) -> Floats:
        """Grid of each column, shape (d,); 0 where any number goes, 1 for codes."""
        return np.array([1.0 if c.kind != "number" else (c.step or 0.0) for c in self.columns])

    @cached_property
    def may_rise(self) -> Bools:
        """Where a larger value may be claimed, shape (d,)."""
        return np.array([c.kind != "number" or c.direction != "down" for c in self.columns], dtype=bool)

    @cached_property
    def may_fall(self) -> Bools:
        """Where a smaller value may be claimed, shape (d,)."""
        return np.array([c.kind != "number" or c.direction != "up" for c in self.columns], dtype=bool)

    @cached_property
    def may_miss(self) -> Bools:
        """Where a value may be left blank, shape (d,)."""
        return np.array([c.missing == "allow" for c in self.columns], dtype=bool)

    def changed(self, x: Floats, x_adv: Floats) -> Bools:
        """Say which entries differ, shape (n, d); two blanks are equal."""
        differ, blank = np.asarray(x != x_adv, dtype=bool), np.isnan(x)
        return differ & ~(blank & np.isnan(x_adv)) if blank.any() else differ

    def size_in_columns(self, x: Floats, x_adv: Floats) -> Floats:
        """Count the changed columns of each row, shape (n,)."""
        return np.asarray(self.changed(x, x_adv).sum(axis=1), dtype=np.float64)

    def size_in_spreads(self, x: Floats, x_adv: Floats) -> Floats:
        """Largest change of each row in spreads, shape (n,); a category or a blank counts as one spread."""
        with np.errstate(invalid="ignore"):
            move = np.abs(x_adv - x) / self.spread
        move = np.where(self.categorical | np.isnan(move), 1.0, move)
        move = np.where(self.changed(x, x_adv), move, 0.0)
        return np.asarray(move.max(axis=1, initial=0.0))

    @cached_property
    def cost(self) -> Floats:
        """Money to change each column once, shape (d,); 0 where none is declared."""
        return np.array([c.cost or 0.0 for c in self.columns])

    @cached_property
    def unpriced(self) -> tuple[str, ...]:
        """Columns that may be misstated and have no declared cost."""
        return tuple(c.name for c in self.columns if c.movable and c.cost is None)

    def size_in_cost(self, x: Floats, x_adv: Floats) -> Floats:
        """Add up the declared costs of the changed columns of each row, shape (n,)."""
        return np.asarray(np.where(self.changed(x, x_adv), self.cost, 0.0).sum(axis=1), dtype=np.float64)

    def size(self, x: Floats, x_adv: Floats, objective: Objective) -> Floats:
        """Size of each change in the objective's unit, shape (n,)."""
        if objective == "spread":
            return self.size_in_spreads(x, x_adv)
        return self.size_in_columns(x, x_adv) if objective == "columns" else self.size_in_cost(x, x_adv)

    def violations(self, x: Floats, x_adv: Floats) -> list[str | None]:
        """Say for each row which limit it breaks first, or None; an unchanged entry breaks none."""
        found = [self._violation(a, b, c) for a, b, c in zip(x, x_adv, self.changed(x, x_adv), strict=True)]
        for relation in self.relations:
            for i in np.flatnonzero(~relation.holds(x_adv[:, relation.at(self.names)])):
                found[i] = found[i] or f"{relation.text} must hold"
        return found

    @cached_property
    def related(self) -> Bools:
        """Which columns a relation binds, shape (d,)."""
        named = {name for relation in self.relations for name in relation.columns}
        return np.array([name in named for name in self.names], dtype=bool)

    def repair(self, x: Floats, x_adv: Floats) -> Floats:
        """Make rows whose entries are legal each by itself keep to the relations, which their originals keep to.

        Parameters
        ----------
        x, x_adv : ndarray of shape (n, d) or (n, k, d)
            Originals are repeated where an axis has one of them.

        Returns
        -------
        ndarray of the shape of `x_adv`
            `x_adv` itself where nothing binds its columns.
        """
        if not self.relations:
            return x_adv
        width = x_adv.shape[-1]
        originals, edited = np.broadcast_to(x, x_adv.shape).reshape(-1, width), x_adv.reshape(-1, width)
        kept = repaired(self.relations, self.names, originals, edited, enterable=self.entrywise)
        return kept.reshape(x_adv.shape)

    def _violation(self, x: Floats, x_adv: Floats, changed: Bools) -> str | None:
        for j in np.flatnonzero(changed):
            fault = self._fault(int(j), float(x[j]), float(x_adv[j]))
            if fault:
                return f"column {self.names[j]!r} {fault}"
        return None

    def _fault(self, j: int, before: float, after: float) -> str | None:
        if not self.movable[j]:
            return "may not change"
        if np.isnan(after):
            return None if self.may_miss[j] else "may not be blank"
        if not self.low[j] <= after <= self.high[j]:
            return f"must be in [{self.low[j]:g}, {self.high[j]:g}], got {after:g}"
        if after > before and not self.may_rise[j]:
            return "may not rise"
        if after < before and not self.may_fall[j]:
            return "may not fall"
        if self.step[j] and not on_grid(after, self.step[j]):
            return f"must be a multiple of {self.step[j]:g}, got {after!r}"
        return None

    def project(self, x: Floats, x_adv: Floats) -> Floats:
        """Pull `x_adv` to a row near it that may be entered in place of `x`: `entrywise`, then `repair`."""
        return self.repair(x, self.entrywise(x, x_adv))

    def entrywise(self, x: Floats, x_adv: Floats) -> Floats:
        """Pull each entry of `x_adv` to the nearest one that may be entered in place of that of `x`.

        Off-grid numbers are rounded toward the original, so that a projected row is never farther than asked.

        Parameters
        ----------
        x, x_adv : ndarray of shape (n, d)

        Returns
        -------
        ndarray of shape (n, d)
            Projecting twice is projecting once.
        """
        out = x_adv if self.movable.all() else np.where(self.movable, x_adv, x)
        blank = np.isnan(out)
        if blank.any():
            out = np.where(blank & ~self.may_miss, x, out)
        with np.errstate(invalid="ignore"):
            result = np.clip(out, self.low, self.high)
            if not self.may_rise.all():
                result = np.where(~self.may_rise & (result > x), x, result)
            if not self.may_fall.all():
                result = np.where(~self.may_fall & (result < x), x, result)
        if self.step.any():
            result = self._on_grid(result, x)
        # an entry that stays as it is may lie outside the limits; a blank has come through as a blank
        outside = (x < self.low) | (x > self.high)
        return np.where(outside & (out == x), x, result) if outside.any() else result

    def _on_grid(self, value: Floats, x: Floats) -> Floats:
        """Round to each column's steps toward `x`, or give `x` itself where no multiple lies within the limits."""
        grid = np.flatnonzero(self.step)
        toward = np.broadcast_to(x, value.shape)[..., grid]
        snapped = snap(value[..., grid], self.step[grid], toward=toward)
        with np.errstate(invalid="ignore"):
            legal = (snapped >= self.low[grid]) & (snapped <= self.high[grid])
        out = value.copy()
        out[..., grid] = np.where(legal | np.isnan(snapped), snapped, toward)
        return out


class Codec(Protocol):
    """Between the user's rows, in the user's container and dtypes, and the encoded table."""

    @property
    def space(self) -> TableSpace:
        """Columns of the encoded table."""

    def encode(self, frame: Any) -> Floats:
        """Return the encoded table, shape (n, d)."""

    def decode(self, x: Floats) -> Any:
        """Return rows in the container, column order and dtypes that the model was trained on."""


def on_grid(value: float, step: float) -> bool:
    """Say whether `value` is the float nearest to a multiple of `step`."""
    return bool(grid_value(np.round(value / step), step) == value)


def grid_value(k: np.ndarray | float, step: np.ndarray | float) -> Floats:
    """Return k * step as the decimal number that a person would type, not the product of two binary ones.

    0.1 * 3 is 0.30000000000000004; 3 / 10 is 0.3.
    """
    inverse = np.round(1.0 / np.asarray(step, dtype=float))
    exact = np.isclose(inverse * step, 1.0, rtol=1e-12) & (inverse > 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(exact, np.asarray(k) / inverse, np.asarray(k) * step), dtype=float)


def snap(value: Floats, step: Floats, *, toward: Floats) -> Floats:
    """Round to multiples of `step`, toward `toward`; leave alone where step is 0 or toward is NaN."""
    safe = np.where(step > 0, step, 1.0)
    with np.errstate(invalid="ignore"):
        nearest = np.round(value / safe)
        there = grid_value(nearest, safe) == value
        inward = np.where(value > toward, np.floor(value / safe), np.ceil(value / safe))
        k = np.where(there | np.isnan(toward), nearest, inward)
        rounded = grid_value(k, safe)
        # rounding never passes the original: a change smaller than one step is no change
        passed = (value == toward) | ((value > toward) & (rounded < toward)) | ((value < toward) & (rounded > toward))
    return np.where(step > 0, np.where(passed, toward, rounded), value)


def _bound(column: Column, value: float | None, otherwise: float, code: float) -> float:
    if column.kind != "number":
        return code
    return otherwise if value is None else value
