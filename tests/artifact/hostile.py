"""Model files that would leave a canary, put together by hand; nothing here is ever loaded plainly in-process."""

# ruff: noqa: E501  one file a line
from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np

STOP, MARK, REDUCE, TUPLE, TUPLE1, TUPLE2, EMPTY = b".", b"(", b"R", b"t", b"\x85", b"\x86", b")"
PROTO4 = b"\x80\x04"


def s(text: str) -> bytes:
    """Push text."""
    raw = text.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def raw(data: bytes) -> bytes:
    """Push bytes."""
    return b"B" + struct.pack("<I", len(data)) + data


def old(module: str, name: str) -> bytes:
    """Import by GLOBAL."""
    return f"c{module}\n{name}\n".encode()


def new(module: str, name: str) -> bytes:
    """Import by STACK_GLOBAL."""
    return s(module) + s(name) + b"\x93"


def call(function: bytes, *args: bytes) -> bytes:
    """Call by REDUCE."""
    return function + MARK + b"".join(args) + TUPLE + REDUCE


def touch(canary: Path) -> bytes:
    """Push a shell command that leaves the canary."""
    return s(f"touch {canary}")


def python(canary: Path) -> bytes:
    """Push an expression that leaves the canary."""
    return s(f"open({str(canary)!r}, 'w').close()")


def words(*items: str) -> bytes:
    """Push a list of text."""
    return b"]" + MARK + b"".join(s(item) for item in items) + b"e"


def instance(module: str, name: str) -> bytes:
    """Make an empty instance."""
    return new(module, name) + EMPTY + b"\x81"


def state(**attributes: bytes) -> bytes:
    """Push a dictionary."""
    return b"}" + MARK + b"".join(s(key) + value for key, value in attributes.items()) + b"u"


@dataclass(frozen=True)
class Hostile:
    """One file: how it is made, and whether a plain loader of this machine would really leave the canary."""

    make: Callable[[Path], bytes]
    live: bool = True
    reader: str = "pickle"


def _alone(body: Callable[[Path], bytes], *, proto: bytes = PROTO4, **options) -> Hostile:
    return Hostile(lambda canary: proto + body(canary) + STOP, **options)


