"""Chain: the way from the user's raw columns to the columns that a model computes with, evaluated as it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from sparring.adapters.base import class_name
from sparring.adapters.columnwise import Feature, raw_features, through
from sparring.adapters.frames import FrameCodec
from sparring.adapters.trying import Inputs, make_trial
from sparring.core.examples import Bools, Floats
from sparring.errors import NotApplicable

CELLS = 2_000_000
LISTED = 2000
PROBES = 3


@dataclass(frozen=True, eq=False)
class Chain:
    """Fitted preprocessing of one model.

    Parameters
    ----------
    codec : FrameCodec
    prepare : callable
        From the decoded frame to what the first step was trained on.
    steps : tuple of object
        Fitted transformers.
    matrix : callable
        From what the last step puts out to the numbers that the model compares, shape (m, n_features); the library's
        own coding of categories included.
    features : tuple of Feature
        How each of these numbers depends on the raw columns.
    """

    codec: FrameCodec
    prepare: Callable[[Any], Any]
    steps: tuple[Any, ...]
    matrix: Callable[[Any], Floats]
    features: tuple[Feature, ...]

    @cached_property
    def base(self) -> Floats:
        """A row that the model takes: the first value of each column that is no blank, shape (d,)."""
        sample = self.codec.sample
        filled = ~np.isnan(sample)
        first = filled.argmax(axis=0) if len(sample) else np.zeros(len(self.codec.space), dtype=int)
        row = np.zeros(sample.shape[1])
        for j, i in enumerate(first):
            row[j] = sample[i, j] if len(sample) and filled[i, j] else 0.0
        return row

    @cached_property
    def plain(self) -> bool:
        """Whether the model compares the numbers of the table themselves."""
        return not self.steps and all(feature.shape == "identity" for feature in self.features)

    def evaluate(self, x: Floats) -> Floats:
        """Return what the model computes with for rows of the encoded table, shape (m, n_features)."""
        size = max(1, CELLS // max(1, x.shape[1], len(self.features)))
        # numbers at the far ends overflow on the way, which is what they are tried for
        with np.errstate(all="ignore"):
            parts = [self._evaluate(x[i : i + size]) for i in range(0, len(x), size)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.features)))

    def _evaluate(self, x: Floats) -> Floats:
        rows = self.prepare(self.codec.decode(x))
        for step in self.steps:
            rows = step.transform(rows)
        return self.matrix(rows)

    def try_evaluate(self, x: Floats) -> tuple[Floats, Bools]:
        """Evaluate rows of which some may be refused; those are NaN and False."""
        if len(x) == 0:
            return np.empty((0, len(self.features))), np.empty(0, dtype=bool)
        try:
            return self.evaluate(x), np.ones(len(x), dtype=bool)
        except Exception:  # noqa: BLE001  # whatever somebody's transformer or library raises
            if len(x) == 1:
                return np.full((1, len(self.features)), np.nan), np.zeros(1, dtype=bool)
        half = len(x) // 2
        (a, a_good), (b, b_good) = self.try_evaluate(x[:half]), self.try_evaluate(x[half:])
        return np.concatenate([a, b]), np.concatenate([a_good, b_good])

    def taken(self, x: Floats) -> Bools:
        """Whether all steps take each row, shape (m,)."""
        if len(x) == 0:
            return np.empty(0, dtype=bool)
        try:
            self._evaluate(x)
        except Exception:  # noqa: BLE001  # the same
            if len(x) == 1:
                return np.zeros(1, dtype=bool)
            half = len(x) // 2
            return np.concatenate([self.taken(x[:half]), self.taken(x[half:])])
        return np.ones(len(x), dtype=bool)

    def with_value(self, j: int, values: Floats) -> Floats:
        """Return the base row with each of `values` in column `j`, shape (len(values), d)."""
        rows = np.tile(self.base, (len(values), 1))
        rows[:, j] = values
        return rows

    def check(self) -> None:
        """Perturb one raw column at a time and see that nothing moves but what depends on it.

        Raises
        ------
        NotApplicable
            An output depends on a column that it should not, or the chain does not take the user's rows.
        """
        if self.plain:
            return
        sample = self.codec.sample
        rng = np.random.default_rng(0)
        owner = np.array([feature.column for feature in self.features])
        for i in range(min(PROBES, len(sample))):
            other = np.array(
                [rng.choice(column[~np.isnan(column)]) if (~np.isnan(column)).any() else np.nan for column in sample.T]
            )
            rows = np.tile(sample[i], (len(other) + 1, 1))
            rows[np.arange(len(other)), np.arange(len(other))] = other
            z, good = self.try_evaluate(rows)
            if not good[-1]:
                continue
            moved = (z != z[-1]) & ~(np.isnan(z) & np.isnan(z[-1])) & good[:, None]
            j, f = np.nonzero(moved[:-1] & (owner[None, :] != np.arange(len(other))[:, None]))
            if len(j):
                raise NotApplicable(
                    f"{' and '.join(class_name(step) for step in self.steps)} let column "
                    f"{self.codec.space.names[j[0]]!r} change what is made of {self.codec.space.names[owner[f[0]]]!r}"
                )


def chain(
    codec: FrameCodec,
    *,
    prepare: Callable[[Any], Any],
    steps: Sequence[Any],
    matrix: Callable[[Any], Floats],
    order: Sequence[int] | None = None,
    coded: Sequence[int] = (),
) -> Chain:
    """Return the checked chain of a model.

    Parameters
    ----------
    order : sequence of int, optional
        Which output of the last step each of the model's own columns is, where it puts them in another order.
    coded : sequence of int
        The model's own columns that it makes of categories.

    Raises
    ------
    NotApplicable
        Columns are mixed, or a transformer is not known.
    """
    features = raw_features(codec.space)
    whole = Chain(codec, prepare, tuple(steps), matrix, ())
    inputs = _raw_inputs(whole)
    for step in steps:
        features = through(step, features, inputs)
        inputs = inputs.after(step)
    if order is not None:
        features = [features[i] for i in order]
    for f in coded:
        features[f] = as_code(codec, features[f])
    made = Chain(codec, prepare, tuple(steps), matrix, tuple(features))
    made.check()
    return made


def _raw_inputs(whole: Chain) -> Inputs:
    """Return what reaches the first step, of rows that all steps take."""
    trial = cache(partial(make_trial, whole.codec, whole.taken))
    return Inputs(trial, lambda: whole.prepare(whole.codec.decode(trial().x)))


def as_code(codec: FrameCodec, feature: Feature) -> Feature:
    """Return what becomes of a feature that is taken for a category: any value at any number.

    Raises
    ------
    NotApplicable
        It is made of numbers that cannot be listed.
    """
    if feature.shape == "code" or (feature.shape == "step" and len(feature.points)):
        return feature
    column, j = codec.space.columns[feature.column], feature.column
    ends = np.array([v for v in (column.low, column.high, *codec.sample[:, j]) if v is not None and np.isfinite(v)])
    whole = codec.storage(j).startswith(("int", "uint")) and feature.shape == "identity"
    if not whole or len(ends) == 0 or ends.max() - ends.min() > LISTED:
        raise NotApplicable(
            f"column {column.name!r} holds numbers that the model takes for categories; declare kind: category for it"
        )
    return replace(feature, shape="step", points=np.arange(np.floor(ends.min()) - 1.0, np.ceil(ends.max()) + 2.0))


def numbers(rows: Any) -> Floats:
    """Return rows of numbers as a dense float64 array."""
    if hasattr(rows, "toarray"):
        rows = rows.toarray()
    if hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    return np.asarray(rows, dtype=float)
