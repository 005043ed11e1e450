"""Makes objects of a pickle that was scanned, and of nothing else.

This is Python's own pickle machine with every instruction that imports, calls or changes something replaced by one
that first asks whether real model files do that. The bytes, the imports and their order, and the places of raw arrays
must be exactly those of the scan.
"""

from __future__ import annotations

import _compat_pickle
import collections
import io
import math
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any, ClassVar, cast

from sparring.artifact import stand_ins
from sparring.artifact.checks import check_call, check_key, check_keys
from sparring.artifact.machine import GETATTR, PARTIAL, Span, Trace, Use
from sparring.artifact.names import Allowed, never, today
from sparring.artifact.refused import Refused
from sparring.artifact.states import check_state
from sparring.artifact.verdict import Name

# the machine in Python, because the instructions of the one in C cannot be replaced
_Machine: Any = pickle._Unpickler  # noqa: SLF001


class Context:
    """What all pickles of one stream share.

    Parameters
    ----------
    data : bytes
        The stream.
    trace : Trace
        Its scan.
    allowed : Allowed
        The list that the scan was judged by.
    """

    def __init__(self, data: bytes, trace: Trace, allowed: Allowed) -> None:
        self.data = data
        self.stream = io.BytesIO(data)
        self.allowed = allowed
        self.calls = iter(trace.calls)
        self.spans = iter(trace.spans)
        self.given: dict[int, tuple[Any, Name, int]] = {}  # by identity: what was imported, and how far it may be used
        self.replaced: set[Name] = set()
        self.stand_ins = stand_ins.table()

    def find(self, asked: Name) -> Any:
        """Return the object of a name, if it may be loaded and the scan saw it asked for here."""
        name = today(asked)
        level = self.allowed.level(name)
        if next(self.calls, None) != asked or level == 0:
            raise Refused(f"asks for {asked}")
        if name in self.allowed.inert:
            self.replaced.add(name)
            found: Any = stand_ins.Inert
        else:
            found = self.stand_ins.get(name) or resolve(name, added=name in self.allowed.added)
        if name in (GETATTR, PARTIAL):
            level = Use.CALL  # of the stand-in, which looks at what it gets
        known = self.given.get(id(found))
        if known is None or known[2] < level:
            self.given[id(found)] = (found, name, level)
        return found

    def use(self, target: Any, use: Use) -> Name:
        """Return the name of an imported object, if it may be used so."""
        _, name, level = self.given.get(id(target), (None, None, 0))
        if name is None:
            raise Refused("calls something that was not imported by name")
        if level < use:
            raise Refused(f"calls {name}, which may only be {'made empty' if level == Use.NEW else 'pointed at'}")
        return name

    def span(self, size: int, *, nested: bool = False) -> int:
        """Return where a raw array starts, if the scan saw it there."""
        span = Span(self.stream.tell(), size, nested=nested)
        if next(self.spans, None) != span:
            raise Refused(f"reads a raw array at byte {span.start} that the scan did not see")
        return span.start


def resolve(name: Name, *, added: bool) -> Any:
    """Import an object.

    Parameters
    ----------
    name : Name
        One that may be loaded.
    added : bool
        Whether it is the user's own addition, which must also not be another module's object under a new name.

    Returns
    -------
    object

    Raises
    ------
    Refused
        If it is reached through another module, or is at home where nothing may be loaded from.
    ImportError, AttributeError
        If there is no such module or object.
    """
    __import__(name.module, level=0)
    found: Any = sys.modules[name.module]
    for part in name.name.split("."):
        found = getattr(found, part)
        if isinstance(found, types.ModuleType):
            raise Refused(f"reaches {name} through another module")
    home = Name(str(getattr(found, "__module__", name.module)), str(getattr(found, "__qualname__", name.name)))
    if added and home != name and never(home):
        raise Refused(f"asks for {name}, which is {home} under another name")
    return found


