"""Parts of a report: who was assumed to do what, and what it does to performance."""

from __future__ import annotations

from collections.abc import Iterator

from sparring.core.document import Estimate, Performance, WorstCase
from sparring.core.threat import HEADLINE, Attacker
from sparring.core.threat_model import Applies
from sparring.knowledge import load
from sparring.report import words
from sparring.report.blocks import Block, Notes, Section, Table, Text
from sparring.report.facts import (
    NOTHING,
    OUTCOMES,
    Facts,
    attack_title,
    attacker_of,
    attacker_title,
    headline_point,
)


def attackers(facts: Facts) -> Section:
    """Say who was assumed to do what."""
    known = load().attackers
    seen = {attacker_of(f) for f in facts.assessment.findings}
    order = [a.value for a in Attacker if a in seen] + sorted(seen - {a.value for a in Attacker})
    rows = []
    for attacker in order:
        entry = known.get(attacker)
        mine = [f for f in facts.assessment.findings if attacker_of(f) == attacker]
        did = dict.fromkeys(attack_title(f) for f in mine if f in facts.measured)
        rows.append(
            (
                f"{entry.heading}\n{_aside(facts, attacker, entry.life)}" if entry else attacker_title(attacker),
                entry.sees if entry else words.listed([words.plain(a) for a in mine[0].threat.access]) or NOTHING,
                "; ".join(did) or "nothing was measured",
                *(_best(facts, attacker, objective) for objective in facts.objectives),
            )
        )
    together = tuple(_together(facts, objective) for objective in facts.objectives)
    if any(cell != NOTHING for cell in together):
        rows.append(("All of these\nfor each row the one who does best", NOTHING, NOTHING, *together))
    head = ("Attacker", "What they see", "What was tried", *(_limit(facts, o) for o in facts.objectives))
    intro = (
        "An attacker here is somebody who gains from a wrong decision and enters untrue values to get it. Success is "
        "the share of attacked rows for which an edited row was found that your own model, asked again, decides as "
        "wanted."
        if facts.shift is None
        else "An attacker here is somebody who gains from a wrong prediction and enters untrue values to get it. "
        "Success is the share of attacked rows for which an edited row was found whose prediction by your own model, "
        f"asked again, has moved by {words.number(facts.shift)} or more."
    )
    table = Table("Who was assumed to do what, and how often it worked", head, tuple(rows), tuple(range(3, len(head))))
    return Section("attackers", "Who was assumed to do what", (Text(intro), table, *_limits(facts)))


def _aside(facts: Facts, attacker: str, life: str) -> str:
    """Say who that could be, and whether the answers leave such a person."""
    profile = facts.profile(attacker)
    if profile is None or profile.applies is Applies.YES:
        return life
    return f"{life}; {'by your answers there is none' if profile.applies is Applies.NO else 'nobody has said'}"


def _limit(facts: Facts, objective: str) -> str:
    found = facts.of(objective)
    size = headline_point(found[0]).size if found else HEADLINE.get(objective)
    return f"Success, {facts.limit(size, objective)}" if size is not None else f"Success, in {facts.money}"


def _best(facts: Facts, attacker: str, objective: str) -> str:
    measured = [f for f in facts.of(objective) if f.threat.attacker == attacker]
    if measured:
        return words.counted_rate(headline_point(measured[0]).success)
    tried = [f for f in facts.missing if attacker_of(f) == attacker and f.threat.objective == objective]
    return OUTCOMES[tried[0].outcome] if tried else NOTHING


def _together(facts: Facts, objective: str) -> str:
    """Write what all attackers reach together, where that is more than the best of them."""
    worst, found = facts.whole(objective), facts.of(objective)
    if worst is None or not found:
        return NOTHING
    at = headline_point(found[0])
    success = next((p.success for p in worst.union if p.size == at.size), at.success)
    return words.counted_rate(success) if success != at.success else NOTHING


