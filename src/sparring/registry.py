"""From a name to a class, through entry points: ours and other people's by the same door."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from sparring.core.plugin import Attack
from sparring.errors import OptionError, PluginError

Group = Literal["sparring.attacks", "sparring.adapters"]


@dataclass(frozen=True)
class Entry:
    """One thing on the shelves.

    Parameters
    ----------
    name : str
    group : str
    package : str
        Distribution that brings it, with its version.
    reason : str or None
        Why it failed to load; None when it loaded.
    """

    name: str
    group: str
    package: str
    reason: str | None = None


@cache
def _points(group: Group) -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.name)}


def names(group: Group = "sparring.attacks") -> tuple[str, ...]:
    """List the names on one shelf, sorted."""
    return tuple(_points(group))


@cache
def load(name: str, group: Group = "sparring.attacks") -> Any:
    """Load one class by its name.

    Raises
    ------
    OptionError
        Nothing has that name; the nearest is suggested.
    PluginError
        It is installed but cannot be imported, or breaks the contract.
    """
    point = _points(group).get(name)
    if point is None:
        raise OptionError(unknown(name, names(group), what="attack" if group == "sparring.attacks" else "adapter"))
    try:
        loaded = point.load()
    except Exception as error:  # an extension may raise anything at import
        raise PluginError(
            f"{name} ({package_of(point)}) cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if group == "sparring.attacks":
        _check_attack(name, loaded)
    return loaded


def unknown(name: str, known: tuple[str, ...], *, what: str) -> str:
    """Say that a name is not known, and which is nearest."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{what} must be one of {', '.join(known)}, got {name!r}{hint}"


def entries(group: Group) -> tuple[Entry, ...]:
    """Try to load everything on one shelf, and say what failed and why."""
    found = []
    for name, point in _points(group).items():
        reason = None
        try:
            load(name, group)
        except PluginError as error:
            reason = str(error)
        found.append(Entry(name, group, package_of(point), reason))
    return tuple(found)


def package_of(point: EntryPoint) -> str:
    """Name and version of the distribution that an entry point comes from."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown package"


def _check_attack(name: str, loaded: object) -> None:
    if not (isinstance(loaded, type) and issubclass(loaded, Attack)):
        raise PluginError(f"{name} must be a subclass of sparring.core.plugin.Attack, got {loaded!r}")
    if getattr(loaded, "id", None) != name:
        raise PluginError(
            f"the id of {name} must equal the name of its entry point, got {getattr(loaded, 'id', None)!r}"
        )
