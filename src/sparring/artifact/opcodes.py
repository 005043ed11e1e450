"""What each pickle instruction does to the machine in `machine.py`."""

from __future__ import annotations

import codecs
import pickle
import struct
from collections.abc import Callable
from typing import Any

from sparring.artifact.cursor import Unreadable
from sparring.artifact.machine import (
    LIST,
    OPAQUE,
    OPAQUE_REFERENCE,
    SET,
    Keys,
    Machine,
    Use,
    shallow,
    text,
)
from sparring.artifact.verdict import Verdict

_Handler = Callable[[Machine], None]
HANDLERS: dict[int, _Handler] = {}


def _on(code: bytes) -> Callable[[_Handler], _Handler]:
    def register(handler: _Handler) -> _Handler:
        HANDLERS[code[0]] = handler
        return handler

    return register


def _pushes(code: bytes, value: Callable[[Machine], Any]) -> None:
    HANDLERS[code[0]] = lambda m: m.stack.append(value(m))


# -- structure


@_on(pickle.PROTO)
def _proto(m: Machine) -> None:
    protocol = m.cursor.byte()
    if protocol > pickle.HIGHEST_PROTOCOL:
        raise Unreadable(f"is of pickle protocol {protocol}, at most {pickle.HIGHEST_PROTOCOL} can be read")
    m.protocol = protocol


@_on(pickle.FRAME)
def _frame(m: Machine) -> None:
    m.cursor.frame(m.cursor.number("<Q"))


HANDLERS[pickle.MARK[0]] = Machine.mark


@_on(pickle.POP)
def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()


@_on(pickle.POP_MARK)
def _pop_mark(m: Machine) -> None:
    m.pop_mark()


_pushes(pickle.DUP, Machine.top)

# -- plain values


def _integer(m: Machine) -> Any:
    line = m.cursor.line()
    if line in (b"00", b"01"):
        return line == b"01"
    return int(line, 0)


def _long(m: Machine) -> Any:
    return int(m.cursor.line().removesuffix(b"L"), 0)


def _skip(size: int, m: Machine) -> Any:
    m.cursor.take(size)
    return OPAQUE


def _sized(m: Machine, layout: str) -> memoryview:
    size = m.cursor.number(layout)
    if size < 0:
        raise Unreadable(f"has a negative length at byte {m.cursor.position}")
    return m.cursor.take(size)


def _long_bytes(m: Machine, layout: str) -> Any:
    raw = _sized(m, layout)
    return int.from_bytes(raw, "little", signed=True) if len(raw) <= 16 else OPAQUE


def _quoted(m: Machine) -> Any:
    line = m.cursor.line()
    if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
        raise Unreadable(f"has an unquoted string at byte {m.cursor.position}")
    raw: bytes = codecs.escape_decode(line[1:-1])[0]
    return text(raw, "ascii")


def _number_line(m: Machine) -> Any:
    float(m.cursor.line())
    return OPAQUE


_pushes(pickle.NONE, lambda _: None)
_pushes(pickle.NEWTRUE, lambda _: True)
_pushes(pickle.NEWFALSE, lambda _: False)
_pushes(pickle.INT, _integer)
_pushes(pickle.BININT, lambda m: m.cursor.number("<i"))
_pushes(pickle.BININT1, lambda m: m.cursor.byte())
_pushes(pickle.BININT2, lambda m: m.cursor.number("<H"))
_pushes(pickle.LONG, _long)
_pushes(pickle.LONG1, lambda m: _long_bytes(m, "<B"))
_pushes(pickle.LONG4, lambda m: _long_bytes(m, "<i"))
_pushes(pickle.FLOAT, _number_line)
_pushes(pickle.BINFLOAT, lambda m: _skip(8, m))

# -- text and bytes

_pushes(pickle.STRING, _quoted)
_pushes(pickle.BINSTRING, lambda m: text(_sized(m, "<i"), "ascii"))
_pushes(pickle.SHORT_BINSTRING, lambda m: text(_sized(m, "<B"), "ascii"))
_pushes(pickle.UNICODE, lambda m: text(m.cursor.line(), "raw-unicode-escape"))
_pushes(pickle.SHORT_BINUNICODE, lambda m: text(_sized(m, "<B"), "utf-8", "surrogatepass"))
_pushes(pickle.BINUNICODE, lambda m: text(_sized(m, "<I"), "utf-8", "surrogatepass"))
_pushes(pickle.BINUNICODE8, lambda m: text(_sized(m, "<Q"), "utf-8", "surrogatepass"))


def _bytes(layout: str) -> Callable[[Machine], Any]:
    def skip(m: Machine) -> Any:
        _sized(m, layout)
        return OPAQUE

    return skip


for _code, _layout in (
    (pickle.SHORT_BINBYTES, "<B"),
    (pickle.BINBYTES, "<I"),
    (pickle.BINBYTES8, "<Q"),
    (pickle.BYTEARRAY8, "<Q"),
):
    _pushes(_code, _bytes(_layout))


@_on(pickle.NEXT_BUFFER)
def _next_buffer(m: Machine) -> None:
    m.note(Verdict.SUSPICIOUS, "needs bytes from outside the file")
    m.stack.append(OPAQUE)


HANDLERS[pickle.READONLY_BUFFER[0]] = lambda m: m.top() and None

# -- containers


