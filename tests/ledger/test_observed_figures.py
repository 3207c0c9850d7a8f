"""What observing says that routing would have cost: right on average, inside its interval, honest about its basis."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from litellm_router_plugin.core.money import Price, Usage
from litellm_router_plugin.ledger.observed import MIN_SAMPLED, Observation, observed_figures
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord
from litellm_router_plugin.ledger.shadow import ShadowRun, ShadowStep, shadow_of

PRICES = {"cheap": Price(Decimal("1e-6"), Decimal("4e-6")), "premium": Price(Decimal("1e-5"), Decimal("4e-5"))}
SERVED_USD = Decimal("0.006")
ESTIMATE_USD = 0.0006


def observed(number: int, chosen: str = "cheap", **facts: Any) -> DecisionRecord:
    served = CallRecord("p", "attempt", "premium", 1, usage=Usage(200, 100), cost=SERVED_USD, status="settled")
    given = {
        "mode": "observe",
        "observed_tier": chosen,
        "prices": PRICES,
        "served_call": "p",
        "closed_at": 1.0,
        **facts,
    }
    return DecisionRecord(str(number), "smart", "premium", "default", calls=[served], **given)


def shadowed(record: DecisionRecord, *costs: float, tier: str = "cheap") -> DecisionRecord:
    ids = [f"c{place}" for place in range(len(costs))]
    record.calls += [
        CallRecord(one, "second_opinion", "cheap", cost=Decimal(repr(cost)), status="settled")
        for one, cost in zip(ids, costs, strict=True)
    ]
    steps = [ShadowStep("cheap", "c0", verdict="accept" if tier == "cheap" else "reject", by="checks")]
    if tier == "premium":
        steps.append(ShadowStep("premium", "p", served=True))
    record.shadow = ShadowRun("done", tier, tier == "premium", tuple(steps), tuple(ids)).to_json()
    return record


def figures(*records: DecisionRecord) -> Any:
    observation = Observation()
    for record in records:
        observation.add(record)
    return observed_figures(observation, ["cheap", "premium"])


def test_without_a_sample_there_is_an_estimate_and_no_interval() -> None:
    found = figures(*(observed(number) for number in range(10)))
    assert found["routing"]["basis"] == "estimated"
    assert abs(found["routing"]["cost_usd"] - 10 * ESTIMATE_USD) < 1e-12
    assert (found["routing"]["cost_low_usd"], found["routing"]["needs"]) == (None, MIN_SAMPLED)
    assert abs(found["routing"]["saved_usd"] - 10 * (float(SERVED_USD) - ESTIMATE_USD)) < 1e-12


def test_where_routing_agrees_with_what_was_served_its_cost_is_known() -> None:
    found = figures(*(observed(number, "premium") for number in range(5)))
    assert (found["routing"]["basis"], found["routing"]["saved_usd"]) == ("known", 0)
    assert found["cascade"]["basis"] == "estimated", "whether it would have moved up is not known"


def test_a_cascade_that_moves_up_pays_for_both_answers() -> None:
    found = figures(*(shadowed(observed(number), 0.001, tier="premium") for number in range(4)))
    assert abs(found["cascade"]["cost_usd"] - 4 * (0.006 + 0.001)) < 1e-12
    assert abs(found["routing"]["cost_usd"] - 4 * 0.001) < 1e-12
    assert found["cascade"]["saved_usd"] < 0, "here the cascade would have lost money, and it is said"
    assert found["cascade"]["escalation_rate"]["share"] == 1.0
    assert found["served_by_tier"]["premium"]["of"] == 4
    assert abs(found["shadow_spend_usd"] - 0.004) < 1e-12


def test_what_has_no_price_is_counted_and_in_no_figure() -> None:
    blind = observed(1, prices={**PRICES, "cheap": None})
    found = figures(blind, observed(2))
    assert (found["requests"], found["without_price"]) == (2, 1)
    assert abs(found["routing"]["cost_usd"] - ESTIMATE_USD) < 1e-12


def test_other_modes_and_unfinished_requests_are_passed_over() -> None:
    assert figures(observed(1, mode="route"), observed(2, closed_at=None))["requests"] == 0


def test_a_note_of_another_version_is_no_note() -> None:
    assert shadow_of(observed(1, shadow={"state": "done", "steps": [{"unheard": 1}], "calls": []})) is None
    assert shadow_of(observed(1, shadow={"state": "unheard"})) is None


def test_the_interval_covers_what_all_calls_would_have_cost() -> None:
    """200 streams of 400 requests, a fifth sampled, true costs skewed and twice the estimate: misses are rare."""
    rng, misses, errors = random.Random(7), 0, []  # noqa: S311  a simulation
    for _ in range(200):
        truth, records = 0.0, []
        for number in range(400):
            cost = rng.lognormvariate(-6.7, 0.6)
            truth += cost
            record = observed(number)
            records.append(shadowed(record, cost) if rng.random() < 0.2 else record)
        routing = figures(*records)["routing"]
        misses += not routing["cost_low_usd"] <= truth <= routing["cost_high_usd"]
        errors.append(routing["cost_usd"] / truth - 1)
    assert misses <= 10
    assert abs(sum(errors) / len(errors)) < 0.02, "the mean error of the estimates is taken off"
