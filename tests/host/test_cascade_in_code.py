"""The cascade on `litellm.Router` in code: what the client gets, and what the books hold."""

from __future__ import annotations

import contextlib
from typing import Any

import litellm
import pytest
from routers import MODELS, Make, asked, books, deployment, told
from upstream import Upstream

CASCADE = {"cascade": {"checks": "default"}}
JUDGED = {"cascade": {"checks": "default", "judge": {"model": "judge", "ask": "always"}}}


async def chat(routing: Any, text: str = "hi", **params: Any) -> Any:
    return await routing.router.acompletion(model="smart", messages=asked(text), **params)


async def test_an_empty_draft_goes_up_and_both_calls_are_paid(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    upstream.script("gpt-4o", {"text": "Forty-two is the answer."})
    routing = make(CASCADE)
    response = await chat(routing)
    assert response.choices[0].message.content == "Forty-two is the answer."
    assert (told(response)["tier"], told(response)["attempts"], told(response)["escalated"]) == ("standard", 2, True)
    decision = await books(routing, response)
    assert [(a["tier"], a["verdict"], a["failed_checks"]) for a in decision["attempts"]] == [
        ("cheap", "reject", ["empty"]),
        ("standard", "accept", []),
    ]
    assert decision["cost_usd"] == pytest.approx(sum(a["cost_usd"] for a in decision["attempts"]), abs=1e-12)
    assert decision["cost_usd"] == pytest.approx(4.5e-05 + 7.5e-04, abs=1e-12)
    assert told(response)["cost_usd"] == pytest.approx(decision["cost_usd"], abs=1e-12)
    summary = routing.summary()
    assert summary["requests_by_tier"] == {"cheap": 0, "standard": 1, "premium": 0}
    assert summary["overhead_cost"] == pytest.approx(4.5e-05, abs=1e-12)
    assert summary["escalation_rate"] == 1.0


async def test_a_good_draft_is_served_and_nothing_else_is_called(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "Hello, how can I help you today?"})
    response = await chat(make(CASCADE))
    assert told(response)["tier"] == "cheap"
    assert [call.model for call in upstream.calls()] == ["gpt-4o-mini"]


async def test_the_judge_sends_a_poor_draft_up_and_its_call_is_in_the_books(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "Perhaps it is seven, who knows really."})
    upstream.script("gpt-4.1-nano", {"text": "0.2"}, {"text": "0.9"})
    upstream.script("gpt-4o", {"text": "It is six."})
    routing = make(JUDGED)
    response = await chat(routing)
    assert told(response)["tier"] == "standard"
    decision = await books(routing, response)
    assert [call["role"] for call in decision["other_calls"]] == ["judge", "judge"]
    everything = [*decision["attempts"], *decision["other_calls"]]
    assert decision["cost_usd"] == pytest.approx(sum(call["cost_usd"] for call in everything), abs=1e-12)


@pytest.mark.parametrize(("policy", "tier"), [("accept", "cheap"), ("escalate", "premium")])
@pytest.mark.parametrize("reply", [{"status": 500}, {"text": "I cannot rate this."}, {"delay_s": 3.0}])
async def test_a_failing_judge_follows_its_policy(
    make: Make, upstream: Upstream, policy: str, tier: str, reply: dict[str, Any]
) -> None:
    upstream.script("gpt-4.1-nano", reply)
    judge = {"model": "judge", "ask": "always", "on_failure": policy, "timeout_s": 0.5}
    routing = make({"cascade": {"judge": judge}})
    assert told(await chat(routing))["tier"] == tier
    assert routing.faults.counts()["judge"] >= 1


async def test_the_best_answer_so_far_is_served_when_the_next_tiers_fail(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "Certainly! Here is", "finish_reason": "length"})
    upstream.script("gpt-4o", {"status": 500})
    upstream.script("gpt-4.1", {"status": 500})
    routing = make(JUDGED)
    upstream.script("gpt-4.1-nano", {"text": "0.1"})
    response = await chat(routing)
    assert response.choices[0].message.content == "Certainly! Here is"
    assert told(response)["tier"] == "cheap"
    assert told(response)["attempts"] == 3
    decision = await books(routing, response)
    assert [a["status"] for a in decision["attempts"]] == ["settled", "failed", "failed"]


async def test_when_every_tier_fails_the_client_gets_the_hosts_own_error(make: Make, upstream: Upstream) -> None:
    for model in ("gpt-4o-mini", "gpt-4o", "gpt-4.1"):
        upstream.script(model, {"status": 500})
    routing = make(CASCADE)
    with pytest.raises(Exception, match="InternalServerError"):
        await chat(routing)
    assert routing.summary()["failed_requests"] == 1


