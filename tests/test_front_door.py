"""The names that users import, and the dotted path that a proxy's YAML names."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from package_files import PACKAGE, ROOT

import litellm_router_plugin

PROXY_FILE = Path(PACKAGE) / "proxy.py"
SAME_HANDLER = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("some_other_name", "{PROXY_FILE.as_posix()}")
by_path = importlib.util.module_from_spec(spec)
spec.loader.exec_module(by_path)
from {PACKAGE}.proxy import handler
assert by_path.handler is handler, "two handlers"
assert type(handler).__name__ == "TierRouterCallback"
"""


def fresh(code: str) -> subprocess.CompletedProcess[str]:
    """Code run in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True, cwd=ROOT)  # noqa: S603 - ours


def test_the_names_are_sorted_and_each_has_a_home() -> None:
    assert litellm_router_plugin.__all__ == sorted(litellm_router_plugin.__all__)
    assert set(litellm_router_plugin.__all__) == set(litellm_router_plugin._HOMES)
    assert list(litellm_router_plugin._HOMES) == sorted(litellm_router_plugin._HOMES)


@pytest.mark.parametrize("name", litellm_router_plugin.__all__)
def test_each_name_is_the_one_of_its_home(name: str) -> None:
    home = import_module(f"{PACKAGE}.{litellm_router_plugin._HOMES[name]}")
    assert getattr(litellm_router_plugin, name) is getattr(home, name)


def test_names_are_listed_before_anything_is_loaded() -> None:
    ran = fresh(
        f"import {PACKAGE} as p, sys\n"
        "assert dir(p) == p.__all__, dir(p)\n"
        f"assert [m for m in sys.modules if m.startswith('{PACKAGE}.')] == []\n"
        "from litellm_router_plugin import RequestRefused, Forecast\n"
        "assert 'litellm' not in sys.modules and 'pydantic' not in sys.modules\n"
    )
    assert ran.returncode == 0, ran.stderr


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = litellm_router_plugin.no_such_name
    with pytest.raises(ImportError, match="cannot import name 'no_such_name'"):
        exec(f"from {PACKAGE} import no_such_name")  # noqa: S102 - the statement itself is tried


def test_every_error_is_one_of_ours() -> None:
    for name in ("ArtefactError", "ConfigError", "RequestRefused"):
        assert issubclass(getattr(litellm_router_plugin, name), litellm_router_plugin.TierRouterError)


def test_the_proxy_gets_the_same_handler_by_file_path_and_by_import() -> None:
    ran = fresh(SAME_HANDLER)
    assert ran.returncode == 0, ran.stderr


def test_the_module_that_yaml_names_holds_nothing_but_the_handler() -> None:
    lines = [line for line in (ROOT / PROXY_FILE).read_text("utf-8").splitlines() if line]
    assert lines[1:] == [f"from {PACKAGE}.host.callback import handler", '__all__ = ["handler"]']
