from __future__ import annotations

import datetime as dt
import string
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparring.assess.columns import guess, infer, overlay, read, suggested
from sparring.assess.system import System, read_system, render, write
from sparring.core.answers import Answers
from sparring.core.space import Column
from sparring.errors import ColumnsError, DataError, OutputError


def one(values, name="x", background=None) -> Column:
    frame = pd.DataFrame({name: values})
    (column,) = infer(frame, background=None if background is None else pd.DataFrame({name: background}))
    return column


def test_integers_step_by_one_within_the_range_that_was_seen():
    column = one([3, 5, 5, 9, 40])
    assert (column.kind, column.step, column.low, column.high, column.missing) == ("number", 1.0, 3, 40, "never")
    assert column.who == "unknown"


def test_spread_is_the_interquartile_range_over_1_349_of_what_is_not_blank():
    values = np.random.default_rng(0).normal(50, 7, 20_000)
    column = one([*values, np.nan])
    assert column.spread == pytest.approx(7, rel=0.03)
    assert column.spread == pytest.approx((np.percentile(values, 75) - np.percentile(values, 25)) / 1.349)
    assert column.missing == "allow"


def test_spread_falls_back_to_the_standard_deviation_and_then_freezes():
    mostly = [0] * 90 + [1] * 10
    assert one(mostly).spread == pytest.approx(0.3)
    frozen = one([7] * 30)
    assert frozen.spread == 0
    assert not frozen.movable


def test_spread_is_that_of_the_rows_and_the_range_that_of_all():
    column = one([1, 2, 3, 4], background=[100, 200])
    assert column.high == 200
    assert column.spread == pytest.approx(1.5 / 1.349)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        (np.arange(40) / 2, 0.1),
        (np.arange(40) / 100, 0.01),
        (np.tile(np.arange(10) / 10_000, 3), 0.0001),
        (np.arange(40) / 10_000, None),
        (np.arange(40) / 7, None),
        ([1.0, 2.0, np.nan], 1.0),
        (np.arange(0, 400, 10), 1.0),
        (np.array([0.1, 0.2, 0.3] * 10, dtype="float32"), None),
        (np.array([1, 2, 3] * 10, dtype="float32"), 1.0),
    ],
)
def test_decimals_have_the_grid_that_they_were_typed_on(values, step):
    assert one(values).step == step


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (range(500, 600), "x"),
        (np.random.default_rng(0).permutation(10**6)[:50], "customer_id"),
        (np.random.default_rng(0).permutation(10**9 // 7)[:1200], "x"),
        ([2**53 + 1, 4, 4], "x"),
        ([f"A-{i}" for i in range(30)], "x"),
        ([dt.date(2024, 1, 1 + i % 28) for i in range(40)], "x"),
        (pd.date_range("2024-01-01", periods=5), "x"),
        (pd.to_timedelta([1, 2, 3], unit="D"), "x"),
        ([[1], [2]], "x"),
        ([None, None], "x"),
        ([np.nan, np.nan], "x"),
        ([f"the {i % 37} quick brown fox jumps {i % 20}" for i in range(50)], "x"),
        ([f"v{i % 1500}" for i in range(3000)], "x"),
        ([True, 1, 0, False], "x"),
    ],
    ids=str,
)
def test_what_nobody_enters_as_a_value_is_carried(values, name):
    if isinstance(values, list) and values == [True, 1, 0, False]:
        values = pd.Series(values, dtype=object)
    assert one(values, name).kind == "carried"


def test_amounts_that_happen_to_be_unique_stay_numbers():
    assert one(np.random.default_rng(1).permutation(20_000)[:300], "amount").kind == "number"
    assert one(np.random.default_rng(1).normal(size=5000), "score").kind == "number"


@pytest.mark.parametrize(
    ("values", "categories"),
    [
        (["b", "a", None, "b"], ("a", "b")),
        ([True, False, True], (False, True)),
        (pd.Series([True, None], dtype="boolean"), (True,)),
        (pd.Categorical(["x", "y", "x"], categories=["z", "y", "x"]), ("x", "y")),
        (pd.Categorical([3, 1, 3]), (1, 3)),
        (pd.Series(["a", 2, "a"], dtype=object), (2, "a")),
    ],
)
def test_labels_become_categories(values, categories):
    column = one(values)
    assert column.kind == "category"
    assert column.categories == categories
    assert [type(c) for c in column.categories] == [type(c) for c in categories]


