"""What a typed answer means, and how an answer reads."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from sparring.core.answers import Answers
from sparring.errors import OptionError
from sparring.knowledge.entries import Fact

_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?")
_PERCENT = re.compile(r"\d+(?:\.\d+)?")


def parse(fact: Fact, text: str, *, classes: tuple[str, ...] = ()) -> Any:
    """Return what a typed answer means, as a value of the answers.

    Parameters
    ----------
    fact : Fact
    text : str
        Not empty.
    classes : tuple of str
        Names of the answers of the model, where they are what can be said.

    Raises
    ------
    OptionError
        It means nothing; the message says what would.

    Examples
    --------
    >>> parse(Fact(name="caught", ask="How many?", kind="interval", unit="%"), "40 85")
    (0.4, 0.85)
    >>> parse(Fact(name="decisions", ask="How many?", kind="number"), "1,000")
    1000
    """
    value = _value(fact, text.strip(), classes)
    try:
        # a name of somebody is one of several values, and any text will do for it
        return value if fact.kind == "names" else getattr(Answers.model_validate({fact.name: value}), fact.name)
    except ValidationError as error:
        raise OptionError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


def _value(fact: Fact, text: str, classes: tuple[str, ...]) -> Any:
    if fact.kind == "one" and not fact.options:
        return pick(text, classes)
    if fact.kind == "one":
        code = _code(fact, text)
        return code == "yes" if fact.yes_or_no else code
    if fact.kind == "several":
        return _several(fact, text)
    if fact.kind == "number":
        return count(text)
    if fact.kind in ("share", "interval", "money"):
        return _measured(fact, text)
    return " ".join(text.split())


def _measured(fact: Fact, text: str) -> Any:
    if fact.kind == "share":
        return _fractions(text, 1, "a percentage from 0 to 100, such as 2")[0]
    if fact.kind == "money":
        return _amounts(text, 3, "three amounts from low to high with spaces between, such as 300 1000 3000")
    if fact.unit == "%":
        return _fractions(text, 2, "two percentages from low to high with a space between, such as 40 85")
    return _amounts(text, 2, "two numbers from low to high with a space between, such as 20 400")


def _code(fact: Fact, text: str) -> str:
    codes = list(fact.options)
    if text.lower() in codes:
        return text.lower()
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= len(codes):
        return codes[int(text) - 1]
    raise OptionError(f"type a number from 1 to {len(codes)}, or ? where you do not know; got {text!r}")


def _several(fact: Fact, text: str) -> tuple[str, ...]:
    codes, found = list(fact.options), set[str]()
    for part in re.split(r"[\s,;]+", text.strip(" ,;")):
        if part.lower() in codes:
            found.add(part.lower())
            continue
        try:
            found |= {codes[number - 1] for number in numbers(part, len(codes))}
        except OptionError:
            raise OptionError(
                f"type numbers from 1 to {len(codes)}, such as 1,3, or ? where you do not know; got {part!r}"
            ) from None
    return tuple(code for code in codes if code in found)


def numbers(text: str, n: int) -> set[int]:
    """Read which of `n` things are meant: ``1,3``, ``2-4``, ``all`` or ``none``.

    Raises
    ------
    OptionError
        It names others.
    """
    if text in ("all", "none"):
        return set(range(1, n + 1)) if text == "all" else set()
    chosen: set[int] = set()
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        whole = all(end.isdecimal() and end.isascii() and len(end) < 9 for end in (first, last or first))
        if not (whole and 1 <= int(first) <= int(last or first) <= n):
            raise OptionError(f"numbers from 1 to {n}, all or none are understood here, got {part!r}")
        chosen |= set(range(int(first), int(last or first) + 1))
    return chosen


def _amounts(text: str, n: int, form: str) -> tuple[float, ...]:
    """Read amounts; 1.000 is refused, because it is a thousand to some and one to others."""
    parts = _parts(text)
    values = [float(part.replace(",", "")) for part in parts if _AMOUNT.fullmatch(part)]
    if len(values) != n or len(parts) != n or values != sorted(values) or values[-1] > 1e15:
        raise OptionError(f"type {form}, or ? where you do not know; got {text!r}")
    return tuple(values)


def _fractions(text: str, n: int, form: str) -> tuple[float, ...]:
    parts = _parts(text.replace("%", " "))
    values = [float(part) for part in parts if _PERCENT.fullmatch(part)]
    if len(values) != n or len(parts) != n or values != sorted(values) or values[-1] > 100:
        raise OptionError(f"type {form}, or ? where you do not know; got {text!r}")
    return tuple(round(value / 100, 12) for value in values)


def _parts(text: str) -> list[str]:
    """Split at spaces, dashes and the word between two ends of a range."""
    return [part for part in re.split(r"(?<=\d)(?:[-;]|\s+[-;]\s+)(?=\d)|\s+to\s+|,?\s+", text.strip()) if part]


def shown(fact: Fact, value: Any, *, unit: str | None = None) -> str:
    """Return an answer in words.

    Examples
    --------
    >>> shown(Fact(name="loss_accepted", ask="How much?", kind="money"), (300.0, 1000.0, 3000.0), unit="EUR")
    '300, 1,000 and 3,000 EUR'
    """
    if isinstance(value, bool):
        return fact.options["yes" if value else "no"]
    if fact.kind == "several":
        return "; ".join(fact.options[code] for code in value)
    if fact.kind == "share":
        return f"{value * 100:g} %"
    if fact.kind == "interval":
        low, high = (f"{end * 100:g}" if fact.unit == "%" else f"{end:,.12g}" for end in value)
        return f"{low} to {high}{' %' if fact.unit == '%' else ''}"
    if fact.kind == "money":
        low, likely, high = (f"{amount:,.12g}" for amount in value)
        return f"{low}, {likely} and {high}{f' {unit}' if unit else ''}"
    return f"{value:,}" if isinstance(value, int) else fact.options.get(value, value)


def pick(text: str, classes: tuple[str, ...]) -> str | None:
    """Return the class that an answer means, by its name or its number from 1; None for an empty one.

    Raises
    ------
    OptionError
        It is none of the classes.
    """
    text = text.strip()
    if not text:
        return None
    if text in classes:
        return text
    if text.isdecimal() and 1 <= int(text) <= len(classes):
        return classes[int(text) - 1]
    told = f"a number from 1 to {len(classes)} or " if classes else ""
    known = f"one of {', '.join(classes)}, or nothing" if classes else "nothing, since the classes are not known"
    raise OptionError(f"type {told}{known}; got {text!r}")


def count(text: str) -> int | None:
    """Return the number of tries that an answer means; None for an empty one.

    Raises
    ------
    OptionError
        It is no whole number from 1.

    Examples
    --------
    >>> count("1,000")
    1000
    """
    said = text.strip()
    # 1.000 and 1,000 are a thousand, 2.5 is not 25
    grouped = re.fullmatch(r"\d{1,3}(?:([\s,._'])\d{3}(?:\1\d{3})*)?", said)
    plain = re.sub(r"\D", "", said) if grouped else said
    if not plain:
        return None
    if not (plain.isascii() and plain.isdecimal() and 1 <= int(plain) <= 10**9):
        raise OptionError(f"type a whole number from 1, such as 10, or nothing; got {text.strip()!r}")
    return int(plain)
