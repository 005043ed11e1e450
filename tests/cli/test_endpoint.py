"""A served model, asked from another process: what is said first, what is sent, and what is left when it goes wrong."""

from __future__ import annotations

import json
import os
import socket
import sys

import pexpect
import pytest
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cli_place import MAIN
from endpoint_app import serve, twisted
from sparring.core.document import Assessment

RUN = ("assess", "endpoint.yaml", "data.csv", "--target", "class")
QUICK = ("--only", "evasion/hand-edit@columns", "--budget", "10s", "--rng", "0")
SECRET = "abc123secret"


@pytest.fixture(scope="module")
def server():
    with serve() as served:
        yield served


@pytest.fixture
def there(place, server):
    """Working folder with endpoint.yaml in it."""
    server.requests.clear()
    server.write(place / "endpoint.yaml")
    return place


def document(place):
    return json.loads((place / "sparring-out" / "assessment.json").read_text())


def everything(place):
    """All bytes that a run left."""
    return b"".join(path.read_bytes() for path in sorted((place / "sparring-out").iterdir()))


def test_from_another_process(there, server):
    done = there.spawn(*RUN, "--yes", "--budget", "30s", "--rng", "0", "--decision", "bad >= 0.3", "--json")
    found = Assessment.model_validate_json(done.stdout)
    assert found.complete
    assert found.target.endpoint.rows == server.rows > 0
    assert found.target.endpoint.authorized_by == "A. Owner"
    assert found["evasion/hand-edit@columns"].outcome == "measured"
    assert found["evasion/hop-skip-jump@columns"].counts.broken > 0
    assert done.stderr.index("This run sends rows") < done.stderr.index("asking the model")
    page = (there / "sparring-out" / "report.html").read_text()
    assert "recorded, not authenticated" in page
    assert f"http://127.0.0.1:{server.port}/score" in page


def test_no_secret_is_left_anywhere(there, server):
    headers = {"Authorization": "Bearer env:SCORE_TOKEN"}
    server.write(there / "endpoint.yaml", url=f"http://127.0.0.1:{server.port}/score?key={SECRET}", headers=headers)
    env = {**os.environ, "SCORE_TOKEN": SECRET}
    done = there.spawn(*RUN, *QUICK, "--yes", env=env)
    assert server.requests[0][2]["authorization"] == f"Bearer {SECRET}"
    assert SECRET.encode() not in everything(there)
    assert SECRET not in done.stdout + done.stderr
    env["SPARRING_DEBUG"] = "1"
    with twisted(server, lambda rows: Response(f"no {SECRET}", 401, headers={"X": SECRET})):
        done = there.spawn(*RUN, *QUICK, "--yes", "--overwrite", env=env, code=2)
    assert "401 Unauthorized" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_credentials_in_the_address_are_left_nowhere(there, server):
    server.write(there / "endpoint.yaml", url=f"http://user:{SECRET}@127.0.0.1:{server.port}/score")
    result = there.run(*RUN, *QUICK, "--yes")
    assert "Authorization (from url)" in result.stderr
    assert server.requests[0][2]["authorization"].startswith("Basic ")
    assert SECRET.encode() not in everything(there)
    assert SECRET not in result.output


def test_the_plan_comes_first_and_may_be_all(there, server):
    result = there.run(*RUN, "--dry-run")
    said = result.stderr
    assert f"sends rows to http://127.0.0.1:{server.port}/score" in said
    assert "at most 2,000 (max_queries)" in said
    assert "120 of the 120 rows of data.csv" in said
    assert "income as yearly_income, age, job, savings" in said
    assert "at most 1000 requests a second (rps), up to 100 rows each" in said
    assert "60 s at most (--budget); so many rows take 0 s to 2 s at this pace" in said
    assert "A. Owner (recorded, not authenticated)" in said
    assert "real application, a fee" in said
    assert "http is not encrypted" in said
    assert "nothing was sent" in said
    assert result.stdout == ""
    assert max(map(len, said.splitlines())) <= 100
    assert server.requests == []
    assert not (there / "sparring-out").exists()


def test_the_plan_shows_names_of_headers_and_checks_that_they_have_values(there, server, monkeypatch):
    server.write(there / "endpoint.yaml", headers={"Authorization": "env:SCORE_TOKEN"}, max_queries=200)
    monkeypatch.delenv("SCORE_TOKEN", raising=False)
    assert "environment variable SCORE_TOKEN, which is not set" in there.complaint(*RUN, "--dry-run")
    monkeypatch.setenv("SCORE_TOKEN", SECRET)
    said = there.run(*RUN, "--dry-run").stderr
    assert "Authorization (values are never shown" in said
    assert "25 of the 120 rows" in said
    assert SECRET not in said
    assert server.requests == []


@pytest.mark.parametrize("options", [(), ("--no-input",), ("--json",)])
def test_nothing_is_sent_before_somebody_agrees(there, server, options):
    assert "once somebody agrees to the plan above: add --yes" in there.complaint(*RUN, *options)
    assert server.requests == []
    assert not (there / "sparring-out").exists()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 3), ("", 3)])