def _limits(facts: Facts) -> Iterator[Block]:
    d, total = len(facts.movable), len(facts.assessment.columns)
    if d:
        yield Text(f"Could be misstated ({d} of {total} columns): {words.listed(facts.movable)}.")
    else:
        yield Text("No column could be misstated under this columns table.")
    if facts.fixed:
        items = tuple((reason, words.listed(names)) for reason, names in facts.fixed.items())
        yield Text("Stayed as they are:")
        yield Notes(items)
    kept = [words.plain(r.text, longest=200) for r in facts.assessment.relations if r.confirmed]
    if kept:
        yield Text(f"Kept to by every edit: {'; '.join(kept)}.")
    tries = facts.assessment.answers.most_queries
    if tries is not None:
        yield Text(
            f"Attackers who have to ask the model may do so {words.counted(tries, 'time')} a row, as was stated."
        )
    if facts.coarse and "spread" not in facts.objectives:
        small = words.number(HEADLINE["spread"])
        yield Text(f"Sizes in spreads are left out of these tables: no column can change by as little as {small}.")
    if any(f.threat.objective == "spread" for f in facts.measured):
        yield Text(
            "A spread is a usual difference between rows: the interquartile range divided by 1.349, about one standard "
            "deviation. A changed category counts as one spread.",
            small=True,
        )


def performance(facts: Facts) -> Section:
    """Put performance beside the worst case."""
    title, clean = "Performance beside the worst case", facts.assessment.performance
    worst = tuple(w for o in facts.objectives if (w := facts.worst(o)) is not None)
    if clean is None:
        return Section("performance", title, (Text("Performance was not measured."),))
    measures = load().measures
    rows = _classes(clean, worst) if facts.shift is None else _predictions(facts.shift, clean, worst)
    shown = tuple(row for row in rows if any(cell != NOTHING for cell in row[1:]))
    head = (
        "Figure",
        f"As measured, n{words.GAP}={words.GAP}{clean.accuracy.n:,}",
        *(f"Worst case, {facts.limit(w.size, w.objective)}" for w in worst),
    )
    blocks: list[Block] = [Table(title, head, shown, tuple(range(1, len(head))))]
    if worst:
        blocks.append(Text(_worst_case_in_words(worst[0].accuracy.n, left=facts.among is not None)))
    notes = tuple((measures[k].heading, measures[k].says) for k in ("constant_model", "floor", "auc"))
    if facts.shift is not None:
        notes = (("Sizes of errors", "In the unit of y, on the rows as they are; the worst case is told in shares."),)
    blocks.append(Notes(notes))
    return Section("performance", title, tuple(blocks))


def _classes(clean: Performance, worst: tuple[WorstCase, ...]) -> list[tuple[str, ...]]:
    return [
        *(_figure(name, clean, worst) for name in ("accuracy", "balanced_accuracy", "auc")),
        *(_class_row(name, estimate, worst) for name, estimate in clean.by_class.items()),
        *(_figure(name, clean, worst) for name in ("constant_model", "floor")),
    ]


def _predictions(shift: float, clean: Performance, worst: tuple[WorstCase, ...]) -> list[tuple[str, ...]]:
    """Write how near predictions are, in shares and in the unit of y."""
    near = f"Predicted within {words.number(shift)} of the truth"
    shares = [
        (near, words.rate(clean.accuracy), *(words.rate(w.accuracy) for w in worst)),
        (
            "The same, always predicting the median",
            words.rate(clean.constant_model),
            *(words.rate(w.constant_model) for w in worst),
        ),
    ]
    errors = clean.errors
    if errors is None:
        return shares
    named = (
        ("Median absolute error, in the unit of y", errors.median),
        ("Mean absolute error, in the unit of y", errors.mean),
        ("The same, always predicting the median", errors.constant_model),
    )
    nothing = (NOTHING,) * len(worst)
    return [*shares, *((title, _in_y(estimate), *nothing) for title, estimate in named)]


def _in_y(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return NOTHING if estimate.value is None else f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} ({estimate.low:.3g}{words.GAP}to{words.GAP}{estimate.high:.3g})"


def _worst_case_in_words(n: int, *, left: bool) -> str:
    whom = "measured attackers that your answers leave" if left else "measured attackers"
    return (
        f"In the worst case every row meets the most successful of the {whom}; rows that are wrong already "
        f"stay wrong. The worst case rests on {words.counted(n, 'row')}. Intervals are 95 % intervals."
    )


def _figure(name: str, clean: Performance, worst: tuple[WorstCase, ...]) -> tuple[str, ...]:
    entry = load().measures[name]
    estimates: list[Estimate | None] = [getattr(part, name, None) for part in (clean, *worst)]
    return (entry.heading, *(words.figure(e, shown=entry.shown) if e else NOTHING for e in estimates))


def _class_row(name: str, clean: Estimate, worst: tuple[WorstCase, ...]) -> tuple[str, ...]:
    title = f"Accuracy on rows that are {words.value(name)} (n{words.GAP}={words.GAP}{clean.n:,})"
    return (title, words.rate(clean), *(words.rate(w.by_class[name]) if name in w.by_class else NOTHING for w in worst))
