"""The first screen: one sentence, what belongs beside it, and figures that can be read from afar."""

from __future__ import annotations

from collections import Counter

from sparring.core.document import Finding, Outcome, Point
from sparring.core.threat import Attacker
from sparring.report import words
from sparring.report.blocks import Tile
from sparring.report.facts import Facts, attacker_title, headline_point

RANDOM = "They were found by random tries, without any aim; no attack that was measured did better with {limit}."


def warnings(facts: Facts) -> tuple[str, ...]:
    """Say what must be known before any figure is read."""
    found = []
    document = facts.assessment
    if not document.complete:
        found.append("Unfinished: it was interrupted or still runs. The same command continues it.")
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
    points = shown_points(top)
    one, several = facts.passes
    n = points[-1].success.n
    bound = "Upper bound: " if facts.assumed else ""
    last = points[-1]
    if words.successes(last.success) == 0:
        limit = words.size_limit(last.size, top.threat.objective)
        return (
            f"{bound}None of {n:,} {facts.attacked_rows} {one} by {_how(top)} {limit}; with 95 % confidence, "
            f"{words.at_most(last.success)} of such rows would, to attacks of this strength."
        )
    first, *others = points
    count = words.successes(first.success)
    verb = one if count == 1 else several
    text = f"{bound}{count or 'None':} of {n:,} {facts.attacked_rows} {verb} by {_how(top)} "
    text += words.size_limit(first.size, top.threat.objective)
    rest = [f"{words.successes(p.success):,} by up to {words.number(p.size)}" for p in others]
    return f"{text}, {words.listed(rest)}." if len(rest) != 1 else f"{text}, and {rest[0]}."


def _how(finding: Finding) -> str:
    return "misstating" if finding.threat.objective == "columns" else "moving every entry by"


def shown_points(finding: Finding) -> tuple[Point, ...]:
    """Return the points of the curve that the headline names, three at most, ending with the usual size."""
    limit = headline_point(finding).size
    return tuple(point for point in finding.curve if point.size <= limit + 1e-9)[-3:]


def lead(facts: Facts) -> tuple[str, ...]:
    """Say what belongs beside the headline."""
    found = []
    if facts.top is not None:
        found += [_intervals(facts, facts.top), *_rest(facts.top), *_by_hand(facts, facts.top)]
    found += [*_accuracy(facts), *_missing(facts)]
    return tuple(found)


def _intervals(facts: Facts, top: Finding) -> str:
    points = shown_points(top)
    shares = words.listed([words.rate(point.success) for point in points])
    kinds = len({f.threat.attacker for f in facts.of(facts.objective)} - {Attacker.NOBODY})
    if top.threat.attacker == Attacker.NOBODY:
        limit = words.size_limit(points[-1].size, top.threat.objective)
        return f"That is {shares} of them, with 95 % intervals. {RANDOM.format(limit=limit)}"
    title = attacker_title(top.threat.attacker).lower()
    who = f"They were found {title}" if title.startswith("by ") else f"They were found by {_article(title)} {title}"
    of = f", the most successful of {words.counted(kinds, 'kind')} of attackers" if kinds > 1 else ""
    return f"That is {shares} of them, with 95 % intervals. {who}{of}."


def _article(title: str) -> str:
    return "an" if title[:1] in "aeiou" else "a"


def _rest(top: Finding) -> list[str]:
    """Say what is known of the rows that were not broken."""
    point = headline_point(top)
    left = point.success.n - words.successes(point.success)
    if not left:
        return []
    limit = words.size_limit(point.size, top.threat.objective)
    if not point.proven:
        return [f"Of the other {left:,} nothing is known: the search found no edit with {limit}, and proved nothing."]
    open_ = left - point.proven
    text = f"For {point.proven:,} of the other {left:,} it was proven that no allowed edit with {limit} works"
    return [f"{text}; {open_:,} are undecided." if open_ else f"{text}."]


def _by_hand(facts: Facts, top: Finding) -> list[str]:
    hand = [f for f in facts.of(facts.objective) if f.threat.attacker == Attacker.BY_HAND]
    if not hand or hand[0] is top:
        return []
    point = headline_point(hand[0])
    limit = words.size_limit(point.size, top.threat.objective)
    k, n = words.successes(point.success), point.success.n
    text = f"Somebody who tries the obvious edits by hand, without any program, gets {k or 'none'} of {n:,} through "
    return [f"{text}with {limit}: {words.rate(point.success)}."]


def _accuracy(facts: Facts) -> list[str]:
    performance, worst = facts.assessment.performance, facts.worst(facts.objective)
    if performance is None:
        return []
    clean = performance.accuracy
    text = f"The model is right on {words.rate(clean)} of {clean.n:,} rows as they are"
    if worst is None:
        return [f"{text}."]
    limit = words.size_limit(worst.size, facts.objective)
    text += (
        f", and on {words.rate(worst.accuracy)} if every row met the most successful of these attackers with {limit}"
    )
    constant = worst.constant_model
    share = words.percent(constant.value or 0.0, constant.n)
    return [f"{text}. Always giving the commonest answer, whatever the row, is right on {share}."]


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
    told = [f"{text}; that says nothing good about the model."]
    if facts.top is None:
        reasons = Counter(f.reason or "no reason was given" for f in facts.missing)
        told.append(f"The commonest reason: {words.plain(reasons.most_common(1)[0][0], longest=300)}.")
    return told


def tiles(facts: Facts) -> tuple[Tile, ...]:
    """Return the figures of the headline, each with its interval."""
    made = []
    if facts.top is not None:
        for point in shown_points(facts.top):
            rate, n = point.success, point.success.n
            limit = words.size_limit(point.size, facts.top.threat.objective)
            label = f"{facts.passes[1]} by {_how(facts.top)} {limit}"
            made.append(
                Tile(f"{words.successes(rate):,} of {n:,}", label, words.rate(rate), rate.low, rate.value, rate.high)
            )
    performance, worst = facts.assessment.performance, facts.worst(facts.objective)
    if performance is not None and worst is not None:
        limit = words.size_limit(worst.size, facts.objective)
        clean, left = performance.accuracy, worst.accuracy
        value = f"{100 * (clean.value or 0):.0f}{words.GAP}% → {100 * (left.value or 0):.0f}{words.GAP}%"
        label = f"accuracy, as measured → in the worst case with {limit}"
        made.append(Tile(value, label, f"{words.rate(clean)} → {words.rate(left)}", left.low, left.value, left.high))
    return tuple(made)
