"""Words that entries of the columns table can have. Apart from `Column`, so that they can be known without numpy."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["number", "category", "carried"]
Who = Literal["anyone", "effort", "us", "nobody", "unknown"]
Change = Literal["misstated", "real"]
Checked = Literal["always", "sometimes", "never"]
Direction = Literal["up", "down", "both"]
Admitted = Literal["allow", "never"]

CODES: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "who": get_args(Who),
    "change": get_args(Change),
    "checked": get_args(Checked),
    "direction": get_args(Direction),
    "missing": get_args(Admitted),
    "unseen": get_args(Admitted),
}
"""By entry of the table."""
