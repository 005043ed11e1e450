"""The user's rows as the model was trained on them: its columns, in its order, of its types."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from sparring.adapters.containers import container
from sparring.errors import DataError


def conform(frame: Any, *, names: Sequence[Any] | None, n_columns: int | None) -> Any:
    """Return the columns that a model was trained on, in its order.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
    names : sequence or None
        Names of the columns at training; None where the model remembers none.
    n_columns : int or None
        Their number; None where the model does not remember it.

    Raises
    ------
    DataError
        A column is missing or renamed, two share a name, or there are too few or too many.
    """
    frame = np.asarray(frame) if isinstance(frame, list) else frame
    if hasattr(frame, "toarray") and hasattr(frame, "nnz"):
        raise DataError("rows must be dense, got a sparse matrix; give X.toarray()")
    if isinstance(frame, np.ndarray):
        return _array(frame, names=names, n_columns=n_columns)
    have = list(container(frame).names)
    twice = [name for name, count in Counter(have).items() if count > 1]
    if twice:
        raise DataError(
            f"each column must have a name of its own, and {twice[0]!r} occurs {have.count(twice[0])} times"
        )
    if names is not None:
        return _by_name(frame, have, [str(name) for name in names])
    if n_columns is not None and len(have) != n_columns:
        raise DataError(_count(n_columns, len(have)))
    return frame


def _array(array: Any, *, names: Sequence[Any] | None, n_columns: int | None) -> Any:
    container(array)
    n_columns = n_columns if names is None else len(names)
    if n_columns is not None and array.shape[1] != n_columns:
        raise DataError(_count(n_columns, array.shape[1]))
    if names is None:
        return array
    import pandas as pd

    # a model that was trained on named columns gets named columns
    frame = pd.DataFrame(array, columns=list(names))
    return frame.infer_objects() if array.dtype == object else frame


def _by_name(frame: Any, have: list[str], names: list[str]) -> Any:
    missing = [name for name in names if name not in have]
    if missing:
        spare = [name for name in have if name not in names]
        near = difflib.get_close_matches(missing[0], spare, n=1, cutoff=0.5)
        hint = f"; was it renamed to {near[0]!r}?" if near else ""
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(
            f"the data must have the columns that the model was trained on, and {missing[0]!r}{more} is missing{hint}"
        )
    if have == names:
        return frame
    at = [have.index(name) for name in names]
    return frame.iloc[:, at] if hasattr(frame, "iloc") else frame.select(names)


def _count(want: int, got: int) -> str:
    return f"the model was trained on {want} columns, the data have {got}; give those columns, in their order"


def require_numbers(frame: Any, which: Iterable[int]) -> None:
    """Refuse text in columns that held numbers at training.

    Raises
    ------
    DataError
        Names the first such column and a value in it.
    """
    box = container(frame)
    for j in which:
        if box.storage(j) == "object":
            text = next((value for value in box.distinct(frame, j)[1] if not _is_number(value)), None)
            if text is not None:
                raise DataError(f"column {box.names[j]!r} must hold numbers, as at training, got {text!r}")


def require_known(frame: Any, known: Mapping[int, tuple[Sequence[Any], str]]) -> None:
    """Refuse categories that were never seen at training, where the model cannot take them.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
    known : mapping of int to tuple
        For a column, the categories at training and what to do about others.

    Raises
    ------
    DataError
        Names the column and the category.
    """
    box = container(frame)
    for j, (categories, cure) in known.items():
        have = set(categories)
        strange = [value for value in box.distinct(frame, j)[1] if value not in have]
        if strange:
            raise DataError(
                f"column {box.names[j]!r} must hold categories seen at training ({_some(categories)}), "
                f"got {strange[0]!r}; {cure}"
            )


def with_categories(frame: Any, categories: Mapping[int, Sequence[Any]], *, others: Literal["refuse", "add"]) -> Any:
    """Give columns of a pandas frame the category dtype that they had at training.

    Text that stands for a number is matched to it. A column of category dtype whose categories are among those of
    training, and a frame that is not pandas, come back as they are.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
    categories : mapping of int to sequence
        The categories of a column at training.
    others : {'refuse', 'add'}
        What becomes of values that are none of them.

    Raises
    ------
    DataError
        A value is none of the categories, and those are refused.
    """
    if not hasattr(frame, "iloc"):
        return frame
    out = frame
    for j, known in categories.items():
        series = frame.iloc[:, j]
        if hasattr(series.dtype, "categories") and set(series.dtype.categories) <= set(known):
            continue
        made = _categorical(series, list(known), others)
        out = out.copy() if out is frame else out
        out.isetitem(j, made)
    return out


def _categorical(series: Any, known: list[Any], others: Literal["refuse", "add"]) -> Any:
    import pandas as pd

    by_name = {str(value): value for value in known}
    distinct = [value for value in series.dropna().unique() if value not in set(known)]
    matched = {value: by_name.get(str(value), value) for value in distinct}
    strange = [value for value in matched.values() if value not in set(known)]
    if strange and others == "refuse":
        raise DataError(
            f"column {str(series.name)!r} must hold categories seen at training ({_some(known)}), got {strange[0]!r}; "
            "the model has no place for it"
        )
    values = series.astype(object).map(lambda value: matched.get(value, value), na_action="ignore")
    return pd.Categorical(values, categories=[*known, *dict.fromkeys(strange)])


def _some(values: Sequence[Any]) -> str:
    return ", ".join(map(repr, list(values)[:5])) + (", ..." if len(values) > 5 else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number | np.bool_)
