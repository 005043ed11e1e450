"""Raw scores of a tree ensemble, exactly as its contract says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import TreeEnsemble
from sparring.kernels.compiled import compiled


def raw_scores(ensemble: TreeEnsemble, x: Floats) -> Floats:
    """Add up the trees for each row.

    Parameters
    ----------
    ensemble : TreeEnsemble
    x : ndarray of shape (n, n_columns)
        Rows of the encoded table; NaN is a blank.

    Returns
    -------
    ndarray of shape (n, n_outputs)
        Added up in float64, whatever the model itself adds up in.
    """
    out = np.tile(np.asarray(ensemble.intercept, dtype=np.float64), (len(x), 1))
    nodes = np.column_stack([ensemble.column, ensemble.table, ensemble.left, ensemble.right]).astype(np.int32)
    breaks, left, start = _flat(ensemble)
    _add_trees(
        cast(x, ensemble.dtype),
        nodes,
        np.asarray(ensemble.threshold, dtype=np.float64),
        np.asarray(ensemble.missing_left, dtype=np.bool_),
        np.ascontiguousarray(ensemble.value, dtype=np.float64),
        np.asarray(ensemble.roots, dtype=np.int32),
        np.asarray(ensemble.output, dtype=np.int32),
        breaks,
        left,
        start,
        out,
    )
    return out


def cast(x: Floats, dtype: str) -> Floats:
    """Round to the dtype in which a model compares, and hold the result in float64."""
    with np.errstate(over="ignore"):  # a number too large for float32 is infinite to the model, too
        return np.ascontiguousarray(np.asarray(x, dtype=np.float64).astype(dtype).astype(np.float64))


def _flat(ensemble: TreeEnsemble) -> tuple[Floats, Bools, Ints]:
    """Put the membership tables end to end; table i has its breaks at start[i]: and its sides at start[i] + i:."""
    sizes = [len(table.breaks) for table in ensemble.tables]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    breaks = np.concatenate([np.empty(0), *(table.breaks for table in ensemble.tables)])
    left = np.concatenate([np.empty(0, dtype=np.bool_), *(table.left for table in ensemble.tables)])
    return breaks.astype(np.float64), left.astype(np.bool_), start


@compiled
def _add_trees(
    x: Floats,
    nodes: NDArray[np.int32],
    threshold: Floats,
    missing_left: Bools,
    value: Floats,
    roots: NDArray[np.int32],
    output: NDArray[np.int32],
    breaks: Floats,
    left: Bools,
    start: Ints,
    out: Floats,
) -> None:
    vector = value.shape[1] > 1
    for i in range(x.shape[0]):
        for t in range(roots.shape[0]):
            node = roots[t]
            while nodes[node, 0] >= 0:
                v = x[i, nodes[node, 0]]
                table = nodes[node, 1]
                if np.isnan(v):
                    goes_left = missing_left[node]
                elif table < 0:
                    goes_left = v < threshold[node]
                else:
                    a, b = start[table], start[table + 1]
                    goes_left = left[a + table + np.searchsorted(breaks[a:b], v, side="right")]
                node = nodes[node, 2] if goes_left else nodes[node, 3]
            if vector:
                for k in range(value.shape[1]):
                    out[i, k] += value[node, k]
            else:
                out[i, output[t]] += value[node, 0]
