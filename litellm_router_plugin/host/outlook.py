"""What is expected of tiers and graders on one request, for the expected-cost rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litellm_router_plugin.build_checks import JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS, Graders
from litellm_router_plugin.checks.agreement import OPINION
from litellm_router_plugin.core.cascade import CascadePolicy
from litellm_router_plugin.core.expected_cost import GraderOutlook, Plan, TierOutlook, best_plan
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.revealed_value import revealed_value
from litellm_router_plugin.host.draft_costs import CHARS_PER_TOKEN
from litellm_router_plugin.host.scope import RequestScope

CHECKS: Final = GraderOutlook("checks", 0.0, accepts_good=0.99, accepts_poor=0.92)
"""The local checks: they reject about 8 % of the poor answers and hardly a good one (docs/checks.md)."""
JUDGE_ACCURACY: Final = 0.75
"""How often a judge is taken to be right. Not measured on your judge: docs/judge.md says how to."""
TYPICAL_ANSWER_TOKENS: Final = 300
"""Completion tokens assumed of an answer whose length is not forecast; a guess."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything the rule needs.

    Attributes:
        tiers: By rung.
        graders: Who can be asked at a price, by name.
        value_usd: What a good answer is worth, as the classifier's choice reveals it.
        rungs: The rungs that may be called.
    """

    tiers: Sequence[TierOutlook]
    graders: Mapping[str, GraderOutlook]
    value_usd: float
    rungs: Sequence[int]

    def plan(self) -> Plan:
        """What to do with the request: where to start, and whether to have the draft graded at a price."""
        return best_plan(self.tiers, [CHECKS, *self.graders.values()], self.value_usd, rungs=self.rungs)


def outlook_of(
    scope: RequestScope, policy: CascadePolicy, graders: Graders, prices: Mapping[str, Price | None]
) -> Outlook | None:
    """The outlook of a request; None where the classifier does not forecast every tier's success and cost.

    Args:
        scope: The request, decided by the learned classifier.
        policy: Which rungs the cascade may call.
        graders: Who reads drafts.
        prices: Model group -> price, of judge and second opinion.
    """
    forecast, ladder = scope.forecast, scope.tier_router.ladder
    known = all(name in forecast.p_success and name in forecast.expected_cost for name in ladder.names)
    if scope.choice.cause != "learned" or not known or forecast.abstained:
        return None
    tiers = [TierOutlook(forecast.p_success[name], forecast.expected_cost[name]) for name in ladder.names]
    value = revealed_value(tiers, scope.rung)
    if value is None:
        return None
    floor = scope.inputs.client.narrowed(scope.inputs.owner).floor or 0
    rungs = [rung for rung in range(floor, policy.top_rung + 1) if rung not in policy.skip]
    return Outlook(tiers, grader_outlooks(scope, graders, prices), value, rungs)


def grader_outlooks(
    scope: RequestScope, graders: Graders, prices: Mapping[str, Price | None]
) -> dict[str, GraderOutlook]:
    """The graders that cost something and whose price is known."""
    prompt = scope.view.chars // CHARS_PER_TOKEN
    found = {}
    if graders.judge is not None and (price := prices.get(graders.judge_group)) is not None:
        reads = Usage(prompt + TYPICAL_ANSWER_TOKENS + JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS)
        found["judge"] = GraderOutlook.of_accuracy("judge", float(cost_at(price, reads)), JUDGE_ACCURACY)
    second = graders.second
    if second is not None and (price := prices.get(second.model_group)) is not None:
        cost = float(cost_at(price, Usage(prompt, TYPICAL_ANSWER_TOKENS)))
        found["second_opinion"] = GraderOutlook(OPINION.name, cost, OPINION.accepts_good, OPINION.accepts_poor)
    return found
