"""Settings of a tier router: the whole of what can be written, its defaults, and the form in which it is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from litellm_router_plugin.config.base import references
from litellm_router_plugin.config.checks import DEFAULT_CHECKS, enabled_checks
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.config.tier_router import TierRouterConfig

WHOLE = """
model_list:
  - model_name: smart
    litellm_params: {model: tier_router/smart}
    model_info:
      tier_router:
        mode: route                             # route | observe (decide and check, change nothing)
        tiers:                                  # cheapest first; two or more; any names
          - {name: cheap, model_group: gpt-4o-mini}
          - {name: standard, model_group: gpt-4o, like: gpt-4o-2024-08-06}
          - {name: premium, model_group: claude-opus, params: {max_tokens: 4096}}
        default_tier: cheap                     # when nothing speaks for another
        classifier: {type: learned, quality_target: 0.95}
        conversation: {sticky: true, ttl_s: 3600}          # absent: not sticky
        cascade:                                # absent: no cascade
          checks: default
          judge: {model: gpt-4o-mini, threshold: 0.7, ask: when_unsure, timeout_s: 5, on_failure: accept}
          max_escalations: 2
          max_extra_cost_usd: 0.05
          deadline_s: 60
          streaming: prefix                     # prefix | buffer | off
          break_even: true
        experiments:
          - {name: premium-10, unit: user, share: 0.1, set: {tier: premium}}
        routes:                                 # what was learned of single routes
          support: {judge_threshold: 0.8}
        savings_baseline: premium               # a tier or a model; default: the dearest tier
        observe: {share: 0.05, max_usd_per_day: 1.0, judge: true}   # with mode: observe
        monitoring: {apply: off}                # off | within_bounds
        store: {prompts: none}                  # none | features | full
