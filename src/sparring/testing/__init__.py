"""For authors of extensions: checks that an attack keeps its contract, and models whose answers are known."""

from __future__ import annotations

from sparring.testing.checks import Check, check_attack, yield_checks
from sparring.testing.models import KnownModel

__all__ = ["Check", "KnownModel", "check_attack", "yield_checks"]
