"""Plain words about a name: an attacker, an attack, a figure, a doubt, a word or, with a result, one of its columns."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Mapping

from sparring.core.document import Assessment, Estimate, Finding, Outcome
from sparring.core.space import Column
from sparring.errors import OptionError
from sparring.knowledge import AttackEntry, AttackerEntry, CaveatEntry, Entry, load
from sparring.report import words
from sparring.report.entry_words import entry_words
from sparring.report.facts import Facts, attack_title, headline_point, why_fixed

WHO = {
    "anyone": "anyone can set it",
    "effort": "it can be set with some effort",
    "us": "only the owner of the model sets it",
    "nobody": "nobody can set it",
    "unknown": "nobody has said who can set it, so it counts as changeable",
}


def explain(name: str, assessment: Assessment | None = None, *, width: int = 80) -> str:
    """Explain a name in plain words, with the user's own columns and figures where there is a result.

    Parameters
    ----------
    name : str
        An attacker, an attack or finding, a figure, a caveat's code, a word or one of the assessment's columns.
    assessment : Assessment or None
    width : int
        Columns of the terminal.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        Nothing has that name; the nearest is suggested.
    """
    wanted = name.strip()
    entry = _entry(wanted)
    parts: list[str] = []
    if assessment is not None:
        finding = next((f for f in assessment.findings if f.id == wanted), None)
        column = next((c for c in assessment.columns if c.name == wanted), None)
        if column is not None:
            parts += _column(column, Facts(assessment))
        if finding is not None and entry is None:
            parts += [f"{attack_title(finding)} ({words.plain(finding.id)})"]
        parts += [] if entry is None else list(entry_words(entry))
        parts += list(_figures(entry, finding, Facts(assessment)))
    elif entry is not None:
        parts += list(entry_words(entry))
    if not parts:
        raise OptionError(_unknown(wanted, assessment))
    return "\n\n".join(_wrapped(part, width) for part in parts).replace(words.GAP, " ") + "\n"


def topics(*, width: int = 80) -> str:
    """List everything that can be explained, by kind, each in one sentence."""
    known = load()
    shelves: dict[str, Mapping[str, Entry]] = {
        "Attackers": known.attackers,
        "Attacks": known.attacks,
        "Figures": known.measures,
        "Doubts": known.caveats,
        "Threats": known.threats,
        "Defenses": known.defenses,
        "Beliefs": known.beliefs,
        "What has happened": known.incidents,
        "Words": known.terms,
    }
    parts = []
    for title, shelf in shelves.items():
        if not shelf:
            continue
        lines = [
            textwrap.fill(f"{name}: {entry.says}", max(40, width), initial_indent="  ", subsequent_indent="    ")
            for name, entry in shelf.items()
        ]
        parts.append("\n".join([title, *lines]))
    return "\n\n".join(parts) + "\n"


def _entry(name: str) -> Entry | None:
    """Find an entry by its name, by another name, or by the last part of an attack's id, whatever the case."""
    asked = name.casefold().removesuffix("@columns").removesuffix("@spread") or name.casefold()
    every = load().every()
    for key, entry in every.items():
        if asked in (key.casefold(), key.casefold().removeprefix("evasion/"), entry.heading.casefold()):
            return entry
    for entry in every.values():
        if asked in (other.casefold() for other in entry.also):
            return entry
    return None


def _unknown(name: str, assessment: Assessment | None) -> str:
    known = [*load().every(), *(other for entry in load().every().values() for other in entry.also)]
    known += [] if assessment is None else [c.name for c in assessment.columns]
    folded = {key.casefold(): key for key in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.4)
    short = words.plain(name, longest=60)
    hint = f"; did you mean {words.plain(folded[near[0]])!r}?" if near else "; sparring explain lists what there is"
    return f"explain needs the name of an attacker, attack, threat, defense, figure, doubt or word, got {short!r}{hint}"


