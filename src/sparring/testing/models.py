"""Models so small that the smallest change of every row is known, over a table with every kind of column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.parameters import LEAF, LinearModel, Parameters, TreeEnsemble, probabilities
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision
from sparring.core.threat import Objective
from sparring.errors import DataError, NotApplicable

CLASSES = ("no", "yes")
EVERYTHING = frozenset({Access.LABELS, Access.SCORES, Access.PARAMETERS, Access.BACKGROUND})
AMOUNT, AGE, BONUS, JOB, PURPOSE, OFFICE = range(6)
COLUMNS = (
    Column(name="amount", kind="number", who="anyone", cost=20.0, low=0.0, high=100.0, spread=10.0),
    Column(name="age", kind="number", who="effort", cost=45.0, low=18.0, high=80.0, step=1.0, spread=12.0),
    Column(
        name="bonus",
        kind="number",
        who="anyone",
        cost=10.0,
        low=0.0,
        high=50.0,
        spread=5.0,
        direction="up",
        missing="allow",
    ),
    Column(name="job", kind="category", who="anyone", cost=30.0, categories=("none", "clerk", "chief")),
    Column(name="purpose", kind="category", who="anyone", cost=5.0, categories=("car", "house"), unseen="allow"),
    Column(name="office", kind="number", who="nobody", low=0.0, high=9.0, step=1.0, spread=2.0),
)
PRICES = TableSpace(COLUMNS).cost


@dataclass(frozen=True, eq=False)
class Formula:
    """A target that is a function of the encoded table.

    Parameters
    ----------
    raw : callable
        From rows, shape (n, d), to the raw score of the second class, shape (n, 1); above zero is decided so.
    contents : Parameters or None
        The same as a holder of the model file reads it.
    family : {'trees', 'linear', 'other'}
    space : TableSpace
    decision : Decision
    offers : frozenset of Access
    """

    raw: Callable[[Floats], Floats]
    contents: Parameters | None = None
    family: str = "other"
    space: TableSpace = field(default_factory=lambda: TableSpace(COLUMNS))
    decision: Decision = field(default_factory=lambda: Decision(classes=CLASSES))
    offers: frozenset[Access] = EVERYTHING

    def encode_labels(self, y: Any) -> Ints:
        """Turn class names into indices."""
        try:
            return np.array([self.decision.classes.index(label) for label in y], dtype=np.int64)
        except ValueError as error:
            raise DataError(f"labels must be among {', '.join(self.decision.classes)}: {error}") from error

    def predict(self, x: Floats) -> Ints:
        """Decide rows."""
        return self.decision.apply(self.scores(x))

    def scores(self, x: Floats) -> Floats:
        """Return probabilities."""
        return probabilities(self.raw(x), "logistic")

    def parameters(self) -> Parameters:
        """Return what a holder of the model file can read."""
        if self.contents is None:
            raise NotApplicable("this formula has no form that a search could read")
        return self.contents


@dataclass(frozen=True, eq=False)
class KnownModel:
    """A target with rows, and the size of the smallest change that is decided otherwise.

    Parameters
    ----------
    name : str
    target : Target
    rows, background : Examples
    columns : ndarray of shape (n,)
        Fewest columns for each row; inf where no change is enough.
    spread : ndarray of shape (n,)
        Smallest size in spreads, or the limit that it comes arbitrarily near to; inf where no change is enough.
    cost : ndarray of shape (n,) or None
        Least money, as the columns declare it; inf where no change is enough; None where they declare none.
    """

    name: str
    target: Formula
    rows: Examples
    background: Examples
    columns: Floats
    spread: Floats
    cost: Floats | None = None

    def smallest(self, objective: Objective) -> Floats:
        """Return the size of each row's smallest change in the unit of an objective, shape (n,)."""
        if objective == "cost":
            assert self.cost is not None, "the columns of this model declare no costs"
            return self.cost
        return self.columns if objective == "columns" else self.spread

    def frozen(self) -> KnownModel:
        """Return the same with no column that may change."""
        columns = tuple(column.model_copy(update={"who": "nobody"}) for column in self.target.space.columns)
        nothing = np.full(len(self.rows), np.inf)
        target = replace(self.target, space=TableSpace(columns))
        return replace(self, name=f"{self.name}, frozen", target=target, columns=nothing, spread=nothing, cost=nothing)


def table(n: int, *, seed: int) -> Floats:
    """Draw rows within the limits of `COLUMNS`, some with a blank, shape (n, 6)."""
    rng = np.random.default_rng(seed)
    x = np.empty((n, len(COLUMNS)))
    x[:, AMOUNT] = rng.uniform(0, 100, n)
    x[:, AGE] = rng.integers(18, 81, n)
    x[:, BONUS] = np.where(rng.random(n) < 0.2, np.nan, rng.uniform(0, 50, n))
    x[:, JOB] = rng.integers(0, 3, n)
    x[:, PURPOSE] = rng.integers(0, 2, n)
    x[:, OFFICE] = rng.integers(0, 10, n)
    return x


