"""From a document to a report that has no format yet: the same words for a terminal, a page and a notebook."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparring.core.brief import Brief
from sparring.core.document import Assessment
from sparring.report import first_page, headline, results, trust, who, words
from sparring.report.blocks import Alert, Block, Edits, Notes, Section, Summary, Table, Text
from sparring.report.facts import Facts

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ROWS = 25
SHORT: dict[str, tuple[type, ...]] = {
    "attackers": (Table,),
    "performance": (Table,),
    "proofs": (Table,),
    "edits": (Edits,),
    "missing": (Table,),
    "doubts": (Notes,),
}
CARD = ("risk", "stages", "threats", "missing", "meaning")
PERSONAL = (
    "Personal data: whole rows of people follow. Share this report only with those who may see them, and delete it "
    "when it has served."
)


def summarize(assessment: Assessment, *, rows: pd.DataFrame | None = None, brief: Brief | None = None) -> Summary:
    """Put a document into words.

    Parameters
    ----------
    assessment : Assessment
    rows : DataFrame or None
        Examples, columns finding, row, role and then the user's, to be shown whole.
    brief : Brief or None
        What it means for the people around the model.

    Returns
    -------
    Summary
        Depends on the arguments alone.
    """
    facts = Facts(assessment)
    parts = [
        *([] if brief is None else [first_page.stages(brief), first_page.risk(brief, said=_in_money(facts))]),
        who.attackers(facts),
        who.performance(facts),
        results.figures(facts),
        *([] if (proofs := results.proofs(facts)) is None else [proofs]),
        results.edits(facts),
        *([] if rows is None else [_whole_rows(facts, rows)]),
        results.moved(facts),
        *([] if brief is None else [first_page.threats(brief)]),
        trust.missing(facts),
        trust.doubts(facts),
        trust.every(facts),
        trust.meaning(facts),
        trust.reproduce(facts),
        trust.glossary(facts),
    ]
    return Summary(
        title="What misstated columns could do",
        about=_about(facts),
        warnings=(*headline.warnings(facts), *([] if rows is None else [PERSONAL])),
        headline=headline.headline(facts),
        lead=_lead(facts, brief),
        tiles=headline.tiles(facts),
        sections=tuple(parts),
    )


def _in_money(facts: Facts) -> bool:
    answers = facts.assessment.answers
    return answers.attempts is not None and answers.loss is not None


def _lead(facts: Facts, brief: Brief | None) -> tuple[tuple[str, str], ...]:
    """Answer how sure, how bad, what next and who, in this order, before anything else."""
    answers = headline.lead(facts)
    if brief is None:
        return answers
    sure = tuple(answer for answer in answers if answer[0] == "How sure")
    return (*sure, *first_page.lead(brief), *(answer for answer in answers if answer not in sure))


def shortened(summary: Summary) -> Summary:
    """Return what fits a terminal: the first screen, the tables that carry it, what is missing and what is doubtful."""
    kept = []
    for section in summary.sections:
        kinds = SHORT.get(section.key, ())
        blocks = tuple(_few(block) for block in section.blocks if isinstance(block, kinds))
        if blocks:
            kept.append(Section(section.key, section.title, blocks))
    more = Text("The rest: report.html in the folder of results, or the command sparring report.")
    return replace(summary, sections=(*kept, Section("more", "More", (more,))))


def carded(summary: Summary, brief: Brief) -> Summary:
    """Return what a card holds: the first screen, findings by team, decisions, threats, and what figures mean.

    Parameters
    ----------
    summary : Summary
    brief : Brief
        With what was decided.
    """
    kept = [section for section in summary.sections if section.key in CARD]
    return replace(summary, title="Model card: what an adversary could do", sections=(first_page.decided(brief), *kept))


def _few(block: Block) -> Block:
    if isinstance(block, Table):  # without the asides under names
        return replace(block, rows=tuple((row[0].partition("\n")[0], *row[1:]) for row in block.rows))
    return replace(block, edits=block.edits[:3]) if isinstance(block, Edits) else block


def _about(facts: Facts) -> tuple[tuple[str, str], ...]:
    d = facts.assessment
    drawn = f" of {d.data.read:,}" if d.data.read else ""
    about = [
        ("Model", words.plain(d.target.endpoint.url if d.target.endpoint else d.target.name, longest=80)),
        ("Rows", f"{facts.source}, {d.data.rows:,}{drawn} rows, {d.data.columns:,} columns"),
        ("Decision", words.plain(d.target.decision, longest=80)),
    ]
    if d.target.features:
        about.append(("Derived columns", words.plain(d.target.features, longest=120)))
    if d.answers.decides:
        about.append(("It decides", words.plain(d.answers.decides, longest=120)))
    if facts.wants:
        about.append(("Somebody gains from", f"“{facts.wants}”"))
    return (*about, ("Date", words.plain(d.created)[:10]), ("By", words.plain(d.tool, longest=60)))


def _whole_rows(facts: Facts, rows: pd.DataFrame) -> Section:
    chosen = rows
    if facts.top is not None:
        chosen = rows[rows["finding"] == facts.top.id]
    ids = list(dict.fromkeys(chosen["row"].tolist()))
    blocks: list[Block] = [Alert(PERSONAL)]
    for row in ids[:SHOWN_ROWS]:
        pair = chosen[chosen["row"] == row].set_index("role")
        cells = []
        for j, name in enumerate(rows.columns):
            if name in ("finding", "row", "role"):
                continue
            before, after = (words.value(pair.iloc[:, j - 1][role]) for role in ("original", "adversarial"))
            cells.append((words.column(name), before, after if after != before else "="))
        blocks.append(Table(f"Row {row}", ("Column", "Original", "Edited"), tuple(cells), titled=True))
    if len(ids) > SHOWN_ROWS:
        blocks.append(Text(f"{len(ids) - SHOWN_ROWS:,} more are in examples.parquet.", small=True))
    if not ids:
        blocks.append(Text("No row was broken."))
    return Section("rows", "Whole rows", tuple(blocks))
