"""Write the JSON schemas of documents and of shelves of the knowledge base: python tools/write_schemas.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sparring.core.document import SCHEMA_VERSION, Assessment
from sparring.core.spec import Spec
from sparring.core.threat_model import THREATS_VERSION, ThreatModel
from sparring.knowledge import BeliefEntry, DefenseEntry, IncidentEntry, QuestionEntry, RuleEntry, ThreatEntry

FOLDER = Path(__file__).parent.parent / "schemas"
SHELVES: dict[str, type[Spec]] = {
    "threats": ThreatEntry,
    "defenses": DefenseEntry,
    "incidents": IncidentEntry,
    "beliefs": BeliefEntry,
    "questions": QuestionEntry,
    "rules": RuleEntry,
}
IDS_BY_LIST = {
    "type": "object",
    "description": "ids by list and version, such as {mitre-atlas 5.6.1: [AML.T0015]}",
    "propertyNames": {"pattern": "^[^ ]+ [^ ]+$"},
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}


def assessment_schema() -> dict[str, Any]:
    """Return the schema of ``assessment.json`` as files hold it, defaults filled in."""
    return _schema(Assessment, "assessment.json")


def threats_schema() -> dict[str, Any]:
    """Return the schema of ``threats.lock.json``."""
    return _schema(ThreatModel, "threats.lock.json")


def _schema(document: type[Spec], title: str) -> dict[str, Any]:
    schema = document.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def shelf_schema(shelf: str) -> dict[str, Any]:
    """Return the schema of a shelf as its YAML file holds it: names are keys, related ids stand by list."""
    entry = SHELVES[shelf].model_json_schema()
    definitions = entry.pop("$defs", {})
    del entry["properties"]["name"]
    entry["required"].remove("name")
    if "related" in entry["properties"]:
        entry["properties"]["related"] = IDS_BY_LIST
        definitions.pop("Related", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{shelf}.yaml",
        "type": "object",
        "additionalProperties": entry,
        "$defs": definitions,
    }


def text(schema: dict[str, Any]) -> str:
    """Return a schema as it stands in the repository."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"assessment-{SCHEMA_VERSION}.json").write_text(text(assessment_schema()), encoding="utf-8")
    (FOLDER / f"threats-{THREATS_VERSION}.json").write_text(text(threats_schema()), encoding="utf-8")
    for shelf in SHELVES:
        (FOLDER / f"knowledge-{shelf}.json").write_text(text(shelf_schema(shelf)), encoding="utf-8")
