"""XGBoost's trees, read from the model's own JSON into the neutral form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.linear import Weights
from sparring.adapters.trees import Tree, assemble, code_set, raw_cut
from sparring.core.examples import Floats
from sparring.core.parameters import Link, MembershipTable, TreeEnsemble
from sparring.errors import NotApplicable

READ = {
    "binary:logistic": "logistic",
    "binary:logitraw": "logistic",
    "multi:softprob": "softmax",
    "multi:softmax": "softmax",
    **dict.fromkeys(
        (
            "reg:squarederror",
            "reg:absoluteerror",
            "reg:pseudohubererror",
            "reg:quantileerror",
            "reg:squaredlogerror",
        ),
        "identity",
    ),
    **dict.fromkeys(("count:poisson", "reg:gamma", "reg:tweedie"), "log"),
}


def read_xgboost(model: Any) -> TreeEnsemble | Weights:
    """Read a booster or estimator: ``<`` in float32, blanks by `default_left`, sets of categories go right.

    Trees after the best iteration are left out, as predict leaves them out. A linear booster is read as its weights.

    Raises
    ------
    NotApplicable
        It has a hinge, an estimator that answers with raw scores, or a number as a blank beside sets of categories.
    """
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    if objective not in READ:
        raise NotApplicable(f"XGBoost's objective {objective} is not read")
    if objective == "binary:logitraw" and model is not booster:
        raise NotApplicable("XGBClassifier answers with raw scores in place of probabilities (binary:logitraw)")
    parameters = learner["learner_model_param"]
    n_outputs = max(1, int(parameters["num_class"]))
    intercept = _intercept(parameters["base_score"], objective, n_outputs)
    link: Link = READ[objective]  # type: ignore[assignment]  # the table above holds only links
    source = f"XGBoost {type(model).__name__}"
    if learner["gradient_booster"]["name"] == "gblinear":
        table = np.asarray(learner["gradient_booster"]["model"]["weights"], dtype=np.float32).astype(float)
        return Weights(table.reshape(-1, n_outputs)[:-1].T, _at_zero(booster), link, source)
    boosting, weights = _boosting(learner["gradient_booster"])
    blank = own_blank(model)
    trees = [
        _tree(tree, float(weights[i]), output=int(boosting["tree_info"][i]) if n_outputs > 1 else 0, blank=blank)
        for i, tree in enumerate(boosting["trees"][: _count(booster, boosting)])
    ]
    ensemble = assemble(
        trees,
        intercept=intercept,
        link=link,
        n_columns=int(parameters["num_feature"]),
        dtype="float32",
        source=source,
    )
    return replace(ensemble, adds_in="float32")


def _at_zero(booster: Any) -> Floats:
    """Ask a linear booster for a row of zeros: with several classes it leaves out some of its base scores (3.2)."""
    import xgboost as xgb

    row = np.zeros((1, booster.num_features()))
    rows = xgb.DMatrix(row, feature_names=booster.feature_names, feature_types=booster.feature_types)
    return np.asarray(booster.predict(rows, output_margin=True), dtype=float).reshape(-1)


def own_blank(model: Any) -> float | None:
    """Return the number that an estimator takes for a blank; None where there is none."""
    blank = getattr(model, "missing", None)
    return float(blank) if isinstance(blank, int | float) and not np.isnan(blank) else None


def _boosting(booster: dict[str, Any]) -> tuple[dict[str, Any], NDArray[Any]]:
    """Return the trees of a booster and what each is multiplied with."""
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
    """Return the base score as a raw score; it is kept as the prediction that it stands for."""
    base = np.array([float(part) for part in str(text).strip("[]").split(",")], dtype=np.float32)
    if objective == "binary:logistic":
        base = -np.log(np.float32(1.0) / base - np.float32(1.0))
    elif READ[objective] == "log":
        base = np.log(base)
    return np.broadcast_to(base.astype(float), n_outputs).copy()


def _tree(tree: dict[str, Any], weight: float, *, output: int, blank: float | None) -> Tree:
    left = np.asarray(tree["left_children"], dtype=np.int64)
    leaf = left < 0
    condition = np.asarray(tree["split_conditions"], dtype=np.float32).astype(float)
    default_left = np.asarray(tree["default_left"], dtype=bool)
    table, tables = _sets(tree, default_left)
    right, value = np.asarray(tree["right_children"], dtype=np.int64), condition[:, None]
    width = int(tree["tree_param"].get("size_leaf_vector", "1"))
    if width > 1:
        output, value = 0, _vectors(tree, leaf, right, width)
    if blank is not None:
        if tables:
            raise NotApplicable(f"XGBoost takes {blank:g} for a blank beside sets of categories, which is not read")
        table, tables = _blank_apart(condition, default_left, leaf, blank=blank)
    return Tree(
        column=np.where(leaf, -1, np.asarray(tree["split_indices"], dtype=np.int64)),
        threshold=condition,
        missing_left=default_left,
        left=left,
        right=right,
        value=value * weight,
        output=output,
        table=table,
        tables=tables,
    )


def _vectors(tree: dict[str, Any], leaf: NDArray[Any], right: NDArray[Any], width: int) -> Floats:
    """Return leaves of several outputs, which stand in a list of their own, counted in the place of right children."""
    if "leaf_weights" not in tree:  # before 3.2 they stand among the weights of all nodes
        every = np.asarray(tree["base_weights"], dtype=np.float32).astype(float).reshape(-1, width)
        return np.where(leaf[:, None], every, 0.0)
    leaves = np.asarray(tree["leaf_weights"], dtype=np.float32).astype(float).reshape(-1, width)
    value = np.zeros((len(leaf), width))
    value[leaf] = leaves[right[leaf]]
    return value


def _blank_apart(
    condition: Floats, default_left: NDArray[Any], leaf: NDArray[Any], *, blank: float
) -> tuple[NDArray[Any], list[MembershipTable]]:
    """Turn every comparison into a set of numbers, of which one goes where blanks go."""
    tables: list[MembershipTable] = []
    own = np.float32(blank)
    table = np.full(len(leaf), -1, dtype=np.int64)
    for i in np.flatnonzero(~leaf):
        breaks = np.unique([own, np.nextafter(own, np.float32(np.inf)), np.float32(condition[i])]).astype(float)
        inside = np.concatenate([[-np.inf], breaks])  # the smallest number of each interval
        left = np.where(inside == float(own), default_left[i], inside < condition[i])
        table[i] = len(tables)
        tables.append(MembershipTable(breaks=raw_cut(breaks, dtype="float32"), left=left))
    return table, tables


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