def test_on_a_terminal_somebody_is_asked(there, server, answer, code):
    (there / "columns.yaml").write_text("columns: {age: {who: nobody}}\n")
    command = ["-c", MAIN, *RUN, *QUICK, "--columns", "columns.yaml"]
    env = {**os.environ, "TERM": "dumb", "COLUMNS": "", "LINES": ""}
    child = pexpect.spawn(sys.executable, command, cwd=str(there.folder), encoding="utf-8", timeout=120, env=env)
    child.expect(r"Send these requests\? \[y/N\] ")
    assert server.requests == []
    child.sendline(answer)
    child.expect(pexpect.EOF)
    said = child.before
    child.close()
    assert child.exitstatus == code, said
    assert (server.requests == []) == (code == 3)
    assert ("nothing was sent" in said) == (code == 3)


def test_who_allowed_it_must_be_said(there, server):
    server.write(there / "endpoint.yaml", authorized_by=None)
    text = (there / "endpoint.yaml").read_text().replace("authorized_by: null\n", "")
    (there / "endpoint.yaml").write_text(text)
    assert "give --authorized-by" in there.complaint(*RUN, "--yes")
    there.run(*RUN, *QUICK, "--yes", "--authorized-by", "B. Boss")
    assert document(there)["target"]["endpoint"]["authorized_by"] == "B. Boss"


def test_options_that_belong_to_a_served_model(there):
    model = ("assess", "model.joblib", "data.csv", "--target", "class")
    assert "--authorized-by belongs to a served model" in there.complaint(*model, "--authorized-by", "B. Boss")
    assert "MODEL is none; leave it out" in there.complaint(*model, "--dry-run")


def test_an_address_alone_is_no_mapping(there, server):
    url = f"http://user:{SECRET}@127.0.0.1:{server.port}/score"
    said = there.complaint("assess", url, "data.csv", "--target", "class", "--yes")
    assert "a served model is given by a mapping file, such as endpoint.yaml" in said
    assert SECRET not in said
    assert server.requests == []


def test_init_takes_a_mapping_and_sends_nothing(there, server):
    there.run("init", "endpoint.yaml", "data.csv", "--target", "class", "--yes")
    assert "income" in (there / "security" / "system.yaml").read_text()
    assert server.requests == []


BAD = {
    "HTML": (lambda rows: HTMLResponse("<h1>Log in</h1>"), "must answer with JSON, got 'text/html'"),
    "redirect": (lambda rows: RedirectResponse("https://elsewhere.example/login"), "redirects to elsewhere.example"),
    "401": (lambda rows: Response(status_code=401), "check the headers"),
    "500": (lambda rows: Response(status_code=500), "answers 500 Internal Server Error to 20 rows"),
    "429": (lambda rows: Response(status_code=429, headers={"Retry-After": "900"}), "asks to wait 900 s"),
    "NaN": (lambda rows: Response('{"results": NaN}'), "must answer with a list where"),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_from_the_start_is_one_sentence_and_leaves_nothing(there, server, name):
    twist, says = BAD[name]
    with twisted(server, twist):
        assert says in there.complaint(*RUN, *QUICK, "--yes")
    assert len(server.requests) == 1
    assert not (there / "sparring-out").exists()


def test_down_from_the_start_is_one_sentence_and_leaves_nothing(there, server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server.write(there / "endpoint.yaml", url=f"http://127.0.0.1:{port}/score", retries=1)
    done = there.spawn(*RUN, *QUICK, "--yes", code=2)
    assert f"error: http://127.0.0.1:{port}/score cannot be reached, 2 times in a row" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (there / "sparring-out").exists()


def test_down_midway_is_exit_3_and_the_same_command_continues(there, server):
    server.write(there / "endpoint.yaml", retries=0)
    command = (*RUN, "--yes", "--budget", "30s", "--only", "evasion/hand-edit", "--only", "evasion/hop-skip-jump")

    def later(rows):
        return Response(status_code=502) if len(server.requests) > 12 else None

    with twisted(server, later):
        result = there.run(*command, code=3)
    assert "answers 502 Bad Gateway" in result.stderr
    assert "what was measured is in sparring-out, and the same command continues it" in result.stderr
    half = Assessment.model_validate(document(there))
    assert not half.complete
    result = there.run(*command)
    whole = Assessment.model_validate(document(there))
    assert whole.complete
    assert whole.entropy == half.entropy
    assert {f.outcome for f in whole.findings} == {"measured"}
    assert all(f.stopped_by == "effort" for f in whole.findings)


def test_wrong_words_in_a_mapping_are_one_sentence(there):
    (there / "endpoint.yaml").write_text("url: https://h/x\nauthorized_by: A\nresponse: {label: a, classes: [x, y]}\n")
    said = there.complaint(*RUN, "--yes")
    assert "endpoint.yaml: there is no entry 'response.label'; did you mean 'labels'?" in said
