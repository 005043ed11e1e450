"""sparring: a sparring partner for machine-learning models, for the people who build them."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparring.adapters.endpoint_mapping import Endpoint
    from sparring.api import Result, assess, columns, load_assessment
    from sparring.errors import SparringError, UserError

_HOMES = {
    "Endpoint": "sparring.adapters.endpoint_mapping",
    "Result": "sparring.api",
    "SparringError": "sparring.errors",
    "UserError": "sparring.errors",
    "assess": "sparring.api",
    "columns": "sparring.api",
    "load_assessment": "sparring.api",
}

__all__ = ["Endpoint", "Result", "SparringError", "UserError", "assess", "columns", "load_assessment"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("sparring")
    if name not in _HOMES:
        raise AttributeError(f"module 'sparring' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


class _Package(ModuleType):
    """The package, whose room `assess` and function `assess` share a name."""

    def __setattr__(self, name: str, value: object) -> None:
        # importing a room binds it to the package; whoever writes sparring.assess means the function
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
