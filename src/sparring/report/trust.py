"""Parts of a report: what was not measured, doubts, what the figures mean, how to do it again."""

from __future__ import annotations

from sparring.core.document import EndpointRecord, Estimate, Finding
from sparring.knowledge import load
from sparring.report import words
from sparring.report.blocks import Alert, Block, Code, Notes, Section, Table, Text
from sparring.report.facts import NOTHING, OUTCOMES, Facts, attack_title, attacker_of, attacker_title

SHOWN_DOUBTS = 4
NOTABLE_S = 3.0  # what a person notices waiting for
MEANING = {
    "Success is a lower bound": (
        "An edited row in hand shows what is possible. A better search, more questions or a new idea may find more. "
        "Undecided rows are counted as not broken."
    ),
    "Intervals cover the choice of rows, nothing else": (
        "Another sample of {rows} from the same population would give figures within about these limits. Unknown "
        "attacks, other populations and a wrong columns table are not in them."
    ),
    "It is about possibility, not about how many people cheat": (
        "The figures say which rows could pass if somebody tried. How many try depends on what they gain and what it "
        "costs them, which the data cannot tell."
    ),
    "It holds for the columns table": (
        "If more can be misstated than the table says, success is higher. If more is checked, it is lower."
    ),
    "A low figure alone is no merit": (
        "A model that always gives one answer cannot be moved. Compare with performance and with the constant answer."
    ),
}


def missing(facts: Facts) -> Section:
    """Say what was not measured."""
    blocks: list[Block] = []
    open_ = [f for f in facts.missing if not facts.stood_in(f)]
    if open_:
        head = ("What", "Attacker", "Size counted in", "Why not")
        blocks.append(Alert("Nothing is known about these. No result is not a good result."))
        blocks.append(Table("Planned, without a result", head, _by_reason(open_)))
    elif not facts.missing:
        blocks.append(Text("Everything that was planned was measured."))
    others = [f for f in facts.missing if facts.stood_in(f)]
    if others:
        text = (
            "Left out because they do not fit this model; another attack by the same kind of attacker took their place:"
        )
        blocks += [Text(text), Notes(tuple((row[0], row[-1]) for row in _by_reason(others)))]
    blocks.append(
        Text(
            "Never part of this assessment: tampering with training data, copying the model by asking it, learning "
            "about people from it, and everything around the model: accounts, servers, files, reviewers."
        )
    )
    return Section("missing", "What was not measured", tuple(blocks))


def _by_reason(findings: list[Finding]) -> tuple[tuple[str, ...], ...]:
    """Put findings that differ in how size is counted, and in nothing else, into one row."""
    units: dict[tuple[str, str, str], list[str]] = {}
    for f in findings:
        why = f"{OUTCOMES[f.outcome]}: {words.plain(f.reason or 'no reason was given', longest=300)}"
        key = (attack_title(f), attacker_title(attacker_of(f)), why)
        units.setdefault(key, []).append(words.plain(f.id.partition("@")[2] or f.threat.objective))
    return tuple((what, who, words.listed(counted), why) for (what, who, why), counted in units.items())


def doubts(facts: Facts) -> Section:
    """List automatic doubts, each kind once, those about all figures first."""
    raised: dict[str, list[str]] = {}
    for caveat in facts.assessment.caveats:
        raised.setdefault(caveat.code, []).append(words.plain(caveat.text, longest=600))
    for finding in facts.assessment.findings:
        where = f"{attack_title(finding)} ({words.plain(finding.threat.objective)})"
        for caveat in finding.caveats:
            raised.setdefault(caveat.code, []).append(f"{where}: {words.plain(caveat.text, longest=600)}")
    if not raised:
        text = "None of the automatic checks found a reason to doubt a figure. They are listed in the documentation."
        return Section("doubts", "Doubts", (Text(text),))
    intro = "Automatic checks found reasons to read some figures with care."
    notes = tuple(_doubt(code, texts) for code, texts in raised.items())
    return Section("doubts", "Doubts", (Text(intro), Notes(notes)))


def _doubt(code: str, texts: list[str]) -> tuple[str, str]:
    known, name = load().caveats.get(code), words.plain(code, longest=40)
    shown = texts[:SHOWN_DOUBTS]
    if len(texts) > len(shown):
        shown.append(f"{len(texts) - len(shown):,} more measurements raise it.")
    cure = [known.cure.replace("`", "")] if known else []
    label = known.says.rstrip(".") if known else name
    return label, f"{' '.join([*shown, *cure])} [{name}]"


def _until_half(estimate: Estimate | None) -> str:
    if estimate is None:
        return NOTHING
    if estimate.value is None:
        return "half was not reached"
    low, high = (f"{end:,.0f}" if end is not None else "no limit" for end in (estimate.low, estimate.high))
    return f"{estimate.value:,.0f} ({low}{words.GAP}to{words.GAP}{high})"


