"""The first screen: one sentence, what belongs beside it, and figures that can be read from afar."""

from __future__ import annotations

from collections import Counter

from sparring.core.document import Finding, Outcome
from sparring.core.threat import Attacker
from sparring.core.threat_model import Applies, Profile
from sparring.report import words
from sparring.report.blocks import Tile
from sparring.report.facts import Facts, attacker_title, headline_point

HAND = "somebody who tries the obvious edits by hand, without any program"


def warnings(facts: Facts) -> tuple[str, ...]:
    """Say what must be known before any figure is read."""
    found = []
    document = facts.assessment
    if not document.complete:
        found.append("Unfinished: it was interrupted or still runs. The same command continues it.")
    if facts.nobody:
        found.append(
            "By your answers nobody could do this: no outsider chooses what stands in a column and gains from it. The "
            "figures say what would be possible if that were wrong."
        )
    if facts.assumed:
        names = words.listed(facts.assumed, most=4)
        found.append(
            "Upper bound: it assumes that everything can be changed that nobody has ruled out. Nobody said who can set "
            f"{names}. Fill in the columns table to get the figure for your process."
        )
    return tuple(found)


def headline(facts: Facts) -> str:
    """Say in one sentence what somebody could do."""
    top = facts.top
    if top is None:
        return "Nothing was measured, so nothing is known about what misstated columns could do."
    points, objective = facts.points, facts.objective
    one, several = facts.passes
    last = points[-1]
    n = last.success.n
    bound = "Upper bound: " if facts.assumed else ""
    if words.successes(last.success) == 0:
        limit = facts.limit(last.size, objective)
        most = f"{words.at_most(last.success)} of such rows would, to attacks of this strength"
        text = f"{bound}None of {n:,} {facts.attacked_rows} {one} by {_how(objective)} {limit}"
        return f"{text}; with 95{words.GAP}% confidence, {most}."
    first, *others = points
    count = words.successes(first.success)
    verb = one if count == 1 else several
    text = f"{bound}{count or 'None':} of {n:,} {facts.attacked_rows} {verb} by {_how(objective)} "
    text += facts.limit(first.size, objective)
    rest = [f"{words.successes(p.success):,} by up to {words.number(p.size)}" for p in others]
    return f"{text}, {words.listed(rest)}." if len(rest) != 1 else f"{text}, and {rest[0]}."


def _how(objective: str) -> str:
    return {"columns": "misstating", "cost": "spending"}.get(objective, "moving entries by")


