"""Case, everything that an attack is given, and Attempt, the closed list of what it may hand back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from pydantic import Field

from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.space import TableSpace
from sparring.core.spec import Spec
from sparring.core.target import Oracle
from sparring.core.threat import Evasion

ThreatT = TypeVar("ThreatT", bound=Spec)


class Effort(Spec):
    """How hard to try, in units that do not depend on the machine."""

    queries: int = Field(500, ge=0, description="rows that may be asked for each attacked row")
    sweeps: int = Field(20, ge=0, description="passes of a search that reads the model and asks it nothing")


def never() -> bool:
    """Return False: nobody cancels."""
    return False


@dataclass(frozen=True, eq=False)
class Case(Generic[ThreatT]):
    """Everything an attack is given.

    Parameters
    ----------
    oracle : Oracle
        The model as this attacker meets it.
    rows : Examples
        Rows to attack; `y` holds the decision that each gets now.
    background : Examples
        Rows that the attacker may own; `y` holds what the model decides for them.
    threat : Spec
        Who attacks, within what limits.
    effort : Effort
    entropy : int
        Seed of the run, recorded in the document.
    cancelled : callable
        Turns true when time is up; an attack looks at it between passes and stops.
    """

    oracle: Oracle
    rows: Examples
    background: Examples
    threat: ThreatT
    effort: Effort = field(default_factory=Effort)
    entropy: int = 0
    cancelled: Callable[[], bool] = never

    @property
    def space(self) -> TableSpace:
        """Columns and what may change in them."""
        return self.oracle.space

    def streams(self, name: str) -> list[np.random.Generator]:
        """Return one random stream for each row, which depends on `name` and the row's id alone."""
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
        return [np.random.default_rng([self.entropy, key, int(i)]) for i in self.rows.ids]


@dataclass(frozen=True, eq=False)
class AdversarialExamples:
    """The best rows so far, one for each attacked row.

    Parameters
    ----------
    x_adv : ndarray of shape (n, d)
        The original where nothing was found.
    found : ndarray of shape (n,)
        Whether the attack believes that the row is decided as wanted.
    queries : ndarray of shape (n,)
        Rows asked so far for each attacked row.
    until : ndarray of shape (n,) or None
        Of `queries` those up to the first find of the headline's size, -1 where there was none; None: not kept.
    """

    x_adv: Floats
    found: Bools
    queries: Ints
    until: Ints | None = None


@dataclass(frozen=True, eq=False)
class Bounds:
    """Sizes below which no adversarial row exists within the columns table.

    Parameters
    ----------
    lower : ndarray of shape (n,)
        In the objective's unit; no legal change smaller than this is decided as wanted. 0 says nothing; inf: no
        change at all works.
    """

    lower: Floats


Attempt = AdversarialExamples | Bounds
EvasionCase = Case[Evasion]
