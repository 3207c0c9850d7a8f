"""Recorded traffic through a tier router."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.core.cascade import CascadePolicy
from litellm_router_plugin.core.decisions import Lack
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.money import Price, Usage
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.evaluation.spend_rows import RecordedRequest, SpendRow
from litellm_router_plugin.evaluation.traffic_figures import CASCADED, FEWEST_DRAFTS, figures_of
from litellm_router_plugin.evaluation.traffic_replay import Replayed, ReplaySetup, TrafficReplay

LADDER = Ladder((Tier("cheap", "mini"), Tier("premium", "full")))
PRICES = {"cheap": Price(Decimal(1), Decimal(1)), "premium": Price(Decimal(10), Decimal(10))}


def by_length(request: RequestView, _route: str | None) -> Forecast:
    return Forecast("premium" if len(request.text) > 20 else "cheap", "rule")


def nothing_lacks(_request: RequestView) -> Mapping[str, Lack]:
    return {}


SETUP = ReplaySetup(
    LADDER,
    "cheap",
    by_length,
    nothing_lacks,
    PRICES,
    lambda row: {"mini": "cheap", "full": "premium"}.get(row.model_group),
)
CASCADE = replace(SETUP, panel=CheckPanel(deterministic_checks()), limits=CascadePolicy())


def row(group: str, spend: int, *, text: str = "Four.", asked: str = "short", attempt: int = 1) -> SpendRow:
    return SpendRow(
        request_id="r",
        role="attempt",
        attempt=attempt,
        model_group=group,
        model=group,
        model_id="",
        spend_usd=Decimal(spend),
        usage=Usage(1, 1),
        is_success=True,
        is_cache_hit=False,
        view=read_request(asked),
        answer=read_answer({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}),
    )


def one(setup: ReplaySetup, *rows: SpendRow) -> Replayed:
    (found,) = TrafficReplay(setup).run([RecordedRequest("r", rows)])
    return found


def test_a_tier_that_answered_costs_what_was_recorded_and_another_what_its_price_says() -> None:
    replayed = one(SETUP, row("full", 25))
    assert (replayed.tier, replayed.recorded_tier, replayed.choice.cause) == ("cheap", "premium", "rule")
    assert replayed.cost_usd == {"cheap": Decimal(2), "premium": Decimal(25)}
    assert replayed.is_estimated


def test_a_recorded_draft_is_read_by_the_checks() -> None:
    accepted, rejected = one(CASCADE, row("mini", 2)), one(CASCADE, row("mini", 2, text=""))
    assert (accepted.moves_up, accepted.cascade_usd, accepted.is_estimated) == (False, Decimal(2), False)
    assert (rejected.moves_up, rejected.cascade_usd, rejected.is_estimated) == (True, Decimal(22), True)
    assert rejected.as_line()["failed_checks"] == ["empty"]


def test_a_cascade_that_was_recorded_costs_what_it_cost() -> None:
    replayed = one(CASCADE, row("mini", 2, text=""), row("full", 30, attempt=2))
    assert (replayed.recorded_usd, replayed.cascade_usd, replayed.is_estimated) == (Decimal(32), Decimal(32), False)


def test_a_draft_that_was_not_recorded_is_not_judged() -> None:
    replayed = one(CASCADE, row("full", 20))
    assert (replayed.draft, replayed.moves_up, replayed.cascade_usd) == (None, None, Decimal(2))


def test_a_prompt_that_starts_at_the_top_has_no_cascade_to_pay_for() -> None:
    replayed = one(CASCADE, row("full", 20, asked="a long question of many words"))
    assert (replayed.tier, replayed.cascade_usd, replayed.next_usd) == ("premium", Decimal(20), Decimal(0))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (replace(row("mini", 1), is_success=False), "failed"),
        (replace(row("mini", 1), is_cache_hit=True), "answered by LiteLLM's cache"),
        (replace(row("mini", 1), view=None), "no prompt in the log"),
        (replace(row("mini", 1), spend_usd=None), "no amount in the log"),
    ],
)
def test_what_cannot_be_replayed_is_counted(broken: SpendRow, reason: str) -> None:
    replay = TrafficReplay(SETUP)
    assert replay.run([RecordedRequest("r", (broken,))]) == []
    assert replay.left_out == {reason: 1}


def test_a_tier_without_a_price_and_a_request_that_none_can_take_are_counted() -> None:
    unpriced = TrafficReplay(replace(SETUP, prices={"cheap": None, "premium": None}))
    assert unpriced.run([RecordedRequest("r", (row("mini", 1),))]) == []
    assert unpriced.left_out == {"a tier without a price": 1}
    blind = TrafficReplay(replace(SETUP, lacks=lambda _: {"cheap": "modality", "premium": "modality"}))
    assert blind.run([RecordedRequest("r", (row("mini", 1),))]) == []
    assert blind.left_out == {"no tier could take it": 1}


def many(setup: ReplaySetup, count: int) -> list[Replayed]:
    """A third of the answers came from premium, half of the cheap ones are empty."""
    rows = [
        row("full", 20) if number % 3 == 0 else row("mini", 2, text="" if number % 2 else "Four.")
        for number in range(count)
    ]
    return TrafficReplay(setup).run(RecordedRequest(str(number), (one,)) for number, one in enumerate(rows))


def test_unrecorded_drafts_move_up_as_often_as_recorded_ones() -> None:
    figures = figures_of(many(CASCADE, 600), LADDER.names, draws=200)
    costs = {policy.policy: policy for policy in figures.policies}
    assert (figures.requests, figures.drafts, figures.rejected) == (600, 400, {"empty": 200})
    assert costs["as recorded"].cost_usd.value == 200 * 20 + 400 * 2
    assert costs["always cheap"].cost_usd.value == 600 * 2
    cascade = costs[CASCADED]
    assert cascade.cost_usd.value == pytest.approx(600 * 2 + 300 * 20)
    assert cascade.cost_usd.low is not None
    assert cascade.cost_usd.high is not None
    assert cascade.cost_usd.low < 600 * 2 + 300 * 20 < cascade.cost_usd.high
    assert cascade.saving.value == pytest.approx(1 - 7200 / 4800)
    assert figures.moved == {"cheap": {"cheap": 400}, "premium": {"cheap": 200}}


def test_with_few_recorded_drafts_no_price_of_the_cascade_is_made_up() -> None:
    figures = figures_of(many(CASCADE, FEWEST_DRAFTS), LADDER.names, draws=50)
    assert CASCADED not in {policy.policy for policy in figures.policies}
    assert "too few to price the cascade" in figures.notes[0]


def test_without_a_cascade_none_is_priced() -> None:
    figures = figures_of(many(SETUP, 60), LADDER.names, draws=50)
    assert figures.notes == ("The tier router has no cascade.",)
    assert [policy.policy for policy in figures.policies][-1] == "tier router, no cascade"
