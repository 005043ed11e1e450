"""A level without money: classes looked up in a matrix. It orders threats; its steps are not equal and do not add up.

The matrix is table I-2 of NIST SP 800-30 revision 1 (2012), and shares become classes at the limits of its scales.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sparring.core.answers import Harm, Senders, Use
from sparring.core.spec import Spec
from sparring.errors import OptionError

Class = Literal["very low", "low", "moderate", "high", "very high"]

CLASSES: tuple[Class, ...] = ("very low", "low", "moderate", "high", "very high")
LIMITS = (0.05, 0.21, 0.8, 0.96)
"""Shares at which the classes above the first begin."""

MATRIX: dict[Class, tuple[Class, ...]] = {
    "very high": ("very low", "low", "moderate", "high", "very high"),
    "high": ("very low", "low", "moderate", "high", "very high"),
    "moderate": ("very low", "low", "moderate", "moderate", "high"),
    "low": ("very low", "low", "low", "low", "moderate"),
    "very low": ("very low", "very low", "very low", "low", "low"),
}
"""Level by likelihood (row) and impact (column, from very low to very high)."""

REACHED: dict[Senders, Class] = {
    "anyone": "very high",
    "account": "high",
    "vetted": "moderate",
    "staff": "low",
    "systems": "very low",
    "nobody": "very low",
}
HARMED: dict[Harm, Class] = {"minor": "low", "moderate": "moderate", "serious": "high", "severe": "very high"}
STEPS_DOWN: dict[Use, int] = {"acts": 0, "moves": 0, "queue": 1, "advises": 1, "report": 2}
"""How far a person or a second look stands between the answer and the harm."""


class OrdinalRisk(Spec):
    """A level from classes, and what led to it."""

    level: Class
    likelihood: Class
    impact: Class
    reasons: tuple[str, ...] = Field(..., description="one for each class, in plain sentences")
    note: str = "ordinal, not arithmetic"


def level(likelihood: Class, impact: Class) -> Class:
    """Look a level up.

    Parameters
    ----------
    likelihood, impact : str
        Classes.
    """
    return MATRIX[likelihood][CLASSES.index(impact)]


def class_of(share: float) -> Class:
    """Return the class of a share.

    Parameters
    ----------
    share : float
        Fraction from 0 to 1.

    Raises
    ------
    OptionError
        It is none.

    Examples
    --------
    >>> class_of(0.036), class_of(0.5), class_of(1.0)
    ('very low', 'moderate', 'very high')
    """
    if not 0 <= share <= 1:
        raise OptionError(f"a share must be a fraction from 0 to 1, got {share:g}")
    return CLASSES[sum(share >= limit for limit in LIMITS)]


def rated(*, bound: float | None, reach: Senders, pays: float | None = None, harm: Harm, use: Use) -> OrdinalRisk:
    """Rate a threat where nobody will name money.

    The likelihood is the least of its classes: success, access and a gain are all needed, and what needs several things
    is no likelier than the least likely of them.

    Parameters
    ----------
    bound : float or None
        Upper end of the 95 % interval of the success rate; None: not measured, so that nothing is ruled out.
    reach : str
        Who can send something to the model.
    pays : float, optional
        Probability that an attacker gains more than it costs.
    harm : str
        What one wrong answer does at worst.
    use : str
        What happens because of an answer.
    """
    links: dict[str, Class] = {
        _success(bound): class_of(1.0 if bound is None else bound),
        f"who can send something to the model: {reach}": REACHED[reach],
    }
    if pays is not None:
        links[f"an attacker gains more than it costs with probability {pays:.2g}"] = class_of(pays)
    likelihood = CLASSES[min(CLASSES.index(link) for link in links.values())]
    impact = CLASSES[max(0, CLASSES.index(HARMED[harm]) - STEPS_DOWN[use])]
    reasons = [f"{text}: {found}" for text, found in links.items()]
    reasons.append(f"harm {harm}, use {use}: impact {impact}")
    return OrdinalRisk(level=level(likelihood, impact), likelihood=likelihood, impact=impact, reasons=tuple(reasons))


def _success(bound: float | None) -> str:
    return "success was not measured" if bound is None else f"success is at most {100 * bound:.2g} %"


def shown(risk: OrdinalRisk) -> str:
    """Write a level with what it is.

    Parameters
    ----------
    risk : OrdinalRisk

    Examples
    --------
    >>> shown(rated(bound=0.7, reach="anyone", harm="serious", use="acts"))
    'moderate (ordinal, not arithmetic): likelihood moderate, impact high'
    """
    return f"{risk.level} ({risk.note}): likelihood {risk.likelihood}, impact {risk.impact}"
