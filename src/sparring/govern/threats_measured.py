"""Which findings speak of which threat."""

from __future__ import annotations

from sparring.core.document import Finding
from sparring.knowledge import load
from sparring.report.facts import Facts


def threat_of(attacker: str) -> str | None:
    """Return the threat that an attacker's figures speak of; None for random tries, which are a yardstick."""
    return next((name for name, entry in load().threats.items() if attacker in entry.measured_by), None)


def measured(threat: str, facts: Facts) -> Finding | None:
    """Return the most telling finding about a threat, of attackers that follow from the answers if it can be."""
    entry = load().threats.get(threat)
    by = set(entry.measured_by) if entry else set()
    mine = by & facts.among if facts.among is not None and by & facts.among else by
    return next((f for f in facts.of(facts.objective) if f.threat.attacker in mine), None)
