"""``tier-router`` itself: light, and its exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from litellm_router_plugin.cli.main import COMMANDS, available, build_app, wanted_command

COMMAND = str(Path(sys.executable).parent / "tier-router")


def test_help_names_every_available_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from litellm_router_plugin.cli.main import build_app\n"
        "try: build_app(None)(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'litellm', 'sklearn', 'numpy', 'fastapi'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.splitlines()[-1] == "[]"
    assert all(name in ran.stdout for name in available())


@pytest.mark.parametrize("name", available())
def test_each_command_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(build_app(name), [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Example: tier-router " + name in " ".join(shown.output.split())


@pytest.mark.parametrize("arguments", [["nonsense"], ["doctor", "--nonsense"], ["doctor"]])
def test_wrong_use_exits_with_2(arguments: list[str]) -> None:
    ran = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    assert ran.returncode == 2


def test_version_is_printed() -> None:
    ran = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.startswith("tier-router 0.")


def test_the_wanted_command_is_the_first_word() -> None:
    assert wanted_command(["serve", "--config", "doctor"]) == "serve"
    assert wanted_command(["--help"]) is None
    assert wanted_command(["nonsense", "serve"]) is None
    assert set(available()) <= set(COMMANDS)
