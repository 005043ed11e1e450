"""The judge measures again. An attack proposes rows; only what the user's own model confirms counts."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparring.core.case import AdversarialExamples
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.metered import Metered
from sparring.core.space import Codec, TableSpace
from sparring.core.target import Target
from sparring.core.threat import Evasion, Objective


@dataclass(frozen=True, eq=False)
class Judged:
    """What is left of an attempt after the user's own model was asked again.

    Parameters
    ----------
    x_adv : ndarray of shape (n, d)
        The rows as they come back from a CSV file; the original where the row did not hold.
    broken : ndarray of shape (n,)
        Legal by the columns table and decided as wanted.
    size : ndarray of shape (n,)
        In the objective's unit; inf where not broken.
    decided : ndarray of shape (n,)
        Class index that the model gives the row now.
    deaths : tuple of str
        For each proposed row that did not hold, why.
    """

    x_adv: Floats
    broken: Bools
    size: Floats
    decided: Ints
    deaths: tuple[str, ...]


def judge(target: Target, codec: Codec, rows: Examples, attempt: AdversarialExamples, *, threat: Evasion) -> Judged:
    """Ask the user's model again about every proposed row.

    Parameters
    ----------
    target : Target
    codec : Codec
        Proposed rows pass through the user's dtypes and a CSV file before they are asked.
    rows : Examples
        The originals; `y` holds what the model decided for them.
    attempt : AdversarialExamples
    threat : Evasion

    Returns
    -------
    Judged
    """
    n = len(rows)
    index = np.flatnonzero(attempt.found)
    x_adv, broken, size = rows.x.copy(), np.zeros(n, dtype=bool), np.full(n, np.inf)
    decided, deaths = rows.y.copy(), []
    if len(index) == 0:
        return Judged(x_adv, broken, size, decided, ())
    asked = codec.encode(through_csv(codec.decode(attempt.x_adv[index])))
    asked = codec.space.keep_rider(rows.x[index], asked)
    answers = target.confirm(asked) if isinstance(target, Metered) else target.predict(asked)
    faults = codec.space.violations(rows.x[index], asked)
    for i, answer, fault, row in zip(index, answers, faults, asked, strict=True):
        if fault is None and int(answer) in threat.wanted(int(rows.y[i])):
            x_adv[i], broken[i], decided[i] = row, True, answer
        else:
            deaths.append(fault or "the model decides otherwise after a CSV round trip")
    size[broken] = measure(codec.space, rows.x[broken], x_adv[broken], threat.objective)
    return Judged(x_adv, broken, size, decided, tuple(deaths))


def measure(space: TableSpace, x: Floats, x_adv: Floats, objective: Objective) -> Floats:
    """Size of each change in the objective's unit, shape (n,)."""
    return space.size(x, x_adv, objective)


def through_csv(frame: Any) -> Any:
    """Write the fractions of a pandas frame as text and read them back, as a form or a file would.

    Other columns are text, codes or whole numbers, which text carries exactly; other containers pass unchanged.
    """
    if type(frame).__module__.partition(".")[0] != "pandas":
        return frame
    import pandas as pd

    # by position: a frame may hold two columns of one name
    floats = [j for j, kind in enumerate(frame.dtypes) if isinstance(kind, np.dtype) and kind.kind == "f"]
    if not floats:
        return frame
    part = frame.iloc[:, floats]
    again = pd.read_csv(io.StringIO(part.to_csv(index=False)), header=0, skip_blank_lines=False)
    out = frame.copy()
    for k, j in enumerate(floats):
        out.isetitem(j, again.iloc[:, k].to_numpy().astype(frame.dtypes.iloc[j]))
    return out
