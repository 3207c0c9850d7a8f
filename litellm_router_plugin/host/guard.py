"""The break-even guard at work: watches what each router's cascade costs, and bypasses one that loses money."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from litellm_router_plugin.core.break_even import (
    BreakEvenState,
    CascadeOutcome,
    Standing,
    joint_view,
    runs_cascade,
    verdict,
)
from litellm_router_plugin.core.money import cost_at
from litellm_router_plugin.ledger.records import DecisionRecord

MAX_STATES = 1_000
"""(router, start tier) pairs watched, the latest."""
SHARED_KEY = "tier_router:break_even"

Watched = tuple[str, str]
"""A router and a start tier."""
Watching = dict[Watched, BreakEvenState]


class Guard:
    """What the cascades of this process, and of others that share its Redis (`host.exchange`), have cost."""

    fault = "break_even_exchange"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own: OrderedDict[Watched, BreakEvenState] = OrderedDict()
        self._others: dict[Watched, list[BreakEvenState]] = {}
        self._counted: OrderedDict[str, None] = OrderedDict()

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

    # Exchanged with other processes: everything, at once.

    def topics(self) -> Sequence[str]:
        """One hash holds all states."""
        return (SHARED_KEY,)

    def told(self, topic: str) -> dict[str, object]:  # noqa: ARG002  there is but one
        """What the cascades of this process have cost."""
        with self._lock:
            return {"states": [[*watched, state.to_json()] for watched, state in self._own.items()]}

    def read(self, told: Mapping[str, Any]) -> Watching:
        """What the cascades of another process have cost; raises `DataError` when a state is damaged."""
        return {(router, tier): BreakEvenState.from_json(state) for router, tier, state in told["states"]}

    def heard(self, topic: str, others: Sequence[Watching]) -> None:  # noqa: ARG002  there is but one
        """What the others' cascades have cost, in place of what they had told before."""
        states: dict[Watched, list[BreakEvenState]] = {}
        for one in others:
            for watched, state in one.items():
                states.setdefault(watched, []).append(state)
        with self._lock:
            self._others = states


def outcome_of(record: DecisionRecord) -> CascadeOutcome | None:
    """What a finished request says of its cascade; None where none ran or a price is unknown.

    The classifier's cost is left out: it is spent with and without a cascade.
    """
    if record.cascade != "on":
        return None
    served, price = record.served, record.prices.get(record.target_tier)
    if served is None or price is None or record.cost is None or served.cache_hit:
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
