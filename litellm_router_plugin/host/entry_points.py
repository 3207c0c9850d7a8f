"""The router's methods that a tier router serves, and how each is told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from litellm_router_plugin.core.requests import Endpoint


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One method of `litellm.Router`.

    Attributes:
        attribute: Its name.
        endpoint: The kind of call.
        bucket: The argument that holds LiteLLM's own metadata.
        call_type: LiteLLM's name for the call.
        kind: ``async`` or ``sync``.
        cascades: Whether the cascade runs on it; ``plain``: only without stream.
        positional: Names of the arguments that may come by position.
    """

    attribute: str
    endpoint: Endpoint
    bucket: str
    call_type: str
    kind: Literal["async", "sync"]
    cascades: Literal["all", "plain", "none"]
    positional: tuple[str, ...]


ENTRY_POINTS = (
    EntryPoint("acompletion", "chat", "metadata", "acompletion", "async", "all", ("model", "messages", "stream")),
    EntryPoint("completion", "chat", "metadata", "completion", "sync", "plain", ("model", "messages")),
    EntryPoint("anthropic_messages", "messages", "litellm_metadata", "anthropic_messages", "async", "all", ()),
    EntryPoint("aanthropic_messages", "messages", "litellm_metadata", "anthropic_messages", "async", "all", ()),
    EntryPoint("aresponses", "responses", "litellm_metadata", "aresponses", "async", "all", ()),
    EntryPoint("responses", "responses", "litellm_metadata", "responses", "sync", "none", ()),
    EntryPoint("atext_completion", "text", "metadata", "atext_completion", "async", "none", ("model", "prompt")),
    EntryPoint("text_completion", "text", "metadata", "text_completion", "sync", "none", ("model", "prompt")),
)
