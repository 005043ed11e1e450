"""`sparring threats`: from the file that people edit to the file that a machine writes, and between commits."""

from __future__ import annotations

import json
import subprocess

import pytest

from cli_place import QUICK

ANSWERS = """\
answers:
  wants: good
columns:
  income: {kind: number, who: anyone}
  age: {kind: number, who: nobody}
"""
ASSESS = ("assess", "model.joblib", "data.csv", "--target", "class", "--no-input", *QUICK, "--budget", "60s")


@pytest.fixture
def answered(place):
    (place / "security").mkdir()
    (place / "security" / "system.yaml").write_text(ANSWERS)
    return place


def flat(text):
    return " ".join(text.split())


def git(place, *args):
    identity = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "core.hooksPath=/none",
    )
    subprocess.run(["git", *identity, *args], cwd=place.folder, check=True, capture_output=True)


def test_threats_say_what_applies_and_why(answered):
    said = flat(answered.run("threats").stdout)
    assert "2 of 24 threats apply" in said
    assert "somebody gains from the answer “good”; who sets each column: others choose 1 of 2 columns" in said
    assert "nobody has said: who can send, what they see" in said
    assert "No publisher keeps those pairings; they are ours." in said
    lock = json.loads((answered / "security" / "threats.lock.json").read_text())
    assert len(lock["threats"]) == 24
    assert lock["note"].startswith("generated")
    assert answered.run("threats", "--json").stdout == (answered / "security" / "threats.lock.json").read_text()


def test_lines_fit_a_terminal(answered):
    assert max(map(len, answered.run("threats").stdout.splitlines())) <= 80


def test_a_lock_that_no_longer_follows_is_noticed(answered):
    assert "run sparring threats" in flat(answered.run("threats", "--check", code=1).stderr)
    answered.run("threats")
    assert "up to date" in answered.run("threats", "--check").stderr
    file = answered / "security" / "system.yaml"
    file.write_text(file.read_text().replace("who: anyone}", "who: us}"))
    answered.run("threats", "--check", code=1)


def test_diff_names_the_answer_that_moved_a_threat(answered):
    git(answered, "init")
    git(answered, "add", "security")
    git(answered, "commit", "-m", "answers")
    assert answered.run("threats", "--diff", "HEAD").stdout.startswith("No threat applies or ceases to apply")
    file = answered / "security" / "system.yaml"
    file.write_text(file.read_text().replace("who: anyone}", "who: us}"))
    said = flat(answered.run("threats", "--diff", "HEAD").stdout)
    assert "(evasion_manual): applies -> does not apply, since who sets each column: no column can be misstated" in said
    assert "(evasion_query): is assumed -> does not apply" in said
    assert not (answered / "security" / "threats.lock.json").exists()


@pytest.mark.parametrize(
    ("revision", "says"), [("nowhere", "git has no"), ("--output=x", "--diff needs a commit, such as main")]
)
def test_a_commit_that_is_none_is_one_sentence(answered, revision, says):
    git(answered, "init")
    assert says in flat(answered.run("threats", f"--diff={revision}", code=2).stderr)


def test_a_commit_with_broken_answers_is_named(answered):
    file = answered / "security" / "system.yaml"
    file.write_text("answers: [")
    git(answered, "init")
    git(answered, "add", "security")
    git(answered, "commit", "-m", "broken")
    file.write_text(ANSWERS)
    assert "HEAD:security/system.yaml:1: this is no YAML" in flat(
        answered.run("threats", "--diff", "HEAD", code=2).stderr
    )


def test_without_answers_it_says_what_writes_them(place):
    assert "`sparring init` writes one" in flat(place.run("threats", code=2).stderr)


