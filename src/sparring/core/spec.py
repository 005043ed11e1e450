"""Spec, the frozen and closed record that every option and document is made of, and Access."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A frozen record with no unknown fields, which can be JSON."""

    # built when first used: whoever starts a command waits for the few classes that it needs, not for all
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Access(StrEnum):
    """What a target offers, a threat model grants, or an attack needs."""

    LABELS = "labels"
    SCORES = "scores"
    GRADIENTS = "gradients"
    PARAMETERS = "parameters"
    BACKGROUND = "background"
