"""Answers as they stand under `answers` in `security/system.yaml`: read with care, written to be edited."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError

from sparring.assess.facts import facts
from sparring.core.answers import Answers
from sparring.knowledge import load
from sparring.knowledge.entries import Fact
from sparring.store.careful_yaml import CarefulYaml, near
from sparring.store.yaml_patch import Noted
from sparring.store.yaml_text import scalar

UNKNOWN = "unknown"


def read_answers(file: CarefulYaml, node: yaml.Node) -> Answers:
    """Return what the entries say; every complaint is raised by `file` and names its line.

    Parameters
    ----------
    file : CarefulYaml
    node : yaml.Node
        What stands under `answers`.

    Raises
    ------
    ColumnsError
        An entry is not known, or its value cannot be.
    """
    if _is_unknown(node):
        return Answers()
    known = {name: fact for name, fact in facts().items() if fact.kind != "columns"}
    values = {}
    for key, entry in file.mapping(node, "'answers'").items():
        line = entry.start_mark.line + 1
        if key not in known:
            raise file.error(line, f"no answer {key!r}{near(key, list(known))}")
        if _is_unknown(entry):
            continue
        value = _value(file, known[key], entry)
        try:
            Answers.model_validate({key: value})
        except ValidationError as error:
            fault = error.errors()[0]["msg"].removeprefix("Value error, ")
            expected = _expected(known[key])
            raise file.error(
                line, f"{key} must be {expected}, got {scalar(value)}" if expected else f"{key}: {fault}"
            ) from None
        values[key] = value
    return Answers.model_validate(values)


def _is_unknown(node: yaml.Node) -> bool:
    """Nothing, null, or the plain word; the same word in quotes is text."""
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return False
    return node.tag == "tag:yaml.org,2002:null" or node.value == UNKNOWN


def _value(file: CarefulYaml, fact: Fact, node: yaml.Node) -> Any:
    """Read one entry as typed: the class may be called no, and so may a code."""
    if fact.kind == "names":
        told = {key: value for key, value in file.mapping(node, f"{fact.name!r}").items() if not _is_unknown(value)}
        return {_code(file, fact, key, node): _text(file, fact, value) for key, value in told.items()}
    if fact.kind == "several" and isinstance(node, yaml.SequenceNode):
        return tuple(_code(file, fact, _text(file, fact, item), item) for item in node.value)
    if fact.kind in ("one", "several", "auto") and fact.options:
        code = _text(file, fact, node)
        code = {"true": "yes", "false": "no"}.get(code.lower(), code.lower()) if fact.yes_or_no else code
        code = _code(file, fact, code, node)
        return code == "yes" if fact.yes_or_no else (code,) if fact.kind == "several" else code
    if fact.kind in ("text", "one"):
        return _text(file, fact, node)
    value = file.plain(node)
    if isinstance(value, bool | dict) or (isinstance(value, list) and any(isinstance(v, bool | dict) for v in value)):
        raise file.error(node.start_mark.line + 1, f"{fact.name} must be {_expected(fact)}, got {scalar(value)}")
    return value


def _text(file: CarefulYaml, fact: Fact, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        what = "one of " + ", ".join(fact.options) if fact.options else "one line of text"
        raise file.error(node.start_mark.line + 1, f"{fact.name} must be {what}, and not a list or entries")
    return str(node.value)


def _code(file: CarefulYaml, fact: Fact, code: str, node: yaml.Node) -> str:
    if code not in fact.options:
        raise file.error(node.start_mark.line + 1, f"{fact.name} cannot be {code!r}{near(code, list(fact.options))}")
    return code


def _expected(fact: Fact) -> str:
    share = fact.unit == "%"
    return {
        "number": "a whole number from 0",
        "share": "a fraction from 0 to 1, such as 0.02 for 2 %",
        "interval": f"two {'fractions from 0 to 1' if share else 'numbers above 0'} that go up, such as "
        f"{'[0.4, 0.85] for 40 to 85 %' if share else '[20, 400]'}",
        "money": "three amounts from 0 that go up, the last above 0, such as [300, 1000, 3000]",
    }.get(fact.kind, "")


def written(fact: Fact, value: Any) -> str:
    """Return the value of an answer as it stands in the file."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{role}: {written(fact, name)}" for role, name in value.items()) + "}"
    return f'"{value}"' if value == UNKNOWN else scalar(value)


def answer_lines(answers: Answers) -> list[str]:
    """Return the answers as lines for people to edit; of those that are not known, the first four as comments."""
    lines = ["answers:"]
    for entry in load().questions.values():
        for fact in entry.facts:
            if fact.kind == "columns":
                continue
            value = getattr(answers, fact.name)
            if value not in (None, {}):
                lines += [f"  # {fact.ask}", f"  {fact.name}: {written(fact, value)}"]
            elif entry.first and not fact.later:
                choices = f"  ({' | '.join(fact.options)})" if fact.options else ""
                lines += [f"  # {fact.ask}", f"  # {fact.name}: {UNKNOWN}{choices}"]
    return lines


def answer_changes(before: Answers, after: Answers) -> dict[str, Any]:
    """Return what must change in the file for the new answers, as `sparring.store.yaml_patch` takes it."""
    changes: dict[str, Any] = {}
    for name, fact in facts().items():
        if fact.kind == "columns" or getattr(before, name) == getattr(after, name):
            continue
        if fact.kind == "names":
            old, new = getattr(before, name), getattr(after, name)
            changes[name] = {
                role: written(fact, new.get(role)) for role in {**old, **new} if old.get(role) != new.get(role)
            }
        else:
            changes[name] = Noted(written(fact, getattr(after, name)), fact.ask)
    return changes
