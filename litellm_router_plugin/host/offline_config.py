"""Which deployments of a proxy config lack a key, and the config with offline models in their place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.host.offline import is_offline
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
ModeOf = Callable[[Deployment], object]


@dataclass(frozen=True)
class MissingKeys:
    """A deployment that cannot work.

    Attributes:
        deployment: Which one.
        variables: The environment variables that it wants.
        is_tier: Whether its group is a tier, so that the ladder has a gap.
    """

    deployment: Deployment
    variables: tuple[str, ...]
    is_tier: bool


def tier_rungs(config: Mapping[str, object]) -> dict[str, tuple[int, int]]:
    """Model group -> (rung, number of tiers) for groups that are tiers; of several rungs a group has the highest."""
    rungs: dict[str, tuple[int, int]] = {}
    for marker in deployments(config):
        settings = marker.info.get("tier_router") if marker.is_marker else None
        tiers = settings.get("tiers") if isinstance(settings, Mapping) else None  # malformed ones are told at load
        named = [tier for tier in tiers if isinstance(tier, Mapping)] if isinstance(tiers, list) else []
        for rung, tier in enumerate(named):
            group = str(tier.get("model_group"))
            rungs[group] = max(rungs.get(group, (0, 1)), (rung, len(named)), key=lambda at: at[0] / max(at[1] - 1, 1))
    return rungs


def offline_model(rung: int, tiers: int) -> str:
    """The offline model for a rung: the weakest at the bottom, the ablest at the top, evenly in between."""
    models = ("offline/small", "offline/medium", "offline/large")
    return models[round(rung * (len(models) - 1) / max(tiers - 1, 1))]


def written_mode(deployment: Deployment) -> object:
    """The mode that the config itself gives a deployment; None where it says nothing, which means chat."""
    return deployment.info.get("mode")


def text_models(config: Mapping[str, object], mode_of: ModeOf = written_mode) -> list[Deployment]:
    """The deployments that an offline model can stand for: text models that are not offline already."""
    return [
        deployment
        for deployment in deployments(config)
        if not deployment.is_marker and not is_offline(deployment.model) and mode_of(deployment) in _TEXT_MODES
    ]


def missing_keys(
    config: Mapping[str, object],
    environment: Mapping[str, str],
    implicit: ImplicitKeys = lambda _: (),
    mode_of: ModeOf = written_mode,
) -> list[MissingKeys]:
    """The text models whose keys are not set.

    Args:
        config: The proxy's config.
        environment: The process's environment.
        implicit: The variables, any of which would do, that LiteLLM would look for where a deployment names none.
        mode_of: The kind of a deployment's model, as far as known.
    """
    if section(config, "general_settings").get("key_management_system"):
        return []  # keys come from a secret manager, which only the running proxy can ask
    known, rungs, found = known_variables(config, environment), tier_rungs(config), []
    for deployment in text_models(config, mode_of):
        alternatives = tuple(implicit(deployment))
        looked_for = () if known.intersection(alternatives) else alternatives
        variables = (*missing_variables(deployment, known), *looked_for)
        if variables:
            found.append(MissingKeys(deployment, variables, deployment.name in rungs))
    return found


def with_offline_models(
    config: Mapping[str, object], replaced: Sequence[Deployment], price_of: PriceOf
) -> tuple[Config, list[str]]:
    """The config with some deployments replaced, and a note on each for the log. The given config stays as it is.

    An offline model costs what the model costs in whose place it answers, so that tiers, savings and budgets behave
    as they will with keys.
    """
    rewritten: Config = copy.deepcopy(dict(config))
    notes: list[str] = []
    models, rungs = rewritten.get("model_list"), tier_rungs(config)
    if not isinstance(models, list):
        return rewritten, notes
    for deployment in replaced:
        rung = rungs.get(deployment.name)
        model = offline_model(*rung) if rung else offline_model(0, 1)
        price = price_of(deployment.params, deployment.info)
        models[deployment.index] = _entry(deployment, model, price)
        role = f"tier group {deployment.name}" if rung else f"group {deployment.name}"
        cost = f"at the price of {deployment.model}" if price else f"at no price: that of {deployment.model} is unknown"
        notes.append(f"{role} answers offline: {model} in place of {deployment.model}, {cost}")
    if any(is_offline(deployment.model) for deployment in deployments(rewritten)):
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
