"""Doubts that show only where findings are laid side by side: who sees more should find as much."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparring.assess.findings import EPS
from sparring.core.document import Caveat
from sparring.core.examples import Floats
from sparring.core.threat import Attacker, Objective

ROUNDING = 1e-6  # of sizes that two attacks reach by different sums


def doubts(
    sizes: Mapping[str, tuple[Attacker, Objective, Floats]], lower: Mapping[str, Floats] | None = None
) -> list[Caveat]:
    """Compare findings: those who see more should find as much, and what is found should not have been ruled out.

    Parameters
    ----------
    sizes : mapping of str to (Attacker, Objective, ndarray of shape (n,))
        Smallest change that each finding confirmed for each row, inf where none.
    lower : mapping of str to ndarray of shape (n,), optional
        Sizes below which a finding says that there is nothing.
    """
    insiders = _insiders(sizes)
    found = []
    for name, (attacker, objective, size) in sizes.items():
        if attacker in (Attacker.INSIDER, Attacker.HAS_A_COPY) or objective not in insiders:
            continue
        reader, best = insiders[objective]
        beaten = _smaller(size, best)
        if beaten:
            text = (
                f"{name} found a smaller change than {reader} on {beaten} of {len(size)} rows; "
                "the latter has missed something."
            )
            found.append(Caveat(code="black-box-beats-white-box", text=text))
    return found + _copies(sizes, insiders) + _refuted(sizes, lower or {})


def _insiders(sizes: Mapping[str, tuple[Attacker, Objective, Floats]]) -> dict[Objective, tuple[str, Floats]]:
    """Return, for each objective, who reads the model, and the best size for each row among them."""
    found: dict[Objective, tuple[str, Floats]] = {}
    for name, (attacker, objective, size) in sizes.items():
        if attacker is Attacker.INSIDER:
            known, best = found.get(objective, ("", size))
            found[objective] = (f"{known} and {name}" if known else name, np.minimum(best, size))
    return found


def _smaller(one: Floats, other: Floats) -> int:
    """Count rows where one size is smaller than the other by more than rounding."""
    return int((one < other * (1 - ROUNDING) - EPS).sum())


def _copies(
    sizes: Mapping[str, tuple[Attacker, Objective, Floats]], insiders: Mapping[Objective, tuple[str, Floats]]
) -> list[Caveat]:
    """Compare what a copy leads to with attacks that see more of the model: those should find as much.

    Readers of the model should not lose on any row; one who sees scores should not lose on more rows than it wins.
    """
    found = []
    copies = [(name, objective, size) for name, (who, objective, size) in sizes.items() if who is Attacker.HAS_A_COPY]
    for copy, objective, size in copies:
        direct = [
            (name, its, True)
            for name, (who, at, its) in sizes.items()
            if who is Attacker.SEES_SCORES and at == objective
        ]
        if objective in insiders:
            direct.append((*insiders[objective], False))
        for name, its, may_lose in direct:
            lost = _smaller(size, its)
            if lost > (_smaller(its, size) if may_lose else 0):
                text = (
                    f"{copy}, which searches a copy, found a smaller change than {name}, with more of the model in "
                    f"sight, on {lost} of {len(size)} rows; the latter may be misled by the model's scores."
                )
                found.append(Caveat(code="transfer-beats-direct", text=text))
    return found


def _refuted(sizes: Mapping[str, tuple[Attacker, Objective, Floats]], lower: Mapping[str, Floats]) -> list[Caveat]:
    """Compare what was proven with what was found: a bound above a row in hand is an error of the proof."""
    found = []
    for name, bound in lower.items():
        objective = sizes[name][1]
        best = np.min([size for _, its, size in sizes.values() if its == objective], axis=0)
        wrong = _smaller(best, bound)
        if wrong:
            text = (
                f"{name} said of {wrong} of {len(bound)} rows that no change so small exists, and one was found; "
                "none of its bounds should be relied on."
            )
            found.append(Caveat(code="bound-refuted", text=text))
    return found
