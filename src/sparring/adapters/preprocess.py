"""Per-column preprocessing pulled back into the user's raw columns."""

from __future__ import annotations

from typing import Any

from sparring.adapters.unwrap import Parts


def check_types(parts: Parts, frame: Any) -> Any:
    return frame
