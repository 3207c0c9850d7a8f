"""Counterfactuals over requests that were made with different ladders."""

from __future__ import annotations

from decimal import Decimal

from litellm_router_plugin.ledger.savings import Contribution
from litellm_router_plugin.ledger.totals import Totals, summary


def request(**cost_if_always: str) -> Contribution:
    costs = {name: Decimal(cost) for name, cost in cost_if_always.items()}
    return Contribution("cheap", 100, Decimal("0.1"), Decimal(0), costs, priced=True, escalated=False)


def test_a_tier_that_some_requests_did_not_know_has_no_sum() -> None:
    totals = Totals()
    totals.add(request(cheap="0.1", premium="2"))
    totals.add(request(cheap="0.1", gold="3"))
    told = summary(totals, baseline="premium", tiers=["cheap", "premium", "gold"], scope="worker")
    assert told["cost_if_always"] == {"cheap": 0.2, "premium": None, "gold": None}
    assert (told["savings"], told["savings_percentage"]) == (None, None)


def test_taking_a_request_out_again_makes_the_rest_comparable() -> None:
    totals = Totals()
    totals.add(request(cheap="0.1", premium="2"))
    other = request(cheap="0.1", gold="3")
    totals.add(other)
    totals.add(other, sign=-1)
    assert totals.always("premium") == Decimal(2)
