"""CatBoost's trees, read from the model's own JSON into the neutral form."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.adapters.base import class_name
from sparring.adapters.terms import Term
from sparring.adapters.trees import Tree, after, assemble
from sparring.core.examples import Bools, Floats
from sparring.core.parameters import Link, TreeEnsemble
from sparring.errors import NotApplicable

LINKS: dict[str, Link] = {"MultiClass": "softmax", "MultiClassOneVsAll": "sigmoids"}
# read back from JSON, models with these answer otherwise (CatBoost 1.2.10)
LOST = ("BinarizedTargetMeanValue", "FloatTargetMeanValue")
BLANK_LEFT = {"AsFalse": True, "AsIs": True, "AsTrue": False}


@dataclass(frozen=True, eq=False)
class Splits:
    """Questions about categories, each a number between 0 and 1 that trees compare with one half.

    Parameters
    ----------
    found : dict of int to int
        The place of each question, by CatBoost's own number.
    owner : list of int
        Which of the model's columns each question is about.
    asked : list of dict
        As CatBoost writes them.
    """

    found: dict[int, int] = field(default_factory=dict)
    owner: list[int] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def place(self, split: dict[str, Any], owner: int) -> int:
        """Return the place of a question, which is added where it is new."""
        key = int(split["split_index"])
        if key not in self.found:
            self.found[key] = len(self.asked)
            self.owner.append(owner)
            self.asked.append(split)
        return self.found[key]


class Tests:
    """Columns, borders and where blanks go, of some questions of a tree."""

    def __init__(self, tests: Sequence[tuple[int, float, bool]]) -> None:
        self.column = np.array([test[0] for test in tests], dtype=np.int64)
        self.border: Floats = np.array([test[1] for test in tests], dtype=float)
        self.blank: Bools = np.array([test[2] for test in tests], dtype=bool)


def read_catboost(model: Any, steps: tuple[Any, ...]) -> Term:
    """Read a CatBoost model: ``>`` in float32 goes right; questions about one category are asked of CatBoost itself.

    A question about a category, whether it is this one or whether a statistic of it exceeds a border, becomes a column
    of zeros and ones behind the model's own columns.

    Raises
    ------
    NotApplicable
        It asks about combinations of columns, or about text or embeddings.
    """
    document = as_json(model)
    reader = _Reader(document, class_name(model))
    ensemble = reader.ensemble()
    width = reader.n_columns
    splits = reader.splits
    if not splits.asked:
        return Term(steps, ensemble, matrix=partial(_matrix, categories=reader.categories, judge=None))
    judge = _judge(document, splits)
    names = [str(name) for name in model.feature_names_]
    matrix = partial(_matrix, categories=reader.categories, judge=judge, names=tuple(names))
    coded = tuple(range(width, width + len(splits.asked)))
    return Term(steps, ensemble, matrix=matrix, order=(*range(width), *splits.owner), coded=coded)


def own_cut(model: Any) -> float | None:
    """Return the probability above which a model of two classes decides the second; None for one half."""
    written = dict(model.get_metadata().items()).get("binclass_probability_threshold")
    cut = 0.5 if written is None else float(written)
    return None if cut == 0.5 else cut


def as_json(model: Any) -> dict[str, Any]:
    """Return the whole of a CatBoost model as it writes it itself.

    Raises
    ------
    NotApplicable
        It sees text or embeddings, which that form cannot hold.
    """
    for kind, columns in (
        ("text", model.get_text_feature_indices()),
        ("embedding", model.get_embedding_feature_indices()),
    ):
        if len(columns):
            raise NotApplicable(f"CatBoost computes with {kind} features here, which are not read")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


class _Reader:
    """One model's document and what is gathered from it on the way."""

    def __init__(self, document: dict[str, Any], name: str) -> None:
        features = document["features_info"]
        self.document, self.name = document, name
        self.floats = {f["feature_index"]: f for f in features.get("float_features", [])}
        texts = features.get("categorical_features", [])
        self.categories = {f["feature_index"]: f["flat_feature_index"] for f in texts}
        self.ctrs = features.get("ctrs", [])
        flat = [*(f["flat_feature_index"] for f in self.floats.values()), *self.categories.values()]
        self.n_columns = max(flat, default=-1) + 1
        self.splits = Splits()
        # CatBoost numbers the questions about statistics in the order of these lists
        self.first_ctr = sum(len(f.get("borders") or ()) for f in self.floats.values()) + sum(
            len(f.get("values") or ()) for f in texts
        )
        self.ctr_of_split = [ctr for ctr in self.ctrs for _ in ctr["borders"]]

    def ensemble(self) -> TreeEnsemble:
        scale, bias = self.document["scale_and_bias"]
        intercept = np.atleast_1d(np.asarray(bias, dtype=float))
        if self.document.get("oblivious_trees") is not None:
            trees = [self._oblivious(tree, len(intercept)) for tree in self.document["oblivious_trees"]]
        else:
            trees = [self._other(tree, len(intercept)) for tree in self.document["trees"]]
        trees = [Tree(**{**vars(tree), "value": tree.value * scale}) for tree in trees]
        loss = (self.document["model_info"]["params"].get("loss_function") or {}).get("type", "")
        return assemble(
            trees,
            intercept=intercept,
            link="logistic" if len(intercept) == 1 else LINKS.get(loss, "softmax"),
            n_columns=self.n_columns + len(self.splits.asked),
            dtype="float32",
            source=f"CatBoost {self.name}",
        )

    def _test(self, split: dict[str, Any]) -> tuple[int, float, bool]:
        """Return column, border and whether a blank goes left."""
        kind = split["split_type"]
        if kind == "FloatFeature":
            feature = self.floats[split["float_feature_index"]]
            return feature["flat_feature_index"], float(split["border"]), BLANK_LEFT[feature["nan_value_treatment"]]
        if kind == "OneHotFeature":
            owner = self.categories[split["cat_feature_index"]]
        elif kind == "OnlineCtr":
            owner = self._owner(self.ctr_of_split[split["split_index"] - self.first_ctr])
        else:
            raise NotApplicable(f"CatBoost's splits of kind {kind} are not read")
        return self.n_columns + self.splits.place(split, owner), 0.5, True

    def _owner(self, ctr: dict[str, Any]) -> int:
        elements, kind = ctr["elements"], ctr["ctr_type"]
        if kind in LOST:
            raise NotApplicable(f"CatBoost loses statistics of kind {kind} in its own JSON, so that they are not read")
        if len(elements) > 1 or elements[0]["combination_element"] != "cat_feature_value":
            raise NotApplicable(
                "CatBoost computes statistics of combinations of columns here (CTR combinations), which are not read; "
                "max_ctr_complexity=1 trains without them"
            )
        return int(self.categories[elements[0]["cat_feature_index"]])

    def _oblivious(self, tree: dict[str, Any], n_outputs: int) -> Tree:
        """Return a tree that asks one question for all nodes of a level; the last level is the highest bit."""
        splits = tree["splits"] or []
        tests, depth = Tests([self._test(split) for split in reversed(splits)]), len(splits)
        level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
        n_inner, n_leaves = len(level), 2**depth
        none = np.full(n_leaves, -1, dtype=np.int64)
        left = 2 * np.arange(n_inner, dtype=np.int64) + 1
        value = np.asarray(tree["leaf_values"], dtype=float).reshape(n_leaves, n_outputs)
        return _tree(tests, level, left=left, right=left + 1, none=none, value=value)

    def _other(self, tree: dict[str, Any], n_outputs: int) -> Tree:
        """Return a tree whose nodes each ask their own question."""
        inner: list[tuple[int, float, bool]] = []
        children: list[list[int]] = []
        values: list[Any] = []
        for node, (parent, side) in _nodes(tree):
            if "split" in node and node["split"] is not None:
                here = len(inner)
                inner.append(self._test(node["split"]))
                children.append([0, 0])
            else:
                # leaves are counted from -1 down until the number of inner nodes is known
                values.append(node["value"])
                here = -len(values)
            if parent is not None:
                children[parent][side] = here
            node["here"] = here
        both = np.array(children, dtype=np.int64).reshape(-1, 2)
        both = np.where(both < 0, len(inner) - 1 - both, both)
        value = np.asarray(values, dtype=float).reshape(len(values), n_outputs)
        none = np.full(len(values), -1, dtype=np.int64)
        each = np.arange(len(inner))
        return _tree(Tests(inner), each, left=both[:, 0], right=both[:, 1], none=none, value=value)


