"""`sparring explain`: plain words about an attack, a figure, a doubt or a finding. Loads no model."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparring.cli import options
from sparring.cli.console import clean, width

if TYPE_CHECKING:
    from sparring.core.document import Assessment, Finding
    from sparring.knowledge import Entry, Knowledge


def explain(
    what: Annotated[
        str | None,
        typer.Argument(metavar="WHAT", help="An attack, a finding, a figure, a doubt or a word; nothing lists them."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Results to speak of, if it exists.")] = options.DEFAULT_OUT,
) -> None:
    """Say in plain words what an attack, a finding, a figure or a word means."""
    from sparring import knowledge
    from sparring.errors import OptionError

    known = knowledge.load()
    if what is None:
        print(_contents(known))
        return
    names = {name.lower(): entry for entry in known.every().values() for name in (entry.name, entry.title, *entry.also)}
    word, _, objective = what.lower().strip().partition("@")
    entry = names.get(word) or names.get(f"evasion/{word}")
    if entry is None:
        raise OptionError(_unknown(what, list(names)))
    finding = _finding(folder, entry.name, objective)
    print(_text(entry, known))
    if objective and objective in names:
        print("\n" + _text(names[objective], known))
    if finding is not None:
        print("\n" + _result(finding, folder))


def _unknown(what: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(what.lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    return f"nothing is called {what!r}{hint} `sparring explain` alone lists what can be explained"


def _contents(known: Knowledge) -> str:
    shelves: dict[str, Mapping[str, Entry]] = {
        "Attacks": known.attacks,
        "Attackers": known.attackers,
        "Figures": known.measures,
        "Doubts": known.caveats,
        "Words": known.terms,
    }
    lines = []
    for title, shelf in shelves.items():
        lines.append(f"{title}:")
        lines += [_fill(f"{name}: {entry.says}", indent="  ") for name, entry in shelf.items()]
        lines.append("")
    return "\n".join(lines).rstrip()


def _text(entry: Entry, known: Knowledge) -> str:
    from sparring.knowledge import AttackEntry, AttackerEntry, CaveatEntry

    parts = [
        f"{entry.heading} ({entry.name})" if entry.heading.lower() != entry.name.lower() else entry.heading,
        "",
        entry.says,
        "",
        entry.text,
    ]
    if isinstance(entry, AttackEntry):
        who = known.attackers[entry.attacker]
        parts += [
            "",
            f"Who: {who.heading.lower()}, who sees {who.sees}.",
            f"It shows {entry.shows}.",
            f"It misses {entry.misses}.",
        ]
    if isinstance(entry, AttackerEntry):
        parts += ["", f"Sees {entry.sees}.", f"In life: {entry.life}."]
    if isinstance(entry, CaveatEntry):
        parts += ["", f"What to do: {entry.cure}"]
    if entry.see:
        parts += ["", f"See also: {', '.join(entry.see)}"]
    return "\n".join(_fill(part) for part in parts)


def _fill(text: str, *, indent: str = "") -> str:
    return textwrap.fill(text, min(width(), 100), initial_indent=indent, subsequent_indent=indent + "  " * bool(indent))


def _finding(folder: Path, name: str, objective: str) -> tuple[Assessment, Finding] | None:
    """Return the finding that a folder holds about this, if there is one."""
    from sparring.store import DOCUMENT, Archive

    if not (folder / DOCUMENT).is_file():
        return None
    document = Archive.read(folder)
    for finding in document.findings:
        if finding.id.partition("@")[0] == name and objective in ("", finding.id.partition("@")[2]):
            return document, finding
    return None


def _result(found: tuple[Assessment, Finding], folder: Path) -> str:
    document, finding = found
    counts = finding.counts
    if finding.primary is None:
        return _fill(f"In {folder}, {finding.id} was not measured: {finding.reason}")
    lines = [f"In {folder}, {finding.id}: {counts.broken} of {counts.attacked} attacked rows were turned."]
    used = sorted(finding.columns_used.items(), key=lambda item: -item[1])[:5]
    if used:
        lines.append(f"Columns most often misstated: {', '.join(f'{name} ({n})' for name, n in used)}.")
    if finding.edits:
        edit = finding.edits[0]
        lines.append(f"Row {edit.row} went from {edit.decided_before} to {edit.decided_after} by:")
        lines += [f"  {change.column}: {change.before} -> {change.after}" for change in edit.changes]
    if any(caveat.code == "assumed-columns" for caveat in document.caveats):
        lines.append("Nobody has said who can set some columns, so this is an upper bound.")
    return clean("\n".join(lines))
