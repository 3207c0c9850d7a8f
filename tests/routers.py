"""Routers with the plugin attached, for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from upstream import Upstream

from litellm_router_plugin.host.routing import TierRouting

Make = Callable[..., TierRouting]

TIERS = [
    {"name": "cheap", "model_group": "mini"},
    {"name": "standard", "model_group": "full"},
    {"name": "premium", "model_group": "top"},
]
MODELS = {"mini": "gpt-4o-mini", "full": "gpt-4o", "top": "gpt-4.1", "judge": "gpt-4.1-nano", "spare": "gpt-4.1-mini"}


def deployment(group: str, model: str, upstream: Upstream, **params: Any) -> dict[str, Any]:
    litellm_params = {"model": f"openai/{model}", "api_key": "x", "api_base": upstream.base_url, **params}
    return {"model_name": group, "litellm_params": litellm_params}


def asked(text: str = "hi") -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def told(response: Any) -> dict[str, Any]:
    hidden = response["_hidden_params"] if isinstance(response, dict) else response._hidden_params
    found: dict[str, Any] = hidden["tier_router"]
    return found


async def books(routing: TierRouting, response: Any) -> dict[str, Any]:
    await routing.flush()
    found = routing.decision(told(response)["decision_id"])
    assert found is not None
    return found
