"""`security/threats.lock.json`: written by a machine, read back with care."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from sparring.core.threat_model import THREATS_VERSION, ThreatModel
from sparring.errors import DecisionError
from sparring.store.whole import write_whole

CURE = "sparring threats writes it anew"


def text(model: ThreatModel) -> str:
    """Return a threat model as its file holds it; equal answers give equal bytes."""
    return model.model_dump_json(indent=1) + "\n"


def write(path: str | Path, model: ThreatModel) -> None:
    """Write a threat model; the file is the old one or the new one, never a part.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    write_whole(path, text(model))


def read(path: str | Path) -> ThreatModel:
    """Read a threat model.

    Raises
    ------
    DecisionError
        It cannot be read, is of another version, or was edited.
    """
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DecisionError(f"{path} cannot be read: {error.strerror}; {CURE}") from None
    except ValueError as error:
        raise DecisionError(f"{path} must be JSON as sparring threats writes it: {error}; {CURE}") from None
    version = held.get("schema_version") if isinstance(held, dict) else None
    if version != THREATS_VERSION:
        raise DecisionError(f"{path}: schema_version must be {THREATS_VERSION}, got {version!r}; {CURE}")
    try:
        return ThreatModel.model_validate(held)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise DecisionError(f"{path}: {where} is not as sparring threats writes it: {fault['msg']}; {CURE}") from None
