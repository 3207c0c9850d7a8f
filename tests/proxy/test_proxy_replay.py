"""A stream that was held back and checked reaches the client as LiteLLM sends it without the plugin."""

from __future__ import annotations

from typing import Any

import pytest
from proxy_setups import ALICE
from proxy_talk import CASCADING, Talk, body

pytestmark = pytest.mark.proxy

OWN = {"id", "created", "created_at", "model", "item_id", "system_fingerprint", "call_id", "request_id", "obfuscation"}
"""Fields that differ between two calls of the same model."""
LONG = " ".join(f"Sentence number {n} tells something of its own." for n in range(40))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: dict[str, Any] = {
    "chat": {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}},
    "responses": {"type": "function", "name": "weather", "parameters": SCHEMA},
    "messages": {"name": "weather", "input_schema": SCHEMA},
}
CALLS = [{"name": "weather", "arguments": f'{{"city": "{city}"}}'} for city in ("Paris", "Rome")]
REPLIES: dict[str, dict[str, object]] = {
    "short": {"text": "It is six."},
    "long": {"text": LONG},
    "cut": {"text": LONG, "finish_reason": "length"},
    "tools": {"text": "I will look.", "tool_calls": CALLS},
    "tools alone": {"tool_calls": CALLS},
    "cached": {"text": "It is six.", "usage": {"prompt_tokens": 1000, "completion_tokens": 9, "cached_tokens": 800}},
}


def shared(value: Any) -> Any:
    """A value without what differs between two calls."""
    if isinstance(value, dict):
        return {key: shared(item) for key, item in value.items() if key not in OWN}
    return [shared(item) for item in value] if isinstance(value, list) else value


def streamed(talk: Talk, endpoint: str, model: str, **more: Any) -> list[dict[str, Any]]:
    """The events of a stream, and no header of a failure."""
    given = body(endpoint, "What is the weather, six or seven?", model=model, stream=True, **more)
    answer = talk.ask(endpoint, {**given, "tools": [TOOLS[endpoint]]}, ALICE)
    assert answer.status == 200, answer.error
    return [shared(event) for event in answer.events]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("router", ["checked", "buffered"])
@pytest.mark.parametrize("endpoint", CASCADING)
def test_a_stream_is_chunk_for_chunk_that_of_a_direct_call(talk: Talk, endpoint: str, router: str, reply: str) -> None:
    talk.upstream.script("gpt-4o-mini", REPLIES[reply])
    limit = {} if endpoint == "messages" or reply != "cut" else {"max_tokens": 300}
    if endpoint == "responses" and limit:
        limit = {"max_output_tokens": 300}
    direct = streamed(talk, endpoint, "mini", **limit)
    routed = streamed(talk, endpoint, router, **limit)
    assert routed == direct
    assert [call.model for call in talk.upstream.calls()] == ["gpt-4o-mini"] * 2


@pytest.mark.parametrize("router", ["smart", "checked", "buffered"])
@pytest.mark.parametrize("wanted", [True, False])
def test_the_usage_chunk_comes_only_when_the_client_asked_for_it(talk: Talk, router: str, *, wanted: bool) -> None:
    options = {"stream_options": {"include_usage": True}} if wanted else {}
    direct = streamed(talk, "chat", "mini", **options)
    routed = streamed(talk, "chat", router, **options)
    assert routed == direct
    assert any(event.get("usage") for event in routed) is wanted


@pytest.mark.parametrize("router", ["checked", "buffered"])
@pytest.mark.parametrize("endpoint", CASCADING)
def test_the_stream_of_a_second_tier_is_that_of_a_direct_call_too(talk: Talk, endpoint: str, router: str) -> None:
    talk.upstream.script("gpt-4o-mini", {"text": ""})
    talk.upstream.script("gpt-4o", {"text": LONG})
    assert streamed(talk, endpoint, router) == streamed(talk, endpoint, "full")


@pytest.mark.parametrize("endpoint", CASCADING)
def test_a_replayed_stream_carries_one_id_from_start_to_end(talk: Talk, endpoint: str) -> None:
    talk.upstream.script("gpt-4o-mini", {"text": LONG})
    events = talk.ask(endpoint, body(endpoint, model="checked", stream=True), ALICE).events
    if endpoint == "chat":
        assert len({event["id"] for event in events}) == 1
    elif endpoint == "responses":
        ids = {event["response"]["id"] for event in events if "response" in event}
        assert len(ids) == 1
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
    else:
        assert [event["type"] for event in events].count("message_start") == 1


def test_the_first_words_come_before_the_answer_is_finished(talk: Talk) -> None:
    talk.upstream.script("gpt-4o-mini", {"text": LONG, "chunk_delay_s": 0.005})
    given = body("chat", model="checked", stream=True)
    with talk.proxy.client(ALICE) as client, client.stream("POST", "/v1/chat/completions", json=given) as response:
        lines = response.iter_lines()
        first = next(line for line in lines if line.startswith("data:"))
        (call,) = talk.upstream.calls()
        assert not call.finished
        assert response.headers["x-tier-router-tier"] == "cheap"
        assert "cost-usd" not in " ".join(response.headers)
        assert first
        for _ in lines:
            pass
