"""The nearest row that a linear model decides otherwise, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from sparring.attacks.evasion._cover import cheapest_cover
from sparring.attacks.evasion._ways import SLACKS, Ways, base_at, cannot_read
from sparring.core.case import Attempt, Bounds, EvasionCase, never
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import LinearModel, Margin
from sparring.core.plugin import Attack
from sparring.core.space import TableSpace, snap
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective
from sparring.errors import NotApplicable

HALVINGS = 200
"""Enough to take any interval of float64 down to two neighbors, when steps are halved in the middle of magnitudes."""
FARTHEST = 1e12
"""Size in spreads beyond which a column without a limit is not followed."""


class LinearExact(Attack[Evasion]):
    """The smallest change of a linear model's row, exact: what the columns do adds up, so each is taken at its best."""

    id: ClassVar[str] = "evasion/linear-exact"
    title: ClassVar[str] = "Solve the linear model of the file for the nearest row"
    attacker: ClassVar[Attacker] = Attacker.INSIDER
    needs: ClassVar[frozenset[Access]] = frozenset({Access.PARAMETERS, Access.LABELS})
    objectives: ClassVar[tuple[Objective, ...]] = ("columns", "spread", "cost")
    reference: ClassVar[str] = (
        "Moosavi-Dezfooli et al., 'DeepFool', CVPR 2016 (arXiv 1511.04599), section 2, for the distance to a "
        "hyperplane. Here with limits, grids, categories and blanks: the least size at which the columns' best changes "
        "together flip; where money is counted, a knapsack solved by branch and bound."
    )

    def unsuited(self, target: Target, threat: Evasion) -> str | None:
        """Refuse what is not a linear model, and rules that are not linear in its scores."""
        otherwise = "it solves linear models, and this one is made of trees; evasion/tree-search reads those"
        return cannot_read(target, threat, LinearModel, otherwise)

    def run(self, case: EvasionCase, *, rng: np.random.Generator) -> Iterator[Attempt]:
        """Yield the solution and, since it is exact, the same size as a bound."""
        model = case.oracle.parameters()
        if not isinstance(model, LinearModel):
            raise NotApplicable("it solves linear models, and this one is made of trees")
        ways = LinearWays(case, model)
        yield from ways.passes(lambda: self._solved(ways))

    def _solved(self, ways: LinearWays) -> Iterator[Attempt]:
        solver = Solver(ways)
        ways.improve(np.arange(len(ways.x)), solver, chunk=1024)
        yield Bounds(ways.least(solver.bound))
        yield ways.attempt


@dataclass(frozen=True, eq=False)
class LinearWay:
    """One margin of a linear model, column by column.

    Parameters
    ----------
    model : LinearModel
    margin : Margin
    base : ndarray of shape (n,) or ()
        What is added to the columns, of each row or of all alike.
    number : int or None
        Among the margins of the case; None for a mixed one.
    """

    model: LinearModel
    margin: Margin
    base: Floats
    number: int | None

    def part(self, j: int, x: Floats) -> Floats:
        """Return what column `j` adds for each value in `x`; NaN where the model refuses a blank."""
        return np.asarray(self.model.part(j, x) @ self.margin.weights, dtype=np.float64)

    def rounding(self, parts: Floats) -> Floats:
        """Return the error that the sum of each row may carry, from what its columns add, shape (n, d)."""
        largest = np.max(np.abs(parts), axis=1, initial=0.0, where=~np.isnan(parts))
        return np.asarray(np.finfo(np.float64).eps * (np.abs(self.base) + largest) * (parts.shape[1] + 1))

    def slope(self, j: int) -> float:
        """Return what one unit of column `j` adds."""
        return float(self.model.slope[j] @ self.margin.weights)


class LinearWays(Ways[LinearWay]):
    """All ways for the rows of a case.

    Parameters
    ----------
    case : Case
    model : LinearModel
    """

    def __init__(self, case: EvasionCase, model: LinearModel) -> None:
        self.model = model
        self.space: TableSpace = case.space
        super().__init__(case, link=model.link, n_outputs=model.n_outputs)

    def raw(self, x: Floats) -> Floats:
        """Return raw scores, shape (n, n_outputs)."""
        return np.asarray(self.model.raw(x), dtype=np.float64)

    def leave(self, columns: Bools) -> None:
        """Leave columns as they are from now on."""
        self.space = self.space.frozen(columns)

    def way(self, margin: Margin, number: int | None) -> LinearWay:
        """Turn a margin into a sum over columns."""
        base = self.model.intercept @ margin.weights + margin.offset
        return LinearWay(self.model, margin, np.asarray(base), number)

    def shifted(self, number: int, rows: Ints, offset: Floats) -> Iterator[tuple[Ints, LinearWay]]:
        """Yield all rows at once: a sum over columns is as quick with a base for each row."""
        usual = self.usual(number)
        yield rows, replace(usual, base=usual.base + offset)


