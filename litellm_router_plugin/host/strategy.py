"""The routing strategy: leads a call on a tier router into its tier's model group, all others straight on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import litellm
from litellm.types.router import CustomRoutingStrategyBase

from litellm_router_plugin.core.decisions import healthy_choice
from litellm_router_plugin.errors import NotTextRequest
from litellm_router_plugin.host.identity import bucket_of
from litellm_router_plugin.host.private import (
    Pick,
    is_cooling_down,
    is_cooling_down_sync,
    own_pick,
    own_pick_sync,
    redacted_decision,
)
from litellm_router_plugin.host.refusals import as_bad_request, not_text
from litellm_router_plugin.host.scope import SCOPE, RequestScope

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting

LOGGING = "litellm_logging_obj"


class TierRoutingStrategy(CustomRoutingStrategyBase):  # type: ignore[misc]  # the host ships no types
    """Set on a `litellm.Router` by ``set_custom_routing_strategy``; it is asked for every group of that router."""

    def __init__(self, routing: TierRouting) -> None:
        self.routing = routing

    async def async_get_available_deployment(  # noqa: D102  the host's own contract
        self,
        model: str,
        messages: list[dict[str, str]] | None = None,
        input: str | list[Any] | None = None,  # noqa: A002  the host passes it by this name
        specific_deployment: bool | None = False,  # noqa: FBT001, FBT002  same
        request_kwargs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        pick = own_pick(self.routing.router)
        request = {} if request_kwargs is None else request_kwargs
        rest = {
            "messages": messages,
            "input": input,
            "specific_deployment": specific_deployment,
            "request_kwargs": request,
        }
        scope = self._scope(model, request)
        if scope is None:
            return await pick(model=model, **rest)
        deployment = await self._pick_tier(scope, request, partial(pick, **rest))
        stamp(scope, request)
        return deployment

    def get_available_deployment(  # noqa: D102  the host's own contract
        self,
        model: str,
        messages: list[dict[str, str]] | None = None,
        input: str | list[Any] | None = None,  # noqa: A002  the host passes it by this name
        specific_deployment: bool | None = False,  # noqa: FBT001, FBT002  same
        request_kwargs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        pick = own_pick_sync(self.routing.router)
        request = {} if request_kwargs is None else request_kwargs
        rest = {
            "messages": messages,
            "input": input,
            "specific_deployment": specific_deployment,
            "request_kwargs": request,
        }
        scope = self._scope(model, request)
        if scope is None:
            return pick(model=model, **rest)
        while True:
            enter_tier(scope, request)
            try:
                deployment = pick(model=scope.tier.model_group, **rest)
            except Exception:
                cooling = is_cooling_down_sync(self.routing.router, scope.tier.model_group)
                if not cooling or not self._gave_way(scope, request):
                    raise
                continue
            stamp(scope, request)
            return deployment

    def _scope(self, model: str, request: dict[str, Any]) -> RequestScope | None:
        """The request under way when the group is a tier router; None for any other group."""
        scope = SCOPE.get()
        if scope is not None and scope.tier_router.name == model:
            return scope
        tier_router = self.routing.find(model)
        if tier_router is None:
            return None
        scope = scope or self.routing.scope_of_call(request)
        if scope is None or scope.tier_router.name != tier_router.name:
            raise as_bad_request(NotTextRequest(not_text(tier_router)), model)
        return scope

    async def _pick_tier(self, scope: RequestScope, request: dict[str, Any], pick: Pick) -> dict[str, Any]:
        """LiteLLM's own selection inside the tier's group; a tier that cools down gives way to another.

        The first pick runs without the logging object: with it the host would report the failure of a request that
        another tier then answers.
        """
        while True:
            enter_tier(scope, request)
            group = scope.tier.model_group
            logging_object = request.get(LOGGING)
            request[LOGGING] = None
            try:
                return await pick(model=group)
            except Exception:  # noqa: BLE001  it is raised again below, by the host itself
                request[LOGGING] = logging_object
                if not await is_cooling_down(self.routing.router, group):
                    return await pick(model=group)  # once more for the host's own error and its failure event
                if not self._gave_way(scope, request):
                    return await pick(model=group)
            finally:
                if logging_object is None:
                    request.pop(LOGGING, None)
                else:
                    request[LOGGING] = logging_object

    def _gave_way(self, scope: RequestScope, request: dict[str, Any]) -> bool:
        """Move the request to another healthy tier. Not on a retry of a tier that has fallbacks: those come first."""
        bucket = bucket_of(request)
        if bucket.get("attempted_retries") and has_fallback(self.routing.router, scope):
            return False
        inputs = scope.inputs.with_unhealthy(scope.tier.name)
        choice = healthy_choice(scope.tier_router.ladder, scope.choice_at(scope.rung), inputs)
        if choice.rung == scope.rung or choice.rung < scope.lowest_rung or inputs.has_state:
            return False
        scope.inputs, scope.choice, scope.rung = inputs, choice, choice.rung
        return True


def has_fallback(router: litellm.Router, scope: RequestScope) -> bool:
    """Whether the operator configured fallbacks for the tier's group or for the router's name."""
    names = {scope.tier.model_group, scope.tier_router.name, "*"}
    return any(names & set(entry) for entry in (router.fallbacks or ()) if isinstance(entry, dict))


def enter_tier(scope: RequestScope, request: dict[str, Any]) -> None:
    """What the host must find before it picks: the tier for its fallbacks, and a cache entry of the tier's own."""
    bucket, tier = bucket_of(request), scope.tier
    bucket["pre_routing_selected_model"] = tier.model_group
    notes = bucket.get("spend_logs_metadata")
    bucket["spend_logs_metadata"] = {
        **(notes if isinstance(notes, dict) else {}),
        "tier_router": scope.row_metadata(),
    }
    if litellm.cache is not None:
        request["cache"] = tier_cache(scope, request)


def tier_cache(scope: RequestScope, request: dict[str, Any]) -> dict[str, Any]:
    """The request's cache settings, in a namespace of the tier: the host's cache key knows only the router's name,
    and one tier's answer must not be served as another's.
    """
    asked = request.get("cache")
    asked = asked if isinstance(asked, dict) else {}
    client_namespace = scope.cache_namespace if scope.cache_namespace is not None else asked.get("namespace")
    scope.cache_namespace = client_namespace or ""
    return {**asked, "namespace": f"{scope.cache_namespace}:tier_router:{scope.tier.model_group}"}


def stamp(scope: RequestScope, request: dict[str, Any]) -> None:
    """Write LiteLLM's own record of a routing decision; after the pick, since each pick clears it."""
    tier = scope.tier
    decision: dict[str, object] = {
        "router_model_name": scope.tier_router.name,
        "routed_model": tier.model_group,
        "cause": "classifier_plugin",
        "tier": tier.name,
        "signals": list(scope.forecast.signals),
        "escalated": scope.attempt > 1,
    }
    if scope.forecast.confidence is not None:
        decision["classifier_confidence"] = scope.forecast.confidence
    if scope.claims_savings and (baseline := scope.known.baseline):
        decision["savings_baseline_model"] = baseline.model
        if baseline.deployment is not None:
            decision["savings_baseline_deployment_id"] = baseline.deployment
    bucket_of(request)["routing_decision"] = redacted_decision(request, decision) if scope.redacted else decision
