"""A surrogate: a model of the attacker's own, trained on what the attacked model decided, and read as trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sparring.core.case import Effort, EvasionCase
from sparring.core.examples import Bools, Examples, Floats, Ints
from sparring.core.parameters import LEAF, MembershipTable, TreeEnsemble, probabilities
from sparring.core.space import TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision, Oracle

CLASSES = ("other", "wanted")
SEARCHED = frozenset({Access.LABELS, Access.PARAMETERS})
CONFIRMATIONS = 5
"""Questions to the surrogate for each row and search; they cost the attacker nothing."""


def train(x: Floats, wanted: Bools, *, seed: int, trees: int) -> TreeEnsemble:
    """Fit boosted trees that tell wanted decisions from others.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        Rows of the encoded table; categories count as ordinal numbers, a blank is a blank.
    wanted : ndarray of shape (n,)
        Both values must occur.
    seed : int
    trees : int

    Returns
    -------
    TreeEnsemble
        Its one output is the log-odds that a row is decided as wanted.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    leaf = int(np.clip(len(x) // 40, 1, 20))
    model = HistGradientBoostingClassifier(
        max_iter=trees, min_samples_leaf=leaf, early_stopping=False, random_state=seed, categorical_features=None
    )
    # one thread: sums in one order, and no waiting for processors that others use
    with threadpool_limits(limits=1):
        return read(model.fit(x, wanted.astype(np.int64)))


def read(model: Any) -> TreeEnsemble:
    """Read a fitted HistGradientBoostingClassifier of two classes without categorical splits."""
    nodes = [stage[0].nodes for stage in model._predictors]  # noqa: SLF001  # the only place that holds them
    starts = np.concatenate([[0], np.cumsum([len(n) for n in nodes])[:-1]]).astype(np.int64)
    every = np.concatenate(nodes)
    first = np.repeat(starts, [len(n) for n in nodes])
    leaf = every["is_leaf"].astype(bool)
    # a split on blanks alone sends every number left
    blanks = np.isposinf(every["num_threshold"]) & ~leaf
    return TreeEnsemble(
        column=np.where(leaf, LEAF, every["feature_idx"]).astype(np.int32),
        # the library tests <=, a TreeEnsemble tests <
        threshold=np.where(leaf | blanks, 0.0, np.nextafter(every["num_threshold"], np.inf)),
        missing_left=every["missing_go_to_left"].astype(bool),
        left=np.where(leaf, LEAF, every["left"] + first).astype(np.int32),
        right=np.where(leaf, LEAF, every["right"] + first).astype(np.int32),
        value=np.where(leaf, every["value"], 0.0)[:, None].astype(float),
        roots=starts.astype(np.int32),
        output=np.zeros(len(nodes), dtype=np.int32),
        intercept=np.asarray(model._baseline_prediction, dtype=float).reshape(-1),  # noqa: SLF001  # the same
        link="logistic",
        n_columns=int(model.n_features_in_),
        dtype="float64",
        table=np.where(blanks, 0, -1).astype(np.int32),
        tables=(MembershipTable(np.empty(0), np.array([True])),) if blanks.any() else (),
        source="surrogate",
    )


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A surrogate in the place of a target.

    Parameters
    ----------
    space : TableSpace
        Of the attacked model.
    ensemble : TreeEnsemble
    """

    space: TableSpace
    ensemble: TreeEnsemble

    decision = Decision(classes=CLASSES)
    offers = frozenset({Access.LABELS, Access.SCORES, Access.PARAMETERS})
    family = "trees"

    def encode_labels(self, y: Any) -> Ints:
        """Return class indices as they are."""
        return np.asarray(y, dtype=np.int64)

    def predict(self, x: Floats) -> Ints:
        """Decide rows, shape (n,)."""
        return self.decision.decide(self._raw(x), self.ensemble.link)

    def scores(self, x: Floats) -> Floats:
        """Return probabilities, shape (n, 2)."""
        return probabilities(self._raw(x), self.ensemble.link)

    def parameters(self) -> TreeEnsemble:
        """Return the trees."""
        return self.ensemble

    def _raw(self, x: Floats) -> Floats:
        from sparring.kernels.predict import raw_scores

        return raw_scores(self.ensemble, np.ascontiguousarray(x, dtype=np.float64))


Searched = tuple[EvasionCase, TreeEnsemble]


def case_of(case: EvasionCase, ensemble: TreeEnsemble, rows: Ints, *, depth: float, sweeps: int) -> Searched:
    """Return the case of some rows against a surrogate that calls wanted what it is sure of, and its trees.

    Parameters
    ----------
    case : Case
    ensemble : TreeEnsemble
    rows : ndarray of shape (m,)
        Places in the case.
    depth : float
        Probability of being decided as wanted that the surrogate has to give.
    sweeps : int
    """
    sure = replace(ensemble, intercept=ensemble.intercept - np.log(depth / (1 - depth)))
    some = case.rows.take(rows)
    refused = Examples(x=some.x, y=np.zeros(len(rows), dtype=np.int64), ids=some.ids)
    against = replace(
        case,
        oracle=Oracle(Surrogate(case.space, sure), SEARCHED),
        rows=refused,
        threat=case.threat.model_copy(update={"wants": 1, "n_classes": 2}),
        effort=Effort(queries=CONFIRMATIONS, sweeps=sweeps),
    )
    return against, sure