def every(facts: Facts) -> Section:
    """Show what became of the rows in each finding."""
    rows = tuple(
        (
            words.plain(f.id, longest=words.LONGEST_NAME),
            f"{f.counts.attacked:,}",
            f"{f.counts.broken:,}",
            f"{f.counts.proven:,}",
            f"{f.counts.undecided:,}",
            _until_half(f.queries.until_half),
        )
        for f in facts.measured
    )
    if not rows:
        return Section("every", "Every measurement", (Text("There is none."),))
    head = ("Finding", "Attacked", "Broken", "Proven", "Undecided", "Asked")
    intro = (
        "Broken: an edited row is in hand. Proven: it was shown that no allowed edit up to the largest size works. "
        "Undecided: neither. Asked: rows shown to the model about one attacked row until half of all attacked rows are "
        "broken at the headline size, by Kaplan and Meier. Rows that held count as long as they held."
    )
    yardsticks = tuple(
        (
            words.plain(f.id, longest=words.LONGEST_NAME),
            "; ".join(f"{words.plain(b.measure, longest=100)} {words.rate(b.estimate)}" for b in f.baselines),
        )
        for f in facts.measured
        if f.baselines
    )
    blocks: list[Block] = [Text(intro), Table("What became of the rows", head, rows, (1, 2, 3, 4, 5))]
    if yardsticks:
        blocks += [Text("What somebody gets on the same rows who does not search:"), Notes(yardsticks)]
    planted = tuple(
        (words.plain(f.id, longest=words.LONGEST_NAME), _found(f.planted)) for f in facts.measured if f.planted
    )
    if planted:
        blocks += [Text("Weaknesses planted to see whether a search finds them; 95 % are expected:"), Notes(planted)]
    return Section("every", "Every measurement", tuple(blocks))


def _found(planted: Estimate) -> str:
    """Say how many of the planted weaknesses were found."""
    if planted.value is None:
        return f"not known: {words.plain(planted.method)}"
    return f"found {words.successes(planted)} of {planted.n}"


def meaning(facts: Facts) -> Section:
    """Say what the figures mean and what they do not."""
    n = facts.top.counts.attacked if facts.top else 0
    items = tuple((name, text.format(rows=words.counted(n, "row"))) for name, text in MEANING.items())
    return Section("meaning", "What the figures mean, and what they do not", (Notes(items),))


def reproduce(facts: Facts) -> Section:
    """Say how to do this again."""
    d = facts.assessment
    packages = ", ".join(f"{words.plain(k)} {words.plain(v)}" for k, v in d.packages.items())
    effort = {f"{f.effort.queries} questions a row, {f.effort.sweeps} passes" for f in facts.measured}
    items = [
        ("Seed (entropy)", str(d.entropy)),
        ("Budget", f"{d.budget_s:g} s, used {d.seconds:.0f} s{_compiling(facts)}"),
        ("Effort", "; ".join(sorted(effort)) or "none"),
        ("Model", f"{words.plain(d.target.source, longest=200)}, sha256 {words.plain(d.target.sha256 or 'unknown')}"),
        *_served(d.target.endpoint),
        ("Rows", f"{words.plain(d.data.source, longest=200)}, sha256 {words.plain(d.data.sha256)}"),
        ("Rows that attackers could copy from", words.plain(d.data.background or "none", longest=200)),
        ("Model as read", words.plain(d.target.conversion or "not read", longest=300)),
        ("Packages", packages),
        ("Started", words.plain(d.created)),
        ("Fingerprint", words.plain(d.fingerprint)),
    ]
    blocks: list[Block] = [Code(words.plain(d.command))] if d.command else []
    intro = "The same seed and effort give the same figures, on any number of workers."
    return Section("reproduce", "How to do this again", (Text(intro), *blocks, Notes(tuple(items))))


def _served(endpoint: EndpointRecord | None) -> list[tuple[str, str]]:
    """Say what was sent to a served model, and who allowed it."""
    if endpoint is None:
        return []
    sent = f"{words.counted(endpoint.rows, 'row')} of at most {endpoint.max_queries:,}"
    pace = f"in {words.counted(endpoint.requests, 'request')}, at most {endpoint.rps:g} a second"
    return [
        ("Sent to it", f"{sent}, {pace}"),
        ("Allowed by", f"{words.plain(endpoint.authorized_by)} (recorded, not authenticated)"),
    ]


def _compiling(facts: Facts) -> str:
    """Say what came before the budget, where somebody had to wait for it."""
    spent = facts.assessment.compile_s
    return f"; before that {spent:.0f} s to compile the searches, once on a machine" if spent >= NOTABLE_S else ""


def glossary(facts: Facts) -> Section:
    """Explain the words used."""
    names = ["misstate", "attacked rows", "broken", "proven", "undecided", "columns", "spread", "query", "interval"]
    names += ["lower bound", "upper bound"] if facts.assumed else ["lower bound"]
    terms = load().terms
    return Section("words", "Words", (Notes(tuple((terms[name].heading, terms[name].says) for name in names)),))
