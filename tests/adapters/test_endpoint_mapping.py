"""What a mapping file may say, and what its mistakes sound like."""

import pickle

import pytest

from sparring.adapters.endpoint_answers import take
from sparring.adapters.endpoint_mapping import Endpoint
from sparring.errors import ModelError, OptionError

RIGHT = {
    "url": "https://scores.example.com/v1/score",
    "authorized_by": "A. Owner",
    "response": {"labels": "labels", "classes": ["bad", "good"]},
}
TEXT = """
url: https://scores.example.com/v1/score
authorized_by: A. Owner
request: {records: rows, column_map: {income: yearly_income}}
response: {labels: "results[].label", scores: "results[].p", classes: [no, yes]}
headers: {Authorization: env:SCORE_TOKEN}
timeout_s: 3
rps: 2.5
max_queries: 500
"""


def refuse(**changes):
    with pytest.raises(OptionError) as caught:
        Endpoint(**RIGHT | changes)
    return str(caught.value)


def test_a_file_is_read_and_words_stay_words(tmp_path):
    path = tmp_path / "endpoint.yaml"
    path.write_text(TEXT)
    endpoint = Endpoint.from_yaml(path)
    assert endpoint.response.classes == ("no", "yes")
    assert endpoint.request.column_map == {"income": "yearly_income"}
    assert (endpoint.timeout_s, endpoint.rps, endpoint.max_queries) == (3, 2.5, 500)
    assert Endpoint.from_yaml(path, authorized_by="B. Boss").authorized_by == "B. Boss"


def test_classes_keep_their_type():
    assert Endpoint(**RIGHT | {"response": {"labels": "", "classes": [0, 1]}}).response.classes == (0, 1)
    assert Endpoint(**RIGHT | {"response": {"labels": "", "classes": [True, "1"]}}).response.classes == (True, "1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("url: [", "no plain YAML"),
        ("a: 1\na: 2", "'a' stands twice"),
        ("a: &x 1\nb: *x", "aliases such as *x"),
        ("- 1", "must hold entries"),
        ("", "must hold entries"),
        ("url: !!python/object:os.system x", "no plain YAML"),
        (f"a: {'[' * 30}{']' * 30}", "nested too deeply"),
        ("url: https://h/x\nresponse: {labels: a, classes: [x, y]}", "give --authorized-by"),
        ("authorized_by: A\nresponse: {labels: a, classes: [x, y]}", "there must be an entry 'url'"),
        (TEXT + "retires: 3", "no entry 'retires'; did you mean 'retries'?"),
        (TEXT.replace("records", "record"), "no entry 'request.record'; did you mean 'records'?"),
        (TEXT + "retries: many", "retries: "),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"a: " + b"x" * 1_100_000, "smaller than 1 MB"),
    ],
)
def test_a_file_that_does_not_fit_is_one_sentence(tmp_path, text, says):
    path = tmp_path / "endpoint.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(OptionError, match=r"endpoint\.yaml") as caught:
        Endpoint.from_yaml(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(OptionError, match=r"none\.yaml cannot be read: No such file"):
        Endpoint.from_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "url",
    ["scores.example.com", "ftp://h/x", "https://", "https://h:99999/", "https://h/a b", "https://h\\x/", "https://hö/",
     "https://h/\n", "https://[::1"],
)  # fmt: skip
def test_an_address_must_be_one(url):
    assert "must be an address such as" in refuse(url=url)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"headers": {"Authorization": "Bearer abc123secret"}}, "must come from the environment"),
        ({"headers": {"X-Api-Key": "abc123secret"}}, "must come from the environment"),
        ({"headers": {"X Y": "1"}}, "cannot be the name of a header"),
        ({"headers": {"X\r\nY": "1"}}, "cannot be the name of a header"),
        ({"url": "https://u:abc123secret@h/", "headers": {"authorization": "env:A"}}, "not both"),
        ({"request": {"id": "n"}}, "request.id and response.id go together"),
        ({"request": {"body": {"a": 1}}}, "body needs records"),
        ({"request": {"records": "r", "body": {"a": float("nan")}}}, "body must hold what JSON can"),
        ({"request": {"records": "r", "body": {"a": {1, 2}}}}, "body must hold what JSON can"),
        ({"request": {"column_map": {"a": "c", "b": "c"}}}, "two columns one name"),
        ({"request": {"batch": 0}}, "request.batch"),
        ({"response": {"classes": ["a", "b"]}}, "where labels or scores stand"),
        ({"response": {"labels": "x", "classes": ["a"]}}, "response.classes"),
        ({"response": {"labels": "x..y", "classes": ["a", "b"]}}, "response.labels"),
        ({"max_queries": 5}, "max_queries"),
        ({"rps": 0}, "rps"),
        ({"rps": float("inf")}, "rps"),
        ({"timeout_s": -1}, "timeout_s"),
        ({"authorized_by": "  "}, "must name who allowed the requests"),
        ({"authorized_by": "a\x1b[31m"}, "must name who allowed the requests"),
    ],
)
def test_entries_that_do_not_fit_are_named_and_no_secret_is(changes, says):
    text = refuse(**changes)
    assert says in text
    assert "abc123secret" not in text


