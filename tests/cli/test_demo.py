from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cli_place import MAIN

PERSONAL = {"personal_status_sex", "age", "foreign_worker"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-c", MAIN, "demo"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
    return folder / "sparring-demo", done


def test_the_demo_tells_the_story(shown):
    folder, done = shown
    assert "report.html" in done.stderr
    assert "CC BY 4.0" in done.stderr
    assert "WHAT MISSTATED COLUMNS COULD DO" in done.stdout
    assert "upper bound" not in done.stdout
    assert "Traceback" not in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    story = done.stderr.partition("[")[0]
    assert "1,000 loans" in story
    assert max(map(len, story.splitlines())) <= 80
    found = json.loads((folder / "assessment.json").read_text())
    assert found["complete"]
    assert found["target"]["decision"] == "bad >= 0.3"
    assert found["target"]["wants"] == "good"
    assert found["performance"]["auc"]["low"] > 0.7
    assert {f["outcome"] for f in found["findings"]} <= {"measured", "not-applicable"}
    headline = next(f for f in found["findings"] if f["id"] == "evasion/tree-search@columns")
    assert headline["counts"]["broken"] > 10


def test_nothing_shown_edits_who_somebody_is(shown):
    folder, _ = shown
    examples = pd.read_parquet(folder / "examples.parquet")
    before = examples[examples["role"] == "original"].drop(columns="role").reset_index(drop=True)
    after = examples[examples["role"] == "adversarial"].drop(columns="role").reset_index(drop=True)
    assert len(after) > 10
    changed = {name for name in before if (before[name] != after[name]).any()}
    assert changed
    assert not changed & {*PERSONAL, "job", "amount", "duration_months", "credit_history", "checking_account"}
    found = json.loads((folder / "assessment.json").read_text())
    edited = {change["column"] for f in found["findings"] for e in f["edits"] for change in e["changes"]}
    assert edited
    assert edited <= changed


def test_a_finished_demo_is_left_alone_without_overwrite(shown):
    folder, _ = shown
    before = (folder / "assessment.json").read_bytes()
    command = [sys.executable, "-c", MAIN, "demo"]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    said = done.stderr.strip()
    assert said.startswith("error: sparring-demo holds a complete assessment; add --overwrite to replace it")
    assert len(said.splitlines()) == 1  # not even the story: nothing is going to happen
    assert done.stdout == ""
    assert (folder / "assessment.json").read_bytes() == before


def test_the_demo_can_be_run_again(shown):
    folder, _ = shown
    command = [sys.executable, "-c", MAIN, "demo", "--json", "--overwrite"]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(done.stdout)["complete"]


def test_the_tutorial_shows_what_the_demo_prints(shown):
    _, done = shown
    text = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-assessment.md").read_text(encoding="utf-8")
    printed = " ".join(done.stdout.split())
    blocks = re.findall(r"```text\n(.*?)```", text.partition("## The same on your own model")[0], flags=re.DOTALL)
    assert len(blocks) >= 5
    for paragraph in "\n\n".join(blocks).split("\n\n"):
        # how often chance succeeds depends on how many tries a busy machine affords
        for part in " ".join(paragraph.split()).partition(" Random tries")[0].split(" Row "):
            assert part in printed
