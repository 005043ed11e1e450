"""A pickle machine that computes nothing: it follows stack and memo, and notes what would be imported and called.

It makes no object of the file's choosing. Values that names can be made of (text, numbers, tuples) are followed;
everything else is a placeholder. Its rules are those of `pickle._Unpickler`, the machine that `unpickle.py` restricts.
"""

from __future__ import annotations

import _compat_pickle
import codecs
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sparring.artifact.cursor import Cursor, Unreadable
from sparring.artifact.limits import Limits
from sparring.artifact.verdict import Name, Reason, Verdict

ARRAY_WRAPPER = Name("joblib.numpy_pickle", "NumpyArrayWrapper")
DTYPE = Name("numpy", "dtype")
CHECK_ARRAY = Name("sklearn.utils.validation", "check_array")
GETATTR = Name("builtins", "getattr")
PARTIAL = Name("functools", "partial")
_RECONSTRUCTOR = Name("copyreg", "_reconstructor")
_LONGEST_TEXT = 4096  # longer text names nothing, so that it is not kept
_WRAPPER_FIELDS = frozenset({"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"})


class Use(IntEnum):
    """What a pickle does with a name, each including those before it."""

    NAME = 1  # points at it
    NEW = 2  # makes an empty instance of it, to be filled with a state
    CALL = 3  # calls it with arguments


@dataclass(slots=True, eq=False)
class Made:
    """An object that the pickle would have made."""

    name: Name
    code: str | None = None  # of a numpy type
    width: int | None = None  # bytes, where the type's state tells it


@dataclass(slots=True, eq=False)
class Keys:
    """A dictionary, of which only what matters is kept, so that a chain of them takes no memory."""

    fields: dict[str, Any] | None = None
    special: str | None = None  # a key such as __setstate__


