"""Made-up answers, each as the whole body and as the stream in which an endpoint would send it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

Json = dict[str, object]

FINISHES = ("stop", "length", "tool_calls", "content_filter")
ANTHROPIC = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


@dataclass(frozen=True)
class MadeAnswer:
    """An answer, cut into the pieces in which it is streamed."""

    pieces: tuple[str, ...] = ()
    calls: tuple[tuple[str, Mapping[str, object]], ...] = ()
    finish: str = "stop"
    refusal: tuple[str, ...] = ()
    choices: int = 1
    cut_at: int = field(default=3)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


texts = st.text(alphabet=st.sampled_from('ab \n\r"\\{}é日🙂data:'), max_size=12)
names = st.sampled_from(("weather", "search", "get_time"))
arguments = st.dictionaries(st.sampled_from(("city", "days", "é")), st.integers(0, 9) | texts, max_size=3)
answers = st.builds(
    MadeAnswer,
    st.lists(texts, max_size=5).map(tuple),
    st.lists(st.tuples(names, arguments), max_size=3).map(tuple),
    st.sampled_from(FINISHES),
    st.lists(texts, max_size=2).map(tuple),
    st.integers(1, 3),
    st.integers(1, 7),
)


def split(text: str, size: int) -> Sequence[str]:
    """A text in pieces of that size."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def chat_body(made: MadeAnswer) -> Json:
    """As a chat completion."""
    calls = [{"id": name, "function": {"name": name, "arguments": json.dumps(args)}} for name, args in made.calls]
    message = {"content": made.text, "tool_calls": calls, "refusal": "".join(made.refusal) or None}
    first = {"index": 0, "message": message, "finish_reason": made.finish}
    others = [{"index": n, "message": {"content": "other"}, "finish_reason": "stop"} for n in range(1, made.choices)]
    return {"choices": [first, *others]}


def chat_stream(made: MadeAnswer) -> list[Json]:
    """As the chunks of a chat completion."""

    def chunk(delta: Json, index: int = 0, finish: str | None = None) -> Json:
        return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

    chunks = [chunk({"role": "assistant", "content": ""})]
    chunks += [chunk({"content": piece}) for piece in made.pieces]
    chunks += [chunk({"refusal": piece}) for piece in made.refusal]
    for index, (name, args) in enumerate(made.calls):
        chunks.append(chunk({"tool_calls": [{"index": index, "function": {"name": name, "arguments": ""}}]}))
        for piece in split(json.dumps(args), made.cut_at):
            chunks.append(chunk({"tool_calls": [{"index": index, "function": {"name": None, "arguments": piece}}]}))
    chunks += [chunk({"content": "other"}, index) for index in range(1, made.choices)]
    return [*chunks, chunk({}, finish=made.finish), {"choices": [], "usage": {"total_tokens": 3}}]


def messages_body(made: MadeAnswer) -> Json:
    """As an Anthropic message; it has no refusal and no further choices."""
    blocks: list[Json] = [{"type": "thinking", "thinking": "hm", "signature": "s"}]
    blocks += [{"type": "text", "text": made.text}] if made.text else []
    blocks += [{"type": "tool_use", "id": name, "name": name, "input": dict(args)} for name, args in made.calls]
    return {"type": "message", "content": blocks, "stop_reason": ANTHROPIC[made.finish]}


def messages_events(made: MadeAnswer) -> list[Json]:
    """As the events of an Anthropic message."""

    def block(index: int, start: Json, deltas: Sequence[Json]) -> list[Json]:
        return [
            {"type": "content_block_start", "index": index, "content_block": start},
            *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": index},
        ]

    events: list[Json] = [{"type": "message_start", "message": {"content": []}}, {"type": "ping"}]
    events += block(0, {"type": "thinking", "thinking": ""}, [{"type": "thinking_delta", "thinking": "hm"}])
    events += block(1, {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in made.pieces])
    for index, (name, args) in enumerate(made.calls, start=2):
        pieces = split(json.dumps(dict(args)), made.cut_at) if args else []  # no arguments: no piece of any
        start: Json = {"type": "tool_use", "id": name, "name": name, "input": {}}
        events += block(index, start, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces])
    events.append({"type": "message_delta", "delta": {"stop_reason": ANTHROPIC[made.finish]}})
    return [*events, {"type": "message_stop"}]


def server_sent(events: Sequence[Json], line_end: str = "\n") -> bytes:
    """Events as the bytes that go over the wire."""
    lines = [f"event: {event['type']}{line_end}data: {json.dumps(event, ensure_ascii=False)}" for event in events]
    return (f"{line_end}{line_end}".join(lines) + line_end * 2).encode()


def responses_body(made: MadeAnswer) -> Json:
    """As an OpenAI response; it has no further choices."""
    parts: list[Json] = [{"type": "output_text", "text": made.text}]
    parts += [{"type": "refusal", "refusal": piece} for piece in made.refusal]
    output: list[Json] = [{"type": "reasoning", "summary": []}, {"type": "message", "content": parts}]
    output += [{"type": "function_call", "name": name, "arguments": json.dumps(args)} for name, args in made.calls]
    return {"output": output, **_responses_end(made)}


def _responses_end(made: MadeAnswer) -> Json:
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    if made.finish in reasons:
        return {"status": "incomplete", "incomplete_details": {"reason": reasons[made.finish]}}
    return {"status": "completed", "incomplete_details": None}


def responses_events(made: MadeAnswer) -> list[Json]:
    """As the events of an OpenAI response."""
    events: list[Json] = [{"type": "response.created"}]
    events += [{"type": "response.output_item.added", "output_index": 1, "item": {"type": "message"}}]
    events += [{"type": "response.output_text.delta", "output_index": 1, "delta": piece} for piece in made.pieces]
    events += [{"type": "response.refusal.delta", "output_index": 1, "delta": piece} for piece in made.refusal]
    for index, (name, args) in enumerate(made.calls, start=2):
        item = {"type": "function_call", "name": name, "arguments": ""}
        events.append({"type": "response.output_item.added", "output_index": index, "item": item})
        for piece in split(json.dumps(args), made.cut_at):
            delta = {"type": "response.function_call_arguments.delta", "output_index": index, "delta": piece}
            events.append(dict(delta))
    end = _responses_end(made)
    return [*events, {"type": f"response.{end['status']}", "response": end}]
