"""The page on configuration says what the settings are: every key, its default, and examples that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic.fields import FieldInfo

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.checks import (
    DEFAULT_CHECKS,
    AgreementCheckSettings,
    LearnedCheckSettings,
    PythonCheckSettings,
)
from litellm_router_plugin.config.classifiers import KINDS
from litellm_router_plugin.config.conversation import ConversationSettings
from litellm_router_plugin.config.experiments import ArmSettings, ExperimentSettings, GoalSettings
from litellm_router_plugin.config.judge import JudgeSettings
from litellm_router_plugin.config.monitoring import MonitoringSettings
from litellm_router_plugin.config.observe import ObserveSettings
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.routes import CalibratedRange, RouteSettings
from litellm_router_plugin.config.tier_router import StoreSettings, TierRouterConfig
from litellm_router_plugin.config.tiers import TierSettings
from litellm_router_plugin.errors import ConfigError

PAGE = (Path(__file__).parent.parent.parent / "docs" / "configuration.md").read_text("utf-8")
SECTIONS: dict[str, type[Settings]] = {
    "tier_router": TierRouterConfig,
    "tiers[]": TierSettings,
    "conversation": ConversationSettings,
    "cascade": CascadeSettings,
    "cascade.judge": JudgeSettings,
    "agreement": AgreementCheckSettings,
    "learned": LearnedCheckSettings,
    "python": PythonCheckSettings,
    "experiments[]": ExperimentSettings,
    "experiments[].set": ArmSettings,
    "experiments[].goal": GoalSettings,
    "routes": RouteSettings,
    "routes.learned_check": CalibratedRange,
    "store": StoreSettings,
    "observe": ObserveSettings,
    "monitoring": MonitoringSettings,
    **{f"type: {kind}": model for kind, model in KINDS.items()},
}


def tables() -> dict[str, dict[str, tuple[str, str]]]:
    """Heading -> key -> (default, meaning), of every section that has a table of keys."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    heading = ""
    for line in PAGE.splitlines():
        if title := re.match(r"#+ (.+)", line):
            heading = title[1]
        elif row := re.match(r"\| `(\w+)` \| (.+?) \| (.+) \|$", line):
            found.setdefault(heading, {})[row[1]] = (row[2], row[3])
    return found


def written(field: FieldInfo) -> str:
    """A default as the page writes it."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "absent"
    if isinstance(default, Settings):
        given = default.model_dump(mode="json", exclude_none=True)
        shown = {key: value for key, value in given.items() if key in ("type", "prompts", "metric")}
        return f"`{yaml.safe_dump(shown, default_flow_style=True).strip()}`"
    if isinstance(default, str | tuple | dict) and not default:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{list(default) if isinstance(default, tuple) else default}`"


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_tells_every_key_and_its_default(section: str) -> None:
    expected = {field.alias or name: written(field) for name, field in SECTIONS[section].model_fields.items()}
    assert {key: default for key, (default, _) in tables()[section].items()} == expected


def test_the_page_has_no_table_of_keys_that_there_are_not() -> None:
    assert set(tables()) == set(SECTIONS)


def test_every_key_has_a_meaning() -> None:
    assert all(len(meaning) >= 5 for table in tables().values() for _, meaning in table.values())


def test_the_page_names_the_default_checks() -> None:
    section = PAGE.split("### cascade.checks")[1].split("#### agreement")[0]
    assert [name for name in DEFAULT_CHECKS if f"`{name}`" not in section] == []


def test_the_example_is_taken() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (marker,) = yaml.safe_load(example)["model_list"]
    config = parse_tier_router(marker["model_name"], marker["model_info"]["tier_router"])
    assert config.ladder.names == ("cheap", "standard", "premium")


def test_the_shown_mistakes_are_told_as_the_page_says() -> None:
    (shown,) = re.findall(r"```\n(smart\..*?)```", PAGE, re.DOTALL)
    tiers = [{"name": name, "model_group": name} for name in ("cheap", "standard", "premium")]
    judge = {"model": "m", "treshold": 1}
    told = []
    for mistake in ({"cascade": {"judge": judge}}, {"default_tier": "gold"}):
        with pytest.raises(ConfigError) as caught:
            parse_tier_router("smart", {"tiers": tiers, **mistake})
        told.append(str(caught.value))
    assert shown.splitlines() == told
