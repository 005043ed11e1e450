"""Parts of a report for everyone: the worst outcome, what to do next, who, and findings by team."""

from __future__ import annotations

from sparring.core.brief import Brief, Item
from sparring.core.threat_model import Applies
from sparring.report import words
from sparring.report.blocks import Block, LossCurve, Notes, Section, Table, Text
from sparring.report.facts import NOTHING
from sparring.report.risk import money
from sparring.report.risk import section as risks_section
from sparring.report.threats import because, profile_table, threat_title

STAGE_TITLES = {
    "data": "Data",
    "model": "Model",
    "deployment": "Deployment",
    "security": "Security",
    "management": "Management",
}
HEAD = ("Finding", "Why, and what is known", "Owner", "Done when this says so")


def lead(brief: Brief) -> tuple[tuple[str, str], ...]:
    """Answer how bad it could get, what to do next, and whose turn it is."""
    return (
        ("Worst outcome", brief.worst),
        ("What to do next", " ".join(brief.steps) or "Nothing is open."),
        ("Who", brief.who),
    )


def stages(brief: Brief) -> Section:
    """List what each team has before it, who answers for it, and which command shows that it is done."""
    blocks: list[Block] = [
        Text("Each team has its own list. A finding is done when the command beside it says so."),
        *(
            Table(f"{title}: findings", HEAD, tuple(map(_row, mine)), titled=True)
            for stage, title in STAGE_TITLES.items()
            if (mine := brief.of_stage(stage))
        ),
    ]
    empty = [title for stage, title in STAGE_TITLES.items() if not brief.of_stage(stage)]
    if empty:
        blocks.append(Text(f"No finding for: {words.listed(empty)}."))
    return Section("stages", "Findings by team", tuple(blocks))


def _row(item: Item) -> tuple[str, ...]:
    known = f"{item.evidence}; decided: {item.decided}" if item.decided else item.evidence
    known, owner = words.plain(known, longest=600), words.plain(item.owner, longest=40) if item.owner else "nobody"
    why = words.plain(item.text, longest=900)
    end = "" if why.endswith((".", "?", ")")) else "."
    told = f"{why[:1].upper()}{why[1:]}{end} {known[:1].upper()}{known[1:]}."
    return f"{item.title}\n{item.name}", told, owner, item.accept


def decided(brief: Brief) -> Section:
    """List what was decided, by whom, and until when."""
    head = ("About", "Decision", "Owner", "Approved by", "Until", "Reason")
    rows = tuple(
        (
            words.plain(d.finding, longest=60),
            d.decision if d.level is None else f"{d.decision}, at level {d.level}",
            words.plain(d.owner, longest=40),
            words.plain(d.approved_by or NOTHING, longest=40),
            str(d.expires),
            words.plain(d.reason, longest=300),
        )
        for d in brief.decisions
    )
    said = "Names are recorded, not authenticated." if rows else "Nothing was decided yet."
    blocks: list[Block] = [Text(said)]
    blocks += [Table("What was decided", head, rows)] if rows else []
    return Section("decided", "What was decided", tuple(blocks))


def risk(brief: Brief, *, said: bool) -> Section:
    """Put the headline into money, or into classes, or say which answers that would need.

    Parameters
    ----------
    brief : Brief
    said : bool
        Whether attempts and losses are known.
    """
    if brief.risks:
        found = risks_section(brief.risks)
        front = brief.risks[0]
        ends = f"{money(front.low)}, passed in 95 of 100 cases, to {money(front.high)}, passed in 5"
        alt = f"The curve of yearly losses falls from {ends}."
        curve = LossCurve("How likely a yearly loss above each amount is", front, alt)
        return Section(found.key, found.title, (*found.blocks, curve))
    if brief.ordinal is not None:
        text = f"Nobody has put it into money. By classes, after NIST SP 800-30: {brief.ordinal}."
        return Section("risk", "What it may cost in a year", (Text(text),))
    if said:
        text = "Attempts and losses are known, and no attacker who follows from the answers was measured."
        return Section("risk", "What it may cost in a year", (Text(text),))
    text = (
        "Nobody has said how many cases a year somebody would seriously try, or what one success costs. With attempts "
        "and loss_accepted in security/system.yaml it can be put into money; with harm, use and senders into classes."
    )
    return Section("risk", "What it may cost in a year", (Text(text),))


def threats(brief: Brief) -> Section:
    """Say what applies, what is assumed, and what does not apply and why."""
    model = brief.threats
    blocks: list[Block] = [profile_table(model.profiles)]
    for applies, said in (
        (Applies.ASSUMED, "Assumed, until somebody has answered:"),
        (Applies.NO, "Does not apply:"),
    ):
        items = tuple((threat_title(t.name), f"{because(t)}.") for t in model.standing(applies))
        blocks += [Text(said), Notes(items)] if items else []
    return Section("threats", "What applies, and why", tuple(blocks))
