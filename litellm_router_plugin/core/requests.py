"""What the plugin sees of a request: one frozen, bounded view, the same for every endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from litellm_router_plugin.core.frozen import empty

Endpoint = Literal["chat", "messages", "responses", "text"]
"""The kind of call: chat completions, Anthropic messages, OpenAI responses, text completions."""

Modality = Literal["text", "image", "audio", "video", "file"]

HEAD_CHARS = 8_000
"""Characters kept from the start of one message (rules see these; the rest is only counted)."""
TAIL_CHARS = 4_000
"""Characters kept from the end of one message."""
MAX_TURNS = 64
"""Turns kept of a conversation, the last ones."""
MAX_CONVERSATION_CHARS = 64_000
"""Characters kept of all turns together."""
FIRST_USER_CHARS = 2_000
"""Characters kept of the first user message: enough to know a conversation again."""
MAX_SYSTEM_CHARS = 4_000
"""Characters kept of the system prompt, from its start."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, its text cut to the window.

    ``role`` is ``user``, ``assistant``, ``system`` or ``tool``; anything else the client wrote becomes ``user``.
    """

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that the model may call; ``schema`` is the JSON schema of its arguments as the client sent it."""

    name: str
    schema: Mapping[str, object] = field(default_factory=empty, hash=False)


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as classifiers, checks and judges see it. Build it with `reading.read_request`.

    Attributes:
        endpoint: The kind of call.
        text: The last user message, cut to the window of `HEAD_CHARS` and `TAIL_CHARS`.
        system: The start of the system prompt.
        turns: The last turns, oldest first, without system messages; bounded.
        chars: Characters of text in the whole request, uncut.
        text_chars: Characters of the last user message, uncut.
        tools: The tools on offer.
        tool_choice: ``auto``, ``none``, ``required``, or the name of the one tool that must be called.
        modalities: What the messages hold besides or instead of text.
        response_format: The client's response format, in the OpenAI form; None when it asked for none.
        max_tokens: The client's own limit on the answer; None when it set none.
        in_tool_loop: The last message is a tool's result, so a model waits for it.
        n: How many answers the client asked for.
        stream: The client wants a stream.
        first_user: The start of the first user message of the conversation.
        route: The route that the request belongs to, where the tier router has settings for it; else empty.
    """

    text: str = ""
    endpoint: Endpoint = "chat"
    system: str = ""
    turns: tuple[Turn, ...] = ()
    chars: int = 0
    text_chars: int = 0
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"
    modalities: frozenset[Modality] = frozenset()
    response_format: Mapping[str, object] | None = field(default=None, hash=False)
    max_tokens: int | None = None
    in_tool_loop: bool = False
    n: int = 1
    stream: bool = False
    first_user: str = ""
    route: str = ""

    @property
    def has_assistant_turn(self) -> bool:
        """Whether a model has answered in this conversation before."""
        return any(turn.role == "assistant" for turn in self.turns)
