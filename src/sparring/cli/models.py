"""From the argument MODEL to a model in memory."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparring.cli.console import say

if TYPE_CHECKING:
    from sparring.artifact import LoadedModel

_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def load_model(model: str, *, allow: list[str] | None, authorized_by: str | None = None) -> LoadedModel:
    """Load a model file, import ``package.module:object``, which runs that code and is announced, or read a mapping.

    Raises
    ------
    ArtifactError
        The file cannot be read or will not be loaded, or the object cannot be imported.
    OptionError
        The mapping to a served model does not fit, or there is no served model to which `authorized_by` could belong.
    """
    from sparring import artifact
    from sparring.errors import OptionError

    if re.match(r"https?:", model, re.IGNORECASE):
        raise OptionError(
            "a served model is given by a mapping file, such as endpoint.yaml with the entries url, response and "
            "authorized_by; write one and give it as MODEL in place of the address"
        )
    if Path(model).suffix.lower() in (".yaml", ".yml"):
        return _served(model, authorized_by)
    if authorized_by is not None:
        raise OptionError("--authorized-by belongs to a served model, and MODEL is none; leave it out")
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


def behind(loaded: LoadedModel, features: str) -> LoadedModel:
    """Put the function ``module:function`` in front of a model; importing it runs that code and is announced.

    Raises
    ------
    OptionError
        It is not written so, or no function.
    ArtifactError
        It cannot be imported.
    """
    from sparring import artifact
    from sparring.assess.subject import derived
    from sparring.errors import OptionError

    if not _REFERENCE.fullmatch(features):
        raise OptionError(f"--features must be module:function, got {features!r}")
    say(f"importing {features}: this runs the code of that module")
    return replace(loaded, model=derived(loaded.model, artifact.load_object(features).model))


def _served(model: str, authorized_by: str | None) -> LoadedModel:
    from sparring import artifact
    from sparring.adapters.endpoint_mapping import Endpoint

    endpoint = Endpoint.from_yaml(model, authorized_by=authorized_by)
    return artifact.LoadedModel(model=endpoint, loader="endpoint", source=endpoint.shown)
