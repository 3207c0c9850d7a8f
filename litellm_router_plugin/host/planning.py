"""Makes the cascade's plan for a decided request: expected cost first, then the break-even guard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.beliefs import Readiness
from litellm_router_plugin.core.cascade import CascadePolicy, next_rung
from litellm_router_plugin.core.decisions import Choice
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.host.cascade_plan import CascadePlan, plan_cascade
from litellm_router_plugin.host.deployments import group_price
from litellm_router_plugin.host.draft_costs import cost_by_characters
from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.outlook import outlook_of
from litellm_router_plugin.host.scope import RequestScope

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting


def plan_request(routing: TierRouting, scope: RequestScope, entry: EntryPoint) -> CascadePlan:
    """How drafts of a request are graded; entered in the books with the decision, which it may change.

    A fault in here costs the cascade: the decided tier is called and its answer served.
    """
    try:
        plan = _watched(routing, scope, entry, _by_expected_cost(routing, scope, entry, plan_cascade(scope, entry)))
    except Exception as fault:  # noqa: BLE001  the stated policy
        routing.faults.note("planning", fault)
        plan = CascadePlan(CascadePolicy(max_escalations=0, top_rung=scope.rung), state="off: plugin error")
    routing.note_decision(scope, plan)
    return plan


def plan_walk(routing: TierRouting, scope: RequestScope, entry: EntryPoint) -> CascadePlan:
    """The plan for a request that shadow mode walks: as `plan_request`, without the guard, which no traffic informs."""
    return _by_expected_cost(routing, scope, entry, plan_cascade(scope, entry))


def _by_expected_cost(routing: TierRouting, scope: RequestScope, entry: EntryPoint, plan: CascadePlan) -> CascadePlan:
    """The plan that starts, and goes on, where expected cost and success say, where the classifier forecasts them."""
    if not plan.is_on or plan.graders is None:
        return plan
    prices: Mapping[str, Price | None] = {group: price_of_group(scope, group) for group in plan.graders.groups}
    readiness = {
        group: Readiness.of(routing.routes.statistics(routing.grader_key(scope, group)))
        for group in plan.graders.groups
    }
    outlook = outlook_of(scope, plan.policy, plan.graders, prices, readiness)
    best = None if outlook is None else outlook.plan()
    if outlook is None or best is None:
        return plan
    if best.rung != scope.rung:
        scope.rung = scope.start_rung = best.rung
        scope.choice = Choice(best.rung, scope.choice.cause)
        plan = plan_cascade(scope, entry)
    policy = replace(plan.policy, skip=plan.policy.skip | outlook.passed_over(best.rung))
    return replace(plan, policy=policy, target=next_rung(policy, best.rung), outlook=outlook)


def _watched(routing: TierRouting, scope: RequestScope, entry: EntryPoint, plan: CascadePlan) -> CascadePlan:
    """The plan, or one without a cascade on the tier that it would go up to, where the cascade loses money."""
    if plan.target is None or scope.cascade is None or not scope.cascade.break_even or scope.pinned:
        return plan
    if routing.guard.runs(scope.tier_router.name, scope.tier.name, scope.decision_id):
        return plan
    scope.choice = Choice(plan.target, "break_even")
    scope.rung = scope.start_rung = plan.target
    return plan_cascade(scope, entry)


def price_of_group(scope: RequestScope, group: str) -> Price | None:
    """The price of a model group; None where it is unknown."""
    return group_price(scope.tier_router.facts(group))


def opinion_cost(scope: RequestScope, group: str, answer: AnswerView) -> Decimal | None:
    """Expected USD of an answer of that size by a model group; None where its price is unknown."""
    return cost_by_characters(price_of_group(scope, group), scope, answer)
