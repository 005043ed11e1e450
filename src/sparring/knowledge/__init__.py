"""What words, attackers, threats, defenses, figures and doubts mean, in plain language: YAML and its loader."""

from sparring.knowledge.entries import (
    AttackEntry,
    AttackerEntry,
    BeliefEntry,
    CaveatEntry,
    DefenseEntry,
    Entry,
    Fact,
    Framework,
    IncidentEntry,
    MeasureEntry,
    QuestionEntry,
    Related,
    Release,
    RuleEntry,
    ThreatEntry,
    Tool,
)
from sparring.knowledge.shelves import VERSION, Knowledge, load

__all__ = [
    "VERSION",
    "AttackEntry",
    "AttackerEntry",
    "BeliefEntry",
    "CaveatEntry",
    "DefenseEntry",
    "Entry",
    "Fact",
    "Framework",
    "IncidentEntry",
    "Knowledge",
    "MeasureEntry",
    "QuestionEntry",
    "Related",
    "Release",
    "RuleEntry",
    "ThreatEntry",
    "Tool",
    "load",
]
