"""Derived columns: raw rows are edited, and what the model is given follows them."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import sparring
import sparring.report
from sparring.assess.subject import derived
from sparring.errors import DataError, OptionError


def made(raw):
    """Ratio of debt to income, and the income itself."""
    return pd.DataFrame({"ratio": raw["debt"] / raw["income"], "income": raw["income"]})


def table(n=160):
    rng = np.random.default_rng(5)
    raw = pd.DataFrame({"debt": rng.gamma(3, 200, n).round(), "income": rng.gamma(5, 400, n).round() + 100})
    raw["name"] = [f"person {k}" for k in range(n)]
    return raw


RAW = table()
Y = (RAW["debt"] / RAW["income"] < 0.3).map({True: "good", False: "bad"})
MODEL = LogisticRegression(C=1e4).fit(made(RAW[:100]), Y[:100])


def go(features=made, model=MODEL, y=Y, **options):
    given = {"only": ["evasion/hop-skip-jump", "evasion/linear-exact"], "budget": "20s", "rng": 0}
    return sparring.assess(model, RAW[100:], y[100:], features=features, **given | options)


def test_raw_rows_are_edited_and_the_model_turns():
    result = go(columns={"income": {"who": "nobody"}, "debt": {"who": "anyone"}})
    finding = result["evasion/hop-skip-jump@spread"]
    assert finding.counts.broken > 0
    assert set(finding.columns_used) == {"debt"}
    columns = [column.name for column in result.assessment.columns]
    assert columns == ["debt", "income", "name"]
    part = result.examples[result.examples["finding"] == finding.id]
    before, after = (part[part["role"] == role][columns] for role in ("original", "adversarial"))
    assert (before["income"].to_numpy() == after["income"].to_numpy()).all()
    assert (MODEL.predict(made(before)) != MODEL.predict(made(after))).all()
    assert result.assessment.target.features.endswith("test_derived:made")
    assert result.assessment.target.name == "LogisticRegression behind made"


def test_a_derived_column_is_none_that_anybody_could_say_something_about():
    from sparring.errors import ColumnsError

    with pytest.raises(ColumnsError, match="ratio"):
        go(columns={"ratio": {"who": "anyone"}})


def test_the_file_alone_does_not_tell():
    reason = go()["evasion/linear-exact@spread"].reason
    assert "derived columns are computed between the table and the model" in reason


def test_arrays_and_cut_offs():
    model = LogisticRegression(C=1e4).fit(made(RAW[:100]).to_numpy(), Y[:100])
    result = go(
        lambda raw: made(raw).to_numpy(), model=model, decision="bad >= 0.2", only="evasion/cube-search@columns"
    )
    assert result["evasion/cube-search@columns"].counts.broken > 0


def test_models_that_predict_numbers():
    y = RAW["debt"] / RAW["income"] * 10
    model = Ridge().fit(made(RAW[:100]), y[:100])
    result = go(model=model, y=y, shift=1.0, direction="down", only="evasion/cube-search@spread")
    finding = result["evasion/cube-search@spread"]
    assert finding.counts.broken > 0
    part = result.examples[["debt", "income", "name"]]
    change = model.predict(made(part[1::2])) - model.predict(made(part[::2]))
    assert (change <= -1.0).all()


def raises(raw):
    return raw["nothing"]


def shorter(raw):
    return made(raw)[:-1]


def drawn(raw):
    return made(raw) + np.random.default_rng().random((len(raw), 1))


def in_company(raw):
    return made(raw) / made(raw).mean()


def lacking(raw):
    return made(raw)[["ratio"]]


@pytest.mark.parametrize(
    ("function", "error", "says"),
    [
        (raises, DataError, "raises KeyError"),
        (shorter, DataError, "59 rows of 60"),
        (drawn, DataError, "two different tables"),
        (in_company, DataError, "in other company"),
        (lacking, DataError, "income"),
        (len, DataError, "returns int"),
        ("made", OptionError, "must be a function"),
    ],
)
def test_functions_that_will_not_do(function, error, says):
    with pytest.raises(error, match=says):
        go(function)


def test_rows_of_the_user_stay_as_they_are():
    def writes(raw):
        raw["debt"] = raw["debt"] + 1
        return made(raw)

    before = RAW.copy()
    go(writes, only="evasion/random-noise@columns", budget="2s")
    pd.testing.assert_frame_equal(RAW, before)


def test_a_function_that_takes_the_data_but_not_what_may_be_entered():
    largest = RAW["debt"].max()

    def particular(raw):
        if (raw["debt"] > largest).any():
            raise ValueError("no such debt")
        return made(raw)

    columns = {"income": {"who": "nobody"}, "debt": {"who": "anyone", "range": [0, 20 * largest], "direction": "up"}}
    finding = go(particular, columns=columns, only="evasion/hop-skip-jump@spread")["evasion/hop-skip-jump@spread"]
    said = finding.reason or " ".join(caveat.text for caveat in finding.caveats)
    assert "every row that the columns table admits" in said
    assert "ValueError: no such debt" in said


def test_the_report_names_the_function_and_the_document_knows_its_text():
    result = go(only="evasion/random-noise@columns", budget="2s")
    assert "test_derived:made" in sparring.report.render(result.assessment, format="markdown")
    assert result.assessment.target.features_sha256 == hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def test_another_text_of_the_function_is_another_run(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    prints = set()
    for factor in ("1", "2", "2"):
        (tmp_path / "of_mine.py").write_text(
            "import pandas as pd\n\ndef made(raw):\n"
            f"    return pd.DataFrame({{'ratio': {factor} * raw['debt'] / raw['income'], 'income': raw['income']}})\n"
        )
        importlib.invalidate_caches()
        module = importlib.reload(importlib.import_module("of_mine"))
        result = go(module.made, only="evasion/random-noise@columns", budget="2s")
        prints.add(result.assessment.fingerprint)
    assert len(prints) == 2


def test_a_function_without_a_file_is_known_by_its_code():
    scope = {}
    exec("def same(raw):\n    return raw\n\ndef other(raw):\n    return raw.copy()", scope)
    hashes = [derived(MODEL, scope[name]).sha256 for name in ("same", "other")]
    assert None not in hashes
    assert len(set(hashes)) == 2
    assert derived(MODEL, len).sha256 is None


def test_relations_between_raw_columns_are_kept():
    raw = RAW.assign(limit=RAW["debt"] + 50.0)

    def of_two(rows):
        return made(rows.drop(columns="limit"))

    with_limit = {"debt": {"who": "anyone"}, "limit": {"who": "us"}, "income": {"who": "anyone"}}
    result = sparring.assess(
        MODEL,
        raw[100:],
        Y[100:],
        features=of_two,
        columns=with_limit,
        relations=[{"at_most": ["debt", "limit"]}],
        only=["evasion/hop-skip-jump", "evasion/hand-edit"],
        budget="60s",
        rng=0,
    )
    edited = result.examples[result.examples["role"] == "adversarial"]
    assert len(edited) > 20
    assert (edited["debt"] > edited["limit"] - 50.0).any()  # raised, but never above
    assert (edited["debt"] <= edited["limit"]).all()