def test_the_gate_looks_at_threats_where_there_is_a_lock(answered):
    answered.run(*ASSESS)
    assert "evasion_manual" not in answered.run("gate").stdout
    answered.run("threats")
    red = flat(answered.run("gate", "--mode", "enforce", "--set-baseline", code=1).stdout)
    assert "nobody answers for it (model)" in red
    decide = ("--decision", "accept", "--owner", "@credit", "--approved-by", "@risk", "--reason", "r")
    for name in ("evasion_manual", "dependency"):
        answered.run("decide", name, *decide)
    file = answered / "security" / "system.yaml"
    before = file.read_text()
    file.write_text(before.replace("wants: good", "wants: good\n  retrain: never"))
    assert "were derived from other answers" in flat(answered.run("gate").stdout)
    file.write_text(before)
    green = answered.run("gate", "--mode", "enforce", "--set-baseline").stdout
    assert "@credit decided about evasion_manual: accept" in flat(green)


def test_tickets_are_written_and_those_that_are_done_go(answered):
    answered.run(*ASSESS)
    answered.run("report", "--format", "tickets", "--output", "security/tickets")
    folder = answered / "security" / "tickets"
    names = {file.name for file in folder.glob("*.md")}
    assert "model-evasion_manual.md" in names
    mine = folder / "ours.md"
    mine.write_text("kept")
    (folder / "data-old.md").write_text((folder / "model-evasion_manual.md").read_text())
    answered.run("report", "--format", "tickets", "--output", "security/tickets")
    assert {file.name for file in folder.glob("*.md")} == names | {"ours.md"}
    assert "name a folder" in flat(answered.run("report", "--format", "tickets", code=2).stderr)


def test_a_card_holds_what_was_decided(answered):
    answered.run(*ASSESS)
    answered.run(
        "decide", "evasion_manual", "--decision", "mitigate", "--owner", "@credit", "--reason", "form in January"
    )
    answered.run("report", "--format", "card", "--output", "security/CARD.md")
    card = (answered / "security" / "CARD.md").read_text()
    assert card.startswith("<!-- generated by sparring report; do not edit -->")
    assert "form in January" in card
    assert "Worst outcome" in card


def test_columns_that_a_table_by_hand_does_not_name_are_not_known(answered):
    file = answered / "security" / "system.yaml"
    file.write_text("answers: {wants: good}\ncolumns:\n  age: {who: us}\n")
    assert "(evasion_manual): nobody has said: who sets each column" in flat(answered.run("threats").stdout)


def test_a_word_that_no_column_has_is_one_sentence(answered):
    file = answered / "security" / "system.yaml"
    file.write_text("columns:\n  age: {kind: number, who: banana}\n")
    said = flat(answered.run("threats", code=2).stderr)
    assert "system.yaml:2: who of column 'age' must be one of anyone" in said
    assert "got 'banana'" in said


def test_an_entry_that_no_column_has_is_one_sentence(answered):
    (answered / "security" / "system.yaml").write_text("columns:\n  age: {kind: number, whom: us}\n")
    said = flat(answered.run("threats", code=2).stderr)
    assert "system.yaml:2: column 'age' has no entry 'whom'; did you mean 'who'?" in said


def test_a_gate_without_derived_threats_says_so(answered):
    answered.run(*ASSESS)
    red = flat(answered.run("gate", "--mode", "enforce", "--set-baseline", code=1).stdout)
    assert "nobody has derived which threats follow from them" in red


def test_a_stage_is_settled_once_its_questions_are_answered_and_somebody_answers_for_it(answered):
    said = flat(answered.run("threats", "--settled", "security", code=1).stdout)
    assert "Nobody answers for this" in said
    assert "Where do training rows and their labels come from?" in flat(
        answered.run("threats", "--settled", "data", code=1).stdout
    )
    file = answered / "security" / "system.yaml"
    more = "answers:\n  sources: [staff]\n  writers: few\n  secrets: [nothing]\n  owners: {security: '@sec'}\n"
    file.write_text(file.read_text().replace("answers:\n", more))
    for stage in ("data", "security"):
        assert "Nothing is open" in answered.run("threats", "--settled", stage).stdout
    assert not (answered / "security" / "threats.lock.json").exists()
    assert "--settled" in answered.run("threats", "--settled", "sales", code=2).stderr
