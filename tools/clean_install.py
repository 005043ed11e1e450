"""Build the wheel and the source archive, install each into a fresh virtual environment, and use it there.

    python tools/clean_install.py FOLDER

FOLDER must not exist yet. Run by hand or by .ci/run from an environment that has `build`. The wheel is built from the
source archive, so both are tried. Nothing but the default dependencies is installed, and the working directory is not
the checkout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(folder: str) -> None:
    """Build, install, and use the command."""
    scratch = Path(folder).absolute()
    scratch.mkdir(parents=True)
    run(scratch, sys.executable, "-m", "build", "--outdir", scratch / "dist", ROOT)
    (wheel,) = (scratch / "dist").glob("*.whl")
    venv.create(scratch / "venv", clear=True, with_pip=True)
    bin_ = scratch / "venv" / "bin"
    run(scratch, bin_ / "python", "-m", "pip", "install", "--disable-pip-version-check", wheel)
    run(scratch, bin_ / "python", "-m", "pip", "check")
    print(
        run(scratch, bin_ / "python", "-c", "import sparring; print(sparring.__version__, sparring.__file__)"), end=""
    )
    listed = json.loads(run(scratch, bin_ / "sparring", "plugins", "--json"))
    broken = [entry for entry in listed if entry["reason"]]
    if broken:
        raise SystemExit(f"every attack and adapter must load without the extras, got {broken}")
    run(scratch, bin_ / "sparring", "demo")
    print(f"{len(listed)} plugins load and the demonstration runs, in {scratch / 'venv'}")


def run(folder: Path, *command: object) -> str:
    """Run one command outside the checkout and return what it printed; what it says is shown when it fails."""
    done = subprocess.run([str(part) for part in command], check=False, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
