"""How the readable form of a model compares with the model itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparring.core.document import Caveat
from sparring.core.examples import Floats
from sparring.core.parameters import Link, Parameters, TreeEnsemble, probabilities
from sparring.core.shift import Shift
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.errors import NotApplicable

COMPARED_ROWS = 100_000
# float32 sums of hundreds of trees differ in the sixth digit; a row this near to the boundary may fall either way
NEAR = 1e-5
GAP = 1e-4


@dataclass(frozen=True)
class Conversion:
    """How the readable form of a model compares with the model itself.

    Parameters
    ----------
    text : str
        For the document.
    holds : bool
        Whether attacks that read the model may run.
    caveats : tuple of Caveat
    """

    text: str
    holds: bool
    caveats: tuple[Caveat, ...] = ()


def compare(target: Target, x: Floats) -> Conversion:
    """Compare decisions and probabilities of the readable form with the user's own model on all of the user's rows.

    One row that is decided otherwise, without lying on the very boundary, is enough to leave out what reads the model.
    """
    if Access.PARAMETERS not in target.offers:
        return Conversion(_why_unreadable(target), holds=False)
    try:
        parameters = target.parameters()
    except NotApplicable as error:
        return Conversion(f"not readable: {error}", holds=False)
    x = x[:COMPARED_ROWS]
    if isinstance(target.decision, Shift):
        return _of_numbers(target, parameters, x)
    raw = _raw(parameters, x)
    ours = probabilities(raw, parameters.link)
    wrong = target.decision.decide(raw, parameters.link) != target.predict(x)
    clear = wrong & (_from_boundary(target, raw, ours, parameters.link) > NEAR)
    gap = 0.0
    if len(x) and Access.SCORES in target.offers and _gives_probabilities(parameters):
        gap = float(np.abs(ours - target.scores(x)).max())
    text = (
        f"read from {parameters.source or type(parameters).__name__}; "
        f"decisions equal on {int((~wrong).sum())} of {len(x)} rows"
        + (f", largest difference in probability {gap:.1e}" if _gives_probabilities(parameters) else "")
    )
    if not clear.any() and gap <= GAP:
        return Conversion(text, holds=True)
    return _mismatch(text, int(wrong.sum()), len(x), f"largest difference in probability {gap:.2g}")


def _mismatch(text: str, wrong: int, n: int, how: str) -> Conversion:
    caveat = Caveat(
        code="conversion-mismatch",
        text=f"The readable form of the model disagrees with its own predict on {wrong} of {n} rows ({how}); attacks "
        "that read the model are left out.",
    )
    return Conversion(text, holds=False, caveats=(caveat,))


def _gives_probabilities(parameters: Parameters) -> bool:
    """Whether the raw scores tell the model's probabilities; else they tell its decisions alone."""
    if parameters.link == "margin":
        return False
    return parameters.link != "identity" or isinstance(parameters, TreeEnsemble)


def _from_boundary(target: Target, raw: Floats, ours: Floats, link: Link) -> Floats:
    """How far each row is from being decided otherwise, in probability; for a bare margin, in its own unit."""
    if link == "margin":
        return np.abs(raw[:, 0])
    decision = target.decision
    if decision.cut is not None and decision.positive is not None:
        from_cut = np.abs(ours[:, decision.positive] - decision.cut)
        if ours.shape[1] == 2:
            return from_cut
        ours = np.delete(ours, decision.positive, axis=1)
        top = np.sort(ours, axis=1)
        return np.minimum(from_cut, top[:, -1] - top[:, -2])
    top = np.sort(ours, axis=1)
    return np.asarray(top[:, -1] - top[:, -2])


def _why_unreadable(target: Target) -> str:
    try:
        target.parameters()
    except NotApplicable as error:
        return f"not readable: {error}"
    return "not readable"


def _raw(parameters: object, x: Floats) -> Floats:
    if isinstance(parameters, TreeEnsemble):
        from sparring.kernels.predict import raw_scores

        return np.asarray(raw_scores(parameters, x))
    return np.asarray(parameters.raw(x))  # type: ignore[attr-defined]  # the other kind of Parameters


def _of_numbers(target: Target, parameters: Parameters, x: Floats) -> Conversion:
    """Compare predictions: what is read says how far a row is from where it was, which must be nowhere."""
    assert isinstance(target.decision, Shift)
    raw = _raw(parameters, x)[:, 0]
    ours = np.exp(raw) if parameters.link == "log" else raw
    # the last column holds what the model itself predicts
    gap = np.abs(ours - x[:, -1])
    allowed = GAP * np.maximum(np.abs(x[:, -1]), target.decision.by)
    wrong = int((gap > allowed).sum())
    largest = float(gap.max(initial=0.0))
    text = (
        f"read from {parameters.source or type(parameters).__name__}; predictions equal on {len(x) - wrong} of "
        f"{len(x)} rows, largest difference {largest:.1e}"
    )
    if not wrong:
        return Conversion(text, holds=True)
    return _mismatch(text, wrong, len(x), f"largest difference {largest:.2g}")
