"""The documentation says what is there, and all that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "design").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@pytest.fixture(scope="module")
def commands():
    """Sub-commands by name, as the command line knows them."""
    from typer.main import get_command

    from sparring.cli import app

    return get_command(app).commands


def sections(page: Path) -> dict[str, str]:
    """Text under each second-level heading that names a command."""
    parts = re.split(r"^## sparring ([a-z-]+)$", page.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_every_command_is_documented_and_no_other(commands):
    assert set(sections(DOCS / "reference" / "commands.md")) == set(commands)


def test_documented_options_exist(commands):
    for name, text in sections(DOCS / "reference" / "commands.md").items():
        known = {option for parameter in commands[name].params for option in parameter.opts + parameter.secondary_opts}
        assert set(OPTION.findall(text)) <= known | {"--help"}, name


def test_options_of_assess_in_the_first_pages_exist(commands):
    known = {option for parameter in commands["assess"].params for option in parameter.opts}
    for page in (ROOT / "README.md", DOCS / "tutorial" / "first-assessment.md"):
        for line in page.read_text().splitlines():
            if line.startswith("sparring assess"):
                assert set(OPTION.findall(line)) <= known, line


def test_arguments_of_assess_in_the_first_pages_exist():
    import inspect

    import sparring

    known = set(inspect.signature(sparring.assess).parameters)
    for page in (ROOT / "README.md", DOCS / "tutorial" / "first-assessment.md"):
        for call in re.findall(r"sparring\.assess\((.*)\)", page.read_text()):
            assert set(re.findall(r"(\w+)=", call)) <= known, call


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    listed = re.findall(r"[\w/-]+\.md", str(yaml.safe_load(text)["nav"]))
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_column_words_in_the_docs_are_those_of_the_table():
    from typing import get_args

    from sparring.core.space import Column

    text = (DOCS / "how-to" / "describe-your-columns.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text, flags=re.MULTILINE))
    for field in ("kind", "who", "change", "checked", "direction", "missing", "unseen"):
        assert tuple(re.findall(r"`([\w]+)`", rows[field])) == get_args(Column.model_fields[field].annotation), field


def test_exit_codes_in_the_docs_are_those_of_this_version():
    text = (DOCS / "reference" / "exit-codes.md").read_text()
    assert re.findall(r"^\| (\d) \|", text, flags=re.MULTILINE) == ["0", "1", "2", "3"]
