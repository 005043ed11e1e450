"""From a model to what a holder of its file can read, in the user's raw columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sparring.adapters.base import class_name
from sparring.adapters.unwrap import Parts
from sparring.core.parameters import Parameters
from sparring.core.space import Codec
from sparring.core.target import Decision
from sparring.errors import NotApplicable


def family_of(final: Any) -> str:
    return "other"


def read_model(
    parts: Parts, codec: Codec, prepare: Callable[[Any], Any], decision: Decision, *, user_cut: bool
) -> Parameters:
    raise NotApplicable(f"{class_name(parts.final)} is not read yet")
