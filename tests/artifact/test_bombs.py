"""Files that would take all memory or time, read under a cap on memory in a child process."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import signal
import struct
import subprocess
import sys
import textwrap
import zipfile
import zlib
from pathlib import Path

import joblib
import numpy as np
import pytest

from artifact.hostile import EMPTY, PROTO4, STOP, call, new, raw, s
from sparring.artifact import Limits, Verdict, load, scan
from sparring.artifact.rehearse import rehearse
from sparring.errors import ArtifactError

resource = pytest.importorskip("resource")
CAP = 1536 * 1024**2  # bytes above what the child has after its imports
SCRIPT = textwrap.dedent(
    """
    import json, resource, sys
    import sklearn.pipeline
    from sparring.artifact import load
    from sparring.errors import ArtifactError
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + int(sys.argv[2]),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    try:
        load(sys.argv[1])
    except ArtifactError as refusal:
        print(json.dumps(str(refusal)))
    """
)


def in_a_child(file):
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    done = subprocess.run([sys.executable, "-c", SCRIPT, file, str(CAP)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def ten_gigabytes():
    """A gzip file of 10 GiB of zeros, made of one compressed piece over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(16 * 1024**2)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    return head + piece * 640 + packer.flush() + struct.pack("<II", 0, 10 * 1024**3 % 2**32)


def zip_of_zeros():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(5):
            archive.writestr(f"archive/{number}.pkl", bytes(64 * 1024**2))
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        ten_gigabytes,
        lambda: gzip.compress(ten_gigabytes()),
        zip_of_zeros,
        lambda: gzip.compress(b"\x8f" * 20_000_000, 1),  # 20 million sets
        lambda: gzip.compress(PROTO4 + EMPTY + b"\x85" * 20_000_000, 1),  # tuples nested 20 million deep
        lambda: gzip.compress(b"(" * 20_000_000, 1),
        lambda: gzip.compress(b"".join(b"ca\n%d\n0" % number for number in range(2_000_000)), 1),  # names without end
        lambda: PROTO4 + b"r\xff\xff\xff\x7f",
    ],
    ids=["gzip", "gzip twice", "zip", "sets", "tuples", "marks", "names", "memo"],
)
def test_bounded_memory(make, tmp_path):
    file = tmp_path / "model.sav"
    file.write_bytes(make())
    refusal = in_a_child(file)
    assert "\n" not in refusal


def laughs(levels, *, key):
    """A tuple of two of itself, `levels` times: small in memory, without end when hashed or written out."""
    body = s("lol") + b"\x94"
    for level in range(levels):
        body += b"0" + (b"h" + bytes([level])) * 2 + b"\x86\x94"
    return PROTO4 + (b"}" + body + b"K\x01s" if key else body) + STOP


