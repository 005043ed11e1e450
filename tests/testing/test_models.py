"""The sizes that known models claim are the true ones."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from sparring.core.parameters import LinearModel
from sparring.errors import DataError, NotApplicable
from sparring.testing import models
from sparring.testing.models import AGE, AMOUNT, BONUS, JOB, PURPOSE

KNOWN = [models.threshold_model, models.additive_model, models.stepwise_model]
MOVABLE = (AMOUNT, AGE, BONUS, JOB, PURPOSE)


def entries(space, x, j):
    """Every category, blank and unseen code, or a fine grid of the numbers that may be entered."""
    if space.categorical[j]:
        values = np.arange(space.high[j] + 1)
    else:
        values = np.unique(np.concatenate([np.linspace(space.low[j], space.high[j], 101), [40, 50, 49.999, 39.999]]))
        values = np.append(values, np.nan)
    rows = np.repeat(x[None], len(values), axis=0)
    rows[:, j] = values
    return np.unique(space.project(np.repeat(x[None], len(values), axis=0), rows)[:, j])


@pytest.mark.parametrize("make", KNOWN)
def test_no_fewer_columns_are_enough_and_so_many_are(make):
    known = make(n=12)
    space = known.target.space
    for x, label, claimed in zip(known.rows.x, known.rows.y, known.columns, strict=True):
        for size in range(1, int(claimed) + 1):
            flips = False
            for columns in combinations(MOVABLE, size):
                # ends and cuts are enough here: every part is monotone in a number
                values = [entries(space, x, j) for j in columns]
                values = [v if len(v) < 12 else v[[*range(0, len(v), 12), *range(-4, 0)]] for v in values]
                rows = np.repeat(x[None], len(list(product(*values))), axis=0)
                rows[:, columns] = list(product(*values))
                flips |= bool((known.target.predict(rows) != label).any())
            assert flips == (size == claimed), (x, label, size)


# the additive model's smallest size is met by grid values only, which random draws on either side of it miss
def best_within(space, target, x, label, size):
    """The row within `size` spreads that is the farthest toward the other decision; parts of these models add up."""
    best = x.copy()
    for j in MOVABLE:
        values = entries(space, x, j)
        if not space.categorical[j]:
            ends = x[j] + np.array([-size, size]) * space.spread[j]
            cuts = np.clip([40, 50, np.nextafter(40, 0), np.nextafter(50, 0), 49], *ends)
            values = np.concatenate([values, ends, cuts])
        rows = np.repeat(x[None], len(values) + 1, axis=0)
        rows[1:, j] = values
        rows = space.project(np.repeat(x[None], len(rows), axis=0), rows)
        rows = rows[space.size_in_spreads(x[None], rows) <= size + 1e-9]  # an end may be a rounding error farther
        score = target.raw(rows)[:, 0] * (-1 if label == 1 else 1)
        best[j] = rows[score.argmax(), j]
    return best


@pytest.mark.parametrize("make", KNOWN)
def test_nothing_smaller_in_spreads_and_something_barely_larger(make):
    known = make()
    space, target = known.target.space, known.target
    for x, label, claimed in zip(known.rows.x, known.rows.y, known.spread, strict=True):
        for size, expected in ((claimed * 0.999, False), (claimed * 1.001 + 1e-9, True)):
            best = best_within(space, target, x, label, size)
            assert (target.predict(best[None])[0] != label) == expected, (x, label, size)


def test_a_forest_file_says_what_its_target_says():
    from sparring.kernels.predict import raw_scores

    for known in (models.threshold_model(), models.stepwise_model(), models.constant_tree()):
        contents = known.target.parameters()
        x = models.table(200, seed=9)
        assert np.array_equal(raw_scores(contents, x), known.target.raw(x))


def test_a_linear_file_says_what_its_target_says():
    known = models.additive_model()
    contents = known.target.parameters()
    assert isinstance(contents, LinearModel)
    assert np.array_equal(contents.raw(known.rows.x), known.target.raw(known.rows.x))


def test_rows_are_legal_and_of_both_classes():
    for make in KNOWN:
        known = make()
        assert set(known.rows.y) == {0, 1}
        space = known.target.space
        low, high = (
            np.where(np.isfinite(space.low), space.low, -1e9),
            np.where(np.isfinite(space.high), space.high, 1e9),
        )
        x = np.nan_to_num(known.rows.x, nan=20.0)
        assert ((x >= low) & (x <= high)).all()


def test_frozen_models_leave_nothing_to_find():
    frozen = models.additive_model().frozen()
    assert not frozen.target.space.movable.any()
    assert np.isinf(frozen.columns).all()
    assert np.isinf(frozen.spread).all()


def test_a_moody_model_changes_its_mind_and_has_no_file():
    moody = models.moody_model()
    first, second = (moody.target.predict(np.repeat(moody.rows.x, 20, axis=0)) for _ in range(2))
    assert (first != second).any()
    with pytest.raises(NotApplicable, match="no form"):
        moody.target.parameters()


def test_labels_that_are_no_class_are_refused():
    target = models.constant_model().target
    assert list(target.encode_labels(["yes", "no"])) == [1, 0]
    with pytest.raises(DataError, match="no, yes"):
        target.encode_labels(["perhaps"])
