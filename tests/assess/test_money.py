"""Money is counted where somebody has said what a misstatement costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import sparring
from sparring.core.answers import Answers
from sparring.core.document import Outcome

ONLY = ["evasion/linear-exact", "evasion/random-noise"]


def rows(n=160):
    rng = np.random.default_rng(2)
    return pd.DataFrame({"income": rng.gamma(4, 500, n).round(), "savings": rng.gamma(2, 300, n).round()})


X = rows()
Y = (X["income"] + 2 * X["savings"] > 3200).map({True: "good", False: "bad"})
MODEL = LogisticRegression(C=1e3, max_iter=2000).fit(X[:100], Y[:100])


def go(income=None, savings=None, *, only=ONLY, **options):
    columns = {"income": {"who": "anyone"}, "savings": {"who": "anyone"}}
    for name, cost in (("income", income), ("savings", savings)):
        if cost is not None:
            columns[name]["cost"] = cost
    given = {"columns": columns, "budget": "20s", "rng": 0, "only": only, "attacker_wants": "good"}
    return sparring.assess(MODEL, X[100:], Y[100:], **given | options)


def test_the_cheaper_column_is_taken():
    result = go(income=40.0, savings=15.0, answers=Answers(unit="EUR", answered=True))
    finding = result["evasion/linear-exact@cost"]
    assert finding.counts.broken > 0
    part = result.examples[result.examples["finding"] == finding.id]
    before, after = part[part["role"] == "original"], part[part["role"] == "adversarial"]
    changed = (before[["income", "savings"]].to_numpy() != after[["income", "savings"]].to_numpy()) @ [40.0, 15.0]
    assert set(changed) <= {15.0, 40.0, 55.0}
    assert (changed == 15.0).any()
    assert [edit.size for edit in finding.edits] == sorted(edit.size for edit in finding.edits)
    sizes = [point.size for point in finding.curve]
    assert sizes == sorted(sizes)
    assert sizes[-1] >= 55.0
    assert "EUR" in finding.primary.measure
    text = repr(result)
    assert "EUR" in text
    worst = {w.objective: w for w in result.assessment.worst_case}
    assert worst["cost"].floor.value is not None


def test_nothing_is_counted_where_nobody_declared_a_cost():
    assert not [f.id for f in go().assessment.findings if f.id.endswith("@cost")]


@pytest.mark.parametrize(
    ("costs", "says"),
    [((40.0, None), "declare a cost for savings"), ((0.0, 0.0), "every declared cost is 0"), ((None, None), "income")],
)
def test_what_is_lacking_is_said(costs, says):
    finding = go(*costs, only=["evasion/linear-exact@cost"])["evasion/linear-exact@cost"]
    assert finding.outcome is Outcome.NOT_APPLICABLE
    assert says in finding.reason


def test_an_interrupted_run_goes_on(tmp_path):
    whole = go(income=40.0, savings=15.0)

    class Stop(Exception):
        pass

    def interrupt(text, done):
        if text == "evasion/linear-exact@cost":
            raise Stop

    with pytest.raises(Stop):
        go(income=40.0, savings=15.0, out=tmp_path / "out", progress=interrupt)
    again = go(income=40.0, savings=15.0, out=tmp_path / "out")
    assert [f.counts for f in again.assessment.findings] == [f.counts for f in whole.assessment.findings]
    assert again.assessment.worst_case == whole.assessment.worst_case
