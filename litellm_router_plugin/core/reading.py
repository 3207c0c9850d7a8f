"""Raw requests and answers in, views out. Total: whatever the host lets through becomes a view, nothing raises.

The shapes are those of OpenAI chat completions, text completions and responses, and of Anthropic messages. What is
not understood is left out. What lies outside the window of the text still counts as characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from litellm_router_plugin.core.requests import (
    FIRST_USER_CHARS,
    HEAD_CHARS,
    MAX_CONVERSATION_CHARS,
    MAX_SYSTEM_CHARS,
    MAX_TURNS,
    TAIL_CHARS,
    Endpoint,
    Modality,
    RequestView,
    ToolSpec,
    Turn,
)

MAX_TOOLS = 256
MAX_PARTS = 2_000
"""Parts of one message that are looked at."""
MAX_NESTING = 4
"""Levels of parts inside parts that are looked at: a tool's result holds parts, and those hold text."""
TURN_ROLES = frozenset({"user", "assistant", "tool", "system"})
SYSTEM_ROLES = frozenset({"system", "developer"})
TEXT_PART_TYPES = frozenset({"text", "input_text", "output_text", "refusal"})
PART_MODALITIES: Mapping[str, Modality] = {
    "image_url": "image",
    "image": "image",
    "input_image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
    "video": "video",
    "file": "file",
    "input_file": "file",
    "document": "file",
}
TOOL_RESULT_TYPES = frozenset(
    {"tool_result", "function_call_output", "computer_call_output", "custom_tool_call_output"}
)
TOOL_USE_TYPES = frozenset({"tool_use", "function_call", "computer_call", "custom_tool_call"})


MAPPINGS = (dict, Mapping)
"""What counts as a mapping; a dict is one, but the abstract class takes longer to say so."""


def windowed(text: str) -> str:
    """The text, or its head and tail where it is longer than the window."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"


def _word(value: object) -> str:
    """A role or a type as a word; empty for what is none (a client may write a list there)."""
    return value if isinstance(value, str) else ""


class _Reader:
    """Gathers turns, modalities and lengths while it walks over one request."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.system = ""
        self.chars = 0
        self.first_user: str | None = None
        self.last_user: str | None = None
        self.last_user_chars = 0
        self.modalities: set[Modality] = set()
        self.last_is_tool_result = False

    def text_of(self, content: object, depth: int = 0) -> tuple[str, int, bool]:
        """The windowed text of a message's content, its full length, and whether it holds a tool's result."""
        if isinstance(content, str):
            return windowed(content), len(content), False
        if isinstance(content, Mapping):
            content = [content]
        if not isinstance(content, Sequence) or isinstance(content, bytes | bytearray) or depth > MAX_NESTING:
            return "", 0, False
        texts: list[str] = []
        length, is_result = 0, False
        for part in content[:MAX_PARTS]:
            text, chars, holds_result = self.part_text(part, depth)
            is_result = is_result or holds_result
            length += chars
            texts.append(text)
        return windowed("\n".join(filter(None, texts))), length, is_result

    def part_text(self, part: object, depth: int) -> tuple[str, int, bool]:
        """The same of one part."""
        if isinstance(part, str):
            return windowed(part), len(part), False
        if not isinstance(part, Mapping):
            return "", 0, False
        kind = _word(part.get("type"))
        if kind in TOOL_RESULT_TYPES:
            text, length, _ = self.text_of(part.get("content", part.get("output")), depth + 1)
            return text, length, True
        if kind in PART_MODALITIES:
            self.modalities.add(PART_MODALITIES[kind])
            return "", 0, False
        written = part.get("text")
        if isinstance(written, str) and (part.get("type") is None or kind in TEXT_PART_TYPES):
            return windowed(written), len(written), False
        return "", 0, False

    def add(self, role: object, content: object) -> None:
        text, length, is_result = self.text_of(content)
        self.chars += length
        role = _word(role)
        if role in SYSTEM_ROLES:
            self.add_system(text)
            return
        name = role if role in TURN_ROLES else "user"
        self.last_is_tool_result = is_result or role in ("tool", "function")
        if self.last_is_tool_result:
            name = "tool"
        elif name == "user":
            self.last_user, self.last_user_chars = text, length
            if self.first_user is None:
                self.first_user = text[:FIRST_USER_CHARS]
        self.turns.append(Turn(name, text))

    def add_system(self, text: str) -> None:
        if len(self.system) < MAX_SYSTEM_CHARS:
            self.system = f"{self.system}\n{text}".strip()[:MAX_SYSTEM_CHARS]

    def add_message(self, message: object) -> None:
        if isinstance(message, str):
            self.add("user", message)
        elif isinstance(message, MAPPINGS):
            kind = _word(message.get("type"))
            if not kind and "content" in message:
                self.add(message.get("role", "user"), message["content"])
            elif kind in TOOL_RESULT_TYPES:
                self.add("tool", message.get("output"))
            elif kind in TOOL_USE_TYPES:
                self.add("assistant", "")
            elif "content" not in message and "text" in message:
                self.add(message.get("role", "user"), [message])
            else:
                self.add(message.get("role", "user"), message.get("content"))

    def add_all(self, messages: object) -> None:
        if isinstance(messages, list):
            for message in messages:
                self.add_message(message)
        elif isinstance(messages, str | Mapping):
            self.add_message(messages)
        elif isinstance(messages, Iterable) and not isinstance(messages, bytes | bytearray):
            for message in messages:
                self.add_message(message)

    def kept_turns(self) -> tuple[Turn, ...]:
        kept: list[Turn] = []
        room = MAX_CONVERSATION_CHARS
        for turn in reversed(self.turns[-MAX_TURNS:]):
            room -= len(turn.text)
            if room < 0 and kept:
                break
            kept.append(turn)
        return tuple(reversed(kept))


