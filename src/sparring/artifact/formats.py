"""Tells what a file holds by its content, whatever it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"CBM1", "catboost"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"PAR1", "parquet"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"binf", "xgboost-old"),
    (b"SQLite format 3", "sqlite"),
)
COMPRESSED = frozenset({"gzip", "zlib", "bz2", "xz", "lzma", "lz4"})
BOOSTERS = {"xgboost-json": "xgboost", "xgboost-ubj": "xgboost", "lightgbm": "lightgbm", "catboost": "catboost"}


@dataclass(frozen=True)
class _Other:
    """A format that cannot be loaded, in words, and what to do."""

    is_a: str
    cure: str


_LATER = "give a scikit-learn, XGBoost, LightGBM or CatBoost model, or package.module:object"
OTHERS = {
    "csv": _Other("a table", "the model comes first, then the data"),
    "parquet": _Other("a Parquet table", "the model comes first, then the data"),
    "hdf5": _Other("an HDF5 file, as Keras writes", f"Keras models are not supported yet; {_LATER}"),
    "keras": _Other("a Keras file", f"Keras models are not supported yet; {_LATER}"),
    "torch": _Other("a PyTorch file", f"PyTorch models are not supported yet; {_LATER}"),
    "onnx": _Other("an ONNX file", f"ONNX models are not supported yet; {_LATER}"),
    "skops": _Other("a skops file", f"skops files are not supported yet; {_LATER}"),
    "npz": _Other("an archive of arrays", _LATER),
    "npy": _Other("an array", _LATER),
    "zip": _Other("a zip archive", f"unpack it; {_LATER}"),
    "json": _Other("JSON, but no XGBoost model", _LATER),
    "xgboost-old": _Other(
        "an XGBoost file of the old binary format", "save it again with Booster.save_model('model.ubj')"
    ),
    "html": _Other("a web page", _LATER),
}

# what an ending promises; other endings (.sav, .bin, .model, none) promise nothing
_PROMISES = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "pickle"),
    ".ubj": "xgboost",
    ".json": "xgboost",
    ".cbm": "catboost",
    ".txt": "lightgbm",
    ".csv": "table",
    ".parquet": "table",
}


def sniff(data: bytes) -> str:
    """Name the format of some bytes.

    Parameters
    ----------
    data : bytes
        The content; only the beginning decides.

    Returns
    -------
    str
        `unknown` if nothing fits.
    """
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        return "zlib"
    if re.match(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", data[:10]):
        return "bz2"
    if data[:5] == b"\x5d\x00\x00\x80\x00" or (data[:2] == b"\x5d\x00" and data[12:13] in (b"\xff", b"\x00")):
        return "lzma"
    if data[:1] == b"\x80" and data[1:2] <= b"\x05":
        return "pickle"
    return _sniff_text(data[:4096]) or "unknown"


def _sniff_text(head: bytes) -> str | None:
    if head.startswith((b"tree\n", b"tree\r\n")):
        return "lightgbm"
    stripped = head.lstrip()
    if re.match(rb"\{[\[$#]?[LliIUuSs]", head) and b"learner" in head:
        return "xgboost-ubj"
    if stripped.startswith((b"{", b"[")) and stripped[1:2] in (b'"', b" ", b"\n", b"\r", b"\t", b"{", b"}", b"]", b"["):
        return "xgboost-json" if re.match(rb'\{\s*"(learner|version|Config)"', stripped) else "json"
    if b"onnx" in head[:64] or re.match(
        rb"\x08[\x01-\x0f]\x12.{1,40}(pytorch|skl2onnx|tf2onnx|keras)", head, re.DOTALL
    ):
        return "onnx"
    if stripped[:9].lower().startswith((b"<!doctype", b"<html")):
        return "html"
    return "csv" if _is_table(head) else None


def _is_table(head: bytes) -> bool:
    """Say whether text looks like lines of equally many fields."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text):
        return False
    lines = [line for line in text.splitlines()[:6] if line][:5]
    if len(lines) < 2 or "<" in lines[0]:
        return False
    counts = ({line.count(mark) for line in lines[:-1]} for mark in ",;\t|")
    return any(len(count) == 1 and min(count) > 0 for count in counts)


def zip_kind(names: list[str]) -> str:
    """Name what a zip archive is, from its members."""
    if "config.json" in names and any(name.endswith(".weights.h5") for name in names):
        return "keras"
    if any(name.endswith("data.pkl") for name in names):
        return "torch"
    if "schema.json" in names:
        return "skops"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def promise_broken(path: str, kind: str) -> str | None:
    """Say what an ending promises, if the content is something else.

    Parameters
    ----------
    path : str
        Of the file.
    kind : str
        What its content is: a family of `BOOSTERS`, `pickle`, or something that cannot be loaded anyway.

    Returns
    -------
    str or None
        The promise, if it is broken.
    """
    promised = _PROMISES.get(PurePath(path).suffix.lower())
    return None if promised in (None, kind) else promised
