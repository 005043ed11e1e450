"""The rules of the house, as far as a machine can check them."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENTRY_POINTS = [
    pytest.param(group, name, value, id=f"{group}:{name}")
    for group, points in PROJECT["entry-points"].items()
    for name, value in points.items()
    if group.startswith("sparring.")
]

HEAVY = {
    "altair", "catboost", "jinja2", "joblib", "lightgbm", "numba", "pandas", "pyarrow", "scipy", "sklearn", "starlette",
    "torch", "vl_convert", "xgboost",
}  # fmt: skip
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
BANNED = re.compile(r"\b(safe|secure|robust|compliant|guaranteed)\b", re.IGNORECASE)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def loaded_by(code: str) -> set[str]:
    """Top-level names in sys.modules after `code` ran in a new interpreter."""
    report = "import sys, json; sys.stderr.write(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


# --- imports ---------------------------------------------------------------------------------------------------------


def test_rooms_import_only_what_lies_below():
    pytest.importorskip("importlinter")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_loads_nothing_heavy():
    assert not HEAVY & loaded_by("import sparring")


def test_import_loads_nothing_but_the_package_itself():
    with_us = loaded_by("import sparring, json")
    without = loaded_by("from __future__ import annotations\nimport importlib, typing, json")
    assert with_us - without == {"sparring"}


def test_help_loads_nothing_heavy():
    code = """
import sys
from sparring.cli import main
sys.argv = ["sparring", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code
"""
    assert not HEAVY & loaded_by(code)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [p for p in SOURCES if "__all__" in p.read_text()], ids=short)
def test_public_names_are_sorted(path):
    everything = [
        element.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign | ast.AugAssign)
        and "__all__" in ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        for element in node.value.elts
    ]
    # capitals first, as ruff sorts them
    assert everything == sorted(everything, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_public_names_exist_and_are_listed():
    import sparring

    for name in sparring.__all__:
        assert getattr(sparring, name) is not None
    assert set(sparring.__all__) <= set(dir(sparring))


@pytest.mark.parametrize(
    "first", ["", "import sparring.assess.plan", "from sparring.assess import plan", "import sparring.api"]
)
def test_assess_is_the_function_and_not_the_room_of_that_name(first):
    code = f"{first}\nimport sparring\nfor _ in range(2): print(type(sparring.assess).__name__)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["function", "function"], done.stderr


def test_unknown_public_name_is_an_attribute_error():
    import sparring

    with pytest.raises(AttributeError, match="no attribute 'asses'"):
        sparring.asses  # noqa: B018


@pytest.mark.parametrize("name", importlib.import_module("sparring").__all__)
def test_public_names_are_documented(name):
    validate = pytest.importorskip("numpydoc.validate").validate
    wanted = {"GL08", "SS01", "SS03", "SS05", "PR01", "PR02", "PR03", "RT01"}
    home = inspect.getmodule(getattr(importlib.import_module("sparring"), name))
    found = validate(f"{home.__name__}.{name}")["errors"]
    assert [text for code, text in found if code in wanted] == []


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_everything_public_says_what_it_does(path):
    module = importlib.import_module(module_name(path))
    assert inspect.getdoc(module), module
    for owner in [module, *(c for _, c in own_members(module, inspect.isclass) if not c.__name__.startswith("_"))]:
        for name, found in own_members(
            owner, lambda x: inspect.isroutine(x) or inspect.isclass(x) or isinstance(x, property)
        ):
            # getdoc also looks into the classes that a method's own class carries out
            assert name.startswith("_") or inspect.getdoc(found) or inspect.getdoc(getattr(owner, name)), (
                f"{owner}.{name}"
            )


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def own_members(owner, kind) -> list[tuple[str, object]]:
    """Members that were written in this module or class, not imported or inherited."""
    home = owner.__name__ if inspect.ismodule(owner) else owner.__module__
    return [(name, x) for name, x in vars(owner).items() if kind(x) and getattr(x, "__module__", home) == home]


@pytest.mark.parametrize(("group", "name", "value"), ENTRY_POINTS)
def test_entry_points_lead_to_classes(group, name, value):
    module, _, attribute = value.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    assert inspect.isclass(found)
    if group == "sparring.attacks":
        assert found.id == name


def test_what_stands_on_a_shelf_stands_alone():
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("sparring")
    modules = sorted({param.values[2].partition(":")[0] for param in ENTRY_POINTS})
    chains = [graph.find_shortest_chain(a, b) for a in modules for b in modules if a != b]
    assert [chain for chain in chains if chain] == []


@pytest.mark.parametrize("group", PROJECT["entry-points"])
def test_entry_points_are_in_order(group):
    points = list(PROJECT["entry-points"][group])
    assert points == sorted(points)


def test_every_attack_on_the_shelves_has_an_entry_point():
    from sparring.core.plugin import Attack

    listed = set(PROJECT["entry-points"]["sparring.attacks"].values())
    for path in sorted((ROOT / "src" / "sparring" / "attacks").rglob("[!_]*.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT / "src").with_suffix("").parts))
        for name, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, Attack) and not inspect.isabstract(found) and found.__module__ == module.__name__:
                assert f"{module.__name__}:{name}" in listed


def test_dependencies_have_lower_bounds_and_no_upper_ones():
    extras = PROJECT["optional-dependencies"]
    for requirement in [*PROJECT["dependencies"], *(r for extra in extras.values() for r in extra)]:
        assert re.fullmatch(r"sparring\[[a-z,]+\]|[A-Za-z0-9-]+>=[0-9.]+", requirement), requirement


# --- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_files_and_functions_fit_on_a_screen(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_FILE_LINES
    long = {
        node.name: lines
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (lines := body_lines(node)) > MAX_FUNCTION_LINES
    }
    assert long == {}


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which may be as long as readers need it."""
    first = node.body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1 if documented else 0)


# --- words -----------------------------------------------------------------------------------------------------------


def prose() -> list[Path]:
    """Everything that people read and that is not Python."""
    data = [p for kind in ("*.j2", "*.yaml", "*.md") for p in (ROOT / "src").rglob(kind)]
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md"), *data])


@pytest.mark.parametrize("path", prose(), ids=short)
def test_prose_gives_no_verdict(path):
    # `code` is no prose
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL)
    assert BANNED.findall(text) == []


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_messages_give_no_verdict(path):
    tree = ast.parse(path.read_text())
    exempt = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    # the title of somebody's paper is quoted, not said
    exempt |= {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and ast.unparse(node).startswith(("reference =", "reference: "))
        for part in ast.walk(node)
    }
    said = [
        node.value
        for node in ast.walk(tree)
        # a message has spaces; a key or a name has none
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and " " in node.value
        and id(node) not in exempt
    ]
    assert [text for text in said if BANNED.search(text)] == []


@pytest.mark.parametrize("text", ["this model is robust", "Guaranteed!", "It is safe."])
def test_banned_words_are_found(text):
    assert BANNED.search(text)


@pytest.mark.parametrize("path", sorted((ROOT / "changes").glob("*.md")), ids=short)
def test_fragments_are_one_sentence(path):
    if path.name == "README.md":
        return
    assert re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed)\.md", path.name)
    text = path.read_text().strip()
    assert text.endswith(".")
    assert "\n\n" not in text


def test_changelog_can_be_built(tmp_path):
    towncrier = shutil.which("towncrier", path=str(Path(sys.executable).parent))
    if towncrier is None:
        pytest.skip("towncrier is not installed")
    command = [towncrier, "build", "--draft", "--version", "1.0", "--dir", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1.0" in done.stdout
