"""Large data: rows are drawn at random, always the same ones, in the container they came in."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sparring.assess import sampling, sanity

COLUMN = np.arange(50) * 1.5
ROWS = {
    "pandas": pd.DataFrame({"v": COLUMN}, index=np.arange(50) + 7),
    "polars": pl.DataFrame({"v": COLUMN}),
    "pyarrow": pa.table({"v": COLUMN}),
    "numpy": COLUMN[:, None],
}
LABELS = {
    "pandas": pd.Series(COLUMN, index=np.arange(50) + 7),
    "polars": pl.Series(COLUMN),
    "pyarrow": pa.chunked_array([COLUMN]),
    "numpy": COLUMN,
    "list": COLUMN.tolist(),
}


def plain(rows):
    values = rows.to_pandas() if isinstance(rows, pa.Table) else rows
    return np.asarray(values, dtype=float).ravel()


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("rows", ROWS)
def test_rows_and_labels_stay_together_in_their_containers(rows, labels):
    X, y, ids, read = sampling.draw(ROWS[rows], LABELS[labels], at_most=20)
    assert (len(ids), read) == (20, 50)
    assert (np.diff(ids) > 0).all()
    np.testing.assert_array_equal(plain(X), COLUMN[ids])
    np.testing.assert_array_equal(plain(y), COLUMN[ids])
    assert type(X) is type(ROWS[rows])
    assert type(y) is type(LABELS[labels])


def test_the_same_rows_are_drawn_again_and_others_of_more():
    first, again = (sampling.draw(COLUMN[:, None], COLUMN, at_most=20)[2] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, sampling.draw(np.zeros((51, 1)), np.zeros(51), at_most=20)[2])


@pytest.mark.parametrize("at_most", [None, 50, 10**9])
def test_few_rows_all_stay(at_most):
    X, y, ids, read = sampling.draw(COLUMN[:, None], COLUMN, at_most=at_most)
    assert read is None
    assert y is COLUMN
    np.testing.assert_array_equal(ids, np.arange(50))
    assert X.shape == (50, 1)


def test_tables_that_do_not_fit_together_are_left_to_those_who_complain():
    X, y, _, read = sampling.draw(COLUMN[:, None], COLUMN[:-1], at_most=20)
    assert (len(X), len(y), read) == (50, 49, None)


def test_rows_without_a_shape_are_counted():
    assert sampling.draw([[1.0], [2.0]], [0, 1])[2].tolist() == [0, 1]


def test_a_sample_is_said_to_be_one():
    assert sanity.drawn(20, None) == []
    (caveat,) = sanity.drawn(20, 50_000)
    assert caveat.code == "sampled-rows"
    assert "20 of the 50,000" in caveat.text
