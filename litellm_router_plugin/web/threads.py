"""Where questions that block are answered, so that they cannot take the proxy's threads away from requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

READING_THREADS = 4
"""Questions that are answered at once; more wait. The host's own threads stay free for requests."""

_slots = CapacityLimiter(READING_THREADS)
Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """What a function that blocks gives."""
    return await anyio.to_thread.run_sync(work, limiter=_slots)
