"""From a host call to a decision: gathers what is known, asks the classifier, applies the precedence.

Total but for refusals: a fault of the plugin's own costs the request the default tier and nothing more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from litellm_router_plugin.core.decisions import Choice, DecisionInputs, Lack, choose_tier, proposed_choice
from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import Endpoint, RequestView
from litellm_router_plugin.core.stickiness import kept_rung
from litellm_router_plugin.errors import ClassifierFailed, RequestRefused
from litellm_router_plugin.host.conversations import conversation_id, state_key
from litellm_router_plugin.host.draft_costs import CHARS_PER_TOKEN
from litellm_router_plugin.host.experimenting import default_tier, enter_experiments, with_arm
from litellm_router_plugin.host.identity import METADATA_KEY, NO_BOUNDS, owner_bounds, owner_of
from litellm_router_plugin.host.overrides import client_bounds, read_overrides
from litellm_router_plugin.host.private import redacts
from litellm_router_plugin.host.route_names import route_named
from litellm_router_plugin.host.scope import RequestScope
from litellm_router_plugin.host.state import answered_calls, state_keys
from litellm_router_plugin.ledger.records import Owner

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting
    from litellm_router_plugin.host.tier_router import TierRouter

NO_INPUTS = DecisionInputs()
UNREAD: Mapping[Endpoint, RequestView] = {name: RequestView(endpoint=name) for name in get_args(Endpoint)}
DECISION_ID_BYTES = 16
"""128 random bits: a decision's id cannot be guessed."""


def new_scope(
    tier_router: TierRouter, endpoint: Endpoint, request: Mapping[str, Any], bucket: Mapping[str, Any]
) -> RequestScope:
    """A scope on the default tier, to be filled by `decide`."""
    rung = tier_router.ladder.rung(tier_router.policy.config.default)
    return RequestScope(
        decision_id=secrets.token_hex(DECISION_ID_BYTES),
        tier_router=tier_router,
        endpoint=endpoint,
        view=UNREAD[endpoint],
        inputs=NO_INPUTS,
        choice=Choice(rung, "default"),
        rung=rung,
        owner=owner_of(bucket, request),
    )


async def decide(
    routing: TierRouting, scope: RequestScope, request: Mapping[str, Any], bucket: dict[str, Any], calls: ModelCalls
) -> None:
    """Fill a scope with the decision for a request; ``tier_router`` is taken out of the client's metadata.

    Raises:
        RequestRefused: The client asked for something that cannot be.
    """
    asked = bucket.pop(METADATA_KEY, None)
    ladder = scope.tier_router.ladder
    scope.overrides = read_overrides(request, asked, ladder)
    bounds = owner_bounds(bucket, scope.tier_router.name, ladder)
    try:
        scope.redacted = redacts(request)
        scope.view = read_view(scope.endpoint, request)
        scope.route = route_of(scope)
        if scope.route in scope.tier_router.policy.config.routes:
            scope.view = replace(scope.view, route=scope.route)
        scope.conversation = conversation_key(scope, request, bucket)
        enter_experiments(scope)
        scope.graders = scope.tier_router.policy.graders_on(scope.graders, scope.route)
        inputs = await _inputs(routing, scope, request, calls)
        sticky = await conversation_tier(routing, scope, inputs)
        client = client_bounds(scope.overrides, ladder)
        if sticky is not None or client != NO_BOUNDS or bounds != NO_BOUNDS:
            inputs = replace(inputs, sticky_tier=sticky, client=client, owner=bounds)
        scope.inputs = with_arm(scope, inputs)
        scope.choice = choose_tier(ladder, default_tier(scope), scope.inputs)
        if scope.is_observed:
            observe_only(scope)
    except RequestRefused:
        raise
    except Exception as fault:  # noqa: BLE001  the policy for any fault of ours: count it, take the default tier
        routing.faults.note("deciding", fault)
        scope.inputs = DecisionInputs(client=client_bounds(scope.overrides, ladder), owner=bounds)
        safe = choose_tier(ladder, scope.tier_router.policy.config.default, scope.inputs)
        scope.choice = Choice(safe.rung, "plugin_error")
    scope.rung = scope.choice.rung
    scope.pinned = scope.overrides.tier is not None and not scope.inputs.has_state


