"""The four questions on a real terminal of 80 columns, and Ctrl-C in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import sys

import pandas as pd
import pexpect
import pytest
import yaml

from cli_place import MAIN, QUICK

MODEL = ("assess", "model.joblib", "data.csv", "--target", "class")
PROMPT = r"\r?\n      > "


class Terminal:
    """A terminal of 80 columns with the command line in it; everything on it is kept."""

    def __init__(self, place, *args, rows=50):
        env = {**os.environ, "TERM": "xterm", "COLUMNS": "", "LINES": ""}
        command = ["-c", MAIN, *map(str, args)]
        self.child = pexpect.spawn(
            sys.executable,
            command,
            cwd=str(place.folder),
            dimensions=(rows, 80),
            encoding="utf-8",
            timeout=120,
            env=env,
        )
        self.seen = ""

    def until(self, pattern):
        self.child.expect(pattern)
        self.seen += self.child.before + self.child.after
        return self.child.before

    def answer(self, *lines):
        for line in lines:
            self.until(PROMPT)
            self.child.sendline(line)

    def end(self):
        self.child.expect(pexpect.EOF)
        self.seen += self.child.before
        self.child.close()
        return self.child.exitstatus

    @property
    def lines(self):
        """What a person saw, without colors; a line that was drawn anew is there each time."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def document(place, folder="sparring-out"):
    return json.loads((place / folder / "assessment.json").read_text())


def who(found):
    return {column["name"]: column["who"] for column in found["columns"]}


