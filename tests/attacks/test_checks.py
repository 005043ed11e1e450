"""Every attack on the shelves keeps its contract."""

from __future__ import annotations

import pytest

from sparring import registry
from sparring.testing import yield_checks

CHECKS = [
    pytest.param(check, id=f"{name}: {check}")
    for name in registry.names("sparring.attacks")
    if name.startswith("evasion/")
    for check in yield_checks(registry.load(name))
]


@pytest.mark.parametrize("check", CHECKS)
def test_attack_keeps_its_contract(check):
    check()
