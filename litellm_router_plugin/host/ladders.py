"""The ladders of a router's tier routers, with what LiteLLM knows of their models."""

from __future__ import annotations

from collections.abc import Sequence

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.host.deployments import DeploymentFacts, deployments_of, group_price
from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.host.tier_router import TierRouter
from litellm_router_plugin.web.ladder import RouterLadder, TierFacts

CAPABILITIES = {
    "supports_function_calling": "tools",
    "supports_vision": "images",
    "supports_pdf_input": "files",
    "supports_audio_input": "audio",
    "supports_response_schema": "json_schema",
    "supports_reasoning": "reasoning",
    "supports_prompt_caching": "prompt_caching",
}
"""LiteLLM's flag -> what the API calls it."""


def ladders_of(routing: TierRouting) -> list[RouterLadder]:
    """Every tier router of a router."""
    return [_ladder(one) for one in routing.markers.all()]


def _ladder(one: TierRouter) -> RouterLadder:
    config = one.policy.config
    info = one.marker.get("model_info") or {}
    return RouterLadder(
        router=one.name,
        tiers=tuple(_tier(one, tier.name, tier.model_group) for tier in one.ladder),
        default_tier=config.default,
        baseline=config.baseline,
        mode=config.mode,
        experiments=_running(one),
        team=str(info.get("team_id") or ""),
    )


def _running(one: TierRouter) -> tuple[RunDefinition, ...]:
    """The experiments that place requests; none where the router only observes."""
    if one.policy.config.mode == "observe":
        return ()
    return tuple(RunDefinition.of(one.name, experiment) for experiment in one.policy.experiments)


def _tier(one: TierRouter, name: str, group: str) -> TierFacts:
    facts = one.facts(group)
    models = dict.fromkeys(str(made["litellm_params"].get("model", "")) for made in deployments_of(one.router, group))
    windows = [fact.max_input_tokens for fact in facts]
    return TierFacts(
        name=name,
        model_group=group,
        models=tuple(models),
        price=group_price(facts),
        context_tokens=min((size for size in windows if size is not None), default=None),
        capabilities=_capabilities(facts),
    )


def _capabilities(facts: Sequence[DeploymentFacts]) -> dict[str, bool]:
    """What every deployment of a group is known to have, or one is known to lack."""
    found = {}
    for flag, name in CAPABILITIES.items():
        known = [fact.flags.get(flag) for fact in facts]
        if False in known:
            found[name] = False
        elif known and all(known):
            found[name] = True
    return found
