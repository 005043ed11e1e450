"""Which raw column each output of any fitted transformer depends on, found by changing one column at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sparring.adapters.base import class_name
from sparring.core.examples import Bools, Floats, Ints
from sparring.errors import NotApplicable

if TYPE_CHECKING:
    from sparring.adapters.columnwise import Feature
    from sparring.adapters.frames import FrameCodec

BASES = 2
CODES = 500
NUMBERS = 41
CELLS = 4_000_000
WIDE = 500


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows that differ from one of a few others in one raw column.

    Parameters
    ----------
    x : ndarray of shape (n, d)
    base : ndarray of shape (n,)
        The row that each was made of; its own place for those themselves.
    varied : ndarray of shape (n,)
        The raw column that differs; -1 for the rows that others are made of.
    names : tuple of str
        Raw columns.
    """

    x: Floats
    base: Ints
    varied: Ints
    names: tuple[str, ...]


class Inputs:
    """What a transformer somewhere in a pipeline is given for the rows of a trial, computed when it is asked for.

    Parameters
    ----------
    trial : callable
    rows : callable
        Returns the rows as they reach the transformer.
    """

    def __init__(self, trial: Callable[[], Trial], rows: Callable[[], Any]) -> None:
        self._trial, self._rows = trial, rows

    @cached_property
    def trial(self) -> Trial:
        """The rows in raw columns."""
        return self._trial()

    @cached_property
    def rows(self) -> Any:
        """The rows as they reach the transformer."""
        return self._rows()

    def after(self, step: Any) -> Inputs:
        """Return what reaches whatever stands behind `step`."""
        return Inputs(lambda: self.trial, lambda: step.transform(self.rows))

    def selected(self, columns: Any) -> Inputs:
        """Return what reaches a part that is given some of the columns only, by position."""
        return Inputs(lambda: self.trial, lambda: _columns(self.rows, columns))


def _columns(rows: Any, columns: Any) -> Any:
    return rows.iloc[:, columns] if hasattr(rows, "iloc") else rows[:, columns]


def make_trial(codec: FrameCodec, taken: Callable[[Floats], Bools]) -> Trial:
    """Return rows around a few rows of the sample: every category, many numbers, a blank in each column.

    Parameters
    ----------
    codec : FrameCodec
    taken : callable
        Which rows the whole pipeline takes, shape (n,).
    """
    sample = codec.sample[taken(codec.sample)]
    if len(sample) == 0:
        raise NotApplicable("the preprocessing takes none of the rows, so that it cannot be tried out")
    n_bases = BASES if sample.shape[1] <= WIDE else 1  # each row of the trial is as wide as the table
    bases = sample[:: max(1, len(sample) // n_bases)][:n_bases]
    n_numbers = int(np.clip(CELLS // max(1, sample.shape[1] ** 2), 5, NUMBERS))
    rows, base, varied = [bases], [np.arange(len(bases))], [np.full(len(bases), -1)]
    for j in range(sample.shape[1]):
        values = _values(codec, j, n_numbers)
        for i, row in enumerate(bases):
            changed = np.tile(row, (len(values), 1))
            changed[:, j] = values
            rows.append(changed)
            base.append(np.full(len(values), i))
            varied.append(np.full(len(values), j))
    x = np.concatenate(rows)
    keep = taken(x)
    keep[: len(bases)] = True
    return Trial(x[keep], np.concatenate(base)[keep], np.concatenate(varied)[keep], codec.space.names)


def _values(codec: FrameCodec, j: int, n_numbers: int) -> Floats:
    if codec.space.columns[j].kind != "number":
        return np.append(np.arange(float(min(codec.codes(j), CODES))), np.nan)
    column, values = codec.space.columns[j], codec.sample[:, j]
    values = np.unique(values[np.isfinite(values)])
    if len(values) == 0:
        return np.array([np.nan])
    inner = values[np.linspace(0, len(values) - 1, n_numbers).astype(int)]
    width = (values[-1] - values[0]) or abs(values[0]) or 1.0
    low = values[0] - width if column.low is None else column.low
    high = values[-1] + width if column.high is None else column.high
    return np.concatenate([[low], inner, [high, np.nan]])


def by_trying(transformer: Any, features: Sequence[Feature], inputs: Inputs) -> list[Feature]:
    """Return the outputs of a fitted transformer of any kind.

    Raises
    ------
    NotApplicable
        An output depends on several columns, or on a number without rising or falling with it.
    """
    name, trial = class_name(transformer), inputs.trial
    try:
        before, after = _as_numbers(inputs.rows), _as_numbers(transformer.transform(inputs.rows))
    except Exception as error:
        raise NotApplicable(f"{name} cannot be tried out on the rows ({type(error).__name__})") from error
    moved = (after != after[trial.base]) & ~(np.isnan(after) & np.isnan(after[trial.base]))
    out = []
    for f in range(after.shape[1]):
        owners = np.unique(trial.varied[moved[:, f]])
        if len(owners) > 1:
            raise NotApplicable(f"{name} mixes columns {trial.names[owners[0]]!r} and {trial.names[owners[1]]!r}")
        if len(owners) == 0:
            out.append(replace(features[0], shape="code" if features[0].shape == "code" else "step"))
            continue
        out.append(_feature(name, features, int(owners[0]), trial, before=before, after=after[:, f]))
    return out


def _feature(
    name: str, features: Sequence[Feature], owner: int, trial: Trial, *, before: Floats, after: Floats
) -> Feature:
    mine = [(i, feature) for i, feature in enumerate(features) if feature.column == owner]
    if not mine:
        raise NotApplicable(f"{name} makes something of column {trial.names[owner]!r}, which it is not given")
    shapes = {feature.shape for _, feature in mine}
    first = mine[0][1]
    if shapes == {"code"}:
        return first
    if shapes == {"step"}:
        points = np.unique(np.concatenate([feature.points for _, feature in mine]))
        return replace(first, points=points)
    x = trial.x[:, owner]
    number = ~np.isnan(x) & ((trial.varied == owner) | (trial.varied < 0))
    for i, feature in mine:
        if feature.shape == "identity" and np.array_equal(before[:, i], after, equal_nan=True):
            return feature
    for b in np.unique(trial.base):
        those = np.flatnonzero(number & (trial.base == b))
        those = those[np.argsort(x[those], kind="stable")]
        rise = np.diff(after[those])
        if np.isnan(rise).any() or ((rise > 0).any() and (rise < 0).any()):
            raise NotApplicable(f"what {name} makes of column {trial.names[owner]!r} neither rises nor falls with it")
    return replace(first, shape="monotone", points=np.empty(0), rough=True)


def _as_numbers(rows: Any) -> Floats:
    """Return rows as numbers; text and categories as codes of their own, which is enough to see what moves."""
    import pandas as pd

    if hasattr(rows, "toarray"):
        rows = rows.toarray()
    if hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()
    frame = rows if hasattr(rows, "iloc") else pd.DataFrame(np.asarray(rows))
    out = np.empty(frame.shape)
    for j in range(frame.shape[1]):
        series = frame.iloc[:, j]
        try:
            out[:, j] = series.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            codes = pd.factorize(series.astype(str))[0]
            out[:, j] = np.where(series.isna(), np.nan, codes)
    return out
