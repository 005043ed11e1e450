"""A number of its own that each row carries along, for decisions that differ from row to row.

What a regressor predicted for a row as it was, or the cut-off that holds for a row alone: it stands in a last column of
the encoded table that no user has and nobody may change, so that answers depend on a row alone, as everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sparring.core.examples import Floats
from sparring.core.parameters import LinearModel, Parameters, TreeEnsemble
from sparring.core.space import RIDER, Codec, Column, TableSpace
from sparring.errors import NotApplicable


@dataclass(frozen=True, eq=False)
class RidingCodec:
    """The user's codec with a last column that stays blank until somebody fills it.

    Parameters
    ----------
    inner : Codec
    """

    inner: Codec

    @cached_property
    def space(self) -> TableSpace:
        """The user's columns, then the one that rides along."""
        return self.inner.space.with_rider(rider_column())

    @property
    def version(self) -> object:
        """Changes when the user's codec has seen more."""
        return getattr(self.inner, "version", None)

    def encode(self, frame: Any) -> Floats:
        """Return the encoded table, shape (n, d + 1); the last column is blank."""
        x = self.inner.encode(frame)
        return np.column_stack([x, np.full(len(x), np.nan)])

    def decode(self, x: Floats) -> Any:
        """Return rows as the model was trained on them."""
        return self.inner.decode(x[:, :-1])


def rider_column() -> Column:
    """Return the column that rides along."""
    return Column(name=RIDER, kind="number", who="nobody", spread=1.0)


def widened(model: Parameters) -> Parameters:
    """Return a model over one more column, of which it knows nothing.

    Raises
    ------
    NotApplicable
        It has several outputs, for which no one number can stand.
    """
    if model.n_outputs != 1:
        raise NotApplicable(f"{model.source} predicts {model.n_outputs} numbers at once, which is not read")
    if isinstance(model, TreeEnsemble):
        return replace(model, n_columns=model.n_columns + 1)
    assert isinstance(model, LinearModel)
    nothing = np.zeros((1, 1))
    return replace(model, slope=np.vstack([model.slope, nothing]), missing=np.vstack([model.missing, nothing]))
