"""The page that lists what can be read names what the code reads, and nothing else."""

import re

import pytest

from sparring.adapters import convert, regressors
from sparring.adapters.columnwise import _RULES


@pytest.fixture(scope="module")
def page(root):
    text = (root / "docs/reference/models.md").read_text(encoding="utf-8")
    return {part.splitlines()[0]: set(re.findall(r"`(\w+)", part)) for part in text.split("\n## ")[1:]}


def test_classes_that_can_be_read(page):
    named, not_read = page["What can be read"], set(convert.BLACK_BOXES)
    plain = {*convert.FORESTS, *convert.OTHER_TREES, *convert.XGBOOST, *convert.LIGHTGBM, *convert.CATBOOST}
    numbers = {*regressors.FORESTS, *regressors.LINEAR, *regressors.COUNTS}
    known = {*plain, *convert.LINEAR, *convert.COMPOSITES, *numbers}
    wrappers = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}
    assert known | wrappers | not_read <= named
    assert {name for name in named if name.endswith(("Classifier", "Regression", "CV"))} <= known | wrappers | not_read


def test_transformers_that_may_stand_in_front(page):
    assert set(_RULES) <= page["What may stand in front"]
