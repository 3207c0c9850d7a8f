"""Has streams made in code tell their usage, without the client seeing a chunk that it did not ask for.

The proxy does this for its own chat streams. In code, and for text completions everywhere, a stream that does not tell
its usage is logged as free.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from litellm_router_plugin.host.entry_points import EntryPoint
from litellm_router_plugin.host.scope import RequestScope

OPTIONS = "stream_options"
INCLUDE = "include_usage"


def ask_for_usage(scope: RequestScope, entry: EntryPoint, arguments: dict[str, Any]) -> bool:
    """Ask the provider for the usage of a stream. Returns whether the client did not, so that it is hidden."""
    if not scope.view.stream or entry.endpoint not in ("chat", "text"):
        return False
    asked_by_proxy = scope.proxy_data is not None and entry.endpoint == "chat"
    if asked_by_proxy:
        return False
    options = arguments.get(OPTIONS)
    if isinstance(options, Mapping) and options.get(INCLUDE):
        return False
    facts = scope.tier_router.facts(scope.tier.model_group)
    if not facts or not all(one.tells_stream_usage for one in facts):
        return False
    arguments[OPTIONS] = {**(options if isinstance(options, Mapping) else {}), INCLUDE: True}
    return True


class WithoutUsageChunk:
    """A stream without the chunk that holds nothing but usage; everything else is the inner stream's own."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401  the host's streams
        self._inner = inner
        hidden = getattr(inner, "_hidden_params", None)
        self._hidden_params = hidden if isinstance(hidden, dict) else {}

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401  whatever the host's stream holds
        while True:
            item = await self._inner.__anext__()
            if not _is_usage_only(item):
                return item

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401  whatever the host's stream holds
        while True:
            item = next(self._inner)
            if not _is_usage_only(item):
                return item

    async def aclose(self) -> None:
        """Close the inner stream."""
        await self._inner.aclose()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the host or the client looks up
        return getattr(self._inner, name)


def _is_usage_only(item: object) -> bool:
    """Whether a chunk was sent for its usage alone: LiteLLM gives it one choice without content, others give none."""
    if getattr(item, "usage", None) is None:
        return False
    choices = getattr(item, "choices", None) or ()
    return all(_is_empty(choice) for choice in choices)


def _is_empty(choice: object) -> bool:
    delta = getattr(choice, "delta", None)
    said = ("content", "tool_calls", "function_call", "reasoning_content", "refusal", "audio")
    has_ended = getattr(choice, "finish_reason", None) is not None
    return not (has_ended or getattr(choice, "text", None) or any(getattr(delta, name, None) for name in said))
