"""What the words, attackers, attacks, figures and doubts mean, in plain language: YAML and its loader."""

from sparring.knowledge.entries import AttackEntry, AttackerEntry, CaveatEntry, Entry, Knowledge, MeasureEntry, load

__all__ = ["AttackEntry", "AttackerEntry", "CaveatEntry", "Entry", "Knowledge", "MeasureEntry", "load"]
