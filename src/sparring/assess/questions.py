"""Who can set each column: what is suggested, and what a typed line means. Asking is for a door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from sparring.assess.columns import guess
from sparring.core.column_codes import Change, Checked, Who
from sparring.core.space import Column
from sparring.errors import OptionError

WORDS = {
    "anyone": "the person concerned chooses it freely",
    "effort": "they could set it, with some effort",
    "us": "we look it up, measure it or compute it",
    "nobody": "it cannot be set at all, such as an age",
    "real": "another value is another case, not a false statement",
    "always": "we always check it, so that a false value never passes",
    "unknown": "not known; it counts as changeable",
}


@dataclass(frozen=True)
class Choice:
    """What was said, or is suggested, about one column.

    Parameters
    ----------
    who : str
    change : {'misstated', 'real'}
    checked : {'always', 'sometimes', 'never'}
    guessed : bool
        Whether this is our guess, which nobody has touched.
    """

    who: Who = "unknown"
    change: Change = "misstated"
    checked: Checked = "never"
    guessed: bool = False

    @property
    def entry(self) -> dict[str, str]:
        """The choice as an entry of the columns table."""
        return {"who": self.who, "change": self.change, "checked": self.checked}


Choices = dict[str, Choice]


def prefill(columns: tuple[Column, ...]) -> Choices:
    """Return what the table starts with: what was said before, and guesses; carried columns are left out."""
    return {column.name: _start(column) for column in columns if column.kind != "carried"}


def _start(column: Column) -> Choice:
    if column.who != "unknown":
        return Choice(column.who, column.change, column.checked)
    hint = guess(column)
    return Choice(hint.who, hint.change, column.checked, guessed=hint.who != "unknown")


def unknown(choices: Choices) -> Choices:
    """Return the choices of somebody who does not know: a guess is not taken for an answer."""
    return {name: Choice() if choice.guessed else choice for name, choice in choices.items()}


def edit(choices: Choices, text: str) -> Choices:
    """Apply one line such as ``3 us``, ``5-8,11 nobody``, ``amount real`` or ``all anyone``.

    Parameters
    ----------
    choices : dict of str to Choice
        Columns are numbered from 1, in this order.
    text : str

    Raises
    ------
    OptionError
        The line names no column or no word.

    Examples
    --------
    >>> edit({"age": Choice(), "income": Choice()}, "2 anyone")["income"].who
    'anyone'
    """
    selection, words = _split(text)
    if not words:
        raise OptionError(f"a line ends with one of {', '.join(WORDS)}, such as '3 us', got {text.strip()!r}")
    fields: dict[str, Any] = {"guessed": False, **{_ENTRY_OF[word]: word for word in words}}
    if fields.get("who") in ("us", "nobody", "unknown") and "change" not in fields:
        fields["change"] = "misstated"
    names = _select(selection, list(choices))
    return {name: replace(c, **fields) if name in names else c for name, c in choices.items()}


def _split(text: str) -> tuple[str, list[str]]:
    """Take words off the end; what stands before them says which columns."""
    rest, words = text.strip(), list[str]()
    while match := re.search(r"(?:^|[\s:=,]+)(\w+)$", rest):
        if match[1].lower() not in _ENTRY_OF or not match.start():
            break
        words.insert(0, match[1].lower())
        rest = rest[: match.start()]
    return rest, words


_ENTRY_OF = {
    **dict.fromkeys(get_args(Who), "who"),
    **dict.fromkeys(get_args(Change), "change"),
    **dict.fromkeys(get_args(Checked), "checked"),
}


def _select(selection: str, names: list[str]) -> set[str]:
    if selection.strip() in names:
        return {selection.strip()}
    found: set[str] = set()
    for part in filter(None, re.split(r"[,;]\s*|\s+", selection.strip())):
        span = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if part in names:
            found.add(part)
        elif part in ("all", "*"):
            found.update(names)
        elif span and 1 <= int(span[1]) <= int(span[2] or span[1]) <= len(names):
            found.update(names[int(span[1]) - 1 : int(span[2] or span[1])])
        else:
            raise OptionError(f"columns have the numbers 1 to {len(names)} and the names shown, got {part!r}")
    if not found:
        raise OptionError("a line starts with the number or the name of a column, such as '3 us'")
    return found


def table(choices: Choices) -> Mapping[str, dict[str, str]]:
    """Return the choices as a columns table; columns that nobody knows about are left out."""
    return {name: choice.entry for name, choice in choices.items() if choice.who != "unknown"}
