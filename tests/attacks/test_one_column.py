"""A table of which one column may change: no pair of columns can be tried, and nothing breaks for want of one."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

import sparring
from sparring import registry

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": np.repeat(np.arange(40.0), 5), "b": RNG.normal(size=200)})
Y = np.where(X["b"] > 0, "x", "y")
MODEL = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)


@pytest.mark.parametrize("name", [name for name in registry.names() if name != "evasion/linear-exact"])
def test_every_attack_gets_along_with_one_column(name):
    found = sparring.assess(MODEL, X, Y, rng=0, columns={"a": {"who": "nobody"}}, only=name, budget="20s").assessment
    for finding in found.findings:
        assert finding.outcome != "failed", finding.reason
        assert "broke-off" not in {caveat.code for caveat in finding.caveats}
        if finding.outcome == "measured" and name != "evasion/random-noise" and finding.id.endswith("@columns"):
            assert finding.primary.estimate.value == 1.0
