"""`sparring decide`, and the gate that goes by it."""

from __future__ import annotations

import pytest
import yaml

from cli_place import QUICK

ASSESS = ("assess", "model.joblib", "data.csv", "--target", "class", "--no-input", *QUICK, "--budget", "60s")
NAME = "evasion/hand-edit@columns"
ACCEPT = ("--decision", "accept", "--owner", "@credit", "--approved-by", "@risk", "--reason", "until the new form")


def test_an_accepted_risk_that_ran_out_turns_the_gate_red_and_names_its_owner(place):
    place.run(*ASSESS)
    strict = ("gate", "--mode", "enforce", "--max-success", "columns=0.0", "--set-baseline")
    assert "owned by nobody" in place.run(*strict, code=1).stdout.replace("\n         ", " ")
    result = place.run("decide", "@columns", *ACCEPT)
    assert "recorded, not authenticated" in result.stderr
    place.run(*strict)
    file = place / "security" / "decisions.yaml"
    entries = yaml.safe_load(file.read_text())
    (entry,) = entries["decisions"]
    assert len(entry["model_sha256"]) == 64
    text = file.read_text()
    for key in ("created", "expires"):
        text = text.replace(str(entry[key]), str(entry[key].replace(year=entry[key].year - 1)))
    file.write_text(text)
    red = place.run(*strict, code=1)
    assert "@credit" in red.stdout
    assert "ran out" in red.stdout


def test_a_second_decision_replaces_the_first(place):
    place.run(*ASSESS)
    place.run("decide", NAME, *ACCEPT)
    again = place.run("decide", NAME, "--decision", "mitigate", "--owner", "@x", "--reason", "r", "--days", "5")
    assert "was replaced" in again.stderr
    (entry,) = yaml.safe_load((place / "security" / "decisions.yaml").read_text())["decisions"]
    assert (entry["decision"], entry["owner"]) == ("mitigate", "@x")
    assert (entry["expires"] - entry["created"]).days == 5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("evasion/hand-edit", *ACCEPT), "there is no such finding or threat; did you mean"),
        ((NAME, *ACCEPT, "--days", "400"), "at most 365 days"),
        ((NAME, *ACCEPT[:4], "--reason", "r"), "needs approved_by"),
        ((NAME, "--decision", "ignore", "--owner", "@x", "--reason", "r"), "--decision: "),
    ],
)
def test_what_cannot_be_decided_is_one_sentence(place, options, says):
    place.run(*ASSESS)
    result = place.run("decide", *options, code=2)
    assert says in result.stderr
    assert not (place / "security" / "decisions.yaml").exists()
