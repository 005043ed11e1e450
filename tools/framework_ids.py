"""Write the ids of other people's lists: python tools/framework_ids.py LIST VERSION FILE...

The files are those that the publishers keep. LIST is mitre-atlas, with dist/ATLAS.yaml of
github.com/mitre-atlas/atlas-data at the tag of that version, or cosai, with risks.yaml and controls.yaml in
risk-map/yaml of github.com/cosai-oasis/secure-ai-tooling, whose version is the date of the commit. Nothing of ours is
read, so that our pairings can be checked against the result.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "src" / "sparring" / "knowledge" / "ids"


def atlas_ids(published: dict[str, Any]) -> dict[str, str]:
    """Return tactics, techniques with their parts, mitigations and case studies by id, in the order of ids."""
    matrix = published["matrices"][0]
    entries = [*matrix["tactics"], *matrix["techniques"], *matrix["mitigations"], *published["case-studies"]]
    names = {entry["id"]: entry["name"].strip() for entry in entries}
    if len(names) != len(entries):
        raise ValueError("an id stands twice in the file")
    return dict(sorted(names.items()))


def cosai_ids(published: dict[str, Any]) -> dict[str, str]:
    """Return risks or controls by id, in the order of ids."""
    entries = [*published.get("risks", ()), *published.get("controls", ())]
    return dict(sorted((entry["id"], entry["title"].strip()) for entry in entries))


def text(ids: dict[str, str]) -> str:
    """Return a list as it stands in the repository: an id and its name in each line."""
    return "".join(f"{one} {name}\n" for one, name in ids.items())


READERS = {"mitre-atlas": atlas_ids, "cosai": cosai_ids}

if __name__ == "__main__":
    framework, version, *paths = sys.argv[1:]
    found: dict[str, str] = {}
    for path in paths:
        found |= READERS[framework](yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{framework}-{version}.txt").write_text(text(found), encoding="utf-8")