def test_credentials_are_shown_nowhere():
    endpoint = Endpoint(**RIGHT | {"url": "https://user:pa%40ss@h.example.com:8443/v1/score?key=secret#part"})
    assert endpoint.shown == "https://h.example.com:8443/v1/score"
    assert endpoint.host == "h.example.com:8443"
    assert repr(endpoint) == str(endpoint) == "Endpoint(https://h.example.com:8443/v1/score)"
    assert endpoint.header_values() == {"Authorization": "Basic dXNlcjpwYUBzcw=="}


def test_values_of_headers_come_from_the_environment_when_they_are_needed(monkeypatch):
    endpoint = Endpoint(**RIGHT | {"headers": {"Authorization": "Bearer env:SCORE_TOKEN", "X-Team": "risk"}})
    monkeypatch.delenv("SCORE_TOKEN", raising=False)
    with pytest.raises(OptionError, match="environment variable SCORE_TOKEN, which is not set"):
        endpoint.header_values()
    monkeypatch.setenv("SCORE_TOKEN", "abc123secret")
    assert endpoint.header_values() == {"Authorization": "Bearer abc123secret", "X-Team": "risk"}
    assert b"abc123secret" not in pickle.dumps(endpoint)
    for value in ("abc123secret\r\nX-Evil: 1", "abc123secret\u00e9"):
        monkeypatch.setenv("SCORE_TOKEN", value)
        with pytest.raises(OptionError, match="printable ASCII") as caught:
            endpoint.header_values()
        assert "abc123secret" not in str(caught.value)


def test_identity_is_what_decides_the_answers():
    plain = Endpoint(**RIGHT)
    same = Endpoint(**RIGHT | {"url": "https://u:p@scores.example.com/v1/score?k=1", "rps": 1, "max_queries": 100})
    other = Endpoint(**RIGHT | {"request": {"column_map": {"income": "debts"}}})
    assert plain.identity == same.identity
    assert plain.identity != other.identity


@pytest.mark.parametrize(
    ("body", "path", "found"),
    [
        ([1, 2], "", [1, 2]),
        ({"a": {"b": [3]}}, "a.b", [3]),
        ([{"l": 1}, {"l": 2}], "[].l", [1, 2]),
        ({"r": [{"x": [{"y": 1}, {"y": 2}]}]}, "r[].x[].y", [[1, 2]]),
        ({"r": [["a", 0.1], ["b", 0.2]]}, "r[].1", [0.1, 0.2]),
    ],
)
def test_paths_lead_to_what_stands_there(body, path, found):
    assert take(body, path) == found


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        ({"error": "x"}, "results[].label", "has no 'results' in an object with 'error'"),
        ({"results": {"a": 1}}, "results[].label", r"where 'results\[\].label' says \[\], got an object"),
        ([], "a", "has no 'a' in a list of 0"),
        ("text", "a", "in a text"),
        (None, "[]", "got nothing"),
        ([[1]], "[].4", "has no '4' in a list of 1"),
    ],
)
def test_paths_that_lead_nowhere_say_what_is_there(body, path, says):
    with pytest.raises(ModelError, match=says):
        take(body, path)
