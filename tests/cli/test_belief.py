"""`sparring belief` as people call it: in a pipe, on a terminal that asks for a guess first, and with wrong input."""

from __future__ import annotations

import json
import re
import runpy

import pytest

from cli.test_terminal import Terminal
from cli_place import QUICK
from sparring.core.belief import Standing
from sparring.govern.beliefs import settle
from sparring.store import Archive

ASSESS = (
    "assess",
    "model.joblib",
    "data.csv",
    "--target",
    "class",
    "--no-input",
    "--attacker-wants",
    "good",
    *QUICK,
    "--budget",
    "60s",
)


@pytest.fixture
def assessed(place):
    place.run(*ASSESS)
    return place


def test_a_result_in_a_pipe_asks_nothing(assessed):
    done = assessed.spawn("belief", "m01", input="")
    assert "> " not in done.stderr
    assert "Your guess" not in done.stdout
    assert re.search(r"^(Refuted|Not refuted): ", done.stdout, flags=re.MULTILINE)
    assert "Mink et al., USENIX Security 2023" in done.stdout
    assert "“Such attacks can only come from inside our backend.”" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_result_is_that_of_the_assessment(assessed):
    document = json.loads((assessed / "sparring-out" / "assessment.json").read_text())
    (found,) = document["findings"]
    sizes = [size for size in found["sizes"].values() if size is not None and size <= 3]
    shown = json.loads(assessed.spawn("belief", "M01", "--guess", "12,5 %", "--json").stdout)
    assert shown["guess"] == 0.125
    assert shown["estimate"]["n"] == found["counts"]["attacked"]
    assert round(shown["estimate"]["value"] * shown["estimate"]["n"]) == len(sizes)
    low = shown["estimate"]["low"]
    assert shown["verdict"] == ("refuted" if low > 0.05 else "not-refuted")
    tolerant = json.loads(assessed.spawn("belief", "M01", "--tolerance", "0.99", "--json").stdout)
    assert (tolerant["verdict"], tolerant["guess"]) == ("not-refuted", None)


def test_the_guess_is_asked_on_a_terminal_before_the_result(assessed):
    terminal = Terminal(assessed, "belief", "M01")
    terminal.answer("a lot", "120", "7")
    assert terminal.end() == 0
    before, after = re.split(r"> 7", terminal.seen, maxsplit=1)
    assert "What share of such rows could somebody outside turn" in " ".join(before.split())
    assert before.count("a guess must be a percentage") == 2
    assert not re.search(r"(?m)^(Refuted|Not refuted): ", before)
    assert re.search(r"(?m)^(Refuted|Not refuted): ", after)
    assert "Your guess: 7 %." in " ".join(after.split())
    assert [line for line in terminal.lines if len(line) > 80] == []


def test_no_guess_is_an_answer(assessed):
    terminal = Terminal(assessed, "belief", "M01")
    terminal.answer("")
    assert terminal.end() == 0
    assert "Your guess: " not in terminal.seen


@pytest.mark.parametrize("options", [("M01", "--guess", "3"), ("M01", "--json"), ("M05",), ("--list",)])
def test_nothing_is_asked_when_there_is_nothing_to_ask(assessed, options):
    terminal = Terminal(assessed, "belief", *options)
    assert terminal.end() == 0
    assert "Enter alone" not in terminal.seen


def test_the_list_needs_no_assessment(place):
    text = place.spawn("belief", "--list").stdout
    assert [f"M{i:02}" for i in range(1, 25)] == re.findall(r"^M\d\d", text, flags=re.MULTILINE)
    listed = json.loads(place.spawn("belief", "--list", "--json").stdout)
    unbuilt = [entry["name"] for entry in listed if entry["settled_by"] is None]
    assert unbuilt == re.findall(r"^(M\d\d).*not built", text, flags=re.MULTILINE)


def test_what_is_not_built_yet_says_so_without_an_assessment(place):
    said = " ".join(place.spawn("belief", "M24", "--guess", "50").stdout.split())
    assert "Its experiment is not built yet" in said
    assert "replayed against a copy of the service" in said


def test_two_models_on_the_same_rows(place):
    # so that enough rows are attacked, also where the machine is busy
    args = [*(arg for arg in ASSESS if arg not in ("--attacker-wants", "good")), "--budget", "60s"]
    place.run(*args)
    place.run(*args, "--out", "second", "--plan", "sparring-out/assessment.json")
    found = json.loads(place.spawn("belief", "M03", "--with", "second", "--json").stdout)
    assert found["verdict"] == "not-refuted", found
    assert found["estimate"]["value"] == 0
    assert found["estimate"]["n"] >= 30


def test_what_people_tried(assessed):
    found = json.loads(assessed.spawn("belief", "M04", "--tried", "40", "--broke", "40", "--json").stdout)
    assert found["verdict"] == "not-refuted"
    assert found["beside"][0]["estimate"]["value"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "needs the name of one"),
        (("M011",), "did you mean 'M11'?"),
        (("everything",), "sparring belief --list"),
        (("M01", "--guess", "101"), "from 0 to 100, such as 5%, got '101'"),
        (("M01", "--guess", "-1%"), "from 0 to 100"),
        (("M01", "--guess", "nan"), "from 0 to 100"),
        (("M01", "--guess", "half"), "got 'half'"),
        (("M01", "--guess", "0.4"), "40% or 0.4%, got '0.4'"),
        (("M01", "--tolerance", "5"), "--tolerance must be a fraction"),
        (("M01", "--tolerance", "nan"), "--tolerance must be a fraction"),
        (("M01", "--folder", "nowhere"), "nowhere does not exist"),
        (("M01", "--with", "sparring-out"), "belongs to M03"),
        (("M03", "--with", "nowhere"), "nowhere does not exist"),
        (("M01", "--tried", "5", "--broke", "0"), "belong to M04"),
        (("M04", "--tried", "5"), "--tried 5 and --broke None"),
        (("M04", "--tried", "5", "--broke", "6"), "--broke from 0 to that"),
        (("M04", "--tried", "0", "--broke", "0"), "--tried must be 1 or more"),
    ],
)
def test_wrong_input_is_one_sentence(assessed, arguments, says):
    assert says in assessed.complaint("belief", *arguments)


def test_an_unfinished_folder_is_refused(assessed):
    file = assessed / "sparring-out" / "assessment.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"complete": False}))
    assert "sparring-out must be complete" in assessed.complaint("belief", "M01")


@pytest.mark.slow
def test_the_page_shows_what_is_printed(root, tmp_path):
    tool = runpy.run_path(str(root / "tools" / "write_belief_page.py"))
    page = tool["PAGE"].read_text(encoding="utf-8")
    printed = tool["outputs"](tmp_path)
    refuted, kept = printed.values()
    assert "\nRefuted: " in refuted
    assert "\nNot refuted: " in kept
    assert tool["in_page"](page, printed) == page, "run python tools/write_belief_page.py"
    # the page also says that the second belief is refuted in the first bank
    assert settle("M15", Archive.read(tmp_path / "sparring-demo")).verdict is Standing.REFUTED
