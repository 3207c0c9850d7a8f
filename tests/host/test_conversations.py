"""Conversations keep their tier."""

from __future__ import annotations

from typing import Any

import litellm
import pytest
from routers import Make, told
from services import redis_address
from upstream import Upstream

STICKY = {"conversation": {"sticky": True, "ttl_s": 60}}
HARD = {"role": "user", "content": "Prove that the square root of two is irrational."}
EASY = {"role": "user", "content": "thanks"}
REPLY = {"role": "assistant", "content": "Of course."}


async def ask(routing: Any, messages: list[dict[str, Any]], **params: Any) -> dict[str, Any]:
    return told(await routing.router.acompletion(model="smart", messages=messages, **params))


def named(name: str) -> dict[str, Any]:
    return {"metadata": {"tier_router": {"conversation": name}}}


async def test_a_conversation_never_steps_down(make: Make) -> None:
    routing = make(STICKY)
    assert (await ask(routing, [HARD], **named("a")))["tier"] == "premium"
    later = await ask(routing, [EASY], **named("a"))
    assert (later["tier"], later["cause"]) == ("premium", "sticky")
    assert (await ask(routing, [EASY], **named("b")))["tier"] == "cheap"


async def test_a_reset_conversation_is_decided_afresh(make: Make) -> None:
    routing = make(STICKY)
    await ask(routing, [HARD], **named("a"))
    await routing.reset_conversation("a")
    assert (await ask(routing, [EASY], **named("a")))["tier"] == "cheap"


async def test_without_the_setting_nothing_is_remembered(make: Make) -> None:
    routing = make()
    await ask(routing, [HARD], **named("a"))
    assert (await ask(routing, [EASY], **named("a")))["tier"] == "cheap"


async def test_end_users_do_not_share_conversations(make: Make) -> None:
    routing = make(STICKY)
    await ask(routing, [HARD], user="anna", **named("a"))
    assert (await ask(routing, [EASY], user="ben", **named("a")))["tier"] == "cheap"
    assert (await ask(routing, [EASY], user="anna", **named("a")))["tier"] == "premium"


async def test_an_unnamed_conversation_is_known_by_its_start_once_a_model_has_answered(make: Make) -> None:
    routing = make(STICKY)
    start = [{"role": "user", "content": "Let us talk."}, REPLY]
    assert (await ask(routing, [*start, HARD]))["tier"] == "premium"
    assert (await ask(routing, [*start, HARD, REPLY, EASY]))["cause"] == "sticky"
    assert (await ask(routing, [EASY]))["tier"] == "cheap"


async def test_a_pinned_request_leaves_no_trace(make: Make) -> None:
    routing = make(STICKY)
    await ask(routing, [EASY], metadata={"tier_router": {"conversation": "a", "tier": "premium"}})
    assert (await ask(routing, [EASY], **named("a")))["tier"] == "cheap"


async def test_an_escalated_answer_raises_the_conversation(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    routing = make({**STICKY, "cascade": {}})
    assert (await ask(routing, [EASY], **named("a")))["tier"] == "standard"
    assert (await ask(routing, [EASY], **named("a")))["cause"] == "sticky"


async def test_inside_a_tool_loop_the_tier_is_kept(make: Make, upstream: Upstream) -> None:
    call = {"name": "look_up", "arguments": "{}"}
    upstream.script("gpt-4.1", {"tool_calls": [call]})
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}]
    routing = make()
    answer = await routing.router.acompletion(model="smart", messages=[HARD], tools=tools)
    await routing.flush()
    asked_for = answer.choices[0].message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": asked_for.id, "content": "nothing found"}
    messages = [EASY, answer.choices[0].message.model_dump(), result]
    kept = await ask(routing, messages, tools=tools)
    assert (kept["tier"], kept["cause"]) == ("premium", "sticky")


@pytest.mark.redis
async def test_two_proxies_share_conversations_through_redis(make: Make) -> None:
    host, port = redis_address()
    shared: dict[str, Any] = {"redis_host": host, "redis_port": port, "redis_password": ""}
    one, other = make(STICKY, **shared), make(STICKY, **shared)
    assert isinstance(one.router.cache.redis_cache, litellm.caching.redis_cache.RedisCache)
    name = "shared-conversation"
    await one.reset_conversation(name)
    assert (await ask(other, [EASY], **named(name)))["tier"] == "cheap"
    await ask(one, [HARD], **named(name))
    assert (await ask(other, [EASY], **named(name)))["cause"] == "sticky"
    await other.reset_conversation(name)
    assert (await ask(one, [EASY], **named(name)))["tier"] == "cheap"


async def test_while_redis_is_down_each_process_remembers_by_itself(make: Make) -> None:
    routing = make(STICKY, redis_host="127.0.0.1", redis_port=1, redis_password="")
    assert (await ask(routing, [HARD], **named("a")))["tier"] == "premium"
    assert (await ask(routing, [EASY], **named("a")))["cause"] == "sticky"