class Solver:
    """The least size at which a row flips, found by halving: what columns can do within a size only grows with it.

    Parameters
    ----------
    ways : LinearWays
    """

    def __init__(self, ways: LinearWays) -> None:
        self.ways = ways
        self.space = ways.space
        self.by_columns = ways.case.threat.objective == "columns"
        self.by_cost = ways.case.threat.objective == "cost"
        self.bound = np.zeros((len(ways.x), max(1, len(ways.margins))))

    def __call__(self, way: LinearWay, rows: Ints, attempt: int, limit: Floats) -> tuple[Floats, Floats]:
        """Solve each row; its size is a count of columns or a size in spreads."""
        x = self.ways.x[rows]
        now = np.array([way.part(j, x[:, j]) for j in range(x.shape[1])]).T.reshape(x.shape)
        base = way.base + base_at(0.0, rounding=1.0, ties=way.margin.ties, attempt=attempt) * way.rounding(now)
        scene = Scene(self.space, way, x, now, base, stop=self.ways.case.cancelled)
        width = np.full(len(x), x.shape[1], dtype=np.int64)
        if self.by_cost:
            scene = scene.cheapest()[0]
        if self.by_columns:
            width = scene.fewest(scene.best(np.full(len(x), FARTHEST))[1], width)
        size, entry, _ = scene.least_size(width)
        if way.number is not None:
            # what is proven must hold whatever the model loses by rounding
            cautious = replace(scene, base=way.base - SLACKS[-1] * way.rounding(now))
            self.bound[rows, way.number] = np.where(np.isinf(size), scene.nothing(), self._proven(cautious))
        if self.by_columns or self.by_cost:
            size = np.where(np.isinf(size), np.inf, self.space.size(x, entry, self.ways.case.threat.objective))
        better = size < limit
        return np.where(better, size, limit), np.where(better[:, None], entry, x)

    def _proven(self, scene: Scene) -> Floats:
        """Return sizes below which no row flips."""
        if self.by_cost:
            return replace(scene, allowed=None).cheapest()[1]
        everything = np.full(len(scene.x), scene.x.shape[1], dtype=np.int64)
        if self.by_columns:
            return scene.fewest(scene.best(np.full(len(scene.x), FARTHEST))[1], everything).astype(float)
        return scene.least_size(everything)[2]


