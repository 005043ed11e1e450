"""Smallest change in spreads on tree ensembles: ours against ART, Veritas, LT-Attack, our own longest run and proofs.

    python -m benchmarks.tree_search_spread --models lab-xgboost,lab-forest --lt-attack PATH

Tables of numbers in [0, 1] have one spread a column, so that a size in spreads is the largest change, which is what
the others measure. Each peer gets the first rows only, since they take seconds a row; we run on all rows before,
between and after the peers, and the median of our times counts. "Best known" is the least of our run, our longest run
and every peer's example that the model confirms.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import harness, results
from benchmarks.models import NAMES, NUMBERS_ONLY, Reference, reference
from benchmarks.peers import PeerResult, lt_attack, run
from benchmarks.proof import nothing_nearer
from sparring.core.case import Effort

ATTACK = "evasion/tree-search"
ART_TENTH = 10  # iterations that cost a tenth of the queries of ART's 50
CLAIM = "tree-search@spread"
# share of rows that equal the best known, ratio at the median, ratio at the 90th percentile
GOALS = {"lab-xgboost": (0.9, None, 1.01), "lab-forest": (None, 1.005, 1.03)}
FASTER = {("lab-xgboost", "art"): 300, ("lab-xgboost", "veritas"): 1000, ("lab-forest", "art"): 100}


@dataclass(frozen=True, eq=False)
class Peer:
    """One opponent: its name here, how many rows it gets, and how to run it on them."""

    name: str
    rows: int
    run: Any


def main() -> None:
    """Measure every model that was asked for."""
    options = arguments()
    for name in options.models.split(","):
        measure(reference(name, results.places(options)), options)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = results.parser(__doc__)
    parser.add_argument("--models", default=",".join(n for n in NAMES if n.split("-")[0] in (*NUMBERS_ONLY, "german")))
    parser.add_argument("--peers", default="art,veritas,lt-attack", help="some of them, or nothing")
    parser.add_argument("--art-rows", type=int, default=10)
    parser.add_argument("--veritas-rows", type=int, default=20)
    parser.add_argument("--veritas-seconds", type=float, default=10.0)
    parser.add_argument("--longest", default="60,300,1000", help="sweeps of our longest runs; ours is 20")
    parser.add_argument("--proof-seconds", type=float, default=3.0, help="for each row")
    parser.add_argument("--lt-attack", type=Path, help="the program, where it has been built")
    return parser.parse_args()


def measure(model: Reference, options: argparse.Namespace) -> None:
    """Run ours, peer, ours, peer, ..., ours, then our longest run, and write the rows."""
    subject = harness.subject(model)
    subject.head(2).attack(ATTACK, objective="spread")  # compiled code is loaded once for all
    ours = [subject.attack(ATTACK, objective="spread")]
    theirs: dict[str, PeerResult] = {}
    for peer in opponents(model, subject, options):
        theirs[peer.name] = peer.run(model.head(peer.rows))
        ours.append(subject.attack(ATTACK, objective="spread"))
    longest = longest_run(subject, [int(sweeps) for sweeps in options.longest.split(",")])
    best = best_known(model, ours[0], longest, theirs)
    proved = proofs(subject, best, options.proof_seconds) if model.unit and "forest" not in model.name else None
    ms = write_quality(model, ours, longest, best, proved=proved, path=options.results)
    for name, peer in theirs.items():
        write_peer(model, name, peer, ours=ours[0], ms=ms, best=best, path=options.results)


def opponents(model: Reference, subject: harness.Subject, options: argparse.Namespace) -> list[Peer]:
    """List who can read this model; none takes categories."""
    asked = options.peers.split(",") if model.unit else []
    library = model.name.split("-")[1]
    peers = []
    if "art" in asked and model.name in GOALS:
        extra = {"max_iter": ART_TENTH} if library == "forest" else {}
        peers.append(Peer("art", options.art_rows, partial(_other, "art", extra, options)))
    if "veritas" in asked and library != "hist":
        extra = {"max_time_s": options.veritas_seconds}
        peers.append(Peer("veritas", options.veritas_rows, partial(_other, "veritas", extra, options)))
    if "lt-attack" in asked and options.lt_attack is not None:
        peers.append(Peer("lt-attack", options.veritas_rows, partial(_lt_attack, subject, options.lt_attack)))
    return peers


def _other(name: str, extra: dict[str, Any], options: argparse.Namespace, rows: Reference) -> PeerResult:
    return run(name, rows.model, rows.x, rows.y, options=extra, cache=options.cache)


def _lt_attack(subject: harness.Subject, program: Path, rows: Reference) -> PeerResult:
    ensemble: Any = subject.target.parameters()
    return lt_attack.run(program, ensemble, rows.x, rows.y, predict=rows.model.predict)


def longest_run(subject: harness.Subject, efforts: list[int]) -> np.ndarray:
    """Return the least sizes of many times the effort, from other random numbers each time, shape (n,)."""
    sizes = [
        subject.attack(ATTACK, objective="spread", effort=Effort(sweeps=sweeps), entropy=i + 1).size
        for i, sweeps in enumerate(efforts)
    ]
    return np.min(sizes, axis=0)


def proofs(subject: harness.Subject, best: np.ndarray, seconds: float) -> int:
    """Count the rows for which it is proved that nothing is nearer than `best`."""
    ensemble: Any = subject.target.parameters()
    cut = 0.5 if ensemble.link == "identity" else 0.0
    rows = zip(subject.rows.x, subject.rows.y, best, strict=True)
    return sum(
        nothing_nearer(ensemble, x, int(label), than=float(d), cut=cut, seconds=seconds) is True for x, label, d in rows
    )


def distances(model: Reference, peer: PeerResult) -> np.ndarray:
    """Return the largest change of each row of a peer, inf where it found nothing."""
    n = len(peer.found)
    return np.where(peer.found, np.abs(peer.x_adv.astype(float) - model.x[:n].astype(float)).max(axis=1), np.inf)


def best_known(model: Reference, ours: harness.Found, longest: np.ndarray, theirs: dict[str, PeerResult]) -> np.ndarray:
    """Return the least size that anyone reached, shape (n,)."""
    best = np.minimum(ours.size, longest)
    for peer in theirs.values():
        n = len(peer.found)
        best[:n] = np.minimum(best[:n], distances(model, peer))
    return best


def write_quality(
    model: Reference,
    ours: list[harness.Found],
    longest: np.ndarray,
    best: np.ndarray,
    *,
    proved: int | None,
    path: Path,
) -> float:
    """Add the row that compares us with the best known sizes, and return our milliseconds a row."""
    ms = float(np.median([run.ms_per_row for run in ours]))
    q, own = harness.ratio(ours[0].size, best), harness.ratio(ours[0].size, np.minimum(longest, ours[0].size))
    share, median, p90 = GOALS.get(model.name, (None, None, 1.03))
    goal = (
        f"90 % of rows within {p90:g} of the best known"
        if model.name in GOALS
        else "90 % within 1.03 of our longest run"
    )
    goal += f", half within {median:g}" if median else ""
    goal += f", {share:.0%} equal" if share else ""
    # where no goal was set against others, our own longest run is what counts
    met = (q if model.name in GOALS else own)["p90"] <= p90
    met = met and q["median"] <= (median or np.inf) and q["equal"] >= (share or 0.0)
    measured = {
        "rows": len(best),
        "equal": q["equal"],
        "proved that nothing is nearer": "" if proved is None else f"{proved} of {len(best)}",
        "ratio, median": q["median"],
        "ratio, 90 %": q["p90"],
        "ratio, worst": q["max"],
        "ms a row": ms,
    }
    results.record(path, CLAIM, model.name, goal=goal, met=bool(met), measured=measured)
    return ms


def write_peer(
    model: Reference, name: str, peer: PeerResult, *, ours: harness.Found, ms: float, best: np.ndarray, path: Path
) -> None:
    """Add the row that compares us with one other tool."""
    n = len(peer.found)
    d = distances(model, peer)
    slower = 1e3 * float(np.median(peer.seconds)) / ms
    farther = float((ours.size[:n] > d * 1.00001).mean())
    measured = {
        "rows it found": f"{int(peer.found.sum())} of {n}",
        "its ratio, median": harness.ratio(d, best[:n])["median"],
        "we are farther on": farther,
        "its ms a row": 1e3 * float(np.median(peer.seconds)),
        "times slower than ours": slower,
        "best below its bound": int((best[:n] < peer.lower * 0.99999).sum()) if peer.lower.any() else "",
    }
    times = FASTER.get((model.name, name))
    goal = "farther on <= 1 % of rows" + (f", >= {times:,} x faster" if times else "")
    met = farther <= 0.01 and slower >= (times or 0)
    versions = {k: v for k, v in peer.versions.items() if k in ("adversarial-robustness-toolbox", "dtai-veritas")}
    results.record(
        path, f"{CLAIM} against others", f"{model.name}, {name}", goal=goal, met=met, measured=measured, peers=versions
    )


if __name__ == "__main__":
    main()
