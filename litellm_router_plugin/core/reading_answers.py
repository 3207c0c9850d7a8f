"""Raw answers in, `AnswerView` out. Total, as `reading` is; the shapes are the same four."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from litellm_router_plugin.core.answers import MAX_ANSWER_CHARS, AnswerView, FinishReason, ToolCall

FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
}


def read_answer(body: object, *, is_prefix: bool = False) -> AnswerView:
    """The view of an answer given as a chat completion, text completion, Anthropic message or response object.

    A plain string, or a bare chat message (``{"role": "assistant", "content": ...}``), is understood too.
    Objects with a ``model_dump`` method are dumped first.
    """
    if isinstance(body, str):
        return _view(text=body, finish=None, is_prefix=is_prefix)
    dump = getattr(body, "model_dump", None)
    raw = dump() if callable(dump) else body
    if not isinstance(raw, Mapping):
        return AnswerView(choices=0, is_prefix=is_prefix)
    if "choices" in raw:
        return _from_choices(raw, is_prefix=is_prefix)
    if isinstance(raw.get("output"), Sequence):
        return _from_responses(raw, is_prefix=is_prefix)
    return _from_message(raw, is_prefix=is_prefix)


def _view(
    *,
    text: str,
    finish: object,
    calls: Sequence[ToolCall] = (),
    refusal: object = "",
    choices: int = 1,
    is_prefix: bool = False,
    model: object = "",
) -> AnswerView:
    reason: FinishReason | None = FINISH_REASONS.get(finish, "other") if isinstance(finish, str) and finish else None
    return AnswerView(
        text=text[:MAX_ANSWER_CHARS],
        tool_calls=tuple(calls),
        finish_reason=reason,
        refusal=refusal if isinstance(refusal, str) else "",
        choices=choices,
        is_prefix=is_prefix,
        cut=len(text) > MAX_ANSWER_CHARS,
        model=model if isinstance(model, str) else "",
    )


def _from_choices(raw: Mapping[str, Any], *, is_prefix: bool) -> AnswerView:
    choices = raw["choices"] if isinstance(raw["choices"], Sequence) else []
    if not choices or not isinstance(choices[0], Mapping):
        return AnswerView(choices=0, is_prefix=is_prefix, model=str(raw.get("model") or ""))
    first = choices[0]
    message = first.get("message")
    if not isinstance(message, Mapping):
        message = {"content": first.get("text")}
    return _view(
        text=text_of(message.get("content")),
        finish=first.get("finish_reason"),
        calls=_chat_calls(message),
        refusal=message.get("refusal"),
        choices=len(choices),
        is_prefix=is_prefix,
        model=raw.get("model"),
    )


def _from_message(raw: Mapping[str, Any], *, is_prefix: bool) -> AnswerView:
    blocks = raw.get("content")
    calls = _chat_calls(raw) + [
        ToolCall(str(block.get("name") or ""), as_json(block.get("input")))
        for block in (blocks if isinstance(blocks, Sequence) and not isinstance(blocks, str) else [])
        if isinstance(block, Mapping) and block.get("type") == "tool_use"
    ]
    finish = raw.get("stop_reason") or raw.get("finish_reason")
    refusal = raw.get("refusal")
    return _view(
        text=text_of(blocks), finish=finish, calls=calls, refusal=refusal, is_prefix=is_prefix, model=raw.get("model")
    )


def _from_responses(raw: Mapping[str, Any], *, is_prefix: bool) -> AnswerView:
    texts: list[str] = []
    refusals: list[str] = []
    calls: list[ToolCall] = []
    for item in raw["output"]:
        if not isinstance(item, Mapping):
            continue
        if item.get("type") == "function_call":
            calls.append(ToolCall(str(item.get("name") or ""), as_json(item.get("arguments"))))
        elif item.get("type") in (None, "message"):
            texts.append(text_of(item.get("content")))
            refusals.append(_refusal_of(item.get("content")))
    return _view(
        text="".join(texts),
        finish=_responses_finish(raw, has_calls=bool(calls)),
        calls=calls,
        refusal="".join(refusals),
        is_prefix=is_prefix,
        model=raw.get("model"),
    )


def _responses_finish(raw: Mapping[str, Any], *, has_calls: bool) -> object:
    """Why a response ended: what cut it off, else that it calls a tool, else its status."""
    details = raw.get("incomplete_details")
    why = details.get("reason") if isinstance(details, Mapping) else None
    return why or ("tool_calls" if has_calls else raw.get("status"))


def _refusal_of(content: object) -> str:
    """The provider's refusal among the parts of a response's message."""
    parts = content if isinstance(content, Sequence) and not isinstance(content, str) else ()
    found = (part.get("refusal") for part in parts if isinstance(part, Mapping) and part.get("type") == "refusal")
    return "".join(text for text in found if isinstance(text, str))


def _chat_calls(message: Mapping[str, Any]) -> list[ToolCall]:
    calls = []
    raw_calls = message.get("tool_calls")
    for call in raw_calls if isinstance(raw_calls, Sequence) else []:
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            calls.append(ToolCall(str(function.get("name") or ""), as_json(function.get("arguments"))))
    legacy = message.get("function_call")
    if isinstance(legacy, Mapping):
        calls.append(ToolCall(str(legacy.get("name") or ""), as_json(legacy.get("arguments"))))
    return calls


def as_json(arguments: object) -> str:
    """The raw JSON text of a call's arguments, also where they came parsed; empty where there is none to be had."""
    if isinstance(arguments, str):
        return arguments
    try:
        return "" if arguments is None else json.dumps(arguments, default=str)
    except (TypeError, ValueError, RecursionError):  # keys that JSON has not, circles, or nested without end
        return ""


def text_of(content: object) -> str:
    """The visible text of an answer's content: a string, or the text blocks of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence) or isinstance(content, bytes | bytearray):
        return ""
    texts = []
    for block in content:
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block, Mapping) and block.get("type") in (None, "text", "output_text"):
            text = block.get("text")
            texts.append(text if isinstance(text, str) else "")
    return "".join(texts)
