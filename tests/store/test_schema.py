"""The JSON schema in the repository is that of the documents."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import jsonschema
import pytest

from report.sample import assessment
from sparring.core.document import SCHEMA_VERSION

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / f"assessment-{SCHEMA_VERSION}.json"


def test_schema_is_current():
    made = runpy.run_path(str(ROOT / "tools" / "write_schemas.py"))
    assert SCHEMA.read_text(encoding="utf-8") == made["text"](made["assessment_schema"]()), (
        "the document changed: if files of before no longer read, raise SCHEMA_VERSION and add a migration; "
        "then run python tools/write_schemas.py"
    )


@pytest.mark.parametrize("answered", [True, False])
def test_documents_follow_the_schema(answered):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(assessment(answered=answered).model_dump_json()), schema)


def test_schema_refuses_what_is_no_assessment():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    document = json.loads(assessment().model_dump_json())
    document["findings"][0]["outcome"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)
