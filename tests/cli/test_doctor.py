"""``tier-router doctor``: what is wrong, where, and how to mend it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from litellm_router_plugin.cli.diagnosis import diagnose
from litellm_router_plugin.cli.findings import Finding
from litellm_router_plugin.cli.main import build_app
from litellm_router_plugin.cli.serve import bundled_config

KEYS = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "y", "LITELLM_MASTER_KEY": "sk-z"}


@pytest.fixture
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(bundled_config().read_text())
    return copy.deepcopy(loaded)


def tiers(config: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = config["model_list"][0]["model_info"]["tier_router"]["tiers"]
    return found


def problems(config: dict[str, Any], **environment: str) -> list[Finding]:
    return diagnose(config, {**KEYS, **environment})


def test_the_bundled_config_with_its_keys_has_nothing_wrong(config: dict[str, Any]) -> None:
    assert problems(config) == []


def test_missing_keys_name_deployment_and_variable(config: dict[str, Any]) -> None:
    (found,) = problems(config, ANTHROPIC_API_KEY="")
    assert (found.level, found.path) == ("error", "model_list[3] (claude-opus)")
    assert "ANTHROPIC_API_KEY" in found.problem


def test_a_key_that_only_litellm_would_look_for_is_missed_too(config: dict[str, Any]) -> None:
    del config["model_list"][3]["litellm_params"]["api_key"]
    assert [found.path for found in problems(config, ANTHROPIC_API_KEY="")] == ["model_list[3] (claude-opus)"]
    config["model_list"][3]["litellm_params"]["api_base"] = "http://127.0.0.1:1"
    assert problems(config, ANTHROPIC_API_KEY="") == []


def test_an_open_proxy_is_warned_about(config: dict[str, Any]) -> None:
    (found,) = problems(config, LITELLM_MASTER_KEY="")
    assert (found.level, found.path) == ("warning", "general_settings.master_key")


def test_an_unknown_key_is_told_with_its_path(config: dict[str, Any]) -> None:
    tiers(config)[1]["model_grup"] = "x"
    assert "smart.tiers[1].model_grup" in [found.path for found in problems(config)]


def test_settings_that_are_no_mapping_are_told_with_their_path(config: dict[str, Any]) -> None:
    config["model_list"][0]["model_info"]["tier_router"] = ["cheap"]
    assert ("smart.model_info.tier_router", "error") in [(found.path, found.level) for found in problems(config)]


def test_every_wrong_setting_is_told_at_once(config: dict[str, Any]) -> None:
    settings = config["model_list"][0]["model_info"]["tier_router"]
    settings["mode"], settings["default_teer"] = "sometimes", "cheap"
    paths = {found.path for found in problems(config)}
    assert {"smart.mode", "smart.default_teer"} <= paths


def test_a_tier_without_a_deployment_is_told_with_the_groups_there_are(config: dict[str, Any]) -> None:
    tiers(config)[2]["model_group"] = "claude"
    (found,) = problems(config)
    assert found.path == "smart.tiers[2].model_group"
    assert "claude-opus" in found.fix


def test_a_judge_without_a_deployment_is_told(config: dict[str, Any]) -> None:
    settings = config["model_list"][0]["model_info"]["tier_router"]
    settings["cascade"] = {"judge": {"model": "nobody", "threshold": 0.7}}
    assert [found.path for found in problems(config)] == ["smart.cascade.judge.model"]


def test_a_deployment_without_a_price_is_warned_about(config: dict[str, Any]) -> None:
    config["model_list"][2]["litellm_params"]["model"] = "openai/our-own-name"
    (found,) = problems(config)
    assert (found.level, found.path) == ("warning", "model_list[2] (gpt-4o)")
    assert "our-own-name" in found.problem


def test_a_dominated_tier_is_named_with_the_one_that_undercuts_it(config: dict[str, Any]) -> None:
    tiers(config).reverse()
    said = [found.problem for found in problems(config)]
    assert len(said) == 3
    assert said[0].startswith("premium is dominated: standard")


def test_tiers_that_cross_in_price_are_unordered(config: dict[str, Any]) -> None:
    config["model_list"][1]["litellm_params"] |= {"input_cost_per_token": 3e-6, "output_cost_per_token": 5e-6}
    config["model_list"][2]["litellm_params"] |= {"input_cost_per_token": 1e-6, "output_cost_per_token": 6e-6}
    (found,) = problems(config)
    assert found.path == "smart.tiers[0]"
    assert "cheap costs more than standard" in found.problem


def test_two_tiers_that_are_the_same_are_named(config: dict[str, Any]) -> None:
    tiers(config)[1]["model_group"] = "gpt-4o-mini"
    (found,) = problems(config)
    assert (found.level, found.path) == ("warning", "smart.tiers[0]")
    assert found.problem == "cheap and standard are the same group with the same params"
    tiers(config)[1]["params"] = {"max_tokens": 4096}
    assert problems(config) == []


def test_a_baseline_of_unknown_price_is_warned_about(config: dict[str, Any]) -> None:
    settings = config["model_list"][0]["model_info"]["tier_router"]
    settings["savings_baseline"] = "no-such-model"
    (found,) = problems(config)
    assert (found.level, found.path) == ("warning", "smart.savings_baseline")
    assert found.fix == "Name one of the tiers: cheap, standard, premium"
    for known in ("gpt-4o", "openai/gpt-4.1", "premium"):
        settings["savings_baseline"] = known
        assert problems(config) == []


def test_without_the_callback_the_plugin_is_missing(config: dict[str, Any]) -> None:
    config["litellm_settings"]["callbacks"] = ["prometheus"]
    (found,) = problems(config)
    assert found.path == "litellm_settings.callbacks"
    assert "litellm_router_plugin.proxy.handler" in found.fix


def test_a_config_without_a_tier_router_is_told(config: dict[str, Any]) -> None:
    del config["model_list"][0]
    assert [found.path for found in problems(config)] == ["model_list"]


def test_a_router_that_is_its_own_tier_or_named_twice_is_told(config: dict[str, Any]) -> None:
    config["model_list"].append(config["model_list"][0])
    assert "another tier router" in problems(config)[0].problem


def test_offline_models_written_into_a_config_are_warned_about(config: dict[str, Any]) -> None:
    config["model_list"][1]["litellm_params"] = {
        "model": "offline/small",
        "input_cost_per_token": 1e-7,
        "output_cost_per_token": 1e-7,
    }
    (found,) = problems(config)
    assert (found.level, found.path) == ("warning", "model_list[1] (gpt-4o-mini)")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"model_list": {}}, "model_list"),
        ({"model_list": ["x"]}, "model_list[0]"),
        ({"model_list": [{"model_name": "a"}]}, "model_list[0] (a).litellm_params.model"),
        ({"litellm_settings": []}, "model_list"),
    ],
)
def test_malformed_sections_are_findings_not_crashes(wrong: dict[str, Any], path: str) -> None:
    assert problems(wrong)[0].path == path


def run(*arguments: str) -> tuple[int, str]:
    shown = CliRunner().invoke(build_app("doctor"), ["doctor", *arguments])
    return shown.exit_code, shown.output


def test_the_exit_code_says_whether_something_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    code, output = run("--config", str(bundled_config()))
    assert (code, "nothing is wrong" in output) == (0, True)
    (tmp_path / "c.yaml").write_text("model_list: [")
    code, output = run("--config", str(tmp_path / "c.yaml"), "--json")
    assert code == 1
    (finding,) = json.loads(output)["findings"]
    assert "c.yaml:1:14" in finding["path"]
    assert run("--config", str(tmp_path / "none.yaml"))[0] == 2


@pytest.mark.parametrize("version", ["1.82.7", "1.82.8", "1.107.3", "1.100.0", "1.106.1", "1.110.0"])
def test_a_litellm_version_that_will_not_do_is_an_error(
    version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("litellm_router_plugin.host.versions.host_version", lambda: version)
    (tmp_path / "c.yaml").write_text("{}")
    code, output = run("--config", str(tmp_path / "c.yaml"), "--json")
    assert code == 1
    assert json.loads(output)["findings"][0]["path"] == "litellm"