def test_large_decimals_are_no_identifiers():
    assert one([1e20, 2e20, 2e20]).kind == "number"


def test_integers_with_few_values_stay_numbers():
    assert one([1, 2, 1, 2, 1]).kind == "number"


def test_a_background_brings_further_categories():
    assert one(["a", "b"], background=["c", "a", None]).categories == ("a", "b", "c")
    assert one(["a", "b"], background=["c", None]).missing == "allow"
    assert one(["a", "b"], background=[1.0, 2.0]).categories == ("a", "b")


@pytest.mark.parametrize("make", ["pandas", "pyarrow"])
def test_the_table_does_not_depend_on_the_container(make):
    columns = {
        "n": [1, 2, 2, None],
        "f": [0.5, 1.5, 1.5, 2.0],
        "t": ["u", "v", None, "u"],
        "b": [True, False, True, True],
    }
    if make == "pyarrow":
        import pyarrow as pa

        frame = pa.table(columns)
    else:
        frame = pd.DataFrame(columns)
    assert infer(frame) == infer(pd.DataFrame(columns))


def test_arrays_have_columns_x0_x1():
    columns = infer(np.array([[1.0, 2.5], [2.0, 3.5], [2.0, np.nan]]))
    assert [c.name for c in columns] == ["x0", "x1"]
    assert columns[1].missing == "allow"
    assert infer(np.array([["a", 1], ["b", None]], dtype=object))[1].categories == (1,)


def test_arrays_of_dates_are_carried():
    (column,) = infer(np.array([["2024-01-01"], ["2024-01-02"]], dtype="datetime64[D]"))
    assert column.kind == "carried"


@pytest.mark.parametrize("frame", [np.zeros(3), [[1, 2]], 7])
def test_what_is_no_table_is_refused(frame):
    with pytest.raises(DataError, match="table"):
        infer(frame)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="name of its own"):
        infer(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@given(
    st.lists(
        st.one_of(st.none(), st.floats(), st.integers(-(2**70), 2**70), st.booleans(), st.text(max_size=4)), max_size=30
    )
)
@settings(max_examples=100, deadline=None)
def test_any_column_gets_a_row_of_the_table(values):
    column = one(pd.Series(values, dtype=object))
    assert column.spread >= 0
    assert Column.model_validate_json(column.model_dump_json()) == column


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_every_finite_value_lies_in_the_range(values):
    column = one(np.array(values))
    kept = [v for v in values if np.isfinite(v)]
    if column.kind == "number":
        assert column.low == min(kept)
        assert column.high == max(kept)
        assert column.step is None or all(float(v / column.step).is_integer() for v in kept if column.step == 1)
    else:
        assert not kept or len(set(kept)) == len(kept) >= 20


# what people say


INFERRED = infer(
    pd.DataFrame({"income": [10, 20, 20, 40], "job": ["a", "b", "a", "a"], "when": pd.to_datetime(["2024"] * 4)})
)


def test_what_is_said_wins_and_the_rest_stays():
    table = {"income": {"who": "anyone", "range": [0, 99], "step": 5}, "job": {"who": "us"}}
    income, job, when = overlay(INFERRED, table)
    assert (income.who, income.low, income.high, income.step) == ("anyone", 0, 99, 5)
    assert (income.spread, income.kind) == (INFERRED[0].spread, "number")
    assert not job.movable
    assert when == INFERRED[2]
    assert overlay(INFERRED, {"income": {"range": None}}) == INFERRED


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"incom": {}}, "no column 'incom' in the data; did you mean 'income'"),
        ({"zzz": {}}, "there are income, job, when"),
        ({"income": {"woh": "us"}}, "no entry 'woh'; did you mean 'who'"),
        ({"income": {"who": "them"}}, "who one of anyone, effort, us, nobody, unknown, got 'them'"),
        ({"income": {"who": None}}, "who one of"),
        ({"income": {"change": "fake"}}, "change one of misstated, real, got 'fake'"),
        ({"income": {"range": [9, 1]}}, "must be [low, high], got [9.0, 1.0]"),
        ({"income": {"range": [9]}}, "two entries, got [9]"),
        ({"income": {"range": "9"}}, "two entries, got '9'"),
        ({"income": {"range": ["x", 9]}}, "wrong range"),
        ({"income": {"low": 100}}, "must be [low, high]"),
        ({"income": {"step": 0}}, "wrong step: input should be greater than 0"),
        ({"income": {"step": True}}, "number for step"),
        ({"income": {"cost": -1}}, "wrong cost"),
        ({"income": {"cost": float("inf")}}, "wrong cost"),
        ({"income": {"kind": "category"}}, "kind number or carried"),
        ({"when": {"kind": "number"}}, "kind carried or carried"),
        ({"job": {"range": [1, 2]}}, "range is for numbers"),
        ({"job": {"direction": "up"}}, "direction is for numbers"),
        ({"income": "us"}, "must hold entries"),
    ],
)
def test_a_table_that_does_not_fit_is_one_sentence(table, says):
    with pytest.raises(ColumnsError) as caught:
        overlay(INFERRED, table)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_number_can_be_carried_and_an_identifier_can_be_a_number_again():
    assert overlay(INFERRED, {"income": {"kind": "carried"}})[0].kind == "carried"
    ids = infer(pd.DataFrame({"n": range(30)}))
    assert ids[0].kind == "carried"
    assert overlay(ids, {"n": {"kind": "number"}})[0].movable


