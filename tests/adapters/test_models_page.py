"""The page that lists what can be read names what the code reads, and nothing else."""

import re

import pytest

from sparring.adapters import convert
from sparring.adapters.columnwise import _RULES


@pytest.fixture(scope="module")
def page(root):
    text = (root / "docs/reference/models.md").read_text(encoding="utf-8")
    return {part.splitlines()[0]: set(re.findall(r"`(\w+)", part)) for part in text.split("\n## ")[1:]}


def test_classes_that_can_be_read(page):
    read, not_read = "\n".join(sorted(page["What can be read"])).split("\n"), set(convert.BLACK_BOXES)
    known = {*convert.FORESTS, *convert.OTHER_TREES, *convert.XGBOOST, *convert.LIGHTGBM, *convert.LINEAR}
    assert known <= set(read)
    assert not_read <= set(read)
    assert {name for name in read if name.endswith(("Classifier", "Regression", "CV"))} <= known | not_read


def test_transformers_that_may_stand_in_front(page):
    assert set(_RULES) <= page["What may stand in front"]
