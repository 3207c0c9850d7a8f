"""The package's own files and what each imports, for the tests of its structure."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "litellm_router_plugin"
ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / PACKAGE).rglob("*.py"))


def area_of(path: Path) -> str:
    """The inner package that a file belongs to; a module at the top level is an area of its own."""
    return path.relative_to(ROOT / PACKAGE).parts[0].removesuffix(".py")


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, wherever in it the import stands."""
    return tuple(name for node in ast.walk(ast.parse(path.read_text("utf-8"))) for name in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"relative import in line {node.lineno}"
        module = node.module or ""
        yield from (f"{module}.{alias.name}" for alias in node.names) if module == PACKAGE else (module,)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "import_module":
        constants = (argument.value for argument in node.args if isinstance(argument, ast.Constant))
        yield from (value for value in constants if isinstance(value, str))


def repository_files() -> list[Path]:
    """The text files of the repository: what git knows or would take."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own words
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """A file's text; None where it is none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None
