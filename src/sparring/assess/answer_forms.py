"""What an answer looks like in the file, told from the type of its field; reading needs no knowledge base."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from sparring.core.answers import Answers

Kind = Literal["one", "several", "yes-or-no", "number", "share", "text", "interval", "money", "names"]
PLAIN: dict[type, Kind] = {bool: "yes-or-no", int: "number", float: "share", str: "text"}


@dataclass(frozen=True)
class Form:
    """How one answer is written.

    Parameters
    ----------
    name : str
        Field of `Answers`.
    kind : str
    codes : tuple of str
        That it can be; empty where it is no code.
    """

    name: str
    kind: Kind
    codes: tuple[str, ...] = ()


@cache
def forms() -> dict[str, Form]:
    """Return the form of every answer that people give."""
    fields = Answers.model_fields.items()
    return {name: _form(name, field.annotation) for name, field in fields if name != "answered"}


def _form(name: str, annotation: Any) -> Form:
    if get_origin(annotation) is dict:
        return Form(name, "names", get_args(get_args(annotation)[0]))
    told = next((part for part in get_args(annotation) if part is not type(None)), annotation)
    if get_origin(annotation) is Literal:
        told = annotation
    if get_origin(told) is Literal:
        return Form(name, "one", get_args(told))
    if get_origin(told) is tuple:
        first, *others = get_args(told)
        if get_origin(first) is Literal:
            return Form(name, "several", get_args(first))
        return Form(name, "interval" if len(others) == 1 else "money")
    kind = PLAIN[told]
    return Form(name, kind, ("yes", "no") if kind == "yes-or-no" else ())
