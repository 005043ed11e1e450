"""The contracts that an author of an extension reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Generic

import numpy as np

from sparring.core.case import Attempt, Case, ThreatT
from sparring.core.shift import Shift
from sparring.core.space import Codec
from sparring.core.spec import Access, Spec
from sparring.core.target import Target
from sparring.core.threat import Attacker, Evasion, Objective
from sparring.errors import ModelError


class Attack(Spec, ABC, Generic[ThreatT]):
    """A way to make a model decide otherwise. Fields are hyper-parameters: validated, recorded and shown.

    An attack proposes; the bench asks the user's own model again and judges. It never prints, never measures time,
    never draws random numbers except from `rng` and ``case.streams``.
    """

    id: ClassVar[str]
    """Name on the command line, such as ``evasion/hop-skip-jump``; also the entry point's name."""
    title: ClassVar[str]
    """What it does, in a few plain words."""
    attacker: ClassVar[Attacker]
    """Who would do this."""
    needs: ClassVar[frozenset[Access]]
    """What it must be able to see."""
    objectives: ClassVar[tuple[Objective, ...]]
    """Which sizes it can make small."""
    reference: ClassVar[str]
    """The paper, and in one line where we depart from it."""

    def unsuited(self, target: Target, threat: ThreatT) -> str | None:
        """Say why it cannot work on this target, or None. Access is checked by the bench."""
        return None

    @abstractmethod
    def run(self, case: Case[ThreatT], *, rng: np.random.Generator) -> Iterator[Attempt]:
        """Yield attempts, each complete and the best so far.

        All rows advance together, in large batches, on survivors only. A row's result depends on the row, the
        effort and its stream, never on its neighbors.

        Parameters
        ----------
        case : Case
        rng : numpy.random.Generator
            For what all rows share; what a row draws comes from ``case.streams``.

        Yields
        ------
        Attempt
            Bounds, where there are any, before the rows of the same pass.
        """


EvasionAttack = Attack[Evasion]
"""What attacks of this kind are built on. Named here, so that a worker process that is sent one finds it by name."""


class Adapter(ABC):
    """How one family of models is asked. The bench takes the first that accepts a model, by `order`."""

    id: ClassVar[str]
    """Name of its entry point, such as ``xgboost``."""
    order: ClassVar[int]
    """Who is asked first; ours are multiples of ten."""

    @abstractmethod
    def accepts(self, model: object) -> bool:
        """Say whether this adapter knows the model, without importing a library that is not loaded yet."""

    @abstractmethod
    def conform(self, model: object, frame: Any) -> Any:
        """Return the user's rows as the model was trained on them: its columns, in its order, in its dtypes.

        Parameters
        ----------
        model : object
        frame : DataFrame or ndarray of shape (n, d)
            Columns that the model does not use are dropped; reordered ones are put in order.

        Raises
        ------
        DataError
            A column is missing, renamed, or of another type than at training.
        """

    def most_rows(self, model: object) -> int | None:
        """Return how many rows of the data may be asked about once, before any attack; None: all."""
        return None

    @abstractmethod
    def target(self, model: object, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the model as something that can be asked.

        Parameters
        ----------
        model : object
        codec : Codec
            Between the encoded table and the frame that `conform` returned.
        classes : tuple of str or None
            Names of the outputs of a model file that has none, in order.
        decision : str or None
            A rule such as ``bad >= 0.08``.

        Raises
        ------
        ModelError
            It is no classifier, or its outputs have no names and `classes` gives none.
        DecisionError
            The rule names no class or no number, or needs probabilities that the model has not.
        """

    def predicts_numbers(self, model: object) -> bool:
        """Say whether the model is a regressor, without asking it."""
        return False

    def regressor(self, model: object, *, codec: Codec, shift: Shift) -> tuple[Target, Codec]:
        """Return a regressor as something that can be asked, and the codec of its rows.

        Parameters
        ----------
        model : object
        codec : Codec
            Between the encoded table and the frame that `conform` returned.
        shift : Shift
            The movement that counts.

        Raises
        ------
        ModelError
            It predicts no numbers.
        """
        raise ModelError(f"a shift is for models that predict numbers, and {type(model).__name__} does not")
