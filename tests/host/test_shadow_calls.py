"""Shadow mode in the real router: what it calls, what that costs, and what it must never cost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from decimal import Decimal
from typing import Any

import litellm
import pytest
from routers import MODELS, TIERS, Make, asked, books, deployment, told
from services import redis_address
from upstream import Upstream

import litellm_router_plugin
from litellm_router_plugin.config.parsing import parse_tier_router
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.private import shared_hash
from litellm_router_plugin.host.spend_cap import SpendCap

MINI, FULL, TOP, NANO = "gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-nano"
MINI_USD, FULL_USD, NANO_USD = 4.5e-05, 7.5e-04, 3.0e-05
OBSERVING: dict[str, Any] = {
    "mode": "observe",
    "default_tier": "premium",
    "classifier": {"type": "rules", "keywords": {"cheap": ["hi"]}},
    "observe": {"share": 1.0, "max_usd_per_day": 1.0},
}
CASCADE = {"checks": "default"}
JUDGED = {"checks": "default", "judge": {"model": "judge", "ask": "always"}}


@pytest.fixture(scope="module", autouse=True)
def warm(upstream_server: Upstream) -> None:
    """What LiteLLM imports when it first logs a call takes longer than an idle connection lives."""

    async def once() -> None:
        models = [deployment(group, MODELS[group], upstream_server) for group in ("mini", "full", "top")]
        routing = litellm_router_plugin.attach(litellm.Router(model_list=models), {"smart": {"tiers": TIERS}})
        await routing.router.acompletion(model="smart", messages=asked())
        await routing.flush(timeout_s=60)
        routing.detach()

    asyncio.run(once())


async def chat(routing: Any, text: str = "hi", **params: Any) -> Any:
    return await routing.router.acompletion(model="smart", messages=asked(text), **params)


async def test_the_tier_that_would_have_been_chosen_answers_after_the_client_is_served(
    make: Make, upstream: Upstream
) -> None:
    routing = make(OBSERVING)
    response = await chat(routing, max_tokens=77)
    assert told(response)["tier"] == "premium"
    decision = await books(routing, response)
    assert [call.model for call in upstream.calls()] == [TOP, MINI]
    assert upstream.calls()[1].body["max_tokens"] == 77
    assert decision["other_calls"] == [
        {
            "role": "second_opinion",
            "model": f"openai/{MINI}",
            "cost_usd": pytest.approx(MINI_USD),
            "status": "settled",
            "tier": "cheap",
            "shadow": True,
        }
    ]
    assert (decision["shadow"]["state"], decision["shadow"]["tier"]) == ("done", "cheap")
    assert decision["cost_usd"] == pytest.approx(sum(c["cost_usd"] for c in decision["attempts"]) + MINI_USD)
    assert routing.summary()["overhead_cost"] == pytest.approx(MINI_USD)
    assert told(response)["cost_usd"] is None, "more is to come, so the cost is not known with the answer"


async def test_a_cascade_is_walked_with_its_judge_and_never_calls_the_served_tier_again(
    make: Make, upstream: Upstream
) -> None:
    upstream.script(MINI, {"text": "Perhaps it is seven, who knows really."})
    upstream.script(NANO, {"text": "0.1"}, {"text": "0.9"})
    routing = make({**OBSERVING, "default_tier": "standard", "cascade": JUDGED})
    decision = await books(routing, await chat(routing))
    run = decision["shadow"]
    assert [(s["tier"], s["served"], s["verdict"], s["by"]) for s in run["steps"]] == [
        ("cheap", False, "reject", "judge"),
        ("standard", True, "accept", "judge"),
    ]
    assert (run["tier"], run["escalated"], run["steps"][0]["quality"]) == ("standard", True, pytest.approx(0.1))
    assert sorted(call.model for call in upstream.calls()) == sorted([FULL, MINI, NANO, NANO])
    assert [call["role"] for call in decision["other_calls"]] == ["second_opinion", "judge", "judge"]
    spent = FULL_USD + MINI_USD + 2 * NANO_USD
    assert decision["cost_usd"] == pytest.approx(spent)


async def test_without_judge_only_local_checks_read_the_answers(make: Make, upstream: Upstream) -> None:
    upstream.script(MINI, {"text": ""})
    observe = {"share": 1.0, "judge": False}
    routing = make({**OBSERVING, "default_tier": "standard", "cascade": JUDGED, "observe": observe})
    run = (await books(routing, await chat(routing)))["shadow"]
    assert [(s["tier"], s["by"]) for s in run["steps"]] == [("cheap", "checks"), ("standard", "checks")]
    assert not upstream.calls(NANO)


async def test_a_request_that_routing_would_not_change_costs_nothing_more(make: Make, upstream: Upstream) -> None:
    routing = make({**OBSERVING, "default_tier": "cheap", "cascade": CASCADE})
    run = (await books(routing, await chat(routing)))["shadow"]
    assert (run["tier"], [s["served"] for s in run["steps"]], run["calls"]) == ("cheap", [True], [])
    assert len(upstream.calls()) == 1


async def test_a_stream_is_served_untouched_and_its_shadow_is_read_whole(make: Make, upstream: Upstream) -> None:
    routing = make(OBSERVING)
    response = await chat(routing, stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in response])
    decision = await books(routing, response)
    assert text
    assert [(call.model, call.stream) for call in upstream.calls()] == [(TOP, True), (MINI, False)]
    assert decision["cost_state"] == "final"


async def test_the_cap_ends_the_calls_and_not_the_requests(make: Make, upstream: Upstream) -> None:
    routing = make({**OBSERVING, "observe": {"share": 1.0, "max_usd_per_day": 5 * MINI_USD}})
    states = []
    for _ in range(12):
        response = await chat(routing)
        states.append((await books(routing, response))["shadow"]["state"])
    assert states[0] == "done"
    assert states[-1] == "over_cap"
    made = len(upstream.calls(MINI))
    assert made == states.count("done")
    assert made * MINI_USD <= 5 * MINI_USD + MINI_USD
    assert len(upstream.calls(TOP)) == 12


async def test_a_model_without_a_price_is_not_called(make: Make, upstream: Upstream) -> None:
    models = [
        {"model_name": g, "litellm_params": {"model": f"openai/{m}", "api_key": "x", "api_base": upstream.base_url}}
        for g, m in {"mini": "nobody-knows-me", "full": FULL, "top": TOP}.items()
    ]
    routing = make(OBSERVING, model_list=models)
    assert (await books(routing, await chat(routing)))["shadow"]["state"] == "unpriced"
    assert [call.model for call in upstream.calls()] == [TOP]


async def test_a_provider_that_fails_costs_a_counter(make: Make, upstream: Upstream) -> None:
    upstream.script(MINI, {"status": 500})
    routing = make(OBSERVING)
    decision = await books(routing, await chat(routing))
    assert (decision["shadow"]["state"], decision["cost_state"]) == ("failed", "final")
    assert routing.faults.counts()["shadow"] == 1


async def test_the_share_is_a_share_and_is_the_same_again(make: Make) -> None:
    routing = make({**OBSERVING, "observe": {"share": 0.3}})
    sampled = 0
    for _ in range(60):
        sampled += (await books(routing, await chat(routing)))["shadow"] is not None
    assert 6 <= sampled <= 32


async def test_an_end_in_the_middle_leaves_nothing_open(make: Make, upstream: Upstream) -> None:
    upstream.script(MINI, {"text": "late", "delay_s": 30})
    routing = make(OBSERVING)
    first, second = await chat(routing), await chat(routing)
    while not upstream.calls(MINI):  # noqa: ASYNC110  the upstream is another thread
        await asyncio.sleep(0.01)
    began = time.monotonic()
    routing.shadow.stop()
    states = [(await books(routing, one))["shadow"]["state"] for one in (first, second)]
    assert states == ["stopped", "stopped"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"x-tier-router-tier": "standard"}},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]},
    ],
    ids=["pinned", "provider-bound state"],
)
async def test_what_routing_would_not_decide_is_left_alone(
    make: Make, upstream: Upstream, given: dict[str, Any]
) -> None:
    routing = make(OBSERVING)
    headers = given.pop("headers", None)
    extra = {"proxy_server_request": {"headers": headers}} if headers else {}
    with contextlib.suppress(Exception):  # what the upstream makes of a file is another matter
        await routing.router.acompletion(model="smart", **{"messages": asked(), **given, **extra})
    await routing.flush()
    assert len(upstream.calls()) == 1


async def test_other_endpoints_are_shadowed_in_their_own_form(make: Make, upstream: Upstream) -> None:
    routing = make(OBSERVING)
    response = await routing.router.aresponses(model="smart", input="hi")
    assert (await books(routing, response))["shadow"]["state"] == "done"
    message = await routing.router.anthropic_messages(model="smart", messages=asked(), max_tokens=50)
    decision = await books(routing, message)
    assert (decision["shadow"]["state"], decision["cost_state"]) == ("done", "final")
    assert upstream.calls()[1].endpoint == "responses"
    assert upstream.calls()[1].body["store"] is False


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def test_a_clock_that_goes_back_finds_the_money_of_its_day_spent() -> None:
    clock = Clock(86_400 * 100.0)
    cap = SpendCap(None, Faults(), clock=clock)
    one = Decimal(1)
    assert await cap.reserve("smart", one, one) is not None
    clock.now -= 60
    assert await cap.reserve("smart", one, one) is not None, "the day before has its own money"
    clock.now += 60
    assert await cap.reserve("smart", one, Decimal("0.001")) is None
    assert await cap.reserve("other", one, one) is not None


async def test_what_was_spent_before_the_start_counts() -> None:
    cap = SpendCap(None, Faults(), spent_before=lambda _router, _since: Decimal("0.9"))
    assert await cap.reserve("smart", Decimal(1), Decimal("0.2")) is None
    kept = await cap.reserve("smart", Decimal(1), Decimal("0.1"))
    assert kept is not None
    await cap.settle(kept, Decimal("0.05"))
    assert await cap.reserve("smart", Decimal(1), Decimal("0.05")) is not None


async def test_processes_share_the_cap_through_redis_and_without_it_nobody_spends(make: Make) -> None:
    host, port = redis_address()
    router = f"smart-{time.time()}"
    hosts = [make(redis_host=host, redis_port=port).router for _ in range(2)]
    caps = [SpendCap(shared_hash(one), Faults()) for one in hosts]
    kept = [await cap.reserve(router, Decimal(1), Decimal("0.4")) for cap in (*caps, *caps)]
    assert [one is not None for one in kept] == [True, True, False, False]
    faults = Faults()
    dead = SpendCap(Broken(), faults)
    assert await dead.reserve(router, Decimal(1), Decimal("0.1")) is None
    assert faults.counts() == {"shadow_spend": 1}


class Broken:
    async def add(self, key: str, field: str, amount: int, ttl_s: int) -> int:
        raise ConnectionError(f"{key} {field} {amount} {ttl_s}")


@pytest.mark.parametrize(
    ("observe", "message"),
    [
        ({"share": 1.5}, "smart.observe.share: 1.5 is out of range. It must be less than or equal to 1"),
        ({"max_usd_per_day": 0}, "smart.observe.max_usd_per_day: 0 is out of range. It must be greater than 0"),
        ({"shares": 0.1}, "smart.observe.shares: unknown key. Did you mean 'share'?"),
    ],
)
def test_wrong_settings_are_told_with_path_and_fix(observe: dict[str, Any], message: str) -> None:
    tiers = [{"name": "a", "model_group": "x"}, {"name": "b", "model_group": "y"}]
    with pytest.raises(ConfigError) as told_error:
        parse_tier_router("smart", {"tiers": tiers, "mode": "observe", "observe": observe})
    assert str(told_error.value).startswith(message)