def threshold_model(*, n: int = 24) -> KnownModel:
    """Yes from an amount of 50 on, and nothing else counts: one column always does.

    Its file is a forest of one tree with one test.
    """
    cut = 50.0
    tree = _trees([(AMOUNT, cut, -1.0, 1.0)])
    x = table(n, seed=1)
    # a number can be brought to the cut exactly, or as near below it as one likes
    spread = np.abs(x[:, AMOUNT] - cut) / 10.0
    target = Formula(lambda rows: np.where(rows[:, AMOUNT] < cut, -1.0, 1.0)[:, None], tree, "trees")
    return _known("threshold", target, x, np.ones(n), spread, np.full(n, PRICES[AMOUNT]))


def additive_model(*, n: int = 24) -> KnownModel:
    """Every column that may change adds its part; a linear model with a table for each category."""
    slope = np.zeros((len(COLUMNS), 1))
    slope[[AMOUNT, AGE, BONUS, OFFICE], 0] = 0.03, -0.03, 0.04, 0.1
    missing = np.zeros((len(COLUMNS), 1))
    missing[BONUS] = 0.5
    codes = {JOB: np.array([[-1.0], [0.0], [1.0], [0.0]]), PURPOSE: np.array([[0.3], [-0.3], [0.6]])}
    model = LinearModel(np.array([-1.234]), slope, missing, "logistic", codes, source="sparring.testing")
    target = Formula(model.raw, model, "linear")
    x = table(n, seed=2)
    return _known("additive", target, x, *_additive_sizes(target.space, model, x))


def stepwise_model(*, n: int = 24) -> KnownModel:
    """Votes of three trees with one test each, of which two decide: one or two columns do."""
    tests = [(AMOUNT, 40.0, -1.0, 1.0), (AGE, 50.0, 1.0, -1.0), (JOB, 0.5, -1.0, 1.0)]
    x = table(n, seed=3)
    votes = np.column_stack([x[:, AMOUNT] >= 40, x[:, AGE] < 50, x[:, JOB] >= 1])
    majority = votes.sum(axis=1) >= 2
    agreeing = np.where(majority, votes.sum(axis=1), 3 - votes.sum(axis=1))
    columns = (agreeing - 1).astype(float)
    # an age under 50 that counts in years is at most 49
    age = np.where(x[:, AGE] < 50, 50 - x[:, AGE], x[:, AGE] - 49) / 12.0
    moves = np.column_stack([np.abs(x[:, AMOUNT] - 40) / 10.0, age, np.ones(n)])
    moves = np.sort(np.where(votes == majority[:, None], moves, np.inf), axis=1)
    spread = moves[np.arange(n), columns.astype(np.int64) - 1]
    target = Formula(lambda rows: _vote(tests, rows), _trees(tests), "trees")
    prices = np.sort(np.where(votes == majority[:, None], PRICES[[AMOUNT, AGE, JOB]], np.inf), axis=1)
    cost = prices.cumsum(axis=1)[np.arange(n), columns.astype(np.int64) - 1]
    return _known("stepwise", target, x, columns, spread, cost)


def constant_model(*, n: int = 12) -> KnownModel:
    """No, whatever the row says."""
    nothing = np.full(n, np.inf)
    missing, slope = np.zeros((len(COLUMNS), 1)), np.zeros((len(COLUMNS), 1))
    model = LinearModel(np.array([-1.0]), slope, missing, "logistic", source="sparring.testing")
    target = Formula(lambda rows: np.full((len(rows), 1), -1.0), model, "linear")
    return _known("constant", target, table(n, seed=4), nothing, nothing, nothing)


def constant_tree(*, n: int = 12) -> KnownModel:
    """No again, from a tree."""
    known = constant_model(n=n)
    target = replace(known.target, contents=_trees([(AMOUNT, 50.0, -1.0, -1.0)]), family="trees")
    return replace(known, name="constant tree", target=target)


def moody_model(*, n: int = 12, seed: int = 5) -> KnownModel:
    """Answers differently when asked again; nothing is known of it."""
    rng = np.random.default_rng(seed)
    target = Formula(lambda rows: rng.normal(size=(len(rows), 1)))
    return _known("moody", target, table(n, seed=6), np.zeros(n), np.zeros(n), np.zeros(n))


