"""Runs coroutines on the synchronous path, where there is no event loop to await on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")

_LOOPS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="tier-router")


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that awaits nothing that suspends, run in this thread without an event loop.

    Raises:
        RuntimeError: It did suspend.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    coroutine.close()
    raise RuntimeError("a coroutine of the synchronous path suspended")


def run_with_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of any coroutine, run on an event loop of its own in another thread while this one waits.

    In another thread, because the caller's may have a running loop already.
    """
    return _LOOPS.submit(copy_context().run, asyncio.run, coroutine).result()
