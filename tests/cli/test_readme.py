"""The README's examples work as they stand."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from litellm_router_plugin.cli.diagnosis import diagnose

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()
KEYS = {"OPENAI_API_KEY": "x", "LITELLM_MASTER_KEY": "sk-x"}


def block(language: str) -> str:
    found: str = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[0]
    return found


def test_the_yaml_that_is_added_to_a_config_is_right() -> None:
    config: dict[str, Any] = yaml.safe_load(block("yaml"))
    for group in ("gpt-4o-mini", "gpt-4o"):
        params = {"model": f"openai/{group}", "api_key": "os.environ/OPENAI_API_KEY"}
        config["model_list"].append({"model_name": group, "litellm_params": params})
    assert diagnose(config, KEYS) == []


def test_the_python_example_decides(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    code = block("python")
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102  the repository's own text
    assert "tier='premium'" in capsys.readouterr().out


def test_links_lead_to_files_that_exist() -> None:
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs" / name for name in ("offline.md", "commands.md"))]
    for page in pages:
        for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= 120
