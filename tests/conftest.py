"""What all tests share: services that may be missing, and the rule that a skip is loud."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import hypothesis
import pytest

# tests never assert wall time, and the first example of a compiled function takes seconds
hypothesis.settings.register_profile("sparring", deadline=None)
hypothesis.settings.load_profile("sparring")

REQUIRE_SERVICES = os.environ.get("SPARRING_REQUIRE_SERVICES") == "1"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Path of a Chromium that can run headless."""
    found = next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)
    if found is None:
        pytest.skip("Chromium is not installed, so that no page was looked at (Debian: apt install chromium)")
    return Path(found)


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the checkout."""
    return Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """Mark what needs Chromium, so that it can be chosen or left out by name, and begin with the longest files.

    Workers take whole files; one that begins with the longest does not end alone with it.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.chromium)
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in long, item.path.parent.name != "cli"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip into a failure where everything is said to be there."""
    return _no_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Do the same for files that are skipped as a whole."""
    return _no_skips((yield))


def _no_skips(report):
    if REQUIRE_SERVICES and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"SPARRING_REQUIRE_SERVICES=1 allows no skips: {reason}"
    return report


def pytest_terminal_summary(terminalreporter):
    """Say in so many words what was not checked."""
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if "Chromium" in str(report.longrepr)]
    if skipped:
        terminalreporter.section("NOT CHECKED", sep="!", yellow=True)
        terminalreporter.line(f"{len(skipped)} tests of pages need Chromium, which is not installed.")
