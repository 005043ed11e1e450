"""The door for pytest: a fixture that assesses. Imports nothing of ours until a test asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sparring.api import Result


@pytest.fixture(scope="session")
def sparring_assess() -> Callable[..., Result]:
    """Return `sparring.assess` with a seed of its own, so that a test says the same each time."""

    def assess(model: Any, X: Any, y: Any, **options: Any) -> Result:
        import sparring

        return sparring.assess(model, X, y, **{"rng": 0} | options)

    return assess
