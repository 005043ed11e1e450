"""Doors into compiled code that cannot be called from Python by itself, and what the tests of kernels share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.core.parameters import TreeEnsemble
from sparring.core.space import TableSpace
from sparring.kernels.cells import CellTrees, Limits, cell_trees, distance_of, find_cell, limits, nearest
from sparring.kernels.compiled import compiled
from sparring.kernels.leaves import Leaves, leaves_of
from sparring.kernels.moves import (
    Work,
    confine,
    descend,
    fill_profile,
    heat_bath,
    mean_field,
    move,
    new_work,
    random_unit,
    score,
)
from sparring.kernels.pruning import new_draft, new_path, reach, set_box
from tiny_models import random_ensemble, random_rows, random_table


@dataclass
class World:
    """A small ensemble with one output, in cells, and rows that could stand in its table."""

    model: TreeEnsemble
    space: TableSpace
    x: np.ndarray
    trees: CellTrees
    limits: Limits

    @property
    def value(self):
        return self.model.value[:, 0]

    @property
    def base(self):
        return float(self.model.intercept[0])


def world(seed: int, *, n=4, **options: Any) -> World:
    """Draw columns and trees of every kind: float32 for odd seeds, few sets in every other two of four."""
    rng = np.random.default_rng(seed)
    space = random_table(rng, d=options.pop("d", 3))
    options = {"dtype": "float32" if seed % 2 else "float64", "sets": 0.0 if seed % 4 < 2 else 0.1, **options}
    model = random_ensemble(rng, space, **options)
    x = random_rows(rng, space, n)
    return World(model, space, x, cell_trees(model), limits(space, center=np.full(len(space), 2.0)))


# --- cells -----------------------------------------------------------------------------------------------------------


@compiled
def cells_of(trees, j, x):
    out = np.empty(x.shape[0], np.int64)
    for i in range(x.shape[0]):
        out[i] = find_cell(trees, j, x[i])
    return out


@compiled
def nearest_of(x, low, high, j, limits):
    out = np.empty((x.shape[0], 2))
    for i in range(x.shape[0]):
        out[i, 0] = nearest(x[i], low[i], high[i], j, limits)
        out[i, 1] = distance_of(x[i], out[i, 0], j, limits)
    return out


# --- pruning and leaves ----------------------------------------------------------------------------------------------


@compiled
def reach_of(trees, x, limits):
    return reach(trees, x, limits)


@compiled
def prune_rows(trees, value, base, x, size, most_out, limits):
    """Prune around each row with the same working memory; return what is left of the last row.

    One door for boxes, drafts and leaves, since it takes some seconds to compile.
    """
    path, draft = new_path(trees), new_draft()
    for i in range(x.shape[0]):
        set_box(trees, x[i], size, limits, path)
        box, shut = path.box.copy(), path.shut.copy()
        leaves, draft = leaves_of(trees, value, base, x[i], most_out, limits, path, draft)
    return box, shut, draft, leaves


def leaves_at(trees, value, base, x, size, most_out, limits) -> Leaves:
    return prune_rows(trees, value, base, x[None], size, most_out, limits)[-1]


# --- moves -----------------------------------------------------------------------------------------------------------


@dataclass
class State:
    """Where a row is after some moves, and what was counted on the way."""

    now: float
    work: Work


@compiled
def fresh_work(leaves):
    return new_work(leaves)


@compiled
def score_anew(leaves, work):
    return score(leaves, work)


@compiled
def move_to(leaves, work, j, to):
    move(leaves, work, j, to)


@compiled
def profile_of(leaves, work, j):
    fill_profile(leaves, work, j)
    return work.profile[: leaves.cell_start[j + 1] - leaves.cell_start[j]].copy()


@compiled
def confine_to(leaves, work, limit):
    confine(leaves, work, limit)


@compiled
def descend_from(leaves, work, now, limit):
    return descend(leaves, work, now, limit)


@compiled
def mean_field_of(leaves, work, limit, sweeps, hot, cold):
    mean_field(leaves, work, limit, sweeps, hot, cold)


@compiled
def heat_bath_from(leaves, work, now, limit, sweeps, hot, cold, state):
    return heat_bath(leaves, work, now, limit, sweeps, hot, cold, state)


@compiled
def units(state, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = random_unit(state)
    return out


def begin(world: World, i: int, *, size: float = np.inf, limit: float = np.inf) -> tuple[Leaves, State]:
    """Prune around row `i`, and put it into its own cells, confined to those nearer than `limit`."""
    leaves = leaves_at(world.trees, world.value, world.base, world.x[i], size, len(world.space), world.limits)
    work = fresh_work(leaves)
    confine_to(leaves, work, limit)
    return leaves, State(score_anew(leaves, work), work)


def plain_score(leaves: Leaves, cell) -> float:
    """Add up the leaves whose conditions a row of local cells meets, in plain Python."""
    column = np.repeat(np.arange(len(leaves.own)), np.diff(leaves.column_start))
    result = leaves.base
    for i, value in enumerate(leaves.value):
        mine = leaves.member[leaves.member_start[i] : leaves.member_start[i + 1]]
        if all(any(a <= cell[column[c]] <= b for _, a, b in runs_of(leaves, c)) for c in mine):
            result += value
    return result


def runs_of(leaves: Leaves, c: int):
    return leaves.runs[leaves.run_start[c] : leaves.run_start[c + 1]]
