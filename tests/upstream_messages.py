"""Anthropic's Messages API, as the test upstream speaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from upstream_replies import Ask, Json, Reply, ScriptedChoice, first_choice, halves, pieces, sse

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def _stop_reason(choice: ScriptedChoice) -> str:
    return _STOP_REASONS.get(choice.reason(), choice.reason())


def _usage(reply: Reply, output_tokens: int) -> Json:
    counts = reply.usage
    return {
        "input_tokens": counts.prompt_tokens - counts.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": counts.cached_tokens,
        "output_tokens": output_tokens,
    }


def _tool_block(ask: Ask, index: int, name: str, given: object) -> Json:
    return {"type": "tool_use", "id": f"toolu_{ask.serial}_{index}", "name": name, "input": given}


def _content(ask: Ask, choice: ScriptedChoice) -> list[Json]:
    said = choice.text if choice.text is not None else choice.refusal
    blocks: list[Json] = [] if said is None else [{"type": "text", "text": said}]
    blocks += [
        _tool_block(ask, index, call.name, json.loads(call.arguments)) for index, call in enumerate(choice.tool_calls)
    ]
    return blocks


def messages_answer(ask: Ask, reply: Reply) -> Json:
    """A whole message."""
    choice = first_choice(ask, reply)
    return {
        "id": f"msg_{ask.serial}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": _content(ask, choice),
        "stop_reason": _stop_reason(choice),
        "stop_sequence": None,
        "usage": _usage(reply, reply.usage.completion_tokens),
    }


def _block_events(index: int, block: Json) -> Iterator[Json]:
    if block["type"] == "text":
        start: Json = {"type": "text", "text": ""}
        deltas: list[Json] = [{"type": "text_delta", "text": piece} for piece in pieces(str(block["text"]))]
    else:
        start = {**block, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in halves(json.dumps(block["input"]))]
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _events(ask: Ask, reply: Reply) -> Iterator[Json]:
    whole = messages_answer(ask, reply)
    opening = {**whole, "content": [], "stop_reason": None, "usage": _usage(reply, 1)}
    yield {"type": "message_start", "message": opening}
    for index, block in enumerate(_content(ask, first_choice(ask, reply))):
        yield from _block_events(index, block)
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": reply.usage.completion_tokens}}
    yield {"type": "message_stop"}


def messages_events(ask: Ask, reply: Reply) -> Iterator[str]:
    """A streamed message."""
    for event in _events(ask, reply):
        yield sse(event, event=str(event["type"]))
