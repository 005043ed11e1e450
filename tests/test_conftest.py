"""The rules of conftest.py, tried on small suites of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SUITE = """
import pytest

def test_page(chromium):
    assert chromium.exists()

@pytest.mark.skip(reason="not today")
def test_skipped():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_expected():
    assert False
"""


@pytest.fixture
def run(tmp_path, root):
    """Run the small suite in a process of its own, without Chromium on PATH."""

    def run(*, require: bool) -> str:
        (tmp_path / "conftest.py").write_text((root / "tests" / "conftest.py").read_text())
        (tmp_path / "test_suite.py").write_text(SUITE)
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = chromium: needs Chromium\n")
        environment = {k: v for k, v in os.environ.items() if k not in ("SPARRING_REQUIRE_SERVICES", "PYTEST_ADDOPTS")}
        environment["PATH"] = str(tmp_path)
        if require:
            environment["SPARRING_REQUIRE_SERVICES"] = "1"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "test_suite.py"]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout

    return run


def test_missing_chromium_is_skipped_loudly(run):
    output = run(require=False)
    assert "2 skipped, 1 xfailed" in output
    assert "1 tests of pages need Chromium, which is not installed." in output
    assert output.rstrip().splitlines()[-1].startswith("===")


def test_a_skip_is_a_failure_where_services_are_required(run):
    output = run(require=True)
    assert "1 xfailed, 2 errors" in output
    assert "SPARRING_REQUIRE_SERVICES=1 allows no skips: Skipped: not today" in output
