"""A streamed answer reads the same as the whole one, wherever the stream is cut into pieces."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from core_answers import (
    Json,
    MadeAnswer,
    answers,
    chat_body,
    chat_stream,
    messages_body,
    messages_events,
    responses_body,
    responses_events,
    server_sent,
)
from core_strategies import json_values
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.answers import MAX_ANSWER_CHARS, AnswerView, ToolCall
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.requests import Endpoint
from litellm_router_plugin.core.stream_reading import MAX_STREAM_CALLS, stream_reader

ENDPOINTS: tuple[Endpoint, ...] = ("chat", "messages", "responses", "text")


def read_stream(endpoint: Endpoint, items: object, *, is_prefix: bool = False) -> AnswerView:
    reader = stream_reader(endpoint)
    for item in items if isinstance(items, list) else [items]:
        reader.add(item)
    return reader.view(is_prefix=is_prefix)


def as_objects(value: object) -> object:
    """JSON as objects with attributes, in which LiteLLM's streams come."""
    if isinstance(value, dict):
        return SimpleNamespace(**{str(key): as_objects(inner) for key, inner in value.items()})
    return [as_objects(inner) for inner in value] if isinstance(value, list) else value


@given(answers)
def test_a_chat_stream_reads_as_the_whole_answer(made: MadeAnswer) -> None:
    whole = read_answer(chat_body(made))
    assert read_stream("chat", chat_stream(made)) == whole
    assert read_stream("chat", [as_objects(chunk) for chunk in chat_stream(made)]) == whole


@given(answers)
def test_a_responses_stream_reads_as_the_whole_answer(made: MadeAnswer) -> None:
    whole = read_answer(responses_body(made))
    assert read_stream("responses", responses_events(made)) == whole
    assert read_stream("responses", [as_objects(event) for event in responses_events(made)]) == whole


@given(answers)
def test_a_messages_stream_of_events_reads_as_the_whole_answer(made: MadeAnswer) -> None:
    assert read_stream("messages", list(messages_events(made))) == read_answer(messages_body(made))


@given(answers, st.integers(1, 40), st.sampled_from(("\n", "\r\n")))
def test_a_messages_stream_of_bytes_reads_the_same_wherever_it_is_cut(
    made: MadeAnswer, size: int, line_end: str
) -> None:
    wire = server_sent(messages_events(made), line_end)
    pieces: list[object] = [wire[start : start + size] for start in range(0, len(wire), size)]
    assert read_stream("messages", pieces) == read_answer(messages_body(made))


@given(answers, st.integers(1, 40))
def test_a_messages_stream_of_text_reads_the_same_wherever_it_is_cut(made: MadeAnswer, size: int) -> None:
    wire = server_sent(messages_events(made)).decode()
    pieces: list[object] = [wire[start : start + size] for start in range(0, len(wire), size)]
    assert read_stream("messages", pieces) == read_answer(messages_body(made))


@given(answers, st.data())
def test_a_prefix_of_a_stream_holds_the_start_of_the_text(made: MadeAnswer, data: st.DataObject) -> None:
    chunks = chat_stream(made)
    known = data.draw(st.integers(0, len(chunks)))
    view = read_stream("chat", list(chunks[:known]), is_prefix=True)
    assert view.is_prefix
    assert made.text.startswith(view.text)
    assert len(view.tool_calls) <= len(made.calls)


@given(st.sampled_from(ENDPOINTS), st.lists(json_values, max_size=6))
def test_any_json_in_a_stream_does_no_harm(endpoint: Endpoint, items: list[object]) -> None:
    view = read_stream(endpoint, items)
    assert view.choices >= 0


@given(
    st.sampled_from(("content_block_start", "content_block_delta", "message_delta", "response.output_item.added")),
    st.dictionaries(st.sampled_from(("index", "output_index", "delta", "content_block", "item")), json_values),
)
def test_a_known_event_with_any_content_does_no_harm(kind: str, content: Json) -> None:
    for endpoint in ("messages", "responses"):
        assert read_stream(endpoint, {"type": kind, **content}).choices >= 0


@given(st.binary(max_size=60))
def test_any_bytes_in_a_messages_stream_do_no_harm(noise: bytes) -> None:
    tail = server_sent(messages_events(MadeAnswer(("fine",))))
    assert read_stream("messages", [noise, b"\n\n", tail]).text == "fine"


def test_a_stream_of_a_text_completion_is_read() -> None:
    chunks: list[object] = [{"choices": [{"index": 0, "text": piece}]} for piece in ("Once ", "upon")]
    assert read_stream("text", chunks).text == "Once upon"


def test_a_streamed_call_of_the_old_form_is_read() -> None:
    pieces: list[Json] = [{"name": "f", "arguments": ""}, {"arguments": '{"a"'}, {"arguments": ":1}"}]
    chunks: list[object] = [{"choices": [{"delta": {"function_call": piece}}]} for piece in pieces]
    assert read_stream("chat", chunks).tool_calls == (ToolCall("f", '{"a":1}'),)


def test_a_tool_that_the_provider_runs_itself_is_no_call() -> None:
    events: list[object] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use", "name": "web_search"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"q": 1}'}},
    ]
    assert read_stream("messages", events).tool_calls == ()


def test_a_call_whose_arguments_are_still_to_come_has_none_in_a_prefix() -> None:
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "name": "f", "input": {}}}
    assert read_stream("messages", [start], is_prefix=True).tool_calls == (ToolCall("f", ""),)
    assert read_stream("messages", [start]).tool_calls == (ToolCall("f", "{}"),)


@pytest.mark.parametrize(("end", "expected"), [("failed", "other"), ("incomplete", "other"), ("completed", "stop")])
def test_how_a_response_ended_is_told(end: str, expected: str) -> None:
    events: list[object] = [{"type": f"response.{end}", "response": {"status": end}}]
    assert read_stream("responses", events).finish_reason == expected


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize("beyond", [0, 1, 5_000])
def test_a_longer_text_than_checks_may_see_is_cut_as_in_the_whole_answer(pieces: int, beyond: int) -> None:
    text = "x" * (MAX_ANSWER_CHARS + beyond)
    size = len(text) // pieces + 1
    made = MadeAnswer(tuple(text[start : start + size] for start in range(0, len(text), size)))
    assert read_stream("chat", list(chat_stream(made))) == read_answer(chat_body(made))


def test_a_stream_without_end_is_held_within_bounds() -> None:
    reader = stream_reader("chat")
    for index in range(5_000):
        call = {"index": index, "function": {"name": "f", "arguments": "x" * 100}}
        delta = {"content": "y" * 100, "refusal": "z" * 100, "tool_calls": [call]}
        reader.add({"choices": [{"index": 0, "delta": delta}]})
    view = reader.view(is_prefix=False)
    assert view.cut
    assert len(view.text) == MAX_ANSWER_CHARS
    assert len(view.refusal) <= MAX_ANSWER_CHARS + 100
    assert len(view.tool_calls) == MAX_STREAM_CALLS


def test_the_whole_view_differs_from_the_prefix_only_by_saying_so() -> None:
    chunks = list(chat_stream(MadeAnswer(("a", "b"))))
    assert replace(read_stream("chat", chunks, is_prefix=True), is_prefix=False) == read_stream("chat", chunks)
