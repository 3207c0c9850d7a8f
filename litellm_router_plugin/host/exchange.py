"""Lets the processes that share LiteLLM's Redis know what each other counted; beside the requests, never in them.

Each process writes only what it counted itself, under a name that it drew when it started, and adds the others' counts
to its own when it reads. So nothing is counted twice: not by another exchange, and not by a process that starts again,
whose former counts stay those of another process.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, Protocol, TypeVar

from litellm_router_plugin.core.state_fields import amount, part
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.private import SharedHash

EXCHANGE_EVERY_S = 5.0
"""Seconds between the starts of two exchanges."""
TIME_LIMIT_S = 2.0
"""Longest exchange of one kind of counts; what is left waits for the next."""
FORGET_AFTER_S = 7 * 86_400
"""Seconds after which the counts of a process that was not seen again are dropped."""
MAX_MEMBERS = 64
"""Processes whose counts are kept for one topic, the latest."""


Counts = TypeVar("Counts")


class Exchanged(Protocol[Counts]):
    """Counts that processes tell each other. Its methods wait for nothing; only the exchange talks to Redis."""

    fault: str
    """The kind under which a failed exchange is counted."""

    def topics(self) -> Sequence[str]:
        """The Redis keys to exchange now."""
        ...

    def told(self, topic: str) -> dict[str, object]:
        """What this process has counted itself, as plain values."""
        ...

    def read(self, told: Any) -> Counts:  # noqa: ANN401  JSON of another process
        """What another process told; raises `DataError` when it is damaged."""
        ...

    def heard(self, topic: str, others: Sequence[Counts]) -> None:
        """Take in what the others have counted; it replaces what they had told before."""
        ...


class Exchange:
    """Exchanges counts with the other processes now and then.

    Args:
        shared: Where; None where the router has no Redis, and nothing is exchanged.
        parts: What.
        faults: Where exchanges that fail are counted.
        clock: Seconds of wall time, which all processes share.
    """

    def __init__(
        self,
        shared: SharedHash | None,
        parts: Sequence[Exchanged[Any]],
        faults: Faults,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shared = shared
        self._parts = parts
        self._faults = faults
        self._clock = clock
        self._member = secrets.token_hex(8)
        self._began_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def tick(self) -> None:
        """Start an exchange where one is due; needs a running loop, and does not wait."""
        now = self._clock()
        if self._shared is None or now - self._began_at < EXCHANGE_EVERY_S:
            return
        self._began_at = now
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self.run(), context=Context())  # the request's own context is not held

    async def run(self) -> None:
        """Exchange once, and wait for it. A Redis that is down costs nothing but a counted fault."""
        if self._shared is None:
            return
        for exchanged in self._parts:
            try:
                async with asyncio.timeout(TIME_LIMIT_S):
                    for topic in exchanged.topics():
                        await self._swap(self._shared, exchanged, topic)
            except Exception as fault:  # noqa: BLE001  each process goes on with what it knows
                self._faults.note(exchanged.fault, fault)

    async def _swap(self, shared: SharedHash, exchanged: Exchanged[Any], topic: str) -> None:
        now = self._clock()
        written = json.dumps({"at": now, "told": exchanged.told(topic)})
        found = await shared.swap(topic, self._member, written, FORGET_AFTER_S)
        others, gone = self._others(found, exchanged, now)
        if gone:
            await shared.drop(topic, gone)
        exchanged.heard(topic, others)

    def _others(self, found: dict[str, str], exchanged: Exchanged[Any], now: float) -> tuple[list[Any], list[str]]:
        """What the latest of the other members told, and the names of those to be dropped."""
        known = []
        for member, text in found.items():
            if member == self._member:
                continue
            try:
                written = json.loads(text)
                known.append((amount(written, "at"), member, exchanged.read(part(written, "told"))))
            except Exception as fault:  # noqa: BLE001  another version's, or damaged: the others still count
                self._faults.note(exchanged.fault, fault)
        known.sort(key=lambda one: one[0], reverse=True)
        latest = [one for one in known[: MAX_MEMBERS - 1] if now - one[0] <= FORGET_AFTER_S]
        return [counts for _, _, counts in latest], [member for _, member, _ in known[len(latest) :]]
