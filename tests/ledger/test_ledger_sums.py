"""Money in the ledger: what was spent, what it would have cost elsewhere, and the identities between the two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from ledger_strategies import (
    BASELINE,
    PRICES,
    TIERS,
    End,
    Event,
    MadeRequest,
    entered,
    one_call,
    one_request,
    traffic,
)

from litellm_router_plugin.core.money import Usage, cost_at
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, SettledCall
from litellm_router_plugin.ledger.savings import savings_of
from litellm_router_plugin.ledger.totals import Totals, merged, summary

Traffic = tuple[list[MadeRequest], list[Event]]


def played(traffic: Traffic) -> Ledger:
    made, events = traffic
    ledger = Ledger()
    for request in made:
        request.start(ledger)
    for event in events:
        event(ledger)
    return ledger


def amounts(ledger: Ledger, router: str | None = None) -> dict[str, float]:
    """The summary's figures; those that are unknown are left out."""
    written = summary(ledger.totals(router), baseline=BASELINE, tiers=TIERS, scope="test", pending=ledger.pending())
    return {name: value for name, value in written.items() if isinstance(value, int | float)}


def by_tier(ledger: Ledger, name: str) -> dict[str, float]:
    written = summary(ledger.totals(), baseline=BASELINE, tiers=TIERS, scope="test")[name]
    assert isinstance(written, dict)
    return written


def counterfactual(request: MadeRequest, tier: str) -> Decimal:
    """What a request whose costs are all known would have cost on one tier; 0 for one that failed."""
    served, cost, price = request.served_call, request.cost, PRICES[tier]
    if served is None or cost is None or price is None:
        return Decimal(0)
    return cost if request.pinned or served.end == "cache_hit" else cost_at(price, served.usage)


@given(traffic())
def test_the_total_is_the_sum_of_all_calls_of_priced_requests_in_any_order_of_events(traffic: Traffic) -> None:
    expected = sum((request.cost for request in traffic[0] if request.cost is not None), Decimal(0))
    assert played(traffic).totals().total_cost == expected


@given(traffic())
def test_the_counterfactuals_hold_the_served_tokens_of_priced_requests(traffic: Traffic) -> None:
    totals = played(traffic).totals()
    for tier in TIERS:
        expected = sum((counterfactual(request, tier) for request in traffic[0]), Decimal(0))
        assert (totals.always(tier) or Decimal(0)) == expected


@given(traffic())
def test_the_identities_of_the_summary_hold(traffic: Traffic) -> None:
    ledger = played(traffic)
    written = summary(ledger.totals(), baseline=BASELINE, tiers=TIERS, scope="test", pending=ledger.pending())
    found = amounts(ledger)
    assert found["total_cost"] == pytest.approx(
        sum(by_tier(ledger, "costs_by_tier").values()) + found["overhead_cost"], abs=1e-9
    )
    assert found["total_requests"] == sum(by_tier(ledger, "requests_by_tier").values()) + found["failed_requests"]
    assert written["cost_without_routing"] == by_tier(ledger, "cost_if_always")[BASELINE]
    if "cost_without_routing" in found:
        assert found["savings"] == pytest.approx(found["cost_without_routing"] - found["total_cost"], abs=1e-9)
    else:
        assert (written["savings"], written["savings_percentage"]) == (None, None)
    assert found["total_requests"] + found["pending_requests"] == len(traffic[0])
    assert found["unpriced_requests"] == sum(request.cost is None for request in traffic[0])


@given(traffic())
def test_the_totals_of_all_keys_together_are_the_totals(traffic: Traffic) -> None:
    ledger = played(traffic)
    parts = merged(ledger.totals(owner_key=f"key-{n}") for n in range(3))
    whole = ledger.totals()
    assert (parts.requests, parts.total_cost, parts.requests_by_tier) == (
        whole.requests,
        whole.total_cost,
        whole.requests_by_tier,
    )
    assert all(parts.always(tier) == whole.always(tier) for tier in TIERS)


@given(traffic(all_known=True))
def test_each_request_saves_what_the_totals_say_that_all_save(traffic: Traffic) -> None:
    ledger = played(traffic)
    records = [ledger.decision(request.decision_id) for request in traffic[0]]
    saved = [savings_of(record) for record in records if record is not None]
    assert None not in saved
    totals = ledger.totals()
    expected = (totals.always(BASELINE) or Decimal(0)) - totals.total_cost
    assert sum((one for one in saved if one is not None), Decimal(0)) == expected


def test_always_taking_the_baseline_saves_nothing() -> None:
    made = [one_request(one_call(BASELINE, call_id=f"c{n}"), decision_id=f"d{n}") for n in range(5)]
    found = amounts(entered(*made))
    assert (found["savings"], found["savings_percentage"]) == (0.0, 0.0)
    assert found["total_cost"] == found["cost_without_routing"] == pytest.approx(5 * (0.015 + 0.0075))


def test_a_cheaper_answer_saves_the_difference() -> None:
    found = amounts(entered(one_request(one_call("cheap"))))
    assert found["total_cost"] == pytest.approx(0.00021)
    assert found["savings"] == pytest.approx(0.0225 - 0.00021)
    assert found["savings_percentage"] == pytest.approx(100 * (0.0225 - 0.00021) / 0.0225)


