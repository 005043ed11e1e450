"""XGBoost's trees, read from the model's own JSON into the neutral form."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.trees import Tree, assemble, code_set
from sparring.core.examples import Floats
from sparring.core.parameters import Link, MembershipTable, TreeEnsemble
from sparring.errors import NotApplicable

READ = {
    "binary:logistic": "logistic",
    "binary:logitraw": "logistic",
    "multi:softprob": "softmax",
    "multi:softmax": "softmax",
}


def read_xgboost(model: Any) -> TreeEnsemble:
    """Read a booster or estimator: ``<`` in float32, blanks by `default_left`, sets of categories go right.

    Trees after the best iteration are left out, as predict leaves them out.

    Raises
    ------
    NotApplicable
        It is a linear booster, has leaves of several outputs, a hinge, or a blank of its own.
    """
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    blank = getattr(model, "missing", None)
    if isinstance(blank, int | float) and not np.isnan(blank):
        raise NotApplicable(f"XGBoost treats {blank:g} as a blank here (missing={blank:g}), which is not read")
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    boosting, weights = _boosting(learner["gradient_booster"])
    objective = learner["objective"]["name"]
    if objective not in READ:
        raise NotApplicable(f"XGBoost's objective {objective} is not read")
    parameters = learner["learner_model_param"]
    n_outputs = max(1, int(parameters["num_class"]))
    count = _count(booster, boosting)
    trees = [
        _tree(tree, float(weights[i]), output=int(boosting["tree_info"][i]) if n_outputs > 1 else 0)
        for i, tree in enumerate(boosting["trees"][:count])
    ]
    link: Link = READ[objective]  # type: ignore[assignment]  # the table above holds only links
    return assemble(
        trees,
        intercept=_intercept(parameters["base_score"], objective, n_outputs),
        link=link,
        n_columns=int(parameters["num_feature"]),
        dtype="float32",
        source=f"XGBoost {type(model).__name__}",
    )


def _boosting(booster: dict[str, Any]) -> tuple[dict[str, Any], NDArray[Any]]:
    """Return the trees of a booster and what each is multiplied with."""
    if booster["name"] == "gblinear":
        raise NotApplicable("XGBoost's gblinear booster is not read")
    if booster["name"] == "dart":
        return booster["gbtree"]["model"], np.asarray(booster["weight_drop"], dtype=np.float32)
    return booster["model"], np.ones(len(booster["model"]["trees"]), dtype=np.float32)


def _count(booster: Any, boosting: dict[str, Any]) -> int:
    """Trees up to the best iteration, all where there is none."""
    best = booster.attr("best_iteration")
    starts = boosting.get("iteration_indptr")
    if best is None or not starts:
        return len(boosting["trees"])
    return int(starts[min(int(best) + 1, len(starts) - 1)])


def _intercept(text: str, objective: str, n_outputs: int) -> Floats:
    """Return the base score as a raw score; it is kept as a probability where the objective has one."""
    base = np.array([float(part) for part in str(text).strip("[]").split(",")], dtype=np.float32)
    if objective == "binary:logistic":
        base = -np.log(np.float32(1.0) / base - np.float32(1.0))
    return np.broadcast_to(base.astype(float), n_outputs).copy()


def _tree(tree: dict[str, Any], weight: float, *, output: int) -> Tree:
    if int(tree["tree_param"].get("size_leaf_vector", "1")) > 1:
        raise NotApplicable("XGBoost's trees with leaves of several outputs (multi_output_tree) are not read")
    left = np.asarray(tree["left_children"], dtype=np.int64)
    leaf = left < 0
    condition = np.asarray(tree["split_conditions"], dtype=np.float32).astype(float)
    default_left = np.asarray(tree["default_left"], dtype=bool)
    table, tables = _sets(tree, default_left)
    return Tree(
        column=np.where(leaf, -1, np.asarray(tree["split_indices"], dtype=np.int64)),
        threshold=condition,
        missing_left=default_left,
        left=left,
        right=np.asarray(tree["right_children"], dtype=np.int64),
        value=(condition * weight)[:, None],
        output=output,
        table=table,
        tables=tables,
    )


def _sets(tree: dict[str, Any], default_left: NDArray[Any]) -> tuple[NDArray[Any], list[MembershipTable]]:
    table = np.full(len(default_left), -1, dtype=np.int64)
    tables: list[MembershipTable] = []
    nodes = tree.get("categories_nodes", [])
    for node, start, size in zip(
        nodes, tree.get("categories_segments", []), tree.get("categories_sizes", []), strict=True
    ):
        codes = np.asarray(tree["categories"][start : start + size], dtype=np.int64)
        # a code beyond the set's last word is in no set, so that it goes left with the others outside
        top = int(codes.max()) + 1 if len(codes) else 0
        made = code_set(codes, n_codes=top, inside_left=False, other_left=True)
        table[node] = len(tables)
        tables.append(made)
    return table, tables
