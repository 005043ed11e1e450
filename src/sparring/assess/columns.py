"""The columns table: what the data says about each column, and what people say over it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from pydantic import ValidationError

from sparring.assess.observe import Observed, observe
from sparring.assess.system import read, render, write
from sparring.assess.system_parts import ColumnsTable
from sparring.core.answers import Answers
from sparring.core.column_codes import Who
from sparring.core.examples import Floats
from sparring.core.space import Column
from sparring.errors import ColumnsError

__all__ = ["Guess", "guess", "infer", "overlay", "read", "suggested", "write"]

MAX_EXACT = 2.0**53
MAX_CATEGORIES = 1000
ENOUGH = 20
MANY = 1000
KEYS = ("kind", "who", "change", "checked", "direction", "range", "low", "high", "step", "cost", "missing", "unseen")
NUMBERS_ONLY = ("direction", "range", "low", "high", "step")

_NOBODY = (
    "age birth born dob sex gender race ethnicity ethnic nationality citizenship citizen native foreign religion "
    "disability"
)
_IDENTITY = "id uuid guid key number nr index rowid"
_US = (
    "rate score rating limit internal computed derived model segment bureau history checking branch previous existing "
    "past records flag"
)
_ANYONE = (
    "income salary wage earnings capital purpose employment employed employer employee job occupation profession "
    "seniority workclass hours savings assets debt expenses property housing house home residence address telephone "
    "phone mobile email education degree marital relationship dependents children comment title reason plans"
)
_REAL = "amount loan duration months term collateral guarantor debtors price"


@dataclass(frozen=True)
class Guess:
    """A suggestion read off a column's name; it holds only once a person accepts it.

    Parameters
    ----------
    who : str
        Who can set the column; 'unknown' when its name says nothing.
    change : str
        Whether a change misstates the case or makes it another case.
    why : str
        The reason, in a few words.
    """

    who: Who
    change: Literal["misstated", "real"] = "misstated"
    why: str = ""


def described(
    frame: Any, table: Mapping[str, Mapping[str, Any]], *, background: Any = None, given: Any = None
) -> tuple[Column, ...]:
    """Read the columns table off the data, and lay over it what people say.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
    table : mapping of str to mapping
        As in `overlay`. A column of numbers that it calls a category is read as one, its values as codes.
    background : DataFrame, Table or ndarray, optional
        As in `infer`.
    given : DataFrame or Table, optional
        The rows with further columns that the model does not use; what the table says about those is left out.

    Raises
    ------
    DataError
        Two columns have one name.
    ColumnsError
        See `overlay`; also where more numbers stand in a column than a category can have values.
    """
    table = _about_used(table, used=_names(frame), given=_names(given))
    said: Mapping[str, Any] = table  # a file or a notebook may hold anything
    codes = {name for name, entry in said.items() if isinstance(entry, Mapping) and entry.get("kind") == "category"}
    inferred = infer(frame, background=background, codes=codes)
    for column in inferred:
        if column.name in codes and column.kind == "number":
            raise ColumnsError(
                f"{_where(table, column.name, 'kind')}column {column.name!r} must have at most {MAX_CATEGORIES:,} "
                "different values to be a category; leave out its kind"
            )
    return overlay(inferred, table)


def _names(frame: Any) -> set[str]:
    """Return the names of the columns; an array has none."""
    return {str(name) for name in getattr(frame, "column_names", getattr(frame, "columns", ()))}


def _about_used(table: Mapping[str, Mapping[str, Any]], *, used: set[str], given: set[str]) -> Mapping[str, Any]:
    if not used:
        return table
    left: dict[str, Any] = {name: entry for name, entry in table.items() if name in used or name not in given}
    return ColumnsTable(left, source=table.source, lines=table.lines) if isinstance(table, ColumnsTable) else left


def infer(frame: Any, *, background: Any = None, codes: Collection[str] = ()) -> tuple[Column, ...]:
    """Read the columns table off the data. Nobody is said to set anything: `who` is unknown throughout.

    Numbers get the range that was seen and a step: 1 for whole numbers, a power of ten for decimals that are all
    typed with few digits, none otherwise. Carried unchanged are dates, free text, blank columns, whole numbers over
    2**53, and whatever tells each row from all others: texts that never repeat, and whole numbers that never repeat
    in 1,000 rows, that follow each other without gaps, or whose name says so.

    Parameters
    ----------
    frame : DataFrame, Table or ndarray of shape (n, d)
        The rows that are assessed; their spread is the unit of change.
    background : DataFrame, Table or ndarray, optional
        Further rows; they widen ranges and bring further categories.
    codes : collection of str
        Columns whose numbers are codes of categories, such as postal codes: one is no nearer to the next than to any.

    Returns
    -------
    tuple of Column
        In the order of the frame.

    Raises
    ------
    DataError
        Two columns have one name.
    """
    others = {} if background is None else {seen.name: seen for seen in observe(background)}
    return tuple(_infer(seen, others.get(seen.name), coded=seen.name in codes) for seen in observe(frame))


def _infer(seen: Observed, other: Observed | None, *, coded: bool) -> Column:
    both = seen.joined(other)
    missing: Literal["allow", "never"] = "allow" if both.blanks else "never"
    if coded and both.values is not None:
        labels = _codes(both.values)
        if 0 < len(labels) <= MAX_CATEGORIES:
            return Column(name=seen.name, kind="category", categories=labels, missing=missing)
    if both.values is not None:
        return _number(seen, both, missing)
    text = _is_text(both)
    if both.labels is None or not both.labels or text or len(both.labels) > MAX_CATEGORIES:
        return Column(name=seen.name, kind="carried", missing=missing)
    return Column(name=seen.name, kind="category", categories=tuple(both.labels), missing=missing)


def _number(seen: Observed, both: Observed, missing: Literal["allow", "never"]) -> Column:
    assert seen.values is not None
    assert both.values is not None
    values = both.values[np.isfinite(both.values)]
    if len(values) == 0:
        return Column(name=seen.name, kind="carried", missing=missing)
    step = _step(values, narrow=both.narrow)
    identifies = _identifies(seen.name, values) if step == 1.0 else _inexact(both, values)
    kind: Literal["number", "carried"] = "carried" if identifies else "number"
    return Column(
        name=seen.name,
        kind=kind,
        low=float(values.min()),
        high=float(values.max()),
        step=step,
        spread=_spread(seen.values[np.isfinite(seen.values)]),
        missing=missing,
    )


def _codes(values: Floats) -> tuple[int | float, ...]:
    """Return the different numbers of a column in order; whole ones as people write codes, without a point."""
    distinct = np.unique(values[np.isfinite(values)]).tolist()
    return tuple(int(v) if v == round(v) and abs(v) < MAX_EXACT else v for v in distinct)


def _spread(values: Floats) -> float:
    if len(values) == 0 or values.min() == values.max():
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        upper, lower = np.percentile(values, [75, 25])
        spread = float(upper - lower) / 1.349 or float(np.std(values))
    return spread if np.isfinite(spread) else 0.0


def _step(values: Floats, *, narrow: bool) -> float | None:
    """Find the grid that the values were typed on; `narrow` floats hold no decimal fraction exactly."""
    if np.abs(values).max() >= MAX_EXACT:
        return None
    if np.array_equal(values, np.round(values)):
        return 1.0
    repeats = len(np.unique(values)) <= len(values) / 2
    for digits in () if narrow else (1, 2, 3, 4):
        if np.array_equal(values, np.round(values, digits)):
            # two digits in twenty values are no accident; four are only when values come back
            return 10.0**-digits if repeats or (digits <= 2 and len(values) >= ENOUGH) else None
    return None


def _inexact(both: Observed, values: Floats) -> bool:
    return both.whole and float(np.abs(values).max()) >= MAX_EXACT


def _identifies(name: str, values: Floats) -> bool:
    if len(values) < ENOUGH or len(np.unique(values)) < len(values):
        return False
    consecutive = bool(values.max() - values.min() == len(values) - 1)
    return consecutive or len(values) >= MANY or bool(_words(name) & set(_IDENTITY.split()))


def _is_text(both: Observed) -> bool:
    if both.domain or not both.labels or both.filled < ENOUGH:
        return False
    texts = [label for label in both.labels if isinstance(label, str)]
    if len(both.labels) == both.filled:
        return bool(texts)
    words = np.mean([label.count(" ") + 1 for label in texts]) if texts else 0.0
    return bool(len(both.labels) > both.filled / 2 and words >= 4)


def guess(column: Column) -> Guess:
    """Suggest who can set a column, from the words in its name.

    Examples
    --------
    >>> from sparring.core.space import Column
    >>> guess(Column(name="monthly_income", kind="number")).who
    'anyone'
    >>> guess(Column(name="V17", kind="number")).who
    'unknown'
    """
    words = _words(column.name)
    if column.kind == "carried":
        return Guess("nobody", why="not a value that is judged")
    for vocabulary, who, change, why in (
        (_NOBODY, "nobody", "misstated", "what a person is"),
        (_REAL, "anyone", "real", "another value is another case"),
        (_IDENTITY, "nobody", "misstated", "tells rows apart"),
        (_US, "us", "misstated", "looked up or computed"),
        (_ANYONE, "anyone", "misstated", "stated by the person"),
    ):
        if words & set(vocabulary.split()):
            return Guess(who, change, why)  # type: ignore[arg-type]  # the table above holds only allowed words
    return Guess("unknown")


def _words(name: str) -> set[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = [word for word in re.split(r"[^a-z]+", spaced.lower()) if word]
    return {*words, *(word.removesuffix("s") for word in words)}


def overlay(inferred: tuple[Column, ...], table: Mapping[str, Mapping[str, Any]]) -> tuple[Column, ...]:
    """Lay what people say over what was inferred; whatever they leave out stays as inferred.

    Parameters
    ----------
    inferred : tuple of Column
    table : mapping of str to mapping
        Column name to its entries, as in `security/system.yaml`: kind, who, change, checked, direction, range (or
        low and high), step, cost, missing, unseen.

    Raises
    ------
    ColumnsError
        A column, key or value is not known, or the entries of a column contradict each other. Names the file and
        the line when the table came from a file.
    """
    names = [column.name for column in inferred]
    for name in table:
        if name not in names:
            raise ColumnsError(f"{_where(table, name)}no column {name!r} in the data{_nearest(name, names)}")
    return tuple(
        _overlaid(column, table[column.name], table) if column.name in table else column for column in inferred
    )


def _overlaid(column: Column, entry: Mapping[str, Any], table: Mapping[str, Any]) -> Column:
    if not isinstance(entry, Mapping):
        raise ColumnsError(f"{_where(table, column.name)}column {column.name!r} must hold entries, such as who: us")
    fields: dict[str, Any] = {}
    for key, value in entry.items():
        where = _where(table, column.name, key)
        if key not in KEYS:
            raise ColumnsError(f"{where}column {column.name!r} has no entry {key!r}{_nearest(str(key), KEYS)}")
        fields |= _entry(column, str(key), value, where)
    try:
        return Column.model_validate({**column.model_dump(), **fields})
    except ValidationError as error:
        fault = error.errors()[0]
        key = "range" if fault["loc"][:1] in ((), ("low",), ("high",)) else str(fault["loc"][0])
        text = fault["msg"].removeprefix("Value error, ")
        if fault["loc"]:
            text = f"column {column.name!r} has a wrong {key}: {text[0].lower()}{text[1:]}, got {fault['input']!r}"
        raise ColumnsError(f"{_where(table, column.name, key)}{text}") from None


def _entry(column: Column, key: str, value: Any, where: str) -> dict[str, Any]:
    told = f"{where}column {column.name!r}"
    choices = get_args(Column.model_fields[key].annotation) if key in Column.model_fields else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        if value not in choices:
            raise ColumnsError(f"{told} must have {key} one of {', '.join(choices)}, got {value!r}")
        if key == "kind":
            _check_kind(column, value, told)
    if isinstance(value, bool):
        raise ColumnsError(f"{told} must have a number for {key}, got {value!r}")
    if key in NUMBERS_ONLY and column.kind == "category" and value not in (None, "both"):
        raise ColumnsError(f"{told} holds categories, and {key} is for numbers; remove it")
    if key != "range":
        return {key: value}
    if value is None:
        return {}
    if not (isinstance(value, list | tuple) and len(value) == 2):
        raise ColumnsError(f"{told} must have a range [low, high] with two entries, got {value!r}")
    return {"low": value[0], "high": value[1]}


def _check_kind(column: Column, kind: str, told: str) -> None:
    numeric = column.kind == "carried" and column.low is not None
    if kind not in (column.kind, "carried") and not (kind == "number" and numeric):
        raise ColumnsError(
            f"{told} must have kind {column.kind} or carried, since its values read as that, got {kind!r}"
        )


def suggested(columns: tuple[Column, ...], answers: Answers | None = None) -> str:
    """Return the text of `columns.suggested.yaml`: the table that was used, with guesses where nobody has answered."""
    notes = {}
    for column in columns:
        hint = guess(column)
        if column.assumed and hint.who != "unknown":
            change = f", change: {hint.change}" if hint.change != "misstated" else ""
            notes[column.name] = f"a guess from the name: who: {hint.who}{change} ({hint.why})"
    return render(columns, answers=answers, notes=notes)


def _where(table: Mapping[str, Any], name: str, key: str | None = None) -> str:
    return table.where(name, key) if isinstance(table, ColumnsTable) else "columns: "


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(map(str, list(known)[:12]))}"
