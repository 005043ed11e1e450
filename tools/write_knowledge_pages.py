"""Write the pages that show shelves of the knowledge base: python tools/write_knowledge_pages.py.

A page is a function that returns it whole; PAGES says where it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from sparring.knowledge import Framework, Knowledge, Related, load

ROOT = Path(__file__).parent.parent
HEADER = "<!-- written by tools/write_knowledge_pages.py from src/sparring/knowledge; change it there -->"
INTRODUCTION = """\
What somebody could do to a system with a model in it: {} threats, in the order in which they are thought through.
`sparring explain NAME` tells more about each."""
MEASURED = """\
Where a threat stands in the next table, `sparring assess` measures it, through the figures of the attackers beside
it. For the others it can say whether they apply and what makes them smaller, but it has no figure."""
HAPPENED = """\
Told in our words after the case studies of MITRE ATLAS. An exercise is something that researchers showed; an incident
was done to somebody. Threats that are missing here may have happened all the same."""
OURS = """\
Other people keep lists of such things, and a colleague or an auditor may ask for their ids. Which of their entries
belongs to which threat is **our own reading**: the pairings between these lists are ours, and **no publisher
maintains them**. An id means that the list speaks of something near, not that the two are the same. A test compares
every id with those that the list itself has in the version named below."""
CALLED = """\
As the list itself calls them, in its words and not ours. Where a later version is known to have changed an id or a
name, that stands beside it."""
CANDIDATES = """\
{} defenses, to look at and not to take for granted: whether one helps on your model, only a measurement tells. Where it
costs nothing in accuracy, no prediction changes, so that nobody has to trade one against the other."""
TOOLS = """\
Open-source software that was released within two years before this page was written. What it does not do stands
beside it. Where there is none, the last column says how it is done without."""
COSTS = {"none": "nothing", "none-low": "nothing or little", "low": "little", "measured": "to be measured"}
NOTHING = "none"
STAGES = {
    "data": "collecting data",
    "model": "modeling",
    "deployment": "running it",
    "security": "computers and rights",
    "management": "management",
}


def threats_page() -> str:
    """Return the page of threats: what each is, what has happened, and where other lists speak of it."""
    known = load()
    threats = known.threats
    plain = [(_named(t.heading, n), t.says, t.life, t.worst, STAGES[t.stage]) for n, t in threats.items()]
    measured = [
        (t.heading, ", ".join(known.attackers[attacker].heading for attacker in t.measured_by))
        for t in threats.values()
        if t.measured_by
    ]
    cases = [
        (str(i.year), i.says, i.kind, ", ".join(f"`{threat}`" for threat in i.threats), f"`{i.source.id}`")
        for i in sorted(known.incidents.values(), key=lambda incident: incident.year)
    ]
    related = [(_named(t.heading, n), ids(t.related), t.eu) for n, t in threats.items()]
    parts = (
        "# Threats",
        HEADER,
        INTRODUCTION.format(len(threats)),
        table(("threat", "in plain words", "in daily life", "at worst", "enters at"), plain),
        MEASURED,
        table(("threat", "attackers whose figures speak of it"), measured),
        "## What has happened",
        HAPPENED,
        table(("year", "what", "kind", "threats", "source"), cases),
        "## Related entries of other lists",
        OURS,
        table(("threat", "related to", "EU AI Act"), related),
        "## What those entries are called",
        CALLED,
        names_table(known, (one for t in threats.values() for one in t.related)),
        "## The lists",
        lists_table(known),
    )
    return "\n\n".join(parts) + "\n"


def defenses_page() -> str:
    """Return the page of defenses: what each costs, against what it helps, and which tool carries it out."""
    known = load()
    defenses = known.defenses
    against = {
        name: list(dict.fromkeys(t for rule in known.rules.values() if name in rule.defenses for t in rule.threats))
        for name in defenses
    }
    plain = [
        (_named(d.heading, n), d.says, COSTS[d.accuracy_cost], d.costs, ", ".join(f"`{t}`" for t in against[n]))
        for n, d in defenses.items()
    ]
    tools = [
        (_named(d.heading, n), f"[{d.tool.name}]({d.tool.url})", d.tool.license, d.tool.released, d.tool.does_not)
        if d.tool
        else (_named(d.heading, n), NOTHING, NOTHING, NOTHING, d.without)
        for n, d in defenses.items()
    ]
    related = [(_named(d.heading, n), ids(d.related)) for n, d in defenses.items()]
    parts = (
        "# Defenses",
        HEADER,
        CANDIDATES.format(len(defenses)),
        table(("defense", "in plain words", "costs in accuracy", "costs otherwise", "against"), plain),
        "## What carries it out",
        TOOLS,
        table(("defense", "tool", "license", "last release", "what it does not do, or how it is done without"), tools),
        "## Related entries of other lists",
        OURS,
        table(("defense", "related to"), related),
    )
    return "\n\n".join(parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/threats.md": threats_page,
    "docs/reference/defenses.md": defenses_page,
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def ids(related: Iterable[Related]) -> str:
    """Return ids, those of one list in a line."""
    groups = groupby(related, key=lambda one: one.framework)
    return "<br>".join(", ".join(f"`{one.id}`" for one in group) for _, group in groups) or "nothing near"


def names_table(known: Knowledge, related: Iterable[Related]) -> str:
    """Return a table of what ids are called, each id once, list by list in the order of ids."""
    lists = known.frameworks
    order = list(lists)
    every = sorted(set(related), key=lambda one: (order.index(one.framework), one.id))
    rows = [(lists[one.framework].title, f"`{one.id}`", known.name_of(one) or "", _later(known, one)) for one in every]
    return table(("list", "id", "name", "later"), rows)


def lists_table(known: Knowledge) -> str:
    """Return a table of the lists, with what their ids were taken from."""
    rows = [
        (f"[{one.title}]({one.url})", one.version, _count(one), one.checked, one.license)
        for one in known.frameworks.values()
    ]
    return table(("list", "version", "ids known", "taken from", "license"), rows)


def _count(framework: Framework) -> str:
    return f"{len(framework.ids)} ({framework.partial or 'all'})"


def _named(heading: str, name: str) -> str:
    return f"{heading}<br>`{name}`"


def _later(known: Knowledge, related: Related) -> str:
    found, name = known.later(related)
    version = next(reversed(known.aliases.get(related.framework, {})), "")
    changed = [f"`{found}`"] if found != related.id else []
    changed += [name] if name and name != known.name_of(related) else []
    return f"{' '.join(changed)} (from {version} on)" if changed else ""


if __name__ == "__main__":
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), encoding="utf-8")