class RestrictedUnpickler(_Machine):  # type: ignore[misc]  # the class above has no types
    """Python's pickle machine, held to what real model files do.

    Parameters
    ----------
    context : Context
        The stream and its scan.
    """

    dispatch: ClassVar[dict[int, Callable[[RestrictedUnpickler], None]]] = dict(_Machine.dispatch)

    stack: list[Any]
    proto: int

    def __init__(self, context: Context) -> None:
        super().__init__(context.stream)
        self.context = context

    def find_class(self, module: str, name: str) -> Any:
        """Return the object of a name that is on the list."""
        asked = Name(module, name)
        if self.proto < 3:
            if (module, name) in _compat_pickle.NAME_MAPPING:
                asked = Name(*_compat_pickle.NAME_MAPPING[module, name])
            elif module in _compat_pickle.IMPORT_MAPPING:
                asked = Name(_compat_pickle.IMPORT_MAPPING[module], name)
        return self.context.find(asked)

    def persistent_load(self, pid: Any) -> Any:
        """Refuse objects from outside the file."""
        raise Refused("refers to an object outside the file (a persistent id)")

    def get_extension(self, code: int) -> Any:
        """Refuse names given by number."""
        raise Refused(f"names what it imports by the number {code}")

    # -- calls

    def call(self, target: Any, args: Any) -> Any:
        """Call an imported object, if that is what real files do with it."""
        check_call(self.context.use(target, Use.CALL), args)
        return target(*args)

    def empty(self, target: Any) -> Any:
        """Make an instance without arguments."""
        self.context.use(target, Use.NEW)
        if not isinstance(target, type):
            raise Refused("makes an instance of something that is no class")
        made: Any = target
        return made.__new__(made)

    def _instantiate(self, target: Any, args: list[Any]) -> None:
        self.stack.append(self.call(target, tuple(args)) if args else self.empty(target))

    def load_reduce(self) -> None:
        """Call a function, as objects say that are made by one."""
        args = self.stack.pop()
        self.stack[-1] = self.call(self.stack[-1], args)

    def load_newobj(self) -> None:
        """Make an instance of a class."""
        args, target = self.stack.pop(), self.stack.pop()
        self._new(target, args, {})

    def load_newobj_ex(self) -> None:
        """Make an instance of a class, with named arguments."""
        options, args, target = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self._new(target, args, options)

    def _new(self, target: Any, args: Any, options: Any) -> None:
        if args == () and options == {}:
            self.stack.append(self.empty(target))
            return
        check_call(self.context.use(target, Use.CALL), args)
        if options != {} or not isinstance(target, type):
            raise Refused("makes an instance with named arguments")
        self.stack.append(target.__new__(target, *args))

    # -- states

    def load_build(self) -> None:
        """Give an object its state."""
        state = self.stack.pop()
        target = self.stack[-1]
        if id(target) in self.context.given or isinstance(target, type | types.ModuleType) or _is_function(target):
            raise Refused("changes a class or function instead of an object")
        if isinstance(target, stand_ins.RawArray):
            if type(state) is not dict:
                raise Refused("describes an array without attributes")
            self.stack[-1] = self.read_array(state)
            return
        if not isinstance(target, stand_ins.Inert):
            check_state(target, state)
        setter = getattr(type(target), "__setstate__", None)
        if setter is not None:
            setter(target, state)
            return
        attributes, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
        for part in (attributes, slots):
            if part is not None and type(part) is not dict:
                raise Refused("gives an object a state that is no dictionary")
        if attributes:
            target.__dict__.update(attributes)
        for key, value in (slots or {}).items():
            setattr(target, key, value)

    def read_array(self, state: dict[str, Any]) -> Any:
        """Read the array whose description joblib wrote, from the bytes behind it."""
        import numpy as np

        context, shape, dtype = self.context, state.get("shape"), state.get("dtype")
        if not isinstance(dtype, np.dtype) or type(shape) is not tuple:
            raise Refused("describes an array without a type or shape")
        if dtype.hasobject:
            context.span(0, nested=True)
            array = RestrictedUnpickler(context).load()
            if not isinstance(array, np.ndarray):
                raise Refused("puts something else in the place of an array")
            return array
        if state.get("numpy_array_alignment_bytes") is not None:
            context.stream.seek(context.stream.read(1)[0], io.SEEK_CUR)
        count = math.prod(shape)
        start = context.span(count * dtype.itemsize)
        array = (
            np.frombuffer(context.data, dtype=dtype, count=count, offset=start).copy() if count else np.empty(0, dtype)
        )
        context.stream.seek(count * dtype.itemsize, io.SEEK_CUR)
        if state.get("order") == "F":
            return array.reshape(shape[::-1]).T
        return array.reshape(shape)

    # -- containers

    def load_append(self) -> None:
        """Add one value to a list."""
        value = self.stack.pop()
        _list(self.stack[-1]).append(value)

    def load_appends(self) -> None:
        """Add values to a list."""
        items = self.pop_mark()
        _list(self.stack[-1]).extend(items)

    def load_setitem(self) -> None:
        """Set one item of a dictionary."""
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    def load_setitems(self) -> None:
        """Set items of a dictionary."""
        items = self.pop_mark()
        self._set(items)

    def _set(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise Refused("sets items of something that is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            check_key(key)
            target[key] = value

    def load_dict(self) -> None:
        """Make a dictionary of keys and values."""
        items = self.pop_mark()
        self.stack.append({})
        self._set(items)

    def load_additems(self) -> None:
        """Add members to a set."""
        items = self.pop_mark()
        target = self.stack[-1]
        if not isinstance(target, set):
            raise Refused("adds to something that is no set")
        check_keys(items)
        target.update(items)

    def load_frozenset(self) -> None:
        """Make a set that does not change."""
        items = self.pop_mark()
        check_keys(items)
        self.stack.append(frozenset(items))


def _list(target: Any) -> Any:
    if not isinstance(target, list | collections.deque):
        raise Refused("appends to something that is no list")
    return target


def _is_function(target: Any) -> bool:
    kinds = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
    return isinstance(target, kinds)


for _code, _method in {
    pickle.REDUCE: RestrictedUnpickler.load_reduce,
    pickle.NEWOBJ: RestrictedUnpickler.load_newobj,
    pickle.NEWOBJ_EX: RestrictedUnpickler.load_newobj_ex,
    pickle.BUILD: RestrictedUnpickler.load_build,
    pickle.APPEND: RestrictedUnpickler.load_append,
    pickle.APPENDS: RestrictedUnpickler.load_appends,
    pickle.SETITEM: RestrictedUnpickler.load_setitem,
    pickle.SETITEMS: RestrictedUnpickler.load_setitems,
    pickle.DICT: RestrictedUnpickler.load_dict,
    pickle.ADDITEMS: RestrictedUnpickler.load_additems,
    pickle.FROZENSET: RestrictedUnpickler.load_frozenset,
}.items():
    RestrictedUnpickler.dispatch[_code[0]] = _method


def unpickle(data: bytes, trace: Trace, allowed: Allowed) -> tuple[object, tuple[Name, ...]]:
    """Make the object of a scanned stream.

    Parameters
    ----------
    data : bytes
        The very bytes that were scanned.
    trace : Trace
        The scan.
    allowed : Allowed
        The list that it was judged by.

    Returns
    -------
    object
        The model.
    tuple of Name
        What was replaced by a placeholder.

    Raises
    ------
    Refused
        If the stream asks for anything that the scan did not see, or that no model needs.
    """
    context = Context(data, trace, allowed)
    loaded = cast("object", RestrictedUnpickler(context).load())
    return loaded, tuple(sorted(context.replaced))
