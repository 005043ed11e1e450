"""A whole assessment of a served model: what the cap, a broken line and a bad answer do to it."""

from __future__ import annotations

import random

import pytest
from starlette.responses import JSONResponse, Response

import sparring
from cli_place import make_rows
from endpoint_app import serve, twisted
from sparring.core.document import Assessment, Outcome
from sparring.errors import ModelError, OptionError
from sparring.store import Archive

ROWS = make_rows(300, seed=1)
X, Y = ROWS.drop(columns="class"), ROWS["class"]
WHO = {"age": {"who": "nobody"}}
HAND = "evasion/hand-edit@columns"
QUICK = {"columns": WHO, "rng": 0, "budget": "20s"}


@pytest.fixture(scope="module")
def server():
    with serve() as served:
        yield served


def ask(endpoint, **given):
    return sparring.assess(endpoint, X, Y, **QUICK | given).assessment


def by_outcome(document):
    return {outcome: [f for f in document.findings if f.outcome == outcome] for outcome in Outcome}


def test_the_same_figures_as_for_the_model_itself(server):
    ids = ["evasion/hand-edit", "evasion/hop-skip-jump@columns", "evasion/cube-search@spread"]
    with twisted(server, None):
        served = ask(server.endpoint(max_queries=5000), only=ids)
        rows = served.data.rows
        assert rows == 300
        assert served.target.endpoint.rows == server.rows
    plan = served
    local = sparring.assess(server.model, X, Y, **QUICK, only=ids, plan=plan).assessment
    for name in (HAND, *ids[1:]):
        assert served[name].outcome == Outcome.MEASURED
        assert served[name].primary == local[name].primary
        assert served[name].edits == local[name].edits
    assert served.performance == local.performance


def test_the_document_says_who_allowed_it_and_what_was_sent(server):
    with twisted(server, None):
        document = ask(server.endpoint(max_queries=1000), only=HAND)
        record = document.target.endpoint
        assert record.authorized_by == "A. Owner"
        assert record.rows == server.rows <= record.max_queries == 1000
        assert record.requests == len(server.requests)
        assert document.target.source == record.url == f"http://127.0.0.1:{server.port}/score"
        assert document.target.sha256 is None
        assert (document.data.rows, document.data.read) == (125, 300)
        assert "sampled-rows" in {c.code for c in document.caveats}
    assert Assessment.model_validate_json(document.model_dump_json()) == document


def test_the_cap_ends_findings_and_not_the_run(server):
    with twisted(server, None):
        document = ask(server.endpoint(max_queries=400), jobs=2)
        assert server.rows == document.target.endpoint.rows <= 400
    assert document.complete
    found = by_outcome(document)
    assert found[Outcome.MEASURED]
    assert found[Outcome.SKIPPED]
    for finding in found[Outcome.SKIPPED]:
        assert "may be asked 400 rows in all" in finding.reason
        assert "raise max_queries" in finding.reason
    ended = [f for f in found[Outcome.MEASURED] if f.stopped_by == "exhausted"]
    assert all("stopped-by-cap" in {c.code for c in f.caveats} for f in ended)
    assert found[Outcome.FAILED] == []


def test_a_line_that_breaks_midway_keeps_what_was_measured_and_is_continued(server, tmp_path):
    calm = ask(server.endpoint(max_queries=5000), out=tmp_path / "calm")
    out = tmp_path / "out"
    with twisted(server, None):
        half = calm.target.endpoint.requests // 2

        def fail_later(rows):
            return Response(status_code=503) if len(server.requests) > half else None

        server.twist = fail_later
        document = ask(server.endpoint(max_queries=5000, retries=0), out=out)
    assert not document.complete
    assert Archive.read(out) == document
    broken = [f for f in document.findings if f.stopped_by == "interrupt"]
    assert len(broken) == 1
    said = broken[0].reason or next(c.text for c in broken[0].caveats if c.code == "broke-off")
    assert "answers 503 Service Unavailable; run again once it answers" in said
    before = [f for f in document.findings if f.outcome == Outcome.MEASURED and f.stopped_by == "effort"]
    assert before
    # a gentler pace is no other run
    again = ask(server.endpoint(max_queries=5000, rps=900), out=out)
    assert again.complete
    assert again.entropy == document.entropy
    for finding in before:
        assert again[finding.id] == finding
    for finding in calm.findings:
        assert again[finding.id].primary == finding.primary
        assert again[finding.id].edits == finding.edits


def test_a_server_that_is_down_at_the_start_leaves_nothing(server, tmp_path):
    with twisted(server, lambda rows: Response(status_code=503)), pytest.raises(ModelError, match="answers 503"):
        ask(server.endpoint(retries=0), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_error_on_some_rows_fails_their_findings_only(server):
    """Rows as they are get answers; those with a job that suits an attacker and an income above all others do not."""
    most = int(X["income"].max())

    def twist(rows):
        return Response(status_code=500) if any(row["yearly_income"] not in seen for row in rows) else None

    seen = set(X["income"].tolist())
    with twisted(server, twist):
        document = ask(server.endpoint(max_queries=5000), columns=WHO | {"income": {"range": [0, most + 5000]}})
    assert document.complete
    failed = [f for f in document.findings if f.outcome == Outcome.FAILED]
    kept = [f for f in document.findings if "broke-off" in {c.code for c in f.caveats}]
    assert failed or kept
    for finding in failed:
        assert "answers 500 Internal Server Error to" in finding.reason
    for finding in kept:
        assert finding.counts.broken > 0
    assert document["evasion/random-noise@columns"].outcome == Outcome.MEASURED


def test_an_endpoint_that_changes_its_classes_midway(server):
    def twist(rows):
        if len(server.requests) < 12:
            return None
        return JSONResponse({"results": [a | {"label": "refer"} for a in server.answers(rows)]})

    with twisted(server, twist):
        document = ask(server.endpoint(max_queries=5000))
    assert document.complete
    reasons = [f.reason for f in document.findings if f.outcome == Outcome.FAILED]
    assert reasons
    assert all("must answer with one of the classes bad, good, got 'refer'" in reason for reason in reasons)


def test_answers_that_change_are_a_doubt(server):
    def twist(rows):
        return JSONResponse({"results": [a | {"label": random.choice(["bad", "good"])} for a in server.answers(rows)]})

    with twisted(server, twist):
        document = ask(server.endpoint(response=server.mapping()["response"]), only=HAND)
    assert "stochastic-model" in {c.code for c in document.caveats}


def test_a_cap_that_is_too_low_to_begin_with(server, monkeypatch):
    monkeypatch.setattr("sparring.adapters.endpoint_line.FIRST_PAUSE_S", 1e-3)
    many = make_rows(100, seed=5)
    with (
        twisted(server, lambda rows: Response(status_code=503)),
        pytest.raises(OptionError, match="too few to begin with"),
    ):
        sparring.assess(
            server.endpoint(max_queries=100, retries=10), many.drop(columns="class"), many["class"], **QUICK
        )
    assert server.rows <= 100


def test_a_public_name(server):
    assert isinstance(server.endpoint(), sparring.Endpoint)
