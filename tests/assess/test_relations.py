"""Relations through whole assessments: edits keep to them, whoever attacks, and bounds hold with them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

import sparring
import sparring.report
from sparring.assess import relations
from sparring.assess.relation_entries import parsed
from sparring.assess.relations import candidates, proposed
from sparring.assess.system import read_system, render
from sparring.core.relations import Relation
from sparring.core.space import Column, TableSpace
from sparring.errors import ColumnsError

RNG = np.random.default_rng(2)
N = 300
FLAGS = ["home_own", "home_rent", "home_free"]
KEPT = [
    {"at_most": ["used", "limit"]},
    {"sum": "total", "of": ["used", "cash"]},
    {"one_of": FLAGS},
]


def make(n=N, *, seed=2):
    rng = np.random.default_rng(seed)
    used = rng.integers(0, 4, n)
    rows = pd.DataFrame(
        {"used": used, "limit": np.minimum(used + rng.integers(0, 3, n), 5), "cash": rng.integers(0, 4, n)}
    )
    rows["total"] = rows["used"] + rows["cash"]
    for name, flag in zip(FLAGS, np.eye(3, dtype=int)[rng.integers(0, 3, n)].T, strict=True):
        rows[name] = flag
    return rows


X = make()
SCORE = X["used"] - 0.6 * X["limit"] + 0.4 * X["cash"] - 0.3 * X["total"] + 1.2 * X["home_own"] - X["home_rent"]
Y = np.where(SCORE + RNG.normal(0, 0.3, N) > 0.2, "no", "yes")
TABLE = {name: {"who": "anyone"} for name in X.columns}
SPREAD = {c.name: c.spread for c in sparring.columns(X[200:])}


def go(model, **options):
    given = {"columns": TABLE, "relations": KEPT, "rng": 0, "budget": "120s"}
    return sparring.assess(model, X[200:], Y[200:], **given | options)


def every_legal_row():
    """All rows that can be entered: whole numbers in the range of the data, with every relation kept."""
    spans = [range(int(X[name][200:].min()), int(X[name][200:].max()) + 1) for name in ("used", "limit", "cash")]
    out = [
        (used, limit, cash, used + cash, *flags)
        for used, limit, cash in itertools.product(*spans)
        for flags in np.eye(3, dtype=int)
        if used <= limit and X["total"][200:].min() <= used + cash <= X["total"][200:].max()
    ]
    return pd.DataFrame(out, columns=X.columns)


def least(model, before, after, decided):
    """Return the least number of columns, and the least spread, of a legal row that is decided otherwise."""
    turned = after.to_numpy()[model.predict(after) != decided]
    change = np.abs(turned - before.to_numpy(dtype=float)) / [SPREAD[name] for name in X.columns]
    return (change > 0).sum(axis=1).min(initial=99), change.max(axis=1, initial=0).min(initial=np.inf)


@pytest.mark.parametrize(
    "model",
    [LogisticRegression(C=100.0), GradientBoostingClassifier(n_estimators=25, max_depth=3, random_state=0)],
    ids=lambda m: type(m).__name__,
)
def test_edits_keep_to_them_whoever_attacks_and_bounds_hold(model):
    model.fit(X[:200], Y[:200])
    result = go(model)
    examples, legal = result.examples, every_legal_row()
    assert [relation.text for relation in result.assessment.relations] == [parsed(entry).text for entry in KEPT]
    assert not [f.reason for f in result.assessment.findings if f.outcome.value == "failed"]
    measured = [f for f in result.assessment.findings if f.primary is not None]
    assert len(measured) >= 10
    best = {}
    for finding in measured:
        part = examples[examples["finding"] == finding.id]
        edited = part[part["role"] == "adversarial"].set_index("row")[list(X.columns)]
        assert not any("must hold" in caveat.text for caveat in finding.caveats), finding.id  # none died of it
        assert not any(caveat.code == "broke-off" for caveat in finding.caveats), finding.id
        assert (edited["used"] <= edited["limit"]).all()
        assert (edited["total"] == edited["used"] + edited["cash"]).all()
        assert (edited[FLAGS].sum(axis=1) == 1).all()
        objective = finding.id.rpartition("@")[2]
        for row, after in edited.iterrows():
            change = np.abs(after - X.loc[200 + row]) / pd.Series(SPREAD)
            size = (change > 0).sum() if objective == "columns" else change.max()
            best[objective, row] = min(best.get((objective, row), np.inf), size)
        for row, bound in finding.bounds.items():
            before = X.iloc[[200 + row]]
            optimum = least(model, before, legal, model.predict(before)[0])[0 if objective == "columns" else 1]
            assert (np.inf if bound is None else bound) <= optimum + 1e-9, finding.id
    # all attackers together find nearly every least number of columns there is
    attacked = sorted({row for objective, row in best if objective == "columns"})
    optima = {
        row: least(model, X.iloc[[200 + row]], legal, model.predict(X.iloc[[200 + row]])[0])[0] for row in attacked
    }
    assert all(best["columns", row] >= optimum for row, optimum in optima.items())
    hit = [best["columns", row] == optimum for row, optimum in optima.items() if optimum <= 3]
    assert len(hit) > 20
    assert np.mean(hit) >= 0.9


def test_without_them_more_rows_pass():
    model = GradientBoostingClassifier(n_estimators=25, max_depth=3, random_state=0).fit(X[:200], Y[:200])
    name = "evasion/tree-search@columns"
    kept, free = (go(model, relations=given, only=name)[name] for given in (KEPT, []))
    assert kept.counts.broken <= free.counts.broken
    assert kept.curve[0].success.value < free.curve[0].success.value


def test_the_report_names_them_and_those_that_nobody_confirmed():
    model = LogisticRegression().fit(X[:200], Y[:200])
    quick = {"only": "evasion/random-noise@columns", "budget": "5s"}
    page = " ".join(sparring.report.render(go(model, **quick).assessment, format="text", width=200).split())
    assert "Kept to by every edit: used <= limit; total = used + cash; exactly one of home_own, home_rent" in page
    unasked = go(model, relations=None, **quick).assessment
    assert {r.text for r in unasked.relations} >= {"exactly one of home_own, home_rent, home_free"}
    assert not any(r.confirmed for r in unasked.relations)
    (doubt,) = [c for c in unasked.caveats if c.code == "unconfirmed-relations"]
    assert "exactly one of home_own, home_rent, home_free" in doubt.text
    assert not any(c.code == "unconfirmed-relations" for c in go(model, relations=[], **quick).assessment.caveats)


def test_other_relations_are_another_run():
    model = LogisticRegression().fit(X[:200], Y[:200])
    quick = {"only": "evasion/random-noise@columns", "budget": "5s"}
    prints = {go(model, relations=given, **quick).assessment.fingerprint for given in (KEPT, KEPT[:1], None, [])}
    assert len(prints) == 3  # what nobody confirmed binds nobody


def test_models_that_predict_numbers_keep_to_them():
    model = LogisticRegression().fit(X[:200], Y[:200])
    amount = 100.0 * X["used"] - 20.0 * X["limit"] + 10.0 * X["home_own"]
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(20, random_state=0).fit(X[:200], amount[:200])
    result = sparring.assess(
        model,
        X[200:],
        amount[200:],
        shift=60,
        columns=TABLE,
        relations=KEPT,
        rng=0,
        budget="60s",
        only=["evasion/tree-search", "evasion/cube-search"],
    )
    edited = result.examples[result.examples["role"] == "adversarial"]
    assert len(edited) > 20
    assert (edited["used"] <= edited["limit"]).all()
    assert (edited["total"] == edited["used"] + edited["cash"]).all()


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            {"at_most": ["limit", "used"]},
            r"limit <= used must hold in every row of the data, and \d+ of 100 rows break",
        ),
        ({"at_most": ["usd", "limit"]}, "no column 'usd' in the data; did you mean 'used'"),
        ({"at_most": ["nothing", "limit"]}, "no column 'nothing' in the data; there are used"),
        ({"at_most": ["used", "limit", "cash"]}, "at_most must name 2 columns, got 3"),
        ({"sum": "total", "of": ["used"]}, "sum must name at least 3 columns"),
        ({"sum": "total"}, "sum must hold a total"),
        ({"sum": ["total"], "of": ["used", "cash"]}, "sum must hold a total"),
        ({"one_of": "home_own"}, "one_of must hold a list"),
        ({"at_most": ["used", "limit"], "confirmd": True}, "did you mean 'confirmed'"),
        ({"at_most": ["used", "limit"], "confirmed": "perhaps"}, "confirmed must be true or false"),
        ({"less": ["used", "limit"]}, "a relation reads"),
        ("used <= limit", "a relation reads"),
        ({"one_of": ["used", "home_own"]}, "exactly one of used, home_own must hold in every row"),
    ],
)
def test_relations_that_cannot_be_meant_are_one_sentence(entry, says):
    model = LogisticRegression().fit(X[:200], Y[:200])
    with pytest.raises(ColumnsError, match=says) as caught:
        go(model, relations=[entry])
    assert "\n" not in str(caught.value)


def test_texts_are_no_numbers():
    frame = X.assign(job="clerk")
    frame.loc[::2, "job"] = "smith"
    columns = sparring.columns(frame)
    for entry, says in (({"at_most": ["job", "used"]}, "must be a number"), ({"one_of": ["job", "used"]}, "0 and 1")):
        with pytest.raises(ColumnsError, match=says):
            proposed([parsed(entry)], frame, columns)


def space(frame):
    return TableSpace(sparring.columns(frame))


def found(frame):
    wide = space(frame)
    table = TableSpace(tuple(c.model_copy(update={"who": "anyone"}) for c in wide.columns))
    return {relation.text for relation in candidates(table, frame.to_numpy(dtype=float))}


def test_candidates_are_what_would_not_hold_by_chance():
    more = make(400, seed=5)
    more["age"] = np.random.default_rng(0).integers(1000, 2000, 400)  # above all others, which says nothing
    assert found(more) == {
        "exactly one of home_own, home_rent, home_free",
        "total = used + cash",
        "used <= limit",
    }


def test_candidates_leave_out_what_follows_and_what_hardly_ever_adds():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 100, 300)
    frame = pd.DataFrame({"a": a, "b": a + rng.integers(0, 9, 300), "e": (rng.random(300) < 0.1) * 7})
    frame["c"] = frame["b"] + rng.integers(0, 9, 300)
    frame["copy"] = frame["a"] + frame["e"]
    assert {"a <= b", "b <= c"} <= found(frame)
    assert "a <= c" not in found(frame)
    assert not any("=" in text.replace("<=", "") for text in found(frame))


def test_candidates_need_rows_and_somebody_who_can_break_them():
    assert candidates(space(X), X[:30].to_numpy(dtype=float)) == ()
    still = TableSpace(tuple(c.model_copy(update={"who": "us"}) for c in space(X).columns))
    assert candidates(still, X.to_numpy(dtype=float)) == ()
    wide = pd.DataFrame(np.sort(np.random.default_rng(0).random((80, relations.MOST_COLUMNS + 1)), axis=1))
    wide.columns = [f"c{j}" for j in range(wide.shape[1])]
    assert found(wide) == set()


def test_truth_values_may_be_a_group():
    flags = X[FLAGS].astype(bool).assign(n=np.arange(N) % 7)
    columns = tuple(c.model_copy(update={"who": "anyone"}) for c in sparring.columns(flags))
    (relation,) = proposed(None, flags, columns)
    assert relation.text == "exactly one of home_own, home_rent, home_free"
    kept = proposed([relation.model_copy(update={"confirmed": True})], flags, columns)
    assert [r.confirmed for r in kept] == [True]


def test_files_say_what_was_written(tmp_path):
    file = tmp_path / "system.yaml"
    kept = tuple(parsed(entry) for entry in [*KEPT, {"at_most": ["no", "it's: odd"], "confirmed": False}])
    columns = (Column(name="a", kind="number"),)
    file.write_text(render(columns, relations=kept))
    assert read_system(file).relations == kept
    assert yaml.safe_load(file.read_text())["relations"][1] == {
        "sum": "total",
        "of": ["used", "cash"],
        "confirmed": True,
    }
    file.write_text(render(columns, relations=()))
    assert read_system(file).relations == ()
    file.write_text(render(columns))
    assert read_system(file).relations is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("relations: {at_most: [a, b]}", ":1: 'relations' must be a list"),
        ("columns: {}\nrelations:\n  - at_most", ":3: a relation must hold entries"),
        ("relations:\n  - {at_most: [a]}", ":2: at_most must name 2 columns"),
        ("relations:\n  - {one_of: {a: 1}}", ":2: one_of must hold a list"),
        ("relations:\n  - {at_most: [a, b], confirmed: 3}", ":2: confirmed must be true or false"),
    ],
)
def test_files_that_say_it_otherwise_are_told_the_line(tmp_path, text, says):
    file = tmp_path / "system.yaml"
    file.write_text(text + "\n")
    with pytest.raises(ColumnsError, match=says):
        read_system(file)


def test_a_relation_is_taken_as_it_is():
    relation = Relation(kind="at_most", columns=("a", "b"))
    assert parsed(relation) is relation
