"""Streams on `litellm.Router` in code."""

from __future__ import annotations

from typing import Any

import pytest
from routers import Make, asked, books
from upstream import Upstream


def content(chunk: Any) -> str:
    return (chunk.choices[0].delta.content or "") if chunk.choices else ""


async def test_a_stream_is_paid_although_the_client_did_not_ask_for_usage(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "one two three"})
    routing = make()
    stream = await routing.router.acompletion(model="smart", messages=asked(), stream=True)
    chunks = [chunk async for chunk in stream]
    assert "".join(map(content, chunks)) == "one two three"
    assert all(getattr(chunk, "usage", None) is None for chunk in chunks)
    decision = await books(routing, stream)
    assert decision["cost_usd"] == pytest.approx(4.5e-05, abs=1e-12)


async def test_a_client_that_asks_for_usage_gets_it(make: Make) -> None:
    routing = make()
    options = {"include_usage": True}
    stream = await routing.router.acompletion(model="smart", messages=asked(), stream=True, stream_options=options)
    usages = [chunk.usage.total_tokens async for chunk in stream if getattr(chunk, "usage", None)]
    assert usages == [150]


async def test_a_synchronous_stream_is_paid_too(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "one two three"})
    routing = make()
    stream = routing.router.completion(model="smart", messages=asked(), stream=True)
    assert "".join(map(content, stream)) == "one two three"
    decision = await books(routing, stream)
    assert decision["cost_usd"] == pytest.approx(4.5e-05, abs=1e-12)


@pytest.mark.parametrize("streaming", ["prefix", "buffer", "off"])
async def test_a_checked_stream_is_the_same_chunk_by_chunk(make: Make, upstream: Upstream, streaming: str) -> None:
    text = "A fairly long answer, sent in many small pieces. " * 12
    upstream.script("gpt-4o-mini", {"text": text})
    routing = make({"cascade": {"streaming": streaming}})
    plain = await routing.router.acompletion(model="mini", messages=asked(), stream=True)
    checked = await routing.router.acompletion(model="smart", messages=asked(), stream=True)
    expected = [(content(chunk), chunk.choices[0].finish_reason) async for chunk in plain if chunk.choices]
    found = [(content(chunk), chunk.choices[0].finish_reason) async for chunk in checked if chunk.choices]
    assert found == expected


async def test_a_buffered_stream_is_released_at_the_deadline(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "word " * 60, "chunk_delay_s": 0.05})
    routing = make({"cascade": {"streaming": "buffer", "deadline_s": 0.3}})
    stream = await routing.router.acompletion(model="smart", messages=asked(), stream=True)
    assert stream._hidden_params["tier_router"]["cause"] == "deadline"
    assert "".join([content(chunk) async for chunk in stream]) == "word " * 60
