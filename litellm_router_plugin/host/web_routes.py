"""The plugin's HTTP routes on the proxy, behind LiteLLM's own key check."""

from __future__ import annotations

from types import ModuleType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from litellm_router_plugin.host.proxy_start import attach_to_proxy
from litellm_router_plugin.host.routing import TierRouting

PATH = "/tier-router"
ADMINS = (LitellmUserRoles.PROXY_ADMIN, LitellmUserRoles.PROXY_ADMIN_VIEW_ONLY)

api = APIRouter(prefix=PATH, tags=["tier router"])
Caller = Annotated[UserAPIKeyAuth, Depends(user_api_key_auth)]


def add_routes(proxy: ModuleType) -> None:
    """Add the routes to the proxy's application."""
    proxy.app.include_router(api)


def sees_all(caller: UserAPIKeyAuth) -> bool:
    """Whether a caller is an admin; everybody else sees what its own key did."""
    return caller.user_role in ADMINS


def key_of(caller: UserAPIKeyAuth) -> str:
    """The hash under which LiteLLM's rows know a caller's key."""
    return caller.api_key or ""


def routing() -> TierRouting:
    """The plugin on the proxy's router."""
    found = attach_to_proxy()
    if found is None:
        raise HTTPException(503, "the proxy has no router yet")
    return found


@api.get("/summary")
async def get_summary(caller: Caller, router: str | None = None) -> dict[str, Any]:
    """Requests, tokens, costs and savings by tier since this worker started; for ordinary keys, their own."""
    return routing().summary_for(router, None if sees_all(caller) else key_of(caller))


@api.get("/decisions/{decision_id}")
async def get_decision(decision_id: str, caller: Caller) -> dict[str, Any]:
    """Why a request went where it went, every call that was made for it, and what they cost."""
    current = routing()
    record = current.ledger.decision(decision_id)
    if record is None or not (sees_all(caller) or record.owner.key == key_of(caller)):
        raise HTTPException(404, "no such decision, or not one of this key's, or too old")
    found = current.decision(decision_id)
    if found is None:
        raise HTTPException(404, "no such decision, or not one of this key's, or too old")
    return found


@api.post("/conversations/{conversation}/reset")
async def reset_conversation(conversation: str, caller: Caller, end_user: str = "") -> dict[str, str]:
    """Forget the tier of one of this key's conversations, so that its next request is decided afresh."""
    await routing().reset_conversation(conversation, key=key_of(caller), end_user=end_user)
    return {"status": "reset"}