def test_discarded_drafts_and_judges_are_overhead_and_lower_the_saving() -> None:
    calls = (
        one_call("cheap", call_id="draft"),
        one_call("cheap", role="judge", call_id="judge"),
        one_call("standard", call_id="answer"),
    )
    found = amounts(entered(one_request(*calls, served=2)))
    assert found["overhead_cost"] == pytest.approx(2 * 0.00021)
    assert found["total_cost"] == pytest.approx(2 * 0.00021 + 0.0035)
    assert found["escalation_rate"] == 1.0


def test_a_cascade_can_cost_more_than_the_baseline_and_says_so() -> None:
    calls = (one_call("standard", call_id="draft"), one_call("premium", call_id="answer"))
    assert amounts(entered(one_request(*calls, served=1)))["savings"] == pytest.approx(-0.0035)


@pytest.mark.parametrize(
    "request_made",
    [one_request(one_call("cheap", "cache_hit")), one_request(one_call("cheap"), pinned=True)],
    ids=["cache hit", "pinned"],
)
def test_a_cache_hit_and_a_pinned_request_save_nothing(request_made: MadeRequest) -> None:
    ledger = entered(request_made)
    found = amounts(ledger)
    assert found["savings"] == 0.0
    record = ledger.decision("d")
    assert record is not None
    assert savings_of(record) == 0
    assert found["total_cost"] == float(request_made.cost or 0)


def test_a_failed_request_adds_its_cost_and_no_counterfactual() -> None:
    calls = (one_call("cheap", "failed"), one_call("cheap", role="classifier", call_id="classifier"))
    ledger = entered(one_request(*calls, served=None), one_request(one_call("cheap", call_id="x"), decision_id="ok"))
    found = amounts(ledger)
    assert found["failed_requests"] == 1
    assert found["total_cost"] == pytest.approx(2 * 0.00021)
    assert found["cost_without_routing"] == pytest.approx(0.0225)
    record = ledger.decision("d")
    assert record is not None
    assert savings_of(record) == -Decimal("0.00021")


@pytest.mark.parametrize(("answer", "judge"), [("unpriced", "settled"), ("settled", "unpriced"), ("settled", "lost")])
def test_a_request_with_a_call_of_unknown_cost_is_counted_and_stays_out_of_every_figure(
    answer: End, judge: End
) -> None:
    calls = (one_call("cheap", answer), one_call("cheap", judge, role="judge", call_id="judge"))
    ledger = entered(one_request(*calls))
    found = amounts(ledger)
    assert (found["total_requests"], found["unpriced_requests"]) == (1, 1)
    assert found["total_cost"] == 0.0
    assert "cost_without_routing" not in found
    record = ledger.decision("d")
    assert record is not None
    assert (record.cost_state, record.cost, savings_of(record)) == ("unknown", None, None)


def test_a_tier_without_a_price_has_no_counterfactual_and_the_others_keep_theirs() -> None:
    ledger = Ledger()
    prices = {**PRICES, "premium": None}
    ledger.open(DecisionRecord("d", "smart", "cheap", "rule", prices=prices, baseline=BASELINE))
    ledger.start_call("d", CallRecord("c", "attempt", "cheap", 1))
    ledger.settle("c", SettledCall("m", Usage(1_000, 100), Decimal("0.00021")))
    ledger.close("d", served_call="c", tier="cheap", cause="rule", escalated=False)
    always = by_tier(ledger, "cost_if_always")
    assert always == {"cheap": 0.00021, "standard": 0.0035, "premium": None}
    assert "savings" not in amounts(ledger)


def test_savings_in_percent_are_unknown_where_the_baseline_costs_nothing() -> None:
    written = summary(Totals(), baseline=BASELINE, tiers=TIERS, scope="test")
    assert (written["savings_percentage"], written["savings"], written["escalation_rate"]) == (None, None, 0.0)
    free = entered(one_request(one_call("cheap", "cache_hit")))
    assert summary(free.totals(), baseline=BASELINE, tiers=TIERS, scope="t")["savings_percentage"] is None


def test_a_tier_that_has_left_the_settings_still_stands_in_the_summary() -> None:
    ledger = entered(one_request(one_call("standard")))
    written = summary(ledger.totals(), baseline=BASELINE, tiers=("cheap", "premium"), scope="test")
    assert written["requests_by_tier"] == {"cheap": 0, "premium": 0, "standard": 1}
    assert written["costs_by_tier"] == {"cheap": 0.0, "premium": 0.0, "standard": 0.0035}
    assert written["total_cost"] == 0.0035


def test_routers_have_totals_of_their_own() -> None:
    other = MadeRequest("other", (one_call("standard", call_id="o"),), 0, router="other")
    ledger = entered(one_request(one_call("cheap")), other)
    assert amounts(ledger, "smart")["total_cost"] == 0.00021
    assert amounts(ledger, "other")["total_cost"] == 0.0035
    assert amounts(ledger)["total_cost"] == pytest.approx(0.00371)
