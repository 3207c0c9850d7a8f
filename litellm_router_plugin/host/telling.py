"""What is known of a request at the moment its answer is handed to the host."""

from __future__ import annotations

from decimal import Decimal

from litellm_router_plugin.core.money import cost_at
from litellm_router_plugin.core.tiers import Tier
from litellm_router_plugin.host.headers import Told
from litellm_router_plugin.host.private import cost_on, served_from_cache
from litellm_router_plugin.host.responses import is_cache_hit, is_stream, shown_cost, usage_of_response
from litellm_router_plugin.host.scope import RequestScope


def told(scope: RequestScope, tier: Tier, response: object, logging_object: object, spent: Decimal | None) -> Told:
    """The facts for the client.

    Args:
        scope: The request.
        tier: The tier that answered.
        response: The answer.
        logging_object: The host's logging object of the call, which knows the cost of answers that carry none.
        spent: USD of all other calls of the request; None when one is unknown or not finished.
    """
    cost = None if spent is None else answer_cost(scope, tier, response, logging_object)
    total = None if cost is None or spent is None else cost + spent
    saves_nothing = scope.pinned or is_free(response, logging_object)
    return Told(
        decision_id=scope.decision_id,
        tier=tier.name,
        cause=scope.choice.cause,
        attempts=scope.attempt,
        escalated=scope.escalated,
        experiment=scope.experiment,
        offline=tier.name in scope.known.offline,
        cost=total,
        savings=None if total is None else Decimal(0) if saves_nothing else savings(scope, response, total),
    )


def answer_cost(scope: RequestScope, tier: Tier, response: object, logging_object: object) -> Decimal | None:
    """USD of one finished answer, 0 for a cache hit; None for a stream and where its price is unknown."""
    if is_stream(response):
        return None
    if is_free(response, logging_object):
        return Decimal(0)
    cost = shown_cost(response)
    if cost is None:
        cost = cost_on(logging_object, response)
    if not cost and scope.prices.get(tier.name) is None:
        return None
    return cost


def is_free(response: object, logging_object: object) -> bool:
    """Whether LiteLLM's response cache served the answer."""
    return is_cache_hit(response) or served_from_cache(logging_object)


def savings(scope: RequestScope, response: object, total: Decimal) -> Decimal | None:
    """Baseline cost of the answer's tokens minus the total; None where the baseline's price is unknown."""
    price = scope.prices.get(scope.tier_router.policy.config.baseline)
    usage = usage_of_response(response)
    return None if price is None or usage is None else cost_at(price, usage) - total
