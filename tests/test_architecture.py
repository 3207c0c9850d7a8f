"""The structure of the package: imports point inwards, the host stands at the edge, files stay small."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache

import pytest
from package_files import PACKAGE, ROOT, SOURCES, area_of, imports_of, repository_files, text_of

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "core": {"errors"},
    "config": {"core", "errors"},
    "ledger": {"core", "errors"},
    "judges": {"core", "errors"},
    # The learned classifier and the learned check are thin: what they need of a model stands in learning.
    "classifiers": {"core", "errors", "learning"},
    "checks": {"core", "errors", "learning"},
    # A check learns from what the deterministic checks see.
    "learning": {"core", "errors", "checks"},
    # Features of a prompt are what is stored of it where its text may not be.
    "store": {"core", "errors", "ledger", "learning"},
    "evaluation": {"core", "errors", "learning", "checks", "classifiers"},
    "web": {"core", "errors", "ledger", "store"},
    "build_classifiers": {"core", "errors", "config", "classifiers", "learning"},
    "build_checks": {"core", "errors", "config", "classifiers", "checks", "judges", "learning"},
    "build": {"core", "errors", "config", "build_checks", "build_classifiers", "classifiers", "learning", "ledger"},
}
"""Area -> the areas that it may import. Those left out stand at the edge and may import any: host, cli, and the front
door with its lazy names.
"""
EDGE = {"host", "cli", "proxy", "__init__", "__main__", "testing"}
MAX_LINES = 400
LONG_FILES: dict[str, str] = {}
"""File -> why it is longer than `MAX_LINES`."""
HEAVY = {"litellm", "numpy", "sklearn", "scipy", "matplotlib", "sqlalchemy", "fastapi", "pydantic"}

STAGES = f"""
import importlib, json, pkgutil, sys

def loaded():
    with_spec = (name for name, module in list(sys.modules.items()) if getattr(module, "__spec__", None))
    tops = {{name.split(".")[0] for name in with_spec if not name.startswith("_")}}
    return tops - set(sys.stdlib_module_names) - {{"{PACKAGE}"}}

def modules(area, *left_out):
    package = importlib.import_module(f"{PACKAGE}.{{area}}")
    names = (f"{PACKAGE}.{{area}}.{{found.name}}" for found in pkgutil.iter_modules(package.__path__))
    return [name for name in names if name.rsplit(".", 1)[1] not in left_out]

before, told = loaded(), {{}}

def stage(name, *names):
    for module in names:
        importlib.import_module(module)
    told[name] = sorted(loaded() - before)

