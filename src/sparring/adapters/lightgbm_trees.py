"""LightGBM's trees, read from the model's own text into the neutral form."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.trees import Tree, after, always, assemble, bits, code_set
from sparring.core.examples import Floats
from sparring.core.parameters import Link, MembershipTable, TreeEnsemble
from sparring.errors import NotApplicable

# numbers this near to zero count as zero, in LightGBM's own float32 constant
NEAR_ZERO = float(np.float32(1e-35))
CATEGORICAL, DEFAULT_LEFT = 1, 2
NUMBERS: dict[str, Link] = {
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), "identity"),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), "log"),
}
"""Objectives of regressors."""
MISSING_NONE, MISSING_ZERO = 0, 1  # 2: blanks are blanks


def read_lightgbm(model: Any) -> TreeEnsemble:
    """Read a booster or estimator: ``<=`` in float64, blanks and zeros by the node's missing type, sets go left.

    Trees after the best iteration are left out, as predict leaves them out.

    Raises
    ------
    NotApplicable
        Its leaves are linear models, or its objective is not known.
    """
    booster = getattr(model, "booster_", model)
    text = booster.model_to_string()
    head, *rest = text.split("\nend of trees")[0].split("\nTree=")
    header = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    objective = header.get("objective", "none").split()
    n_outputs = int(header["num_tree_per_iteration"])
    trees = [_tree(part, output=i % n_outputs) for i, part in enumerate(rest)]
    link, scale = _link(objective)
    if "average_output" in head.splitlines():
        scale /= max(1, len(trees) // n_outputs)
    return assemble(
        [_scaled(tree, scale) for tree in trees],
        intercept=np.zeros(n_outputs),
        link=link,
        n_columns=int(header["max_feature_idx"]) + 1,
        dtype="float64",
        source=f"LightGBM {type(model).__name__}",
    )


def _link(objective: list[str]) -> tuple[Link, float]:
    options = dict(part.split(":", 1) for part in objective[1:] if ":" in part)
    sigmoid = float(options.get("sigmoid", 1.0))
    if objective[0] == "multiclass":
        return "softmax", 1.0
    if objective[0] in ("binary", "multiclassova"):
        # the logistic of sigmoid * raw: the factor moves into the leaves; of several classes they are not shared out
        return "logistic" if objective[0] == "binary" else "sigmoids", sigmoid
    if objective[0] in NUMBERS and "sqrt" not in objective:
        return NUMBERS[objective[0]], 1.0
    raise NotApplicable(f"LightGBM's objective {' '.join(objective)} is not read")


def margin_scale(model: Any) -> float | None:
    """Return the factor from the model's `decision_function` to what is read; None where it has none (before 4.7)."""
    if not hasattr(model, "decision_function"):
        return None
    head = model.booster_.model_to_string(num_iteration=1).split("\nTree=")[0]
    header = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    return _link(header["objective"].split())[1]


def _scaled(tree: Tree, scale: float) -> Tree:
    if scale == 1.0:
        return tree
    return Tree(**{**vars(tree), "value": tree.value * scale})


def _numbers(fields: dict[str, str], name: str, dtype: Any) -> NDArray[Any]:
    return np.array(fields.get(name, "").split(), dtype=dtype)


def _tree(text: str, *, output: int) -> Tree:
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if int(fields.get("is_linear", "0")):
        raise NotApplicable("LightGBM's linear trees (linear_tree) are not read")
    value = _numbers(fields, "leaf_value", float)
    feature = _numbers(fields, "split_feature", np.int64)
    n_inner, n_leaves = len(feature), len(value)
    kind = _numbers(fields, "decision_type", np.int64)
    threshold = _numbers(fields, "threshold", float)
    missing_left, table, tables = _special(fields, kind, threshold)
    none = np.full(n_leaves, -1, dtype=np.int64)
    return Tree(
        column=np.concatenate([feature, none]),
        threshold=np.concatenate([_cut(threshold), np.zeros(n_leaves)]),
        missing_left=np.concatenate([missing_left, np.zeros(n_leaves, dtype=bool)]),
        left=np.concatenate([_children(fields, "left_child", n_inner), none]),
        right=np.concatenate([_children(fields, "right_child", n_inner), none]),
        value=np.concatenate([np.zeros(n_inner), value])[:, None],
        output=output,
        table=np.concatenate([table, none]),
        tables=tables,
    )


def _cut(threshold: Floats) -> Floats:
    """Turn ``x <= threshold`` into ``x < cut``, where numbers near zero are read as zero first."""
    cut = after(threshold, dtype="float64")
    cut = np.where((threshold >= -NEAR_ZERO) & (threshold < 0.0), -NEAR_ZERO, cut)
    return np.where((threshold >= 0.0) & (threshold <= NEAR_ZERO), np.nextafter(NEAR_ZERO, 1.0), cut)


def _children(fields: dict[str, str], name: str, n_inner: int) -> NDArray[np.int64]:
    child = _numbers(fields, name, np.int64)
    # negative children are leaves, counted by ~child; ours follow the inner nodes
    return np.where(child < 0, n_inner + ~child, child)


def _special(
    fields: dict[str, str], kind: NDArray[np.int64], threshold: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.int64], list[MembershipTable]]:
    """Return where blanks go, and the tables of nodes that are no plain comparison."""
    categorical = (kind & CATEGORICAL) > 0
    default_left = (kind & DEFAULT_LEFT) > 0
    missing = (kind >> 2) & 3
    # without a type for blanks, a blank is read as zero
    missing_left = np.where(missing == MISSING_NONE, threshold >= 0.0, default_left) & ~categorical
    table = np.full(len(kind), -1, dtype=np.int64)
    tables: list[MembershipTable] = []
    boundaries = _numbers(fields, "cat_boundaries", np.int64)
    words = _numbers(fields, "cat_threshold", np.uint32)
    for i in np.flatnonzero(categorical):
        at = int(threshold[i])
        codes = bits(words[boundaries[at] : boundaries[at + 1]])
        n_codes = int(codes[-1]) + 1 if len(codes) else 0
        table[i] = len(tables)
        tables.append(code_set(codes, n_codes=n_codes, inside_left=True, other_left=False))
    for i in np.flatnonzero(~categorical & ((missing == MISSING_ZERO) | np.isposinf(threshold))):
        table[i] = len(tables)
        tables.append(
            _zero_apart(threshold[i], zero_left=bool(default_left[i]))
            if missing[i] == MISSING_ZERO
            else always(left=True)
        )
    return missing_left, table, tables


def _zero_apart(threshold: float, *, zero_left: bool) -> MembershipTable:
    """Return ``x <= threshold`` with numbers near zero sent their own way."""
    breaks = np.unique([-NEAR_ZERO, np.nextafter(NEAR_ZERO, 1.0), np.nextafter(threshold, np.inf)])
    inside = np.concatenate([[-np.inf], breaks])  # the smallest number of each interval
    left = np.where(np.abs(inside) <= NEAR_ZERO, zero_left, inside <= threshold)
    return MembershipTable(breaks=breaks, left=left)


def feature_kinds(booster: Any) -> list[str]:
    """Return 'category', 'number' or 'none' (never used) for each column, from the model's own text."""
    head = booster.model_to_string(num_iteration=1).split("\nTree=")[0]
    match = re.search(r"^feature_infos=(.*)$", head, flags=re.MULTILINE)
    infos = match[1].split(" ") if match else []
    return ["none" if info == "none" else "number" if info.startswith("[") else "category" for info in infos]
