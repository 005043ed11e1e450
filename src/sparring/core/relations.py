"""Relations between columns that hold in every row, edited or not: a <= b, exactly one of a group, a total of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from sparring.core.spec import Spec

if TYPE_CHECKING:  # whoever only reads what people wrote does without numpy
    from sparring.core.examples import Bools, Floats, Ints

TOLERANCE = 1e-6
"""Of the larger side of an equation: what floats lose on their way through a file is no contradiction."""


class Relation(Spec):
    """What every row keeps to, in the terms of `security/system.yaml`.

    Blanks are no contradiction: a relation says nothing of a row in which one of its columns is blank.
    """

    kind: Literal["at_most", "one_of", "sum"]
    columns: tuple[str, ...] = Field(
        ..., description="at_most: the smaller, the larger; one_of: 0 or 1 each; sum: the total, then its parts"
    )
    confirmed: bool = Field(True, description="whether a person said so; what was only seen in the data binds nobody")

    @model_validator(mode="after")
    def _enough(self) -> Relation:
        least, exactly = {"at_most": (2, True), "one_of": (2, False), "sum": (3, False)}[self.kind]
        n = len(self.columns)
        if n < least or (exactly and n > least):
            raise ValueError(f"{self.kind} must name {'' if exactly else 'at least '}{least} columns, got {n}")
        if len(set(self.columns)) < n:
            raise ValueError(f"{self.kind} must name each column once, got {', '.join(self.columns)}")
        return self

    @property
    def text(self) -> str:
        """The relation as a person would write it.

        Examples
        --------
        >>> Relation(kind="sum", columns=("rent", "cold", "heating")).text
        'rent = cold + heating'
        """
        first, *rest = self.columns
        if self.kind == "one_of":
            return f"exactly one of {', '.join(self.columns)}"
        return f"{first} <= {rest[0]}" if self.kind == "at_most" else f"{first} = {' + '.join(rest)}"

    def at(self, names: Sequence[str]) -> Ints:
        """Return where its columns stand among `names`."""
        import numpy as np

        return np.array([names.index(name) for name in self.columns], dtype=np.int64)

    def holds(self, values: Floats) -> Bools:
        """Say which rows keep to it, shape (n,).

        Parameters
        ----------
        values : ndarray of shape (n, k)
            Of its own columns, in its order.
        """
        import numpy as np

        blank = np.isnan(values).any(axis=1)
        with np.errstate(invalid="ignore"):
            if self.kind == "at_most":
                kept = values[:, 0] <= values[:, 1]
            elif self.kind == "one_of":
                kept = ((values == 0) | (values == 1)).all(axis=1) & (values.sum(axis=1) == 1)
            else:
                parts = values[:, 1:].sum(axis=1)
                scale = np.maximum(np.abs(values[:, 0]), np.abs(values[:, 1:]).sum(axis=1))
                kept = np.abs(values[:, 0] - parts) <= TOLERANCE * scale
        return np.asarray(blank | kept, dtype=bool)
