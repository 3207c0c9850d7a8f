"""A stream that was partly or wholly read already, handed on as if it had not been."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any


class ReplayedStream:
    """The items read so far, then the rest of the stream as it comes, unchanged and in order.

    Everything else that the host looks up on a stream (ids, headers, chunks for its own settlement) is the inner
    stream's own.

    Args:
        inner: The host's stream.
        read: Items that were taken from it already.
        is_exhausted: There are no more.
    """

    def __init__(self, inner: Any, read: list[Any], *, is_exhausted: bool) -> None:  # noqa: ANN401  host's streams
        self._inner = inner
        self._read = iter(read)
        self._is_exhausted = is_exhausted
        self._iterator = inner.__aiter__()
        hidden = getattr(inner, "_hidden_params", None)
        self._hidden_params = hidden if isinstance(hidden, dict) else {}

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401  whatever the host's stream holds
        for item in self._read:
            return item
        if self._is_exhausted:
            raise StopAsyncIteration
        return await self._iterator.__anext__()

    async def aclose(self) -> None:
        """Close the inner stream."""
        self._read = iter(())
        self._is_exhausted = True
        close = getattr(self._inner, "aclose", None)
        if close is not None:
            await close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the host looks up
        return getattr(self._inner, name)
