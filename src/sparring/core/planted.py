"""A cut-off of its own for each row, so that a known edit of the row is decided otherwise.

After Zimmermann et al. (2022), *Increasing confidence in adversarial robustness evaluations*, who test attacks on
inputs for which an adversarial example is known to exist.
"""

from __future__ import annotations

import numpy as np

from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Link, Margin, probabilities
from sparring.core.target import Decision
from sparring.errors import NotApplicable


class PlantedCut(Decision):
    """Decide the second of two classes where its probability reaches the cut-off that rides along with the row."""

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"{self.classes[1]} >= a cut-off for each row"

    @property
    def relative(self) -> bool:
        """Yes: the cut-off is the row's own."""
        return True

    def decided(self, cut: Floats, p: Floats) -> Ints:
        """Decide rows from the probability of the second class, shape (n,)."""
        return (p >= cut).astype(np.int64)

    def moved(self, cut: Floats, p: Floats) -> Floats:
        """Return probabilities that are equal where the decision turns, shape (n, 2)."""
        with np.errstate(divide="ignore"):
            lead = np.clip(_log_odds(p) - _log_odds(cut), -700.0, 700.0)
        # where both classes are level argmax takes the first, and the rule the second
        second = np.where(lead == 0.0, 0.5 + 1e-12, 1.0 / (1.0 + np.exp(-lead)))
        return np.column_stack([1.0 - second, second])

    def of_raw(self, x: Floats, raw: Floats, link: Link) -> Ints:
        """Decide rows by the cut-offs that ride along, shape (n,)."""
        return self.decided(x[:, -1], probabilities(raw, link)[:, 1])

    def scores_of_raw(self, x: Floats, raw: Floats, link: Link) -> Floats:
        """Return probabilities that are level at each row's cut-off, shape (n, 2)."""
        return self.moved(x[:, -1], probabilities(raw, link)[:, 1])

    def margins(self, *, label: int, wanted: tuple[int, ...], link: Link, n_outputs: int) -> list[Margin]:
        """List the one way to turn; where it begins is row by row in `offsets`.

        Raises
        ------
        NotApplicable
            There is more than one raw score, or none that has to do with probabilities.
        """
        if n_outputs != 1 or link not in ("identity", "logistic", "sigmoids"):
            raise NotApplicable("its raw scores stand for no probability that a cut-off could be set on")
        return [Margin(np.array([1.0 if label == 1 else -1.0]), 0.0, ties=label == 0)]

    def offsets(self, x: Floats, margins: list[Margin], link: Link) -> Floats | None:
        """Return what is to be added to each margin for each row, shape (n, n_margins)."""
        raw = x[:, -1] if link == "identity" else _log_odds(x[:, -1])
        return np.column_stack([-margin.weights[0] * raw for margin in margins])

    def seen_from(self, row: Floats, others: Floats, labels: Ints) -> Ints:
        """Decide other rows by the cut-off of one, shape (n,); with them rides their own probability."""
        return self.decided(np.full(len(others), row[-1]), others[:, -1])


def _log_odds(p: Floats) -> Floats:
    return np.asarray(np.log(np.clip(p, 1e-300, None)) - np.log(np.clip(1.0 - p, 1e-300, None)))
