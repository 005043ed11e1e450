"""Build the wheel and the source archive, install each into a fresh virtual environment, and use it there.

    python tools/clean_install.py FOLDER

Run by hand or by .ci/run from an environment that has `build`. The wheel is built from the source archive, so both are
tried. Nothing but the default dependencies is installed, and the working directory is not the checkout.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(folder: str) -> None:
    """Build, install, and call the command."""
    scratch = Path(folder).absolute()
    scratch.mkdir(parents=True, exist_ok=True)
    build = [sys.executable, "-m", "build", "--outdir", str(scratch / "dist"), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = (scratch / "dist").glob("*.whl")
    venv.create(scratch / "venv", clear=True, with_pip=True)
    bin_ = scratch / "venv" / "bin"
    run(scratch, bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    run(scratch, bin_ / "python", "-c", "import sparring; print('sparring', sparring.__version__, sparring.__file__)")
    run(scratch, bin_ / "sparring", "--help")
    run(scratch, bin_ / "sparring", "plugins")
    run(scratch, bin_ / "sparring", "demo")
    run(scratch, bin_ / "python", "-m", "pip", "check")


def run(folder: Path, *command: object) -> None:
    """Run one command outside the checkout; its failure is ours."""
    subprocess.run([str(part) for part in command], check=True, cwd=folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
