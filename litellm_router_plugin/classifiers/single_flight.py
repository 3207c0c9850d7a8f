"""Callers that want the same thing at the same time share one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs at most one call a key and event loop at a time; who comes meanwhile gets its result or its error.

    When the caller that runs it is cancelled, one of those that wait takes over. Different event loops (the
    synchronous path has its own) do not share.
    """

    def __init__(self) -> None:
        self._of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, asyncio.Future[T]]] = (
            WeakKeyDictionary()
        )

    async def run(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result of ``make``, by this caller or by one that is already at it. Raises what ``make`` raised."""
        loop = asyncio.get_running_loop()
        flights = self._of_loop.setdefault(loop, {})
        while key in flights:
            flight = flights[key]
            try:
                return await asyncio.shield(flight)
            except asyncio.CancelledError:
                if not flight.cancelled() or _is_being_cancelled():
                    raise
        flights[key] = loop.create_future()
        return await self._lead(flights, key, make)

    async def _lead(
        self, flights: dict[Hashable, asyncio.Future[T]], key: Hashable, make: Callable[[], Awaitable[T]]
    ) -> T:
        flight = flights[key]
        try:
            result = await make()
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # marks it as seen: nobody may be waiting
            raise
        else:
            flight.set_result(result)
            return result
        finally:
            flights.pop(key, None)
            flight.cancel()  # without effect on a finished one: this caller was cancelled


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
