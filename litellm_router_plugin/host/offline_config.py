"""Which deployments of a proxy config lack a key, and the config with offline models in their place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.host.prices import CACHED, INPUT, OUTPUT
from litellm_router_plugin.host.proxy_file import (
    Config,
    Deployment,
    deployments,
    known_variables,
    missing_variables,
    section,
)

HANDLER_PATH: Final = "litellm_router_plugin.host.offline.provider"
STANDS_FOR: Final = "offline_for"
"""Key of ``model_info`` with the model whose place an offline model takes."""

_KEPT: Final = frozenset(
    {"rpm", "tpm", "max_parallel_requests", "weight", "order", "tags", "timeout", "stream_timeout", "max_retries"}
    | {"max_tokens", "temperature", "top_p", "stop", "seed", "n"}
)
"""Settings that mean the same for an offline model; credentials and addresses do not."""
_TEXT_MODES: Final = (None, "chat", "completion", "responses")

PriceOf = Callable[[Mapping[str, object], Mapping[str, object]], Price | None]
ImplicitKeys = Callable[[Deployment], Sequence[str]]


@dataclass(frozen=True)
class MissingKeys:
    """A deployment that cannot work, and the environment variables that it wants."""

    deployment: Deployment
    variables: tuple[str, ...]


def tier_rungs(config: Mapping[str, object]) -> dict[str, tuple[int, int]]:
    """Model group -> (rung, number of tiers) for groups that are tiers; of several rungs a group has the highest."""
    rungs: dict[str, tuple[int, int]] = {}
    for marker in deployments(config):
        tiers = section(marker.info, "tier_router").get("tiers") if marker.is_marker else None
        named = [tier for tier in tiers if isinstance(tier, Mapping)] if isinstance(tiers, list) else []
        for rung, tier in enumerate(named):
            group = str(tier.get("model_group"))
            rungs[group] = max(rungs.get(group, (0, 1)), (rung, len(named)), key=lambda at: at[0] / max(at[1] - 1, 1))
    return rungs


def offline_model(rung: int, tiers: int) -> str:
    """The offline model for a rung: the weakest at the bottom, the ablest at the top, evenly in between."""
    models = ("offline/small", "offline/medium", "offline/large")
    return models[round(rung * (len(models) - 1) / max(tiers - 1, 1))]


def missing_keys(
    config: Mapping[str, object], environment: Mapping[str, str], implicit: ImplicitKeys = lambda _: ()
) -> list[MissingKeys]:
    """Deployments of text models whose keys are not set.

    Args:
        config: The proxy's config.
        environment: The process's environment.
        implicit: The variables that LiteLLM would miss for a deployment which names no credentials at all.
    """
    if section(config, "general_settings").get("key_management_system"):
        return []  # keys come from a secret manager, which only the running proxy can ask
    known, found = known_variables(config, environment), []
    for deployment in deployments(config):
        if deployment.is_marker or deployment.info.get("mode") not in _TEXT_MODES:
            continue
        variables = missing_variables(deployment, known)
        variables += [name for name in implicit(deployment) if name not in known]
        if variables:
            found.append(MissingKeys(deployment, tuple(variables)))
    return found


def with_offline_models(
    config: Mapping[str, object], replaced: Sequence[Deployment], price_of: PriceOf
) -> tuple[Config, list[str]]:
    """The config with some deployments replaced, and a note on each for the log. The given config stays as it is.

    An offline model costs what the model costs in whose place it answers, so that tiers, savings and budgets behave
    as they will with keys.
    """
    rewritten, notes = copy.deepcopy(dict(config)), []
    models, rungs = rewritten.get("model_list"), tier_rungs(config)
    if not isinstance(models, list) or not replaced:
        return rewritten, []
    for deployment in replaced:
        rung = rungs.get(deployment.name)
        model = offline_model(*rung) if rung else offline_model(0, 1)
        price = price_of(deployment.params, deployment.info)
        models[deployment.index] = _entry(deployment, model, price)
        role = f"tier group {deployment.name}" if rung else f"group {deployment.name}"
        cost = f"at the price of {deployment.model}" if price else f"at no price: that of {deployment.model} is unknown"
        notes.append(f"{role} answers offline: {model} in place of {deployment.model}, {cost}")
    _add_provider(rewritten)
    return rewritten, notes


def _entry(deployment: Deployment, model: str, price: Price | None) -> Config:
    params: Config = {key: value for key, value in deployment.params.items() if key in _KEPT}
    params |= {"model": model, "drop_params": True}
    if price is not None:
        cached = {} if price.cached_input is None else {CACHED: float(price.cached_input)}
        params |= {INPUT: float(price.input), OUTPUT: float(price.output), **cached}
    kept = {key: value for key, value in deployment.info.items() if key not in {INPUT, OUTPUT, CACHED, "base_model"}}
    return {
        "model_name": deployment.name,
        "litellm_params": params,
        "model_info": {**kept, STANDS_FOR: deployment.model},
    }


def _add_provider(config: Config) -> None:
    """Make LiteLLM load the provider in every worker. Its setting replaces the list, so it must come first."""
    settings = dict(section(config, "litellm_settings"))
    present = settings.pop("custom_provider_map", None)
    others = list(present) if isinstance(present, list) else []
    provider = {"provider": "offline", "custom_handler": HANDLER_PATH}
    config["litellm_settings"] = {"custom_provider_map": [*others, provider], **settings}
