"""CSV and Parquet files: read as the user reads them, with one sentence for whatever is wrong."""

from __future__ import annotations

import csv
import difflib
import stat
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sparring.errors import DataError

MODEL_SUFFIXES = (".joblib", ".pkl", ".pickle", ".json", ".ubj", ".txt", ".cbm", ".skops", ".onnx", ".pt", ".pth")
MAGIC = {
    b"PAR1": "a Parquet file; rename it to end in .parquet",
    b"\x1f\x8b": "a compressed file; unpack it first",
    b"PK\x03\x04": "a zip archive or a spreadsheet; save the table as CSV",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
    b"\x80": "a pickle; give the model first and the data second",
    b"\xd0\xcf\x11\xe0": "a spreadsheet; save the table as CSV",
}
HEAD = 65536
SHOWN = 10


def read_table(path: str | Path, *, target: str) -> tuple[Any, Any]:
    """Read rows and labels from one file.

    Parameters
    ----------
    path : str or Path
        CSV (UTF-8, commas, a header) or Parquet. Types are those that ``pandas.read_csv`` or ``read_parquet`` infer;
        in CSV an empty cell, NA, N/A, NaN, null and None are blanks, as pandas has it.
    target : str
        Column that holds the labels.

    Returns
    -------
    frame : pandas.DataFrame of shape (n, d)
        All columns but the target, rows numbered from 0.
    labels : pandas.Series of shape (n,)

    Raises
    ------
    DataError
        The file cannot be used as a table, or the target cannot be used as labels.
    """
    frame = read_frame(path)
    _check_target(frame, target, str(path))
    return frame.drop(columns=[target]), frame[target]


def read_frame(path: str | Path) -> Any:
    """Read all columns of a CSV or Parquet file; see `read_table` for types and errors."""
    path = Path(path)
    _check_file(path)
    frame = _read_parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _read_csv(path)
    if len(frame) == 0:
        raise DataError(f"{path} has a header and no rows; it must hold the rows to assess")
    return frame


def _check_file(path: Path) -> None:
    suffix = path.suffix.lower()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise DataError(f"{path} does not exist{_nearest_file(path)}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {_first_line(error)}") from None
    if stat.S_ISDIR(mode):
        raise DataError(f"{path} is a folder; give a CSV or Parquet file")
    if suffix in MODEL_SUFFIXES:
        raise DataError(f"data must be a CSV or Parquet file, got {path}; the model comes first, then the data")
    if suffix not in (".csv", ".parquet", ".pq"):
        raise DataError(f"data must be a file that ends in .csv or .parquet, got {path}")


def _nearest_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return "; check the path"
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    return f"; did you mean {path.with_name(near[0])}?" if near else "; check the path"


def _read_parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # opened here: pyarrow's own message for a file without permission is long
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            _check_names(parquet.schema_arrow.names, path)
            table = parquet.read()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as Parquet: {_first_line(error)}") from None
    return table.to_pandas().reset_index(drop=True)


def _read_csv(path: Path) -> Any:
    import pandas as pd

    header = _check_header(path)
    try:
        frame = pd.read_csv(path, encoding="utf-8-sig", low_memory=False)
    except UnicodeDecodeError:
        raise DataError(_not_utf8(path)) from None
    except (ValueError, OSError) as error:  # what pandas raises on purpose is a ValueError
        raise DataError(f"{path} cannot be read as CSV: {_parse_fault(error, path, len(header))}") from None
    # pandas makes surplus cells an index, and fills missing cells with blanks, without a word
    surplus = not isinstance(frame.index, pd.RangeIndex)
    if surplus or (len(frame) and frame.iloc[:, -1].isna().any()):
        ragged = _ragged(path, len(header))
        if ragged:
            raise DataError(f"{path} has {ragged}; quote cells that hold commas, or repair the row")
    return frame


def _check_header(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    if not head.strip():
        raise DataError(f"{path} is empty; it must hold a header and rows")
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise DataError(f"{path} must be CSV and is {what}")
    if b"\0" in head:
        raise DataError(f"{path} must be CSV and is a binary file")
    rows = _rows(path)
    try:
        header = next(iter(rows), [])
    except UnicodeDecodeError:
        raise DataError(_not_utf8(path)) from None
    except csv.Error as error:
        raise DataError(f"{path} must be CSV, and its header cannot be read: {_first_line(error)}") from None
    _check_names([name for name in header if name.strip()], path)
    return header


def _check_names(names: list[str], path: Path) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{path}: each column must have a name of its own, and {_list(twice)} stands more than once")


def _rows(path: Path) -> Iterator[list[str]]:
    """Yield rows as the csv module splits them, without blank lines, as pandas does."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from (row for row in csv.reader(file) if row)


def _ragged(path: Path, width: int) -> str | None:
    try:
        for number, row in enumerate(islice(_rows(path), 1, None), start=1):
            if len(row) != width:
                return f"{len(row)} cells in row {number} under a header of {width}"
    except (csv.Error, UnicodeDecodeError):
        return None
    return None


def _parse_fault(error: Exception, path: Path, width: int) -> str:
    text = _first_line(error)
    if "EOF inside string" in text:
        return f"a quotation mark is opened in row {text.split()[-1]} and never closed"
    return _ragged(path, width) or text


def _not_utf8(path: Path) -> str:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8-sig")
            except UnicodeDecodeError:
                return f"{path} must be text in UTF-8, and line {number} is not; save it as UTF-8"
    return f"{path} must be text in UTF-8; save it as such"


def _check_target(frame: Any, target: str, path: str) -> None:
    names = [str(name) for name in frame.columns]
    if target not in frame.columns:
        raise DataError(f"{path} has no column {target!r} to be the target{_hint(target, names)}")
    labels = frame[target]
    blank = labels.isna()
    told = f"target {target!r} must hold the true class of each row, and is blank in"
    if blank.all():
        raise DataError(f"{told} all {len(labels)} rows of {path}")
    if blank.any():
        first = int(blank.to_numpy().argmax())
        where = f"{int(blank.sum())} of {len(labels)} rows of {path}, the first in row {first} counted from 0"
        raise DataError(f"{told} {where}; fill or remove them")
    if len(labels) == 1:
        raise DataError(f"{path} must hold at least 2 rows, of different classes, got 1")
    if labels.nunique() == 1:
        only = f"all {len(labels)} rows of {path} are {str(labels.iloc[0])!r}"
        raise DataError(f"target {target!r} must hold at least two classes, and {only}")
    if len(names) == 1:
        raise DataError(f"{path} has no column beside the target {target!r}; the model needs its inputs")


def _hint(target: str, names: list[str]) -> str:
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        mark = "semicolons" if ";" in names[0] else "tabs"
        return f", since its columns are separated by {mark}; save it with commas"
    folded = {name.strip().lower(): name for name in names}
    near = difflib.get_close_matches(target.strip().lower(), list(folded), n=1, cutoff=0.5)
    return f"; did you mean {folded[near[0]]!r}?" if near else f"; there are {_list(names)}"


def _list(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more


def _first_line(error: Exception) -> str:
    text = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().splitlines()[0]
    return text.removeprefix("Error tokenizing data. C error: ").rstrip(".")
