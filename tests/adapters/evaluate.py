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
            for i in np.flatnonzero(inner & (e.table[at] >= 0)):
                table = e.tables[e.table[at[i]]]
                left[i] = table.left[int((table.breaks <= value[i]).sum())]
            left = np.where(np.isnan(value), e.missing_left[at], left)
            at = np.where(inner, np.where(left, e.left[at], e.right[at]), at)
        if e.vector_leaves:
            out += e.value[at]
        else:
            out[:, output] += e.value[at, 0]
    return out
