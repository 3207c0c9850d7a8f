"""What an attempt has cost so far, its graders included, while its row may still be on its way."""

from __future__ import annotations

from decimal import Decimal

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.tiers import Tier
from litellm_router_plugin.host.scope import RequestScope

CHARS_PER_TOKEN = 4
"""Usual characters a token in English; only for estimates that bound spending, never for the books."""


def cost_so_far(scope: RequestScope, tier: Tier, answer: AnswerView) -> Decimal | None:
    """USD of the latest attempt and of every grader called so far; None where a price is unknown.

    A stream has told no usage yet: its cost is then estimated from its characters.
    """
    total = Decimal(0)
    for call_id, cost in scope.seen_costs.items():
        if call_id in scope.counted_calls:
            continue
        known = estimated_cost(scope, tier, answer) if cost is None and call_id == scope.call_id else cost
        if known is None:
            return None
        scope.counted_calls.add(call_id)
        total += known
    return total


def estimated_cost(scope: RequestScope, tier: Tier, answer: AnswerView) -> Decimal | None:
    """USD of an answer by its characters, at a tier's price; None where that is unknown."""
    return cost_by_characters(scope.prices.get(tier.name), scope, answer)


def cost_by_characters(price: Price | None, scope: RequestScope, answer: AnswerView) -> Decimal | None:
    """USD of an answer by its characters; None without a price."""
    written = len(answer.text) + sum(len(call.arguments) for call in answer.tool_calls)
    usage = Usage(scope.view.chars // CHARS_PER_TOKEN, written // CHARS_PER_TOKEN)
    return None if price is None else cost_at(price, usage)
