"""A conversion that is wrong on one row of a thousand is found, said, and not searched."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sparring
from adapters.evaluate import raw
from adapters.probe import target_of
from sparring.adapters import convert
from sparring.adapters.lightgbm_trees import read_lightgbm
from sparring.assess.conversion import compare

lightgbm = pytest.importorskip("lightgbm")


def blanks_the_wrong_way(model):
    """A converter with a mistake: blanks go where they do not."""
    ensemble = read_lightgbm(model)
    return replace(ensemble, missing_left=~ensemble.missing_left)


@pytest.fixture(scope="module")
def subject():
    """A model that has seen blanks, and a thousand rows of which one has a blank that decides it."""
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(3000, 2)), columns=["a", "b"])
    blank = rng.random(len(x)) < 0.3
    y = np.where(blank, 1, x["a"] > 0.5).astype(int)
    x.loc[blank, "a"] = np.nan
    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(x, y)
    whole = x[~blank][:1000].reset_index(drop=True)
    labels = y[~blank][:1000].copy()
    whole.loc[777, "a"], labels[777] = np.nan, 1
    return model, whole, labels


def test_one_row_of_a_thousand(subject, monkeypatch):
    model, frame, _ = subject
    target = target_of(model, frame)
    x = target.codec.encode(frame)
    assert compare(target, x).holds
    monkeypatch.setattr(convert, "read_lightgbm", blanks_the_wrong_way)
    wrong = target_of(model, frame)
    decided = wrong.decision.decide(raw(wrong.parameters(), x), wrong.parameters().link)
    assert np.flatnonzero(decided != model.predict(frame)).tolist() == [777]
    found = compare(wrong, x)
    assert not found.holds
    assert [caveat.code for caveat in found.caveats] == ["conversion-mismatch"]
    assert "on 1 of 1000 rows" in found.caveats[0].text


def test_what_reads_the_model_is_left_out_of_the_assessment(subject, monkeypatch):
    model, frame, labels = subject
    monkeypatch.setattr(convert, "read_lightgbm", blanks_the_wrong_way)
    result = sparring.assess(model, frame, labels, rng=0, budget="20s", only=["evasion/tree-search"])
    assert "conversion-mismatch" in [caveat.code for caveat in result.assessment.caveats]
    assert {finding.outcome for finding in result.assessment.findings if "tree-search" in finding.id} == {
        "not-applicable"
    }
