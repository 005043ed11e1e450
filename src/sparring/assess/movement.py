"""What a finding says of a regressor besides shares: predictions before and after, in the unit of y."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from sparring.assess import stats
from sparring.assess.figures import UNIT_OF_Y
from sparring.assess.judge import Judged
from sparring.core.document import Finding, Named
from sparring.core.examples import Examples, Floats
from sparring.core.target import Target


@runtime_checkable
class Predicts(Protocol):
    """A target that predicts numbers."""

    def values(self, x: Floats) -> Floats:
        """Return predictions, shape (n,)."""


def in_units_of_y(
    finding: Finding, judged: Judged, rows: Examples, target: Target, *, rng: np.random.Generator
) -> Finding:
    """Tell edits by what was predicted before and after, and add how far predictions moved.

    Parameters
    ----------
    finding : Finding
    judged : Judged
    rows : Examples
        The attacked rows; their last column holds what was predicted for them.
    target : Target
        Where it tells classes apart, the finding stays as it is.
    rng : numpy.random.Generator
        For the bootstrap.
    """
    if not isinstance(target, Predicts) or not judged.broken.any():
        return finding
    before = rows.x[judged.broken, -1]
    after = target.values(judged.x_adv[judged.broken])
    told = dict(zip(rows.ids[judged.broken].tolist(), zip(before, after, strict=True), strict=True))
    edits = tuple(
        edit.model_copy(
            update={"decided_before": f"{told[edit.row][0]:.6g}", "decided_after": f"{told[edit.row][1]:.6g}"}
        )
        for edit in finding.edits
    )
    moved = stats.median(np.abs(after - before), unit=UNIT_OF_Y, rng=rng)
    figure = Named(measure="median movement of the prediction, where a row was found", estimate=moved)
    return finding.model_copy(update={"edits": edits, "also": (*finding.also, figure)})
