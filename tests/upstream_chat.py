"""OpenAI's chat completions, text completions and embeddings, as the test upstream speaks them."""

from __future__ import annotations

import base64
import math
import re
import struct
import time
import zlib
from collections.abc import Iterator

from upstream_replies import (
    DEFAULT_LOGPROB,
    Ask,
    Json,
    Reply,
    ScriptedChoice,
    choices_of,
    halves,
    pieces,
    sse,
)

DEFAULT_DIMENSIONS = 64


def usage(reply: Reply) -> Json:
    """The usage object of a chat answer."""
    counts = reply.usage
    return {
        "prompt_tokens": counts.prompt_tokens,
        "completion_tokens": counts.completion_tokens,
        "total_tokens": counts.prompt_tokens + counts.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": counts.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning_tokens},
    }


def _head(ask: Ask, prefix: str, kind: str) -> Json:
    return {"id": f"{prefix}-{ask.serial}", "object": kind, "created": int(time.time()), "model": ask.model}


def _logprobs(ask: Ask, reply: Reply, text: str, first: int = 0) -> Json | None:
    if not ask.body.get("logprobs"):
        return None
    content: list[Json] = []
    for index, token in enumerate(pieces(text), start=first):
        value = reply.logprobs[index] if index < len(reply.logprobs) else DEFAULT_LOGPROB
        content.append({"token": token, "logprob": value, "bytes": None, "top_logprobs": []})
    return {"content": content, "refusal": None}


def _tool_calls(ask: Ask, choice: ScriptedChoice) -> list[Json]:
    return [
        {
            "id": f"call_{ask.serial}_{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(choice.tool_calls)
    ]


def _message(ask: Ask, choice: ScriptedChoice) -> Json:
    message: Json = {"role": "assistant", "content": choice.text}
    if choice.tool_calls:
        message["tool_calls"] = _tool_calls(ask, choice)
    if choice.refusal is not None:
        message["refusal"] = choice.refusal
    return message


def chat_answer(ask: Ask, reply: Reply) -> Json:
    """A whole chat completion."""
    choices = [
        {
            "index": index,
            "message": _message(ask, choice),
            "finish_reason": choice.reason(),
            "logprobs": _logprobs(ask, reply, choice.text or ""),
        }
        for index, choice in enumerate(choices_of(ask, reply))
    ]
    return {**_head(ask, "chatcmpl", "chat.completion"), "choices": choices, "usage": usage(reply)}


def _tool_deltas(ask: Ask, choice: ScriptedChoice) -> Iterator[Json]:
    for index, (call, whole) in enumerate(zip(choice.tool_calls, _tool_calls(ask, choice), strict=True)):
        yield {"tool_calls": [{**whole, "index": index, "function": {"name": call.name, "arguments": ""}}]}
        for part in halves(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _deltas(ask: Ask, choice: ScriptedChoice) -> Iterator[Json]:
    yield {"role": "assistant", "content": ""}
    for piece in pieces(choice.text or ""):
        yield {"content": piece}
    if choice.refusal is not None:
        yield {"refusal": choice.refusal}
    yield from _tool_deltas(ask, choice)


def chat_events(ask: Ask, reply: Reply) -> Iterator[str]:
    """A streamed chat completion; the usage chunk only when the client asked for it."""
    head = _head(ask, "chatcmpl", "chat.completion.chunk")
    tail: Json = {"usage": None} if ask.wants_usage_chunk else {}
    for index, choice in enumerate(choices_of(ask, reply)):
        spoken = 0
        for delta in _deltas(ask, choice):
            text = str(delta.get("content") or "")
            part = {"index": index, "delta": delta, "finish_reason": None}
            part["logprobs"] = _logprobs(ask, reply, text, spoken) if text else None
            spoken += bool(text)
            yield sse({**head, "choices": [part], **tail})
        yield sse({**head, "choices": [{"index": index, "delta": {}, "finish_reason": choice.reason()}], **tail})
    if ask.wants_usage_chunk:
        yield sse({**head, "choices": [], "usage": usage(reply)})
    yield sse("[DONE]")


def text_answer(ask: Ask, reply: Reply) -> Json:
    """A whole text completion."""
    choices = [
        {"index": index, "text": choice.text or "", "finish_reason": choice.reason(), "logprobs": None}
        for index, choice in enumerate(choices_of(ask, reply))
    ]
    return {**_head(ask, "cmpl", "text_completion"), "choices": choices, "usage": usage(reply)}


def text_events(ask: Ask, reply: Reply) -> Iterator[str]:
    """A streamed text completion."""
    head = _head(ask, "cmpl", "text_completion")
    for index, choice in enumerate(choices_of(ask, reply)):
        for piece in pieces(choice.text or ""):
            part = {"index": index, "text": piece, "finish_reason": None, "logprobs": None}
            yield sse({**head, "choices": [part]})
        end = {"index": index, "text": "", "finish_reason": choice.reason(), "logprobs": None}
        yield sse({**head, "choices": [end]})
    if ask.wants_usage_chunk:
        yield sse({**head, "choices": [], "usage": usage(reply)})
    yield sse("[DONE]")


def embedding_of(text: str, dimensions: int) -> list[float]:
    """A unit vector of hashed words: texts that share words lie close to each other."""
    vector = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        vector[zlib.crc32(word.encode()) % dimensions] += 1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector


def _encoded(vector: list[float], ask: Ask) -> list[float] | str:
    if ask.body.get("encoding_format") != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def embeddings_answer(ask: Ask, reply: Reply) -> Json:
    """The embeddings of one text or of several."""
    given = ask.body.get("input")
    texts = [str(item) for item in given] if isinstance(given, list) else [str(given)]
    wanted = ask.body.get("dimensions")
    dimensions = wanted if isinstance(wanted, int) else DEFAULT_DIMENSIONS
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(embedding_of(text, dimensions), ask)}
        for index, text in enumerate(texts)
    ]
    tokens = reply.usage.prompt_tokens
    counts = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": ask.model, "data": data, "usage": counts}