def _top_tuple(size: int) -> _Handler:
    def make(m: Machine) -> None:
        if len(m.stack) < size:
            raise Unreadable(f"makes a tuple of values that are not there at byte {m.cursor.position}")
        items = shallow(m.stack[len(m.stack) - size :])
        del m.stack[len(m.stack) - size :]
        m.stack.append(items)

    return make


def _marked(value: Callable[[list[Any]], Any]) -> _Handler:
    def make(m: Machine) -> None:
        items = m.pop_mark()
        m.stack.append(value(items))

    return make


_pushes(pickle.EMPTY_TUPLE, lambda _: ())
_pushes(pickle.EMPTY_LIST, lambda _: LIST)
_pushes(pickle.EMPTY_SET, lambda _: SET)
_pushes(pickle.EMPTY_DICT, lambda _: Keys())
HANDLERS[pickle.TUPLE1[0]] = _top_tuple(1)
HANDLERS[pickle.TUPLE2[0]] = _top_tuple(2)
HANDLERS[pickle.TUPLE3[0]] = _top_tuple(3)
HANDLERS[pickle.TUPLE[0]] = _marked(shallow)
HANDLERS[pickle.LIST[0]] = _marked(lambda _: LIST)
HANDLERS[pickle.FROZENSET[0]] = _marked(lambda _: OPAQUE)


@_on(pickle.DICT)
def _dict(m: Machine) -> None:
    items = m.pop_mark()
    m.stack.append(Keys())
    m.set_items(items)


@_on(pickle.SETITEM)
def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    m.set_items([key, value])


@_on(pickle.SETITEMS)
def _set_items(m: Machine) -> None:
    items = m.pop_mark()
    m.set_items(items)


@_on(pickle.APPEND)
def _append(m: Machine) -> None:
    m.pop()
    m.add(LIST)


@_on(pickle.APPENDS)
def _appends(m: Machine) -> None:
    m.pop_mark()
    m.add(LIST)


@_on(pickle.ADDITEMS)
def _add_items(m: Machine) -> None:
    m.pop_mark()
    m.add(SET)


# -- the memo

HANDLERS[pickle.PUT[0]] = lambda m: m.remember(int(m.cursor.line()))
HANDLERS[pickle.BINPUT[0]] = lambda m: m.remember(m.cursor.byte())
HANDLERS[pickle.LONG_BINPUT[0]] = lambda m: m.remember(m.cursor.number("<I"))
HANDLERS[pickle.MEMOIZE[0]] = lambda m: m.remember(len(m.memo))
HANDLERS[pickle.GET[0]] = lambda m: m.recall(int(m.cursor.line()))
HANDLERS[pickle.BINGET[0]] = lambda m: m.recall(m.cursor.byte())
HANDLERS[pickle.LONG_BINGET[0]] = lambda m: m.recall(m.cursor.number("<I"))

# -- names and objects


@_on(pickle.GLOBAL)
def _global(m: Machine) -> None:
    module = m.cursor.line().decode("utf-8")
    m.ask(module, m.cursor.line().decode("utf-8"))


@_on(pickle.STACK_GLOBAL)
def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    if isinstance(name, str) and isinstance(module, str):
        m.ask(str(module), str(name))
        return
    m.note(Verdict.DANGEROUS, "computes the name of what it imports")
    m.stack.append(OPAQUE)


@_on(pickle.INST)
def _inst(m: Machine) -> None:
    module = m.cursor.line().decode("ascii")
    m.ask(module, m.cursor.line().decode("ascii"))
    target = m.pop()
    args = shallow(m.pop_mark())
    m.make(target, args, Use.CALL if args else Use.NEW)


@_on(pickle.OBJ)
def _obj(m: Machine) -> None:
    items = m.pop_mark()
    if not items:
        raise Unreadable(f"makes an object of nothing at byte {m.cursor.position}")
    m.make(items[0], shallow(items[1:]), Use.CALL if len(items) > 1 else Use.NEW)


@_on(pickle.NEWOBJ)
def _new_obj(m: Machine) -> None:
    args, target = m.pop(), m.pop()
    m.make(target, args, Use.NEW if args == () else Use.CALL)


@_on(pickle.NEWOBJ_EX)
def _new_obj_ex(m: Machine) -> None:
    m.pop()
    args, target = m.pop(), m.pop()
    m.make(target, args, Use.CALL)


@_on(pickle.REDUCE)
def _reduce(m: Machine) -> None:
    args, target = m.pop(), m.pop()
    m.make(target, args, Use.CALL)


@_on(pickle.BUILD)
def _build(m: Machine) -> None:
    m.build()


@_on(pickle.PERSID)
def _persid(m: Machine) -> None:
    m.cursor.line()
    m.note(Verdict.SUSPICIOUS, "refers to an object outside the file (a persistent id)")
    m.stack.append(OPAQUE_REFERENCE)


@_on(pickle.BINPERSID)
def _binpersid(m: Machine) -> None:
    m.pop()
    m.note(Verdict.SUSPICIOUS, "refers to an object outside the file (a persistent id)")
    m.stack.append(OPAQUE_REFERENCE)


def _extension(layout: str) -> _Handler:
    def push(m: Machine) -> None:
        m.cursor.take(struct.calcsize(layout))
        m.note(Verdict.SUSPICIOUS, "names what it imports by a number (an extension code)")
        m.stack.append(OPAQUE_REFERENCE)

    return push


HANDLERS[pickle.EXT1[0]] = _extension("<B")
HANDLERS[pickle.EXT2[0]] = _extension("<H")
HANDLERS[pickle.EXT4[0]] = _extension("<i")