def lead(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Answer what somebody asks next: how sure that is, who could do it, compared with what."""
    top = facts.top
    answers = (
        ("How sure", [] if top is None else [*_shares(facts), *_exact(facts), *_rest(facts)]),
        ("Who could do it", [] if top is None else [_who(facts, top), *_by_hand(facts, top)]),
        ("Beyond your answers", [] if top is None else _beyond(facts)),
        ("Compared with", [*_accuracy(facts), *_random(facts)]),
        ("Not measured", _missing(facts)),
    )
    return tuple((question, " ".join(parts)) for question, parts in answers if parts)


def _shares(facts: Facts) -> list[str]:
    if not words.successes(facts.points[-1].success):
        return []
    shares = words.listed([words.rate(point.success) for point in facts.points])
    return [f"{shares} of such rows, with 95{words.GAP}% intervals."]


def _exact(facts: Facts) -> list[str]:
    """Say at which sizes nothing is left open, but for the last size, of which `_rest` speaks."""
    exact = [p for p in facts.points[:-1] if 0 < p.proven == p.success.n - words.successes(p.success)]
    if not exact or not words.successes(facts.points[-1].success):
        return []
    limits = words.listed([facts.limit(p.size, facts.objective) for p in exact])
    counts = "count is" if len(exact) == 1 else "counts are"
    return [f"With {limits} the {counts} exact: it was proven that no other of these rows can pass."]


def _who(facts: Facts, top: Finding) -> str:
    """Say which attacker reaches how many of them."""
    point, together = headline_point(top), words.successes(facts.points[-1].success)
    alone, limit = words.successes(point.success), facts.limit(point.size, facts.objective)
    reached = "all of these" if alone == together else f"{alone:,} of these {together:,}"
    front = "" if alone == together else "Each row counts with whoever does best on it. "
    kinds = {f.threat.attacker for f in facts.headlined(facts.objective)} - {Attacker.NOBODY}
    if not together:
        return f"None of those who were tried; the strongest of them is {_somebody(top)}."
    if top.threat.attacker == Attacker.NOBODY:
        rest = f"no attack that was measured did better with {limit}"
        return f"{front}Random tries, without any aim, reach {reached}; {rest}."
    if len(kinds) > 1:
        front += f"The most successful of {words.counted(len(kinds), 'kind')} of attackers"
        return f"{front}, {_somebody(top)}, reaches {reached}."
    comma = "," if top.threat.attacker == Attacker.BY_HAND else ""
    return f"{front}{_capital(_somebody(top))}{comma} reaches {reached}."


def _somebody(finding: Finding) -> str:
    """Write the attacker of a finding as somebody who does something."""
    if finding.threat.attacker == Attacker.BY_HAND:
        return HAND
    title = attacker_title(finding.threat.attacker)
    return f"{'an' if title[:1].lower() in 'aeiou' else 'a'} {title[:1].lower()}{title[1:]}"


def _beyond(facts: Facts) -> list[str]:
    """Say what attackers would reach who do not follow from the answers, and what speaks for or against them."""
    others = facts.beyond(facts.objective)
    together = words.successes(facts.points[-1].success)
    told = {}
    for finding in others:
        success, profile = headline_point(finding).success, facts.profile(finding.threat.attacker)
        k = words.successes(success)
        if profile is None or k == together or finding.threat.attacker in told:
            continue
        text = f"{_capital(_somebody(finding))} would reach {k or 'none'} of the {success.n:,}: {words.rate(success)}"
        told[finding.threat.attacker] = f"{text}; {_standing(profile)}."
    return list(told.values())


def _standing(profile: Profile) -> str:
    """Say why an attacker is not spoken of in the headline."""
    if profile.applies is Applies.ASSUMED:
        missing = "; ".join(reason.text.partition(":")[0] for reason in profile.because)
        return f"that there is such a person is assumed, since nobody has said ({missing})"
    about = words.listed([words.plain(reason.text, longest=120) for reason in profile.because], most=3)
    return f"by your answers there is none ({about})"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _by_hand(facts: Facts, top: Finding) -> list[str]:
    hand = [f for f in facts.headlined(facts.objective) if f.threat.attacker == Attacker.BY_HAND]
    if not hand or hand[0] is top:
        return []
    success = headline_point(hand[0]).success
    k = words.successes(success)
    return [f"{_capital(HAND)}, reaches {k or 'none'} of the {success.n:,}: {words.rate(success)}."]


def _rest(facts: Facts) -> list[str]:
    """Say what is known of the rows that were not broken."""
    point = facts.points[-1]
    left = point.success.n - words.successes(point.success)
    if not left:
        return []
    limit, others = facts.limit(point.size, facts.objective), f"other {left:,}" if left > 1 else "one other row"
    if facts.beyond(facts.objective):  # others may have found what these attackers did not
        shown = f", and of {point.proven:,} of them it was proven that no allowed edit works" if point.proven else ""
        return [f"With {limit} none of these attackers turned the {others}{shown}."]
    if not point.proven:
        return [f"With {limit} nothing is known of the {others}: no edit was found, and nothing was proven."]
    open_ = left - point.proven
    whole = "all" if not open_ else f"{point.proven:,} of"
    some = f"{whole} the {others}" if left > 1 else f"the {others}"
    text = f"With {limit} it was proven for {some} that no allowed edit works"
    return [f"{text}; {open_:,} {'is' if open_ == 1 else 'are'} undecided." if open_ else f"{text}."]


def _random(facts: Facts) -> list[str]:
    """Say what takes no skill, unless it is in front anyway."""
    found = [f for f in facts.of(facts.objective) if f.threat.attacker == Attacker.NOBODY]
    if not found or found[0] is facts.top or not words.successes(facts.points[-1].success):
        return []
    success = headline_point(found[0]).success
    k, n = words.successes(success), success.n
    return [f"Random tries, without any aim, reach {k or 'none'} of the {n:,} rows: {words.rate(success)}."]


def _accuracy(facts: Facts) -> list[str]:
    performance, worst = facts.assessment.performance, facts.worst(facts.objective)
    if performance is None:
        return []
    clean = performance.accuracy
    right = "right" if facts.shift is None else f"within {words.number(facts.shift)} of the truth"
    text = f"The model is {right} on {words.rate(clean)} of {clean.n:,} rows as they are"
    if worst is None:
        return [f"{text}."]
    limit = facts.limit(worst.size, facts.objective)
    text += (
        f", and on {words.rate(worst.accuracy)} if every row met the most successful of these attackers with {limit}"
    )
    constant = worst.constant_model
    share = words.percent(constant.value or 0.0, constant.n)
    constant_answer = "commonest answer" if facts.shift is None else "median"
    return [f"{text}. Always giving the {constant_answer}, whatever the row, is {right} on {share}."]


def _missing(facts: Facts) -> list[str]:
    if not facts.missing:
        return []
    outcomes = Counter(finding.outcome for finding in facts.missing)
    names = {Outcome.NOT_APPLICABLE: "do not apply", Outcome.SKIPPED: "were skipped", Outcome.FAILED: "failed"}
    one = {Outcome.NOT_APPLICABLE: "does not apply", Outcome.SKIPPED: "was skipped", Outcome.FAILED: "failed"}
    parts = [f"{outcomes[o]} {one[o] if outcomes[o] == 1 else names[o]}" for o in names if outcomes[o]]
    total = len(facts.assessment.findings)
    verb = "has" if len(facts.missing) == 1 else "have"
    text = f"{len(facts.missing)} of {total} planned measurements {verb} no result ({words.listed(parts)})"
    if all(facts.stood_in(finding) for finding in facts.missing):
        return [f"{text}; another attack by the same kind of attacker stood in each time."]
    told = [f"{text}; that says nothing good about the model."]
    if facts.top is None:
        reasons = Counter(f.reason or "no reason was given" for f in facts.missing)
        told.append(f"The commonest reason: {words.plain(reasons.most_common(1)[0][0], longest=300)}.")
    return told


def tiles(facts: Facts) -> tuple[Tile, ...]:
    """Return the figures of the headline, each with its interval."""
    made = []
    for point in facts.points:
        rate, n = point.success, point.success.n
        label = f"{facts.passes[1]} by {_how(facts.objective)} {facts.limit(point.size, facts.objective)}"
        made.append(
            Tile(f"{words.successes(rate):,} of {n:,}", label, words.rate(rate), rate.low, rate.value, rate.high)
        )
    performance, worst = facts.assessment.performance, facts.worst(facts.objective)
    if performance is not None and worst is not None:
        limit = facts.limit(worst.size, facts.objective)
        clean, left = performance.accuracy, worst.accuracy
        value = f"{100 * (clean.value or 0):.0f}{words.GAP}% → {100 * (left.value or 0):.0f}{words.GAP}%"
        share = "accuracy" if facts.shift is None else f"predicted within {words.number(facts.shift)} of the truth"
        label = f"{share}, as measured → in the worst case with {limit}"
        made.append(Tile(value, label, f"{words.rate(clean)} → {words.rate(left)}", left.low, left.value, left.high))
    return tuple(made)
