"""Proofs on tree ensembles: never above the truth, equal to it where everything can be tried."""

import numpy as np
import pytest

from sparring.attacks.evasion.tree_proof import TreeProof
from sparring.core.space import Column
from sparring.core.target import Decision
from tiny_models import (
    Readable,
    case_of,
    outcome_of,
    random_ensemble,
    random_rows,
    random_table,
    try_everything,
)

TWO = Decision(classes=("no", "yes"))
THREE = Decision(classes=("red", "green", "blue"))
NEAR = 2e-6
"""An entry that float32 holds is preferred where it costs less than a millionth of a spread."""


def number(name="c", **options):
    return Column(name=name, kind="number", **{"low": 0.0, "high": 10.0, "spread": 1.0, **options})


def sizes(target, x, attempt, objective):
    measure = target.space.size_in_columns if objective == "columns" else target.space.size_in_spreads
    return np.where(attempt.found, measure(x, attempt.x_adv), np.inf)


def small_world(seed, *, n_outputs=1, n=4, d=3, n_trees=None):
    """Every kind of column, test, blank and direction; float64 for even seeds."""
    rng = np.random.default_rng(seed)
    space = random_table(rng, d=d)
    n_trees = n_trees or (6 if n_outputs == 1 else 3)
    dtype = "float32" if seed % 2 else "float64"
    trees = random_ensemble(rng, space, n_outputs=n_outputs, dtype=dtype, n_trees=n_trees)
    return Readable(trees, space, TWO if n_outputs == 1 else THREE), random_rows(rng, space, n)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("seed", range(12))
def test_bounds_meet_the_truth_from_below_and_rows_from_above(seed, n_outputs):
    target, x = small_world(seed, n_outputs=n_outputs)
    truth = np.array([try_everything(target, row)[1] for row in x])
    attempt, lower = outcome_of(TreeProof(), case_of(target, x, "spread"))
    assert (lower <= truth).all()
    # with this effort nothing so small stays open
    np.testing.assert_allclose(lower, truth, rtol=0, atol=NEAR)
    np.testing.assert_allclose(sizes(target, x, attempt, "spread"), truth, rtol=1e-9, atol=NEAR)
    assert target.space.violations(x, attempt.x_adv) == [None] * len(x)
