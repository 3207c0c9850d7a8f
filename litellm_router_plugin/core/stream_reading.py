"""Reads an answer while it streams: pieces in, `AnswerView` out. One reader an endpoint; total, like `reading`."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from litellm_router_plugin.core.answers import MAX_ANSWER_CHARS, AnswerView, ToolCall
from litellm_router_plugin.core.reading_answers import FINISH_REASONS, as_json
from litellm_router_plugin.core.requests import Endpoint

MAX_STREAM_CALLS = 1_000
"""Tool calls of a streamed answer that are kept."""
MAX_LINE_CHARS = 2 * MAX_ANSWER_CHARS
"""Length of one line of server-sent events that is kept; of a longer one only the end, which is then no event."""
LEGACY_CALL = "function_call"
"""Key of the one call of the old form, which has no index."""


class StreamReader(Protocol):
    """Gathers the pieces of one streamed answer."""

    def add(self, item: object) -> None:
        """Take one item of the stream."""
        ...

    def view(self, *, is_prefix: bool) -> AnswerView:
        """The answer as far as it is known."""
        ...


@dataclass(slots=True)
class _Pieces:
    """A call in pieces."""

    name: str = ""
    arguments: list[str] = field(default_factory=list)
    chars: int = 0


class _Gathered:
    """Text, calls and finish reason of the first choice."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.chars = 0
        self.calls: dict[int | str | None, _Pieces] = {}
        self.finish: str | None = None
        self.refusal = ""
        self.choices: set[int] = set()

    def add_text(self, text: object) -> None:
        """Keep a piece of text, up to one character more than an answer may have: it tells that it was cut."""
        if isinstance(text, str) and text and self.chars <= MAX_ANSWER_CHARS:
            piece = text[: MAX_ANSWER_CHARS + 1 - self.chars]
            self.texts.append(piece)
            self.chars += len(piece)

    def add_refusal(self, text: object) -> None:
        if isinstance(text, str) and len(self.refusal) < MAX_ANSWER_CHARS:
            self.refusal += text

    def add_call(self, index: object, name: object, arguments: object) -> None:
        """Keep a piece of a call; pieces of one call share their index."""
        key = index if isinstance(index, int | str) else None
        if key not in self.calls and len(self.calls) >= MAX_STREAM_CALLS:
            return
        call = self.calls.setdefault(key, _Pieces())
        if isinstance(name, str) and name:
            call.name = name
        if isinstance(arguments, str) and arguments and call.chars < MAX_ANSWER_CHARS:
            call.arguments.append(arguments)
            call.chars += len(arguments)

    def add_finish(self, reason: object) -> None:
        if isinstance(reason, str) and reason:
            self.finish = reason

    def made_calls(self, *, is_prefix: bool) -> tuple[ToolCall, ...]:  # noqa: ARG002  a subclass needs it
        """The calls so far, in the order in which they began."""
        return tuple(ToolCall(call.name, "".join(call.arguments)) for call in self.calls.values())

    def view(self, *, is_prefix: bool) -> AnswerView:
        reason = None if self.finish is None else FINISH_REASONS.get(self.finish, "other")
        return AnswerView(
            text="".join(self.texts)[:MAX_ANSWER_CHARS],
            tool_calls=self.made_calls(is_prefix=is_prefix),
            finish_reason=reason,
            refusal=self.refusal,
            choices=max(len(self.choices), 1 if self.texts or self.calls or self.finish else 0),
            is_prefix=is_prefix,
            cut=self.chars > MAX_ANSWER_CHARS,
        )


def _field(source: object, name: str) -> Any:  # noqa: ANN401  pieces come as objects or as dicts
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