def read_request(
    messages: object = None,
    *,
    input: object = None,  # noqa: A002  the OpenAI name of the parameter
    params: Mapping[str, Any] | None = None,
    endpoint: Endpoint = "chat",
) -> RequestView:
    """The view of a request.

    Args:
        messages: Chat or Anthropic messages, or nothing.
        input: The ``input`` of a responses call, or the ``prompt`` of a text completion.
        params: The other parameters of the call: ``tools``, ``tool_choice``, ``system``, ``instructions``, ….
        endpoint: The kind of call.

    Returns:
        A bounded view; parts that are no text and no known modality are left out.
    """
    params = params or {}
    reader = _Reader()
    for key in ("system", "instructions"):
        if params.get(key):
            text, length, _ = reader.text_of(params[key])
            reader.chars += length
            reader.add_system(text)
    reader.add_all(messages if messages is not None else input)
    fallback = next((turn.text for turn in reversed(reader.turns) if turn.text), "")
    return RequestView(
        endpoint=endpoint,
        text=reader.last_user if reader.last_user is not None else fallback,
        system=reader.system,
        turns=reader.kept_turns(),
        chars=reader.chars,
        text_chars=reader.last_user_chars if reader.last_user is not None else len(fallback),
        tools=read_tools(params.get("tools") or params.get("functions")),
        tool_choice=read_tool_choice(params.get("tool_choice", params.get("function_call"))),
        modalities=frozenset(reader.modalities),
        response_format=read_response_format(params),
        max_tokens=read_max_tokens(params),
        in_tool_loop=reader.last_is_tool_result,
        n=params["n"] if type(params.get("n")) is int and params["n"] > 0 else 1,
        stream=params.get("stream") is True,
        first_user=reader.first_user or "",
    )


def read_tools(tools: object) -> tuple[ToolSpec, ...]:
    """The tools of a request, in the OpenAI chat, responses, legacy functions or Anthropic form."""
    if tools is None or not isinstance(tools, Sequence) or isinstance(tools, str | bytes):
        return ()
    specs = []
    for tool in tools[:MAX_TOOLS]:
        if not isinstance(tool, Mapping):
            continue
        function = tool.get("function")
        inner = function if isinstance(function, Mapping) else tool
        name = inner.get("name") or inner.get("type")
        schema = inner.get("parameters") or inner.get("input_schema")
        if isinstance(name, str):
            specs.append(ToolSpec(name, schema if isinstance(schema, Mapping) else {}))
    return tuple(specs)


def read_tool_choice(choice: object) -> str:
    """``auto``, ``none``, ``required``, or the name of the one tool that must be called."""
    if choice is None:
        return "auto"
    if isinstance(choice, str):
        return {"any": "required", "": "auto"}.get(choice, choice)
    if isinstance(choice, Mapping):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, Mapping) else choice.get("name")
        if isinstance(name, str) and name:
            return name
        kind = choice.get("type")
        return {"any": "required", "none": "none", "required": "required"}.get(str(kind), "auto")
    return "auto"


def read_response_format(params: Mapping[str, Any]) -> Mapping[str, object] | None:
    """The response format in the OpenAI chat form, also where it came as the ``text.format`` of a responses call."""
    wanted, text = params.get("response_format"), params.get("text")
    if wanted is None and text is None:
        return None
    if isinstance(wanted, Mapping):
        return wanted
    form = text.get("format") if isinstance(text, Mapping) else None
    if not isinstance(form, Mapping):
        return None
    if form.get("type") == "json_schema":
        return {"type": "json_schema", "json_schema": {k: v for k, v in form.items() if k != "type"}}
    return form


def read_max_tokens(params: Mapping[str, Any]) -> int | None:
    """The client's own limit on the answer's tokens, under whichever name the endpoint has for it."""
    for key in ("max_completion_tokens", "max_output_tokens", "max_tokens"):
        value = params.get(key)
        if type(value) is int and value > 0:
            return value
    return None
