"""Readings: sums of tree ensembles over what fitted steps put out, and how they are weighted and added up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.linear import Weights
from sparring.adapters.preprocess import numbers
from sparring.adapters.trees import TableShelf, raw_cut
from sparring.core.examples import Floats, Ints
from sparring.core.parameters import LEAF, Link, TreeEnsemble
from sparring.errors import NotApplicable

Curve = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Term:
    """One part of a model: trees or weights over what its steps put out.

    Parameters
    ----------
    steps : tuple of object
        Fitted transformers, from the user's rows on.
    body : TreeEnsemble or Weights
        Over the columns of the last step; its intercept belongs to it.
    matrix : callable
        From what the last step puts out to the numbers that the model compares.
    order : tuple of int or None
        Which output of the last step each of the model's own columns is; None: one each, in order.
    coded : tuple of int
        The model's own columns that are made of categories, so that they jump between any two numbers.
    """

    steps: tuple[Any, ...]
    body: TreeEnsemble | Weights
    matrix: Callable[[Any], Floats] = numbers
    order: tuple[int, ...] | None = None
    coded: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Reading:
    """A model as a sum of terms.

    Parameters
    ----------
    terms : tuple of Term
        All with the same outputs: one for two classes, else one for each class.
    link : Link
    n_classes : int
    source : str
    scale : float or None
        The raw scores are this times the model's own `decision_function`; None where it has none.
    curve : callable or None
        From the raw score to the probability of the second of two classes, where it is not what the link says.
    averages : bool
        Whether leaves hold parts of averages that are still to be rounded so that ties fall as the rule says.
    """

    terms: tuple[Term, ...]
    link: Link
    n_classes: int
    source: str
    scale: float | None = None
    curve: Curve | None = None
    averages: bool = False

    @property
    def n_outputs(self) -> int:
        """Number of raw scores."""
        return len(self.terms[0].body.intercept)

    def mapped(self, matrix: Floats, offset: Floats) -> tuple[Term, ...]:
        """Return the terms of ``matrix @ raw + offset``, `matrix` of shape (n_new, n_outputs)."""
        parts = [replace(term, body=weighted(term.body, matrix)) for term in self.terms]
        first = parts[0].body
        moved = replace(first, intercept=first.intercept + np.asarray(offset, dtype=float))
        return replace(parts[0], body=moved), *parts[1:]


def weighted(body: TreeEnsemble | Weights, matrix: Floats) -> TreeEnsemble | Weights:
    """Return ``matrix @ outputs`` of trees or weights."""
    intercept = matrix @ body.intercept
    if isinstance(body, Weights):
        return replace(body, weight=matrix @ body.weight, intercept=intercept)
    n_new, n_old = matrix.shape
    if body.vector_leaves:
        value = body.value @ matrix.T
    else:
        factor = matrix[:, body.output[tree_of_node(body)]].T
        if n_new == n_old and np.array_equal(matrix, np.diag(np.diag(matrix))):
            # each tree still adds to its own output alone
            return replace(body, value=body.value * factor.sum(axis=1, keepdims=True), intercept=intercept)
        value = body.value * factor
    return replace(body, value=value, output=np.zeros(body.n_trees, dtype=np.int32), intercept=intercept)


def tree_of_node(ensemble: TreeEnsemble) -> Ints:
    """Return the tree of each node; trees stand one after another."""
    return np.searchsorted(ensemble.roots, np.arange(len(ensemble.column)), side="right") - 1


def merged(ensembles: Sequence[TreeEnsemble]) -> TreeEnsemble:
    """Add up ensembles over the same columns."""
    if len(ensembles) == 1:
        return ensembles[0]
    if len({ensemble.dtype for ensemble in ensembles}) > 1:
        ensembles = [in_float64(ensemble) for ensemble in ensembles]
    shelf = TableShelf()
    places = [np.array([*(shelf.place(t) for t in e.tables), -1], dtype=np.int32) for e in ensembles]
    start = np.cumsum([0, *(len(e.column) for e in ensembles[:-1])])
    vector = any(e.vector_leaves for e in ensembles) or (ensembles[0].n_outputs > 1)
    pairs = list(zip(ensembles, start, strict=True))
    return replace(
        ensembles[0],
        column=np.concatenate([e.column for e in ensembles]),
        threshold=np.concatenate([e.threshold for e in ensembles]),
        missing_left=np.concatenate([e.missing_left for e in ensembles]),
        left=np.concatenate([_shifted(e.left, at) for e, at in pairs]),
        right=np.concatenate([_shifted(e.right, at) for e, at in pairs]),
        value=np.concatenate([_wide(e) if vector else e.value for e in ensembles]),
        roots=np.concatenate([e.roots + at for e, at in pairs]).astype(np.int32),
        output=np.zeros(sum(e.n_trees for e in ensembles), dtype=np.int32),
        intercept=np.sum([e.intercept for e in ensembles], axis=0),
        table=np.concatenate([place[e.table] for place, e in zip(places, ensembles, strict=True)]),
        tables=shelf.tables,
    )


def _shifted(child: NDArray[np.int32], at: int) -> NDArray[np.int32]:
    return np.where(child < 0, LEAF, child + at).astype(np.int32)


def _wide(ensemble: TreeEnsemble) -> Floats:
    """Return leaves that hold one number for each output."""
    if ensemble.vector_leaves or ensemble.n_outputs == 1:
        return ensemble.value
    out = np.zeros((len(ensemble.column), ensemble.n_outputs))
    out[np.arange(len(out)), ensemble.output[tree_of_node(ensemble)]] = ensemble.value[:, 0]
    return out


def in_float64(ensemble: TreeEnsemble) -> TreeEnsemble:
    """Return an ensemble that compares in float64 and decides every float64 number alike."""
    if ensemble.dtype == "float64":
        return ensemble
    plain = (ensemble.table < 0) & (ensemble.column >= 0)
    tables = tuple(replace(t, breaks=raw_cut(t.breaks, dtype="float32")) for t in ensemble.tables)
    threshold = np.where(plain, raw_cut(ensemble.threshold, dtype="float32"), ensemble.threshold)
    return replace(ensemble, threshold=threshold, tables=tables, dtype="float64")


def over_columns(ensemble: TreeEnsemble, columns: Sequence[int], *, n_columns: int) -> TreeEnsemble:
    """Return an ensemble over a selection of columns as one over all of them."""
    where = np.array([*columns, -1], dtype=np.int32)
    return replace(ensemble, column=where[ensemble.column], n_columns=n_columns)


def only_trees(body: TreeEnsemble | Weights, what: str) -> TreeEnsemble:
    """Return a body of trees; raises NotApplicable for weights, naming `what` adds them up."""
    if isinstance(body, Weights):
        raise NotApplicable(f"{what} adds up trees and {body.source}, which is not read")
    return body
