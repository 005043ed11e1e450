"""What a bench works on: a model, its rows, and what somebody wants of it."""

from __future__ import annotations

from dataclasses import dataclass

from sparring.core.answers import Answers
from sparring.core.examples import Examples, Floats
from sparring.core.relations import Relation
from sparring.core.space import Codec
from sparring.core.target import Target
from sparring.core.threat_model import Profile, headliners


@dataclass(frozen=True, eq=False)
class Subject:
    """What is assessed.

    Parameters
    ----------
    target : Target
    codec : Codec
    rows : Examples
        `y` holds the true classes.
    train : ndarray of shape (m, d) or None
        Rows that the model was trained on, when the user gave them.
    wants : int or None
        Class index that somebody wants.
    answers : Answers
    profiles : tuple of Profile
        Who could attack, as the answers have it; empty: it was not asked.
    open_relations : tuple of Relation
        They hold in all rows, and nobody has said whether they must; those that must are in the codec's space.
    truth : ndarray of shape (n,) or None
        True values of y, where the model predicts numbers.
    read : int or None
        Rows of the data, where `rows` were drawn from them; None: all are there.
    """

    target: Target
    codec: Codec
    rows: Examples
    train: Floats | None
    wants: int | None
    answers: Answers
    read: int | None = None
    truth: Floats | None = None
    open_relations: tuple[Relation, ...] = ()
    profiles: tuple[Profile, ...] = ()

    @property
    def among(self) -> frozenset[str] | None:
        """Attackers of whom headlines speak; None: all of them."""
        return headliners(self.profiles)
