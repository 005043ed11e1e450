"""Parts of a report: who was assumed to do what, and what it does to performance."""

from __future__ import annotations

from collections.abc import Iterator

from sparring.core.document import Estimate
from sparring.core.threat import Attacker
from sparring.knowledge import load
from sparring.report import words
from sparring.report.blocks import Block, Notes, Section, Table, Text
from sparring.report.facts import (
    HEADLINE_SIZE,
    NOTHING,
    OUTCOMES,
    Facts,
    attack_title,
    attacker_of,
    attacker_title,
    headline_point,
)
from sparring.report.headline import CONSTANT, FLOOR, worst_case


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
                f"{entry.heading}\n{entry.life}" if entry else attacker_title(attacker),
                entry.sees if entry else words.listed([words.plain(a) for a in mine[0].threat.access]),
                "; ".join(did) or "nothing was measured",
                *(_best(facts, attacker, objective) for objective in ("columns", "spread")),
            )
        )
    head = ("Attacker", "What they see", "What was tried", *(_limit(facts, o) for o in ("columns", "spread")))
    intro = (
        "An attacker here is somebody who gains from a wrong decision and enters untrue values to get it. Success is "
        "the share of attacked rows for which an edited row was found that your own model, asked again, decides as "
        "wanted."
    )
    table = Table("Who was assumed to do what, and how often it worked", head, tuple(rows), (3, 4))
    return Section("attackers", "Who was assumed to do what", (Text(intro), table, *_limits(facts)))


def _limit(facts: Facts, objective: str) -> str:
    found = facts.of(objective)
    size = headline_point(found[0]).size if found else HEADLINE_SIZE[objective]
    return f"Success, {words.size_limit(size, objective)}"


def _best(facts: Facts, attacker: str, objective: str) -> str:
    measured = [f for f in facts.of(objective) if f.threat.attacker == attacker]
    if measured:
        return words.counted_rate(headline_point(measured[0]).success)
    tried = [f for f in facts.missing if attacker_of(f) == attacker and f.threat.objective == objective]
    return OUTCOMES[tried[0].outcome] if tried else NOTHING


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
    tries = facts.assessment.answers.tries
    if tries is not None:
        yield Text(
            f"Attackers who have to ask the model may do so {words.counted(tries, 'time')} a row, as was stated."
        )
    if any(f.threat.objective == "spread" for f in facts.measured):
        yield Text(
            "A spread is a usual difference between rows: the interquartile range divided by 1.349, about one standard "
            "deviation. A changed category counts as one spread.",
            small=True,
        )


def performance(facts: Facts) -> Section:
    """Put performance beside the worst case."""
    document = facts.assessment
    worst = {objective: worst_case(facts, objective) for objective in ("columns", "spread")}
    shown = [objective for objective in worst if worst[objective]]
    keys = list(dict.fromkeys([_key(k) for k in document.performance] + [k for o in shown for k in worst[o]]))
    keys = [k for k in keys if k not in (CONSTANT, FLOOR)]
    rows = [_performance_row(facts, key, worst, shown) for key in keys]
    constant = document.performance.get(CONSTANT), document.worst_case.get(CONSTANT)
    if any(constant):
        title = load().measures["constant model"].heading
        first, other = (words.rate(c) if c else NOTHING for c in constant)
        rows.append((title, first, *([other] * len(shown))))
    if any(FLOOR in worst[o] for o in shown):
        floors = [words.rate(worst[o][FLOOR][1]) if FLOOR in worst[o] else NOTHING for o in shown]
        rows.append((load().measures["floor"].heading, NOTHING, *floors))
    limits = [words.size_limit(next(iter(worst[o].values()))[0], o) for o in shown]
    head = (
        "Figure",
        f"As measured, n{words.GAP}={words.GAP}{_n(document.performance)}",
        *(f"Worst case, {limit}" for limit in limits),
    )
    table = Table("Performance beside the worst case", head, tuple(rows), tuple(range(1, len(head))))
    blocks: list[Block] = [table] if rows else [Text("Performance was not measured.")]
    if shown:
        n = next(iter(worst[shown[0]].values()))[1].n
        blocks.append(Text(_worst_case_in_words(n)))
    measures = load().measures
    notes = tuple((measures[k].heading, measures[k].says) for k in ("constant model", "floor", "auc"))
    blocks.append(Notes(notes))
    return Section("performance", "Performance beside the worst case", tuple(blocks))


def _worst_case_in_words(n: int) -> str:
    return (
        "In the worst case every row meets the most successful of the measured attackers; rows that are wrong already "
        f"stay wrong. The worst case rests on {words.counted(n, 'row')}. Intervals are 95 % intervals."
    )


def _key(name: str) -> str:
    return name.replace("_", " ")


def _n(performance: dict[str, Estimate]) -> str:
    return f"{performance['accuracy'].n:,}" if "accuracy" in performance else "0"


def _performance_row(
    facts: Facts, key: str, worst: dict[str, dict[str, tuple[float, Estimate]]], shown: list[str]
) -> tuple[str, ...]:
    measures = load().measures
    entry = measures.get(key) or measures.get(key.replace(" ", "_"))
    title = entry.heading if entry else words.plain(key[:1].upper() + key[1:], longest=100)
    clean = next((e for k, e in facts.assessment.performance.items() if _key(k) == key), None)
    how = entry.shown if entry else "percent"
    cells = [words.figure(worst[o][key][1], shown=how) if key in worst[o] else NOTHING for o in shown]
    whole = facts.assessment.performance.get("accuracy")
    if clean and whole and clean.n != whole.n:
        title += f" (n{words.GAP}={words.GAP}{clean.n:,})"
    return (title, words.figure(clean, shown=how) if clean else NOTHING, *cells)
