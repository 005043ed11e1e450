"""Threats, cases and defenses point to each other and to entries of other people's lists that exist."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import yaml

from sparring.core.threat import Attacker
from sparring.errors import OptionError
from sparring.knowledge import Related, load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "sparring" / "knowledge"
KNOWN = load()
THREATS, INCIDENTS = KNOWN.threats, KNOWN.incidents
WITH_RELATED = {**THREATS, **KNOWN.defenses}
NAMES = {
    "evasion_manual", "evasion_query", "evasion_transfer", "evasion_whitebox", "evasion_physical", "poison_degrade",
    "poison_targeted", "backdoor_data", "feedback_skew", "backdoor_model", "malicious_file", "poisoned_dataset",
    "dependency", "model_tamper", "extraction", "theft_file", "membership", "inversion", "property", "sponge",
    "cost_harvest", "chaff", "probing", "output_tamper",
}  # fmt: skip
CASES = {2, 3, 4, 8, 9, 12, 14, 15, 17, 25, 31, 32}
ATLAS = {
    "matrices": [
        {
            "tactics": [{"id": "AML.TA0001", "name": "AI Attack Staging"}],
            "techniques": [
                {"id": "AML.T0043", "name": "Craft Adversarial Data"},
                {"id": "AML.T0043.001", "name": " Black-Box Optimization", "subtechnique-of": "AML.T0043"},
            ],
            "mitigations": [{"id": "AML.M0000", "name": "Limit Public Release of Information"}],
        }
    ],
    "case-studies": [{"id": "AML.CS0009", "name": "Tay Poisoning"}],
}


def made_up(entries):
    """Triples that do not stand in the shipped list of that framework and version."""
    return [f"{name}: {one.text}" for name, related in entries for one in related if KNOWN.name_of(one) is None]


def atlas(name, version="5.6.1"):
    return Related(framework="mitre-atlas", version=version, id=name)


def test_all_threats_and_cases_are_there():
    assert set(THREATS) == NAMES
    assert len(THREATS) == 24
    assert {incident.source.id for incident in INCIDENTS.values()} == {f"AML.CS{number:04}" for number in CASES}
    assert len(INCIDENTS) == 12


def test_every_id_stands_in_the_list_it_is_said_to_be_of():
    assert made_up((name, entry.related) for name, entry in WITH_RELATED.items()) == []
    assert made_up((name, [incident.source]) for name, incident in INCIDENTS.items()) == []


@pytest.mark.parametrize(
    ("framework", "version", "name"),
    [
        ("mitre-atlas", "5.6.1", "AML.M0043"),
        ("mitre-atlas", "5.6.1", "AML.T0030"),
        ("mitre-atlas", "5.6.1", "AML.T0115.000"),  # exists, but not in that version
        ("mitre-atlas", "2026.07", "AML.T0015"),  # no list of that version is shipped
        ("nist-ai-100-2", "E2025", "NISTAML.099"),
        ("owasp-ml", "2023-draft-0.3", "ML11"),
        ("cosai", "2026-08-19", "riskEvasion"),
        ("aitg", "1.0", "AITG-MOD-08"),
        ("somebody", "1", "X1"),
    ],
)
def test_a_made_up_id_is_found(framework, version, name):
    found = made_up([("evasion_manual", (Related(framework=framework, version=version, id=name),))])
    assert found == [f"evasion_manual: {framework} {version} {name}"]


def test_no_related_id_stands_twice():
    for name, entry in WITH_RELATED.items():
        assert len(entry.related) == len(set(entry.related)), name


def test_every_threat_but_one_has_an_entry_near_in_atlas_and_names_the_act():
    without = {n for n, t in THREATS.items() if not any(one.framework == "mitre-atlas" for one in t.related)}
    assert without == {"output_tamper"}
    assert all(re.match(r"Article \d+", threat.eu) for threat in THREATS.values())


def test_only_evasion_has_a_weakness_number():
    numbered = {n for n, t in THREATS.items() if any(one.framework == "cwe" for one in t.related)}
    assert numbered == {name for name in NAMES if name.startswith("evasion_")}


def test_attackers_measure_what_they_are():
    measured = {name: set(threat.measured_by) for name, threat in THREATS.items() if threat.measured_by}
    assert measured == {
        "evasion_manual": {Attacker("by-hand")},
        "evasion_query": {Attacker("sees-decisions"), Attacker("sees-scores")},
        "evasion_transfer": {Attacker("has-a-copy")},
        "evasion_whitebox": {Attacker("insider")},
    }


def test_threats_and_cases_point_to_each_other():
    from_threats = {(name, case) for name, threat in THREATS.items() for case in threat.cases}
    from_cases = {(threat, name) for name, incident in INCIDENTS.items() for threat in incident.threats}
    assert from_threats == from_cases
    assert {threat for threat, _ in from_cases} <= set(THREATS)
    assert {case for _, case in from_threats} == set(INCIDENTS)


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KNOWN.frameworks)
def test_list_holds_no_id_twice_and_a_name_for_each(name):
    framework = KNOWN.frameworks[name]
    lines = (FOLDER / "ids" / f"{name}-{framework.version}.txt").read_text(encoding="utf-8").splitlines()
    ids = [line.split(" ")[0] for line in lines if not line.startswith("#")]
    assert [one for one, count in Counter(ids).items() if count > 1] == []
    assert ids == list(framework.ids)
    assert all(title and title == title.strip() for title in framework.ids.values())


def test_every_list_is_shipped_once_and_used():
    shipped = {path.stem for path in (FOLDER / "ids").glob("*.txt")}
    assert shipped == {f"{name}-{framework.version}" for name, framework in KNOWN.frameworks.items()}
    assert {one.framework for entry in WITH_RELATED.values() for one in entry.related} == set(KNOWN.frameworks)


def test_atlas_is_there_as_a_whole():
    kinds = Counter(re.match(r"AML\.(CS|TA|T|M)", one)[1] for one in KNOWN.frameworks["mitre-atlas"].ids)
    assert kinds == {"TA": 16, "T": 170, "M": 35, "CS": 57}  # as its notes of that version count them


def test_ids_are_read_from_what_the_publishers_keep():
    made = runpy.run_path(str(ROOT / "tools" / "framework_ids.py"))
    ids = made["atlas_ids"](ATLAS)
    assert list(ids) == ["AML.CS0009", "AML.M0000", "AML.T0043", "AML.T0043.001", "AML.TA0001"]
    assert made["text"]({"AML.T0043.001": ids["AML.T0043.001"]}) == "AML.T0043.001 Black-Box Optimization\n"
    assert ids.items() <= KNOWN.frameworks["mitre-atlas"].ids.items()
    assert made["cosai_ids"]({"risks": [{"id": "riskB", "title": "B"}, {"id": "riskA", "title": "A "}]}) == {
        "riskA": "A",
        "riskB": "B",
    }


def test_an_id_that_the_publisher_gives_twice_is_an_error():
    made = runpy.run_path(str(ROOT / "tools" / "framework_ids.py"))
    twice = {**ATLAS, "case-studies": ATLAS["case-studies"] * 2}
    with pytest.raises(ValueError, match="twice"):
        made["atlas_ids"](twice)


# --- later versions --------------------------------------------------------------------------------------------------


def test_aliases_lead_from_ids_that_exist_to_ids_that_do_not():
    for name, releases in KNOWN.aliases.items():
        ids = set(KNOWN.frameworks[name].ids)
        for release in releases.values():
            assert set(release.ids) <= ids
            assert not set(release.ids.values()) & ids
            assert len(set(release.ids.values())) == len(release.ids)
            ids = (ids - set(release.ids)) | set(release.ids.values())
            assert set(release.names) <= ids


def test_later_version():
    assert KNOWN.later(atlas("AML.T0019")) == ("AML.T0115.000", "Publish Poisoned AI Artifacts: Datasets")
    assert KNOWN.later(atlas("AML.T0058"), "2026.07")[0] == "AML.T0115.001"
    assert KNOWN.later(atlas("AML.M0003")) == ("AML.M0003", "Predictive AI Model Hardening")
    assert KNOWN.name_of(atlas("AML.M0003")) == "Model Hardening"
    assert KNOWN.later(atlas("AML.T0015")) == ("AML.T0015", "Evade AI Model")
    cwe = Related(framework="cwe", version="4.17", id="CWE-1039")
    assert KNOWN.later(cwe) == ("CWE-1039", KNOWN.name_of(cwe))


def test_later_version_that_nobody_knows_is_an_error():
    with pytest.raises(OptionError, match=r"known \(2026\.07\), got '2027\.01'"):
        KNOWN.later(atlas("AML.T0015"), "2027.01")


# --- page and schemas ------------------------------------------------------------------------------------------------

PAGES = runpy.run_path(str(ROOT / "tools" / "write_knowledge_pages.py"))["PAGES"]
SCHEMAS = runpy.run_path(str(ROOT / "tools" / "write_schemas.py"))


@pytest.mark.parametrize("path", PAGES)
def test_page_is_current(path):
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path](), "run python tools/write_knowledge_pages.py"


def test_page_says_whose_the_pairings_are():
    page = PAGES["docs/reference/threats.md"]()
    assert "no publisher maintains them" in " ".join(page.split())
    for name, threat in THREATS.items():
        assert f"`{name}` | {threat.says} |" in page
        assert all(f"`{one.id}`" in page for one in threat.related)
    for incident in INCIDENTS.values():
        assert f"| {incident.year} | {incident.says} | {incident.kind} |" in page


@pytest.mark.parametrize("shelf", SCHEMAS["SHELVES"])
def test_schema_of_a_shelf_is_current_and_holds(shelf):
    file = ROOT / "schemas" / f"knowledge-{shelf}.json"
    assert file.read_text(encoding="utf-8") == SCHEMAS["text"](SCHEMAS["shelf_schema"](shelf)), (
        "run python tools/write_schemas.py"
    )
    schema = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    entries = yaml.safe_load((FOLDER / f"{shelf}.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(entries, schema)
    first = next(iter(entries.values()))
    entry = schema["additionalProperties"]
    needed = next(key for key in entry["required"] if entry["properties"][key].get("type") == "string")
    for wrong in ({**first, "no such entry": 3}, {**first, needed: 1}, {k: v for k, v in first.items() if k != needed}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"wrong": wrong}, schema)


def test_schema_refuses_a_list_without_its_version():
    first = yaml.safe_load((FOLDER / "threats.yaml").read_text(encoding="utf-8"))["chaff"]
    wrong = {**first, "related": {"mitre-atlas": ["AML.T0046"]}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"chaff": wrong}, SCHEMAS["shelf_schema"]("threats"))
