"""Objects that a model file gets instead of those it asks for."""

from __future__ import annotations

import functools
from typing import Any

from sparring.artifact.machine import ARRAY_WRAPPER, GETATTR, PARTIAL
from sparring.artifact.refused import Refused
from sparring.artifact.verdict import Name

RESTORE_ARRAY = Name("pyarrow.lib", "_restore_array")


class Inert:
    """Keeps the state of an object that predictions do not need, and does nothing."""

    def __setstate__(self, state: Any) -> None:
        """Keep the state without acting on it."""
        self.__dict__["kept"] = state


class RawArray:
    """Describes an array whose bytes follow in the stream; the unpickler puts the array in its place."""


def inert_attribute(owner: Any, name: str) -> Inert:
    """Stand in for `getattr`, which distributions of scipy use for their own methods: of an inert object, nothing."""
    if type(owner) is not Inert or type(name) is not str:
        raise Refused("reads an attribute by name while loading (builtins:getattr)")
    return Inert()


def checked_partial(function: Any) -> functools.partial[Any]:
    """Stand in for `functools.partial` around `check_array`, which gradient boosting with categories keeps."""
    from sklearn.utils.validation import check_array

    if function is not check_array:
        raise Refused("binds arguments to a function while loading (functools:partial)")
    return functools.partial(check_array)


def restored_array(data: Any) -> Any:
    """Stand in for pyarrow's restoring, which trusts lengths and offsets; here they are checked."""
    import pyarrow as pa

    array = pa.lib._restore_array(data)  # noqa: SLF001  the function that pyarrow's own pickles name
    array.validate(full=True)
    return array


def table() -> dict[Name, Any]:
    """Return what each replaced name stands for."""
    import numpy as np

    return {
        ARRAY_WRAPPER: RawArray,
        GETATTR: inert_attribute,
        PARTIAL: checked_partial,
        RESTORE_ARRAY: restored_array,
        Name("numpy", "memmap"): np.ndarray,  # joblib names the class of arrays that were mapped when they were saved
    }