def _nodes(tree: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[int | None, int]]]:
    """Yield nodes, parents first, with the parent's place and the side."""
    waiting: list[tuple[dict[str, Any], dict[str, Any] | None, int]] = [(tree, None, 0)]
    while waiting:
        node, parent, side = waiting.pop()
        yield node, (None if parent is None else parent["here"], side)
        if node.get("split") is not None:
            waiting += [(node["right"], node, 1), (node["left"], node, 0)]


def _tree(
    tests: Tests,
    asked: NDArray[np.int64],
    *,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    none: NDArray[np.int64],
    value: Floats,
) -> Tree:
    """Put inner nodes, of which each asks one of the tests, and leaves together; ``x <= border`` goes left."""
    n_leaves, n_inner = len(none), len(left)
    column, border, blank = tests.column[asked], tests.border[asked], tests.blank[asked]
    return Tree(
        column=np.concatenate([column, none]),
        threshold=np.concatenate([after(border, dtype="float32"), np.zeros(n_leaves)]),
        missing_left=np.concatenate([blank, np.zeros(n_leaves, dtype=bool)]),
        left=np.concatenate([left, none]),
        right=np.concatenate([right, none]),
        value=np.concatenate([np.zeros((n_inner, value.shape[1])), value]),
    )


def _judge(document: dict[str, Any], splits: Splits) -> Any:
    """Return a CatBoost model with one tree for each question, whose leaf is the answer."""
    import catboost

    asked = {key: part for key, part in document.items() if key not in ("oblivious_trees", "trees")}
    asked["oblivious_trees"] = [
        {"leaf_values": [0, 1], "leaf_weights": [1, 1], "splits": [split]} for split in splits.asked
    ]
    asked["scale_and_bias"] = [1, [0]]
    judge = catboost.CatBoost()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "questions.json"
        path.write_text(json.dumps(asked), encoding="utf-8")
        judge.load_model(str(path), format="json")
    return judge


def _matrix(rows: Any, *, categories: dict[int, int], judge: Any, names: tuple[str, ...] = ()) -> Floats:
    """Return the numbers of the rows, blank in place of categories, and the answers to the questions about them."""
    import pandas as pd

    if hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()
    elif hasattr(rows, "toarray"):
        rows = rows.toarray()
    frame = rows if hasattr(rows, "iloc") else pd.DataFrame(rows)
    out = np.full(frame.shape, np.nan)
    flat = set(categories.values())
    for j in range(frame.shape[1]):
        if j not in flat:
            out[:, j] = frame.iloc[:, j].to_numpy(dtype=float, na_value=np.nan)
    if judge is None:
        return out
    import catboost

    # an array with categories in it is one of objects, and numbers in it would be read as text
    frame = frame.infer_objects()
    frame.columns = list(names)
    pool = catboost.Pool(frame, cat_features=sorted(flat))
    answers = np.asarray(judge.calc_leaf_indexes(pool), dtype=float)
    return np.column_stack([out, answers.reshape(len(frame), -1)])