class TestLoading:
    """What passes the scan is still held to the arguments of real files."""

    @pytest.mark.parametrize(
        "body",
        [
            call(new("builtins", "bytearray"), b"\x8a\x06\x00\x00\x00\x00\x00\x01"),
            call(new("builtins", "set"), call(new("builtins", "range"), b"J\xff\xff\xff\x7f")),
            call(
                new("numpy._core.multiarray", "_reconstruct"),
                new("numpy", "ndarray"),
                b"J\xff\xff\xff\x7f\x85",
                raw(b"b"),
            ),
            call(new("numpy", "dtype"), s("f8,f8,f8"), b"\x89", b"\x88"),
            call(new("numpy", "dtype"), s("f8"), b"\x89", b"\x89") + b"N" + b"b",
            call(new("numpy.random._pickle", "__generator_ctor"), s("MT19937"), new("sklearn.tree._tree", "Tree")),
            call(new("_codecs", "encode"), s("x" * 100), s("bz2")),
            call(
                new("copyreg", "_reconstructor"),
                new("sklearn.pipeline", "Pipeline"),
                new("sklearn.tree._tree", "Tree"),
                b"N",
            ),
            call(new("functools", "partial"), new("numpy", "log1p")),
            call(new("builtins", "getattr"), new("sklearn.pipeline", "Pipeline"), s("fit")),
            call(new("numpy", "log1p"), b"K\x01"),
            call(new("sklearn.pipeline", "Pipeline"), b"K\x01"),
            new("numpy", "log1p") + EMPTY + b"\x81",
            new("sklearn.pipeline", "Pipeline") + EMPTY + b"\x81" + s("x") + b"a",
            new("sklearn.pipeline", "Pipeline") + EMPTY + b"\x81" + s("x") + s("y") + b"s",
            s("text") + s("x") + b"a",
        ],
    )
    def test_unusual_arguments(self, body, tmp_path):
        file = tmp_path / "model.pkl"
        file.write_bytes(PROTO4 + body + STOP)
        with pytest.raises(ArtifactError):
            load(file)

    def test_hash_without_end(self, tmp_path):
        file = tmp_path / "model.pkl"
        file.write_bytes(laughs(60, key=True))
        with pytest.raises(ArtifactError, match="key of more than"):
            load(file)

    def test_shared_values_are_no_bomb(self, tmp_path):
        file = tmp_path / "model.pkl"
        file.write_bytes(laughs(60, key=False))
        assert isinstance(load(file).model, tuple)

    def test_array_longer_than_its_content(self, tmp_path):
        """Numpy trusts that a list of objects is as long as the shape says."""
        honest = pickle.dumps(np.array(["a"], dtype=object))
        file = tmp_path / "model.pkl"
        file.write_bytes(honest.replace(b"(K\x01K\x01\x85", b"(K\x01K\x7f\x85"))
        assert file.read_bytes() != honest
        with pytest.raises(ArtifactError, match="array a state that would break it"):
            load(file)

    @pytest.mark.parametrize("child", [0, 5000, -3])
    def test_tree_that_does_not_go_down(self, child, tmp_path):
        """A tree whose branch leads up never ends; one that leads outside reads foreign memory."""
        from sklearn.tree import DecisionTreeClassifier

        tree = DecisionTreeClassifier(max_depth=2).fit([[0], [1], [2], [3]], [0, 1, 0, 1])
        nodes = tree.tree_.__getstate__()["nodes"]
        broken = nodes.copy()
        broken["right_child"][0] = child
        buffer = io.BytesIO()
        joblib.dump(tree, buffer)
        data = buffer.getvalue()
        assert nodes.tobytes() in data
        file = tmp_path / "model.joblib"
        file.write_bytes(data.replace(nodes.tobytes(), broken.tobytes()))
        with pytest.raises(ArtifactError, match="tree a state that would break it"):
            load(file)


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "data"),
        [
            (Limits(opcodes=10), PROTO4 + b"N" * 20),
            (Limits(memo=5), PROTO4 + b"N" * 20),
            (Limits(memo=5), PROTO4 + b"(" * 20),
            (Limits(memo=5), PROTO4 + b"Nq\x07" + STOP),
            (Limits(names=2), PROTO4 + b"ca\nb\n" * 3),
            (Limits(free_bytes=10, ratio=1), gzip.compress(bytes(1000), mtime=0)),
            (Limits(depth=1), gzip.compress(gzip.compress(pickle.dumps(1), mtime=0), mtime=0)),
            (Limits(text_bytes=5), b"Vlong text\n."),
        ],
    )
    def test_each(self, limits, data, tmp_path):
        file = tmp_path / "model"
        file.write_bytes(data)
        assert Verdict.UNREADABLE in {reason.verdict for reason in scan(file, limits=limits).reasons}

    def test_file_size(self, tmp_path):
        (tmp_path / "model.pkl").write_bytes(bytes(100))
        with pytest.raises(ArtifactError, match="larger than"):
            scan(tmp_path / "model.pkl", limits=Limits(file_bytes=99))

    @pytest.mark.parametrize(
        "data",
        [
            PROTO4 + b"\x8e" + struct.pack("<Q", 2**62),
            b"\x80\x05\x96" + struct.pack("<Q", 2**40),
            PROTO4 + b"\x95" + struct.pack("<Q", 2**62),
            PROTO4 + b"\x8b\xff\xff\xff\xff",
            b"T\xff\xff\xff\xff",
            b"I" + b"9" * 100_000 + b"\n.",
        ],
    )
    def test_announced_lengths(self, data, tmp_path):
        (tmp_path / "model.pkl").write_bytes(data)
        assert scan(tmp_path / "model.pkl").verdict == Verdict.UNREADABLE


class TestRehearsal:
    def test_crash(self, tmp_path, monkeypatch):
        (tmp_path / "crashing_library.py").write_text(f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(ArtifactError, match=r"crashed its reader in a trial run \(signal 11\)"):
            rehearse(b"", path="model.json", kind="pickle", libraries=("crashing_library",), added=())

    def test_memory(self):
        """Needs no library: a pickle that holds 200 MiB, where 50 may be used."""
        data = pickle.dumps(np.zeros(25 * 1024**2), protocol=4)
        with pytest.raises(ArtifactError, match="takes more than 50 MiB"):
            rehearse(data, path="m", kind="pickle", libraries=("numpy",), added=(), memory=50 * 1024**2)

    def test_good(self):
        rehearse(pickle.dumps([1]), path="m", kind="pickle", libraries=(), added=())