class _Placeholder:
    """Stands for every value whose content does not matter."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind


OPAQUE = _Placeholder("value")
LIST = _Placeholder("list")
SET = _Placeholder("set")


@dataclass(frozen=True)
class Span:
    """Raw bytes of an array between the instructions of a joblib file.

    Parameters
    ----------
    start, size : int
        In bytes.
    nested : bool
        The bytes are a pickle of their own, because the array holds Python objects; `size` is then 0.
    """

    start: int
    size: int
    nested: bool = False


@dataclass
class Trace:
    """What running the pickles of one part would do, in order.

    Parameters
    ----------
    calls : list of Name
        Every import, in order, as the machine would ask for it.
    uses : dict of Name to Use
        The strongest use made of each name.
    spans : list of Span
        Raw arrays in the stream.
    reasons : list of Reason
        What was found besides names.
    versions : dict of str to str
        Library versions that objects state.
    opcodes : int
        Instructions read.
    """

    where: str
    calls: list[Name] = field(default_factory=list)
    uses: dict[Name, Use] = field(default_factory=dict)
    places: dict[Name, int] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    opcodes: int = 0

    def note(self, verdict: Verdict, text: str, position: int) -> None:
        """Hold something against the file."""
        if len(self.reasons) < 100:  # the first hundred say it
            self.reasons.append(Reason(verdict, text, f"{self.where}, byte {position}"))


class Machine:
    """Follows one pickle to its end.

    Parameters
    ----------
    cursor : Cursor
        Where to read; afterwards it stands behind the pickle.
    trace : Trace
        Receives what was found.
    limits : Limits
        Bounds on instructions, memo and stack.
    handlers : dict of int to callable
        What each instruction does; `opcodes.HANDLERS`.
    inert : frozenset of Name
        Names that are replaced by placeholders.
    depth : int
        How many pickles are wrapped around this one.
    """

    def __init__(
        self,
        cursor: Cursor,
        trace: Trace,
        limits: Limits,
        *,
        handlers: dict[int, Callable[[Machine], None]],
        inert: frozenset[Name],
        depth: int = 0,
    ) -> None:
        self.cursor = cursor
        self.trace = trace
        self.limits = limits
        self.handlers = handlers
        self.inert = inert
        self.depth = depth
        self.protocol = 0
        self.memo: dict[int, Any] = {}
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.below = 0  # values and marks below the last mark

    def run(self) -> None:
        """Follow the instructions up to STOP.

        Raises
        ------
        Unreadable
            If they break a rule or a limit.
        """
        cursor, trace, handlers, stop = self.cursor, self.trace, self.handlers, pickle.STOP[0]
        limit, deepest = self.limits.opcodes, self.limits.memo
        while True:
            at = cursor.position
            code = cursor.byte()
            trace.opcodes += 1
            if trace.opcodes > limit:
                raise Unreadable(f"has more than {limit} instructions")
            if code == stop:
                self.pop()
                return
            handler = handlers.get(code)
            if handler is None:
                raise Unreadable(f"has no instruction {code:#04x} at byte {at}")
            try:
                handler(self)
            except (ValueError, IndexError, KeyError, TypeError, OverflowError, AttributeError) as fault:
                if isinstance(fault, Unreadable):
                    raise
                raise Unreadable(f"breaks the rules of pickle at byte {at}") from fault
            if len(self.stack) + self.below > deepest:
                raise Unreadable(f"stacks more than {deepest} values")

    # -- the stack and the memo

    def pop(self) -> Any:
        """Take the topmost value."""
        if not self.stack:
            raise Unreadable(f"takes a value from an empty stack at byte {self.cursor.position}")
        return self.stack.pop()

    def pop_mark(self) -> list[Any]:
        """Take all values above the last mark."""
        if not self.marks:
            raise Unreadable(f"takes values from above a mark that is not there at byte {self.cursor.position}")
        items, self.stack = self.stack, self.marks.pop()
        self.below -= len(self.stack) + 1
        return items

    def mark(self) -> None:
        """Start a new level of values."""
        self.marks.append(self.stack)
        self.below += len(self.stack) + 1
        self.stack = []

    def top(self) -> Any:
        """Look at the topmost value."""
        if not self.stack:
            raise Unreadable(f"looks at an empty stack at byte {self.cursor.position}")
        return self.stack[-1]

    def remember(self, index: int) -> None:
        """Put the topmost value into the memo."""
        if not 0 <= index <= self.limits.memo:
            raise Unreadable(f"asks for a memo of {index} places, at most {self.limits.memo} are given")
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        """Push a value of the memo."""
        if index not in self.memo:
            raise Unreadable(f"recalls what it never remembered (place {index})")
        self.stack.append(self.memo[index])

    # -- names

    def ask(self, module: str, name: str) -> None:
        """Push what `find_class` would return."""
        asked = Name(module, name)
        if self.protocol < 3:  # Python 2 names are translated, exactly as the real machine does
            if (module, name) in _compat_pickle.NAME_MAPPING:
                asked = Name(*_compat_pickle.NAME_MAPPING[module, name])
            elif module in _compat_pickle.IMPORT_MAPPING:
                asked = Name(_compat_pickle.IMPORT_MAPPING[module], name)
        if len(self.trace.calls) >= self.limits.names:
            raise Unreadable(f"imports more than {self.limits.names} names")
        self.trace.calls.append(asked)
        self.use(asked, Use.NAME)
        self.stack.append(asked)

    def use(self, name: Name, use: Use) -> None:
        """Note what is done with a name."""
        self.trace.places.setdefault(name, self.cursor.position)
        if use > self.trace.uses.get(name, 0):
            self.trace.uses[name] = use

    def note(self, verdict: Verdict, text: str) -> None:
        """Hold something against the file, here."""
        self.trace.note(verdict, text, self.cursor.position)

    # -- making objects

    def make(self, target: Any, args: Any, use: Use) -> None:
        """Push the result of calling or instantiating `target`."""
        if not isinstance(target, Name):
            if target is not OPAQUE_REFERENCE:
                self.note(Verdict.DANGEROUS, "calls something that it makes while loading")
            self.stack.append(OPAQUE)
            return
        if not self.harmless(target, args):
            self.use(target, use)
        if target == _RECONSTRUCTOR and type(args) is tuple and args and isinstance(args[0], Name):
            plain = len(args) == 3 and args[1] == Name("builtins", "object") and args[2] is None
            self.use(args[0], Use.NEW if plain else Use.CALL)
            self.stack.append(Made(args[0]))
            return
        made = Made(target)
        if target == DTYPE and type(args) is tuple and args and isinstance(args[0], str):
            made.code = args[0]
        self.stack.append(made)

    def harmless(self, target: Name, args: Any) -> bool:
        """Say whether a call is one of the two that `stand_ins.py` answers in place of what must never be called."""
        if type(args) is not tuple:
            return False
        if target == GETATTR:  # scipy's distributions read their own methods; they are placeholders here
            return len(args) == 2 and isinstance(args[0], Made) and args[0].name in self.inert and type(args[1]) is str
        return target == PARTIAL and args == (CHECK_ARRAY,)

    def build(self) -> None:
        """Give the topmost object its state."""
        state = self.pop()
        target = self.top()
        if isinstance(target, Name):
            self.note(Verdict.DANGEROUS, f"changes {target} itself instead of an object made of it")
        for part in state if type(state) is tuple and len(state) == 2 else (state,):
            inert = isinstance(target, Made) and target.name in self.inert
            if isinstance(part, Keys) and part.special and not inert:
                self.note(Verdict.SUSPICIOUS, f"sets the special attribute {part.special}")
        if not isinstance(target, Made):
            return
        if target.name == PARTIAL and not (type(state) is tuple and state and state[0] == CHECK_ARRAY):
            self.use(PARTIAL, Use.CALL)
        if target.name == DTYPE and type(state) is tuple and len(state) > 5 and type(state[5]) is int:
            target.width = state[5] if state[5] >= 0 else None
        if target.name == ARRAY_WRAPPER:
            self.stack[-1] = OPAQUE
            self.raw_array(state.fields if isinstance(state, Keys) else None)

    def raw_array(self, fields: dict[str, Any] | None) -> None:
        """Step over the bytes of an array that follow its description in a joblib file."""
        from sparring.artifact.raw_array import describe  # it needs the classes above

        shape = describe(fields or {}, self.cursor)
        self.cursor.leave_frame()
        if shape.nested:
            self.trace.spans.append(Span(self.cursor.position, 0, nested=True))
            if self.depth >= self.limits.depth:
                raise Unreadable(f"nests pickles more than {self.limits.depth} deep")
            Machine(
                self.cursor, self.trace, self.limits, handlers=self.handlers, inert=self.inert, depth=self.depth + 1
            ).run()
            self.cursor.leave_frame()
            return
        if shape.aligned:
            self.cursor.take(self.cursor.byte())
        self.trace.spans.append(Span(self.cursor.position, shape.size))
        self.cursor.take(shape.size)

    def set_items(self, items: list[Any]) -> None:
        """Put keys and values into the topmost dictionary."""
        target = self.top()
        if isinstance(target, Name):
            self.note(Verdict.DANGEROUS, f"writes into {target} itself")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str):
                continue
            if key == "_sklearn_version" and isinstance(value, str):
                self.trace.versions["scikit-learn"] = str(value)
            if isinstance(target, Keys):
                if key in _WRAPPER_FIELDS and not isinstance(value, Keys):
                    target.fields = {**(target.fields or {}), key: value}
                elif key.startswith("__") and key.endswith("__"):
                    target.special = str(key)

    def add(self, kind: _Placeholder) -> None:
        """Note an addition to something that is no list or set."""
        target = self.top()
        if isinstance(target, Name):
            self.note(Verdict.DANGEROUS, f"adds to {target} itself")
        elif target is not kind and not isinstance(target, Made):
            self.note(Verdict.SUSPICIOUS, f"adds to something that is no {kind.kind}")


OPAQUE_REFERENCE = _Placeholder("reference to something outside the file")


def shallow(items: list[Any]) -> tuple[Any, ...]:
    """Make a tuple whose own tuples hold no tuples, so that nesting takes no memory."""
    for index, item in enumerate(items):
        if type(item) is tuple and (len(item) > 8 or tuple in map(type, item)):
            items[index] = OPAQUE
    return tuple(items)


def text(raw: bytes | memoryview, encoding: str, errors: str = "strict") -> Any:
    """Decode text; what is too long to name anything becomes a placeholder."""
    if len(raw) > _LONGEST_TEXT:
        return OPAQUE
    return codecs.decode(bytes(raw), encoding, errors)