class _Runs:
    """Pickles as a call."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        import os

        return os.system, (self.command,)


def _joblib_then_call(canary: Path) -> bytes:
    """An array first, then the call: a scanner that stops at the raw bytes sees nothing."""
    buffer = io.BytesIO()
    joblib.dump([np.arange(100.0), _Runs(f"touch {canary}")], buffer)
    return buffer.getvalue()


def _joblib_objects(canary: Path) -> bytes:
    """A call inside the pickle of an array of objects inside a joblib file."""
    buffer = io.BytesIO()
    joblib.dump([np.arange(3), np.array([1, _Runs(f"touch {canary}")], dtype=object)], buffer)
    return buffer.getvalue()


def _object_array(canary: Path) -> bytes:
    return pickle.dumps(np.array([_Runs(f"touch {canary}")], dtype=object))


def _npz(canary: Path) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([_Runs(f"touch {canary}")], dtype=object))
    return buffer.getvalue()


def _zip_in_gzip(canary: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Runs(f"touch {canary}")))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _joblib_compressed(method: str) -> Callable[[Path], bytes]:
    def make(canary: Path) -> bytes:
        buffer = io.BytesIO()
        joblib.dump([np.zeros(10), _Runs(f"touch {canary}")], buffer, compress=(method, 3))
        return buffer.getvalue()

    return make


def _array_in_frame(canary: Path) -> bytes:
    """A frame that reaches over the place where the raw array should start, with the call behind it in the frame."""
    buffer = io.BytesIO()
    joblib.dump(np.zeros(64, dtype="u1"), buffer)
    data = buffer.getvalue()
    start = data.index(b"K\x10ub") + 4  # behind the wrapper's BUILD
    head, array = data[2:start], data[start : start + 70]
    head = head[9:] if head[:1] == b"\x95" else head
    body = head + b"0" + call(new("os", "system"), touch(canary)) + STOP
    return PROTO4 + b"\x95" + struct.pack("<Q", len(body)) + body + array


def _memo(canary: Path) -> bytes:
    """Name parts pushed early, dropped, then recalled; the first text in each place is a decoy."""
    decoys = s("sklearn.tree._tree") + b"q\x00" + b"0" + s("Tree") + b"q\x01" + b"0"
    real = s("os") + b"r" + struct.pack("<I", 0) + b"0" + s("system") + b"p1\n" + b"0"
    return decoys + real + b"h\x00" + b"j" + struct.pack("<I", 1) + b"\x93" + touch(canary) + TUPLE1 + REDUCE


def _copied_name(canary: Path) -> bytes:
    """The name is doubled, so that two texts lie on the stack although one was pushed last."""
    return s("os") + s("system") + b"2" + b"0" + b"\x93" + touch(canary) + TUPLE1 + REDUCE


def _import_chain(canary: Path) -> bytes:
    module = call(new("builtins", "__import__"), s("os"))
    return call(call(new("builtins", "getattr"), module, s("system")), touch(canary))


def _partial(canary: Path) -> bytes:
    return call(call(new("functools", "partial"), new("os", "system"), touch(canary)))


def _partial_state(canary: Path) -> bytes:
    """The partial of a harmless function, turned into another by its state, then called."""
    harmless = call(new("functools", "partial"), new("sklearn.utils.validation", "check_array"))
    turned = harmless + MARK + new("os", "system") + touch(canary) + TUPLE1 + b"}" + b"N" + TUPLE + b"b"
    return turned + EMPTY + REDUCE


def _attrgetter(canary: Path) -> bytes:
    getter = call(new("operator", "attrgetter"), s("system"))
    return call(call(getter, call(new("importlib", "import_module"), s("os"))), touch(canary))


def _methodcaller(canary: Path) -> bytes:
    caller = call(new("operator", "methodcaller"), s("system"), touch(canary))
    return call(caller, call(new("importlib", "import_module"), s("os")))


def _own_setstate(canary: Path) -> bytes:
    """An allowed class whose instance gets a __setstate__ of its own, which the next BUILD calls."""
    first = instance("sklearn.pipeline", "FeatureUnion") + state(_sklearn_version=s("0")) + b"b"
    return first + state(__setstate__=new("os", "system")) + b"b" + touch(canary) + b"b"


def _reconstructor(canary: Path) -> bytes:
    popen = new("subprocess", "Popen")
    return call(new("copyreg", "_reconstructor"), popen, popen, words("touch", str(canary)))


def _template(canary: Path) -> bytes:
    """Distributions of scipy run a piece of their state, which is text."""
    code = s(
        f"open({str(canary)!r}, 'w').close()\ndef f(*a): pass\n_parse_args = _parse_args_stats = _parse_args_rvs = f"
    )
    return (
        instance("scipy.stats._continuous_distns", "uniform_gen")
        + state(_parse_arg_template=code, moment_type=b"K\x00")
        + b"b"
    )


def _run_path(canary: Path) -> bytes:
    script = canary.with_name("script.py")
    script.write_text(f"open({str(canary)!r}, 'w').close()")
    return call(new("runpy", "run_path"), s(str(script)))


def _nested(module: str) -> Callable[[Path], bytes]:
    return lambda canary: call(new(module, "loads"), raw(pickle.dumps(_Runs(f"touch {canary}"), 2)))


def _joblib_load(canary: Path) -> bytes:
    other = canary.with_name("other.pkl")
    other.write_bytes(pickle.dumps(_Runs(f"touch {canary}")))
    return call(new("joblib.numpy_pickle", "load"), s(str(other)))


def _np_load(canary: Path) -> bytes:
    other = canary.with_name("other.npy")
    np.save(other, np.array([_Runs(f"touch {canary}")], dtype=object))
    return call(new("numpy", "load"), s(str(other)), b"N", b"\x88")


def _read_pickle(canary: Path) -> bytes:
    other = canary.with_name("other2.pkl")
    other.write_bytes(pickle.dumps(_Runs(f"touch {canary}")))
    return call(new("pandas", "read_pickle"), s(str(other)))


def _stacked(canary: Path) -> bytes:
    return pickle.dumps({"a": 1}) + pickle.dumps(_Runs(f"touch {canary}"))


def _class_state(canary: Path) -> bytes:
    """A state for a class itself: its method would be replaced for everybody."""
    patched = new("sklearn.dummy", "DummyClassifier") + b"N" + state(predict=new("builtins", "object")) + TUPLE2 + b"b"
    return patched + b"0" + touch(canary)


def _append(canary: Path) -> bytes:
    """An append on an object whose `append` is a function of the file's choosing."""
    thing = instance("sklearn.pipeline", "FeatureUnion") + state(append=new("os", "system")) + b"b"
    return thing + touch(canary) + b"a"