class ChatStreamReader(_Gathered):
    """Chunks of a chat completion, or of a text completion."""

    def add(self, item: object) -> None:
        """Take one chunk."""
        for choice in _list(_field(item, "choices")):
            index = _field(choice, "index")
            index = index if isinstance(index, int) else 0
            self.choices.add(index)
            if index == 0:
                self._add_choice(choice)

    def _add_choice(self, choice: object) -> None:
        delta = _field(choice, "delta")
        self.add_text(_field(delta, "content"))
        self.add_text(_field(choice, "text"))
        self.add_refusal(_field(delta, "refusal"))
        for call in _list(_field(delta, "tool_calls")):
            function = _field(call, "function")
            self.add_call(_field(call, "index"), _field(function, "name"), _field(function, "arguments"))
        legacy = _field(delta, "function_call")
        if legacy is not None:
            self.add_call(LEGACY_CALL, _field(legacy, "name"), _field(legacy, "arguments"))
        self.add_finish(_field(choice, "finish_reason"))


class MessagesStreamReader(_Gathered):
    """Server-sent events of an Anthropic message, as bytes, text or dicts."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be spread over pieces
        self._inputs: dict[object, str] = {}

    def add(self, item: object) -> None:
        """Take one piece; an event may be spread over several."""
        for event in self._events(item):
            self._add_event(event)

    def made_calls(self, *, is_prefix: bool) -> tuple[ToolCall, ...]:
        """The calls so far; one that streamed no arguments to its end has those that it began with."""
        began_with = {} if is_prefix else self._inputs
        return tuple(
            ToolCall(call.name, "".join(call.arguments) or began_with.get(key, "")) for key, call in self.calls.items()
        )

    def _events(self, item: object) -> Iterator[Mapping[str, Any]]:
        if isinstance(item, Mapping):
            yield item
            return
        text = self._decoder.decode(item) if isinstance(item, bytes) else item
        if not isinstance(text, str):
            return
        *lines, self._rest = (self._rest + text).split("\n")
        self._rest = self._rest[-MAX_LINE_CHARS:]
        for line in lines:
            if line.startswith("data:"):
                event = _parsed(line[5:])
                if isinstance(event, Mapping):
                    yield event

    def _add_event(self, event: Mapping[str, Any]) -> None:
        kind, index = event.get("type"), event.get("index")
        if kind == "content_block_start":
            self._start_block(index, event.get("content_block"))
        elif kind == "content_block_delta":
            delta = event.get("delta")
            self.add_text(_field(delta, "text"))
            is_ours = isinstance(index, int | str) and index in self.calls  # tools that the provider runs are not
            if is_ours and _field(delta, "type") == "input_json_delta":
                self.add_call(index, None, _field(delta, "partial_json"))
        elif kind == "message_delta":
            self.add_finish(_field(event.get("delta"), "stop_reason"))

    def _start_block(self, index: object, block: object) -> None:
        if _field(block, "type") != "tool_use":
            self.add_text(_field(block, "text"))
            return
        self.add_call(index, _field(block, "name"), "")
        if isinstance(index, int | str) and index in self.calls:
            self._inputs[index] = as_json(_field(block, "input"))


class ResponsesStreamReader(_Gathered):
    """Events of an OpenAI response."""

    def add(self, item: object) -> None:
        """Take one event."""
        kind = _field(item, "type")
        kind = str(getattr(kind, "value", kind))
        if kind == "response.output_text.delta":
            self.add_text(_field(item, "delta"))
        elif kind == "response.refusal.delta":
            self.add_refusal(_field(item, "delta"))
        elif kind == "response.output_item.added":
            part = _field(item, "item")
            if _field(part, "type") == "function_call":
                self.add_call(_field(item, "output_index"), _field(part, "name"), "")
        elif kind == "response.function_call_arguments.delta":
            self.add_call(_field(item, "output_index"), None, _field(item, "delta"))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            details = _field(_field(item, "response"), "incomplete_details")
            status = "tool_calls" if self.calls else kind.removeprefix("response.")
            self.add_finish(_field(details, "reason") or status)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # not JSON: a comment or a keep-alive of the provider's
        return None


def stream_reader(endpoint: Endpoint) -> StreamReader:
    """A new reader for streams of an endpoint."""
    if endpoint == "messages":
        return MessagesStreamReader()
    return ResponsesStreamReader() if endpoint == "responses" else ChatStreamReader()
