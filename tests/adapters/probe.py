"""Rows that catch a wrong conversion: on every side of thresholds, blank, unseen, in float32 and float64."""

import numpy as np

from adapters.evaluate import raw
from sparring.adapters.catboost import CatBoostAdapter
from sparring.adapters.frames import FrameCodec
from sparring.adapters.lightgbm import LightGBMAdapter
from sparring.adapters.sklearn import SklearnAdapter
from sparring.adapters.xgboost import XGBoostAdapter
from sparring.assess.columns import infer
from sparring.core.parameters import TreeEnsemble, probabilities
from sparring.core.spec import Access
from sparring.errors import ModelError

ADAPTERS = (XGBoostAdapter(), LightGBMAdapter(), CatBoostAdapter(), SklearnAdapter())


def target_of(model, frame, *, classes=None, decision=None, columns=None):
    adapter = next(adapter for adapter in ADAPTERS if adapter.accepts(model))
    frame = adapter.conform(model, frame)
    codec = FrameCodec(frame, infer(frame) if columns is None else columns(frame))
    return adapter.target(model, codec=codec, classes=classes, decision=decision)


def probing_rows(target, parameters, *, blanks, unseen, n=120):
    """Rows of the table, rows put together from values of several, and one column at a time at a threshold or blank."""
    rng = np.random.default_rng(0)
    x = target.codec.sample.copy()
    mixed = np.column_stack([rng.choice(column[~np.isnan(column)], 300) for column in x.T])
    rows = [x, mixed]
    if isinstance(parameters, TreeEnsemble):
        inner = np.flatnonzero(parameters.column >= 0)
        chosen = rng.choice(inner, min(n, len(inner)), replace=False)
        rows.extend(_around(target, parameters, int(i), x[rng.integers(len(x))], unseen=unseen) for i in chosen)
    if blanks:
        blank = x[: 2 * x.shape[1]].copy()
        blank[np.arange(len(blank)), np.arange(len(blank)) % x.shape[1]] = np.nan
        rows.append(blank)
    return np.concatenate(rows)


def _around(target, ensemble, i, row, *, unseen):
    """The threshold itself and its neighbors in both precisions, in the place of one column."""
    j = int(ensemble.column[i])
    cuts = [ensemble.threshold[i]] if ensemble.table[i] < 0 else ensemble.tables[ensemble.table[i]].breaks[:3]
    values = [value for cut in cuts if np.isfinite(cut) for value in _near(cut)]
    codec = target.codec
    if codec.space.columns[j].kind != "number":
        values = list(range(codec.codes(j) - (not (unseen and codec.holds_unseen[j]))))
    elif codec.storage(j).startswith("int"):
        values = list(np.rint(values))
    out = np.tile(row, (len(values), 1))
    out[:, j] = values
    return out


def _near(cut):
    with np.errstate(over="ignore"):
        narrow = np.float32(cut)
        below, above = np.nextafter(narrow, np.float32(-np.inf)), np.nextafter(narrow, np.float32(np.inf))
    return cut, np.nextafter(cut, -np.inf), np.nextafter(cut, np.inf), float(below), float(above)


def accepted(target, x):
    """Rows that the user's own model takes."""
    try:
        target.predict(x)
    except ModelError:
        if len(x) == 1:
            return x[:0]
        half = len(x) // 2
        return np.concatenate([accepted(target, x[:half]), accepted(target, x[half:])])
    return x


def assert_same(target, *, blanks=True, unseen=True, tolerance=1e-12, at_least=100):
    """The readable form gives the same probabilities and decisions as the user's own model."""
    parameters = target.parameters()
    assert Access.PARAMETERS in target.offers
    x = accepted(target, probing_rows(target, parameters, blanks=blanks, unseen=unseen))
    assert len(x) >= at_least
    ours = raw(parameters, x)
    if target.asked.has_scores and parameters.link != "margin":
        np.testing.assert_allclose(probabilities(ours, parameters.link), target.scores(x), rtol=0, atol=tolerance)
    np.testing.assert_array_equal(target.decision.decide(ours, parameters.link), target.predict(x))
    return x
