"""From answers to profiles of attackers and to threats. Order of rules and answers does not matter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sparring.assess.system_parts import ColumnsTable, wrong_words
from sparring.core.answers import Answers
from sparring.core.decisions import NOT_NAMED
from sparring.core.space import Column
from sparring.core.threat import Attacker
from sparring.core.threat_model import Applies, Profile, Reason, Threat, ThreatModel
from sparring.errors import ColumnsError
from sparring.govern.conditions import Weighed, World
from sparring.knowledge import VERSION, RuleEntry, ThreatEntry, load

STANDING = {True: Applies.YES, False: Applies.NO, None: Applies.ASSUMED}
ROLE = {"data": "data", "model": "model", "deployment": "running", "security": "security", "management": "risk"}
"""Who in the answers owns a stage."""
HAND_TRIES = 30
SCORES = ("rounded", "scores")
WHEN: dict[Attacker, dict[str, Any]] = {
    Attacker.BY_HAND: {"rule": "R01"},
    Attacker.SEES_DECISIONS: {"rule": "R02"},
    Attacker.SEES_SCORES: {"all": [{"rule": "R02"}, {"sees": list(SCORES)}]},
    Attacker.HAS_A_COPY: {"rule": "R03"},
    Attacker.INSIDER: {"rule": "R04"},
}
KNOWLEDGE = {Attacker.INSIDER: "full", Attacker.HAS_A_COPY: "partial"}
SUPPLIER = "supplies-rows"
UNNAMED = "(columns that the file does not name)"


def threat_model(answers: Answers, columns: Sequence[Column] | None = None) -> ThreatModel:
    """Derive who could attack, and which threats apply, do not apply, or are assumed until somebody has answered.

    Parameters
    ----------
    answers : Answers
    columns : sequence of Column or None
        None: no data were looked at, so who sets what is not known.
    """
    world, known = World(answers, columns), load()
    rules = known.rules.values()
    threats = (_threat(entry, [r for r in rules if name in r.threats], world) for name, entry in known.threats.items())
    return ThreatModel(
        knowledge=VERSION,
        frameworks={name: framework.version for name, framework in known.frameworks.items()},
        answers_sha256=_hash(answers, columns),
        profiles=profiles(world),
        threats=tuple(threats),
    )


def _hash(answers: Answers, columns: Sequence[Column] | None) -> str:
    said = [answers.model_dump_json(), *(f"{c.name} {c.who} {c.change} {c.checked}" for c in columns or ())]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _threat(entry: ThreatEntry, rules: Sequence[RuleEntry], world: World) -> Threat:
    weighed = _either(world.rule(rule.name) for rule in rules)
    ordered = sorted(rules, key=lambda rule: rule.name)
    holding = [rule for rule in ordered if world.rule(rule.name).truth is weighed.truth] or ordered
    stage = holding[0].stage if holding else entry.stage
    return Threat(
        name=entry.name,
        applies=STANDING[weighed.truth],
        because=_because(weighed, world),
        rules=tuple(rule.name for rule in ordered),
        tests=tuple(rule.test for rule in ordered),
        defenses=tuple(dict.fromkeys(name for rule in holding for name in rule.defenses)),
        stage=stage,
        owner=owner(world.answers, stage),
        related=tuple(one.text for one in entry.related),
    )


def _either(weighed: Iterable[Weighed]) -> Weighed:
    """Return what several rules for one threat come to: it is enough that one holds."""
    some = list(weighed)
    for truth in (True, None, False):
        same = [one.facts for one in some if one.truth is truth]
        if same:
            return Weighed(truth, frozenset().union(*same))
    return Weighed(truth=False)


def _because(weighed: Weighed, world: World) -> tuple[Reason, ...]:
    reasons = world.reasons(weighed.facts)
    return tuple(r for r in reasons if not r.known) or reasons if weighed.truth is None else reasons


def owner(answers: Answers, stage: str) -> str | None:
    """Return who answers for a stage; None where nobody was named, or where somebody said that nobody does."""
    named = answers.owners.get(ROLE[stage])  # type: ignore[call-overload]  # one of the roles
    return None if named is None or named.strip().casefold() in NOT_NAMED else str(named)


def profiles_of(answers: Answers, columns: Sequence[Column] | None) -> tuple[Profile, ...]:
    """Return who could attack, as answers have it; see `threat_model`."""
    return profiles(World(answers, columns))


def profiles(world: World) -> tuple[Profile, ...]:
    """Return the attackers that `assess` knows, and whoever supplies training rows, each with its means."""
    answers = world.answers
    goal = f"to be decided as “{answers.wants}”" if answers.wants else "any other decision than the right one"
    gain = {"gain": answers.loss, "unit": answers.unit} if answers.loss is not None else {}
    found = [_nobody(answers)]
    for attacker, condition in WHEN.items():
        weighed = world.weigh(condition)
        found.append(
            Profile(
                name=attacker,
                applies=STANDING[weighed.truth],
                because=_because(weighed, world),
                goal=goal,
                knowledge=KNOWLEDGE.get(attacker, "queries"),
                access=_access(attacker, answers),
                queries=_queries(attacker, answers),
                **gain,
            )
        )
    supplied = _either(world.rule(name) for name in ("R06", "R07"))
    found.append(
        Profile(
            name=SUPPLIER,
            applies=STANDING[supplied.truth],
            because=_because(supplied, world),
            goal="that the next model decides some cases wrongly",
            knowledge="queries",
            share=answers.outside_share,
            **gain,
        )
    )
    return tuple(found)


def _nobody(answers: Answers) -> Profile:
    return Profile(
        name=Attacker.NOBODY,
        applies=Applies.YES,
        because=(),
        goal="none; a yardstick",
        knowledge="queries",
        queries=answers.most_queries,
    )


def _access(attacker: Attacker, answers: Answers) -> tuple[str, ...]:
    if attacker is Attacker.INSIDER:
        return ("the model file",)
    sees = answers.sees or ("decision", *(("scores",) if attacker is Attacker.SEES_SCORES else ()))
    shown = [code for code in sees if attacker is Attacker.SEES_SCORES or code not in SCORES]
    return tuple(shown) or ("decision",)


def _queries(attacker: Attacker, answers: Answers) -> int | None:
    most = answers.most_queries
    if attacker is Attacker.INSIDER:
        return None
    return min(HAND_TRIES, HAND_TRIES if most is None else most) if attacker is Attacker.BY_HAND else most


def compared(before: ThreatModel, after: ThreatModel) -> Mapping[str, tuple[Applies, Applies]]:
    """Return the threats whose standing differs, with what it was and is."""
    known = {threat.name: threat.applies for threat in before.threats}
    return {
        threat.name: (known.get(threat.name, Applies.NO), threat.applies)
        for threat in after.threats
        if known.get(threat.name, Applies.NO) is not threat.applies
    }


def columns_of(table: Mapping[str, Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns of a columns table, as far as the table says; whether they vary only data could tell.

    Raises
    ------
    ColumnsError
        It holds a word that no column has; the message names the line.
    """
    for complaint in wrong_words(table) if isinstance(table, ColumnsTable) else ():
        raise ColumnsError(complaint)
    kept = ("kind", "who", "change", "checked")
    said = {name: {key: value for key, value in entry.items() if key in kept} for name, entry in table.items()}
    found = [Column(**{"kind": "category", **entry, "name": name, "spread": 1.0}) for name, entry in said.items()]
    if any("kind" not in entry for entry in said.values()):
        # written by hand, so that the data may have columns that it does not name
        found.append(Column(name=UNNAMED, kind="category"))
    return tuple(found)


def changed_facts(before: Answers, after: Answers) -> tuple[str, ...]:
    """Return what was answered otherwise, by the names of the facts."""
    return tuple(name for name in Answers.model_fields if getattr(before, name) != getattr(after, name))
