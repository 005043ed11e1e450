"""Install the lowest versions that pyproject.toml declares into a fresh virtual environment and run tests on them.

    python tools/minimum_versions.py FOLDER [PYTEST ARGUMENT ...]

A lower bound that nobody has run is a guess. FOLDER is created or emptied and holds the environment; the arguments go
to pytest. Test tools come in their newest versions, since users do not need them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("xgboost", "lightgbm", "catboost", "endpoint")
TEST_TOOLS = (
    "cloudpickle", "hatchling", "hypothesis", "jsonschema", "lz4", "pexpect", "polars", "pytest", "pytest-xdist",
    "starlette", "uvicorn",
)  # fmt: skip
BOUND = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)>=(?P<version>[0-9][0-9.]*)$")


def pins() -> list[str]:
    """Return `name==lowest version` for each library that users install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    return [pin(requirement) for requirement in wanted]


def pin(requirement: str) -> str:
    """Turn `name>=1.2` into `name==1.2`."""
    match = BOUND.match(requirement)
    if match is None:
        raise SystemExit(f"a dependency must read 'name>=version' without an upper bound, got {requirement!r}")
    return f"{match['name']}=={match['version']}"


def main(folder: str, *pytest_arguments: str) -> int:
    """Create the environment, install, run, and return pytest's exit code."""
    venv.create(folder, clear=True, with_pip=True)
    python = Path(folder).absolute() / "bin" / "python"
    constraints = Path(folder) / "minimum.txt"
    constraints.write_text("\n".join(pins()) + "\n")
    print(constraints.read_text(), flush=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-c", str(constraints), f"{ROOT}[all]", *TEST_TOOLS], check=True)
    # old libraries warn about newer ones, and nobody can mend that here
    command = [str(python), "-m", "pytest", "-W", "default", "--disable-warnings", "-p", "no:cacheprovider"]
    return subprocess.run([*command, *pytest_arguments], check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
