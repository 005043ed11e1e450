"""Rows come back exactly as they were, and every legal row survives the way out and in again."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.adapters.containers import whole
from sparring.adapters.frames import FrameCodec
from sparring.assess.columns import infer
from sparring.core.space import Column
from sparring.errors import ColumnsError, DataError

DAYS = pd.to_datetime(["2024-01-01", "2024-02-29", None, "2030-12-31"])


def everything():
    """One column of each dtype, with blanks where the dtype has them."""
    return pd.DataFrame(
        {
            "float": [0.1, -0.0, np.nan, 1e300],
            "narrow": np.array([0.1, 2.5, np.nan, 3.0], dtype=np.float32),
            "int": [1, -5, 7, 0],
            "small": np.array([1, 255, 7, 0], dtype=np.uint8),
            "Int": pd.array([1, None, 3, 2**52], dtype="Int64"),
            "Float": pd.array([1.5, None, 3.0, -2.0], dtype="Float32"),
            "bool": [True, False, False, True],
            "boolean": pd.array([True, None, False, True], dtype="boolean"),
            "text": ["a", "b", "a", "c"],
            "object": pd.Series(["x", None, "y", "x"], dtype=object),
            "category": pd.Categorical(
                ["low", "high", None, "low"], categories=["low", "middle", "high"], ordered=True
            ),
            "digits": pd.Categorical([3, 1, 3, 1], categories=[7, 3, 1]),
            "id": [2**60 + 1, 2**60 + 2, 2**60 + 3, 2**60 + 4],
            "day": DAYS,
            "zoned": DAYS.tz_localize("Europe/Berlin"),
            "anything": pd.Series([1, 2.5, "two", "1"], dtype=object),
            "lists": pd.Series([[1], [1, 2], None, [1]], dtype=object),
            "arrow": pd.array([1, None, 3, 4], dtype="int32[pyarrow]"),
        }
    )


def codec_of(frame, **changes):
    columns = [column.model_copy(update=changes.get(column.name, {})) for column in infer(frame)]
    return FrameCodec(frame, columns)


def test_every_dtype_comes_back():
    frame = everything()
    codec = codec_of(frame)
    back = codec.decode(codec.encode(frame))
    pd.testing.assert_frame_equal(back, frame)
    assert [type(value) for value in back["anything"]] == [int, float, str, str]
    assert np.signbit(back["float"][1])


def test_categories_keep_their_order_and_labels_their_codes():
    codec = codec_of(everything(), category={"categories": ("low", "middle", "high")})
    x = codec.encode(everything())
    j = codec.space.names.index("category")
    np.testing.assert_array_equal(x[:, j], [0, 2, np.nan, 0])


def test_carried_values_that_are_equal_stay_apart():
    frame = pd.DataFrame({"any": pd.Series([1, 1.0, True, "1", None], dtype=object)})
    codec = FrameCodec(frame, [Column(name="any", kind="carried")])
    back = codec.decode(codec.encode(frame))["any"].tolist()
    assert [type(value) for value in back] == [int, float, bool, str, type(None)]


def test_encoding_touches_nothing_of_the_users():
    frame = everything()
    codec = codec_of(frame)
    x = codec.encode(frame)
    before = x.copy()
    out = codec.decode(x)
    out.iloc[0, 0] = 99.0
    np.testing.assert_array_equal(x, before)
    pd.testing.assert_frame_equal(frame, everything())


def test_whole_numbers_stay_whole_until_a_blank_is_among_them():
    frame = pd.DataFrame({"n": [1, 2, 3], "b": [True, False, True]})
    codec = codec_of(frame)
    assert codec.decode(np.array([[2.0, 1.0]])).dtypes.tolist() == [np.int64, np.bool_]
    blank = codec.decode(np.array([[np.nan, np.nan], [2.0, 1.0]]))
    assert blank["n"].dtype == np.float64
    assert blank["n"].tolist()[1] == 2.0
    assert blank["b"].dtype == np.float64
    assert blank["b"].tolist()[1] == 1.0
    np.testing.assert_array_equal(codec.encode(blank), [[np.nan, np.nan], [2.0, 1.0]])


def test_whole_numbers_are_kept_within_their_dtype():
    np.testing.assert_array_equal(whole(np.array([300.0, -4.0, 2.5, 3.5]), np.uint8), [255, 0, 2, 4])
    np.testing.assert_array_equal(whole(np.array([1e30, -1e30, 7.0]), np.int64), [2**63 - 1, -(2**63), 7])


def test_a_category_never_seen_is_a_value_that_no_row_has():
    frame = pd.DataFrame(
        {
            "text": ["a", "__unseen__"],
            "used": pd.Categorical(["a", "b"]),
            "spare": pd.Categorical(["a", "a"], categories=["a", "z"]),
            "flag": [True, False],
        }
    )
    codec = codec_of(frame, spare={"categories": ("a",)})
    assert codec.holds_unseen.tolist() == [True, False, True, False]
    row = codec.decode(np.array([[2.0, 0.0, 1.0, 0.0]]))
    assert row["text"][0] not in {"a", "__unseen__"}
    assert row["spare"][0] == "z"
    with pytest.raises(DataError, match="'used' has a type that cannot hold a category never seen"):
        codec.decode(np.array([[0.0, 2.0, 0.0, 0.0]]))


def test_an_unseen_whole_number_is_above_the_largest():
    frame = pd.DataFrame({"n": [3, 1, 3]})
    codec = FrameCodec(frame, [Column(name="n", kind="category", categories=(1, 3))])
    assert codec.decode(np.array([[2.0]]))["n"].tolist() == [4]


def test_values_outside_the_columns_table_come_back_too():
    frame = pd.DataFrame({"text": ["a", "b", "odd"], "id": ["p", "q", "r"]})
    columns = [Column(name="text", kind="category", categories=("a", "b")), Column(name="id", kind="carried")]
    codec = FrameCodec(frame, columns)
    later = pd.DataFrame({"text": ["new", "odd", None], "id": ["r", "s", None]})
    version = codec.version
    x = codec.encode(later)
    assert codec.version == version + 2
    np.testing.assert_array_equal(x[:, 0], [4.0, 3.0, np.nan])
    pd.testing.assert_frame_equal(codec.decode(x), later)
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_a_columns_table_that_does_not_fit_is_refused():
    frame = pd.DataFrame({"a": [1, 2**60], "b": pd.Categorical(["x", "y"])})
    with pytest.raises(ColumnsError, match="in their order"):
        FrameCodec(frame, [Column(name="b", kind="carried"), Column(name="a", kind="carried")])
    with pytest.raises(ColumnsError, match=r"'a' must have kind carried"):
        FrameCodec(frame, [Column(name="a", kind="number"), Column(name="b", kind="carried")])
    with pytest.raises(ColumnsError, match="cannot hold its category 'z'"):
        FrameCodec(frame, [Column(name="a", kind="carried"), Column(name="b", kind="category", categories=("z",))])
    codec = FrameCodec(frame, [Column(name="a", kind="carried"), Column(name="b", kind="category", categories=("x",))])
    with pytest.raises(DataError, match="must have the columns a, b"):
        codec.encode(frame[["a"]])
    with pytest.raises(DataError, match="codes 0 to"):
        codec.decode(np.array([[17.0, 0.0]]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_])
def test_arrays_of_numbers(dtype):
    array = np.array([[0, 1], [1, 0], [1, 1]]).astype(dtype)
    codec = FrameCodec(array, infer(array))
    assert codec.space.names == ("x0", "x1")
    back = codec.decode(codec.encode(array))
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, array)
    blank = codec.decode(np.array([[np.nan, 1.0]]))
    assert blank.dtype == (dtype if np.dtype(dtype).kind == "f" else np.float64)


def test_arrays_of_objects():
    array = np.array([["a", 1.5], ["b", None], [None, 2.0]], dtype=object)
    codec = FrameCodec(array, infer(array))
    back = codec.decode(codec.encode(array))
    assert back.dtype == object
    assert back[0].tolist() == ["a", 1.5]
    assert pd.isna(back[1, 1])
    assert pd.isna(back[2, 0])


def test_polars():
    frame = pl.DataFrame(
        {
            "n": [0.5, None, -1.0],
            "w": pl.Series([1, 2, None], dtype=pl.Int16),
            "b": [True, None, False],
            "s": ["a", None, "b"],
            "c": pl.Series(["x", "y", None], dtype=pl.Categorical),
            "e": pl.Series(["u", None, "v"], dtype=pl.Enum(["v", "u", "t"])),
            "d": [dt.date(2024, 1, 1), None, dt.date(2025, 1, 1)],
        }
    )
    codec = FrameCodec(frame, infer(frame))
    back = codec.decode(codec.encode(frame))
    assert back.equals(frame)
    assert back.schema == frame.schema


def test_pyarrow():
    table = pa.table(
        {
            "n": pa.array([0.5, None, -1.0]),
            "f": pa.array([0.1, None, 2.0], type=pa.float32()),
            "w": pa.array([1, 2, None], type=pa.int16()),
            "b": pa.array([True, None, False]),
            "s": pa.array(["a", None, "b"]),
            "c": pa.array(["x", "y", None]).dictionary_encode(),
            "i": pa.array([2**60 + 1, 2**60 + 2, None]),
        }
    )
    codec = FrameCodec(table, infer(table))
    back = codec.decode(codec.encode(table))
    assert back.schema == table.schema
    assert back.to_pydict() == table.to_pydict()


def test_what_is_no_table():
    for thing in ("rows.csv", np.zeros(3), {"a": [1]}, np.array([["2024"]], dtype="M8")):
        with pytest.raises(DataError):
            FrameCodec(thing, [])


TABLE = everything()
CODEC = codec_of(TABLE)
NARROW = {"narrow", "Float"}


def legal(column):
    if column.kind == "carried":
        j = CODEC.space.names.index(column.name)
        codes = st.integers(0, CODEC.codes(j) - 1).map(float)
    elif column.kind == "category":
        last = len(column.categories) - 1 + bool(CODEC.holds_unseen[CODEC.space.names.index(column.name)])
        codes = st.integers(0, last).map(float)
    elif column.step == 1.0:
        codes = st.integers(int(column.low), int(column.high)).map(float)
    else:
        codes = st.floats(column.low, column.high, width=32 if column.name in NARROW else 64)
    return codes | st.just(float("nan")) if column.missing == "allow" else codes


def legal_columns():
    """Floats of single precision have bounds that are such, too."""
    for column in CODEC.space.columns:
        yield column.model_copy(update={"low": -2.0, "high": 3.0}) if column.name in NARROW else column


@settings(max_examples=60)
@given(st.lists(st.tuples(*map(legal, legal_columns())), min_size=1, max_size=5))
def test_every_legal_row_survives(rows):
    x = np.array(rows)
    frame = CODEC.decode(x)
    np.testing.assert_array_equal(CODEC.encode(frame), x)
    assert frame.columns.tolist() == TABLE.columns.tolist()
    for name in set(TABLE.columns):
        assert frame[name].dtype == TABLE[name].dtype
