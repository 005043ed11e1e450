"""The hook for pre-commit, and the check that it runs: good, expired and broken files."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from sparring.core.document import SCHEMA_VERSION
from sparring.store.raw import NEWEST

ROOT = Path(__file__).resolve().parent.parent
TODAY = date.today()  # noqa: DTZ011  # the check asks for the same day


@pytest.fixture
def security(tmp_path):
    folder = tmp_path / "security"
    folder.mkdir()
    return folder


def decision(days, **changed):
    plain = {"finding": "evasion/a@columns", "decision": "mitigate", "owner": "@a", "reason": "r"}
    created = TODAY - timedelta(days=100)
    return plain | {"created": created, "expires": TODAY + timedelta(days=days)} | changed


def decide(folder, *decisions):
    text = yaml.safe_dump({"schema_version": 1, "decisions": list(decisions)}, sort_keys=False)
    (folder / "decisions.yaml").write_text(text)


def hook(folder, *arguments, code):
    """Run the hook's entry as it is written: the console script of that name, from the project's own table."""
    (entry,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts[entry["entry"]].partition(":")
    script = f"import sys; from {module} import {name}; sys.exit({name}())"  # what an installer writes
    command = [sys.executable, "-W", "error", "-c", script, *entry.get("args", ()), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_no_files_and_good_files_are_no_fault(security):
    assert hook(security, code=0).stdout == ""
    decide(security, decision(90))
    (security / "system.yaml").write_text("answers: {decides: credit, tries: 3}\ncolumns:\n  a: {who: us}\n")
    (security / "baseline.json").write_text('{"schema_version": 1, "complete": true}')
    done = hook(security, code=0)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize(
    ("days", "code", "says"), [(-1, 1, "ran out on"), (0, 0, "runs out today"), (30, 0, "30 days")]
)
def test_expiry_is_said_with_its_line(security, days, code, says):
    decide(security, decision(90), decision(days))
    (line,) = hook(security, code=code).stdout.splitlines()
    assert line.startswith("security/decisions.yaml:9: ")
    assert says in line


def test_31_days_are_not_said(security):
    decide(security, decision(31))
    assert hook(security, code=0).stdout == ""


def test_every_fault_is_one_line_and_weighs_more_than_expiry(security):
    decide(security, decision(-1), decision(90, owner=""), decision(90, decision="ignore"))
    (security / "system.yaml").write_text(
        "answers: {tries: -1}\ncolumns:\n  a: us\n  b: {who: us}\nrelations:\n  - {at_most: [a]}\n"
    )
    (security / "baseline.json").write_text('{"schema_version": 1, "complete": false}')
    lines = hook(security, code=2).stdout.splitlines()
    starts = [line.partition(" ")[0] for line in lines]
    files = ["decisions.yaml:3:", "decisions.yaml:11:", "decisions.yaml:16:"]
    files += ["system.yaml:3:", "system.yaml:1:", "system.yaml:6:", "baseline.json"]
    assert starts == [f"security/{file}" for file in files]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("decisions.yaml", "decisions: [*a]"),
        ("decisions.yaml", "schema_version: 2\n"),
        ("system.yaml", "schema_version: 9\n"),
        ("system.yaml", "columns: [\n"),
        ("system.yaml", ""),
        ("baseline.json", '{"schema_version"'),
        ("baseline.json", '{"complete": true}'),
        ("baseline.json", json.dumps({"schema_version": NEWEST + 1, "complete": True})),
    ],
)
def test_a_broken_file_is_one_line(security, name, text):
    (security / name).write_text(text)
    (line,) = hook(security, code=2).stdout.splitlines()
    assert line.startswith(f"security/{name}")


@pytest.mark.parametrize("argument", ["nowhere", "pyproject.toml", "--fix"])
def test_what_cannot_be_meant_is_one_sentence(security, argument):
    (security.parent / "pyproject.toml").write_text("")
    assert len(hook(security, argument, code=2).stderr.splitlines()) == 1


def test_one_file_may_be_named(security):
    (security / "system.yaml").write_text("")
    decide(security, decision(90))
    hook(security, "security/decisions.yaml", code=0)
    assert "sparring-check" in hook(security, "--help", code=0).stdout


def test_nothing_heavy_is_imported_for_it(security):
    test_no_files_and_good_files_are_no_fault(security)
    code = "import sys; from sparring.check import main; assert main([]) == 0; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=security.parent, capture_output=True, text=True, check=True)
    assert not {"numpy", "typer", "pandas", "sparring.core.document"} & set(done.stdout.split())
    assert "pydantic" in done.stdout.split()


def test_the_version_is_that_of_the_documents():
    assert NEWEST == SCHEMA_VERSION


def test_a_word_that_no_column_has_is_said(security):
    (security / "system.yaml").write_text("columns:\n  age: {kind: number, who: banana}\n")
    said = hook(security, code=2).stdout
    assert "system.yaml:2: who of column 'age' must be one of anyone, effort, us, nobody, unknown, got 'banana'" in said