def observe_only(scope: RequestScope) -> None:
    """Keep the decision for the record, and act as if there were no classifier, experiment or memory."""
    scope.observed = scope.choice
    plain = replace(scope.inputs, forecast=NOTHING_FIRED, experiment_tier=None, sticky_tier=None, loop_tier=None)
    scope.choice = choose_tier(scope.tier_router.ladder, scope.tier_router.policy.config.default, plain)


def read_view(endpoint: Endpoint, request: Mapping[str, Any]) -> RequestView:
    """What classifiers and checks see of a host call."""
    if endpoint == "text":
        return read_request(None, input=request.get("prompt"), params=request, endpoint=endpoint)
    return read_request(request.get("messages"), input=request.get("input"), params=request, endpoint=endpoint)


def conversation_key(scope: RequestScope, request: Mapping[str, Any], bucket: Mapping[str, Any]) -> str:
    """The key of the conversation's state; empty when the request belongs to none."""
    found = conversation_id(scope.view, scope.overrides.conversation, request, bucket)
    return state_key(scope.tier_router.name, scope.owner, found) if found else ""


def route_of(scope: RequestScope) -> str:
    """The stream of traffic that a request belongs to: as the client names it, else as `route_named` knows it."""
    return scope.overrides.route or route_named(scope.tier_router.name, scope.view)


async def _inputs(
    routing: TierRouting, scope: RequestScope, request: Mapping[str, Any], calls: ModelCalls
) -> DecisionInputs:
    keys = state_keys(request.get("messages"), request)
    if keys:
        return DecisionInputs(has_state=True, state_tier=routing.state_maker(scope, keys))
    if scope.overrides.tier:
        return DecisionInputs(pin=scope.overrides.tier, lacks=lacks_of(scope))
    if "tier" not in scope.arm:
        scope.forecast = await classified(routing, scope, calls)
    return DecisionInputs(
        forecast=scope.forecast,
        loop_tier=loop_tier(routing, scope, request),
        lacks=lacks_of(scope),
    )


def lacks_of(scope: RequestScope) -> Mapping[str, Lack]:
    """Tier name -> what the tier lacks for a request."""
    return scope.known.lacks(scope.tier_router.ladder, scope.view)


def loop_tier(routing: TierRouting, scope: RequestScope, request: Mapping[str, Any]) -> str | None:
    """The tier that made the tool calls whose results a request brings."""
    if not scope.view.in_tool_loop:
        return None
    calls = answered_calls(request.get("messages") or request.get("input"))
    return routing.makers.maker(owner_scope(scope.owner, scope.tier_router.name), calls)


async def conversation_tier(routing: TierRouting, scope: RequestScope, inputs: DecisionInputs) -> str | None:
    """The tier that the conversation goes on with, where that is not the proposed one."""
    settings = scope.conversation_settings
    if settings is None or not scope.conversation or inputs.pin or inputs.has_state:
        return None
    ladder = scope.tier_router.ladder
    last = await routing.conversations.tier(scope.conversation, blocking=scope.blocking)
    proposed = proposed_choice(ladder, default_tier(scope), with_arm(scope, inputs))
    rung = kept_rung(
        ladder,
        proposed.rung,
        last,
        sticky=settings.sticky,
        forecast=inputs.forecast,
        prices=scope.prices,
        prompt_tokens=scope.view.chars // CHARS_PER_TOKEN,
    )
    return None if rung == proposed.rung else ladder[rung].name


async def classified(routing: TierRouting, scope: RequestScope, calls: ModelCalls) -> Forecast:
    """What the classifier says; a classifier that fails says the default tier, and is counted."""
    try:
        classifier = scope.tier_router.policy.classifier_for(scope.arm.get("classifier"))
        forecast = await classifier.forecast(scope.view, calls)
    except ClassifierFailed as failure:
        routing.faults.note("classifier", failure)
        return Forecast(failed=True)
    except Exception as fault:  # noqa: BLE001  user code and models run in there; the policy is the default tier
        routing.faults.note("classifier", fault)
        return Forecast(failed=True)
    if forecast.failed:  # its own failure policy has chosen the tier
        routing.faults.count("classifier")
    return forecast


def owner_scope(owner: Owner, router: str) -> str:
    """What keeps one owner's state apart from another's."""
    return f"{router}\x00{owner.key}\x00{owner.end_user}"
