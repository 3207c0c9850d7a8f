"""Reads an answer while it streams: pieces in, `AnswerView` out. One reader an endpoint; total, like `reading`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.reading_answers import FINISH_REASONS
from litellm_router_plugin.core.requests import Endpoint

MAX_STREAM_CHARS = 200_000
"""Characters of a streamed answer that are kept for checks."""


class StreamReader(Protocol):
    """Gathers the pieces of one streamed answer."""

    def add(self, item: object) -> None:
        """Take one item of the stream."""
        ...

    def view(self, *, is_prefix: bool) -> AnswerView:
        """The answer as far as it is known."""
        ...


class _Gathered:
    """Text, calls and finish reason of the first choice."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.chars = 0
        self.calls: dict[object, list[str]] = {}
        self.finish: str | None = None
        self.refusal = ""
        self.choices: set[int] = set()

    def add_text(self, text: object) -> None:
        if isinstance(text, str) and text and self.chars < MAX_STREAM_CHARS:
            self.texts.append(text)
            self.chars += len(text)

    def add_call(self, index: object, name: object, arguments: object) -> None:
        call = self.calls.setdefault(index, ["", ""])
        if isinstance(name, str) and name:
            call[0] = name
        if isinstance(arguments, str) and len(call[1]) < MAX_STREAM_CHARS:
            call[1] += arguments

    def view(self, *, is_prefix: bool) -> AnswerView:
        reason = None if self.finish is None else FINISH_REASONS.get(self.finish, "other")
        return AnswerView(
            text="".join(self.texts),
            tool_calls=tuple(ToolCall(name, arguments) for name, arguments in self.calls.values()),
            finish_reason=reason,
            refusal=self.refusal,
            choices=max(len(self.choices), 1 if self.texts or self.calls or self.finish else 0),
            is_prefix=is_prefix,
            cut=self.chars >= MAX_STREAM_CHARS,
        )


def _field(source: object, name: str) -> Any:  # noqa: ANN401  pieces come as objects or as dicts
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


class ChatStreamReader(_Gathered):
    """Chunks of a chat completion."""

    def add(self, item: object) -> None:
        """Take one chunk."""
        for choice in _list(_field(item, "choices")):
            index = _field(choice, "index") or 0
            self.choices.add(index)
            if index:
                continue
            delta = _field(choice, "delta")
            self.add_text(_field(delta, "content"))
            refusal = _field(delta, "refusal")
            self.refusal += refusal if isinstance(refusal, str) else ""
            for call in _list(_field(delta, "tool_calls")):
                function = _field(call, "function")
                self.add_call(_field(call, "index"), _field(function, "name"), _field(function, "arguments"))
            finish = _field(choice, "finish_reason")
            self.finish = finish if isinstance(finish, str) and finish else self.finish


class MessagesStreamReader(_Gathered):
    """Server-sent events of an Anthropic message, as bytes, text or dicts."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = ""

    def add(self, item: object) -> None:
        """Take one piece; an event may be spread over several."""
        for event in self._events(item):
            self._add_event(event)

    def _events(self, item: object) -> Iterator[Mapping[str, Any]]:
        if isinstance(item, Mapping):
            yield item
            return
        text = item.decode("utf-8", "replace") if isinstance(item, bytes) else item
        if not isinstance(text, str):
            return
        *lines, self._rest = (self._rest + text).split("\n")
        self._rest = self._rest[-MAX_STREAM_CHARS:]
        for line in lines:
            if line.startswith("data:"):
                event = _parsed(line[5:])
                if isinstance(event, Mapping):
                    yield event

    def _add_event(self, event: Mapping[str, Any]) -> None:
        kind, index = event.get("type"), event.get("index")
        if kind == "content_block_start":
            block = event.get("content_block")
            if _field(block, "type") == "tool_use":
                self.add_call(index, _field(block, "name"), "")
            else:
                self.add_text(_field(block, "text"))
        elif kind == "content_block_delta":
            delta = event.get("delta")
            self.add_text(_field(delta, "text"))
            if _field(delta, "type") == "input_json_delta":
                self.add_call(index, None, _field(delta, "partial_json"))
        elif kind == "message_delta":
            reason = _field(event.get("delta"), "stop_reason")
            self.finish = reason if isinstance(reason, str) else self.finish


class ResponsesStreamReader(_Gathered):
    """Events of an OpenAI response."""

    def add(self, item: object) -> None:
        """Take one event."""
        kind = _field(item, "type")
        kind = str(getattr(kind, "value", kind))
        if kind == "response.output_text.delta":
            self.add_text(_field(item, "delta"))
        elif kind == "response.refusal.delta":
            delta = _field(item, "delta")
            self.refusal += delta if isinstance(delta, str) else ""
        elif kind == "response.output_item.added":
            part = _field(item, "item")
            if _field(part, "type") == "function_call":
                self.add_call(_field(item, "output_index"), _field(part, "name"), "")
        elif kind == "response.function_call_arguments.delta":
            self.add_call(_field(item, "output_index"), None, _field(item, "delta"))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            response = _field(item, "response")
            details = _field(response, "incomplete_details")
            reason = _field(details, "reason") if details is not None else None
            done = "tool_calls" if self.calls else "completed"
            self.finish = reason if isinstance(reason, str) else done


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:  # not JSON: a comment or a keep-alive of the provider's
        return None


def stream_reader(endpoint: Endpoint) -> StreamReader:
    """A new reader for streams of an endpoint."""
    if endpoint == "messages":
        return MessagesStreamReader()
    return ResponsesStreamReader() if endpoint == "responses" else ChatStreamReader()
