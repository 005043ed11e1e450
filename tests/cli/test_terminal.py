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
from sparring.assess.facts import TEAMS, all_prompts
from sparring.assess.system import read_system
from sparring.core.answers import Answers

MODEL = ("assess", "model.joblib", "data.csv", "--target", "class")
INIT = ("init", *MODEL[1:])
TOLD = ("data_kind", "file_format")  # told from data and model
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

    @property
    def prompts(self):
        """How often a person was asked for a line."""
        return len(re.findall(PROMPT, self.seen))

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


def said(place, folder="sparring-out"):
    """Answers of an assessment that people gave."""
    found = document(place, folder)["answers"].items()
    return {name: value for name, value in found if value not in (None, {}) and name not in TOLD}


def known(place):
    return yaml.safe_load((place / "security" / "system.yaml").read_text())


def test_four_questions_then_figures(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("good", "", "2", "1,3")
    assert terminal.end() == 0
    assert terminal.prompts == 4
    expected = {"wants": "good", "senders": "account", "sees": ["decision", "scores"], "answered": True}
    assert said(place) == expected
    assert who(document(place)) == {"income": "anyone", "age": "nobody", "job": "anyone", "savings": "anyone"}
    assert document(place)["target"]["wants"] == "good"
    assert not any(caveat["code"] == "assumed-columns" for caveat in document(place)["caveats"])
    suggested = yaml.safe_load((place / "sparring-out" / "columns.suggested.yaml").read_text())
    assert {key: suggested["answers"][key] for key in suggested["answers"] if key not in TOLD} == {
        name: expected[name] for name in ("wants", "senders", "sees")
    }
    assert suggested["columns"]["age"]["who"] == "nobody"
    assert not (place / "security").exists()


def test_four_prompts_to_the_first_result_with_a_file(place):
    terminal = Terminal(place, *INIT)
    terminal.answer("good", "", "2", "1,3")
    assert terminal.end() == 0
    assert terminal.prompts == 4
    terminal = Terminal(place, *MODEL, *QUICK)
    assert terminal.end() == 0
    assert terminal.prompts == 0
    assert said(place)["senders"] == "account"


def test_four_prompts_although_columns_are_related(place):
    terminal = Terminal(place, *_related(place)[:-1])
    terminal.answer("", "", "", "")
    assert terminal.end() == 0
    assert terminal.prompts == 4
    assert [entry["confirmed"] for entry in known(place)["relations"]] == [False, False]


@pytest.mark.parametrize("command", [MODEL, ("init", *MODEL[1:]), ("init", *MODEL[1:], "--full")])
def test_nothing_is_wider_than_the_terminal(place, command):
    terminal = Terminal(place, *command, *(QUICK if command == MODEL else ()))
    long = "them and a very long line that says nothing that could be understood here"
    if "--full" in command:
        terminal.answer("loans " * 9, long, "1", "?", long, "", "300 1000", *[""] * (len(all_prompts()) - 5))
    else:
        terminal.answer(long, "", f"3 {long}", "", long, "9", "1", f"1,{long}", "1,6", "2")
    assert terminal.end() == 0
    asked = [line for line in terminal.lines if not line.startswith("      > ")]
    assert [line for line in asked if len(line) > 80] == []
    labels = ("1a of 15", "15f of 15", "4 of 15") if "--full" in command else ("1 of 4", "2 of 4", "3 of 4", "4 of 4")
    for expected in labels:
        assert sum(line.startswith(expected) for line in asked) == 1


def test_mistyped_answers_are_asked_again(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    columns = ("9 us", "us", "job always", "1,4 effort", "show", "")
    terminal.answer("3", "god", "2", *columns, "0", "7", "anybody", "STAFF", "1,7", "1,6", "2 4-5")
    assert terminal.end() == 0
    found = {column["name"]: column for column in document(place)["columns"]}
    assert said(place)["wants"] == "good"
    assert said(place)["senders"] == "staff"
    assert said(place)["sees"] == ["rounded", "reasons", "outcome"]
    assert found["job"]["checked"] == "always"
    assert (found["income"]["who"], found["savings"]["who"], found["age"]["who"]) == ("effort", "effort", "nobody")
    told = " ".join(terminal.seen.split())
    assert "type a number from 1 to 6, or ? where you do not know; got 'anybody'" in told
    assert "it must stand alone, got decision, nothing" in told


@pytest.mark.parametrize("answers", [("", "?", "", ""), ("?", "?", "?", "?")])
def test_not_knowing_anything_is_an_upper_bound_and_says_so(place, answers):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer(*answers)
    assert terminal.end() == 0
    assert set(who(document(place)).values()) == {"unknown"}
    assert said(place) == {"answered": False}
    assert any(caveat["code"] == "assumed-columns" for caveat in document(place)["caveats"])
    told = " ".join(terminal.seen.split())
    assert "upper bound" in told
    for worst in ("any wrong answer counts", "every entry can be chosen", "anyone", "the exact score; reasons"):
        assert f"assumed, not confirmed: {worst}" in told


def test_the_end_of_input_answers_like_not_knowing(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("good")
    for expected in ("2 of 4", "3 of 4", "4 of 4"):
        terminal.until(expected)
        terminal.until(PROMPT)
        terminal.child.sendeof()
    assert terminal.end() == 0
    assert set(who(document(place)).values()) == {"unknown"}
    assert said(place) == {"wants": "good", "answered": False}


@pytest.mark.parametrize("options", [("--no-input",), ("--yes",), ("--columns", "c.yaml")])
def test_nothing_is_asked_when_it_is_said(place, options):
    (place / "c.yaml").write_text("columns: {income: {who: anyone}}\n")
    terminal = Terminal(place, *MODEL, *QUICK, *options)
    assert terminal.end() == 0
    assert terminal.prompts == 0
    guessed = {"income": "anyone", "age": "nobody", "job": "anyone", "savings": "anyone"}
    expected = {"--yes": guessed, "--no-input": dict.fromkeys(guessed, "unknown")}
    assert who(document(place)) == expected.get(options[0], dict.fromkeys(guessed, "unknown") | {"income": "anyone"})


def test_an_answer_given_as_an_option_is_not_asked(place):
    terminal = Terminal(place, *MODEL, *QUICK, "--attacker-wants", "good")
    terminal.answer("", "", "")
    assert terminal.end() == 0
    assert "1 of 4  " not in terminal.seen
    assert document(place)["target"]["wants"] == "good"


def test_a_finished_folder_is_noticed_before_anything_is_asked(place):
    place.run(*MODEL, *QUICK)
    terminal = Terminal(place, *MODEL, *QUICK)
    assert terminal.end() == 2
    assert terminal.prompts == 0
    assert "--overwrite" in terminal.seen


def test_ctrl_c_at_a_question_writes_nothing(place):
    terminal = Terminal(place, *MODEL, *QUICK)
    terminal.answer("good")
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
    terminal.answer("good", "", "3", "2")
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
    assert again.prompts == 0
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
    terminal = Terminal(place, *INIT)
    terminal.answer("2", "job us", "", "vetted", "1")
    assert terminal.end() == 0
    assert known(place)["answers"] == {
        "wants": "good", "senders": "vetted", "sees": ["decision"], "data_kind": "table", "file_format": "pickle",
    }  # fmt: skip
    assert known(place)["columns"]["job"]["who"] == "us"
    assert "`sparring init --full` asks them" in " ".join(terminal.seen.split())
    terminal = Terminal(place, *MODEL, *QUICK)
    assert terminal.end() == 0
    assert terminal.prompts == 0
    assert said(place)["senders"] == "vetted"


FULL = {
    "decides": "loans", "use": "queue", "wants": "good", "gains": "1,2", "unit": "EUR",
    "loss_accepted": "300 1,000 3000", "loss_refused": "50 - 100 - 400", "decisions": "20,000", "attempts": "20 to 400",
    "columns": "", "senders": "2", "sees": "1 5", "tries": "10", "apart": "no", "watched": "1", "metered": "no",
    "sources": "staff, sensors", "writers": "few", "outside_share": "2 %", "retrain": "3", "downloads": "packages",
    "checked": "yes", "secrets": "1-2", "copy_hurts": "no", "place": "server", "between": "1", "caught": "40 85",
    "keeps": "1,2", "alarm": "the  desk", "data": "Ann", "model": "nobody", "running": "Bo", "security": "?",
    "risk": "Cy", "lines": "10000 50000 250000",
}  # fmt: skip


def test_a_full_round_asks_fifteen_questions_and_loses_nothing(place):
    terminal = Terminal(place, *INIT, "--full", rows=200)
    terminal.answer(*FULL.values())
    assert terminal.end() == 0
    numbers = {int(found) for found in re.findall(r"^(\d+)[a-f]? of 15  ", "\n".join(terminal.lines), re.MULTILINE)}
    assert numbers == set(range(1, 16))
    assert terminal.prompts == len(FULL)
    found = read_system(place / "security" / "system.yaml").answers
    assert found == Answers(
        decides="loans", use="queue", wants="good", gains=("person", "fraudster"), unit="EUR", tries=10, answered=True,
        loss_accepted=(300, 1000, 3000), loss_refused=(50, 100, 400), decisions=20000, attempts=(20, 400),
        senders="account", sees=("decision", "outcome"), apart="no", watched=True, metered=False,
        sources=("staff", "sensors"), writers="few", outside_share=0.02, retrain="reviewed", downloads=("packages",),
        checked=True, secrets=("membership", "attribute"), copy_hurts="no", place="server", between=("person-all",),
        caught=(0.4, 0.85), keeps=("inputs", "outputs"), alarm="the desk", lines=(10000, 50000, 250000),
        owners={"data": "Ann", "model": "nobody", "running": "Bo", "risk": "Cy"},
        data_kind="table", file_format="pickle",
    )  # fmt: skip
    told = " ".join(terminal.seen.split())
    assert "To whoever decides what it is used for: - Who is responsible for security? assumed, not confirmed: " in told

    text = (place / "security" / "system.yaml").read_text()
    again = Terminal(place, *INIT, "--full", rows=200)
    again.answer(*[""] * len(FULL))
    assert again.end() == 0
    assert "now: 300, 1,000 and 3,000 EUR. Enter keeps it" in " ".join(again.seen.split())
    assert (place / "security" / "system.yaml").read_text() == text

    third = Terminal(place, *INIT, "--full", rows=200)
    third.answer(*["?" if name == "use" else "5" if name == "senders" else "" for name in FULL])
    assert third.end() == 0
    expected = text.replace("use: queue", "use: unknown").replace("senders: account", "senders: systems")
    assert (place / "security" / "system.yaml").read_text() == expected
    assert "assumed, not confirmed: something is done at once, without a person" in " ".join(third.seen.split())


def test_a_full_round_where_nobody_knows_is_a_list_of_questions_to_teams(place):
    terminal = Terminal(place, *INIT, "--full", rows=200)
    n = len(all_prompts())
    terminal.answer(*["?"] * n)
    assert terminal.end() == 0
    assert terminal.prompts == n
    told = "\n".join(terminal.lines)
    for team in TEAMS.values():
        assert f"To {team}:" in told or team == TEAMS["security"]
    assert told.partition("To whoever")[2].count("assumed, not confirmed: ") == n
    assert known(place)["answers"] == {"data_kind": "table", "file_format": "pickle"}


def test_a_full_round_asks_about_relations_after_everything_else(place):
    terminal = Terminal(place, *_related(place)[:-1], "--full", rows=200)
    terminal.answer(*[""] * len(all_prompts()), "1")
    assert terminal.end() == 0
    assert [entry["confirmed"] for entry in known(place)["relations"]] == [True]


def test_a_file_of_answers_is_not_asked_about(place):
    (place / "said.yaml").write_text("answers: {wants: bad, sees: decision}\ncolumns: {age: {who: nobody}}\n")
    terminal = Terminal(place, *INIT, "--answers", "said.yaml")
    terminal.answer("", "3")
    assert terminal.end() == 0
    assert terminal.prompts == 2
    assert known(place)["answers"]["wants"] == "bad"
    assert known(place)["answers"]["senders"] == "vetted"
    names = ("income", "age", "job", "savings")
    (place / "said.yaml").write_text(f"columns: {{{', '.join(f'{name}: {{who: us}}' for name in names)}}}\n")
    terminal = Terminal(place, *INIT, "--answers", "said.yaml", "--file", "other.yaml")
    terminal.answer("", "", "")
    assert terminal.end() == 0
    assert terminal.prompts == 3
    terminal = Terminal(place, *INIT, "--answers", "said.yaml", "--file", "third.yaml", "--yes")
    assert terminal.end() == 0
    assert terminal.prompts == 0


def test_ctrl_c_keeps_the_answers_so_far(place):
    terminal = Terminal(place, *INIT)
    terminal.answer("good", "job us")
    terminal.until(PROMPT)
    terminal.child.sendintr()
    assert terminal.end() == 3
    assert "what was answered so far is in security/system.yaml" in " ".join(terminal.seen.split())
    assert known(place)["answers"]["wants"] == "good"
    told = {name: entry["who"] for name, entry in known(place)["columns"].items()}
    assert told == {"income": "unknown", "age": "unknown", "job": "us", "savings": "unknown"}
    (place / "security" / "system.yaml").write_text(
        (place / "security" / "system.yaml").read_text().replace("wants: good", "wants: good  # said Ann")
    )
    again = Terminal(place, *INIT)
    again.answer("", "", "staff")
    again.until(PROMPT)
    again.child.sendintr()
    assert again.end() == 3
    assert known(place)["answers"]["senders"] == "staff"
    assert known(place)["columns"]["age"]["who"] == "nobody"
    assert "wants: good  # said Ann" in (place / "security" / "system.yaml").read_text()


def test_ctrl_c_before_the_first_answer_writes_nothing(place):
    terminal = Terminal(place, *INIT)
    terminal.until(PROMPT)
    terminal.child.sendintr()
    assert terminal.end() == 3
    assert "Traceback" not in terminal.seen
    assert not (place / "security").exists()


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
