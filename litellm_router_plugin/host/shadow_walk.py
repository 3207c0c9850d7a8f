"""Walks the path that routing and the cascade would have taken on a request that was only observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.cascade import Attempt, CallTier, Serve, next_rung, next_step
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.host.cascade_plan import CascadePlan
from litellm_router_plugin.host.draft_costs import cost_so_far, estimated_cost
from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.grading import Drafted, grade
from litellm_router_plugin.host.planning import opinion_cost, plan_walk, price_of_group
from litellm_router_plugin.host.scope import RequestScope
from litellm_router_plugin.host.shadow_calls import ShadowCalls
from litellm_router_plugin.ledger.shadow import ShadowRun, ShadowStep

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting


@dataclass(frozen=True, slots=True)
class Observed:
    """A request whose answer was served while routing would have decided otherwise, or the same.

    Attributes:
        scope: The request as routing would have seen it: on the tier that it would have chosen.
        request: The arguments of the client's call.
        served_rung: The tier that did answer.
        served_call: Its call.
        answer: Its answer; None of a stream, which nobody kept.
        params: The client's own parameters that a second model gets as well.
        with_judge: Whether models are asked about answers.
    """

    scope: RequestScope
    entry: EntryPoint
    request: Mapping[str, Any]
    served_rung: int
    served_call: str
    answer: AnswerView | None
    params: Mapping[str, object]
    with_judge: bool


def as_routed(scope: RequestScope) -> RequestScope:
    """A copy of an observed request, decided as it would have been with ``mode: route``."""
    choice = scope.observed or scope.choice
    return replace(
        scope,
        view=replace(scope.view, stream=False),
        choice=choice,
        rung=choice.rung,
        start_rung=choice.rung,
        lowest_rung=0,
        attempt=0,
        call_id="",
        seen_costs={},
        counted_calls=set(),
        proxy_data=None,
        observing=False,
    )


async def walk(routing: TierRouting, observed: Observed, calls: ShadowCalls) -> ShadowRun:
    """The path to its end, with the very steps of the live cascade; what was served is not called again.

    Raises:
        ShadowRefused: A call that it needs is not made.
    """
    scope = observed.scope
    plan = _affordable(plan_walk(routing, scope, observed.entry), scope, with_judge=observed.with_judge)
    attempts: list[Attempt] = []
    steps: list[ShadowStep] = []
    while True:
        match next_step(plan.policy, scope.start_rung, attempts):
            case CallTier(rung=rung, is_final=is_final):
                step, attempt = await _step(routing, observed, calls, plan, rung, is_final=is_final)
                steps.append(step)
                attempts.append(attempt)
            case Serve(attempt=index):
                moved = len(steps) > 1 and attempts[index].rung > scope.start_rung
                return ShadowRun("done", steps[index].tier, moved, tuple(steps), tuple(calls.made))
            case _:
                return ShadowRun("failed", steps=tuple(steps), calls=tuple(calls.made))


def _affordable(plan: CascadePlan, scope: RequestScope, *, with_judge: bool) -> CascadePlan:
    """The plan without graders that cost money where they are not wanted or have no price."""
    graders = plan.graders
    if graders is None:
        return plan
    if not with_judge or price_of_group(scope, graders.judge_group) is None:
        graders = replace(graders, judge=None, judge_group="", asks_always=False)
    if graders.second is not None and (not with_judge or price_of_group(scope, graders.second.model_group) is None):
        graders = replace(graders, second=None)
    return replace(plan, graders=graders)


async def _step(
    routing: TierRouting, observed: Observed, calls: ShadowCalls, plan: CascadePlan, rung: int, *, is_final: bool
) -> tuple[ShadowStep, Attempt]:
    scope = observed.scope
    scope.rung = rung
    tier = scope.tier_router.ladder[rung]
    if rung == observed.served_rung and observed.answer is not None:
        step, answer = ShadowStep(tier.name, observed.served_call, served=True), observed.answer
    else:
        call_id, answer = await calls.answer(observed.entry, observed.request, tier)
        step = ShadowStep(tier.name, call_id)
    scope.call_id = step.call_id
    if is_final or plan.graders is None:
        return step, Attempt(rung)
    known_of_route = routing.routes.statistics(routing.route_key(scope, tier))
    verdict = await grade(plan.graders, _drafted(observed, plan, answer, known_of_route), calls)
    cost = cost_so_far(scope, tier, answer)
    known = replace(step, verdict=str(verdict.outcome), by=verdict.by, quality=verdict.quality)
    return known, Attempt(rung, verdict, cost_usd=cost)


def _drafted(observed: Observed, plan: CascadePlan, answer: AnswerView, route: RouteStatistics) -> Drafted:
    scope = observed.scope
    messages = observed.request.get("messages")
    target = next_rung(plan.policy, scope.rung)
    second = plan.graders.second if plan.graders is not None else None
    return Drafted(
        answer=answer,
        request=scope.view,
        route=route,
        rung=scope.rung,
        messages=messages if scope.endpoint == "chat" and isinstance(messages, list) else None,
        params=observed.params,
        opinion_usd=None if second is None else opinion_cost(scope, second.model_group, answer),
        target_usd=None if target is None else estimated_cost(scope, scope.tier_router.ladder[target], answer),
        outlook=plan.outlook,
        is_first=scope.rung == scope.start_rung,
    )