def _known(name: str, target: Formula, x: Floats, *sizes: Floats) -> KnownModel:
    background = table(60, seed=7)
    return KnownModel(
        name,
        target,
        Examples(x, target.predict(x), np.arange(len(x)) * 3),
        Examples(background, target.predict(background), np.arange(len(background)) + 1000),
        *sizes,
    )


def _trees(tests: list[tuple[int, float, float, float]]) -> TreeEnsemble:
    """Turn tests (column, cut, value below, value from it on) into one tree each."""
    n = len(tests)
    column, threshold = np.full(3 * n, LEAF, dtype=np.int32), np.zeros(3 * n)
    left, right = np.full(3 * n, LEAF, dtype=np.int32), np.full(3 * n, LEAF, dtype=np.int32)
    value = np.zeros((3 * n, 1))
    for t, (j, cut, below, above) in enumerate(tests):
        column[3 * t], threshold[3 * t], left[3 * t], right[3 * t] = j, cut, 3 * t + 1, 3 * t + 2
        value[3 * t + 1 : 3 * t + 3, 0] = below, above
    return TreeEnsemble(
        column=column,
        threshold=threshold,
        missing_left=np.zeros(3 * n, dtype=bool),
        left=left,
        right=right,
        value=value,
        roots=np.arange(0, 3 * n, 3, dtype=np.int32),
        output=np.zeros(n, dtype=np.int32),
        intercept=np.zeros(1),
        link="logistic",
        n_columns=len(COLUMNS),
        dtype="float64",
        table=np.full(3 * n, -1, dtype=np.int32),
        source="sparring.testing",
    )


def _vote(tests: list[tuple[int, float, float, float]], x: Floats) -> Floats:
    return np.asarray(sum(np.where(x[:, j] < cut, below, above) for j, cut, below, above in tests))[:, None]


def _additive_sizes(space: TableSpace, model: LinearModel, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Fewest columns: the largest gains first. Smallest spread: by bisection, since gains grow with the size.

    Least money: every set of columns is tried.
    """
    raw = model.raw(x)[:, 0]
    toward = np.where(raw > 0, -1.0, 1.0)  # the sign that the score must get
    short = -raw * toward
    free = _gains(space, model, x, toward, np.full(len(x), np.inf))
    gains = -np.sort(-free, axis=1)
    enough = _reaches(gains.cumsum(axis=1), short[:, None], toward[:, None])
    columns = np.where(enough.any(axis=1), enough.argmax(axis=1) + 1.0, np.inf)
    low, high = np.zeros(len(x)), np.full(len(x), 20.0)
    for _ in range(60):
        middle = (low + high) / 2
        passes = _reaches(_gains(space, model, x, toward, middle).sum(axis=1), short, toward)
        low, high = np.where(passes, low, middle), np.where(passes, middle, high)
    cost = np.full(len(x), np.inf)
    for chosen in product((0.0, 1.0), repeat=len(COLUMNS)):
        passes = _reaches(free @ np.array(chosen), short, toward)
        cost = np.where(passes, np.minimum(cost, float(PRICES @ np.array(chosen))), cost)
    return columns, np.where(np.isfinite(columns), high, np.inf), cost


def _reaches(gain: Floats, short: Floats, toward: Floats) -> Bools:
    """Zero is decided as no, the first class."""
    return np.where(toward > 0, gain > short, gain >= short)


def _gains(space: TableSpace, model: LinearModel, x: Floats, toward: Floats, size: Floats) -> Floats:
    """Most that each column can add toward the other decision within `size` spreads, shape (n, d)."""
    gains = np.zeros(x.shape)
    for j in map(int, np.flatnonzero(space.movable)):
        here = model.part(j, x[:, j])[:, 0]
        for value in _values(space, x, j, size):
            gain = (model.part(j, value)[:, 0] - here) * toward
            gains[:, j] = np.maximum(gains[:, j], gain)
    return gains


def _values(space: TableSpace, x: Floats, j: int, size: Floats) -> list[Floats]:
    """Values of one column among which the best is: the ends of its range, or every category; and a blank."""
    whole = size >= 1
    if space.categorical[j]:
        return [np.where(whole, float(code), x[:, j]) for code in range(int(space.high[j]) + 1)]
    reach = size * space.spread[j]
    ends = []
    for end in (x[:, j] - reach, x[:, j] + reach):
        rows = x.copy()
        # a blank may be filled in, at the price of one spread
        rows[:, j] = np.where(np.isnan(x[:, j]), np.nan, np.clip(end, space.low[j], space.high[j]))
        ends.append(space.project(x, rows)[:, j])
    filled = [np.where(np.isnan(x[:, j]) & whole, end, x[:, j]) for end in (space.low[j], space.high[j])]
    blank = [np.where(whole, np.nan, x[:, j])] if space.may_miss[j] else []
    return [*ends, *filled, *blank]
