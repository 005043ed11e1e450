"""What states the objects in a model file may be given, where a wrong one makes compiled code misbehave."""

from __future__ import annotations

import math
from typing import Any

from sparring.artifact.refused import Refused

_WIDEST_TYPE = 2**20  # bytes; the node of a tree takes 64


def check_state(target: Any, state: Any) -> None:
    """Refuse a state that real files never have.

    Parameters
    ----------
    target : object
        What gets the state; not yet usable.
    state : object
        What the file gives.

    Raises
    ------
    Refused
        If the state sets special attributes, or breaks what compiled code takes for granted.
    """
    for part in state if type(state) is tuple and len(state) == 2 else (state,):
        if isinstance(part, dict):
            _no_special_keys(part)
    kind = f"{type(target).__module__}:{type(target).__name__}"
    if kind.startswith(("numpy.dtypes:", "numpy:dtype")):
        _type_state(state)
    elif kind in ("numpy:ndarray", "numpy:matrix", "numpy.ma:MaskedArray", "numpy.ma.core:MaskedArray"):
        _array_state(state)
    elif kind == "sklearn.tree._tree:Tree":
        _tree_state(target, state)
    elif kind == "sklearn.ensemble._hist_gradient_boosting.predictor:TreePredictor":
        _nodes(state.get("nodes") if type(state) is dict else None, "left", "right", "feature_idx", "is_leaf")
    elif kind == "functools:partial":
        from sklearn.utils.validation import check_array

        _must(type(state) is tuple and len(state) == 4 and state[0] is check_array, "functools:partial")


def _must(holds: Any, what: str) -> None:
    if not holds:
        raise Refused(f"gives a {what} a state that would break it")


def _no_special_keys(state: dict[Any, Any]) -> None:
    for key in state:
        if isinstance(key, str) and key.startswith("__") and key.endswith("__"):
            raise Refused(f"sets the special attribute {key}")


def _type_state(state: Any) -> None:
    """Check a numpy type's (version, byte order, subarray, names, fields, width, alignment, flags, ...)."""
    import numpy as np

    _must(type(state) is tuple and 8 <= len(state) <= 9, "numpy type")
    _, order, subarray, names, fields, width, _, flags = state[:8]
    _must(
        order in ("<", ">", "|", "=") and subarray is None and type(width) is int and type(flags) is int, "numpy type"
    )
    _must(flags == 63 or not flags & 3, "numpy type")  # bits 0 and 1: elements are objects, which only O says
    if names is None and fields is None:
        return
    _must(type(names) is tuple and type(fields) is dict and 0 < width <= _WIDEST_TYPE, "numpy type")
    _must(set(names) == set(fields), "numpy type")
    for entry in fields.values():
        _must(type(entry) is tuple and len(entry) >= 2 and isinstance(entry[0], np.dtype), "numpy type")
        _must(type(entry[1]) is int and not entry[0].hasobject, "numpy type")
        _must(0 <= entry[1] <= width - entry[0].itemsize, "numpy type")


def _array_state(state: Any) -> None:
    """Check an array's (version, shape, type, order, content, ...): numpy trusts that a list fits the shape."""
    import numpy as np

    _must(type(state) is tuple and len(state) in (5, 7) and type(state[1]) is tuple, "array")
    shape, dtype, content = state[1], state[2], state[4]
    _must(len(shape) <= 64 and all(type(length) is int and length >= 0 for length in shape), "array")
    _must(isinstance(dtype, np.dtype) and type(content) is (list if dtype.hasobject else bytes), "array")
    _must(len(content) == math.prod(shape) * (1 if dtype.hasobject else dtype.itemsize), "array")


def _tree_state(tree: Any, state: Any) -> None:
    import numpy as np

    _must(type(state) is dict and isinstance(state.get("values"), np.ndarray), "tree")
    nodes, values = state.get("nodes"), state["values"]
    size = _nodes(nodes, "left_child", "right_child", "feature", None)
    _must(state.get("node_count") == size == len(values) and values.ndim == 3 and values.dtype == float, "tree")
    _must(values.shape[1:] == (tree.n_outputs, int(np.max(tree.n_classes))), "tree")
    _must(size == 0 or int(np.max(nodes["feature"])) < tree.n_features, "tree")


def _nodes(nodes: Any, left: str, right: str, feature: str, leaf: str | None) -> int:
    """Check that every path through a tree goes down, inside the array, and ends; return the number of nodes."""
    import numpy as np

    _must(isinstance(nodes, np.ndarray) and nodes.ndim == 1 and nodes.dtype.names is not None, "tree")
    _must(all(field in nodes.dtype.names for field in (left, right, feature)), "tree")
    size, here = len(nodes), np.arange(len(nodes))
    inner = nodes[left] != -1 if leaf is None else nodes[leaf] == 0
    children = np.concatenate([nodes[left][inner], nodes[right][inner]]).astype(np.int64)
    parents = np.concatenate([here[inner], here[inner]])
    _must(bool(((children > parents) & (children < size)).all()), "tree")
    _must(bool((nodes[feature][inner].astype(np.int64) >= 0).all()), "tree")
    return size
