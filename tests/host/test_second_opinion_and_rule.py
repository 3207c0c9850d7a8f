"""Second opinions, the learned check and the expected-cost rule on `litellm.Router`."""

from __future__ import annotations

from typing import Any

import pytest
from routers import MODELS, TIERS, Make, books, deployment, told
from upstream import Upstream

from litellm_router_plugin.core.beliefs import Readiness
from litellm_router_plugin.host.route_book import RouteKey

DOUBTS_ALL = {"unsure": [0.0, 1.0]}
AGREEING = {"cascade": {"checks": {"learned": DOUBTS_ALL, "agreement": {"model_group": "spare"}}}}
QUESTION = [{"role": "user", "content": "What is 17 * 23? Give the number only."}]


async def ask(routing: Any, **params: Any) -> Any:
    return await routing.router.acompletion(model="smart", messages=QUESTION, **params)


@pytest.mark.parametrize(("second", "tier"), [("391", "cheap"), ("389", "standard")])
async def test_a_second_model_settles_a_doubt(make: Make, upstream: Upstream, second: str, tier: str) -> None:
    upstream.script("gpt-4o-mini", {"text": "17 * 23 = 391. The answer is 391."})
    upstream.script("gpt-4.1-mini", {"text": f"The answer is {second}."}, {"text": "The answer is 391."})
    upstream.script("gpt-4o", {"text": "391"})
    routing = make(AGREEING)
    response = await ask(routing)
    assert told(response)["tier"] == tier
    decision = await books(routing, response)
    assert {call["role"] for call in decision["other_calls"]} == {"second_opinion"}
    everything = [*decision["attempts"], *decision["other_calls"]]
    assert decision["cost_usd"] == pytest.approx(sum(call["cost_usd"] for call in everything), abs=1e-12)
    assert told(response)["cost_usd"] == pytest.approx(decision["cost_usd"], abs=1e-9)


async def test_a_second_model_that_fails_says_nothing(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "17 * 23 = 391. The answer is 391."})
    upstream.script("gpt-4.1-mini", {"status": 500})
    routing = make(AGREEING)
    assert told(await ask(routing))["tier"] == "cheap"


async def test_a_second_model_dearer_than_the_target_is_not_asked(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "17 * 23 = 391. The answer is 391."})
    routing = make({"cascade": {"checks": {"learned": DOUBTS_ALL, "agreement": {"model_group": "top"}}}})
    await ask(routing)
    assert [call.model for call in upstream.calls()] == ["gpt-4o-mini"]


async def test_open_text_is_not_compared(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "Once upon a time there was a fox. It lived in a wood by the sea. " * 12})
    routing = make(AGREEING)
    story = [{"role": "user", "content": "Tell me a story."}]
    await routing.router.acompletion(model="smart", messages=story)
    assert [call.model for call in upstream.calls()] == ["gpt-4o-mini"]


async def test_the_learned_check_doubts_and_the_judge_settles(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4.1-nano", {"text": "0.9"})
    learned = {"checks": {"learned": DOUBTS_ALL}, "judge": {"model": "judge"}}
    routing = make({"cascade": learned})
    response = await ask(routing)
    decision = await books(routing, response)
    assert [call["role"] for call in decision["other_calls"]] == ["judge"]
    assert told(response)["tier"] == "cheap"


async def test_the_same_model_is_not_asked_again_about_the_next_tiers_answer(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "17 * 23 = 391. The answer is 391."})
    upstream.script("gpt-4.1-mini", {"text": "The answer is 389."}, {"text": "The answer is 389."})
    upstream.script("gpt-4o", {"text": "The answer is 391."})
    routing = make({"cascade": {**AGREEING["cascade"], "break_even": False}})
    response = await ask(routing)
    assert told(response)["tier"] == "standard"
    assert len((await books(routing, response))["other_calls"]) == 1


FORECAST = {"tiers": [TIERS[0], {**TIERS[1], "like": "gpt-4o-2024-08-06"}], "classifier": {"type": "learned"}}


@pytest.mark.parametrize("checks", [["default"], ["learned"], [{"learned": {"unsure": [0.0, 0.01]}}]])
async def test_where_success_is_forecast_the_rule_asks_also_where_no_check_doubts(
    make: Make, upstream: Upstream, checks: list[object]
) -> None:
    upstream.script("gpt-4o-mini", {"text": "17 * 23 = 391. The answer is 391."})
    upstream.script("gpt-4.1-nano", {"text": "0.9"})
    routing = make({**FORECAST, "cascade": {"checks": checks, "judge": {"model": "judge"}, "break_even": False}})
    response = await ask(routing)
    assert told(response)["tier"] == "cheap"
    assert [call["role"] for call in (await books(routing, response))["other_calls"]] == ["judge"]


async def test_where_success_is_forecast_what_the_judge_rejects_goes_up(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "17 * 23 = 391. The answer is 391."})
    upstream.script("gpt-4.1-nano", {"text": "0.1"})
    routing = make({**FORECAST, "cascade": {"judge": {"model": "judge"}, "break_even": False}})
    response = await ask(routing)
    assert told(response)["tier"] == "standard"
    assert (await books(routing, response))["attempts"][0]["verdict"] == "reject"


@pytest.mark.parametrize(("on_failure", "tier"), [("accept", "cheap"), ("escalate", "standard")])
async def test_where_success_is_forecast_a_judge_that_fails_leaves_it_to_its_failure_policy(
    make: Make, upstream: Upstream, on_failure: str, tier: str
) -> None:
    upstream.script("gpt-4.1-nano", {"status": 500})
    judge = {"model": "judge", "on_failure": on_failure}
    routing = make({**FORECAST, "cascade": {"judge": judge, "break_even": False}})
    assert told(await ask(routing))["tier"] == tier


async def test_how_readily_a_judge_accepts_is_remembered_on_the_route(make: Make, upstream: Upstream) -> None:
    routing = make({**FORECAST, "cascade": {"judge": {"model": "judge"}, "break_even": False}})
    for _ in range(3):
        upstream.script("gpt-4.1-nano", {"text": "0.1"})
        await ask(routing)
    known = Readiness.of(routing.routes.statistics(RouteKey("", "smart", "default", "judge")))
    assert known.information > 0
    assert known.shift < 0


@pytest.mark.parametrize(("judge", "asked"), [("judge", True), ("costly", False)])
async def test_where_success_is_forecast_a_judge_is_asked_only_if_that_is_worth_its_cost(
    make: Make, upstream: Upstream, judge: str, *, asked: bool
) -> None:
    upstream.script("gpt-4.1-nano", {"text": "0.9"})
    costly = deployment("costly", "gpt-4.1-nano", upstream, input_cost_per_token=0.001, output_cost_per_token=0.001)
    models = [*(deployment(group, name, upstream) for group, name in MODELS.items()), costly]
    settings = {"checks": {"learned": DOUBTS_ALL}, "judge": {"model": judge}, "break_even": False}
    tiers = [TIERS[0], {**TIERS[1], "like": "gpt-4o-2024-08-06"}]
    routing = make({"tiers": tiers, "classifier": {"type": "learned"}, "cascade": settings}, model_list=models)
    response = await ask(routing)
    decision = await books(routing, response)
    assert bool(decision["other_calls"]) is asked
