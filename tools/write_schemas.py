"""Write the JSON schema of each document that machines write: python tools/write_schemas.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sparring.core.document import SCHEMA_VERSION, Assessment

FOLDER = Path(__file__).parent.parent / "schemas"


def assessment_schema() -> dict[str, Any]:
    """Return the schema of ``assessment.json`` as files hold it, defaults filled in."""
    schema = Assessment.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "assessment.json", **schema}


def text(schema: dict[str, Any]) -> str:
    """Return a schema as it stands in the repository."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"assessment-{SCHEMA_VERSION}.json").write_text(text(assessment_schema()), encoding="utf-8")
