"""Which names a model file may ask for: an exact list, what may be added to it, and what never can.

`allowed.txt` holds one line per name: how it may be used, then `module:name`. `never.txt` holds what a user cannot add.

- `name`: may be pointed at, as an option that holds a function does; it is not called while loading.
- `new`: an empty instance may be made, which then gets its state.
- `call`: may be called with arguments; `checks.py` looks at the arguments where the wrong ones could do harm.
- `inert`: is replaced by a placeholder that keeps its state and does nothing, because the real object runs code that
  is part of its state (the distributions of `scipy.stats` do), and predictions do not need it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sparring.artifact.machine import Use
from sparring.artifact.verdict import Name
from sparring.errors import OptionError

VERSION = 1  # of allowed.txt: raised whenever a line changes
_HOW = {"name": Use.NAME, "new": Use.NEW, "call": Use.CALL, "inert": Use.NEW}

# modules whose objects moved: where a file of an older version finds them today
_MOVED = {
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
    "numpy.core._multiarray_umath": "numpy._core._multiarray_umath",
    "_loss": "sklearn._loss._loss",  # how scikit-learn 1.5 and older wrote it
}


def today(name: Name) -> Name:
    """Return where a name of an older library version is found now."""
    return Name(_MOVED.get(name.module, name.module), name.name)


@dataclass(frozen=True)
class Allowed:
    """The names that may be loaded, and how each may be used.

    Parameters
    ----------
    version : int
        Of the list.
    uses : dict of Name to Use
        The list together with the names that the user added.
    inert : frozenset of Name
        Those that are replaced by a placeholder.
    added : tuple of Name
        Those that the user added.
    """

    version: int
    uses: dict[Name, Use]
    inert: frozenset[Name] = frozenset()
    added: tuple[Name, ...] = ()

    @classmethod
    def shipped(cls) -> Allowed:
        """Return the list that is part of this package."""
        return _shipped()

    def with_added(self, pairs: tuple[str, ...]) -> Allowed:
        """Add names that the user answers for.

        Parameters
        ----------
        pairs : tuple of str
            Each `module:name`.

        Returns
        -------
        Allowed
            A list that also has them; `added` says which were not on it.

        Raises
        ------
        OptionError
            If one is no such pair, or can run anything and is therefore never loaded.
        """
        names = tuple(dict.fromkeys(_parse(pair) for pair in pairs))
        for name in names:
            if self.level(name) <= Use.NAME and never(name):
                raise OptionError(
                    f"--allow cannot add {name}, because it can run code that a file chooses or reach outside it; give "
                    "the model as package.module:object instead, which imports your own code"
                )
        new = tuple(name for name in names if self.level(name) == 0)
        return Allowed(self.version, {**self.uses, **dict.fromkeys(new, Use.CALL)}, self.inert, new)

    def level(self, name: Name) -> int:
        """How far a name may be used, as in `Use`; 0 is not at all."""
        return self.uses.get(today(name), 0)


def never(name: Name) -> bool:
    """Say whether a name that is not on the list can run code of a file's choosing or reach outside it."""
    denied = _denied()
    package = name.module.split(".")[0]
    if package in denied["package"] or (package in sys.stdlib_module_names and name.module != "__main__"):
        return True
    if any(name.module == module or name.module.startswith(f"{module}.") for module in denied["module"]):
        return True
    parts = name.name.split(".")
    dunder = any(part.startswith("__") and part.endswith("__") for part in parts)
    return dunder or parts[-1] in denied["name"] or (len(parts) > 1 and parts[0] in sys.stdlib_module_names)


def _parse(pair: str) -> Name:
    module, colon, name = pair.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise OptionError(f"--allow must be module:name, such as mypackage.features:log_income, got {pair!r}")
    return Name(module, name)


def _lines(file: str) -> Iterator[tuple[str, str]]:
    for line in files("sparring.artifact").joinpath(file).read_text("utf-8").splitlines():
        entry = line.partition("#")[0].split()
        if entry:
            yield entry[0], entry[1]


@cache
def _denied() -> dict[str, frozenset[str]]:
    lines = list(_lines("never.txt"))
    return {kind: frozenset(what for how, what in lines if how == kind) for kind in ("package", "module", "name")}


@cache
def _shipped() -> Allowed:
    uses, inert = {}, set()
    for how, pair in _lines("allowed.txt"):
        module, _, name = pair.partition(":")
        uses[Name(module, name)] = _HOW[how]
        if how == "inert":
            inert.add(Name(module, name))
    return Allowed(VERSION, uses, frozenset(inert))
