"""Hold a belief about a model against what was measured."""

from __future__ import annotations

from collections.abc import Callable

from sparring.core.belief import TOLERANCE, Settled, Standing, Tried
from sparring.core.document import Assessment
from sparring.errors import OptionError, UserError
from sparring.govern import comparisons, experiments
from sparring.govern.trial import Trial
from sparring.knowledge import BeliefEntry, load
from sparring.store.careful_yaml import near

EXPERIMENTS: dict[str, Callable[[Trial], Settled]] = {
    "by-hand": experiments.by_hand,
    "chosen-against-random": comparisons.chosen_against_random,
    "decisions-only": experiments.decisions_only,
    "gain": comparisons.gain,
    "insider-against-outsiders": experiments.insider_against_outsiders,
    "outsiders": experiments.outsiders,
    "outsiders-and-a-copy": experiments.outsiders_and_a_copy,
    "people-against-search": comparisons.people_against_search,
    "sign-turned": comparisons.sign_turned,
    "two-models": comparisons.two_models,
}
TWO_MODELS, PEOPLE = "two-models", "people-against-search"


def belief(name: str) -> BeliefEntry:
    """Return a belief by its name, whatever the case.

    Raises
    ------
    OptionError
        There is none of that name.
    """
    known = load().beliefs
    wanted = name.strip().upper()
    if wanted not in known:
        hint = near(wanted, list(known)) if len(wanted) <= 4 else "; sparring belief --list shows them"
        raise OptionError(f"a belief must be one of {min(known)} to {max(known)}, got {name.strip()[:40]!r}{hint}")
    return known[wanted]


def settle(
    name: str,
    assessment: Assessment | None,
    *,
    guess: float | None = None,
    tolerance: float = TOLERANCE,
    other: Assessment | None = None,
    tried: Tried | None = None,
) -> Settled:
    """Hold a belief against a finished assessment.

    Parameters
    ----------
    name : str
        Such as M01.
    assessment : Assessment or None
        None will do where the experiment is not built yet.
    guess : float, optional
        Share that the user expected, as a fraction.
    tolerance : float
        Success that is borne, as a fraction.
    other : Assessment, optional
        Of a second model on the same rows.
    tried : Tried, optional
        What people tried by hand.

    Raises
    ------
    UserError
        There is no such belief, an assessment is missing or not finished, or two of them do not fit together.
    """
    entry = belief(name)
    if entry.settled_by is None:
        text = "Its experiment is not built yet, so nothing is known of it. What stands above is what would be done."
        return Settled(belief=entry.name, verdict=Standing.NOT_BUILT, text=text, guess=guess, tolerance=tolerance)
    if assessment is None:
        raise UserError(f"{entry.name} is settled by an assessment, and there is none; run sparring assess first")
    for document in (assessment, other):
        if document is not None and not document.complete:
            raise UserError(
                f"the assessment of {document.target.name} must be complete to settle a belief; run the same assess "
                "command again to finish it"
            )
    trial = Trial(entry, assessment, tolerance, guess=guess, other=other, tried=tried)
    return EXPERIMENTS[entry.settled_by](trial)