@dataclass(frozen=True, eq=False)
class Scene:
    """Some rows in one way, with what each column adds now.

    Parameters
    ----------
    space : TableSpace
    way : LinearWay
    x : ndarray of shape (n, d)
    now : ndarray of shape (n, d)
    base : ndarray of shape (n,)
    allowed : ndarray of shape (n, d) or None
        Columns of each row that may be used; None: all.
    stop : callable
        Turns true when time is up.
    """

    space: TableSpace
    way: LinearWay
    x: Floats
    now: Floats
    base: Floats
    allowed: Bools | None = None
    stop: Callable[[], bool] = never

    def best(self, size: Floats) -> tuple[Floats, Floats]:
        """Return the best entry of each column within a size, and what it takes off the sum, shape (n, d) each."""
        x, whole = self.x, (size >= 1)[:, None]
        entry, gain = np.where(whole, self._whole[0], x), np.where(whole, self._whole[1], 0.0)
        numbers, slope, _ = self._sliding
        value = self._moved(size)
        with np.errstate(invalid="ignore"):
            g = self.now[:, numbers] - value * slope
        take = g > gain[:, numbers]
        entry[:, numbers] = np.where(take, value, entry[:, numbers])
        gain[:, numbers] = np.where(take, g, gain[:, numbers])
        if self.allowed is not None:
            return np.where(self.allowed, entry, x), np.where(self.allowed, gain, 0.0)
        return entry, gain

    @cached_property
    def _whole(self) -> tuple[Floats, Floats]:
        """The best blank, category or filled blank of each column, and what it takes off the sum, shape (n, d) each."""
        entry, gain = self.x.copy(), np.zeros(self.x.shape)
        for j in np.flatnonzero(self.space.movable):
            for candidate in self._candidates(int(j)):
                with np.errstate(invalid="ignore"):
                    g = self.now[:, j] - self.way.part(int(j), candidate)
                take = g > gain[:, j]  # never for a blank that the model refuses
                entry[take, j], gain[take, j] = candidate[take], g[take]
        return entry, gain

    @cached_property
    def _sliding(self) -> tuple[Ints, Floats, Floats]:
        """Columns of numbers that help when they move, what one unit of each adds, and which way helps."""
        space, slope = self.space, self.way.model.slope @ self.way.margin.weights
        helps = np.where(slope > 0, space.may_fall, space.may_rise)
        numbers = np.flatnonzero(space.movable & ~space.categorical & helps)
        return numbers, slope[numbers], np.where(slope[numbers] > 0, -1.0, 1.0)

    def cheapest(self) -> tuple[Scene, Floats]:
        """Return the same with the cheapest columns that flip each row, and the least money that may do so."""
        gain = self.best(np.full(len(self.x), FARTHEST))[1]
        short = self.base + self.now.sum(axis=1)
        allowed, least = np.ones(gain.shape, dtype=bool), np.zeros(len(gain))
        for i in range(len(gain)):
            chosen, least[i] = cheapest_cover(gain[i], self.space.cost, float(short[i]))
            if chosen is not None:
                allowed[i] = chosen
        return replace(self, allowed=allowed), least

    def _candidates(self, j: int) -> Iterator[Floats]:
        """Yield entries of column `j` that count as one spread each; the row's own where there is none."""
        x, space = self.x[:, j], self.space
        if space.may_miss[j]:
            yield np.full(len(x), np.nan)
        if space.categorical[j]:
            for code in range(int(space.low[j]), int(space.high[j]) + 1):
                yield np.full(len(x), float(code))
        elif np.isnan(x).any():
            yield np.where(np.isnan(x), self._end(j, low=self.way.slope(j) > 0), x)

    def _end(self, j: int, *, low: bool) -> float:
        """Return the least or greatest number that may be entered in column `j`."""
        space = self.space
        value = (
            max(space.low[j], -FARTHEST * space.spread[j]) if low else min(space.high[j], FARTHEST * space.spread[j])
        )
        toward = np.inf if low else -np.inf
        return float(snap(np.array([value]), np.array([space.step[j]]), toward=np.array([toward]))[0])

    def _moved(self, size: Floats) -> Floats:
        """Return the numbers that slide as far from the row's own as `size`, limits and grid let them, shape (n, k)."""
        numbers, _, sign = self._sliding
        x, space = self.x[:, numbers], self.space
        low, high = space.low[numbers], space.high[numbers]
        with np.errstate(invalid="ignore", over="ignore"):
            value = np.clip(x + sign * size[:, None] * space.spread[numbers], low, high)
            # where the row lies outside the limits, clipping may turn its direction round
            value = np.where(sign * (value - x) > 0, value, x)
            value = snap(value, np.broadcast_to(space.step[numbers], x.shape), toward=x)
            legal = (value >= low) & (value <= high)
        return np.where(legal, value, x)

    def sum_with(self, gain: Floats, width: Ints) -> Floats:
        """Return the margin when each row takes its `width` largest gains."""
        ordered = -np.sort(-gain, axis=1)
        within = np.arange(gain.shape[1]) < width[:, None]
        return np.asarray(self.base + self.now.sum(axis=1) - np.where(within, ordered, 0.0).sum(axis=1))

    def fewest(self, gain: Floats, most: Ints) -> Ints:
        """Return the least number of columns whose gains take the sum below zero; all of them where none does."""
        ordered = -np.sort(-gain, axis=1)
        sums = (self.base + self.now.sum(axis=1))[:, None] - np.cumsum(ordered, axis=1)
        flips = sums < 0
        return np.where(flips.any(axis=1), flips.argmax(axis=1) + 1, most).astype(np.int64)

    def least_size(self, width: Ints) -> tuple[Floats, Floats, Floats]:
        """Return the least size that flips (inf: none), the rows, and a size at which they do not flip yet."""
        above = np.full(len(self.x), FARTHEST)
        below = np.zeros(len(self.x))
        possible = self.sum_with(self.best(above)[1], width) < 0
        for _ in range(HALVINGS):
            # the geometric mean finds the magnitude first; 1 is where categories and blanks come in
            middle = np.where((below < 1) & (above > 1), 1.0, (below + above) / 2)
            middle = np.where(below == 1, np.sqrt(below * above), middle)
            if self.stop() or not (possible & (below < middle) & (middle < above)).any():
                break  # what is above flips and what is below does not, however near they are
            flips = self.sum_with(self.best(middle)[1], width) < 0
            above, below = np.where(flips, middle, above), np.where(flips, below, middle)
        entry, gain = self.best(above)
        entry = self._only(entry, gain, width)
        size = np.where(possible, self.space.size_in_spreads(self.x, entry), np.inf)
        return size, np.where(possible[:, None], entry, self.x), below

    def _only(self, entry: Floats, gain: Floats, width: Ints) -> Floats:
        """Keep the `width` largest gains, and no column more than is needed."""
        order = np.argsort(-gain, axis=1, kind="stable")
        rank = np.argsort(order, axis=1, kind="stable")
        sums = (self.base + self.now.sum(axis=1))[:, None] - np.cumsum(np.take_along_axis(gain, order, axis=1), axis=1)
        enough = np.where((sums < 0).any(axis=1), (sums < 0).argmax(axis=1) + 1, width)
        keep: Bools = rank < np.minimum(width, enough)[:, None]
        return np.where(keep, entry, self.x)

    def nothing(self) -> Floats:
        """Return inf where no change flips even with rounding to spare, 0 where rounding leaves it open."""
        gain = self.best(np.full(len(self.x), FARTHEST))[1]
        sums = self.way.base + self.now.sum(axis=1) - gain.sum(axis=1)
        unlimited = (
            self.space.movable & ~self.space.categorical & (np.isinf(self.space.low) | np.isinf(self.space.high))
        )
        return np.where((sums > SLACKS[-1] * self.way.rounding(self.now)) & ~unlimited.any(), np.inf, 0.0)
