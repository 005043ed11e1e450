"""The checker that the benchmarks lean on is right, and their page says what was measured."""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from sparring.core.parameters import TreeEnsemble

ROOT = Path(__file__).parents[1]
if not (ROOT / "benchmarks").is_dir():  # a source archive comes without them
    pytest.skip("benchmarks are not here", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks import proof, results, table  # noqa: E402

CUTS = np.array([0.2, 0.4, 0.6, 0.8])
D = 3


def random_ensemble(rng, *, link="logistic"):
    """Make four trees of depth two over three columns."""
    column, threshold, value, left, right = [], [], [], [], []

    def grow(depth):
        i = len(column)
        column.append(-1)
        threshold.append(0.0)
        value.append(rng.normal())
        left.append(-1)
        right.append(-1)
        if depth:
            column[i], threshold[i], value[i] = rng.integers(D), rng.choice(CUTS), 0.0
            left[i], right[i] = grow(depth - 1), grow(depth - 1)
        return i

    roots = [grow(2) for _ in range(4)]
    n = len(column)
    return TreeEnsemble(
        column=np.array(column, dtype=np.int32),
        threshold=np.array(threshold, dtype=float),
        missing_left=np.zeros(n, dtype=bool),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        value=np.array(value)[:, None],
        roots=np.array(roots, dtype=np.int32),
        output=np.zeros(4, dtype=np.int32),
        intercept=np.array([0.1]),
        link=link,
        n_columns=D,
        dtype="float64",
        table=np.full(n, -1, dtype=np.int32),
    )


def raw(ensemble, x):
    """Add up the trees of one row, the plain way."""
    total = float(ensemble.intercept[0])
    for root in ensemble.roots:
        i = root
        while ensemble.column[i] >= 0:
            goes_left = x[ensemble.column[i]] < ensemble.threshold[i]
            i = ensemble.left[i] if goes_left else ensemble.right[i]
        total += float(ensemble.value[i, 0])
    return total


def nearest_by_brute_force(ensemble, x, label):
    """Ask about one row in every box that the cuts leave, the one nearest to x."""
    edges = np.concatenate([[0.0], CUTS, [np.inf]])
    best = np.inf
    for cells in itertools.product(range(len(edges) - 1), repeat=D):
        low, high = edges[list(cells)], np.nextafter(edges[np.array(cells) + 1], -np.inf)
        row = np.clip(x, low, np.minimum(high, 1.0))
        if (raw(ensemble, row) > 0) != bool(label):
            best = min(best, float(np.abs(row - x).max()))
    return best


@pytest.mark.parametrize("seed", range(40))
def test_a_proof_holds_and_is_found_where_there_is_one(seed):
    rng = np.random.default_rng(seed)
    ensemble, x = random_ensemble(rng), rng.random(D)
    label = int(raw(ensemble, x) > 0)
    nearest = nearest_by_brute_force(ensemble, x, label)
    ask = {"cut": 0.0, "seconds": 20}
    if np.isinf(nearest):
        assert proof.nothing_nearer(ensemble, x, label, than=1.0, **ask) is True
        return
    assert proof.nothing_nearer(ensemble, x, label, than=nearest, **ask) is True
    assert proof.nothing_nearer(ensemble, x, label, than=nearest * 1.001, **ask) is False


def test_a_row_of_results_replaces_the_one_before_and_reaches_the_page(tmp_path, capsys):
    path = tmp_path / "results.json"
    for seconds in (3.0, 0.2):
        measured = {"wall s over Python": seconds}
        results.record(path, "start-up", "import", goal="<= 0.5 s", met=seconds <= 0.5, measured=measured)
    assert len(json.loads(path.read_text())) == 1
    page = table.page(results.read(path))
    assert "| import | 0.2 | <= 0.5 s | yes |" in page
    assert "start-up | import" in capsys.readouterr().out


def test_no_claim_is_left_off_the_page():
    rows = results.read(results.DEFAULT)
    assert {row["claim"] for row in rows} == set(table.CLAIMS)
    with pytest.raises(ValueError, match="there is none for wishes"):
        table.page([{**rows[0], "claim": "wishes"}])


def test_the_page_is_what_was_measured():
    assert table.PAGE.read_text(encoding="utf-8") == table.page(results.read(results.DEFAULT))
