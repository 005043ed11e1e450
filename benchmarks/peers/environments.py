"""One virtual environment for each peer, since their requirements exclude each other."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

# the peer must read the very model that we attack, so it gets the same versions of what made it
SHARED = ("numpy", "scikit-learn", "joblib", "xgboost", "lightgbm", "pandas")
REQUIREMENTS = Path(__file__).parent


def default_cache() -> Path:
    """Return the folder for environments when none is given."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("sparring")) / "benchmarks"


def interpreter(peer: str, *, cache: Path | None = None) -> Path:
    """Return the Python of a peer's environment, which is built when it is missing.

    Parameters
    ----------
    peer : str
        Name of a requirements file in this folder, without its suffix.
    cache : path, optional
        Where environments are kept; None: the platform's cache folder.

    Raises
    ------
    RuntimeError
        An installation failed; the message ends with pip's own last lines.
    """
    groups = requirement_groups(peer)
    digest = hashlib.sha256(repr((groups, sys.version_info[:2])).encode()).hexdigest()[:10]
    folder = (cache or default_cache()) / f"{peer}-{digest}"
    python = folder / "bin" / "python"
    complete = folder / ".complete"
    if complete.exists():
        return python
    venv.create(folder, with_pip=True, clear=True)
    for group in groups:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *group]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pip could not install {' '.join(group)} for {peer}: {done.stderr[-800:]}")
    complete.touch()
    return python


def requirement_groups(peer: str) -> list[list[str]]:
    """Return what to install, in order: blocks of the file parted by blank lines, the last with the shared versions."""
    path = REQUIREMENTS / f"{peer}.txt"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in REQUIREMENTS.glob("*.txt")))
        raise ValueError(f"a peer is one of {known}, got {peer!r}")
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    groups = [[line.strip() for line in block.splitlines() if line.strip() and line[0] != "#"] for block in blocks]
    groups = [group for group in groups if group]
    pinned = {requirement.split("==")[0] for group in groups for requirement in group}
    groups[-1] = [r for r in groups[-1] if r not in SHARED]
    groups[-1] += [f"{name}=={version(name)}" for name in SHARED if name not in pinned or name == "pandas"]
    return groups
