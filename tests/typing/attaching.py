"""How a user attaches the plugin in code. Only type-checked, never run."""

from __future__ import annotations

import litellm

from litellm_router_plugin import (
    ConfigError,
    Forecast,
    RequestRefused,
    TierRouterConfig,
    TierRouterError,
    TierRouting,
    attach,
    parse_tier_router,
    register,
)


def long_enough(query: str, answer: str) -> bool:
    """A checker of the user's own."""
    return len(answer) >= len(query)


def attached_by_dict() -> TierRouting:
    register()
    router = litellm.Router(model_list=[])
    tiers = [{"name": "cheap", "model_group": "small"}, {"name": "premium", "model_group": "large"}]
    return attach(
        router, {"smart": {"tiers": tiers, "default_tier": "cheap"}}, checker=long_enough, store="sqlite:///x"
    )


def attached_by_settings(router: litellm.Router) -> TierRouting:
    settings: TierRouterConfig = parse_tier_router("smart", {"tiers": []}, trusted=False)
    names: tuple[str, ...] = settings.ladder.names
    routing = attach(router, {names[0]: settings})
    routing.detach()
    return routing


async def asked(routing: TierRouting) -> str | None:
    forecast: Forecast = routing.decide("smart", [{"role": "user", "content": "hi"}], tools=[])
    await routing.flush(timeout_s=5)
    await routing.reset_conversation("talk", key="hash", end_user="me")
    decision: dict[str, object] | None = routing.decision("id")
    summary: dict[str, object] = routing.summary()
    by_tier: float | None = forecast.p_success.get("premium")
    return forecast.tier if decision and summary and by_tier else None


def caught(router: litellm.Router) -> str:
    try:
        attach(router, {"smart": {"tiers": []}})
    except ConfigError as error:
        return f"{error.path} {error.problem} {error.fix}"
    except RequestRefused as error:
        return str(error)
    except TierRouterError as error:
        return repr(error)
    return ""
