"""A distribution by somebody else: built, installed, found, run; and one that is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "plugin_package"
NAME = "example/borrowed-answers"

ATTACK = """
import numpy as np
from sparring import registry
from sparring.core.case import Case, Effort
from sparring.core.examples import Examples
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision, Oracle
from sparring.core.threat import GRANTS, Evasion

class Threshold:
    '''Decides 1 iff the first column reaches 1.'''
    space = TableSpace((Column(name="a", kind="number", who="anyone", spread=1.0),
                        Column(name="b", kind="number", who="anyone", spread=1.0),
                        Column(name="c", kind="number", who="us", spread=1.0)))
    decision, offers, family = Decision(classes=("no", "yes")), frozenset({Access.LABELS, Access.BACKGROUND}), "other"
    def predict(self, x):
        return (x[:, 0] >= 1).astype(int)

def examples(*rows):
    x = np.array(rows, dtype=float)
    return Examples(x, Threshold().predict(x), np.arange(len(x)))

attack = registry.load("example/borrowed-answers")()
oracle = Oracle(Threshold(), GRANTS[attack.attacker])
# the nearest donor differs in one column that may be misstated, another in two, and c may not change at all
case = Case(oracle, examples([0, 5, 7], [0, 0, 7]), examples([2, 9, 8], [1, 5, 9], [0, 0, 0]),
            Evasion(objective="columns", attacker=attack.attacker, wants=1), Effort(queries=5))
*_, last = attack.run(case, rng=np.random.default_rng(0))
print(last.x_adv.tolist(), last.found.tolist(), last.queries.tolist(), oracle.asked)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Folder into which the example distribution was built and installed."""
    scratch = tmp_path_factory.mktemp("plugin")
    # a copy, so that the build leaves nothing in the checkout
    source = shutil.copytree(PACKAGE, scratch / "source")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *options, "--wheel-dir", str(scratch), str(source)], check=True)
    (wheel,) = scratch.glob("*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(scratch / "site"), str(wheel)], check=True
    )
    return scratch / "site"


@pytest.fixture
def broken(tmp_path):
    """Folder with an installed distribution whose module cannot be imported."""
    info = tmp_path / "sparring_broken-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sparring-broken\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[sparring.attacks]\nbroken/attack = sparring_broken:Attack\n")
    (tmp_path / "sparring_broken.py").write_text("raise OSError('its license server is down')\n")
    return tmp_path


def run(site: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_it_is_not_there_before_it_is_installed():
    from sparring import registry

    assert NAME not in registry.names("sparring.attacks")


def test_it_is_found_beside_ours(installed):
    code = (
        f"from sparring import registry; print({NAME!r} in registry.names(), 'evasion/hand-edit' in registry.names())"
    )
    assert run(installed, sys.executable, "-c", code).stdout == "True True\n"


def test_it_attacks_like_ours(installed):
    done = run(installed, sys.executable, "-c", ATTACK)
    assert done.stdout == "[[1.0, 5.0, 7.0], [2.0, 9.0, 7.0]] [True, True] [1, 1] 2\n", done.stderr


def test_it_keeps_the_contract_that_ours_keep(installed):
    code = f"from sparring import registry, testing; testing.check_attack(registry.load({NAME!r})); print('kept')"
    done = run(installed, sys.executable, "-c", code)
    assert done.stdout == "kept\n", done.stderr


def test_it_is_listed_with_its_distribution(installed):
    done = run(installed, Path(sys.executable).parent / "sparring", "plugins")
    assert done.returncode == 0, done.stderr
    assert NAME in done.stdout
    assert "sparring-plugin-example" in done.stdout


def test_a_broken_one_is_listed_with_its_reason_and_harms_nothing(broken):
    code = (
        "from sparring import registry\n"
        "print(*(e.reason for e in registry.entries('sparring.attacks') if e.package == 'sparring-broken 2.0'))\n"
        "print(registry.load('evasion/random-noise').id)"
    )
    done = run(broken, sys.executable, "-c", code)
    reason, ours = done.stdout.splitlines()
    assert "OSError: its license server is down" in reason
    assert ours == "evasion/random-noise"
