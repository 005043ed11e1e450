"""Answers as they stand under `answers` in `security/system.yaml`, read with care and at once."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError

from sparring.assess.answer_forms import Form, forms
from sparring.core.answers import Answers
from sparring.store.careful_yaml import CarefulYaml, near
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
    known = forms()
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


def _value(file: CarefulYaml, form: Form, node: yaml.Node) -> Any:
    """Read one entry as typed: the class may be called no, and so may a code."""
    if form.kind == "names":
        told = {key: value for key, value in file.mapping(node, f"{form.name!r}").items() if not _is_unknown(value)}
        return {_code(file, form, key, node): _text(file, form, value) for key, value in told.items()}
    if form.kind == "several" and isinstance(node, yaml.SequenceNode):
        return tuple(_code(file, form, _text(file, form, item), item) for item in node.value)
    if form.kind == "yes-or-no":
        said = _text(file, form, node).lower()
        return _code(file, form, {"true": "yes", "false": "no"}.get(said, said), node) == "yes"
    if form.codes:
        code = _code(file, form, _text(file, form, node), node)
        return (code,) if form.kind == "several" else code
    if form.kind == "text":
        return _text(file, form, node)
    value = file.plain(node)
    if isinstance(value, bool | dict) or (isinstance(value, list) and any(isinstance(v, bool | dict) for v in value)):
        raise file.error(node.start_mark.line + 1, f"{form.name} must be {_expected(form)}, got {scalar(value)}")
    return value


def _text(file: CarefulYaml, form: Form, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        what = "one of " + ", ".join(form.codes) if form.codes else "one line of text"
        raise file.error(node.start_mark.line + 1, f"{form.name} must be {what}, and not a list or entries")
    return str(node.value)


def _code(file: CarefulYaml, form: Form, code: str, node: yaml.Node) -> str:
    if code not in form.codes:
        raise file.error(node.start_mark.line + 1, f"{form.name} cannot be {code!r}{near(code, list(form.codes))}")
    return code


def _expected(form: Form) -> str:
    if form.name == "caught":
        return "two fractions from 0 to 1 that go up, such as [0.4, 0.85] for 40 to 85 %"
    return {
        "number": "a whole number from 0",
        "share": "a fraction from 0 to 1, such as 0.02 for 2 %",
        "interval": "two numbers above 0 that go up, such as [20, 400]",
        "money": "three amounts from 0 that go up, the last above 0, such as [300, 1000, 3000]",
    }.get(form.kind, "")
