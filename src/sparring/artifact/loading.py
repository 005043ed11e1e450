"""Loads a model: from a file that was scanned first, or from the user's own code."""

from __future__ import annotations

import importlib
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sparring.artifact.files import read
from sparring.artifact.formats import BOOSTERS, COMPRESSED, OTHERS, promise_broken
from sparring.artifact.limits import Limits
from sparring.artifact.names import Allowed
from sparring.artifact.rehearse import rehearse
from sparring.artifact.scanning import Opened, open_bytes
from sparring.artifact.unpickle import unpickle
from sparring.artifact.verdict import ScanResult, Verdict
from sparring.errors import ArtifactError, MissingExtra

_LIBRARIES = ("xgboost", "lightgbm", "catboost")


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model and where it comes from.

    Parameters
    ----------
    model : object
        A scikit-learn estimator, an `xgboost.Booster`, a `lightgbm.Booster`, a `catboost.CatBoost`, or whatever the
        user's own code holds.
    loader : str
        `pickle`, `joblib`, `xgboost`, `lightgbm`, `catboost` or `import`.
    source : str
        The file or the `package.module:object`, as given.
    sha256 : str or None
        Hash of the bytes that were scanned and loaded; None for an import.
    allowed : tuple of str
        Names that the user added with `allow` and that were not on the list.
    replaced : tuple of str
        Names of objects that a placeholder stands for, because predictions do not need them.
    warnings : tuple of str
        What loading warned about, one sentence each.
    ran_code : bool
        Whether code was run that is neither ours nor of a listed library.
    """

    model: object
    loader: str
    source: str
    sha256: str | None = None
    allowed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ran_code: bool = False


def load(path: str | os.PathLike[str], *, allow: tuple[str, ...] = (), limits: Limits | None = None) -> LoadedModel:
    """Load exactly the bytes that were scanned, if nothing is known against them.

    Parameters
    ----------
    path : str or path-like
        A pickle or joblib file, or a native file of XGBoost, LightGBM or CatBoost. The content decides which.
    allow : tuple of str
        Names `module:name` that the user answers for; loading runs their code.
    limits : Limits, optional
        Bounds on memory and time; by default those of `Limits`.

    Returns
    -------
    LoadedModel

    Raises
    ------
    ArtifactError
        If the file cannot be read, is no model, or asks for anything that is not on the list.
    OptionError
        If `allow` names something that is never loaded.
    MissingExtra
        If the library that made the model is not installed.
    """
    limits, name = limits or Limits(), os.fspath(path)
    allowed = Allowed.shipped().with_added(tuple(allow))
    opened = open_bytes(read(path, limits), name, allowed=allowed, limits=limits)
    kind = _judge(opened)
    added = tuple(str(pair) for pair in allowed.added)
    used = {pair.module.split(".")[0] for pair in opened.result.names}
    for library in _LIBRARIES:
        if library == kind or library in used:
            _need(library, name)
    main = any(pair.startswith("__main__:") for pair in added)  # only this process has those
    compiled = tuple(library for library in _LIBRARIES if library == kind or library in used)
    if (compiled or added) and not main and sys.executable:
        rehearse(opened.payload, path=name, kind=kind, libraries=compiled, added=added)
    with _gathered(opened.result) as heard:
        model, replaced = _make(opened, kind, allowed)
    taken = tuple(str(pair) for pair in allowed.added if pair in opened.result.names)
    return LoadedModel(
        model=model,
        loader=opened.result.format if kind == "pickle" else kind,
        source=name,
        sha256=opened.result.sha256,
        allowed=taken,
        replaced=replaced,
        warnings=tuple(heard),
        ran_code=bool(taken),
    )


def _judge(opened: Opened) -> str:
    """Return how to load a file, or refuse it in one sentence."""
    result = opened.result
    kind = "pickle" if result.format in ("pickle", "joblib") else BOOSTERS.get(result.format, result.format)
    if result.format in OTHERS:
        other = OTHERS[result.format]
        raise ArtifactError(f"{result.path} is {other.is_a}: {other.cure}")
    if result.verdict == Verdict.DANGEROUS:
        raise ArtifactError(f"{result.path} is refused and nothing in it was run: it {result.reasons[0]}")
    if result.format in COMPRESSED:
        raise ArtifactError(f"{result.path} cannot be read: it {result.reasons[0]}")
    if result.format == "unknown":
        raise ArtifactError(f"{result.path} is no model file that can be read; give a pickle or joblib of a scikit-learn model, or a native file of XGBoost, LightGBM or CatBoost")  # fmt: skip  # noqa: E501
    promise = promise_broken(result.path, kind)
    if promise is not None:
        raise ArtifactError(f"{result.path} is named like a {promise} file but holds a {kind} one; rename it")
    if result.unknown and all(reason.verdict == Verdict.SUSPICIOUS for reason in result.reasons):
        raise ArtifactError(_unknown(result))
    if result.reasons:
        raise ArtifactError(f"{result.path} is refused and nothing in it was run: it {result.reasons[0]}")
    if opened.layers > 1 or kind not in ("pickle", *_LIBRARIES):
        raise ArtifactError(f"{result.path} is packed {opened.layers} times; unpack it first")
    return kind


def _unknown(result: ScanResult) -> str:
    names = ", ".join(str(name) for name in result.unknown[:5])
    more = f" and {len(result.unknown) - 5} more" if len(result.unknown) > 5 else ""
    cure = " ".join(f"--allow {name}" for name in result.unknown[:5])
    home = ""
    if any(name.module == "__main__" for name in result.unknown):
        home = (
            "; what __main__ names was defined in the script that saved the model: move it into a module and save again"
        )
    return f"{result.path} needs {names}{more}, not on the list of names that models load; if you trust the code behind, add {cure}{home}"  # noqa: E501


def _need(library: str, path: str) -> None:
    try:
        importlib.import_module(library)
    except ImportError:
        raise MissingExtra(library, f"{path}") from None


def _make(opened: Opened, kind: str, allowed: Allowed) -> tuple[object, tuple[str, ...]]:
    path, trace = opened.result.path, opened.trace
    try:
        if kind != "pickle":
            return native(opened.payload, kind), ()
        assert trace is not None
        model, replaced = unpickle(opened.payload, trace, allowed)
        return model, tuple(str(name) for name in replaced)
    except MemoryError:
        raise ArtifactError(f"{path} cannot be loaded: it needs more memory than there is") from None
    except ArtifactError as fault:
        raise ArtifactError(f"{path} is refused: it {fault}") from fault
    except Exception as fault:
        raise ArtifactError(f"{path} cannot be loaded: {in_one_line(fault)}{_versions(opened.result)}") from fault


def _versions(result: ScanResult) -> str:
    """Say which version saved a model, where it is not the installed one."""
    from importlib.metadata import version

    saved, here = result.versions.get("scikit-learn"), version("scikit-learn")
    if saved is None or saved == here:
        return ""
    return f"; it was saved with scikit-learn {saved} and {here} is installed: install {saved}, or save it again"


@contextmanager
def _gathered(result: ScanResult) -> Iterator[list[str]]:
    """Turn warnings into sentences, those about versions into one."""
    heard: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield heard
    for warning in caught:
        text = " ".join(str(warning.message).split())
        if warning.category.__name__ == "InconsistentVersionWarning":
            text = f"predictions may differ from those it was trained for{_versions(result)}"
        elif issubclass(warning.category, DeprecationWarning | PendingDeprecationWarning):
            continue  # for the authors of libraries, not for whoever loads a model
        if text not in heard:
            heard.append(text)


def native(data: bytes, library: str) -> object:
    """Parse a native file.

    Parameters
    ----------
    data : bytes
        Its content.
    library : {'xgboost', 'lightgbm', 'catboost'}
        Whose it is.

    Returns
    -------
    object
        The library's booster.
    """
    if library == "xgboost":
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(bytearray(data))
        return booster
    if library == "lightgbm":
        import lightgbm

        # LightGBM would load what is there without a word: fewer trees, or no table of categories
        recent = re.match(rb"tree\r?\nversion=v[3-9]\b", data) is not None  # ends with its parameters
        if b"\nend of trees" not in data or (recent and b"\nend of parameters" not in data):
            raise ArtifactError("the file ends early")
        return lightgbm.Booster(model_str=data.decode("utf-8"), params={"verbosity": -1})
    import catboost

    return catboost.CatBoost().load_model(blob=data)


def make(data: bytes, kind: str, added: tuple[str, ...]) -> object:
    """Parse bytes that were scanned, in the child process of `rehearse`.

    Parameters
    ----------
    data : bytes
        The content.
    kind : str
        `pickle`, or the library that reads it.
    added : tuple of str
        Names that the user allowed.

    Returns
    -------
    object
    """
    warnings.simplefilter("ignore")
    if kind != "pickle":
        return native(data, kind)
    allowed = Allowed.shipped().with_added(added)
    opened = open_bytes(data, "model", allowed=allowed, limits=Limits())
    assert opened.trace is not None
    return unpickle(opened.payload, opened.trace, allowed)[0]


def in_one_line(fault: BaseException) -> str:
    """Say what went wrong in one line.

    Parameters
    ----------
    fault : BaseException
        Whatever was raised.

    Returns
    -------
    str
        Its class, and the first line of its message, shortened.
    """
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    # XGBoost puts the time and the place in its own source first
    first = re.sub(r"^\[[\d:]+\] \S+: ", "", lines[0]) if lines else ""
    text = f"{type(fault).__name__}: {first}" if first else type(fault).__name__
    return text if len(text) <= 300 else text[:297] + "..."


def load_object(spec: str) -> LoadedModel:
    """Import a model from the user's own code, which runs that code.

    Parameters
    ----------
    spec : str
        `package.module:object`; the folder of the command counts as a place for packages.

    Returns
    -------
    LoadedModel
        With `ran_code` set.

    Raises
    ------
    ArtifactError
        If there is no such module or object, or importing it fails.
    """
    module, colon, name = spec.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise ArtifactError(f"a model in code must be package.module:object, got {spec!r}")
    found: Any
    try:
        with _here_first():
            found = importlib.import_module(module)
    except ModuleNotFoundError as fault:
        raise ArtifactError(f"{spec} cannot be imported: there is no module {fault.name}") from None
    except Exception as fault:
        raise ArtifactError(f"{spec} cannot be imported: {module} fails with {in_one_line(fault)}") from fault
    for part in name.split("."):
        if not hasattr(found, part):
            raise ArtifactError(f"{spec} cannot be imported: {module} has no {name}")
        found = getattr(found, part)
    return LoadedModel(model=found, loader="import", source=spec, ran_code=True)


@contextmanager
def _here_first() -> Iterator[None]:
    """Find modules of the current folder, as `python -m` does."""
    before = list(sys.path)
    sys.path.insert(0, str(os.getcwd()))  # noqa: PTH109  a string is what sys.path holds
    try:
        yield
    finally:
        sys.path[:] = before