# the file


def read_text(tmp_path, text) -> System:
    path = tmp_path / "system.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_system(path)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "is empty"),
        ("# only a comment\n", 1, "is empty"),
        ("columns: [a]\n", 1, "'columns' must hold entries"),
        ("columns:\n  a: us\n", 2, "column 'a' must hold entries"),
        ("schema_version: 2\n", 1, "must be 1"),
        ("colums: {}\n", 1, "did you mean 'columns'"),
        ("income: {who: us}\n", 1, "columns go under 'columns'"),
        ("columns:\n  a: {who: us}\n  b: {}\n  a: {who: anyone}\n", 4, "'a' stands twice"),
        ("columns:\n  a: {who: us, who: anyone}\n", 2, "'who' stands twice"),
        ("columns:\n  a: &x {who: us}\n  b: *x\n", 3, "aliases"),
        ("columns:\n  a: {range: [[[[[[1]]]]]]}\n", 2, "too deeply"),
        ("columns:\n  a: {who: !!python/object/apply:os.system [ls]}\n", 2, "only plain text"),
        ("columns:\n  a: {who: us\n", 3, "no YAML"),
        ("columns:\n  ? [a]\n  : {}\n", 2, "plain names"),
        ("answers: {trys: 3}\n", 1, "did you mean 'tries'"),
        ("answers:\n  tries: many\n", 2, "tries must be a whole number"),
        ("answers:\n  tries: -1\n", 2, "tries must be a whole number"),
        ("columns: {}\n--- \ncolumns: {}\n", 2, "no YAML"),
    ],
)
def test_complaints_name_the_line(tmp_path, text, line, says):
    with pytest.raises(ColumnsError) as caught:
        read_text(tmp_path, text)
    assert says in str(caught.value)
    assert f"system.yaml:{line}: " in str(caught.value)


def test_complaints_about_the_content_name_the_line_too(tmp_path):
    text = "columns:\n  income:\n    who: us\n    range: [5, 1]\n  jobs: {who: us}\n"
    with pytest.raises(ColumnsError, match=r"system.yaml:5: no column 'jobs'"):
        overlay(INFERRED, read_text(tmp_path, text).columns)
    with pytest.raises(ColumnsError, match=r"system.yaml:4: range of column"):
        overlay(INFERRED, read_text(tmp_path, text.replace("jobs", "job")).columns)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"columns: \x07\n", "no YAML"),
        (b"# " + b"x" * 6_000_000, "smaller than 5 MB"),
    ],
)
def test_files_that_are_no_text(tmp_path, content, says):
    with pytest.raises(ColumnsError, match=says):
        read_text(tmp_path, content)


def test_a_missing_file_names_the_cure(tmp_path):
    with pytest.raises(ColumnsError, match="`sparring init` writes one"):
        read(tmp_path / "none.yaml")


def test_nested_brackets_and_billion_laughs_cost_nothing(tmp_path):
    for text in ("[" * 100_000, "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"):
        with pytest.raises(ColumnsError):
            read_text(tmp_path, text)


