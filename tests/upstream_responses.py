"""OpenAI's Responses API, as the test upstream speaks it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from upstream_replies import Ask, Json, Reply, ScriptedChoice, ScriptedToolCall, first_choice, halves, pieces, sse


def response_id(ask: Ask) -> str:
    """The id of the response to a request."""
    return f"resp_{ask.serial}"


def _usage(reply: Reply) -> Json:
    counts = reply.usage
    return {
        "input_tokens": counts.prompt_tokens,
        "input_tokens_details": {"cached_tokens": counts.cached_tokens},
        "output_tokens": counts.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning_tokens},
        "total_tokens": counts.prompt_tokens + counts.completion_tokens,
    }


def _text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message_item(ask: Ask, choice: ScriptedChoice, status: str) -> Json:
    part = (
        {"type": "refusal", "refusal": choice.refusal} if choice.refusal is not None else _text_part(choice.text or "")
    )
    return {
        "id": f"msg_{ask.serial}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [part] if status == "completed" else [],
    }


def _call_item(ask: Ask, index: int, call: ScriptedToolCall, *, arguments: str) -> Json:
    return {
        "id": f"fc_{ask.serial}_{index}",
        "type": "function_call",
        "status": "completed" if arguments == call.arguments else "in_progress",
        "call_id": f"call_{ask.serial}_{index}",
        "name": call.name,
        "arguments": arguments,
    }


def _has_message(choice: ScriptedChoice) -> bool:
    return choice.text is not None or choice.refusal is not None


def _output(ask: Ask, choice: ScriptedChoice) -> list[Json]:
    items = [_message_item(ask, choice, "completed")] if _has_message(choice) else []
    calls = [_call_item(ask, index, call, arguments=call.arguments) for index, call in enumerate(choice.tool_calls)]
    return items + calls


def _shell(ask: Ask, status: str) -> Json:
    """A response without its output; the settings are the client's own where it sent them."""
    body = ask.body
    return {
        "id": response_id(ask),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "model": ask.model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": body.get("tools") or [],
        "top_p": 1.0,
        "usage": None,
    }


_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def responses_answer(ask: Ask, reply: Reply) -> Json:
    """A whole response."""
    choice = first_choice(ask, reply)
    why = _INCOMPLETE.get(choice.reason())
    ended: Json = {"output": _output(ask, choice), "usage": _usage(reply)}
    if why:
        ended["incomplete_details"] = {"reason": why}
    return {**_shell(ask, "incomplete" if why else "completed"), **ended}


def _message_events(ask: Ask, choice: ScriptedChoice) -> Iterator[Json]:
    where = {"item_id": f"msg_{ask.serial}", "output_index": 0, "content_index": 0}
    started = _message_item(ask, choice, "in_progress")
    yield {"type": "response.output_item.added", "output_index": 0, "item": started}
    if choice.refusal is not None:
        yield {"type": "response.refusal.delta", **where, "delta": choice.refusal}
        yield {"type": "response.refusal.done", **where, "refusal": choice.refusal}
    else:
        text = choice.text or ""
        yield {"type": "response.content_part.added", **where, "part": _text_part("")}
        for piece in pieces(text):
            yield {"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **where, "text": text, "logprobs": []}
        yield {"type": "response.content_part.done", **where, "part": _text_part(text)}
    done = _message_item(ask, choice, "completed")
    yield {"type": "response.output_item.done", "output_index": 0, "item": done}


def _call_events(ask: Ask, choice: ScriptedChoice, first_index: int) -> Iterator[Json]:
    for index, call in enumerate(choice.tool_calls):
        where: Json = {"item_id": f"fc_{ask.serial}_{index}", "output_index": first_index + index}
        started, done = (_call_item(ask, index, call, arguments=text) for text in ("", call.arguments))
        yield {"type": "response.output_item.added", "output_index": first_index + index, "item": started}
        for part in halves(call.arguments):
            yield {"type": "response.function_call_arguments.delta", **where, "delta": part}
        ended = {"arguments": call.arguments, "name": call.name}
        yield {"type": "response.function_call_arguments.done", **where, **ended}
        yield {"type": "response.output_item.done", "output_index": first_index + index, "item": done}


def _events(ask: Ask, reply: Reply) -> Iterator[Json]:
    choice = first_choice(ask, reply)
    shell = _shell(ask, "in_progress")
    yield {"type": "response.created", "response": shell}
    yield {"type": "response.in_progress", "response": shell}
    if _has_message(choice):
        yield from _message_events(ask, choice)
    yield from _call_events(ask, choice, int(_has_message(choice)))
    whole = responses_answer(ask, reply)
    yield {"type": f"response.{whole['status']}", "response": whole}


def responses_events(ask: Ask, reply: Reply) -> Iterator[str]:
    """A streamed response: every event that OpenAI sends for texts, refusals and function calls."""
    for number, event in enumerate(_events(ask, reply)):
        yield sse({**event, "sequence_number": number}, event=str(event["type"]))
