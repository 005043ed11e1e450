"""What white-box attacks may see: tree ensembles and additive models over the encoded table, in one neutral form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Bools, Floats, Ints

Link = Literal["identity", "logistic", "softmax", "sigmoids", "margin", "log"]
"""From raw scores to probabilities.

identity: they are averages of probabilities already. logistic: of one output, or of several, which are then shared out
so that they sum to one. sigmoids: one logistic for each of several classes, not shared out. softmax: of several.
margin: of one output, which is at least zero where the second class is decided, whatever cut-off the rule names; its
probabilities are a map of it that ranks rows and nothing more. log: of a regressor, whose prediction is the
exponential of its one output; that of one with 'identity' is the output.
"""
LEAF = -1


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """A sum of decision trees over the encoded table.

    A row goes left at node i iff ``cast(x[column[i]]) < threshold[i]``, where `cast` rounds to `dtype`. Libraries
    that test ``<=`` are converted by moving the threshold to the next number of their dtype. A blank goes left iff
    `missing_left[i]`. A node with ``table[i] >= 0`` tests membership instead: the row goes left iff the interval of
    ``tables[table[i]]`` that its value falls into says so; categories are codes, so a set of them is a table.

    Parameters
    ----------
    column : ndarray of shape (n_nodes,)
        Column that is tested, -1 for a leaf.
    threshold : ndarray of shape (n_nodes,)
        In the unit of the column.
    missing_left : ndarray of shape (n_nodes,)
    left, right : ndarray of shape (n_nodes,)
        Children; -1 for a leaf.
    value : ndarray of shape (n_nodes, 1) or (n_nodes, n_outputs)
        What a leaf adds: to output `output[tree]` when there is one column, to all outputs otherwise. Weights,
        averages and learning rates are already multiplied in.
    roots : ndarray of shape (n_trees,)
    output : ndarray of shape (n_trees,)
        The output that each tree adds to; all 0 where there is one output or leaves hold vectors.
    intercept : ndarray of shape (n_outputs,)
        Two classes have one output, the raw score of class 1; more classes have one each.
    link : Link
    n_columns : int
        Width of the encoded table.
    dtype : {'float32', 'float64'}
        In which the model compares.
    tables : tuple of MembershipTable
    table : ndarray of shape (n_nodes,)
        Index into `tables`, -1 for a plain comparison.
    source : str
        The library and model class that it was read from.
    adds_in : {'float32', 'float64'}
        In which the model itself adds up, whatever it compares in.
    """

    column: NDArray[np.int32]
    threshold: Floats
    missing_left: Bools
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    roots: NDArray[np.int32]
    output: NDArray[np.int32]
    intercept: Floats
    link: Link
    n_columns: int
    dtype: Literal["float32", "float64"]
    table: NDArray[np.int32]
    tables: tuple[MembershipTable, ...] = ()
    source: str = ""
    adds_in: Literal["float32", "float64"] = "float64"

    @property
    def n_outputs(self) -> int:
        """Number of raw scores."""
        return len(self.intercept)

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @property
    def vector_leaves(self) -> bool:
        """Whether each leaf adds to every output."""
        return bool(self.value.shape[1] > 1)


@dataclass(frozen=True, eq=False)
class MembershipTable:
    """A set of values of one column, as intervals.

    Parameters
    ----------
    breaks : ndarray of shape (k,)
        Increasing. Interval i holds ``breaks[i - 1] <= x < breaks[i]``; the first and last are open.
    left : ndarray of shape (k + 1,)
        Whether values in the interval go left.
    """

    breaks: Floats
    left: Bools


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A sum over columns: linear in numbers, a table over codes, a constant for a blank.

    Raw score k of a row is ``intercept[k] + sum_j part_j``, where part_j is ``slope[j, k] * x_j`` for a number,
    ``codes[j][x_j, k]`` for a category (the last row stands for one never seen), ``missing[j, k]`` for a blank.

    Parameters
    ----------
    intercept : ndarray of shape (n_outputs,)
    slope : ndarray of shape (d, n_outputs)
        0 for columns of codes.
    codes : dict of int to ndarray of shape (m + 1, n_outputs)
    missing : ndarray of shape (d, n_outputs)
        NaN where the model refuses a blank.
    link : Link
        'identity' for scores of several classes that are no probabilities (a linear support vector machine).
    source : str
    """

    intercept: Floats
    slope: Floats
    missing: Floats
    link: Link
    codes: dict[int, Floats] = field(default_factory=dict)
    source: str = ""

    @property
    def n_outputs(self) -> int:
        """Number of raw scores."""
        return len(self.intercept)

    def part(self, j: int, x: Floats) -> Floats:
        """Return what column `j` adds for each value in `x`, shape (n, n_outputs)."""
        blank = np.isnan(x)
        if j in self.codes:
            table = self.codes[j]
            index = np.clip(np.where(blank, 0, x), 0, len(table) - 1).astype(np.intp)
            known = table[index]
        else:
            known = np.where(blank, 0.0, x)[:, None] * self.slope[j]
        return np.where(blank[:, None], self.missing[j], known)

    def raw(self, x: Floats) -> Floats:
        """Return raw scores, shape (n, n_outputs)."""
        return self.intercept + sum((self.part(j, x[:, j]) for j in range(x.shape[1])), np.zeros((len(x), 1)))


Parameters = TreeEnsemble | LinearModel


def probabilities(raw: Floats, link: Link) -> Floats:
    """Turn raw scores into one column per class.

    Parameters
    ----------
    raw : ndarray of shape (n, n_outputs)
        One output means two classes.
    link : Link

    Returns
    -------
    ndarray of shape (n, n_classes)
    """
    if link in ("logistic", "sigmoids", "margin"):
        p = 1.0 / (1.0 + np.exp(-np.clip(raw, -700, 700)))
        if raw.shape[1] == 1:
            return np.column_stack([1.0 - p, p])
        return p if link == "sigmoids" else np.asarray(p / p.sum(axis=1, keepdims=True))
    if link == "softmax":
        e = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))
    return np.column_stack([1.0 - raw[:, 0], raw[:, 0]]) if raw.shape[1] == 1 else raw


@dataclass(frozen=True, eq=False)
class Margin:
    """One way for a row to be decided otherwise: ``weights @ raw + offset`` falls below zero.

    Parameters
    ----------
    weights : ndarray of shape (n_outputs,)
    offset : float
    ties : bool
        Whether exactly zero is decided otherwise, too.
    """

    weights: Floats
    offset: float
    ties: bool


def argmax_margin(n_outputs: int, *, label: int, other: int) -> Margin:
    """Return the margin of `label` over `other` where the larger score wins and ties go to the first class.

    Parameters
    ----------
    n_outputs : int
        One output is the raw score of class 1 against class 0, zero on the boundary.
    label, other : int
        Class indices.
    """
    if n_outputs == 1:
        return Margin(np.array([1.0 if label == 1 else -1.0]), 0.0, ties=other < label)
    weights = np.zeros(n_outputs)
    weights[label], weights[other] = 1.0, -1.0
    return Margin(weights, 0.0, ties=other < label)


__all__ = ["LEAF", "Bools", "Floats", "Ints", "LinearModel", "Link", "Margin", "MembershipTable", "Parameters"]
__all__ += ["TreeEnsemble", "argmax_margin", "probabilities"]
