"""Configs, keys and bodies of the end-to-end tests on the real proxy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxy_process import MASTER_KEY
from routers import MODELS, TIERS, deployment
from upstream import Upstream

HANDLER = "litellm_router_plugin.proxy.handler"
PRICES = {"mini": (1.5e-07, 6e-07), "full": (2.5e-06, 1e-05), "top": (2e-06, 8e-06), "judge": (1e-07, 4e-07)}
"""USD per input and output token of the test models, from LiteLLM's price map; a test compares them."""

RECORDED = {
    "mini-recorded": "gpt-4o-mini-2024-07-18",
    "full-recorded": "gpt-4o-2024-05-13",
    "top-recorded": "claude-3-opus-20240229",
}
"""Groups of the models whose real answers were recorded, cheapest first."""

ALICE, BOB, CAPPED, TEAM_CAPPED, FLOORED = "sk-alice", "sk-bob", "sk-capped", "sk-team-capped", "sk-floored"
PARALLEL, PER_MINUTE, TOKENS = "sk-parallel", "sk-per-minute", "sk-tokens"
TOKENS_A_MINUTE = 600
"""Two cascades of two calls of 150 tokens."""

KEYS: dict[str, dict[str, object]] = {
    MASTER_KEY: {"user_role": "proxy_admin", "user_id": "admin"},
    ALICE: {"user_id": "alice", "team_id": "red", "user_role": "internal_user"},
    BOB: {"user_id": "bob", "team_id": "blue", "user_role": "internal_user"},
    CAPPED: {"user_id": "carol", "metadata": {"tier_router": {"max_tier": "standard"}}},
    TEAM_CAPPED: {
        "user_id": "dave",
        "team_id": "green",
        "metadata": {"tier_router": {"max_tier": "standard"}},
        "team_metadata": {"tier_router": {"smart": {"max_tier": "cheap"}, "checked": {"max_tier": "cheap"}}},
    },
    FLOORED: {"user_id": "eve", "metadata": {"tier_router": {"min_tier": "standard"}}},
    PARALLEL: {"user_id": "frank", "max_parallel_requests": 5},
    PER_MINUTE: {"user_id": "grace", "rpm_limit": 10},
    TOKENS: {"user_id": "heidi", "tpm_limit": TOKENS_A_MINUTE},
    f"{TOKENS}-streamed": {"user_id": "heidi", "tpm_limit": TOKENS_A_MINUTE},
}


def tier_router(name: str, **settings: Any) -> dict[str, Any]:
    """A tier router over the three test models."""
    chosen = {"tiers": TIERS, "default_tier": "cheap", "classifier": {"type": "rules"}, **settings}
    return {
        "model_name": name,
        "litellm_params": {"model": f"tier_router/{name}"},
        "model_info": {"tier_router": chosen},
    }


def models(upstream: Upstream, names: Mapping[str, str] = MODELS) -> list[dict[str, Any]]:
    """One deployment for each group."""
    return [deployment(group, name, upstream) for group, name in names.items()]


def judge(**settings: Any) -> dict[str, Any]:
    """A judge that is asked about every draft."""
    return {"model": "judge", "ask": "always", "timeout_s": 5.0, **settings}


COOLDOWN_S = 60
"""Longer than the test of a cooling tier takes."""
FAULTS = ("error", "hang", "nonsense")
"""What a judge may do wrong."""


def faulty_judges() -> list[dict[str, Any]]:
    """A tier router for each fault and policy, since a judge that fails five times in a row is left alone."""
    return [
        tier_router(
            f"{policy}-{fault}",
            cascade={
                "checks": "default",
                "streaming": "buffer",
                "max_escalations": 1,
                "judge": judge(on_failure=policy, timeout_s=0.4),
            },
        )
        for policy in ("accept", "escalate")
        for fault in FAULTS
    ]


def recorded_models(port: int) -> list[dict[str, Any]]:
    """The groups whose answers were recorded, served on a port of loopback; LiteLLM's map lacks the dearest's price."""
    paid = {"top-recorded": {"input_cost_per_token": 1.5e-05, "output_cost_per_token": 7.5e-05}}
    place = {"api_key": "x", "api_base": f"http://127.0.0.1:{port}/v1"}
    return [
        {"model_name": group, "litellm_params": {"model": f"openai/{name}", **place, **paid.get(group, {})}}
        for group, name in RECORDED.items()
    ]


def main_config(upstream: Upstream, recorded_port: int) -> dict[str, Any]:
    """Tier routers of every kind side by side; no cooldowns and no retries, so that tests do not disturb each other."""
    recorded = [{**tier, "model_group": group} for tier, group in zip(TIERS, RECORDED, strict=True)]
    flaky = {"flaky": "gpt-4-turbo", "shaky": "gpt-3.5-turbo"}
    falls = [{"name": "cheap", "model_group": "flaky"}, {"name": "standard", "model_group": "full"}]
    shakes = [{"name": "cheap", "model_group": "shaky"}, {"name": "standard", "model_group": "full"}]
    blind = [{"name": "cheap", "model_group": "eyeless"}, {"name": "standard", "model_group": "full"}]
    eyeless = {**deployment("eyeless", "gpt-3.5-turbo", upstream), "model_info": {"supports_vision": False}}
    return {
        "model_list": [
            tier_router("smart"),
            tier_router("checked", cascade={"checks": "default"}),
            tier_router("buffered", cascade={"checks": "default", "streaming": "buffer"}),
            tier_router("judged", cascade={"checks": "default", "streaming": "buffer", "judge": judge()}),
            *faulty_judges(),
            tier_router("falls", tiers=falls),
            tier_router("shakes", tiers=shakes),
            tier_router("blind", tiers=blind),
            tier_router("recorded", tiers=recorded),
            *models(upstream),
            *models(upstream, flaky),
            eyeless,
            *recorded_models(recorded_port),
        ],
        "router_settings": {
            "num_retries": 0,
            "disable_cooldowns": True,
            "model_group_alias": {"smart-alias": "smart", "checked-alias": "checked"},
            "fallbacks": [{"flaky": ["spare"]}, {"shakes": ["spare"]}],
        },
        "litellm_settings": {"callbacks": [HANDLER]},
        "general_settings": {"master_key": MASTER_KEY},
    }


def busy_config(upstream: Upstream) -> dict[str, Any]:
    """Cooldowns, retries, a response cache, and requests that are cancelled when their client leaves."""
    cooling = [{"name": "cheap", "model_group": "cooling"}, {"name": "standard", "model_group": "full"}]
    twice = [deployment("cooling", "gpt-3.5-turbo", upstream), deployment("cooling", "gpt-3.5-turbo", upstream)]
    return {
        "model_list": [
            tier_router("smart"),
            tier_router("checked", cascade={"checks": "default"}),
            tier_router("buffered", cascade={"checks": "default", "streaming": "buffer"}),
            tier_router("judged", cascade={"checks": "default", "streaming": "buffer", "judge": judge()}),
            tier_router("cools", tiers=cooling),
            *models(upstream),
            *twice,
        ],
        "router_settings": {"num_retries": 0, "cooldown_time": COOLDOWN_S, "allowed_fails": 0},
        "litellm_settings": {"callbacks": [HANDLER], "cache": True, "cache_params": {"type": "local"}},
        "general_settings": {"master_key": MASTER_KEY, "cancel_on_disconnect": True},
    }
