"""A hard cap on what shadow mode may spend: by tier router and day (UTC), shared through Redis where there is one.

Expected cost is reserved before a call and settled with the real one after it. One call is under way at a time in a
process, so the cap is passed by at most what that call cost more than expected.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from litellm_router_plugin.host.faults import Faults

NANO = Decimal(10) ** 9
"""Amounts are counted in whole billionths of a USD, rounded up: sums in Redis stay exact."""
DAY_S = 86_400
KEPT_DAYS = 3
"""Days whose sums are kept: a clock that goes back finds its own day again."""
SHARED_KEY = "tier_router:shadow_spend"
SHARED_TIMEOUT_S = 1.0

SpentBefore = Callable[[str, float], Decimal]
"""USD that a tier router has spent since a moment, as far as a store knows."""


class SharedSums(Protocol):
    """Sums that all proxies share."""

    async def add(self, key: str, field: str, amount: int, ttl_s: int) -> int:
        """Add to a sum and return it; it is forgotten so many seconds after the last addition."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for a call, in billionths of a USD."""

    router: str
    day: int
    amount: int


class SpendCap:
    """What has been spent, and what is set aside.

    Args:
        shared: Sums that all proxies share; None: this process counts alone.
        faults: Where a Redis that cannot be reached is counted; no call is made then.
        spent_before: What was spent earlier today, before this process began; asked once a router and day, in a
            thread, and only where nothing is shared.
        clock: Wall time in seconds.
    """

    def __init__(
        self,
        shared: SharedSums | None,
        faults: Faults,
        spent_before: SpentBefore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shared = shared
        self._faults = faults
        self.spent_before = spent_before
        self._clock = clock
        self._lock = threading.Lock()
        self._sums: dict[tuple[str, int], int] = {}

    async def reserve(self, router: str, cap_usd: Decimal, expected_usd: Decimal) -> Reservation | None:
        """Set money aside for a call; None where that would pass the cap, or where nobody can tell."""
        wanted = Reservation(router, int(self._clock() // DAY_S), _nano(expected_usd))
        try:
            total = await self._add(wanted, wanted.amount)
        except Exception as fault:  # noqa: BLE001  no count, no call: the cap is a hard one
            self._faults.note("shadow_spend", fault)
            return None
        if total <= _nano(cap_usd):
            return wanted
        await self._correct(wanted, -wanted.amount)
        return None

    async def settle(self, reservation: Reservation, cost_usd: Decimal | None) -> None:
        """Put the real cost in the place of the expected one; an unknown one leaves it as it is."""
        if cost_usd is not None:
            await self._correct(reservation, _nano(cost_usd) - reservation.amount)

    async def _correct(self, reservation: Reservation, by: int) -> None:
        try:
            await self._add(reservation, by)
        except Exception as fault:  # noqa: BLE001  the expected cost stays counted
            self._faults.note("shadow_spend", fault)

    async def _add(self, what: Reservation, amount: int) -> int:
        if self._shared is not None:
            key = f"{SHARED_KEY}:{what.day}"
            async with asyncio.timeout(SHARED_TIMEOUT_S):
                return await self._shared.add(key, what.router, amount, KEPT_DAYS * DAY_S)
        place = (what.router, what.day)
        if place not in self._sums:
            earlier = await self._earlier(what)
            with self._lock:
                self._sums.setdefault(place, earlier)
        with self._lock:
            self._sums[place] += amount
            for old in [one for one in self._sums if one[1] < what.day - KEPT_DAYS]:
                del self._sums[old]
            return self._sums[place]

    async def _earlier(self, what: Reservation) -> int:
        if self.spent_before is None:
            return 0
        return _nano(await asyncio.to_thread(self.spent_before, what.router, float(what.day * DAY_S)))


def _nano(amount: Decimal) -> int:
    return int((amount * NANO).to_integral_value(ROUND_CEILING))
