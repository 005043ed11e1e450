"""From the user's rows to JSON, and from the JSON of an answer to labels and scores, each row to its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.adapters.endpoint_mapping import Endpoint, Response
from sparring.adapters.labels import Labels, name_of
from sparring.core.examples import Floats, Ints
from sparring.errors import DataError, ModelError

ROUNDING = 0.02
"""How far the probabilities of a row may be from 1 together: services round them to a few digits."""
LARGEST = 1e300


@dataclass(frozen=True, eq=False)
class Answers:
    """What an endpoint answered.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Class indices.
    scores : ndarray of shape (n, n_classes) or None
    """

    labels: Ints
    scores: Floats | None


def records(frame: Any, endpoint: Endpoint, names: Sequence[str], *, first_id: int = 0) -> list[dict[str, Any]]:
    """Return rows as JSON objects, under the service's names.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
    endpoint : Endpoint
    names : sequence of str
        Of the columns.
    first_id : int
        Number of the first row, where rows are numbered.

    Raises
    ------
    DataError
        A value cannot be written as JSON.
    """
    renamed = [endpoint.request.column_map.get(name, name) for name in names]
    columns = [[_plain(value, name) for value in values] for name, values in zip(names, _columns(frame), strict=True)]
    rows = [dict(zip(renamed, values, strict=True)) for values in zip(*columns, strict=True)]
    if endpoint.request.id is not None:
        for number, row in enumerate(rows, start=first_id):
            row[endpoint.request.id] = number
    return rows


def _columns(frame: Any) -> list[list[Any]]:
    if isinstance(frame, np.ndarray):
        return [frame[:, j].tolist() for j in range(frame.shape[1])]
    if hasattr(frame, "iloc"):
        return [frame.iloc[:, j].tolist() for j in range(frame.shape[1])]
    import narwhals as nw

    table = nw.from_native(frame, eager_only=True)
    return [table.get_column(name).to_list() for name in table.columns]


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, float):
        if np.isinf(value):
            raise DataError(f"column {name!r} holds an infinite number, which JSON cannot carry")
        return None if np.isnan(value) else value
    if isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def take(body: Any, path: str) -> Any:
    """Return what stands at a path of an answer; ``[]`` stands for each element of a list.

    Raises
    ------
    ModelError
        There is no such place.

    Examples
    --------
    >>> take({"results": [{"label": "good"}, {"label": "bad"}]}, "results[].label")
    ['good', 'bad']
    """
    return _take(body, re.findall(r"\[\]|[^.\[\]]+", path), path)


def _take(value: Any, steps: list[str], path: str) -> Any:
    for position, step in enumerate(steps):
        if step == "[]":
            if not isinstance(value, list):
                raise ModelError(f"the endpoint must answer with a list where {path!r} says [], got {_kind(value)}")
            return [_take(element, steps[position + 1 :], path) for element in value]
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise ModelError(f"the endpoint's answer must have {path!r}, and has no {step!r} in {_kind(value)}")
    return value


def read(body: Any, n: int, response: Response, classes: Labels, *, first_id: int = 0) -> Answers:
    """Return labels and scores of `n` rows in the order in which they were sent.

    Raises
    ------
    ModelError
        The answer is not what the mapping says: other rows, more or fewer of them, labels that are no class, or scores
        that are no probabilities.
    """
    order = None if response.id is None else _order(take(body, response.id), n, first_id)
    scores = None if response.scores is None else _scores(take(body, response.scores), n, classes)
    labels = None if response.labels is None else _labels(take(body, response.labels), n, classes)
    if labels is None:
        assert scores is not None
        labels = np.asarray(scores.argmax(axis=1), dtype=np.int64)
    if order is None:
        return Answers(labels, scores)
    return Answers(labels[order], None if scores is None else scores[order])


def _order(ids: Any, n: int, first_id: int) -> Ints:
    ids = _list(ids, n, "id")
    found = [int(str(i)) if re.fullmatch(r"\d{1,15}", str(i)) else -1 for i in ids]
    if sorted(found) != list(range(first_id, first_id + n)):
        raise ModelError(f"the endpoint must send back the id of each of {n} rows once, and sends others")
    return np.argsort(np.asarray(found)).astype(np.int64)


def _list(value: Any, n: int, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ModelError(f"the endpoint must answer with a list of {what}s, one for each row, got {_kind(value)}")
    if len(value) != n:
        raise ModelError(f"the endpoint must answer each of {n} rows with one {what}, got {len(value)}")
    return value


def _labels(value: Any, n: int, classes: Labels) -> Ints:
    found = []
    for label in _list(value, n, "label"):
        if isinstance(label, list) and len(label) == 1:
            label = label[0]  # noqa: PLW2901  # some services wrap each answer
        index = classes.index(label) if isinstance(label, bool | int | float | str) else None
        if index is None:
            raise ModelError(
                f"the endpoint must answer with one of the classes {', '.join(classes.names)}, got {_short(label)}"
            )
        found.append(index)
    return np.asarray(found, dtype=np.int64)


def _scores(value: Any, n: int, classes: Labels) -> Floats:
    k = len(classes)
    rows = [_one_row(entry, k, classes) for entry in _list(value, n, "score")]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise ModelError(f"the endpoint must give each row as many scores, got {widths[0]} here and {widths[1]} there")
    out = np.asarray(rows, dtype=float).reshape(n, -1)
    if not np.isfinite(out).all():
        raise ModelError("the endpoint's scores must be numbers, and some are NaN or infinite")
    if n and (out.min() < 0 or out.max() > 1 + 1e-9):
        worst = out.min() if out.min() < 0 else out.max()
        raise ModelError(f"the endpoint's scores must be probabilities in [0, 1], got {worst:g}")
    if out.shape[1] == 1:
        return np.column_stack([1.0 - out[:, 0], out[:, 0]])
    far = float(np.abs(out.sum(axis=1) - 1.0).max(initial=0.0))
    if far > ROUNDING:
        raise ModelError(f"the endpoint's scores must add up to 1 in each row, and one row is off by {far:.2g}")
    return out


def _one_row(entry: Any, k: int, classes: Labels) -> list[float]:
    """Return one number, the probability of the last of two classes, or one number for each class."""
    if isinstance(entry, dict):
        by_name = {name_of(key): score for key, score in entry.items()}
        names = [name_of(value) for value in classes.values]
        if set(by_name) != set(names):
            raise ModelError(
                f"the endpoint must give a score to each of the classes {', '.join(names)} and to no other, "
                f"got {_short(list(by_name))}"
            )
        entry = [by_name[name] for name in names]
    numbers = entry if isinstance(entry, list) else [entry]
    if len(numbers) != k and not (len(numbers) == 1 and k == 2):
        raise ModelError(f"the endpoint must give {k} scores for each row, one a class, got {len(numbers)}")
    if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in numbers):
        raise ModelError(f"the endpoint's scores must be numbers, got {_short(numbers)}")
    # JSON knows whole numbers that no float can hold
    return [float(x) if abs(x) < LARGEST else float("inf") for x in numbers]


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        names = ", ".join(repr(str(name)[:30]) for name in list(value)[:5])
        return f"an object with {names or 'nothing in it'}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "nothing" if value is None else f"a {'number' if isinstance(value, int | float) else 'text'}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
