"""Streams that are read ahead for their checks and then handed on as if they had not been."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from core_answers import Json, MadeAnswer, chat_stream, messages_events, server_sent

from litellm_router_plugin.host import stream_checks
from litellm_router_plugin.host.replay import ReplayedStream
from litellm_router_plugin.host.stream_checks import PREFIX_CHARS, PREFIX_ITEMS, hold


class Stream:
    """A stream such as the host gives: items in order, and facts that it carries."""

    def __init__(self, items: list[Any], fault: Exception | None = None) -> None:
        self.items = iter(items)
        self.fault = fault
        self.taken = 0
        self.closed = 0
        self.response_id = "chatcmpl-1"
        self._hidden_params = {"model_id": "d"}

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            item = next(self.items)
        except StopIteration:
            raise self.fault or StopAsyncIteration from None
        self.taken += 1
        return item

    async def aclose(self) -> None:
        self.closed += 1


async def drained(stream: Any) -> list[Any]:
    return [item async for item in stream]


LONG = MadeAnswer(tuple(f"word {n} " for n in range(200)), finish="stop")


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "made",
    [
        LONG,
        MadeAnswer(),
        MadeAnswer(("short",)),
        MadeAnswer(calls=(("f", {"a": 1}),), finish="tool_calls"),
        MadeAnswer(refusal=("no",), choices=2),
    ],
)
async def test_what_was_held_and_the_rest_come_back_unchanged_and_in_order(made: MadeAnswer, whole: bool) -> None:  # noqa: FBT001 - a parameter
    chunks = chat_stream(made)
    held = await hold(Stream(chunks), "chat", whole=whole)
    replayed = await drained(ReplayedStream(held.stream, held.items, is_exhausted=held.is_exhausted))
    assert [id(chunk) for chunk in replayed] == [id(chunk) for chunk in chunks]


async def test_a_whole_stream_is_read_to_its_end() -> None:
    stream = Stream(chat_stream(LONG))
    held = await hold(stream, "chat", whole=True)
    assert held.is_exhausted
    assert (held.answer.text, held.answer.is_prefix, held.answer.finish_reason) == (LONG.text, False, "stop")


async def test_a_prefix_is_read_only_as_far_as_its_checks_need() -> None:
    stream = Stream(chat_stream(LONG))
    held = await hold(stream, "chat", whole=False)
    assert not held.is_exhausted
    assert held.answer.is_prefix
    assert PREFIX_CHARS <= len(held.answer.text) < PREFIX_CHARS + 20
    assert stream.taken == len(held.items) < 40


async def test_a_prefix_ends_with_the_first_argument_of_a_call() -> None:
    made = MadeAnswer(calls=(("weather", {"city": "Rome", "days": 3}),), cut_at=1)
    held = await hold(Stream(chat_stream(made)), "chat", whole=False)
    (call,) = held.answer.tool_calls
    assert (call.name, call.arguments) == ("weather", "{")


async def test_a_stream_that_ends_within_the_prefix_is_known_whole() -> None:
    held = await hold(Stream(chat_stream(MadeAnswer(("short",)))), "chat", whole=False)
    assert held.is_exhausted
    assert not held.answer.is_prefix


async def test_a_stream_without_text_is_not_held_for_ever() -> None:
    silent: list[Json] = [{"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]}] * (2 * PREFIX_ITEMS)
    stream = Stream(silent)
    held = await hold(stream, "chat", whole=False)
    assert stream.taken == PREFIX_ITEMS
    assert held.answer.is_prefix


async def test_a_longer_stream_than_may_be_buffered_is_taken_as_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_checks, "MAX_BUFFERED_ITEMS", 10)
    stream = Stream(chat_stream(LONG))
    held = await hold(stream, "chat", whole=True)
    assert (stream.taken, held.is_exhausted, held.answer.is_prefix) == (10, False, True)


async def test_a_stream_of_server_sent_bytes_is_held_and_replayed_byte_by_byte() -> None:
    wire = server_sent(messages_events(MadeAnswer(("naïve ", "日本"))))
    pieces = [wire[start : start + 5] for start in range(0, len(wire), 5)]
    held = await hold(Stream(pieces), "messages", whole=True)
    assert held.answer.text == "naïve 日本"
    replayed = await drained(ReplayedStream(held.stream, held.items, is_exhausted=True))
    assert b"".join(replayed) == wire


async def test_a_fault_of_the_provider_comes_after_what_was_sent_before_it() -> None:
    stream = Stream(["a", "b", "c"], fault=ConnectionError("gone"))
    replayed = ReplayedStream(stream, [await anext(stream)], is_exhausted=False)
    assert [await anext(replayed) for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(ConnectionError, match="gone"):
        await anext(replayed)


async def test_a_fault_while_a_stream_is_held_is_raised() -> None:
    with pytest.raises(ConnectionError, match="gone"):
        await hold(Stream([], fault=ConnectionError("gone")), "chat", whole=True)


async def test_closing_closes_the_hosts_stream_and_ends_the_replay() -> None:
    stream = Stream(["c"])
    replayed = ReplayedStream(stream, ["a", "b"], is_exhausted=False)
    assert await anext(replayed) == "a"
    await replayed.aclose()
    assert stream.closed == 1
    assert await drained(replayed) == []


async def test_a_stream_that_cannot_be_closed_is_only_ended() -> None:
    class Plain:
        def __aiter__(self) -> AsyncIterator[Any]:
            return self

        async def __anext__(self) -> Any:
            raise StopAsyncIteration

    replayed = ReplayedStream(Plain(), ["a"], is_exhausted=True)
    await replayed.aclose()
    assert await drained(replayed) == []


def test_facts_of_the_hosts_stream_are_found_on_the_replay() -> None:
    stream = Stream([])
    replayed = ReplayedStream(stream, [], is_exhausted=True)
    assert replayed.response_id == "chatcmpl-1"
    assert replayed._hidden_params is stream._hidden_params
    with pytest.raises(AttributeError):
        _ = replayed.no_such_thing
