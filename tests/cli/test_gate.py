"""`sparring gate` as somebody uses it in a pipeline."""

from __future__ import annotations

import json

import pytest

from cli_place import QUICK

ASSESS = ("assess", "model.joblib", "data.csv", "--target", "class", "--no-input", *QUICK, "--budget", "60s")


def test_from_the_first_baseline_to_a_red_gate(place):
    place.run(*ASSESS)
    first = place.run("gate", "--mode", "ratchet", code=1)
    assert "There is no baseline yet" in first.stdout
    accepted = place.run("gate", "--set-baseline", "--mode", "ratchet")
    assert "wrote security/baseline.json" in accepted.stderr
    assert "The gate passes." in accepted.stdout
    baseline = json.loads((place / "security" / "baseline.json").read_text())
    assert all(finding["edits"] == [] for finding in baseline["findings"])
    assert place.run("gate").stdout.startswith("The gate only observes")
    # a model of which no row was broken came before
    for finding in baseline["findings"]:
        finding["sizes"] = dict.fromkeys(finding["sizes"])
    (place / "security" / "baseline.json").write_text(json.dumps(baseline))
    worse = place.run("gate", "--mode", "ratchet", code=1)
    assert "FAIL     ratchet@columns" in worse.stdout
    assert json.loads((place / "security" / "baseline.json").read_text()) == baseline  # it never moves by itself


def test_the_project_says_the_policy_and_options_say_over_it(place):
    place.run(*ASSESS)
    (place / "pyproject.toml").write_text('[tool.sparring.gate]\nmode = "enforce"\nmax_success = {columns = 0.0}\n')
    assert "tolerance@columns" in place.run("gate", "--set-baseline", code=1).stdout
    place.run("gate", "--mode", "observe")
    place.run("gate", "--max-success", "columns=1")


@pytest.mark.parametrize("name", ["junit", "sarif", "markdown", "json"])
def test_formats_go_to_files(place, name):
    place.run(*ASSESS)
    result = place.run("gate", "--set-baseline", "--format", name, "--output", "ci/gate.out")
    assert "wrote ci/gate.out" in result.stderr
    assert result.stdout == ""
    written = (place / "ci" / "gate.out").read_text()
    assert "ratchet@columns" in written.replace("\\@", "@")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--mode", "strict"), "the policy's mode is wrong"),
        (("--margin", "2"), "the policy's margin is wrong"),
        (("--max-success", "columns"), "--max-success must read columns=0.3"),
        (("--max-success", "rows=0.1"), "columns, spread or cost"),
        (("--max-success", "columns=3"), "a share from 0 to 1"),
        (("--format", "docx"), "--format"),
        (("--baseline", "sparring-out/report.html"), "must be whole JSON"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(place, options, says):
    place.run(*ASSESS)
    result = place.run("gate", *options, code=2)
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_project_file_that_is_none_is_one_sentence(place):
    place.run(*ASSESS)
    for text, says in (("[tool", "must be TOML"), ("[tool.sparring]\ngate = 3\n", "must be a table")):
        (place / "pyproject.toml").write_text(text)
        assert says in place.run("gate", code=2).stderr


def test_no_results_and_results_of_other_rows(place):
    assert "does not exist" in place.run("gate", code=2).stderr
    place.run(*ASSESS)
    place.run("gate", "--set-baseline")
    rows = (place / "data.csv").read_text().splitlines()
    (place / "data.csv").write_text("\n".join(rows[:-1]) + "\n")
    place.run(*ASSESS, "--overwrite")
    assert "on the same rows" in place.run("gate", code=2).stderr
