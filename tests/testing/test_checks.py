"""The checks catch attacks that break the contract, each by its name."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from pydantic import Field

from sparring.core.case import AdversarialExamples, Bounds
from sparring.core.plugin import Attack
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion
from sparring.errors import PluginError
from sparring.testing import check_attack, yield_checks


class Extremes(Attack[Evasion]):
    """Enters the least and the greatest value of one column; the honest example that the others spoil."""

    id: ClassVar[str] = "evasion/extremes"
    title: ClassVar[str] = "Extremes of every column"
    attacker: ClassVar[Attacker] = Attacker.SEES_DECISIONS
    needs: ClassVar[frozenset[Access]] = frozenset({Access.LABELS})
    objectives: ClassVar = ("columns",)
    reference: ClassVar[str] = "Nobody's."

    share: float = Field(1.0, description="how far to go")

    def run(self, case, *, rng):
        n, space = len(case.rows), case.space
        x, best = case.rows.x, case.rows.x.copy()
        found, queries = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
        for j in np.flatnonzero(space.movable):
            for end in (space.low[j], space.high[j]):
                if case.cancelled():
                    return
                rows = np.flatnonzero(~found & (queries < case.effort.queries))
                wish = x[rows].copy()
                wish[:, j] = self.value(end)
                wish = self.legal(space, x[rows], wish)
                rows, wish = rows[(wish != x[rows]).any(axis=1)], wish[(wish != x[rows]).any(axis=1)]
                if not len(rows):
                    continue
                queries[rows] += self.counted
                won = self.won(case, rows, wish)
                best[rows[won]], found[rows[won]] = wish[won], True
                yield self.attempt(best, found, queries)
        yield self.attempt(best, found, queries)

    counted: ClassVar[int] = 1

    def value(self, end):
        return end

    def legal(self, space, x, wish):
        return space.project(x, wish)

    def won(self, case, rows, wish):
        return case.oracle.predict(wish) != case.rows.y[rows]

    def attempt(self, best, found, queries):
        return AdversarialExamples(best.copy(), found.copy(), queries.copy())


def failures(attack_class) -> set[str]:
    names = set()
    for check in yield_checks(attack_class):
        try:
            check()
        except PluginError as error:
            if str(check) not in str(error):
                raise AssertionError(f"{check} is not named in {error}") from error
            names.add(str(check).removesuffix(" (columns)"))
    return names


def test_an_honest_attack_passes():
    assert failures(Extremes) == set()
    check_attack(Extremes)


def test_the_first_failure_is_raised_with_its_name():
    with pytest.raises(PluginError, match=r"Nameless fails the check 'says what it is'"):
        check_attack(type("Nameless", (Extremes,), {"id": "nameless", "__annotations__": {"id": ClassVar[str]}}))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("id", "Evasion", "id must look like"),
        ("objectives", (), "objectives must be among"),
        ("objectives", ("beauty",), "objectives must be among"),
        ("attacker", "me", "attacker must be"),
        ("needs", {"labels"}, "needs must be a frozenset"),
        ("needs", frozenset({Access.PARAMETERS}), "within what sees-decisions is granted"),
        ("title", " ", "title must say something"),
        ("reference", "", "reference must say something"),
    ],
)
def test_what_it_says_of_itself_is_checked(name, value, words):
    spoiled = type("Spoiled", (Extremes,), {name: value, "__annotations__": {name: ClassVar}, "__doc__": "Doc."})
    first = next(iter(yield_checks(spoiled)))
    with pytest.raises(PluginError, match=words):
        first()


class Overeager(Extremes):
    """Asks for scores."""

    def won(self, case, rows, wish):
        return case.oracle.scores(wish).argmax(axis=1) != case.rows.y[rows]


class Illegal(Extremes):
    """Proposes what nobody could enter."""

    def legal(self, space, x, wish):
        return np.where(wish == x, x, wish + 0.123)


class Miscounting(Extremes):
    """Says that it asked nothing."""

    counted: ClassVar[int] = 0


class Forgetful(Extremes):
    """Loses what it found."""

    def run(self, case, *, rng):
        yield from super().run(case, rng=rng)
        yield AdversarialExamples(
            case.rows.x.copy(), np.zeros(len(case.rows), dtype=bool), np.full(len(case.rows), 10**6)
        )


class Liar(Extremes):
    """Claims every row."""

    def attempt(self, best, found, queries):
        return AdversarialExamples(best.copy(), np.ones(len(best), dtype=bool), queries.copy())


class Sociable(Extremes):
    """Lets the first row decide for all."""

    def won(self, case, rows, wish):
        won = super().won(case, rows, wish)
        return won & won[0]


class Fickle(Extremes):
    """Draws from the system's entropy."""

    def won(self, case, rows, wish):
        return super().won(case, rows, wish) & (np.random.default_rng().random(len(rows)) < 0.5)


class Scribbler(Extremes):
    """Writes into what it was given."""

    def run(self, case, *, rng):
        case.rows.x[:] = 0
        yield from super().run(case, rng=rng)


class Deaf(Extremes):
    """Goes on when told to stop."""

    def run(self, case, *, rng):
        from dataclasses import replace

        yield from super().run(replace(case, cancelled=lambda: False), rng=rng)


class Vain(Extremes):
    """Says that nothing can be found."""

    def run(self, case, *, rng):
        yield Bounds(np.full(len(case.rows), np.inf))
        yield from super().run(case, rng=rng)


class Idle(Extremes):
    """Finds nothing."""

    def won(self, case, rows, wish):
        return super().won(case, rows, wish) & False


class Ragged(Extremes):
    """Counts questions in fractions."""

    def attempt(self, best, found, queries):
        return AdversarialExamples(best.copy(), found.copy(), queries.astype(float))


@pytest.mark.parametrize(
    ("attack_class", "check"),
    [
        (Illegal, "proposes legal rows"),
        (Miscounting, "stays within its effort"),
        (Forgetful, "only gets better"),
        (Liar, "finds nothing where nothing is"),
        (Liar, "claims nothing impossible"),
        (Sociable, "treats rows alone"),
        (Fickle, "repeats itself"),
        (Deaf, "stops when told"),
        (Vain, "claims nothing impossible"),
        (Idle, "finds what is there on some known model"),
        (Ragged, "yields complete attempts"),
    ],
)
def test_a_broken_promise_is_caught(attack_class, check):
    assert check in failures(attack_class)


@pytest.mark.parametrize(
    ("attack_class", "check", "error"),
    [(Overeager, "stays within its access", "not scores"), (Scribbler, "leaves its input alone", "read-only")],
)
def test_what_raises_by_itself_is_shown_as_it_is(attack_class, check, error):
    found = next(c for c in yield_checks(attack_class) if str(c).startswith(check))
    with pytest.raises(Exception, match=error):
        found()


def test_options_without_a_description_are_caught():
    class Undescribed(Extremes):
        """Has an option that nobody explains."""

        depth: int = 3

    with pytest.raises(PluginError, match="'depth' must have a description"):
        check_attack(Undescribed)


def test_options_that_can_be_changed_are_caught():
    class Soft(Extremes):
        """Has options that may be changed."""

        model_config: ClassVar = {"frozen": False}

    with pytest.raises(PluginError, match="must be frozen"):
        check_attack(Soft)
