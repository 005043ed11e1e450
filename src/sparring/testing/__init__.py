"""For tests: of a model, that no more rows are broken than are borne; of an attack, that it keeps its contract."""

from __future__ import annotations

from sparring.testing.checks import Check, check_attack, yield_checks
from sparring.testing.expect import Undecided, assert_robust
from sparring.testing.models import KnownModel

__all__ = ["Check", "KnownModel", "Undecided", "assert_robust", "check_attack", "yield_checks"]
