"""The break-even guard at work: watches what each router's cascade costs, and bypasses one that loses money."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections import OrderedDict
from decimal import Decimal

from litellm_router_plugin.core.break_even import (
    BreakEvenState,
    CascadeOutcome,
    Standing,
    joint_view,
    runs_cascade,
    verdict,
)
from litellm_router_plugin.core.money import cost_at
from litellm_router_plugin.errors import TierRouterError
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.host.private import SharedHash
from litellm_router_plugin.ledger.records import DecisionRecord

MAX_STATES = 1_000
"""(router, start tier) pairs watched, the latest."""
EXCHANGE_EVERY_S = 5.0
"""Seconds between two exchanges of counts with other proxies."""
FORGET_AFTER_S = 7 * 86_400
"""Seconds after which another proxy's counts are no longer read."""
SHARED_KEY = "tier_router:break_even"

Watched = tuple[str, str]
"""A router and a start tier."""


class Guard:
    """What the cascades of this process, and of others that share its Redis, have cost.

    Args:
        faults: Where exchanges that fail are counted.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._own: OrderedDict[Watched, BreakEvenState] = OrderedDict()
        self._others: dict[Watched, list[BreakEvenState]] = {}
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._member = secrets.token_hex(8)
        self._exchanged_at = 0.0

    def runs(self, router: str, start_tier: str, decision_id: str) -> bool:
        """Whether the cascade runs on a request."""
        return runs_cascade(self.view(router, start_tier), decision_id)

    def view(self, router: str, start_tier: str) -> BreakEvenState:
        """What all processes know of a cascade."""
        with self._lock:
            own = self._own.get((router, start_tier), BreakEvenState())
            return joint_view(own, self._others.get((router, start_tier), ()))

    def note(self, record: DecisionRecord) -> None:
        """Enter a finished request that ran the cascade; others, and ones entered before, are passed over."""
        outcome = outcome_of(record)
        if outcome is None:
            return
        watched = (record.router, record.start_tier)
        with self._lock:
            if record.decision_id in self._counted:
                return
            self._counted[record.decision_id] = None
            while len(self._counted) > 100 * MAX_STATES:
                self._counted.popitem(last=False)
            state = self._own.get(watched, BreakEvenState()).with_outcome(outcome)
            view = joint_view(state, self._others.get(watched, ()))
            self._own[watched] = state.in_phase(view.phase)
            self._own.move_to_end(watched)
            while len(self._own) > MAX_STATES:
                self._own.popitem(last=False)

    def report(self, router: str) -> dict[str, dict[str, object]]:
        """Start tier -> how its cascade stands, for the summary."""
        with self._lock:
            watched = [tier for name, tier in self._own if name == router]
        return {tier: _standing(self.view(router, tier)) for tier in watched}

    async def exchange(self, shared: SharedHash | None) -> None:
        """Publish this process's counts and read the others', at most every few seconds."""
        now = time.time()
        if shared is None or now - self._exchanged_at < EXCHANGE_EVERY_S:
            return
        self._exchanged_at = now
        try:
            async with asyncio.timeout(1.0):
                await shared.put(SHARED_KEY, self._member, self._written(now))
                found = await shared.all(SHARED_KEY)
            others = self._read(found, now)
        except (Exception, TierRouterError) as fault:  # noqa: BLE001  a Redis that is down: each proxy guards by itself
            self._faults.note("break_even_exchange", fault)
            return
        with self._lock:
            self._others = others

    def _written(self, now: float) -> str:
        with self._lock:
            states = [[*watched, state.to_json()] for watched, state in self._own.items()]
        return json.dumps({"at": now, "states": states})

    def _read(self, found: dict[str, str], now: float) -> dict[Watched, list[BreakEvenState]]:
        others: dict[Watched, list[BreakEvenState]] = {}
        for member, text in found.items():
            written = json.loads(text)
            if member == self._member or now - float(written["at"]) > FORGET_AFTER_S:
                continue
            for router, tier, state in written["states"]:
                others.setdefault((router, tier), []).append(BreakEvenState.from_json(state))
        return others


def outcome_of(record: DecisionRecord) -> CascadeOutcome | None:
    """What a finished request says of its cascade; None where none ran or a price is unknown.

    The classifier's cost is left out: it is spent with and without a cascade.
    """
    served, price = record.served, record.prices.get(record.target_tier)
    if record.cascade != "on" or served is None or price is None or record.cost is None or served.cache_hit:
        return None
    spent = sum((call.cost or Decimal(0) for call in record.calls if call.role != "classifier"), Decimal(0))
    return CascadeOutcome(float(spent), float(cost_at(price, served.usage)), accepted=not record.escalated)


def _standing(view: BreakEvenState) -> dict[str, object]:
    standing = verdict(view)
    return {
        "standing": str(standing),
        "bypassed": view.is_bypassed,
        "requests": view.requests,
        "net_saving_usd": view.net_saving_usd,
        "losing": standing is Standing.LOSING,
    }