stage("front door", "{PACKAGE}")
stage("core", *modules("core"), "{PACKAGE}.errors")
stage("ledger", *modules("ledger", "metrics", "metrics_families", "metrics_labels"))
stage("config", *modules("config"))
stage("judges", *modules("judges"))
stage("classifiers", *modules("classifiers", "embedding", "learned"))
stage("checks", *modules("checks", "learned"))
stage("build", "{PACKAGE}.build")
stage("learned", "{PACKAGE}.classifiers.learned", "{PACKAGE}.classifiers.embedding", "{PACKAGE}.checks.learned")
stage("command line", "{PACKAGE}.cli.main")
stage("metrics", *modules("ledger"))
stage("store", *modules("store", "migrations"))
stage("web", *modules("web"))
print(json.dumps(told))
"""
"""Imports one area after the other in a fresh interpreter, and tells what has been loaded by then."""


@cache
def all_stages() -> dict[str, frozenset[str]]:
    command = [sys.executable, "-c", STAGES]
    ran = subprocess.run(command, capture_output=True, check=False, text=True, cwd=ROOT)  # noqa: S603 - ours
    assert ran.returncode == 0, ran.stderr
    return {name: frozenset(libraries) for name, libraries in json.loads(ran.stdout).items()}


@pytest.mark.parametrize("stage", ["front door", "core", "ledger"])
def test_front_door_core_and_ledger_load_nothing_but_the_standard_library(stage: str) -> None:
    assert all_stages()[stage] == frozenset()


@pytest.mark.parametrize("stage", ["config", "judges", "classifiers", "checks", "build", "command line"])
def test_settings_and_graders_load_no_host_and_nothing_that_only_models_need(stage: str) -> None:
    needed_by_models = {"numpy", "sklearn", "scipy"} - ({"numpy"} if stage == "command line" else set())
    assert all_stages()[stage].isdisjoint({"litellm", *needed_by_models})


def test_using_a_learned_model_does_not_load_what_training_needs() -> None:
    assert "numpy" in all_stages()["learned"]
    assert all_stages()["learned"].isdisjoint({"sklearn", "scipy", "litellm", "matplotlib"})


def test_store_and_web_do_without_the_host() -> None:
    assert all_stages()["web"].isdisjoint({"litellm", "sklearn"})


def test_imports_point_inwards() -> None:
    outward = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in SOURCES
        if (area := area_of(path)) not in EDGE
        for module in imports_of(path)
        if module.startswith(f"{PACKAGE}.") and module.split(".")[1] not in MAY_IMPORT[area] | {area}
    ]
    assert outward == []


def test_the_core_imports_only_the_standard_library_and_the_errors() -> None:
    foreign = {
        module.split(".")[0] for path in SOURCES if area_of(path) in ("core", "errors") for module in imports_of(path)
    }
    assert foreign - set(sys.stdlib_module_names) == {PACKAGE}


def test_only_the_host_layer_imports_litellm() -> None:
    strangers = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if area_of(path) != "host" and any(module.split(".")[0] == "litellm" for module in imports_of(path))
    ]
    assert strangers == []
    assert any("litellm" in imports_of(path) for path in SOURCES if area_of(path) == "host")


def test_only_one_module_touches_private_parts_of_the_host() -> None:
    touched = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in SOURCES
        if area_of(path) == "host" and path.name != "private.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.endswith("__")
        and getattr(node.value, "id", "") not in ("self", "cls")
    ]
    assert touched == []


def test_no_import_runs_in_a_file_of_the_core_that_could_do_io() -> None:
    doing_io = {"socket", "subprocess", "asyncio", "sqlite3", "urllib", "http", "os", "pathlib", "shutil", "tempfile"}
    found = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in SOURCES
        if area_of(path) == "core"
        for module in imports_of(path)
        if module.split(".")[0] in doing_io
    ]
    assert found == []


def test_files_are_small_or_say_why_they_are_not() -> None:
    python = [path for path in repository_files() if path.suffix == ".py"] or SOURCES
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in python}
    long = {name: lines for name, lines in sizes.items() if lines >= MAX_LINES}
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}
    assert LONG_FILES.keys() <= long.keys(), "a file listed as long has become short"


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in SOURCES}
    assert names.isdisjoint({"utils", "util", "helpers", "common", "misc", "manager", "tools"})


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_the_package_is_typed() -> None:
    assert (ROOT / PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of one machine", r"(?<![\w.:}])/(?:home|Users|root|work|mnt|opt)/[a-z]"),
        ("the host of a package registry", r"https?://[^\s/]*(?:pypi|pythonhosted|registry|mirror|artifactory|nexus)"),
        ("a file of a lost merge", r"(?m)^(?:<<<<<<<|>>>>>>>) "),
        ("something that looks like a key", r"\bsk-(?:proj-|ant-)?[A-Za-z0-9]{24,}"),
        ("work left for later", r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    ],
)
def test_no_file_of_the_repository_holds(what: str, pattern: str) -> None:
    mine = ROOT / "tests" / "test_architecture.py"
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in repository_files()
        if path != mine and (text := text_of(path)) is not None
        for match in re.finditer(pattern, text)
    ]
    assert found == [], what


def test_every_page_that_a_file_mentions_is_in_the_repository() -> None:
    files = repository_files()
    if not files:
        pytest.skip("no git here to list the files")
    pages = {path.name for path in files if path.suffix == ".md"} | {"README.md"}
    mentioned = {
        (str(path.relative_to(ROOT)), match[0].rsplit("/", 1)[-1])
        for path in files
        if (text := text_of(path)) is not None
        for match in re.finditer(
            r"(?<!--write )(?<![\w./-])[\w./-]*\w\.md\b", text
        )  # a page to write may not be there yet
    }
    assert sorted((where, page) for where, page in mentioned if page not in pages) == []