"""
TIERS: dict[str, Any] = {
    "tiers": [{"name": name, "model_group": f"group-{name}"} for name in ("cheap", "standard", "premium")]
}


def written() -> dict[str, Any]:
    (marker,) = yaml.safe_load(WHOLE)["model_list"]
    settings: dict[str, Any] = marker["model_info"]["tier_router"]
    return settings


def test_every_setting_together_is_taken_as_written() -> None:
    config = parse_tier_router("smart", written())
    assert config.ladder.names == ("cheap", "standard", "premium")
    assert config.ladder.tier("standard").like == "gpt-4o-2024-08-06"
    assert config.ladder.top.params == {"max_tokens": 4096}
    assert (config.mode, config.default, config.baseline) == ("route", "cheap", "premium")
    assert config.conversation is not None
    assert (config.conversation.sticky, config.conversation.ttl_s) == (True, 3600)
    assert config.cascade is not None
    assert config.cascade.judge is not None
    assert (config.cascade.judge.model, config.cascade.judge.threshold) == ("gpt-4o-mini", 0.7)
    assert config.cascade.max_extra_cost_usd == Decimal("0.05")
    assert [experiment.pinned_tier for experiment in config.experiments] == ["premium"]
    assert config.store.prompts == "none"


def test_the_whole_example_names_every_setting_of_a_router() -> None:
    assert set(written()) == set(TierRouterConfig.model_fields)


def test_settings_may_come_from_a_database_where_they_name_no_code() -> None:
    assert parse_tier_router("smart", written(), trusted=False) == parse_tier_router("smart", written())


def test_tiers_alone_are_enough() -> None:
    config = parse_tier_router("smart", TIERS)
    assert config.classifier.type == "rules"
    assert (config.mode, config.cascade, config.conversation, config.experiments) == ("route", None, None, ())
    assert (config.default, config.baseline, config.store.prompts) == ("standard", "premium", "none")


def test_of_two_tiers_the_dearer_is_the_default() -> None:
    assert parse_tier_router("smart", {"tiers": TIERS["tiers"][:2]}).default == "standard"


def test_an_empty_cascade_and_an_empty_conversation_have_the_documented_defaults() -> None:
    config = parse_tier_router("smart", {**TIERS, "cascade": {}, "conversation": {}})
    assert config.cascade is not None
    assert config.cascade.model_dump() == {
        "checks": "default",
        "judge": None,
        "max_escalations": 2,
        "max_extra_cost_usd": None,
        "deadline_s": 60.0,
        "streaming": "prefix",
        "break_even": True,
    }
    assert config.conversation is not None
    assert config.conversation.model_dump() == {"sticky": True, "ttl_s": 3_600}


def test_the_default_checks_are_the_deterministic_ones() -> None:
    assert tuple(enabled_checks("default")) == DEFAULT_CHECKS
    assert "learned" not in DEFAULT_CHECKS


@pytest.mark.parametrize(
    "classifier",
    [
        {"type": "rules", "patterns": {"premium": ["proof"]}, "keywords": {"standard": ["sql"]}, "scope": "all"},
        {"type": "domain", "domains": {"code": {"patterns": ["def "], "tier": "standard"}}, "fallback": "general"},
        {
            "type": "context",
            "standard": {"words": 300, "code_blocks": 0},
            "premium": {"words": 1000, "code_blocks": 3},
        },
        {"type": "llm", "model": "m", "timeout_s": 1, "on_failure": "cheap", "cache_ttl_s": 0},
        {"type": "learned", "cost_quality": 0.5},
        {"type": "embedding", "model": "m", "examples": "examples.jsonl", "k": 3},
        {"type": "python", "path": "pkg.mod.Class", "settings": {"a": 1}},
        {"type": "highest", "of": [{"type": "rules"}, {"type": "context"}]},
        {"type": "first", "of": [{"type": "rules"}, {"type": "first", "of": [{"type": "domain"}]}]},
        {"type": "hybrid", "local": {"type": "rules"}, "llm": {"type": "llm", "model": "m"}, "ask_below": 0.6},
    ],
    ids=lambda classifier: classifier["type"],
)
def test_every_kind_of_classifier_can_be_written_and_kept_as_json(classifier: dict[str, Any]) -> None:
    config = parse_tier_router("smart", {**TIERS, "classifier": classifier})
    kept = config.model_dump(mode="json", exclude_unset=True, by_alias=True)
    assert kept["classifier"] == classifier
    assert parse_tier_router("smart", kept) == config


def test_settings_kept_as_json_are_the_same_settings() -> None:
    config = parse_tier_router("smart", written())
    for exclude_unset in (True, False):
        kept = config.model_dump(mode="json", by_alias=True, exclude_unset=exclude_unset)
        assert parse_tier_router("smart", kept) == config


def test_settings_that_are_parsed_already_are_taken_as_they_are() -> None:
    config = TierRouterConfig.model_validate(TIERS)
    assert parse_tier_router("smart", config) is config


def test_settings_cannot_be_changed() -> None:
    config = parse_tier_router("smart", TIERS)
    with pytest.raises(ValidationError, match="frozen"):
        config.mode = "observe"  # type: ignore[misc]  # the point


def test_every_reference_to_code_or_files_is_found() -> None:
    config = parse_tier_router(
        "smart",
        {
            **TIERS,
            "classifier": {"type": "first", "of": [{"type": "python", "path": "a.B"}, {"type": "learned"}]},
            "cascade": {"judge": {"model": "m", "prompt": "p.txt"}, "checks": {"python": {"path": "a.b"}}},
        },
    )
    assert list(references(config)) == [
        ("classifier.of[0].path", "dotted path"),
        ("cascade.checks.python.path", "dotted path"),
        ("cascade.judge.prompt.path", "file path"),
    ]


def test_a_ladder_has_room_for_sixteen_tiers() -> None:
    tiers = [{"name": f"t{n}", "model_group": f"g{n}"} for n in range(17)]
    assert len(parse_tier_router("smart", {"tiers": tiers[:16]}).tiers) == 16
    with pytest.raises(ValueError, match=r"smart\.tiers: .* at most 16"):
        parse_tier_router("smart", {"tiers": tiers})
