"""The GitHub action, each step run with bash as the runner does it, on real results."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from cli_place import MAIN, QUICK

ROOT = Path(__file__).resolve().parents[2]
ASSESS = ("assess", "model.joblib", "data.csv", "--target", "class", "--no-input", *QUICK, "--budget", "60s")
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
CHECKER = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))


def filled(text, known):
    """Put values in place of expressions, as the runner does before a shell sees them."""
    return EXPRESSION.sub(lambda match: known[match[1]], text)


@pytest.fixture(scope="module")
def action():
    return yaml.safe_load((ROOT / "action.yml").read_text())


@pytest.fixture
def runner(place, action, monkeypatch):
    """Return a function that runs all steps with inputs, and returns the last code and all outputs."""
    tools = place / "tools"
    tools.mkdir()
    for name, text in (("sparring", f'exec {sys.executable} -c "{MAIN}" "$@"'), ("python", 'printf "%s\\n" "$@"')):
        (tools / name).write_text(
            f"#!/bin/sh\n{text}\n"
        )  # pip is not run here: what it is asked to install is looked at
        (tools / name).chmod(0o755)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, str(place / name))
    monkeypatch.setenv("GITHUB_ACTION_PATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")

    def run(**given):
        assert given.keys() <= action["inputs"].keys()
        known = {f"inputs.{name}": given.get(name, entry["default"]) for name, entry in action["inputs"].items()}
        (place / "GITHUB_OUTPUT").write_text("")
        done = []
        for step in action["runs"]["steps"]:
            assert step["shell"] == "bash"
            environment = {key: filled(text, known) for key, text in step.get("env", {}).items()}
            script = place / "tools" / "step.sh"
            script.write_text(filled(step["run"], known))
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
            done.append(
                subprocess.run(command, cwd=place.folder, env=os.environ | environment, capture_output=True, text=True)
            )
            if done[-1].returncode:
                break
            lines = (place / "GITHUB_OUTPUT").read_text().splitlines()
            known |= {
                f"steps.{step.get('id')}.outputs.{key}": value for key, _, value in (x.partition("=") for x in lines)
            }
        assert len(done) == len(action["runs"]["steps"]), done[-1].stderr
        return done, known

    return run


def test_it_fails_and_then_passes_after_the_reports_are_written(place, runner):
    place.run(*ASSESS)
    done, known = runner(mode="ratchet", sarif="out/a.sarif", junit="out/a.xml")
    assert done[-1].returncode == 1
    assert known["steps.gate.outputs.exit-code"] == "1"
    assert '"2.1.0"' in (place / "out" / "a.sarif").read_text()
    assert ET.parse(place / "out" / "a.xml").getroot().tag.startswith("testsuite")
    assert "baseline" in (place / "GITHUB_STEP_SUMMARY").read_text()
    place.run("gate", "--set-baseline")
    done, known = runner(mode="ratchet")
    assert [step.returncode for step in done] == [0, 0, 0], done[1].stderr
    assert (place / known["steps.gate.outputs.sarif"]).is_file()
    # installed is what the action was checked out as
    assert done[0].stdout.split()[:3] == ["-m", "pip", "install"]
    assert done[0].stdout.split()[-1] == str(ROOT)


def test_without_results_its_code_is_2(runner):
    done, _ = runner()
    assert done[-1].returncode == 2
    assert "does not exist" in done[1].stderr


@pytest.mark.parametrize("name", ["folder", "mode", "baseline", "decisions", "sarif", "junit"])
def test_an_input_is_never_a_part_of_a_script(place, runner, name):
    place.run(*ASSESS)
    runner(**{name: '$(touch spliced); touch spliced; "`touch spliced`'})
    assert not (place / "spliced").exists()


def test_no_expression_stands_in_a_script(action):
    assert [step["run"] for step in action["runs"]["steps"] if "${{" in step["run"]] == []


@pytest.mark.slow
def test_what_it_installs_can_be_built_and_holds_both_commands(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    assert len(list(tmp_path.glob("sparring-*.whl"))) == 1


def blocks() -> list[str]:
    text = (ROOT / "docs" / "how-to" / "gate.md").read_text()
    return re.findall(r"^```yaml\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_the_documented_workflow_gives_inputs_that_there_are(action):
    (workflow,) = [yaml.safe_load(block) for block in blocks() if "jobs:" in block]
    (used,) = [s for job in workflow["jobs"].values() for s in job["steps"] if "/sparring@" in s.get("uses", "")]
    assert used["with"].keys() <= action["inputs"].keys()


def test_the_documented_hook_is_there():
    (config,) = [yaml.safe_load(block) for block in blocks() if "repos:" in block]
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for repo in config["repos"] for hook in repo["hooks"]} <= hooks


@pytest.mark.skipif(CHECKER is None, reason="check-jsonschema is not installed")
def test_github_reads_the_action_and_the_documented_workflow(tmp_path):
    (workflow,) = [block for block in blocks() if "jobs:" in block]
    (tmp_path / "workflow.yml").write_text(workflow)
    for schema, path in (("actions", ROOT / "action.yml"), ("workflows", tmp_path / "workflow.yml")):
        command = [CHECKER, "--builtin-schema", f"vendor.github-{schema}", str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
