"""Experiments that compare: chosen with random changes, two models, people with a program, loss with effort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparring.core.belief import Settled, Standing
from sparring.core.document import Estimate, Finding, Named
from sparring.core.examples import Bools
from sparring.core.risk import Attacked
from sparring.core.threat import Attacker
from sparring.errors import UserError
from sparring.govern.risk import simulate
from sparring.govern.scenarios import scenario
from sparring.govern.trial import EVERYTHING, Trial, at_least
from sparring.govern.turned import Turned, at_most, difference, rate, share
from sparring.report import words
from sparring.report.risk import in_words

CHOSEN = tuple(attacker for attacker in Attacker if attacker is not Attacker.NOBODY)
FEW_COMMON = 30


def chosen_against_random(trial: Trial) -> Settled:
    """Compare random changes with the best that any attacker found within the same size, row by row."""
    turned = trial.turned
    noise, chosen = turned.by([Attacker.NOBODY]), turned.by(CHOSEN)
    if not noise or not chosen:
        return trial.unmeasured("Random changes and an attack must both be measured to be compared.", EVERYTHING)
    size = turned.headline
    random, best = turned.within(noise, size), turned.within(chosen, size)
    gap = difference(random, best)
    text = (
        f"of {len(best):,} {trial.facts.attacked_rows}, random changes with {trial.limit(size)} turned "
        f"{_counted(share(random))}, and changes that were chosen turned {_counted(share(best))}."
    )
    return _by_difference(trial, text, gap, (*noise, *chosen), size=size, beside=_two(share(random), share(best)))


def _two(random: Estimate, best: Estimate) -> tuple[Named, ...]:
    return (
        Named(measure="Random changes", estimate=random),
        Named(measure="Chosen changes, the best for each row", estimate=best),
    )


def _counted(estimate: Estimate) -> str:
    return f"{words.successes(estimate):,}, {words.rate(estimate)}"


def _by_difference(
    trial: Trial, text: str, gap: Estimate, found: Sequence[Finding], *, size: float, **more: Any
) -> Settled:
    """Return whether a difference on the same rows is above what is tolerated."""
    low, high = gap.low or 0.0, gap.high or 0.0
    if low > trial.tolerance:
        verdict = Standing.REFUTED
        text = (
            f"Refuted: {text} On the same rows that is a difference of at least {100 * low:.1f} points, with 95 % "
            f"confidence, and you tolerate {100 * trial.tolerance:g}."
        )
    else:
        verdict = Standing.NOT_REFUTED
        text = f"Not refuted: {text} With 95 % confidence the difference is at most {max(100 * high, 0):.1f} points."
        if high > trial.tolerance:
            text += f" Whether it is above the {100 * trial.tolerance:g} that you tolerate, so few rows cannot tell."
    return trial.result(
        verdict,
        text,
        estimate=gap,
        size=size,
        objective=trial.turned.objective,
        findings=tuple(dict.fromkeys(f.id for f in found)),
        limits=trial.limits(found),
        **more,
    )


def two_models(trial: Trial) -> Settled:
    """Compare two models that are about equally right, on rows that both decide rightly.

    Raises
    ------
    UserError
        The other assessment rests on other rows, or on another answer that somebody wants.
    """
    one, other = trial.assessment, trial.other
    if other is None:
        cure = "assess a second model on the same rows with the same --rng, and name its folder with --with"
        return trial.unmeasured("It takes two models, and one was given.", cure)
    if one.data.sha256 != other.data.sha256 or one.target.wants != other.target.wants:
        raise UserError(
            f"both models must be assessed on the same rows with the same wanted answer, got {one.data.source} "
            f"({one.data.rows:,} rows) and {other.data.source} ({other.data.rows:,} rows); assess the "
            "other one on those rows"
        )
    if one.performance is None or other.performance is None:
        return trial.unmeasured("How often each model is right was not measured.", EVERYTHING)
    right, also_right = one.performance.accuracy, other.performance.accuracy
    shown = f"{words.rate(right)} and {words.rate(also_right)} of rows are decided rightly"
    if abs((right.value or 0.0) - (also_right.value or 0.0)) > trial.tolerance:
        cure = "take a second model that is about as often right, such as the same one trained with another seed"
        return trial.unmeasured(f"The models are not equally right: {shown}.", cure)
    pairs = _pairs(trial.turned, Turned(other))
    rows = sorted(set.intersection(*(set(f.sizes) for pair in pairs for f in pair))) if pairs else []
    if len(rows) < FEW_COMMON:
        cure = "assess both with the same --rng, and the second with --plan and the first one's assessment.json"
        text = f"Only {len(rows)} rows were attacked in both models with the same attacks and effort."
        return trial.unmeasured(text, cure)
    size = trial.turned.headline
    here, there = (_on(rows, [pair[i] for pair in pairs], size) for i in (0, 1))
    less, more = (here, there) if here.mean() <= there.mean() else (there, here)
    text = (
        f"the two models are about equally right ({shown}). Of {len(rows):,} rows that both decide rightly, "
        f"with {trial.limit(size)}, attackers turned {_counted(share(here))}, in the first model and "
        f"{_counted(share(there))}, in the second."
    )
    accuracies = (
        Named(measure="Accuracy, first model", estimate=right),
        Named(measure="Accuracy, second model", estimate=also_right),
    )
    # which of the two is the weaker is told by the data, so each bound has half the error
    gap = difference(less, more, level=0.025)
    return _by_difference(trial, text, gap, [a for a, _ in pairs], size=size, beside=accuracies)


def _pairs(one: Turned, other: Turned) -> list[tuple[Finding, Finding]]:
    """Return findings that were made in the same way on both models."""
    there = {f.id: f for f in other.measured}
    return [(f, there[f.id]) for f in one.measured if f.id in there and there[f.id].effort == f.effort]


def _on(rows: Sequence[int], found: Sequence[Finding], size: float) -> Bools:
    return np.array([any(at_most(f.sizes[row], size) for f in found) for row in rows], dtype=bool)


def people_against_search(trial: Trial) -> Settled:
    """Compare cases that people tried with rows on which a program tried the obvious edits."""
    from scipy.stats import fisher_exact

    turned, tried = trial.turned, trial.tried
    if tried is None:
        cure = "let people try, count the cases, and give them with --tried and --broke; sparring keeps no list of them"
        return trial.unmeasured("It takes a count of what people tried.", cure)
    found = turned.by([Attacker.BY_HAND])
    if not found:
        return trial.unmeasured("Edits by hand were not measured by a program.", EVERYTHING)
    size = turned.headline
    machine, people = share(turned.within(found, size)), rate(tried.broken, tried.cases)
    k = words.successes(machine)
    table = [[k, machine.n - k], [tried.broken, tried.cases - tried.broken]]
    p_value = float(fisher_exact(table, alternative="greater").pvalue)
    shown = (
        f"of {words.counted(tried.cases, 'case')} that people tried, they turned {_counted(people)}. Of {machine.n:,} "
        f"{trial.facts.attacked_rows}, a program that makes the same kind of edits turned {_counted(machine)}, with "
        f"{trial.limit(size)}"
    )
    if p_value < 0.05:
        verdict = Standing.REFUTED
        text = f"Refuted: {shown}. Chance alone makes such a difference in fewer than 5 of 100 comparisons."
    else:
        verdict = Standing.NOT_REFUTED
        text = (
            f"Not refuted: {shown}. The two shares could be the same; with 95 % confidence the program turns "
            f"{words.at_most(machine)} of such rows."
        )
        if (machine.low or 0.0) > trial.tolerance:
            text += f" That few cases say little, though: the program turns {at_least(machine.low or 0.0)}."
    beside = (
        Named(measure="People", estimate=people),
        Named(
            measure="Chance of such a difference, were both the same",
            estimate=Estimate(value=p_value, n=machine.n + tried.cases, method="fisher, one-sided"),
        ),
    )
    return trial.result(
        verdict,
        text,
        estimate=machine,
        beside=beside,
        size=size,
        objective=turned.objective,
        findings=tuple(f.id for f in found),
        limits=("A case that somebody tried counts once, however many edits were made.", *trial.limits(found)),
    )


def gain(trial: Trial) -> Settled:
    """Multiply what outsiders reach with the owner's own figures for the loss and for the tries of a year."""
    answers, turned = trial.assessment.answers, trial.turned
    loss, attempts = answers.loss, answers.attempts
    if loss is None or attempts is None:
        missing = [name for name, value in (("loss_accepted", loss), ("attempts", attempts)) if value is None]
        cure = f"fill in {words.listed(missing)} in security/system.yaml, and assess again"
        text = "Whether it pays takes two amounts: what a wrong answer costs, and how many serious tries a year has."
        return trial.unmeasured(text, cure)
    found = turned.by(trial.outsiders)
    if not found:
        return trial.unmeasured("Nothing is known of outsiders: none was measured.", EVERYTHING)
    size = turned.headline
    estimate = share(turned.within(found, size))
    money = trial.facts.money
    known = Attacked(k=round((estimate.value or 0.0) * estimate.n), n=estimate.n)
    (yearly,) = simulate([scenario("M07", known, answers)], rng=trial.assessment.entropy)
    also = (
        f"You expect {attempts[0]:,.6g} to {attempts[1]:,.6g} serious tries a year, and one wrong answer costs "
        f"{loss[0]:,.0f} to {loss[2]:,.0f} {money}: so {in_words(yearly)} are there to be had."
    )
    result = trial.by_share("attackers who see no more than outsiders do", found, estimate, size=size, also=also)
    limits = ("What a wrong answer costs you was taken for what it is worth to somebody else.", *result.limits)
    return result.model_copy(update={"limits": limits})