def _new_attribute(canary: Path) -> bytes:
    """NEWOBJ of an instance that carries its own __new__."""
    thing = instance("sklearn.pipeline", "FeatureUnion") + state(__new__=new("builtins", "print")) + b"b"
    return thing + touch(canary) + TUPLE1 + b"\x81"


FILES: dict[str, Hostile] = {
    "os.system, protocol 0": _alone(lambda c: old("os", "system") + touch(c) + TUPLE1 + REDUCE, proto=b""),
    "posix.system": _alone(lambda c: call(new("posix", "system"), touch(c))),
    "nt.system": _alone(lambda c: call(new("nt", "system"), touch(c)), live=False),
    "os.popen": _alone(lambda c: call(new("os", "popen"), touch(c))),
    "subprocess.Popen": _alone(lambda c: call(new("subprocess", "Popen"), words("touch", str(c)))),
    "subprocess.check_output": _alone(lambda c: call(new("subprocess", "check_output"), words("touch", str(c)))),
    "commands.getoutput, Python 2": _alone(lambda c: old("commands", "getoutput") + touch(c) + TUPLE1 + REDUCE, proto=b"\x80\x02"),
    "eval": _alone(lambda c: call(new("builtins", "eval"), python(c))),
    "exec": _alone(lambda c: call(new("builtins", "exec"), python(c))),
    "eval, Python 2": _alone(lambda c: old("__builtin__", "eval") + python(c) + TUPLE1 + REDUCE, proto=b"\x80\x02"),
    "open for writing": _alone(lambda c: call(new("builtins", "open"), s(str(c)), s("w"))),
    "import and getattr": _alone(_import_chain),
    "partial": _alone(_partial),
    "partial turned by its state": _alone(_partial_state),
    "attrgetter": _alone(_attrgetter),
    "methodcaller": _alone(_methodcaller),
    "runpy": _alone(_run_path),
    "timeit": _alone(lambda c: call(new("timeit", "timeit"), s("pass"), python(c))),
    "cProfile.run": _alone(lambda c: call(new("cProfile", "run"), python(c))),
    "pdb.run": _alone(lambda c: call(new("pdb", "run"), python(c)), live=False),
    "code interpreter": _alone(lambda c: call(new("code", "interact"), python(c)), live=False),
    "pydoc.pipepager": _alone(lambda c: call(new("pydoc", "pipepager"), s("x"), touch(c))),
    "logging.FileHandler": _alone(lambda c: call(new("logging", "FileHandler"), s(str(c)))),
    "Path.write_text by a dotted name": _alone(
        lambda c: call(new("pathlib", "Path.write_text"), call(new("pathlib", "Path"), s(str(c))), s("x"))
    ),
    "os.system by a dotted name in a listed module": _alone(lambda c: call(new("joblib.numpy_pickle", "os.system"), touch(c))),
    "os.system behind numpy": _alone(lambda c: call(new("numpy.lib._npyio_impl", "os.system"), touch(c))),
    "__globals__ by a dotted name": _alone(lambda c: call(new("sklearn.base", "clone.__globals__"), touch(c)), live=False),
    "map over eval": _alone(
        lambda c: call(new("builtins", "list"), call(new("builtins", "map"), new("builtins", "eval"), b"]" + python(c) + b"a"))
    ),
    "pickle.loads": _alone(_nested("pickle")),
    "_pickle.loads": _alone(_nested("_pickle")),
    "cloudpickle.loads": _alone(_nested("cloudpickle"), live=find_spec("cloudpickle") is not None),
    "joblib.load": _alone(_joblib_load),
    "numpy.load": _alone(_np_load),
    "pandas.read_pickle": _alone(_read_pickle),
    "numpy.testing runstring": _alone(lambda c: call(new("numpy.testing._private.utils", "runstring"), python(c), b"}")),
    "numpy.memmap": _alone(lambda c: call(new("numpy", "memmap"), s(str(c)), s("uint8"), s("w+"), b"K\x00", b"K\x10" + TUPLE1)),
    "numpy ufunc by name": _alone(lambda c: call(new("numpy._core", "_ufunc_reconstruct"), s("os"), touch(c)), live=False),
    "reconstructor of a forbidden class": _alone(_reconstructor),
    "INST": _alone(lambda c: MARK + touch(c) + b"ios\nsystem\n", proto=b""),
    "OBJ": _alone(lambda c: MARK + new("os", "system") + touch(c) + b"o"),
    "NEWOBJ": _alone(lambda c: new("logging", "FileHandler") + s(str(c)) + TUPLE1 + b"\x81", live=False),
    "NEWOBJ_EX": _alone(lambda c: new("subprocess", "Popen") + EMPTY + state(args=words("touch", str(c))) + b"\x92", live=False),
    "names from the memo": _alone(_memo),
    "copied name": _alone(_copied_name),
    "computed name": _alone(
        lambda c: call(call(new("builtins", "str"), raw(b"os"), s("ascii")) + s("system") + b"\x93", touch(c))
    ),
    "own __setstate__": _alone(_own_setstate),
    "own __new__": _alone(_new_attribute, live=False),
    "own append": _alone(_append),
    "state for a class": _alone(_class_state, live=False),
    "persistent id, text": _alone(lambda c: b"P" + str(c).encode() + b"\n", live=False),
    "persistent id": _alone(lambda c: touch(c) + b"Q", live=False),
    "extension code": _alone(lambda c: b"\x82\x01" + touch(c) + TUPLE1 + REDUCE, live=False),
    "wide extension code": _alone(lambda c: b"\x84\x01\x00\x00\x00" + touch(c) + TUPLE1 + REDUCE, live=False),
    "out-of-band buffer": _alone(lambda c: touch(c) + b"\x97", proto=b"\x80\x05", live=False),
    "stacked second pickle": Hostile(_stacked, reader="twice"),
    "behind a raw array": Hostile(_joblib_then_call, reader="joblib"),
    "in an array of objects in a joblib file": Hostile(_joblib_objects, reader="joblib"),
    "in an array of objects": Hostile(_object_array),
    "in an npz": Hostile(_npz, reader="npz"),
    "in a zip in a gzip": Hostile(_zip_in_gzip, live=False),
    "in a gzip in a gzip": Hostile(lambda c: gzip.compress(gzip.compress(_object_array(c))), live=False),
    "raw array inside a frame": Hostile(_array_in_frame, reader="joblib"),
    "zip without its beginning": Hostile(lambda c: b"junk" + gzip.decompress(_zip_in_gzip(c)), live=False),
    "unknown instruction after the call": Hostile(
        lambda c: PROTO4 + call(new("os", "system"), touch(c)) + b"\xff\xff", reader="pickle"
    ),
    "junk behind the end": Hostile(lambda c: pickle.dumps([1.0]) + b"\x00junk" + touch(c), live=False),
    **{
        f"joblib, {method}": Hostile(_joblib_compressed(method), reader="joblib")
        for method in ("zlib", "gzip", "bz2", "lzma", "xz")
    },
}  # fmt: skip
# a plain loader runs this; ours keeps the text and runs nothing, so that it is not among the refused
NEUTRALIZED = _alone(_template)
