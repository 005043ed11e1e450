"""The attacker with a copy: the copy is read as it predicts."""

from __future__ import annotations

import numpy as np

from sparring.attacks.evasion._surrogate import read, train
from sparring.kernels.predict import raw_scores


def table(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = np.round(rng.normal(size=(n, 4)), 1)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 3] = rng.integers(0, 3, n)
    return x, (np.nan_to_num(x[:, 0], nan=2.0) + (x[:, 3] == 1) > 0.5) ^ np.isnan(x[:, 1])


def test_a_copy_is_read_as_it_predicts_on_its_thresholds_too():
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = table()
    model = HistGradientBoostingClassifier(max_iter=20, early_stopping=False, categorical_features=None).fit(x, y)
    ensemble = read(model)
    cuts = ensemble.threshold[(ensemble.column >= 0) & (ensemble.table < 0)]
    # the last number that goes left, and the first that goes right
    rows = np.concatenate([x, *(np.repeat(c[:, None], 4, axis=1) for c in (cuts, np.nextafter(cuts, -np.inf)))])
    np.testing.assert_allclose(raw_scores(ensemble, rows)[:, 0], model.decision_function(rows), rtol=1e-9, atol=1e-12)
    assert (ensemble.table >= 0).any()


def test_a_copy_learns_what_was_decided_and_is_the_same_each_time():
    x, y = table()
    first, second = (train(x, y, seed=5, trees=40) for _ in range(2))
    assert ((raw_scores(first, x)[:, 0] > 0) == y).mean() > 0.95
    assert (raw_scores(first, x) == raw_scores(second, x)).all()
