"""scikit-learn's trees and forests, read into the neutral form."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparring.adapters.base import class_name
from sparring.adapters.trees import Tree, after, always, assemble, bits, code_set
from sparring.core.examples import Floats
from sparring.core.parameters import MembershipTable, TreeEnsemble
from sparring.errors import NotApplicable


def read_forest(model: Any) -> TreeEnsemble:
    """Read DecisionTree, ExtraTree, RandomForest and ExtraTrees classifiers: averages of probabilities.

    Rows are cast to float32 and compared with ``<=`` against thresholds of float64. Each leaf holds its share of the
    average as it comes out of the division.
    """
    members = getattr(model, "estimators_", None)
    trees = [model] if members is None else list(members)
    n_classes = len(model.classes_)
    out = []
    for one in trees:
        share = one.tree_.value[:, 0, :]
        leaf = share[:, 1:2] if n_classes == 2 else share
        out.append(plain_tree(one.tree_, leaf / len(trees)))
    return assemble(
        out,
        intercept=np.zeros(1 if n_classes == 2 else n_classes),
        link="identity",
        n_columns=model.n_features_in_,
        dtype="float32",
        source=f"scikit-learn {class_name(model)}",
    )


def read_gradient_boosting(model: Any) -> TreeEnsemble:
    """Read a GradientBoostingClassifier whose start is zero or a constant.

    Raises
    ------
    NotApplicable
        It starts from another model.
    """
    start = getattr(model, "init_", None)
    if start != "zero" and class_name(start) != "DummyClassifier":
        raise NotApplicable(f"GradientBoostingClassifier starts from {class_name(start)} (init), which is not read")
    if getattr(start, "strategy", None) in ("stratified", "uniform"):
        raise NotApplicable("GradientBoostingClassifier starts from a DummyClassifier that draws lots (init)")
    # expit(2 * raw) is the probability under the exponential loss
    scale = 2.0 if model.loss == "exponential" else 1.0
    n_outputs = model.estimators_.shape[1]
    out = []
    for stage in model.estimators_:
        for k, one in enumerate(stage):
            value = one.tree_.value[:, 0, :] * (scale * model.learning_rate)
            out.append(plain_tree(one.tree_, value, output=k))
    row = np.zeros((1, model.n_features_in_))
    return assemble(
        out,
        intercept=scale * _start(model, row, n_outputs),
        link="logistic" if n_outputs == 1 else "softmax",
        n_columns=model.n_features_in_,
        dtype="float32",
        source="scikit-learn GradientBoostingClassifier",
    )


def _start(model: Any, row: Floats, n_outputs: int) -> Floats:
    """Raw score before the first tree: what the whole gives for one row, less what the trees give."""
    if model.init_ == "zero":
        return np.zeros(n_outputs)
    names = getattr(model, "feature_names_in_", None)
    given: Any = row
    if names is not None:
        import pandas as pd

        given = pd.DataFrame(row, columns=names)
    whole = np.asarray(model.decision_function(given)).reshape(-1)
    low = row.astype(np.float32)
    trees = np.array([[one.tree_.predict(low)[0, 0] for one in stage] for stage in model.estimators_])
    return np.asarray(whole - model.learning_rate * trees.sum(axis=0))


def plain_tree(tree: Any, value: Floats, *, output: int = 0) -> Tree:
    """Read one tree, given what each node adds, shape (n_nodes, n_outputs)."""
    leaf = tree.children_left < 0
    return Tree(
        column=np.where(leaf, -1, tree.feature),
        threshold=after(np.where(leaf, 0.0, tree.threshold), dtype="float32"),
        missing_left=np.asarray(tree.missing_go_to_left).astype(bool),
        left=tree.children_left,
        right=tree.children_right,
        value=np.ascontiguousarray(value),
        output=output,
    )


def read_hist_gradient_boosting(model: Any) -> TreeEnsemble:
    """Read a HistGradientBoostingClassifier, over the columns that its own encoder of categories puts out.

    Numbers are compared with ``<=`` in float64. A category goes left iff it is in the node's set; an unknown one goes
    where a blank goes.
    """
    n_outputs = model.n_trees_per_iteration_
    return assemble(
        hist_trees(model),
        intercept=np.asarray(model._baseline_prediction).reshape(-1),  # noqa: SLF001  # the only place that holds it
        link="logistic" if n_outputs == 1 else "softmax",
        n_columns=model.n_features_in_,
        dtype="float64",
        source="scikit-learn HistGradientBoostingClassifier",
    )


def hist_trees(model: Any) -> list[Tree]:
    """Read the trees of a HistGradientBoosting model, classifier or regressor."""
    known, where = model._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001  # the only place that holds them
    return [
        _hist_tree(one, known, where, output=k)
        for stage in model._predictors  # noqa: SLF001  # the same
        for k, one in enumerate(stage)
    ]


def _hist_tree(predictor: Any, known: Any, where: Any, *, output: int) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    table = np.full(len(nodes), -1, dtype=np.int64)
    tables: list[MembershipTable] = []
    for i in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
        inside = bits(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][i]])
        all_known = bits(known[where[nodes["feature_idx"][i]]])
        n_codes = int(all_known[-1]) + 1 if len(all_known) else 0
        table[i] = len(tables)
        tables.append(code_set(inside, n_codes=n_codes, inside_left=True, other_left=bool(missing_left[i])))
    # a split on blanks alone: every number goes left, infinity too
    for i in np.flatnonzero(np.isposinf(nodes["num_threshold"]) & ~leaf & (table < 0)):
        table[i] = len(tables)
        tables.append(always(left=True))
    return Tree(
        column=np.where(leaf, -1, nodes["feature_idx"]),
        threshold=after(np.where(leaf, 0.0, nodes["num_threshold"]), dtype="float64"),
        missing_left=missing_left,
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        value=nodes["value"][:, None].astype(float),
        output=output,
        table=table,
        tables=tables,
    )
