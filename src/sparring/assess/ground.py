"""Where a weakness can be planted: models that give each row one number, which a cut-off of its own can be set on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sparring.core.examples import Examples, Floats, Ints
from sparring.core.parameters import Parameters
from sparring.core.planted import PlantedCut
from sparring.core.riding import RidingCodec, widened
from sparring.core.shift import FALL, RISE, Shift
from sparring.core.space import Codec, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.core.threat import Evasion

MOST_SHIFTS = 1.9  # at two, the row would count as moved the other way once the prediction before is set


class Ground(Protocol):
    """A model of which it can be said for each row at what number the decision turns."""

    @property
    def target(self) -> Target:
        """Decides each row by what rides along with it."""

    @property
    def codec(self) -> Codec:
        """Of rows that carry it."""

    def score(self, x: Floats) -> Floats:
        """Return each row's number, shape (n,)."""

    def gain(self, label: int, threat: Evasion, change: Floats) -> Floats:
        """Return how far changes of a row's number lead toward what is wanted, shape (n,); below zero: away."""

    def background(self, rows: Examples) -> Examples:
        """Return real rows with what rides along with them."""

    def plant(self, rows: Examples, now: Floats, then: Floats) -> Examples:
        """Return rows whose decision turns half-way between two numbers, that of the row and that of an edit of it."""


def ground_of(target: Target, codec: Codec) -> Ground | None:
    """Return where to plant; None for models of several classes or without scores."""
    if isinstance(target.decision, Shift):
        return Movement(target, codec)
    if len(target.decision.classes) == 2 and Access.SCORES in target.offers:
        return CutOff(target, codec)
    return None


@dataclass(frozen=True, eq=False)
class CutOff:
    """A model of two classes, with a cut-off for each row.

    Parameters
    ----------
    asked : Target
        The user's.
    plain : Codec
        The user's.
    """

    asked: Target
    plain: Codec

    @property
    def target(self) -> Target:
        """The model with its moved cut-offs."""
        return PlantedTarget(self.asked, PlantedCut(classes=self.asked.decision.classes), self.codec.space)

    @property
    def codec(self) -> Codec:
        """The user's, with room for the cut-off."""
        return RidingCodec(self.plain)

    def score(self, x: Floats) -> Floats:
        """Return the probability of the second class, shape (n,)."""
        return self.asked.scores(x)[:, 1]

    def gain(self, label: int, threat: Evasion, change: Floats) -> Floats:
        """Return the change of the probability that matters, shape (n,)."""
        return -change if label == 1 else change

    def background(self, rows: Examples) -> Examples:
        """Return real rows with their own probability."""
        return Examples(np.column_stack([rows.x, self.score(rows.x)]), rows.y, rows.ids)

    def plant(self, rows: Examples, now: Floats, then: Floats) -> Examples:
        """Set each row's cut-off half-way."""
        return Examples(np.column_stack([rows.x, (now + then) / 2]), rows.y, rows.ids)


@dataclass(frozen=True, eq=False)
class Movement:
    """A model that predicts numbers: it turns where the prediction before says, and that can be set.

    Parameters
    ----------
    target : Target
    codec : Codec
    """

    target: Target
    codec: Codec

    @property
    def by(self) -> float:
        """The movement that counts."""
        assert isinstance(self.target.decision, Shift)
        return self.target.decision.by

    def score(self, x: Floats) -> Floats:
        """Return predictions, shape (n,)."""
        return np.asarray(self.target.values(x))  # type: ignore[attr-defined]  # one whose decision is a Shift has it

    def gain(self, label: int, threat: Evasion, change: Floats) -> Floats:
        """Return the change in the direction that is wanted, shape (n,)."""
        if threat.wants in (FALL, RISE):
            return change if threat.wants == RISE else -change
        return np.abs(change)

    def background(self, rows: Examples) -> Examples:
        """Return real rows as they are: their own prediction rides along already."""
        return rows

    def plant(self, rows: Examples, now: Floats, then: Floats) -> Examples:
        """Set each row's prediction before, so that what counts as moved begins half-way or sooner."""
        sign = np.sign(then - now)
        begins = now + sign * np.minimum(np.abs(then - now) / 2, MOST_SHIFTS * self.by)
        x = rows.x.copy()
        x[:, -1] = begins - sign * self.by
        return Examples(x, rows.y, rows.ids)


@dataclass(frozen=True, eq=False)
class PlantedTarget:
    """A model of two classes that decides each row by the cut-off that rides along with it.

    Parameters
    ----------
    asked : Target
    decision : PlantedCut
    space : TableSpace
        With the column that rides along.
    """

    asked: Target
    decision: PlantedCut
    space: TableSpace

    @property
    def offers(self) -> frozenset[Access]:
        """What can be seen of the model."""
        return self.asked.offers

    @property
    def family(self) -> str:
        """Kind of model."""
        return self.asked.family

    def encode_labels(self, y: Any) -> Ints:
        """Turn the user's labels into class indices, shape (n,)."""
        return self.asked.encode_labels(y)

    def predict(self, x: Floats) -> Ints:
        """Decide rows, shape (n,)."""
        return self.decision.decided(x[:, -1], self._score(x))

    def scores(self, x: Floats) -> Floats:
        """Return probabilities that are level at each row's cut-off, shape (n, 2)."""
        return self.decision.moved(x[:, -1], self._score(x))

    def parameters(self) -> Parameters:
        """Return what a holder of the model file can read; raises NotApplicable with the reason."""
        return widened(self.asked.parameters())

    def _score(self, x: Floats) -> Floats:
        return self.asked.scores(x[:, :-1])[:, 1]
