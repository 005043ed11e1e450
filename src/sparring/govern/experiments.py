"""Experiments that count rows: how many somebody turned who sees no more than the belief grants."""

from __future__ import annotations

from collections.abc import Sequence

from sparring.core.belief import Settled
from sparring.core.document import Estimate, Named
from sparring.core.threat import Attacker
from sparring.govern.trial import EVERYTHING, Trial
from sparring.govern.turned import difference, share
from sparring.report import words
from sparring.report.facts import attacker_title


def _titles(attackers: Sequence[str]) -> str:
    return words.listed([attacker_title(attacker).lower() for attacker in attackers])


def _outside(trial: Trial, attackers: Sequence[Attacker], who: str) -> Settled:
    """Decide by the rows that any of these attackers turned, at the size of the headline."""
    turned = trial.turned
    found = turned.by(attackers)
    if not found:
        return trial.unmeasured(f"None of these attackers was measured: {_titles(attackers)}.", EVERYTHING)
    size = turned.headline
    estimate = share(turned.within(found, size))
    here = [a for a in attackers if turned.by([a])]
    limits = list(trial.limits(found))
    if len(here) < len(attackers):
        limits.append(f"Not measured, and so not counted: {_titles([a for a in attackers if a not in here])}.")
    return trial.by_share(
        f"{who} ({_titles(here)})",
        found,
        estimate,
        size=size,
        also=_proven(trial, estimate, size),
        beside=_beside(trial, here, size),
        limits=tuple(limits),
    )


def _proven(trial: Trial, estimate: Estimate, size: float) -> str:
    """Say how many of the rows that were not turned are out of reach for everybody."""
    proven, left = trial.turned.proven(size), estimate.n - words.successes(estimate)
    if not proven or not left:
        return ""
    return (
        f"Within the columns table it is proven of {proven:,} of the {estimate.n:,} rows that nobody can turn them "
        f"with {trial.limit(size)}."
    )


def _beside(trial: Trial, counted: Sequence[Attacker], size: float) -> tuple[Named, ...]:
    """Return success of each attacker alone, and of those who do not count here."""
    turned, found = trial.turned, []
    for attacker in Attacker:
        mine = turned.by([attacker])
        if mine and (attacker in counted or attacker in (Attacker.NOBODY, Attacker.SEES_SCORES)):
            title = attacker_title(attacker) if attacker in counted else f"{attacker_title(attacker)}, not counted here"
            found.append(Named(measure=title, estimate=share(turned.within(mine, size))))
    return tuple(found)


def outsiders(trial: Trial) -> Settled:
    """Count rows that somebody turned who sees no more than outsiders do."""
    return _outside(trial, trial.outsiders, "attackers who see no more than outsiders do")


def outsiders_and_a_copy(trial: Trial) -> Settled:
    """Count rows that somebody turned who knows nothing of the model, also through a copy of it."""
    who = "attackers who know nothing of the inside of the model"
    return _outside(trial, (*trial.outsiders, Attacker.HAS_A_COPY), who)


def decisions_only(trial: Trial) -> Settled:
    """Count rows that a program turned which sees decisions alone."""
    return _outside(trial, (Attacker.SEES_DECISIONS,), "a program that sees decisions alone")


def _tries(until_half: list[Estimate]) -> str:
    """Say how many tries turn half of the rows, those that held counting as long as they held."""
    reached = [estimate.value for estimate in until_half if estimate.value is not None]
    if reached:
        return (
            f"At the size of the headline, half of all attacked rows are turned by hand within {min(reached):g} tries."
        )
    return "At the size of the headline, fewer than half of the rows were turned by hand." if until_half else ""


def by_hand(trial: Trial) -> Settled:
    """Count rows that the obvious edits turned, of one entry where columns are counted."""
    turned = trial.turned
    found = turned.by([Attacker.BY_HAND])
    if not found:
        return trial.unmeasured("Nothing is known of edits by hand: they were not measured.", EVERYTHING)
    size = turned.smallest
    also = _tries([f.queries.until_half for f in found if f.queries.until_half is not None])
    estimate = share(turned.within(found, size))
    if not words.successes(estimate):
        also = ""
    return trial.by_share("the obvious edits, without any program,", found, estimate, size=size, also=also)


def insider_against_outsiders(trial: Trial) -> Settled:
    """Set who reads the model beside those who do not, on the same rows."""
    turned = trial.turned
    inside, found = turned.by([Attacker.INSIDER]), turned.by(trial.outsiders)
    if not inside or not found:
        return trial.unmeasured("An insider and outsiders must both be measured to be compared.", EVERYTHING)
    size = turned.headline
    reads, sees = turned.within(inside, size), turned.within(found, size)
    also = f"An insider who reads the model turned {words.counted_rate(share(reads))}."
    gap = Named(measure="Insider, minus outsiders, on the same rows", estimate=difference(sees, reads))
    return trial.by_share(
        "outsiders without the model file",
        (*found, *inside),
        share(sees),
        size=size,
        also=also,
        beside=(Named(measure=attacker_title(Attacker.INSIDER), estimate=share(reads)), gap),
    )
