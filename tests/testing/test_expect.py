"""`assert_robust` and the fixture, in tests of their own process, as a user's are."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from sparring.testing import Undecided, assert_robust

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")
MODEL = LogisticRegression().fit(X[:100], Y[:100])
QUICK = {"only": "evasion/linear-exact", "budget": "60s"}


def test_what_is_borne_passes_and_the_result_comes_back():
    result = assert_robust(MODEL, X[100:], Y[100:], max_success=1.0, **QUICK)
    assert result["evasion/linear-exact@columns"].counts.broken > 100


def test_what_is_not_borne_fails_with_the_report():
    with pytest.raises(AssertionError) as caught:
        assert_robust(MODEL, X[100:], Y[100:], max_success=0.5, **QUICK)
    text = str(caught.value)
    assert "and at most 50% are borne" in text
    assert "what misstated columns could do" in text.lower()


def test_too_few_rows_warn():
    success = assert_robust(MODEL, X[100:], Y[100:], max_success=1.0, objective="spread", **QUICK)
    value = success.assessment.worst_case[1].union[3].success.value
    with pytest.warns(Undecided, match="cannot tell"):
        assert_robust(MODEL, X[100:], Y[100:], max_success=value, objective="spread", **QUICK)


def test_nothing_measured_is_no_pass():
    blank = DummyClassifier(strategy="constant", constant="no").fit(X, Y)
    with pytest.raises(AssertionError, match="nothing was measured"):
        assert_robust(blank, X, Y, max_success=1.0, only="evasion/linear-exact", budget="5s")


FILE = """
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

X = np.random.default_rng(0).normal(size=(200, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")
MODEL = LogisticRegression().fit(X[:100], Y[:100])


@pytest.mark.parametrize("k", range(4))
def test_with_the_fixture(sparring_assess, k):
    result = sparring_assess(MODEL, X[100:], Y[100:], only="evasion/linear-exact", budget="30s")
    assert result.assessment.entropy == 0


def test_that_fails():
    from sparring.testing import assert_robust

    assert_robust(MODEL, X[100:], Y[100:], max_success=0.1, only="evasion/linear-exact", budget="30s")
"""


def test_a_user_s_tests_find_the_fixture_also_with_workers(tmp_path):
    (tmp_path / "test_mine.py").write_text(FILE)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert "4 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "what misstated columns could do" in done.stdout.lower()


def test_the_plugin_imports_nothing_of_ours_by_itself(tmp_path):
    (tmp_path / "test_plain.py").write_text(
        "import sys\n\n\ndef test_it():\n    assert not [m for m in sys.modules if m.split('.')[0] == 'sparring']\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plain.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
