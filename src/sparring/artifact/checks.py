"""What arguments and states the names on the list may be given, where the wrong ones could do harm.

A name on the list is harmless when used as real files use it. These checks hold hostile files to that use: no memory
reserved by a number in the file, no class built by another class's rules, no type or tree that makes compiled code read
outside its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sparring.artifact.raw_array import TYPE_CODE
from sparring.artifact.refused import Refused
from sparring.artifact.verdict import Name

_SCALARS = (str, bytes, int, float, complex, bool, type(None))
_MOST_KEY_PARTS = 1000


def check_key(key: Any) -> None:
    """Refuse a key whose hash could take forever: a tuple of tuples of tuples, shared many times over.

    Raises
    ------
    Refused
        If the key is no plain value, nor a small tuple of such.
    """
    parts, todo = 0, [key]
    while todo:
        item = todo.pop()
        parts += 1
        if parts > _MOST_KEY_PARTS:
            raise Refused(f"has a key of more than {_MOST_KEY_PARTS} parts")
        if type(item) in (tuple, frozenset):
            todo.extend(item)
        elif not isinstance(item, _SCALARS) and not _hashes_plainly(item):
            raise Refused(f"has a key of type {type(item).__name__}")


def _hashes_plainly(item: Any) -> bool:
    import numpy as np

    hasher: object = type(item).__hash__
    return isinstance(item, np.generic | type) or hasher is object.__hash__


def check_keys(items: Any) -> None:
    """Check the keys of a dictionary or the members of a set."""
    for item in items:
        check_key(item)


def plain(args: tuple[Any, ...]) -> None:
    """Refuse arguments that are containers of containers, unless the containers are small.

    Raises
    ------
    Refused
        If they hold more than 10,000 values when written out.
    """
    parts, todo = 0, [iter(args)]
    while todo:
        for item in todo[-1]:
            parts += 1
            if parts > 10_000:
                raise Refused("passes arguments of more than 10,000 parts")
            if type(item) in (tuple, list, set, frozenset):
                todo.append(iter(item))
                break
            if isinstance(item, dict):
                todo.append(iter(item.values()))
                break
        else:
            todo.pop()


def _must(holds: Any, what: str) -> None:
    if not holds:
        raise Refused(f"passes unusual arguments to {what}")


def _encode(args: tuple[Any, ...]) -> None:
    _must(len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1"), "_codecs:encode")


def _bytes(args: tuple[Any, ...]) -> None:
    simple = len(args) == 1 and type(args[0]) in (bytes, bytearray)
    encoded = len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1")
    _must(not args or simple or encoded, "bytes")


def _container(args: tuple[Any, ...]) -> None:
    _must(not args or (len(args) == 1 and type(args[0]) in (list, tuple, dict)), "a container")
    check_keys(args[0] if args else ())


def _pairs(args: tuple[Any, ...]) -> None:
    _must(not args or (len(args) == 1 and type(args[0]) in (list, dict)), "a dictionary")
    if args and type(args[0]) is list:
        _must(all(type(pair) in (list, tuple) and len(pair) == 2 for pair in args[0]), "a dictionary")
        check_keys(pair[0] for pair in args[0])


def _default(args: tuple[Any, ...]) -> None:
    from collections import OrderedDict, defaultdict

    factories = (None, list, dict, set, int, float, str, OrderedDict, defaultdict)
    _must(len(args) <= 1 and all(any(item is one for one in factories) for item in args), "defaultdict")


def _reconstructor(args: tuple[Any, ...]) -> None:
    bases = (object, dict, list, set, tuple, int, float, str)
    _must(len(args) == 3 and isinstance(args[0], type) and any(args[1] is base for base in bases), "copyreg")
    if args[2] is not None:
        _must(args[1] is not object and type(args[2]) is args[1], "copyreg")
        if args[1] is set:
            check_keys(args[2])


def _dtype(args: tuple[Any, ...]) -> None:
    known = len(args) == 3 and type(args[0]) is str and TYPE_CODE.fullmatch(args[0]) is not None
    # align False, copy True: without the copy, a later state would change numpy's own type
    _must(known and args[1] in (False, 0) and args[2] in (True, 1), "numpy:dtype")


def _array(args: tuple[Any, ...]) -> None:
    import numpy as np

    kinds = (np.ndarray, np.matrix, np.ma.MaskedArray)
    _must(len(args) == 3 and any(args[0] is kind for kind in kinds), "numpy's _reconstruct")
    _must(args[1] == (0,) and args[2] in (b"b", "b"), "numpy's _reconstruct")


def _masked(args: tuple[Any, ...]) -> None:
    import numpy as np

    _must(len(args) == 4 and args[0] is np.ma.MaskedArray and args[1] is np.ndarray, "numpy's _mareconstruct")
    _must(args[2] == (0,) and args[3] in (b"b", "b"), "numpy's _mareconstruct")


def _scalar(args: tuple[Any, ...]) -> None:
    import numpy as np

    _must(len(args) == 2 and isinstance(args[0], np.dtype) and not args[0].hasobject, "numpy's scalar")
    _must(type(args[1]) in (bytes, str), "numpy's scalar")


def _from_buffer(args: tuple[Any, ...]) -> None:
    import numpy as np

    _must(4 <= len(args) <= 5 and isinstance(args[1], np.dtype) and not args[1].hasobject, "numpy's _frombuffer")
    axes = args[4] if len(args) == 5 else None
    _must(axes is None or (type(axes) is tuple and all(type(axis) is int for axis in axes)), "numpy's _frombuffer")
    _must(type(args[2]) is tuple and len(args[2]) <= 32 and args[3] in ("C", "F", "K"), "numpy's _frombuffer")


def _generator(args: tuple[Any, ...]) -> None:
    from numpy.random import BitGenerator
    from numpy.random._pickle import __bit_generator_ctor as known

    first = not args or type(args[0]) is str or isinstance(args[0], BitGenerator)
    first = first or (isinstance(args[0], type) and issubclass(args[0], BitGenerator))
    _must(first and (len(args) < 2 or args[1] is known) and len(args) <= 2, "a random generator")


def _class_first(args: tuple[Any, ...]) -> None:
    _must(bool(args) and isinstance(args[0], type), "a constructor")
    plain(args[1:])


def _index(args: tuple[Any, ...]) -> None:
    import pandas as pd

    _must(len(args) == 2 and isinstance(args[0], type) and issubclass(args[0], pd.Index), "a pandas index")
    _must(type(args[1]) is dict, "a pandas index")
    plain(tuple(args[1].values()))


def _tree(args: tuple[Any, ...]) -> None:
    import numpy as np

    _must(len(args) == 3 and isinstance(args[1], np.ndarray) and args[1].ndim == 1, "a tree")
    _must(all(isinstance(item, int | np.integer) and 0 < item < 2**31 for item in (args[0], args[2])), "a tree")
    _must(len(args[1]) == args[2] and args[1].dtype == np.intp and bool((args[1] > 0).all()), "a tree")


CALLS: Mapping[Name, Callable[[tuple[Any, ...]], None]] = {
    Name("_codecs", "encode"): _encode,
    Name("builtins", "bytearray"): _bytes,
    Name("builtins", "bytes"): _bytes,
    Name("builtins", "set"): _container,
    Name("builtins", "frozenset"): _container,
    Name("collections", "Counter"): _container,
    Name("collections", "OrderedDict"): _pairs,
    Name("collections", "defaultdict"): _default,
    Name("copyreg", "_reconstructor"): _reconstructor,
    Name("numpy", "dtype"): _dtype,
    Name("numpy._core.multiarray", "_reconstruct"): _array,
    Name("numpy._core.multiarray", "scalar"): _scalar,
    Name("numpy._core.numeric", "_frombuffer"): _from_buffer,
    Name("numpy.ma.core", "_mareconstruct"): _masked,
    Name("numpy.random._pickle", "__bit_generator_ctor"): _generator,
    Name("numpy.random._pickle", "__generator_ctor"): _generator,
    Name("numpy.random._pickle", "__randomstate_ctor"): _generator,
    Name("pandas.core.indexes.base", "_new_Index"): _index,
    Name("sklearn.metrics._dist_metrics", "newObj"): _class_first,
    Name("sklearn.neighbors._ball_tree", "newObj"): _class_first,
    Name("sklearn.neighbors._kd_tree", "newObj"): _class_first,
    Name("sklearn.tree._tree", "Tree"): _tree,
    # the byte buffers of pyarrow are judged once the array is there
    Name("pyarrow.lib", "_restore_array"): lambda _: None,
}


def check_call(name: Name, args: Any) -> None:
    """Refuse a call whose arguments are not those of real files.

    Parameters
    ----------
    name : Name
        What is called.
    args : object
        What the file gives as arguments; must be a tuple.

    Raises
    ------
    Refused
        If the arguments are not what real files pass.
    """
    if type(args) is not tuple:
        raise Refused(f"calls {name} with something that is no tuple of arguments")
    if name.name.startswith("__pyx_unpickle_"):
        _class_first(args)
    else:
        CALLS.get(name, plain)(args)