def test_four_questions_then_figures(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("who gets a loan", "good", "", "10")
    assert terminal.end() == 0
    found = document(place)
    said = {"decides": "who gets a loan", "wants": "good", "tries": 10, "answered": True, "unit": None}
    assert found["answers"] == said
    assert who(found) == {"income": "anyone", "age": "nobody", "job": "anyone", "savings": "anyone"}
    assert found["target"]["wants"] == "good"
    assert not any(caveat["code"] == "assumed-columns" for caveat in found["caveats"])
    suggested = yaml.safe_load((place / "sparring-out" / "columns.suggested.yaml").read_text())
    assert suggested["answers"]["tries"] == 10
    assert suggested["columns"]["age"]["who"] == "nobody"
    assert not (place / "security").exists()


def test_nothing_is_wider_than_the_terminal(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer(
        "x", "", "3 them and a very long line that says nothing that could be understood here", "", "0", "1"
    )
    assert terminal.end() == 0
    asked = [line for line in terminal.lines if not line.startswith("      > ")]
    assert [line for line in asked if len(line) > 80] == []
    for expected in ("1 of 4", "2 of 4", "3 of 4", "4 of 4"):
        assert sum(line.startswith(expected) for line in asked) == 1


def test_mistyped_answers_are_asked_again(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("", "3", "god", "2", "9 us", "us", "job always", "1,4 effort", "show", "", "many", "-1", "1,000")
    assert terminal.end() == 0
    found = document(place)
    columns = {column["name"]: column for column in found["columns"]}
    assert found["answers"]["decides"] is None
    assert found["answers"]["wants"] == "good"
    assert found["answers"]["tries"] == 1000
    assert columns["job"]["checked"] == "always"
    assert (columns["income"]["who"], columns["savings"]["who"], columns["age"]["who"]) == (
        "effort",
        "effort",
        "nobody",
    )


def test_not_knowing_anything_is_an_upper_bound_and_says_so(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("", "", "?", "")
    assert terminal.end() == 0
    found = document(place)
    assert set(who(found).values()) == {"unknown"}
    assert found["answers"] == {"decides": None, "wants": None, "tries": None, "answered": False, "unit": None}
    assert any(caveat["code"] == "assumed-columns" for caveat in found["caveats"])
    assert "upper bound" in " ".join(terminal.seen.split())


def test_the_end_of_input_answers_like_not_knowing(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("loans")
    terminal.until(PROMPT)
    terminal.child.sendeof()
    terminal.until("3 of 4")
    terminal.until(PROMPT)
    terminal.child.sendeof()
    terminal.until("4 of 4")
    terminal.until(PROMPT)
    terminal.child.sendeof()
    assert terminal.end() == 0
    assert set(who(document(place)).values()) == {"unknown"}


@pytest.mark.parametrize("options", [("--no-input",), ("--yes",), ("--columns", "c.yaml")])
def test_nothing_is_asked_when_it_is_said(place, options):
    (place / "c.yaml").write_text("columns: {income: {who: anyone}}\n")
    terminal = Terminal(place, *MODEL, *QUICK, *options)
    assert terminal.end() == 0
    assert "What does the model decide" not in terminal.seen
    guessed = {"income": "anyone", "age": "nobody", "job": "anyone", "savings": "anyone"}
    expected = {"--yes": guessed, "--no-input": dict.fromkeys(guessed, "unknown")}
    assert who(document(place)) == expected.get(options[0], dict.fromkeys(guessed, "unknown") | {"income": "anyone"})


def test_an_answer_given_as_an_option_is_not_asked(place):
    terminal = Terminal(place, *MODEL, *QUICK, "--attacker-wants", "good")
    terminal.answer("loans", "", "")
    assert terminal.end() == 0
    assert "2 of 4  " not in terminal.seen
    assert document(place)["target"]["wants"] == "good"


def test_a_finished_folder_is_noticed_before_anything_is_asked(place):
    place.run(*MODEL, *QUICK)
    terminal = Terminal(place, *MODEL, *QUICK)
    assert terminal.end() == 2
    assert "What does the model decide" not in terminal.seen
    assert "--overwrite" in terminal.seen


def test_ctrl_c_at_a_question_writes_nothing(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("loans")
    terminal.until("2 of 4")
    terminal.child.sendintr()
    assert terminal.end() == 3
    assert "Traceback" not in terminal.seen
    assert not (place / "sparring-out").exists()


SLOW = """
import time
import joblib
loaded = joblib.load("model.joblib")

def probabilities(rows):
    time.sleep(0.02)
    return loaded.predict_proba(rows[["income", "age", "job", "savings"]])
"""


def test_ctrl_c_keeps_what_was_measured_and_the_same_command_continues_it(place):
    place.code(SLOW, "slow_model")
    args = (
        "assess",
        "slow_model:probabilities",
        "data.csv",
        "--target",
        "class",
        "--classes",
        "bad,good",
        "--budget",
        "20s",
    )
    terminal = Terminal(place, *args)
    terminal.answer("loans", "good", "", "3")
    terminal.until("hop-skip-jump")
    terminal.child.sendintr()
    assert terminal.end() == 3
    assert "the same command continues it" in " ".join(terminal.seen.split())
    assert "Traceback" not in terminal.seen
    kept = document(place)
    assert not kept["complete"]
    measured = {f["id"]: f for f in kept["findings"] if f["outcome"] == "measured"}

    again = Terminal(place, *args)
    assert again.end() == 0
    assert "What does the model decide" not in again.seen
    found = document(place)
    assert found["complete"]
    assert found["answers"] == kept["answers"]
    assert found["entropy"] == kept["entropy"]
    for finding in found["findings"]:
        if finding["id"] in measured:
            assert finding["counts"] == measured[finding["id"]]["counts"]
            assert finding["seconds"] == measured[finding["id"]]["seconds"]


def test_a_polite_kill_is_an_interrupt(place):
    place.code(SLOW, "slow_model_too")
    terminal = Terminal(
        place,
        "assess",
        "slow_model_too:probabilities",
        "data.csv",
        "--target",
        "class",
        "--classes",
        "bad,good",
        "--no-input",
    )
    terminal.until("evasion/")
    terminal.child.kill(signal.SIGTERM)
    assert terminal.end() == 3
    assert "the same command continues it" in " ".join(terminal.seen.split())


def test_init_asks_and_writes_the_file_that_assess_then_reads(place):
    terminal = Terminal(place, "init", "model.joblib", "data.csv", "--target", "class")
    terminal.answer("loans", "2", "job us", "", "7")
    assert terminal.end() == 0
    known = yaml.safe_load((place / "security" / "system.yaml").read_text())
    assert known["answers"] == {"decides": "loans", "wants": "good", "tries": 7}
    assert known["columns"]["job"]["who"] == "us"
    terminal = Terminal(place, *MODEL, *QUICK)
    assert terminal.end() == 0
    assert "What does the model decide" not in terminal.seen
    assert document(place)["answers"]["tries"] == 7


def test_init_columns_asks_the_table_alone(place):
    terminal = Terminal(place, "init", "--data", "data.csv", "--target", "class", "--columns")
    terminal.answer("")
    assert terminal.end() == 0
    known = yaml.safe_load((place / "security" / "system.yaml").read_text())
    assert known["columns"]["income"]["who"] == "anyone"
    assert known["columns"]["customer_id"]["kind"] == "carried"
    assert "never edited" in terminal.seen


def _related(place):
    """Give the rows a group of which one is chosen, and two amounts in order."""
    rows = pd.read_csv(place / "data.csv")
    rows["debt_low"], rows["debt_high"] = (rows["age"] % 2 == 0) * 1, (rows["age"] % 2 == 1) * 1
    rows["asked"] = rows["income"] - 100 * (rows["age"] % 5)
    rows.to_csv(place / "more.csv", index=False)
    return ("init", "--data", "more.csv", "--target", "class", "--columns")


def test_relations_are_asked_about_once_and_kept(place):
    terminal = Terminal(place, *_related(place))
    terminal.answer("", "7", "1,2")
    assert terminal.end() == 0
    assert [line for line in terminal.lines if len(line) > 80] == []
    assert any("numbers from 1 to 2, all or none" in line for line in terminal.lines)
    relations = yaml.safe_load((place / "security" / "system.yaml").read_text())["relations"]
    assert relations == [
        {"one_of": ["debt_low", "debt_high"], "confirmed": True},
        {"at_most": ["asked", "income"], "confirmed": True},
    ]
    again = Terminal(place, *_related(place))
    again.answer("", "none")
    assert again.end() == 0
    assert any("1* exactly one of debt_low, debt_high" in line for line in again.lines)
    assert yaml.safe_load((place / "security" / "system.yaml").read_text())["relations"] == []


@pytest.mark.parametrize(("answer", "confirmed"), [("", [False, False]), ("all", [True, True]), ("2-2", [True])])
def test_relations_may_be_left_open(place, answer, confirmed):
    terminal = Terminal(place, *_related(place))
    terminal.answer("", answer)
    assert terminal.end() == 0
    relations = yaml.safe_load((place / "security" / "system.yaml").read_text())["relations"]
    assert [entry["confirmed"] for entry in relations] == confirmed
