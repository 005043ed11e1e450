"""How our loops are compiled, and where the machine code is kept."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import numba.core.caching
import platformdirs

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@cache
def cache_folder() -> str | None:
    """Return the folder for machine code, or None where none can be written.

    Its name holds a hash of the sources of all kernels: numba looks only at the file of the function it
    compiles, and would keep using a caller whose callee in another file has changed.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    folder = platformdirs.user_cache_path("sparring", appauthor=False) / "kernels" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return None


def compiled(function: FunctionT) -> FunctionT:
    """Compile `function` to machine code at its first call, and keep that for the next process.

    Where the user has set ``NUMBA_CACHE_DIR``, that folder is used; where nothing can be written, nothing is kept.
    The global setting is restored at once: other people's functions are none of our business.
    """
    config: Any = numba.config  # it fills itself at import; stubs know none of its names
    theirs = config.CACHE_DIR
    folder = theirs or cache_folder()
    if not folder:
        return _quick(function, keep=False)
    config.CACHE_DIR = folder
    try:
        return _quick(function, keep=True)
    except (OSError, RuntimeError):
        # the user's own folder may be unwritable; slow starts are better than none
        return _quick(function, keep=False)
    finally:
        config.CACHE_DIR = theirs


def _quick(function: FunctionT, *, keep: bool) -> FunctionT:
    result: FunctionT = numba.njit(cache=keep, nogil=True, error_model="numpy")(function)
    return result


def inner(function: FunctionT) -> FunctionT:
    """Compile `function` as a part of those that call it; it cannot be called from Python.

    Without a door to Python and a place in the cache of its own it compiles much faster.
    """
    # numba's stubs leave these two options out
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    result: FunctionT = numba.njit(nogil=True, error_model="numpy", **options)(function)
    return result
