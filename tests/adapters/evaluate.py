"""A slow evaluator of the neutral tree form, written from its docstring alone."""

import numpy as np

from sparring.core.parameters import LinearModel, TreeEnsemble


def raw(parameters, x):
    if isinstance(parameters, LinearModel):
        return parameters.raw(x)
    return tree_raw(parameters, x)


def tree_raw(e: TreeEnsemble, x):
    x = np.asarray(x, dtype=float)
    out = np.tile(e.intercept, (len(x), 1)).astype(float)
    rows = np.arange(len(x))
    for root, output in zip(e.roots, e.output, strict=True):
        at = np.full(len(x), root)
        while True:
            inner = e.left[at] >= 0
            if not inner.any():
                break
            column = np.where(inner, e.column[at], 0)
            value = x[rows, column]
            with np.errstate(over="ignore", invalid="ignore"):
                left = value.astype(e.dtype).astype(float) < e.threshold[at]
            asked = np.where(inner, e.table[at], -1)
            for t in np.unique(asked[asked >= 0]):
                table, those = e.tables[t], asked == t
                left[those] = table.left[(table.breaks[None, :] <= value[those][:, None]).sum(axis=1)]
            left = np.where(np.isnan(value), e.missing_left[at], left)
            at = np.where(inner, np.where(left, e.left[at], e.right[at]), at)
        if e.vector_leaves:
            out += e.value[at]
        else:
            out[:, output] += e.value[at, 0]
    return out