def sign_turned(trial: Trial) -> Settled:
    """Set the error of the model beside the largest that the measured attackers could make of it."""
    document, facts = trial.assessment, trial.facts
    worst = facts.worst(facts.objective)
    if document.performance is None or worst is None:
        return trial.unmeasured("No attacker was measured, so there is no largest error to show.", EVERYTHING)
    error, largest = _error(document.performance.accuracy), _error(worst.accuracy)
    limit = facts.limit(worst.size, worst.objective)
    text = (
        f"Not a matter of refuting: training chose parameters so that few rows are decided wrongly, and "
        f"{words.rate(error)} of {error.n:,} are. Attackers chose entries so that many are, with {limit}: "
        f"{words.rate(largest)} of {largest.n:,}. It is the same figure on the same rows, once made small and once "
        "made large, within limits that you know better than anybody in security."
    )
    return trial.result(
        Standing.REFRAMED,
        text,
        estimate=largest,
        beside=(Named(measure="Error as measured", estimate=error),),
        size=worst.size,
        objective=worst.objective,
        findings=tuple(f.id for f in trial.turned.measured),
        limits=trial.limits(trial.turned.measured),
    )


def _error(accuracy: Estimate) -> Estimate:
    """Turn a share of right decisions into one of wrong ones."""
    value, low, high = (None if x is None else 1.0 - x for x in (accuracy.value, accuracy.high, accuracy.low))
    return accuracy.model_copy(update={"value": value, "low": low, "high": high})
