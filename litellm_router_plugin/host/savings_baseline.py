"""The savings baseline in the words of LiteLLM, whose own savings figure is worked out for each row that names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litellm_router_plugin.host.prices import INPUT, price_of
from litellm_router_plugin.host.private import runs_in_proxy


@dataclass(frozen=True, slots=True)
class HostBaseline:
    """What a routing decision names for LiteLLM to measure savings against.

    Attributes:
        model: The model, by a name that LiteLLM can price.
        deployment: The deployment that it is priced as, where that has prices of its own; None: by the name.
    """

    model: str
    deployment: str | None = None


def baseline_model(model: str) -> HostBaseline | None:
    """A baseline that is a model's name; None where LiteLLM has no price for it, so that it is not looked for in vain
    after every request.
    """
    return HostBaseline(model) if price_of({"model": model}) is not None else None


def baseline_deployment(deployment: Mapping[str, Any]) -> HostBaseline | None:
    """A baseline that is a deployment; None where LiteLLM could not price it.

    Only the proxy looks up what a deployment's own prices are; in code it goes by the model's name alone.
    """
    params, info = deployment.get("litellm_params") or {}, deployment.get("model_info") or {}
    model, own_id = str(params.get("model", "")), info.get("id")
    has_own_price = any(source.get(INPUT) is not None for source in (params, info))
    if has_own_price and isinstance(own_id, str) and runs_in_proxy():
        return HostBaseline(model, own_id)
    return baseline_model(model)