async def test_a_pinned_tier_is_not_escalated_unless_asked(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    routing = make(CASCADE)
    pinned = await chat(routing, metadata={"tier_router": {"tier": "cheap"}})
    assert (told(pinned)["tier"], told(pinned)["cause"]) == ("cheap", "pinned")
    wanted = await chat(routing, metadata={"tier_router": {"tier": "cheap", "cascade": "on"}})
    assert told(wanted)["tier"] == "standard"


async def test_a_cap_holds_for_the_cascade_too(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    upstream.script("gpt-4o", {"text": ""})
    routing = make(CASCADE)
    response = await chat(routing, metadata={"tier_router": {"max_tier": "standard"}})
    assert told(response)["tier"] == "standard"
    assert [call.model for call in upstream.calls()] == ["gpt-4o-mini", "gpt-4o"]


async def test_the_deadline_releases_the_answer_at_hand(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "", "delay_s": 0.4})
    routing = make({"cascade": {"deadline_s": 0.2}})
    response = await chat(routing)
    assert (told(response)["tier"], told(response)["cause"]) == ("cheap", "deadline")


async def test_the_extra_cost_budget_stops_further_moves(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    upstream.script("gpt-4o", {"text": ""})
    routing = make({"cascade": {"max_extra_cost_usd": 0.0005}})
    response = await chat(routing)
    assert [call.model for call in upstream.calls()] == ["gpt-4o-mini", "gpt-4o"]
    assert told(response)["attempts"] == 2


@pytest.mark.parametrize("kind", ["bool", "float", "async", "raises"])
async def test_a_users_own_checker_decides(make: Make, upstream: Upstream, kind: str) -> None:
    def as_bool(query: str, answer: str) -> bool:
        return "good" in answer

    def as_float(query: str, answer: str) -> float:
        return 0.9 if "good" in answer else 0.1

    async def as_async(query: str, answer: str) -> bool:
        return "good" in answer

    def raises(query: str, answer: str) -> bool:
        raise RuntimeError("broken")

    checker = {"bool": as_bool, "float": as_float, "async": as_async, "raises": raises}[kind]
    upstream.script("gpt-4o-mini", {"text": "a bad answer, sadly."})
    upstream.script("gpt-4o", {"text": "a good answer, finally."})
    routing = make(CASCADE, checker=checker)
    response = await chat(routing)
    assert told(response)["tier"] == ("cheap" if kind == "raises" else "standard")
    assert (routing.faults.counts().get("checker", 0) > 0) is (kind == "raises")


@pytest.mark.parametrize("streaming", ["prefix", "buffer"])
async def test_a_rejected_stream_never_reaches_the_client_and_is_paid(
    make: Make, upstream: Upstream, streaming: str
) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    upstream.script("gpt-4o", {"text": "The second answer, word by word."})
    routing = make({"cascade": {"streaming": streaming}})
    stream = await chat(routing, stream=True, stream_options={"include_usage": True})
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert text == "The second answer, word by word."
    assert told(stream)["tier"] == "standard"
    decision = await books(routing, stream)
    assert decision["cost_state"] == "final"
    assert [a["status"] for a in decision["attempts"]] == ["settled", "settled"]


async def test_a_synchronous_call_cascades_with_its_judge(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4.1-nano", {"text": "0.1"}, {"text": "0.9"})
    routing = make(JUDGED)
    response = routing.router.completion(model="smart", messages=asked())
    assert told(response)["tier"] == "standard"


async def test_two_answers_asked_for_are_served_without_a_cascade(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    routing = make(CASCADE)
    response = await chat(routing, n=2)
    decision = await books(routing, response)
    assert decision["cascade"] == "off: more than one answer asked for"
    assert len(decision["attempts"]) == 1


async def test_a_mistake_of_the_clients_does_not_climb_the_ladder(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"status": 400})
    routing = make(CASCADE)
    with pytest.raises(litellm.BadRequestError):
        await chat(routing)
    assert [call.model for call in upstream.calls()] == ["gpt-4o-mini"]


async def test_an_attempt_is_told_by_the_tier_that_answered_it(make: Make, upstream: Upstream) -> None:
    models = [deployment(group, name, upstream) for group, name in MODELS.items()]
    models += [deployment("mini", "gpt-4o-mini", upstream)]
    routing = make(model_list=models, disable_cooldowns=False, cooldown_time=30, allowed_fails=0)
    upstream.script("gpt-4o-mini", {"status": 429})
    for _ in range(3):
        with contextlib.suppress(litellm.RateLimitError):
            await chat(routing)
    response = await chat(routing)
    assert (told(response)["tier"], told(response)["cause"]) == ("standard", "tier_down")
    decision = await books(routing, response)
    assert [attempt["tier"] for attempt in decision["attempts"]] == ["standard"]
