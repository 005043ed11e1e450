"""A model behind a real server, when all is well and when it is not."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import pickle
import random
import shutil
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pandas as pd
import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from cli_place import make_rows
from endpoint_app import COLUMNS, Served, serve, twisted
from sparring.adapters.endpoint import EndpointAdapter
from sparring.adapters.endpoint_line import Line
from sparring.adapters.frames import FrameCodec
from sparring.assess import columns as tables
from sparring.core.metered import Metered
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.errors import (
    BudgetSpent,
    DataError,
    DecisionError,
    MissingExtra,
    ModelError,
    ModelStopped,
    NotApplicable,
    OptionError,
)

ROWS = make_rows(60, seed=1).drop(columns="class")


@pytest.fixture(scope="module")
def server():
    with serve() as served:
        yield served


def target(endpoint, frame=ROWS, *, classes=None, decision=None):
    adapter = EndpointAdapter()
    assert adapter.accepts(endpoint)
    frame = adapter.conform(endpoint, frame)
    codec = FrameCodec(frame, tables.infer(frame))
    return adapter.target(endpoint, codec=codec, classes=classes, decision=decision), codec.encode(frame)


def expected(server, frame=ROWS):
    return server.model.predict_proba(frame[list(COLUMNS)])


def results(server, rows):
    return JSONResponse({"results": server.answers(rows)})


# --- when all is well ------------------------------------------------------------------------------------------------


def test_each_row_gets_its_own_answer_and_is_sent_once(server):
    with twisted(server, None):
        asked, x = target(server.endpoint())
        assert isinstance(asked, Target)
        assert isinstance(asked, Metered)
        np.testing.assert_allclose(asked.scores(x), expected(server), rtol=0, atol=0)
        before = server.rows
        assert (asked.predict(x) == expected(server).argmax(axis=1)).all()
        asked.predict(x[::-1])
        asked.predict(np.concatenate([x, x]))
        # twenty to begin with, twice, and then the others
        assert server.rows == before == asked.sent == asked.record.rows == 20 + len(x)
        assert asked.record.requests == len(server.requests)
        assert asked.offers == {Access.LABELS, Access.SCORES, Access.BACKGROUND}
        with pytest.raises(NotApplicable, match="only be asked"):
            asked.parameters()


def test_no_row_twice_in_one_request_and_minus_zero_is_zero(server):
    with twisted(server, None):
        asked, x = target(server.endpoint())
        row = x[:1].copy()
        row[0, 1] = 0.0
        before = asked.sent
        asked.predict(np.concatenate([row, row, np.where(row == 0, -0.0, row)]))
        assert asked.sent == before + 1
    assert len(asked.predict(x[:0])) == len(asked.scores(x[:0])) == len(asked.again(x[:0])) == 0


def test_what_goes_out_is_what_the_mapping_says(server, monkeypatch):
    monkeypatch.setenv("SCORE_TOKEN", "Bearer abc123secret")
    request = server.mapping()["request"] | {"body": {"version": "3"}, "batch": 7}
    with twisted(server, None):
        target(server.endpoint(request=request, headers={"Authorization": "env:SCORE_TOKEN"}))
        _, rows, headers = server.requests[0]
    assert {len(rows) for _, rows, _ in server.requests} == {7, 6}
    assert set(rows[0]) == {"yearly_income", "age", "job", "savings"}
    assert headers["authorization"] == "Bearer abc123secret"
    assert headers["user-agent"] == "sparring"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "response",
    [
        {"scores": "results[].good", "classes": ["bad", "good"]},
        {"scores": "results[].p", "classes": ["bad", "good"]},
        {"scores": "results[].list", "classes": ["bad", "good"]},
        {"labels": "results[].label", "classes": ["bad", "good"]},
        {"labels": "results[].wrapped", "classes": ["bad", "good"]},
    ],
)
def test_forms_of_answers(server, response):
    def twist(rows):
        answers = server.answers(rows)
        more = [{"list": list(a["p"].values()), "wrapped": [a["label"]]} for a in answers]
        return JSONResponse({"results": [a | b for a, b in zip(answers, more, strict=True)]})

    with twisted(server, twist):
        asked, x = target(server.endpoint(response=response))
        assert (asked.predict(x) == expected(server).argmax(axis=1)).all()
        if "scores" in response:
            np.testing.assert_allclose(asked.scores(x), expected(server), atol=1e-12)
        else:
            assert Access.SCORES not in asked.offers


def test_a_decision_rests_on_the_scores(server):
    asked, x = target(server.endpoint(), decision="good >= 0.8")
    assert (asked.predict(x) == (expected(server)[:, 1] >= 0.8)).all()
    assert (asked.again(x) == asked.confirm(x)).all()
    labels = server.endpoint(response={"labels": "results[].label", "classes": ["bad", "good"]})
    with pytest.raises(DecisionError, match=r"names no response\.scores"):
        target(labels, decision="good >= 0.8")


def test_classes_may_be_given_other_names(server):
    asked, x = target(server.endpoint(), classes=("refuse", "grant"))
    assert asked.decision.classes == ("refuse", "grant")
    assert (asked.predict(x) == expected(server).argmax(axis=1)).all()


def test_blanks_dates_and_truth_go_out_as_json(server):
    frame = pd.DataFrame(
        {
            "n": [1.5, np.nan] * 15,
            "i": pd.array([1, None] * 15, dtype="Int64"),
            "t": ["a", None] * 15,
            "c": pd.Categorical(["x", "y"] * 15),
            "d": pd.to_datetime(["2024-05-01", None] * 15),
            "b": [True, False] * 15,
        }
    )
    seen = []

    def twist(rows):
        seen.extend(rows)
        return JSONResponse({"results": [{"label": "good"} for _ in rows]})

    endpoint = server.endpoint(
        request={"records": "rows"}, response={"labels": "results[].label", "classes": ["bad", "good"]}
    )
    with twisted(server, twist):
        target(endpoint, frame)
    assert {"n": 1.5, "i": 1, "t": "a", "c": "x", "d": "2024-05-01T00:00:00", "b": True} in seen
    assert {"n": None, "i": None, "t": None, "c": "y", "d": None, "b": False} in seen
    frame["n"] = np.inf
    with twisted(server, twist), pytest.raises(DataError, match="infinite number"):
        target(endpoint, frame)


def test_pace_is_kept(server):
    now, pauses = [0.0], []

    def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    line = Line(server.endpoint(rps=4), clock=lambda: now[0], sleep=sleep)
    for _ in range(5):
        line.ask([{"yearly_income": 1000, "age": 30, "job": "none", "savings": "low"}])
        now[0] += 0.1
    assert pauses == pytest.approx([0.15] * 4)
    assert line.seconds_per_call >= 0.25 - 1e-9


def test_credentials_in_the_address_go_out_and_are_told_to_nobody(server):
    url = f"http://user:abc123secret@127.0.0.1:{server.port}/score?key=abc123secret"
    with twisted(server, None):
        asked, _ = target(server.endpoint(url=url))
        assert server.requests[0][2]["authorization"].startswith("Basic ")
    assert asked.record.url == f"http://127.0.0.1:{server.port}/score"
    assert "abc123secret" not in asked.record.model_dump_json()
    assert "abc123secret" not in repr(asked.line.endpoint)


# --- the cap ---------------------------------------------------------------------------------------------------------


def test_nothing_goes_out_beyond_the_cap_and_what_fits_is_served(server):
    rows = make_rows(300, seed=2).drop(columns="class")
    with twisted(server, None):
        asked, x = target(server.endpoint(max_queries=100), rows)
        with pytest.raises(BudgetSpent, match="max_queries allows 100 rows in all, and 100 were sent") as spent:
            asked.predict(x)
        served = spent.value.served
        assert len(served) >= 60
        assert (served == expected(server, rows).argmax(axis=1)[: len(served)]).all()
        assert server.rows == asked.sent == 100
        assert asked.room == 0
        with pytest.raises(BudgetSpent):
            asked.again(x[:1])
        # what was answered is still known, and asked of nobody
        assert (asked.confirm(x[:50]) == served[:50]).all()
        assert (asked.predict(x[:50]) == served[:50]).all()
        with pytest.raises(BudgetSpent) as nothing:
            asked.scores(x[::-1])
        assert nothing.value.served.shape == (0, 2)
        assert server.rows == 100


def test_repeated_requests_count(server):
    with twisted(server, lambda rows: Response(status_code=503)):
        line = Line(server.endpoint(max_queries=100, retries=10), sleep=lambda seconds: None)
        with pytest.raises(BudgetSpent, match="max_queries allows 100"):
            line.ask([{}] * 30)
        assert line.sent == server.rows == 90


def test_a_request_that_cannot_be_repeated_ends_it_like_the_cap(server):
    answers = iter([None] * 3)
    with twisted(server, lambda rows: next(answers, Response(status_code=503))):
        asked, x = target(server.endpoint(max_queries=100, request=server.mapping()["request"] | {"batch": 20}))
        asked.line.sleep = lambda seconds: None
        with pytest.raises(BudgetSpent) as spent:
            asked.predict(x)
    # twice twenty to begin with, twenty with answers, and twice twenty without
    assert server.rows == 100
    assert len(spent.value.served) >= 20
    assert (spent.value.served == expected(server).argmax(axis=1)[: len(spent.value.served)]).all()
    assert asked.room == 0
    assert asked.stopped is None


def test_a_copy_in_another_process_would_have_a_cap_of_its_own(server):
    asked, _ = target(server.endpoint())
    with pytest.raises(TypeError, match="one process only"):
        pickle.dumps(asked)


# --- when it answers, and not as it must -----------------------------------------------------------------------------


def only_first(server, change):
    """Change the first answer of each response."""

    def twist(rows):
        answers = server.answers(rows)
        answers[0] = answers[0] | change
        # json.dumps writes NaN, as many servers do
        return Response(json.dumps({"results": answers}), media_type="application/json")

    return twist


BAD_ANSWERS = {
    "HTML": (lambda s: lambda rows: HTMLResponse("<h1>Log in</h1>"), "must answer with JSON, got 'text/html'"),
    "text": (lambda s: lambda rows: Response(b"{half", media_type="application/json"), "must answer with JSON"),
    "deep": (lambda s: lambda rows: Response(b"[" * 10**6), "must answer with JSON"),
    "half the rows": (lambda s: lambda rows: results(s, rows[::2]), r"each of 20 rows with one \w+, got 10"),
    "one row too many": (lambda s: lambda rows: results(s, [*rows, rows[0]]), r"each of 20 rows with one \w+, got 21"),
    "another shape": (
        lambda s: lambda rows: JSONResponse({"error": "x"}),
        "has no 'results' in an object with 'error'",
    ),
    "no list": (lambda s: lambda rows: JSONResponse({"results": {"label": 1}}), "says .., got an object"),
    "another label": (lambda s: only_first(s, {"label": "maybe"}), "one of the classes bad, good, got 'maybe'"),
    "no label": (lambda s: only_first(s, {"label": None}), "one of the classes bad, good, got None"),
    "another class": (lambda s: only_first(s, {"p": {"bad": 0.5, "ok": 0.5}}), "bad, good and to no other"),
    "more classes": (lambda s: only_first(s, {"p": [0.2, 0.3, 0.5]}), "2 scores for each row, one a class, got 3"),
    "NaN": (lambda s: only_first(s, {"p": {"bad": float("nan"), "good": 1.0}}), "some are NaN or infinite"),
    "infinite": (lambda s: only_first(s, {"p": [float("inf"), 0.0]}), "some are NaN or infinite"),
    "null": (lambda s: only_first(s, {"p": [None, 1.0]}), "scores must be numbers, got .None, 1.0"),
    "text as score": (lambda s: only_first(s, {"p": ["0.5", "0.5"]}), "scores must be numbers"),
    "above one": (lambda s: only_first(s, {"p": [12.0, -11.0]}), "must be probabilities in .0, 1., got -11"),
    "percent": (lambda s: only_first(s, {"p": [40.0, 60.0]}), "must be probabilities in .0, 1., got 60"),
    "no sum": (lambda s: only_first(s, {"p": [0.4, 0.4]}), "add up to 1 in each row, and one row is off by 0.2"),
    "500": (lambda s: lambda rows: Response(status_code=500), "answers 500 Internal Server Error to 20 rows"),
    "422": (
        lambda s: (
            lambda rows: JSONResponse(
                {"detail": [{"loc": ["body", "rows", 0, "income"], "type": "missing", "input": "abc123secret"}]}, 422
            )
        ),
        "answers 422 .* to 20 rows; it says missing at body.rows.0.income$",
    ),
    "418": (lambda s: lambda rows: JSONResponse({"detail": "abc123secret"}, 418), "answers 418 [^;]*$"),
    "599": (lambda s: lambda rows: Response(status_code=599), "answers 599 .no known status. to 20 rows"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_is_one_sentence(server, name):
    twist, says = BAD_ANSWERS[name]
    with twisted(server, twist(server)), pytest.raises(ModelError, match=says) as caught:
        target(server.endpoint())
    assert not isinstance(caught.value, ModelStopped)
    assert "\n" not in str(caught.value)
    assert "abc123secret" not in str(caught.value)
    assert len(server.requests) == 1  # none of these is tried again


def test_rounded_scores_are_fine(server):
    def twist(rows):
        return JSONResponse(
            {"results": [a | {"p": {k: round(v, 2) for k, v in a["p"].items()}} for a in server.answers(rows)]}
        )

    with twisted(server, twist):
        asked, x = target(server.endpoint())
        np.testing.assert_allclose(asked.scores(x), expected(server), atol=0.0051)


def test_an_answer_without_end_is_not_read_to_its_end(server, monkeypatch):
    monkeypatch.setattr("sparring.adapters.endpoint_line.MAX_ANSWER_BYTES", 10_000)
    endless = lambda rows: StreamingResponse(itertools.repeat(b"x" * 1000, 10_000))  # noqa: E731
    with twisted(server, endless), pytest.raises(ModelError, match="with less than"):
        target(server.endpoint())


# --- rows in another order -------------------------------------------------------------------------------------------


def by_score(answers):
    return sorted(answers, key=lambda answer: answer["good"])


def shuffled(answers):
    return random.sample(answers, len(answers))


@pytest.mark.parametrize("order", [by_score, shuffled])
@pytest.mark.parametrize("response", [{}, {"labels": None}, {"scores": None}])
def test_rows_in_another_order_are_noticed(server, order, response):
    response = {k: v for k, v in (server.mapping()["response"] | response).items() if v}
    twist = lambda rows: JSONResponse({"results": order(server.answers(rows))})  # noqa: E731
    with twisted(server, twist), pytest.raises(ModelError, match="in the order in which they are sent"):
        target(server.endpoint(response=response))


@pytest.mark.parametrize("order", [by_score, shuffled])
def test_numbers_that_come_back_put_rows_in_order(server, order):
    twist = lambda rows: JSONResponse({"results": order(server.answers(rows))})  # noqa: E731
    mapping = server.mapping()
    endpoint = server.endpoint(
        request=mapping["request"] | {"id": "n", "batch": 16}, response=mapping["response"] | {"id": "results[].n"}
    )
    with twisted(server, twist):
        asked, x = target(endpoint)
        np.testing.assert_allclose(asked.scores(x), expected(server))
        assert (asked.again(x) == asked.predict(x)).all()


@pytest.mark.parametrize("n", [None, 7, "x", -1, 1.5])
def test_numbers_of_other_rows_are_refused(server, n):
    twist = lambda rows: JSONResponse({"results": [a | {"n": n} for a in server.answers(rows)]})  # noqa: E731
    mapping = server.mapping()
    endpoint = server.endpoint(
        request=mapping["request"] | {"id": "n"}, response=mapping["response"] | {"id": "results[].n"}
    )
    with twisted(server, twist), pytest.raises(ModelError, match="send back the id of each of 20 rows once"):
        target(endpoint)


def test_one_row_at_a_time_needs_no_order(server):
    twist = lambda rows: JSONResponse({"results": shuffled(server.answers(rows))})  # noqa: E731
    with twisted(server, twist):
        asked, x = target(server.endpoint(request=server.mapping()["request"] | {"batch": 1}))
        np.testing.assert_allclose(asked.scores(x[:30]), expected(server)[:30])


def test_answers_that_differ_by_chance_are_no_other_order(server):
    def twist(rows):
        return JSONResponse(
            {"results": [{"label": random.choice(["bad", "good"]), "good": random.random()} for _ in rows]}
        )

    with twisted(server, twist):
        target(server.endpoint(response={"scores": "results[].good", "classes": ["bad", "good"]}))


# --- when it does not answer -----------------------------------------------------------------------------------------


def pauses_of(endpoint):
    """Ask about three rows; return what was said where it did not answer, the pauses that were made, and the line."""
    pauses, said = [], []
    line = Line(endpoint, sleep=pauses.append)
    for rows in ([{"yearly_income": 1000, "age": 30, "job": "none", "savings": "low"}] * 3, [{}]):
        try:
            line.ask(rows)
            break
        except ModelStopped as error:
            said.append(error)
    assert len(set(said)) <= 1  # asked once more, it says the same without asking
    return str(said[0]) if said else None, [round(p, 1) for p in pauses if p > 0.1], line


def test_a_server_that_is_down_is_tried_again_and_then_named(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said, pauses, line = pauses_of(server.endpoint(url=f"http://127.0.0.1:{port}/score"))
    assert said.startswith(f"http://127.0.0.1:{port}/score cannot be reached, 4 times in a row")
    assert pauses == [0.5, 1.0, 2.0]
    assert line.sent == 0  # no row has left
    said, pauses, _ = pauses_of(server.endpoint(url="http://no-such-host.invalid/score", retries=0))
    assert "cannot be reached;" in said
    assert pauses == []


def test_a_connection_that_breaks_off_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up():
            for _ in range(2):
                rude.accept()[0].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        said, pauses, line = pauses_of(Served(None, port=rude.getsockname()[1]).endpoint(retries=1))
        thread.join(5)
    assert "broke the connection off, 2 times in a row" in said
    assert pauses == [0.5]
    assert line.sent == 6  # nobody knows whether the rows arrived


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_again(server, status):
    answers = iter([Response(status_code=status), Response(status_code=status)])
    with twisted(server, lambda rows: next(answers, None)):
        said, pauses, line = pauses_of(server.endpoint())
    assert said is None
    assert pauses == [0.5, 1.0]
    assert line.sent == server.rows == 9


def test_a_wish_to_wait_is_granted(server):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    waits = iter(["2", later, "0", "soon"])

    def twist(rows):
        wait = next(waits, None)
        return None if wait is None else Response(status_code=429, headers={"Retry-After": wait})

    with twisted(server, twist):
        said, pauses, _ = pauses_of(server.endpoint(retries=4))
    assert said is None
    assert pauses[0] == 2.0
    assert 20 < pauses[1] <= 30
    assert pauses[2:] == [4.0]  # 0 is no pause, and what nobody understands is the usual one


def test_a_wish_to_wait_for_long_ends_it(server):
    with twisted(server, lambda rows: Response(status_code=429, headers={"Retry-After": "3600"})):
        said, pauses, _ = pauses_of(server.endpoint())
    assert "answers 429 Too Many Requests and asks to wait 3600 s, longer than 60 s" in said
    assert pauses == []


@pytest.mark.parametrize("path", ["answer", "body"])
def test_a_slow_answer_ends_it_and_is_not_asked_for_twice(server, path):
    async def slow(rows):
        await asyncio.sleep(1.5)

    async def drip():
        for _ in range(40):
            yield b" "
            await asyncio.sleep(0.05)

    twist = slow if path == "answer" else lambda rows: StreamingResponse(drip())
    with twisted(server, twist):
        said, _, line = pauses_of(server.endpoint(timeout_s=0.3))
        assert "gave no answer within 0.3 s; raise timeout_s" in said
        assert len(server.requests) == 1
        assert line.sent == 3


@pytest.mark.parametrize(
    ("status", "says"), [(401, "Unauthorized; check the headers"), (403, "Forbidden; check the headers"),
                         (404, "Not Found; check the url"), (413, "lower request.batch")],
)  # fmt: skip
def test_what_no_repetition_cures_ends_it(server, status, says):
    with twisted(server, lambda rows: Response(status_code=status)):
        said, pauses, _ = pauses_of(server.endpoint())
        assert len(server.requests) == 1
    assert says in said
    assert pauses == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(server, status, monkeypatch):
    monkeypatch.setenv("SCORE_TOKEN", "abc123secret")
    with serve(server.model) as other:
        to = f"http://user:pw@localhost:{other.port}/score?key=abc123secret"
        with twisted(server, lambda rows: RedirectResponse(to, status)):
            said, _, _ = pauses_of(server.endpoint(headers={"Authorization": "env:SCORE_TOKEN"}))
        assert other.requests == []
    assert "redirects to localhost, which is not followed" in said
    assert "abc123secret" not in said
    with twisted(server, lambda rows: RedirectResponse("/elsewhere", status)):
        assert "redirects to another place of its own" in pauses_of(server.endpoint())[0]


def test_a_certificate_must_hold(tmp_path, server, monkeypatch):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so that no certificate was looked at")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    with serve(server.model, ssl={"ssl_keyfile": str(key), "ssl_certfile": str(certificate)}) as encrypted:
        endpoint = encrypted.endpoint(url=f"https://127.0.0.1:{encrypted.port}/score")
        said, pauses, line = pauses_of(endpoint)
        assert "has no certificate that holds: self-signed certificate" in said
        assert (pauses, line.sent, encrypted.requests) == ([], 0, [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert pauses_of(endpoint)[0] is None
        assert encrypted.rows == 3
        assert "broke the connection off" in pauses_of(encrypted.endpoint(retries=0))[0]  # http where https is spoken


def test_a_missing_library_names_its_cure(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "urllib3", None)
    with pytest.raises(MissingExtra, match=r'pip install "sparring\[endpoint\]"'):
        target(server.endpoint())


def test_a_proxy_in_the_environment_is_not_used(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert pauses_of(server.endpoint())[0] is None
    assert os.environ["http_proxy"]


# --- columns ---------------------------------------------------------------------------------------------------------


def test_columns_that_the_mapping_cannot_mean(server):
    request = server.mapping()["request"]
    with pytest.raises(DataError, match="renames 'incme', which is no column"):
        target(server.endpoint(request=request | {"column_map": {"incme": "x"}}))
    with pytest.raises(DataError, match="'salary' is missing"):
        target(server.endpoint(request=request | {"columns": ["salary"]}))
    with pytest.raises(OptionError, match="one field 'age', and the mapping makes two"):
        target(server.endpoint(request=request | {"column_map": {"income": "age"}}))
    response = server.mapping()["response"] | {"id": "results[].n"}
    with pytest.raises(OptionError, match="one field 'age'"):
        target(server.endpoint(request=request | {"id": "age"}, response=response))


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "numpy"])
def test_other_containers(server, kind):
    frame = ROWS[list(COLUMNS)]
    if kind == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    elif kind == "pyarrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame, preserve_index=False)
    request = server.mapping()["request"]
    if kind == "numpy":
        frame = frame.to_numpy(dtype=object)
        request = {
            "records": "rows",
            "column_map": dict(zip(("x0", "x1", "x2", "x3"), ("yearly_income", *COLUMNS[1:]), strict=True)),
        }
    asked, x = target(server.endpoint(request=request), frame)
    np.testing.assert_allclose(asked.scores(x), expected(server))
