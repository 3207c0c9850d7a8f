"""The plugin's HTTP routes on the proxy, behind LiteLLM's own key check."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from litellm_router_plugin.host.desks import desk_of
from litellm_router_plugin.host.ladders import ladders_of
from litellm_router_plugin.host.proxy_start import attach_to_proxy
from litellm_router_plugin.host.readers import reader_of
from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.web.api import build_api
from litellm_router_plugin.web.page import pages
from litellm_router_plugin.web.reading import Yardstick
from litellm_router_plugin.web.session import Caller, Services, Session, enter

ADMINS = (LitellmUserRoles.PROXY_ADMIN, LitellmUserRoles.PROXY_ADMIN_VIEW_ONLY)


async def sign_in(request: Request, found: Annotated[UserAPIKeyAuth, Depends(user_api_key_auth)]) -> None:
    """Let a caller in whose key LiteLLM knows."""
    enter(request, Session(caller_of(found), services_of(routing())))


def caller_of(found: UserAPIKeyAuth) -> Caller:
    """The caller behind a key that LiteLLM has checked."""
    return Caller(
        key=found.api_key or "",
        team=found.team_id or "",
        sees_all=found.user_role in ADMINS,
        rates_all=found.user_role == LitellmUserRoles.PROXY_ADMIN,
    )


def routing() -> TierRouting:
    """The plugin on the proxy's router."""
    found = attach_to_proxy()
    if found is None:
        raise HTTPException(503, "the proxy has no router yet")
    return found


def services_of(current: TierRouting) -> Services:
    """What answers the API on a router."""
    return Services(
        reader=reader_of(current),
        feedback=desk_of(current),
        ladders=lambda: ladders_of(current),
        yardstick=lambda router: yardstick_of(current, router),
        beside=lambda router: beside(current, router),
        reset=current.reset_conversation,
        monitoring=current.quality,
    )


def yardstick_of(current: TierRouting, router: str | None) -> Yardstick:
    """What figures are laid out by: the settings of the tier router that is meant, or of all where they agree."""
    chosen = [one for one in current.markers.all() if router in (None, one.name)]
    baselines = {one.policy.config.baseline for one in chosen}
    tiers = list(dict.fromkeys(tier.name for one in chosen for tier in one.ladder))
    if not chosen:
        return Yardstick()
    return Yardstick(baselines.pop() if len(baselines) == 1 else "", tiers)


def beside(current: TierRouting, router: str | None) -> Mapping[str, object]:
    """Figures that only this process has, such as its faults."""
    return current.summary_for(router, None)


api = build_api(sign_in)


def add_routes(proxy: ModuleType) -> None:
    """Add the page and the API to the proxy's application."""
    proxy.app.include_router(pages)
    proxy.app.include_router(api)
