"""A proxy config with offline models in the place of those whose key is missing."""

import copy
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.offline_config import (
    HANDLER_PATH,
    missing_keys,
    offline_model,
    tier_rungs,
    with_offline_models,
)
from litellm_router_plugin.host.proxy_file import deployments, load

CONFIG: dict[str, object] = {
    "model_list": [
        {
            "model_name": "smart",
            "litellm_params": {"model": "tier_router/smart"},
            "model_info": {
                "tier_router": {
                    "tiers": [
                        {"name": "cheap", "model_group": "mini"},
                        {"name": "standard", "model_group": "mid"},
                        {"name": "premium", "model_group": "opus"},
                    ]
                }
            },
        },
        {
            "model_name": "mini",
            "litellm_params": {"model": "openai/m", "api_key": "os.environ/OPENAI_API_KEY", "rpm": 9},
        },
        {"model_name": "mid", "litellm_params": {"model": "openai/g", "api_key": "os.environ/OPENAI_API_KEY"}},
        {"model_name": "opus", "litellm_params": {"model": "anthropic/o", "api_key": "os.environ/ANTHROPIC_API_KEY"}},
        {"model_name": "judge", "litellm_params": {"model": "groq/j", "api_key": "os.environ/GROQ_API_KEY"}},
        {
            "model_name": "vectors",
            "litellm_params": {"model": "openai/e", "api_key": "os.environ/OPENAI_API_KEY"},
            "model_info": {"mode": "embedding"},
        },
    ],
    "litellm_settings": {"callbacks": ["litellm_router_plugin.proxy.handler"]},
}


def price_of(params: Mapping[str, object], info: Mapping[str, object]) -> Price | None:
    del info
    prices = {"openai/m": "0.00000015", "openai/g": "0.0000025", "anthropic/o": "0.000005"}
    found = prices.get(str(params["model"]))
    return Price(Decimal(found), 2 * Decimal(found), Decimal(found) / 2) if found else None


def groups_missing(environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {found.deployment.name: found.variables for found in missing_keys(CONFIG, environment)}


def test_missing_keys_are_those_of_text_models_with_their_variables() -> None:
    assert groups_missing({}) == {
        "mini": ("OPENAI_API_KEY",),
        "mid": ("OPENAI_API_KEY",),
        "opus": ("ANTHROPIC_API_KEY",),
        "judge": ("GROQ_API_KEY",),
    }
    assert groups_missing({"OPENAI_API_KEY": "x", "GROQ_API_KEY": ""}).keys() == {"opus", "judge"}


def test_variables_that_the_config_itself_sets_are_not_missing() -> None:
    config = {**CONFIG, "environment_variables": {"OPENAI_API_KEY": "x", "GROQ_API_KEY": "y", "ANTHROPIC_API_KEY": "z"}}
    assert missing_keys(config, {}) == []


def test_with_a_secret_manager_nothing_can_be_said_of_keys() -> None:
    config = {**CONFIG, "general_settings": {"key_management_system": "aws_secret_manager"}}
    assert missing_keys(config, {}) == []


def test_only_the_named_deployments_change_and_cost_what_they_stand_for() -> None:
    before = copy.deepcopy(CONFIG)
    mini, opus = (deployments(CONFIG)[index] for index in (1, 3))
    after, notes = with_offline_models(CONFIG, [mini, opus], price_of)
    assert before == CONFIG
    models, old = after["model_list"], CONFIG["model_list"]
    assert isinstance(models, list)
    assert isinstance(old, list)
    assert [new == was for new, was in zip(models, old, strict=True)] == [True, False, True, False, True, True]
    assert models[1] == {
        "model_name": "mini",
        "litellm_params": {
            "rpm": 9,
            "model": "offline/small",
            "drop_params": True,
            "input_cost_per_token": 1.5e-07,
            "output_cost_per_token": 3e-07,
            "cache_read_input_token_cost": 7.5e-08,
        },
        "model_info": {"offline_for": "openai/m"},
    }
    assert models[3]["litellm_params"]["model"] == "offline/large"
    assert notes[0] == "tier group mini answers offline: offline/small in place of openai/m, at the price of openai/m"


def test_the_provider_is_loaded_before_the_callbacks_and_beside_the_others() -> None:
    other = {"provider": "own", "custom_handler": "own.handler"}
    config = {**CONFIG, "litellm_settings": {"callbacks": ["x"], "custom_provider_map": [other]}}
    after, _ = with_offline_models(config, deployments(config)[1:2], price_of)
    settings = after["litellm_settings"]
    assert isinstance(settings, dict)
    assert list(settings) == ["custom_provider_map", "callbacks"]
    assert settings["custom_provider_map"] == [other, {"provider": "offline", "custom_handler": HANDLER_PATH}]


def test_nothing_to_replace_changes_nothing() -> None:
    assert with_offline_models(CONFIG, [], price_of) == (CONFIG, [])


def test_a_group_outside_the_ladder_gets_the_smallest_model_and_an_unknown_price_is_told() -> None:
    after, notes = with_offline_models(CONFIG, deployments(CONFIG)[4:5], price_of)
    models = after["model_list"]
    assert isinstance(models, list)
    assert models[4]["litellm_params"] == {"model": "offline/small", "drop_params": True}
    assert "that of groq/j is unknown" in notes[0]


@pytest.mark.parametrize(
    ("tiers", "models"),
    [(2, "small large"), (3, "small medium large"), (4, "small medium medium large"), (1, "small")],
)
def test_offline_models_spread_over_the_ladder(tiers: int, models: str) -> None:
    assert [offline_model(rung, tiers) for rung in range(tiers)] == [f"offline/{name}" for name in models.split()]


def test_a_group_on_several_ladders_takes_its_highest_rung() -> None:
    second = {
        "model_name": "two",
        "litellm_params": {"model": "tier_router/two"},
        "model_info": {"tier_router": {"tiers": [{"model_group": "x"}, {"model_group": "mini"}]}},
    }
    models = CONFIG["model_list"]
    assert isinstance(models, list)
    assert tier_rungs({"model_list": [*models, second]})["mini"] == (1, 2)


def test_included_files_are_merged_as_litellm_does(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "main.yaml").write_text("include: [more/models.yaml]\nmodel_list:\n- {model_name: a}\n")
    (tmp_path / "more" / "models.yaml").write_text(
        "include: [../main.yaml]\nmodel_list:\n- {model_name: b}\ngeneral_settings: {x: 1}\n"
    )
    assert load(tmp_path / "main.yaml") == {
        "model_list": [{"model_name": "a"}, {"model_name": "b"}],
        "general_settings": {"x": 1},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "config.yaml:1:6: no valid YAML"),
        ("- a", "is not a proxy config"),
        ("include: x", "include: must be a list, found str"),
        ("include: [none.yaml]", "none.yaml: cannot be read"),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.yaml")
    assert message in str(caught.value)
