"""What is expected of tiers and graders on one request, for the expected-cost rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litellm_router_plugin.build_checks import JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS, Graders
from litellm_router_plugin.checks.agreement import OPINION
from litellm_router_plugin.core.beliefs import LEVEL_DEVIATION, Readiness, blended, expected_p
from litellm_router_plugin.core.cascade import CascadePolicy
from litellm_router_plugin.core.expected_cost import GraderOutlook, Plan, TierOutlook, best_plan
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.host.draft_costs import CHARS_PER_TOKEN
from litellm_router_plugin.host.scope import RequestScope

CHECKS: Final = GraderOutlook("checks", 0.0, accepts_good=0.99, accepts_poor=0.92)
"""The local checks: they reject about 8 % of the poor answers and hardly a good one (docs/checks.md)."""
JUDGE_ACCURACY: Final = 0.75
"""How often a judge is taken to be right. Not measured on your judge: docs/judge.md says how to."""
USUAL_GRADERS: Final[Mapping[str, GraderOutlook]] = {
    "judge": GraderOutlook.of_accuracy("judge", 0.0, JUDGE_ACCURACY),
    "second_opinion": OPINION,
}
TYPICAL_ANSWER_TOKENS: Final = 300
"""Completion tokens assumed of an answer whose length is not forecast; a guess."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything the rule needs.

    Attributes:
        tiers: By rung, as expected on the route.
        forecasts: By rung, P(success) as the classifier forecasts it.
        graders: Who can be asked at a price, by name, as expected on the route.
        value_usd: What a good answer is worth, as the classifier's target says.
        rungs: The rungs that may be called.
        deviation: Of the estimates' level on this route, in log odds.
    """

    tiers: Sequence[TierOutlook]
    forecasts: Sequence[float]
    graders: Mapping[str, GraderOutlook]
    value_usd: float
    rungs: Sequence[int]
    deviation: float = LEVEL_DEVIATION

    def plan(self, above: int = -1) -> Plan | None:
        """What to do from a rung above this one on; None where there is none."""
        rungs = [rung for rung in self.rungs if rung > above]
        if not rungs:
            return None
        return best_plan(self.tiers, [CHECKS, *self.graders.values()], self.value_usd, rungs=rungs)

    def passed_over(self, start: int) -> frozenset[int]:
        """The rungs above the start that are not called, however many answers are rejected."""
        then = self.plan(above=start)
        return frozenset(rung for rung in self.rungs if rung > start) - set(then.rungs if then else ())

    def p_ok(self, rung: int, estimate: float | None) -> float:
        """P(a draft is good), from the forecast and the learned check's estimate where there is one."""
        return expected_p(blended(self.forecasts[rung], estimate), self.deviation)


def outlook_of(
    scope: RequestScope,
    policy: CascadePolicy,
    graders: Graders,
    prices: Mapping[str, Price | None],
    readiness: Mapping[str, Readiness],
) -> Outlook | None:
    """The outlook of a request; None where the classifier does not forecast every tier's success and cost.

    Of a prompt unlike anything that the classifier knows each tier's usual success is expected; where nobody can be
    asked at a price, the classifier's own cautious choice stands.

    Args:
        scope: The request, decided by the learned classifier.
        policy: Which rungs the cascade may call.
        graders: Who reads drafts.
        prices: Model group -> price, of judge and second opinion.
        readiness: Model group -> how readily it accepts on the request's route.
    """
    forecast, ladder = scope.forecast, scope.tier_router.ladder
    success = forecast.usual_success if forecast.abstained else forecast.p_success
    known = all(name in success and name in forecast.expected_cost for name in ladder.names)
    if scope.choice.cause != "learned" or not known or forecast.value_usd is None:
        return None
    asked = grader_outlooks(scope, graders, prices, readiness)
    if forecast.abstained and not asked:
        return None
    deviation = 0.0 if is_calibrated(scope) else LEVEL_DEVIATION
    forecasts = [success[name] for name in ladder.names]
    costs = [forecast.expected_cost[name] for name in ladder.names]
    tiers = [TierOutlook(expected_p(p, deviation), cost) for p, cost in zip(forecasts, costs, strict=True)]
    floor = scope.inputs.client.narrowed(scope.inputs.owner).floor or 0
    rungs = [rung for rung in range(floor, policy.top_rung + 1) if rung not in policy.skip]
    return Outlook(tiers, forecasts, asked, forecast.value_usd, rungs, deviation)


def is_calibrated(scope: RequestScope) -> bool:
    """Whether the level of the forecasts was set from labels of the request's route."""
    route = scope.tier_router.policy.config.routes.get(scope.route)
    return route is not None and bool(route.intercepts)


def grader_outlooks(
    scope: RequestScope, graders: Graders, prices: Mapping[str, Price | None], readiness: Mapping[str, Readiness]
) -> dict[str, GraderOutlook]:
    """The graders that cost something and whose price is known."""
    prompt = scope.view.chars // CHARS_PER_TOKEN
    found = {}
    if graders.judge is not None and (price := prices.get(graders.judge_group)) is not None:
        reads = Usage(prompt + TYPICAL_ANSWER_TOKENS + JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS)
        usual = USUAL_GRADERS["judge"].at(float(cost_at(price, reads)))
        found["judge"] = readiness.get(graders.judge_group, Readiness()).of_grader(usual)
    second = graders.second
    if second is not None and (price := prices.get(second.model_group)) is not None:
        usual = USUAL_GRADERS["second_opinion"].at(float(cost_at(price, Usage(prompt, TYPICAL_ANSWER_TOKENS))))
        found["second_opinion"] = readiness.get(second.model_group, Readiness()).of_grader(usual)
    return found
