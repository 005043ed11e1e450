"""When a gate fails a model that is worse, and when it does not fail one that is not: simulated."""

import numpy as np
import pytest

from sparring.govern.ratchet import compared, detected, smallest_shown

MARGIN = 0.05


def pairs(n, delta, discordance, *, repeats, seed=0):
    """Draw rows of two models that are broken otherwise in a share of rows, and more often after by `delta`."""
    rng = np.random.default_rng(seed)
    up, down = (discordance + delta) / 2, (discordance - delta) / 2
    u = rng.random((repeats, n))
    both = (u >= up + down) & (rng.random((repeats, n)) < 0.5)
    return zip(((u >= up) & (u < up + down)) | both, (u < up) | both, strict=True)


def share_failed(n, delta, discordance, *, repeats=2000, seed=0):
    return np.mean(
        [compared(b, a).is_worse(MARGIN) for b, a in pairs(n, delta, discordance, repeats=repeats, seed=seed)]
    )


@pytest.mark.parametrize("discordance", [0.1, 0.2, 0.3])
def test_equal_models_hardly_ever_fail(discordance):
    assert share_failed(300, 0.0, discordance) <= 0.05 + 0.012  # two standard errors of 2,000 repeats


@pytest.mark.parametrize("discordance", [0.2, 0.3])
def test_a_loss_of_fifteen_points_hardly_ever_passes(discordance):
    assert share_failed(300, 0.15, discordance) >= 0.95


@pytest.mark.parametrize(("n", "delta", "discordance"), [(300, 0.08, 0.1), (300, 0.08, 0.3), (100, 0.15, 0.3)])
def test_power_is_what_is_said(n, delta, discordance):
    assert detected(delta, n, discordance, margin=MARGIN) == pytest.approx(
        share_failed(n, delta, discordance), abs=0.05
    )


def test_what_can_be_shown_shrinks_with_rows_and_is_never_below_the_margin():
    shown = [smallest_shown(n, 0.2, margin=MARGIN) for n in (50, 100, 300, 1000, 10_000)]
    assert shown == sorted(shown, reverse=True)
    assert shown[-1] >= MARGIN
    assert smallest_shown(5, 0.2, margin=MARGIN) > 0.3
    assert smallest_shown(2, 1.0, margin=0.99) == 1.0


def test_a_comparison_counts_rows():
    before = np.array([True] * 10 + [False] * 90)
    after = np.array([True] * 40 + [False] * 60)
    found = compared(before, after)
    assert (found.n, found.before, found.after) == (100, 0.1, 0.4)
    assert found.worse_by == pytest.approx(0.3)
    assert found.low > 0.2
    assert found.is_worse(MARGIN)
    assert not found.is_no_worse(MARGIN)
    assert compared(after, before).is_no_worse(MARGIN)
    same = compared(before, before)
    assert not same.is_worse(MARGIN)
    assert same.low < 0 < same.high
