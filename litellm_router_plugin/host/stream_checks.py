"""Reads a streamed draft as far as its checks need, before any byte of it goes to the client."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import Endpoint
from litellm_router_plugin.core.stream_reading import stream_reader

PREFIX_CHARS = 160
"""Characters held back in prefix mode: enough to tell a refusal, a language or a format, a fraction of a second at
usual speeds. A choice, not a measurement."""
PREFIX_ITEMS = 400
"""Items held back at most, for streams that bring no text for long (reasoning)."""
MAX_BUFFERED_ITEMS = 200_000
"""Items held in buffer mode; a longer answer is released unchecked."""


@dataclass(slots=True)
class HeldStream:
    """A stream of which some items were read.

    Attributes:
        stream: The host's stream.
        items: What was read, in order.
        is_exhausted: It has ended.
        answer: The answer as far as it is known.
    """

    stream: Any
    items: list[Any] = field(default_factory=list)
    is_exhausted: bool = False
    answer: AnswerView = AnswerView()  # noqa: RUF009  frozen


async def hold(
    stream: Any,  # noqa: ANN401  the host's streams
    endpoint: Endpoint,
    *,
    whole: bool,
    time_left_s: float | None = None,
) -> HeldStream:
    """Read a stream to its end, or only until its first characters are known, or until time is up."""
    until = None if time_left_s is None else time.monotonic() + time_left_s
    held = HeldStream(stream)
    reader = stream_reader(endpoint)
    iterator = stream.__aiter__()
    limit = MAX_BUFFERED_ITEMS if whole else PREFIX_ITEMS
    while len(held.items) < limit:
        try:
            item = await iterator.__anext__()
        except StopAsyncIteration:
            held.is_exhausted = True
            break
        held.items.append(item)
        reader.add(item)
        if (not whole and _is_enough(reader.view(is_prefix=True))) or (until is not None and time.monotonic() > until):
            break
    held.answer = reader.view(is_prefix=not held.is_exhausted)
    return held


def _is_enough(answer: AnswerView) -> bool:
    """Whether a prefix tells what the prefix checks read: some text, or the name of a tool and its first argument."""
    return len(answer.text) >= PREFIX_CHARS or any(call.arguments for call in answer.tool_calls)
