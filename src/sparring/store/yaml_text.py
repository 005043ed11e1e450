"""Single values as YAML text that people can read and that is read back as it was."""

from __future__ import annotations

from typing import Any

import yaml


def scalar(value: Any) -> str:
    r"""Return a value or a list as YAML in one line; text stays without quotes where that is not mistaken.

    Examples
    --------
    >>> scalar(["good", "no", 1e-05, 300.0, None])
    '[good, "no", 1.0e-05, 300, null]'
    """
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else _decimal(value)
    if isinstance(value, bool | int):
        return str(value).lower()
    if value.isidentifier() and value.isascii() and isinstance(yaml.safe_load(value), str):
        return str(value)
    quoted: str = yaml.dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return quoted.rstrip("\n")


def _decimal(value: float) -> str:
    """YAML reads 1e-05 as text: it wants a point and a sign."""
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"
