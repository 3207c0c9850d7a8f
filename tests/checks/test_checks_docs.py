"""The pages on checks and judges say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from litellm_router_plugin.checks.defaults import DETERMINISTIC
from litellm_router_plugin.config.checks import KNOWN_CHECKS, CheckSettings, enabled_checks
from litellm_router_plugin.config.judge import JudgeSettings

DOCS = Path(__file__).parents[2] / "docs"
CHECKS: TypeAdapter[CheckSettings] = TypeAdapter(CheckSettings)


def examples(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    "example", [line for block in examples("checks.md") for line in re.findall(r"checks:.*", block)]
)
def test_each_example_of_checks_is_understood(example: str) -> None:
    assert enabled_checks(CHECKS.validate_python(yaml.safe_load(example)["checks"]))


def test_the_example_of_a_judge_is_understood() -> None:
    (example,) = examples("judge.md")
    assert JudgeSettings.model_validate(yaml.safe_load(example)["cascade"]["judge"]).model == "gpt-4o-mini"


def test_the_page_names_every_check_and_every_judge_setting() -> None:
    checks, judge = ((DOCS / page).read_text(encoding="utf-8") for page in ("checks.md", "judge.md"))
    assert [name for name in KNOWN_CHECKS if f"`{name}`" not in checks] == []
    assert [name for name in DETERMINISTIC if f"| `{name}` | " not in checks] == []
    assert [name for name in JudgeSettings.model_fields if f"| `{name}` | " not in judge] == []


def test_the_measured_tables_stand_in_the_page() -> None:
    text = (DOCS / "checks.md").read_text(encoding="utf-8")
    table = text.partition("<!-- check_precision: begin -->")[2].partition("<!-- check_precision: end -->")[0]
    assert "| final_answer | no marked final answer where the route has one | reject |" in table
