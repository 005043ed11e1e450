"""Adversarial examples as a Parquet file, from which the user's own frame comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparring.errors import UserError
from sparring.store.raw import sentence

if TYPE_CHECKING:
    import pandas as pd

LEADING = ("finding", "row", "role")
METADATA_KEY = b"sparring"


def read_examples(path: Path) -> pd.DataFrame:
    """Read the examples in the user's dtypes; names that clashed with ours keep their trailing ``_``.

    Raises
    ------
    UserError
        The file is damaged.
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from pyarrow import parquet

    try:
        note = json.loads((parquet.read_schema(path).metadata or {}).get(METADATA_KEY, b"{}"))
        frame = pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(f"{path} must be a whole Parquet file, got: {sentence(error)}; run assess again") from error
    for name, kept in note.get("categories", {}).items():
        frame[name] = frame[name].astype(pd.CategoricalDtype(kept["values"], ordered=kept["ordered"]))
    for name, blank in note.get("objects", {}).items():
        values = frame[name].astype(object)
        frame[name] = values.where(values.notna(), None if blank == "none" else np.nan)
    return frame


def examples_table(frame: pd.DataFrame) -> Any:
    """Return the Arrow table of a frame of examples; the frame is left alone.

    Parameters
    ----------
    frame : DataFrame
        Columns finding, row and role, then the user's, of any names and dtypes.

    Returns
    -------
    pyarrow.Table
        Its metadata say what a reader must undo: ``renamed``, ``as_text``, ``categories``, ``objects``.
    """
    import pyarrow as pa

    if tuple(frame.columns[:3]) != LEADING:
        raise ValueError(f"the first columns must be {', '.join(LEADING)}, got {list(frame.columns[:3])}")
    names, renamed = _distinct_names(list(frame.columns[3:]))
    frame = frame.set_axis([*LEADING, *names], axis=1)
    as_text = []
    objects = {name: _blank(frame[name]) for name in names if frame[name].dtype == object}
    for name in names:
        try:
            pa.array(frame[name], from_pandas=True)
        except pa.ArrowException:
            # a column of mixed types has no Parquet type; text at least can be read by a person
            frame[name] = frame[name].map(str, na_action="ignore")
            as_text.append(name)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    note = {"renamed": renamed, "as_text": as_text, "categories": _numeric_categories(frame), "objects": objects}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), METADATA_KEY: json.dumps(note)})


def _blank(column: pd.Series[Any]) -> str:
    """Say how a column of objects writes a missing value; some encoders tell None from NaN."""
    missing = column[column.isna()]
    return "none" if len(missing) and missing.iloc[0] is None else "nan"


def _numeric_categories(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return what Parquet forgets: it keeps categories of text, and returns categories of numbers as plain numbers."""
    import pandas as pd

    kept = {}
    for name, kind in frame.dtypes.items():
        if isinstance(kind, pd.CategoricalDtype) and kind.categories.dtype.kind in "iufb":
            kept[str(name)] = {"values": kind.categories.tolist(), "ordered": bool(kind.ordered)}
    return kept


def _distinct_names(columns: list[Any]) -> tuple[list[str], dict[str, Any]]:
    """Return a distinct name for each of the user's columns, and those that differ from what the user calls them."""
    plain = {str(column) for column in columns}
    names: list[str] = []
    renamed: dict[str, Any] = {}
    for column in columns:
        name = str(column)
        while name in LEADING or name in names or (name != str(column) and name in plain):
            name += "_"
        names.append(name)
        if name != column:
            renamed[name] = column if isinstance(column, str | int | float) else str(column)
    return names, renamed
