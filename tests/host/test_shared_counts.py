"""Counts that processes tell each other through LiteLLM's Redis: statistics of routes, and the break-even guard."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from routers import Make, asked, books
from services import redis_address
from upstream import Upstream

from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.host import exchange
from litellm_router_plugin.host.exchange import FORGET_AFTER_S, MAX_MEMBERS
from litellm_router_plugin.host.guard import SHARED_KEY
from litellm_router_plugin.host.route_book import MAX_ROUTES, MAX_TOPICS, RouteBook, RouteKey
from litellm_router_plugin.host.routing import TierRouting

CASCADE = {"cascade": {"checks": ["final_answer"], "break_even": False}}
BOXED: dict[str, object] = {"text": r"So it is \boxed{4}."}
DOWN: dict[str, Any] = {"redis_host": "127.0.0.1", "redis_port": 1, "redis_password": ""}


@pytest.fixture
def route() -> str:
    """A route that no other test knows: they share one Redis."""
    return f"route-{uuid4().hex}"


@pytest.fixture
def shared() -> dict[str, Any]:
    host, port = redis_address()
    return {"redis_host": host, "redis_port": port, "redis_password": ""}


@pytest.fixture
async def redis() -> AsyncIterator[Any]:
    host, port = redis_address()
    async with Redis(host=host, port=port, decode_responses=True) as client:
        yield client


def key_of(route: str) -> RouteKey:
    return RouteKey("", "smart", route, "mini")


def known(routing: TierRouting, route: str) -> RouteStatistics:
    return routing.routes.statistics(key_of(route))


async def ask(routing: TierRouting, route: str, times: int = 1) -> dict[str, Any]:
    for _ in range(times):
        metadata = {"tier_router": {"route": route}}
        response = await routing.router.acompletion(model="smart", messages=asked(), metadata=metadata)
    return await books(routing, response)


@pytest.mark.redis
async def test_a_check_knows_the_answers_that_another_process_saw(
    make: Make, upstream: Upstream, shared: dict[str, Any], route: str
) -> None:
    """Neither has seen the 30 answers that the check needs; both together have."""
    upstream.script("gpt-4o-mini", BOXED)
    one, other = make(CASCADE, **shared), make(CASCADE, **shared)
    await ask(one, route, 20)
    await one.exchange.run()
    await ask(other, route, 11)
    assert known(other, route).answers == 11
    await other.exchange.run()
    assert known(other, route).answers == 31
    upstream.script("gpt-4o-mini", {"text": "It is four."})
    checked = await ask(other, route)
    assert (checked["tier"], checked["attempts"][0]["failed_checks"]) == ("standard", ["final_answer"])
    assert known(one, route).answers == 20


@pytest.mark.redis
async def test_no_answer_is_counted_twice(make: Make, shared: dict[str, Any], route: str) -> None:
    """Neither by a second exchange nor by a process that starts again."""
    one, other = make(CASCADE, **shared), make(CASCADE, **shared)
    await ask(one, route, 3)
    await ask(other, route, 2)
    for _ in range(3):
        await one.exchange.run()
        await other.exchange.run()
    assert known(other, route).answers == 5
    one.detach()
    started_again = make(CASCADE, **shared)
    await ask(started_again, route)
    await started_again.exchange.run()
    assert known(started_again, route).answers == 6
    await ask(other, route)
    await other.exchange.run()
    assert known(other, route).answers == 7


@pytest.mark.redis
async def test_a_request_starts_the_exchange_and_does_not_wait_for_it(
    make: Make, shared: dict[str, Any], route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make(CASCADE, **shared), make(CASCADE, **shared)
    await ask(one, route)
    await one.exchange.run()
    await ask(other, route, 2)  # the first exchanged before its answer came; the next is due a few seconds later
    assert known(other, route).answers == 2
    monkeypatch.setattr(exchange, "EXCHANGE_EVERY_S", 0.0)
    await ask(other, route)
    for _ in range(500):
        if known(other, route).answers == 4:
            break
        await asyncio.sleep(0.01)
    assert known(other, route).answers == 4


@pytest.mark.redis
async def test_processes_not_seen_for_a_week_are_dropped_and_the_rest_are_bounded(
    make: Make, shared: dict[str, Any], route: str, redis: Any
) -> None:
    moments = {"log_chars": {"count": 1, "mean": 2.0, "squared_deviations": 0.0}}
    now, topic = time.time(), key_of(route).topic
    for member in range(MAX_MEMBERS + 10):
        await redis.hset(topic, f"member-{member}", json.dumps({"at": now - member, "told": moments}))
    await redis.hset(topic, "ancient", json.dumps({"at": now - FORGET_AFTER_S - 60, "told": moments}))
    one = make(CASCADE, **shared)
    await ask(one, route)
    await one.exchange.run()
    assert known(one, route).answers == MAX_MEMBERS
    kept = await redis.hkeys(topic)
    assert len(kept) == MAX_MEMBERS
    assert {"member-0", "member-62"} < set(kept)
    assert not {"member-63", "ancient"} & set(kept)
    assert 0 < await redis.ttl(topic) <= FORGET_AFTER_S


@pytest.mark.redis
@pytest.mark.parametrize(
    "damaged", ["no json", "[]", '{"at": 1}', '{"at": "now", "told": {}}', '{"at": 1e10, "told": {"log_chars": 5}}']
)
async def test_what_cannot_be_read_is_counted_and_the_others_still_count(
    make: Make, shared: dict[str, Any], route: str, redis: Any, damaged: str
) -> None:
    await redis.hset(key_of(route).topic, "another-version", damaged)
    one, other = make(CASCADE, **shared), make(CASCADE, **shared)
    await ask(one, route)
    await one.exchange.run()
    await ask(other, route)
    await other.exchange.run()
    assert known(other, route).answers == 2
    assert other.faults.counts()["route_exchange"] == 1


async def test_a_redis_that_is_down_costs_a_counted_fault(make: Make, route: str) -> None:
    routing = make(CASCADE, **DOWN)
    await ask(routing, route, 2)
    await routing.exchange.run()
    assert known(routing, route).answers == 2
    assert routing.faults.counts()["route_exchange"] >= 1
    assert routing.faults.counts()["break_even_exchange"] >= 1


async def test_without_redis_nothing_is_exchanged(make: Make, route: str) -> None:
    routing = make(CASCADE)
    await ask(routing, route)
    await routing.exchange.run()
    assert known(routing, route).answers == 1
    assert routing.faults.counts() == {}


def test_the_latest_routes_are_kept_and_take_turns() -> None:
    book = RouteBook()
    for number in range(MAX_ROUTES + 5):
        book.add(key_of(f"r{number}"), {"log_chars": 1.0})
    assert book.statistics(key_of("r4")).answers == 0
    assert book.statistics(key_of("r5")).answers == 1
    seen: list[str] = []
    for _ in range(MAX_ROUTES // MAX_TOPICS):
        topics = book.topics()
        assert len(topics) == MAX_TOPICS
        for topic in topics:
            book.told(topic)
            book.heard(topic, [])
        seen += topics
    assert len(set(seen)) == MAX_ROUTES
    assert not book.topics()


def test_an_answer_that_comes_during_an_exchange_waits_for_the_next() -> None:
    book, key = RouteBook(), key_of("busy")
    book.add(key, {"log_chars": 1.0})
    (topic,) = book.topics()
    book.told(topic)
    book.add(key, {"log_chars": 2.0})
    book.heard(topic, [])
    assert book.topics() == [topic]


@pytest.mark.redis
async def test_a_cascade_that_loses_money_elsewhere_is_bypassed_here_too(
    make: Make, upstream: Upstream, shared: dict[str, Any], redis: Any
) -> None:
    await redis.delete(SHARED_KEY)
    upstream.script("gpt-4o-mini", {"text": "", "usage": {"prompt_tokens": 400, "completion_tokens": 300}})
    upstream.script("gpt-4o", {"text": "Fine.", "usage": {"prompt_tokens": 40, "completion_tokens": 10}})
    losing = {"cascade": {"checks": ["empty"], "max_escalations": 1}}
    one, other = make(losing, **shared), make(losing, **shared)
    for _ in range(4):
        await asyncio.gather(*(one.router.acompletion(model="smart", messages=asked()) for _ in range(20)))
        await one.flush()
    assert one.guard.view("smart", "cheap").is_bypassed
    await one.exchange.run()
    assert not other.guard.view("smart", "cheap").is_bypassed
    await other.exchange.run()
    assert other.guard.view("smart", "cheap").is_bypassed
