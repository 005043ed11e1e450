"""Hostile files: none runs, each is refused, and each would really have run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from artifact.hostile import FILES, NEUTRALIZED
from sparring.artifact import Verdict, load, scan
from sparring.errors import ArtifactError


@pytest.mark.parametrize("name", FILES)
def test_never_runs_and_is_refused(name, tmp_path):
    canary, file = tmp_path / "canary", tmp_path / "model.sav"
    file.write_bytes(FILES[name].make(canary))
    result = scan(file)
    with pytest.raises(ArtifactError) as caught:
        load(file)
    assert not canary.exists()
    assert result.verdict != Verdict.NO_KNOWN_DANGER
    assert "\n" not in str(caught.value)


def test_they_are_really_hostile(tmp_path):
    jobs, canaries = [], {}
    for number, (name, hostile) in enumerate(FILES.items()):
        if hostile.live:
            folder = tmp_path / str(number)
            folder.mkdir()
            file, canaries[name] = folder / "model", folder / "canary"
            file.write_bytes(hostile.make(canaries[name]))
            jobs.append((str(file), hostile.reader))
    script = Path(__file__).with_name("run_plainly.py")
    done = subprocess.run([sys.executable, script], input=json.dumps(jobs), text=True, capture_output=True, timeout=300)
    deadline = time.monotonic() + 10  # processes that were started but not waited for
    while not all(canary.exists() for canary in canaries.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [name for name, canary in canaries.items() if not canary.exists()] == [], done.stderr[-3000:]


def test_at_least_forty():
    assert len(FILES) >= 60
    assert sum(hostile.live for hostile in FILES.values()) >= 40


@pytest.mark.parametrize(
    "name", [name for name, hostile in FILES.items() if hostile.live and hostile.reader == "pickle"]
)
def test_what_runs_code_is_dangerous(name, tmp_path):
    file = tmp_path / "model.pkl"
    file.write_bytes(FILES[name].make(tmp_path / "canary"))
    assert scan(file).verdict == Verdict.DANGEROUS


def test_code_in_a_distribution_is_kept_as_text(tmp_path):
    canary, file = tmp_path / "canary", tmp_path / "law.pkl"
    file.write_bytes(NEUTRALIZED.make(canary))
    loaded = load(file)
    assert not canary.exists()
    assert loaded.replaced == ("scipy.stats._continuous_distns:uniform_gen",)
    assert "open(" in loaded.model.kept["_parse_arg_template"]
