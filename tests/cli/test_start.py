"""Starting is cheap, and help is there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from cli_place import Place
from sparring.cli import app

HEAVY = ("numpy", "pandas", "sklearn", "scipy", "numba", "pydantic", "yaml", "pyarrow", "xgboost", "jinja2", "altair")
COMMANDS = ("demo", "init", "assess", "explain", "report", "plugins")


def test_help_imports_nothing_heavy(tmp_path):
    code = (
        "import sys\nfrom sparring.cli import main\nsys.argv = ['sparring', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("heavy: []")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_80_columns(tmp_path, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = Place(tmp_path).run(command, "--help").stdout
    assert "--help" in text
    assert max(map(len, text.splitlines())) <= 80


def test_all_commands_are_listed(tmp_path):
    text = Place(tmp_path).run("--help").stdout
    assert all(command in text for command in COMMANDS)


def test_the_version_is_printed(tmp_path):
    assert Place(tmp_path).run("--version").stdout.startswith("sparring ")


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    code = "from sparring.cli import main; import sys; sys.argv = ['sparring', 'explain']; main()"
    done = subprocess.run(
        f'{sys.executable} -c "{code}" | true; echo ${{PIPESTATUS[0]}}',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "0"


def test_every_option_is_in_the_reference(root):
    from typer.main import get_command

    text = (root / "docs" / "reference" / "commands.md").read_text()
    sections = dict(zip(*[iter(re.split(r"^## sparring (\w+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
    for name, command in get_command(app).commands.items():
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert f"`{option}" in sections[name], (name, option)
