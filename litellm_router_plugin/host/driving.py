"""Runs a coroutine that never suspends to its end, without an event loop."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that awaits nothing that suspends.

    Raises:
        RuntimeError: It did suspend: something in it needs an event loop, which the synchronous path has not.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    coroutine.close()
    raise RuntimeError("this classifier or check needs an event loop; call the router's asynchronous methods")
