"""The threat model for people: what could happen, why or why not, what is only assumed, and whom to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sparring.core.threat_model import Applies, Profile, Threat, ThreatModel
from sparring.knowledge import ThreatEntry, load
from sparring.report import words
from sparring.report.blocks import Notes, Section, Summary, Table, Text
from sparring.report.facts import NOTHING, attacker_title

TITLES = {
    Applies.YES: "What could happen to this system",
    Applies.ASSUMED: "What is assumed, until somebody has answered",
    Applies.NO: "What does not apply, and why",
}
SAID = {Applies.YES: "applies", Applies.ASSUMED: "is assumed", Applies.NO: "does not apply"}
SUPPLIER = "supplies-rows"
MORE = (
    "sparring explain NAME tells more of each, such as sparring explain evasion_query, with what is near it in the "
    "lists of MITRE, NIST, OWASP and others. No publisher keeps those pairings; they are ours."
)


def threat_title(name: str) -> str:
    """Write a threat as a heading."""
    entry: ThreatEntry | None = load().threats.get(name)
    return entry.heading if entry else words.plain(name, longest=words.LONGEST_NAME)


def because(threat: Threat | Profile) -> str:
    """Say in a clause what a standing rests on."""
    if threat.applies is Applies.ASSUMED:
        return f"nobody has said: {words.listed([_short(reason.text) for reason in threat.because])}"
    reasons = [words.plain(reason.text, longest=200) for reason in threat.because]
    return "; ".join(reasons) or "it applies to every system"


def _short(text: str) -> str:
    return words.plain(text.partition(":")[0], longest=80)


def threat_summary(model: ThreatModel, *, source: str, file: str) -> Summary:
    """Put a threat model into words.

    Parameters
    ----------
    model : ThreatModel
    source : str
        File of the answers.
    file : str
        Where the threat model was written.
    """
    counts = {applies: len(model.standing(applies)) for applies in Applies}
    unowned = [t for t in model.standing(Applies.YES) if t.owner is None]
    lead = [("How sure", _sure(model))]
    if unowned:
        names = words.listed([threat_title(t.name) for t in unowned], most=4)
        lead.append(("Who", f"Nobody was named to answer for {len(unowned)} of those that apply: {names}."))
    lead.append(("What to do next", _next(model)))
    headline = (
        f"{counts[Applies.YES]} of {len(model.threats)} threats apply, {counts[Applies.ASSUMED]} are assumed until "
        f"somebody has answered, and {counts[Applies.NO]} do not apply."
    )
    return Summary(
        title="What could happen to this system",
        about=(("Answers", source), ("Written to", file), ("Knowledge base", model.knowledge)),
        warnings=(),
        headline=headline,
        lead=tuple(lead),
        tiles=(),
        sections=tuple(_sections(model)),
    )


def _sure(model: ThreatModel) -> str:
    open_ = sorted({r.text.partition(":")[0] for t in model.standing(Applies.ASSUMED) for r in t.because})
    if not open_:
        return "Every threat follows from what was answered. Nothing here is measured."
    return f"It follows from the answers alone, and nothing here is measured. Open: {words.listed(open_)}."


def _next(model: ThreatModel) -> str:
    if model.standing(Applies.ASSUMED):
        return "sparring init --full asks what is open; sparring assess measures what can be measured."
    return "sparring assess measures what can be measured; sparring decide records who does what about the rest."


def _sections(model: ThreatModel) -> Iterator[Section]:
    for applies, title in TITLES.items():
        threats = model.standing(applies)
        if not threats:
            continue
        if applies is Applies.YES:
            yield Section(applies.value, title, (Table(title, HEAD, tuple(map(_row, threats))),))
        else:
            items = tuple((f"{threat_title(t.name)} ({t.name})", f"{because(t)}.") for t in threats)
            yield Section(applies.value, title, (Notes(items),))
    yield Section("profiles", "Who could try", (profile_table(model.profiles),))
    yield Section("more", "More", (Text(MORE),))


HEAD = ("Threat", "Because", "Owner", "First things to look at")


def _row(threat: Threat) -> tuple[str, ...]:
    known = load().defenses
    first = [known[name].heading if name in known else name for name in threat.defenses[:2]]
    owner = words.plain(threat.owner, longest=40) if threat.owner else f"nobody ({threat.stage})"
    return f"{threat_title(threat.name)}\n{threat.name}", because(threat), owner, "; ".join(first) or NOTHING


def profile_table(profiles: Sequence[Profile]) -> Table:
    """Return who could attack, with what means."""
    rows = []
    for profile in profiles:
        if profile.name == "nobody":
            continue
        tries = "no limit" if profile.queries is None else f"{profile.queries:,}"
        tries = NOTHING if profile.name == SUPPLIER else tries
        title = attacker_title(profile.name) if profile.name in load().attackers else "Supplies training rows"
        rows.append((title, SAID[profile.applies], profile.knowledge, tries, because(profile)))
    return Table("Who could try, with what means", ("Who", "Standing", "Knows", "Tries", "Because"), tuple(rows), (3,))


def changes(moved: Mapping[str, tuple[Applies, Applies]], after: ThreatModel, answers: Sequence[str]) -> Iterator[str]:
    """Yield a line for each threat whose standing changed, and the answers that changed it.

    Parameters
    ----------
    moved : mapping of str to (Applies, Applies)
    after : ThreatModel
    answers : sequence of str
        Facts that were answered otherwise.
    """
    for name, (was, now) in moved.items():
        said = [words.plain(r.text, longest=200) for r in after[name].because if r.fact in answers]
        mine = said or [because(after[name])]
        yield f"{threat_title(name)} ({name}): {SAID[was]} -> {SAID[now]}, since {'; '.join(mine)}"
