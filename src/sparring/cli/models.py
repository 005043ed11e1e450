"""From the argument MODEL to a model in memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sparring.cli.console import say

if TYPE_CHECKING:
    from sparring.artifact import LoadedModel

_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def load_model(model: str, *, allow: list[str] | None) -> LoadedModel:
    """Load a model file, or import ``package.module:object``, which runs that code and is announced.

    Raises
    ------
    ArtifactError
        The file cannot be read or will not be loaded, or the object cannot be imported.
    """
    from sparring import artifact

    if _REFERENCE.fullmatch(model) and not Path(model).exists():
        say(f"importing {model}: this runs the code of that module")
        loaded = artifact.load_object(model)
    else:
        loaded = artifact.load(model, allow=tuple(allow or ()))
    for name in loaded.allowed:
        say(f"{model}: {name} was loaded because you allow it")
    for name in loaded.replaced:
        say(f"{model}: {name} is not on the list of names that models load, and predictions do not need it; left out")
    for text in loaded.warnings:
        say(f"warning: {model}: {text}")
    return loaded
