from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparring.adapters.tables import read_frame, read_table
from sparring.errors import DataError

GOOD = "income,job,class\n1200,clerk,good\n900,none,bad\n1500,clerk,good\n"


def write(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def complaint(path: Path, target: str = "class") -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, target=target)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_types_are_those_that_pandas_infers(tmp_path):
    path = write(tmp_path, "a,b,c,d,e\n1,0.5,True,x,u\n2,1.5,False,NA,v\n3,,True,y,u\n")
    frame, labels = read_table(path, target="e")
    pd.testing.assert_frame_equal(frame, pd.read_csv(path).drop(columns=["e"]))
    assert [frame[c].dtype.kind for c in "abc"] == ["i", "f", "b"]
    assert frame["d"].isna().tolist() == [False, True, False]
    assert labels.tolist() == ["u", "v", "u"]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    frame, _ = read_table(write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()), target="class")
    assert list(frame.columns) == ["income", "job"]


def test_parquet_reads_back_and_rows_are_numbered_from_0(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "y"], "class": [True, False, True]}, index=[7, 8, 9])
    frame.to_parquet(tmp_path / "d.parquet")
    rows, labels = read_table(tmp_path / "d.parquet", target="class")
    assert rows.index.tolist() == [0, 1, 2]
    assert rows["b"].isna().tolist() == [False, True, False]
    assert labels.dtype == bool


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("  \n\n", "is empty"),
        ("income,job,class\n", "no rows"),
        (b"\x00\x01\x02\x03" * 50, "binary file"),
        (bytes(range(256)) * 4, "binary file"),
        (b"PAR1" + bytes(90), "rename it to end in .parquet"),
        (b"\x1f\x8b" + bytes(90), "unpack it"),
        (b"PK\x03\x04" + bytes(90), "save the table as CSV"),
        (b"\x80\x04\x95" + bytes(90), "model first"),
        (GOOD.encode("utf-16"), "UTF-16"),
        ("income,job,class\n1,M\u00fcller,good\n".encode("latin-1"), "line 2"),
        ("income,j\u00f6b,class\n1,a,good\n".encode("latin-1"), "UTF-8"),
        ("a,b,a,class\n1,2,3,good\n", "'a' stands more than once"),
        ("a,b,class\n1,2,good\n1,2,3,bad\n", "4 cells in row 2 under a header of 3"),
        ("a,b,class\n1,2,good\n1,2\n", "2 cells in row 2 under a header of 3"),
        ("a,class\n1,2,good\n1,2,bad\n", "3 cells in row 1 under a header of 2"),
        ('a,b,class\n1,"2,good\n1,2,bad\n', "opened in row 1 and never closed"),
        ("income;job;class\n1;2;good\n", "semicolons"),
        ("income\tjob\tclass\n1\t2\tgood\n", "tabs"),
        ("income,Class\n1,good\n", "did you mean 'Class'"),
        ("income,clas\n1,good\n", "did you mean 'clas'"),
        ("income,wealth\n1,good\n", "there are 'income', 'wealth'"),
        ("a,class\n1,good\n2,good\n", "all 2 rows of"),
        ("a,class\n1,\n2,\n", "blank in all 2 rows"),
        ("a,class\n1,good\n2,\n3,bad\n", "1 of 3 rows"),
        ("a,class\n1,good\n", "at least 2 rows"),
        ("class\ngood\nbad\n", "no column beside the target"),
        (b"a,class\n" + b"1,good\n" * 20_000 + b"2,b\xe4d\n", "line 20002"),
        ("a," + "x" * 200_000 + "\n1,2\n", "header cannot be read"),
    ],
)
def test_one_sentence_says_what_is_wrong(tmp_path, content, says):
    assert says in complaint(write(tmp_path, content))


@pytest.mark.parametrize("name", ["m.joblib", "m.pkl", "m.json", "m.ubj", "m.cbm", "m.txt"])
def test_a_model_in_place_of_data_is_named(tmp_path, name):
    assert "the model comes first" in complaint(write(tmp_path, b"{}", name))


def test_paths_that_are_no_table(tmp_path):
    write(tmp_path, GOOD, "applicants.csv")
    assert "did you mean" in complaint(tmp_path / "aplicants.csv")
    assert "does not exist; check the path" in complaint(tmp_path / "other" / "x.csv")
    assert "is a folder" in complaint(tmp_path)
    assert "cannot be read" in complaint(write(tmp_path, GOOD, "file") / "data.csv")
    assert "ends in .csv or .parquet" in complaint(write(tmp_path, GOOD, "data.xlsx"))
    assert "cannot be read as Parquet" in complaint(write(tmp_path, GOOD, "data.parquet"))


@pytest.mark.parametrize("name", ["data.csv", "data.parquet"])
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch, name):
    path = write(tmp_path, GOOD, name)

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in complaint(path)


def test_parquet_with_two_columns_of_one_name(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table([pa.array([1, 2]), pa.array([1, 2]), pa.array(["u", "v"])], names=["a", "a", "class"])
    pq.write_table(table, tmp_path / "d.parquet")
    assert "'a' stands more than once" in complaint(tmp_path / "d.parquet")


def test_blank_cells_at_the_end_are_no_short_rows(tmp_path):
    frame = read_frame(write(tmp_path, "class,a,b\ngood,1,\nbad,2,\ngood,,\n"))
    assert frame["b"].isna().all()
    assert np.isnan(frame["a"].iloc[2])