def _figures(entry: Entry | None, finding: Finding | None, facts: Facts) -> Iterator[str]:
    """Say what the assessment at hand has to do with it."""
    here = list(_relevant(entry, finding, facts))
    if here:
        yield "In your assessment"
        yield from here


def _relevant(entry: Entry | None, finding: Finding | None, facts: Facts) -> Iterator[str]:
    findings = facts.assessment.findings
    if finding is not None:
        yield _one(finding, facts)
        yield from (f"Doubt ({c.code}): {words.plain(c.text, longest=400)}" for c in finding.caveats)
    elif isinstance(entry, AttackEntry):
        yield from (_one(f, facts) for f in findings if f.id.partition("@")[0] == entry.name)
    elif isinstance(entry, AttackerEntry):
        yield from (_one(f, facts) for f in findings if f.threat.attacker == entry.name)
    elif isinstance(entry, CaveatEntry):
        everywhere = [("all figures", c) for c in facts.assessment.caveats]
        everywhere += [(f.id, c) for f in findings for c in f.caveats]
        yield from (
            f"{words.plain(a)}: {words.plain(c.text, longest=400)}" for a, c in everywhere if c.code == entry.name
        )
    elif entry is not None:
        yield from _measured(entry.name, facts)


def _one(finding: Finding, facts: Facts) -> str:
    title = f"{attack_title(finding)} ({words.plain(finding.id)})"
    if finding.outcome is not Outcome.MEASURED or not finding.curve:
        reason = words.plain(finding.reason or "no reason was given", longest=300)
        return f"{title}: no result ({finding.outcome.value}): {reason}."
    point = headline_point(finding)
    limit = facts.limit(point.size, finding.threat.objective)
    text = f"{title}: {words.counted_rate(point.success)} of the {facts.attacked_rows} with {limit}."
    if finding.edits:
        first = finding.edits[0]
        changes = [
            f"{words.column(c.column)} from “{words.value(c.before)}” to “{words.value(c.after)}”"
            for c in first.changes
        ]
        text += f" The cheapest edit, in row {first.row}: {words.listed(changes)}."
    return text


def _measured(name: str, facts: Facts) -> Iterator[str]:
    """Say what the assessment has under the name of a figure or of a word about columns."""
    field = {"worst-case accuracy": "accuracy"}.get(name, name)
    shown = load().measures[name].shown if name in load().measures else "percent"
    clean = getattr(facts.assessment.performance, field, None)
    if isinstance(clean, Estimate):
        yield f"As measured: {words.figure(clean, shown=shown)}, n = {clean.n:,}."
    for worst in facts.assessment.worst_case:
        left = getattr(worst, field, None)
        if isinstance(left, Estimate):
            limit = facts.limit(worst.size, worst.objective)
            yield f"Worst case with {limit}: {words.figure(left, shown=shown)}, n = {left.n:,}."
    if name in ("misstate", "columns table", "upper bound"):
        yield f"Could be misstated: {words.listed(facts.movable) or 'no column'}."
        yield from (f"Stayed as they are ({reason}): {words.listed(names)}." for reason, names in facts.fixed.items())
        if facts.assumed:
            yield f"Nobody has said who can set {words.listed(facts.assumed)}."


def _column(column: Column, facts: Facts) -> list[str]:
    name = words.column(column.name)
    parts = [f"{name}, a column of your table"]
    text = f"{WHO[column.who][:1].upper()}{WHO[column.who][1:]}."
    text += " It could be misstated." if column.movable else f" It stays as it is: {why_fixed(column)}."
    if column.kind == "number" and column.spread:
        text += f" One spread, a usual difference between rows, is {words.number(column.spread)}."
    parts.append(text)
    for finding in facts.measured:
        if column.name in finding.columns_used:
            count = words.counted(finding.columns_used[column.name], "edited row")
            parts.append(f"{attack_title(finding)} ({words.plain(finding.id)}): changed in {count}.")
    return parts


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, max(40, width), break_on_hyphens=False))
