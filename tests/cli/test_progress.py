"""What the bar says of the time that is left."""

import pytest

from sparring.assess.warm import COMPILING
from sparring.cli import progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_time_left_is_counted_from_the_end_of_compiling(clock, capsys):
    shown = progress.Progress(10)
    shown(COMPILING, 0.0)
    clock[0] += 30
    assert shown.left() == "before the budget begins"
    shown("asking", 0.0)
    assert shown.left() == "at most 0:10 left"
    clock[0] += 4
    shown("attacking", 0.5)
    assert shown.left() == "at most 0:06 left"
    clock[0] += 7
    assert shown.left() == "finishing"
    lines = [line[:15] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["[    0 s]   0% ", "[   30 s]   0% ", "[   34 s]  50% "]


def test_without_compiling_the_clock_starts_at_once(clock):
    shown = progress.Progress(10)
    clock[0] += 4
    shown("asking", 0.0)
    assert shown.left() == "at most 0:06 left"