def test_names_and_classes_are_text_as_typed(tmp_path):
    known = read_text(tmp_path, "answers: {wants: no}\ncolumns:\n  no: {who: us}\n  12: {who: us}\n  2024-01-01: {}\n")
    assert list(known.columns) == ["no", "12", "2024-01-01"]
    assert known.answers.wants == "no"
    assert known.answers.answered


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def columns_of_any_kind(draw):
    name = draw(NAMES)
    who = draw(st.sampled_from(["anyone", "effort", "us", "nobody", "unknown"]))
    common = {"who": who, "checked": draw(st.sampled_from(["always", "sometimes", "never"]))}
    common |= {"cost": draw(st.none() | st.floats(0, 1e9)), "missing": draw(st.sampled_from(["allow", "never"]))}
    if draw(st.booleans()):
        return Column(name=name, kind="category", categories=("a", "b"), unseen="allow", **common)
    low, high = sorted([draw(NUMBER), draw(NUMBER)])
    step = draw(st.none() | st.sampled_from([1.0, 0.01, 1e-5, 1e20]))
    direction = draw(st.sampled_from(["up", "down", "both"]))
    return Column(name=name, kind="number", low=low, high=high, step=step, spread=1.0, direction=direction, **common)


@given(
    st.lists(columns_of_any_kind(), max_size=5, unique_by=lambda c: c.name),
    st.none() | NAMES,
    st.none() | st.integers(0, 9),
)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_back(tmp_path_factory, columns, text, tries):
    path = tmp_path_factory.mktemp("w") / "system.yaml"
    answers = Answers(decides=text, wants=text, tries=tries, answered=bool(columns))
    write(path, tuple(columns), answers=answers, notes={c.name: "a\nb # c" for c in columns})
    known = read_system(path)
    bare = tuple(
        Column(name=c.name, kind=c.kind, categories=c.categories, spread=c.spread, low=c.low, high=c.high)
        for c in columns
    )
    assert overlay(bare, known.columns) == tuple(columns)
    assert known.answers == answers


def test_a_file_stays_whole_when_writing_fails(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "file" / "system.yaml", INFERRED)


def test_a_disk_that_fills_up_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    write(tmp_path / "system.yaml", INFERRED)
    before = (tmp_path / "system.yaml").read_text()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write(tmp_path / "system.yaml", INFERRED[:1])
    assert [path.name for path in tmp_path.iterdir()] == ["system.yaml"]
    assert (tmp_path / "system.yaml").read_text() == before


def test_the_table_is_one_line_a_column():
    text = render(overlay(INFERRED, {"income": {"who": "anyone"}}), answers=Answers(wants="good"))
    entries = "who: anyone, change: misstated, checked: never, range: [10, 40], step: 1, missing: never"
    assert f"  income: {{kind: number, {entries}}}" in text
    assert "  wants: good\n" in text
    assert "  when:   {kind: carried, who: unknown}" in text


# guesses


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("age", "nobody"),
        ("personal_status_sex", "nobody"),
        ("Nationality", "nobody"),
        ("native-country", "nobody"),
        ("customerId", "nobody"),
        ("installment_rate", "us"),
        ("CreditScore", "us"),
        ("monthlyIncome", "anyone"),
        ("purpose", "anyone"),
        ("savings", "anyone"),
        ("hours-per-week", "anyone"),
        ("mileage", "unknown"),
        ("V17", "unknown"),
        ("", "unknown"),
    ],
)
def test_names_suggest_who_sets_a_column(name, who):
    assert guess(Column(name=name, kind="number")).who == who


def test_what_is_carried_is_set_by_nobody():
    assert guess(Column(name="income", kind="carried")).who == "nobody"


def test_another_amount_is_another_loan():
    assert guess(Column(name="loan_amount", kind="number")).change == "real"


def test_guesses_are_shown_and_never_applied():
    columns = infer(pd.DataFrame({"age": [20, 30, 30], "V1": [1, 2, 2]}))
    assert {c.who for c in columns} == {"unknown"}
    text = suggested(columns)
    assert "age: {kind: number, who: unknown" in text
    assert "a guess from the name: who: nobody" in text
    assert text.count("a guess") == 1


@given(st.text(string.printable, max_size=40))
def test_a_guess_is_always_made(name):
    assert guess(Column(name=name, kind="number")).who in ("nobody", "us", "anyone", "unknown")


def test_the_example_answers_freeze_who_people_are():
    from importlib.resources import files

    folder = files("sparring") / "data"
    frame = pd.read_csv(folder / "german_credit.csv").drop(columns=["class"])
    known = read_system(str(folder / "german_credit_columns.yaml"))
    columns = {c.name: c for c in overlay(infer(frame), known.columns)}
    assert frame.shape == (1000, 20)
    assert set(known.columns) == set(columns)
    assert not any(columns[name].movable for name in ("personal_status_sex", "age", "foreign_worker", "job", "amount"))
    assert sum(c.movable for c in columns.values()) == 9
    assert known.answers.wants == "good"
