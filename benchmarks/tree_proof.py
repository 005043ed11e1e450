"""Sizes below which nothing exists on tree ensembles: ours against the best known rows, Veritas and published bounds.

    python -m benchmarks.tree_proof --models lab-xgboost,lab-forest
    python -m benchmarks.tree_proof --models "" --tree-verification DIR --data DIR --published breast,diabetes

Rows are proved one after the other, so that each has its own time; reading the model is left out, as it is for the
other tool. A row is settled when nothing below the size found is left to be found, or nothing at all.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks import harness, published_trees, results
from benchmarks.models import reference
from benchmarks.peers import run
from sparring.attacks.evasion._tree_ways import TreeWays
from sparring.attacks.evasion.tree_proof import SETTLED, SHARES, TreeProof
from sparring.core.case import Case, Effort
from sparring.core.examples import Floats
from sparring.core.target import Oracle
from sparring.core.threat import GRANTS, Attacker, Evasion

CLAIM = "tree-proof@spread"
SWEEPS = {"lab-xgboost": 20, "lab-forest": 70}
ROWS = {"lab-xgboost": 200, "lab-forest": 60}
LONGEST = (60, 300)
TIMES = 100


@dataclass(frozen=True, eq=False)
class Proof:
    """What was proved; arrays have one entry a row.

    Parameters
    ----------
    lower : ndarray of shape (n,)
        Sizes below which nothing exists.
    size : ndarray of shape (n,)
        Of the nearest row found, confirmed by the model.
    seconds : ndarray of shape (n,)
        Processor time.
    """

    lower: Floats
    size: Floats
    seconds: Floats

    @property
    def settled(self) -> Any:
        """Rows of which nothing is left to be found."""
        return np.isinf(self.lower) | (self.lower >= self.size - SETTLED)


def prove(subject: harness.Subject, *, sweeps: int) -> Proof:
    """Prove each row by itself, as the attack does with all of them."""
    threat = Evasion(objective="spread", attacker=Attacker.INSIDER, n_classes=len(subject.target.decision.classes))
    oracle = Oracle(subject.target, GRANTS[Attacker.INSIDER])
    case = Case(oracle, subject.rows, subject.background, threat, Effort(sweeps=sweeps), 0)
    attack, model = TreeProof(), subject.target.parameters()
    ways = TreeWays(case, model)  # type: ignore[arg-type]  # every reference model is an ensemble
    proof, seconds = attack.proof(ways), np.zeros(len(ways.x))
    for number in np.unique(ways.of_row[ways.of_row >= 0]):
        ways.usual(int(number))
    for i in range(len(seconds)):
        began = process_time()
        ways.improve(np.array([i]), proof.search)
        for share in SHARES:
            proof.effort = int(share * sweeps * attack.entries)
            if proof.open[i]:
                ways.improve(np.array([i]), proof.prove)
        seconds[i] = process_time() - began
    return Proof(proof.search.lower, ways.size, seconds)


def main() -> None:
    """Measure what was asked for."""
    options = arguments()
    for name in filter(None, options.models.split(",")):
        measure(name, options)
    if options.tree_verification:
        published_trees.tree_verification(options.tree_verification, prove, path=options.results)
    for name in filter(None, options.published.split(",")):
        published_trees.boosted_trees(name, options, prove)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = results.parser(__doc__)
    parser.add_argument("--models", default=",".join(SWEEPS))
    parser.add_argument("--veritas-rows", type=int, default=20)
    parser.add_argument("--veritas-seconds", type=float, default=10.0)
    parser.add_argument("--tree-verification", type=Path, help="a clone of chenhongge/treeVerification")
    parser.add_argument("--published", default="", help="breast, diabetes, or both; --data has their files")
    parser.add_argument("--splits", type=int, default=30)
    return parser.parse_args()


def measure(name: str, options: argparse.Namespace) -> None:
    """Compare with the best known rows and with Veritas."""
    model = reference(name, results.places(options)).head(ROWS[name])
    subject = harness.subject(model)
    prove(subject.head(2), sweeps=SWEEPS[name])  # compiled code is loaded once for all
    ours = prove(subject, sweeps=SWEEPS[name])
    best = best_known(subject, ours)
    write_ours(name, ours, best, path=options.results)
    if options.veritas_rows:
        few = model.head(options.veritas_rows)
        extra = {"max_time_s": options.veritas_seconds}
        theirs = run("veritas", few.model, few.x, few.y, options=extra, cache=options.cache)
        write_veritas(name, ours, theirs, best, path=options.results)


def best_known(subject: harness.Subject, ours: Proof) -> Floats:
    """Return the least sizes of our own and of long searches, shape (n,)."""
    sizes = [ours.size]
    for i, sweeps in enumerate(LONGEST):
        effort = Effort(sweeps=sweeps)
        sizes.append(subject.attack("evasion/tree-search", objective="spread", effort=effort, entropy=i + 1).size)
    return np.asarray(np.min(sizes, axis=0))


def write_ours(name: str, ours: Proof, best: Floats, *, path: Path) -> None:
    """Add the row that compares our bounds with the best known sizes."""
    share = np.where(np.isinf(best), np.where(np.isinf(ours.lower), 1.0, 0.0), ours.lower / best)
    share = np.where(ours.lower >= best - SETTLED, 1.0, share)
    ms = 1e3 * ours.seconds
    quick = float((ours.settled & (ms <= 50)).mean())
    forest = "forest" in name
    goal = "bound >= 0.82 x best known at 0.2 s a row" if forest else ">= 90 % of rows settled in 50 ms each"
    met = float(np.median(share)) >= 0.82 and ms.mean() <= 200 if forest else quick >= 0.9
    measured = {
        "rows": len(best),
        "settled": float(ours.settled.mean()),
        "settled in 50 ms": quick,
        "settled in 2 ms": float((ours.settled & (ms <= 2)).mean()),
        "bound / best known, median": float(np.median(share)),
        "bound / best known, mean": float(share.mean()),
        "bound / best known, worst": float(share.min()),
        "bounds above the best known": int((ours.lower > best * (1 + 1e-9)).sum()),
        "ms a row, median": float(np.median(ms)),
        "ms a row, mean": float(ms.mean()),
        "ms a row, worst": float(ms.max()),
    }
    results.record(path, CLAIM, name, goal=goal, met=bool(met), measured=measured)


def write_veritas(name: str, ours: Proof, theirs: Any, best: Floats, *, path: Path) -> None:
    """Add the row that compares our bounds with those of Veritas."""
    n = len(theirs.lower)
    tighter = ours.lower[:n] >= theirs.lower - SETTLED
    quick = theirs.seconds >= TIMES * ours.seconds[:n]
    best = best[:n]
    measured = {
        "rows": n,
        "ours is tighter or equal": float(tighter.mean()),
        f"and in 1/{TIMES} of its time": float((tighter & quick).mean()),
        "our bound, median": float(np.median(ours.lower[:n])),
        "its bound, median": float(np.median(theirs.lower)),
        "our bound / best known, median": float(np.median(ours.lower[:n] / best)),
        "its bound / best known, median": float(np.median(theirs.lower / best)),
        "our ms a row, median": 1e3 * float(np.median(ours.seconds[:n])),
        "its ms a row, median": 1e3 * float(np.median(theirs.seconds)),
        "its time / ours, median": float(np.median(theirs.seconds / ours.seconds[:n])),
        "its time / ours, least": float((theirs.seconds / ours.seconds[:n]).min()),
    }
    forest = "forest" in name
    goal = "no goal was set" if forest else f"tighter or equal in 1/{TIMES} of its time on >= 95 % of rows"
    versions = {k: v for k, v in theirs.versions.items() if k == "dtai-veritas"}
    met = None if forest else float((tighter & quick).mean()) >= 0.95
    results.record(path, f"{CLAIM} against Veritas", name, goal=goal, met=met, measured=measured, peers=versions)


if __name__ == "__main__":
    main()
