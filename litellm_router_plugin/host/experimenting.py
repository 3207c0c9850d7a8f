"""Puts a request into the arms of the running experiments, and their settings into force for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.conversation import ConversationSettings
from litellm_router_plugin.core.decisions import Bounds, DecisionInputs
from litellm_router_plugin.core.experiments import Unit, assign
from litellm_router_plugin.host.scope import RequestScope


def enter_experiments(scope: RequestScope) -> None:
    """Assign a request; requests that the client pinned or that carry state take no part."""
    policy = scope.tier_router.policy
    if not policy.experiments or scope.overrides.tier:
        return
    assignment = assign(policy.experiments, units_of(scope))
    scope.experiment = assignment.label
    scope.assignment = assignment
    scope.arm = assignment.overrides
    if isinstance(conversation := scope.arm.get("conversation"), ConversationSettings):
        scope.conversation_settings = conversation
    cascade = scope.arm.get("cascade")
    if isinstance(cascade, CascadeSettings):
        scope.cascade, scope.graders = cascade, policy.graders_for(cascade)
    elif cascade is False:
        scope.cascade = scope.graders = None


def units_of(scope: RequestScope) -> Mapping[Unit, str | None]:
    """The ids by which a request can be assigned."""
    owner = scope.owner
    return {
        "user": owner.end_user or owner.user or owner.key or None,
        "key": owner.key or None,
        "conversation": scope.conversation or None,
        "request": scope.decision_id,
    }


def with_arm(scope: RequestScope, inputs: DecisionInputs) -> DecisionInputs:
    """The inputs of a decision with what the arms set; a client's own bounds win over an arm's."""
    if not scope.arm:
        return inputs
    ladder = scope.tier_router.ladder
    tier = scope.arm.get("tier")

    def rung(key: str) -> int | None:
        name = scope.arm.get(key)
        return ladder.rung(name) if isinstance(name, str) else None

    bounds = inputs.client.narrowed(Bounds(rung("min_tier"), rung("max_tier")))
    if bounds.floor is not None and bounds.cap is not None and bounds.floor > bounds.cap:
        bounds = inputs.client
    return replace(inputs, experiment_tier=tier if isinstance(tier, str) else None, client=bounds)


def default_tier(scope: RequestScope) -> str:
    """The tier when nothing speaks for another; an arm may set its own."""
    found = scope.arm.get("default_tier")
    return found if isinstance(found, str) else scope.tier_router.policy.config.default
