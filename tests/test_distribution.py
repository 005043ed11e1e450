"""The source archive and the wheel: what is in them, and that they work away from the checkout.

Both are built with the tools of this environment, so that no network is needed. tools/clean_install.py does the same
with every dependency in a fresh environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder with the source archive of this checkout and the wheel that was built from that archive."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def site(built, tmp_path_factory):
    """Folder into which the wheel was installed, without its dependencies."""
    folder = tmp_path_factory.mktemp("site")
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", str(folder), str(wheel)], check=True)
    return folder


def source_files() -> set[str]:
    """Every file of the package and the door for pytest, relative to src/."""
    return {"_sparring_pytest.py"} | {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "sparring").rglob("*")
        # caches are hidden folders or bytecode
        if path.is_file() and path.suffix != ".pyc" and not any(part.startswith(".") for part in path.parts)
    }


def run(site: Path, *command: str | Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_the_whole_package_and_nothing_else(built):
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == source_files()
    assert "sparring/py.typed" in names
    assert "sparring/data/german_credit.csv" in names


def test_wheel_carries_license_and_credit(built):
    (wheel,) = built.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (notice,) = [name for name in archive.namelist() if name.endswith("licenses/NOTICE")]
    assert "CC BY 4.0" in archive.read(notice).decode()
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_source_archive_holds_the_tests(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "README.md", "tests/test_distribution.py", "tests/plugin_package/pyproject.toml"} <= names


def test_installed_package_works_away_from_the_checkout(site):
    code = "import sparring, sys; print(sparring.__file__); print(sparring.__version__)"
    file, version = run(site, sys.executable, "-c", code).splitlines()
    assert Path(file).is_relative_to(site)
    assert version.startswith("0.")


def test_installed_command_lists_our_attacks(site):
    assert "evasion/tree-search" in run(site, sys.executable, site / "bin" / "sparring", "plugins")


def test_checkout_without_git_has_a_version(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "src", copy / "src")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "hatchling", "version"]
    # no repository further up may answer in its place
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "0.1.0.dev0", done.stderr
