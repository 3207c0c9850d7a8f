"""Made-up requests for the ledger: what was called, how each call ended, and the events in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from hypothesis import strategies as st

from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.ports import CallRole
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner, SettledCall

TIERS = ("cheap", "standard", "premium")
PRICES: dict[str, Price | None] = {
    "cheap": Price(Decimal("1.5e-07"), Decimal("6e-07"), Decimal("7.5e-08")),
    "standard": Price(Decimal("2.5e-06"), Decimal("1e-05"), Decimal("1.25e-06")),
    "premium": Price(Decimal("1.5e-05"), Decimal("7.5e-05")),
}
BASELINE = "premium"
FIRST_KEY = Owner("key-0")

End = Literal["settled", "cache_hit", "unpriced", "failed", "lost"]
Event = Callable[[Ledger], object]


@dataclass(frozen=True)
class MadeCall:
    """A call and how it ends."""

    call_id: str
    role: CallRole
    tier: str
    attempt: int
    usage: Usage
    cost: Decimal
    end: End

    @property
    def known_cost(self) -> Decimal | None:
        """What the books must say that it cost."""
        if self.end in ("failed", "cache_hit"):
            return Decimal(0)
        return None if self.end in ("unpriced", "lost") else self.cost

    def event(self) -> Event:
        """What the host reports of it."""
        if self.end == "failed":
            return lambda ledger: ledger.fail_call(self.call_id)
        if self.end == "lost":
            return lambda ledger: ledger.lose_call(self.call_id)
        is_hit = self.end == "cache_hit"
        cost = None if self.end == "unpriced" else Decimal(0) if is_hit else self.cost
        settled = SettledCall(f"model-{self.tier}", self.usage, cost, cache_hit=is_hit)
        return lambda ledger: ledger.settle(self.call_id, settled)


@dataclass(frozen=True)
class MadeRequest:
    """A request; ``served`` is the index of the call whose answer was served, None where all failed."""

    decision_id: str
    calls: tuple[MadeCall, ...]
    served: int | None
    owner: Owner = FIRST_KEY
    pinned: bool = False
    router: str = "smart"

    @property
    def cost(self) -> Decimal | None:
        """What the request cost; None where one call's cost is unknown."""
        costs = [call.known_cost for call in self.calls]
        return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))

    @property
    def served_call(self) -> MadeCall | None:
        return None if self.served is None else self.calls[self.served]

    def start(self, ledger: Ledger) -> None:
        """Open the books and announce every call."""
        ledger.open(
            DecisionRecord(
                self.decision_id,
                self.router,
                "cheap",
                "rule",
                owner=self.owner,
                pinned=self.pinned,
                prices=PRICES,
                baseline=BASELINE,
            )
        )
        for call in self.calls:
            ledger.start_call(self.decision_id, CallRecord(call.call_id, call.role, call.tier, call.attempt))

    def close(self, ledger: Ledger) -> None:
        """Hand the answer, or the error, to the host."""
        served = self.served_call
        ledger.close(
            self.decision_id,
            served_call=None if served is None else served.call_id,
            tier=self.calls[0].tier if served is None else served.tier,
            cause="rule",
            escalated=served is not None and served.attempt > 1,
        )

    def events(self) -> list[Event]:
        """Everything that happens after the start."""
        return [self.close, *(call.event() for call in self.calls)]


usages = st.builds(Usage, st.integers(1, 10_000), st.integers(0, 4_000), st.integers(0, 5_000))
ends: st.SearchStrategy[End] = st.sampled_from(
    ("settled", "settled", "settled", "cache_hit", "unpriced", "failed", "lost")
)
known_ends: st.SearchStrategy[End] = st.sampled_from(("settled", "settled", "cache_hit", "failed"))


@st.composite
def calls_of(draw: st.DrawFn, decision_id: str, *, all_known: bool) -> tuple[MadeCall, ...]:
    """Attempts up the ladder, and a judge or a classifier."""
    start = draw(st.integers(0, 2))
    tiers = TIERS[start : draw(st.integers(start, 2)) + 1]
    roles: list[tuple[CallRole, str, int]] = [("attempt", tier, n) for n, tier in enumerate(tiers, start=1)]
    others: tuple[CallRole, ...] = ("judge", "classifier", "second_opinion")
    roles += [(role, "", 0) for role in draw(st.lists(st.sampled_from(others), max_size=2))]
    made = []
    for index, (role, tier, attempt) in enumerate(roles):
        usage = draw(usages)
        price = PRICES[tier or "cheap"]
        assert price is not None
        end = draw(known_ends if all_known else ends)
        made.append(MadeCall(f"{decision_id}/{index}", role, tier, attempt, usage, cost_at(price, usage), end))
    return tuple(made)


@st.composite
def requests(draw: st.DrawFn, *, all_known: bool = False) -> MadeRequest:
    """One request."""
    decision_id = f"{draw(st.integers(0, 2**64)):x}"
    calls = draw(calls_of(decision_id, all_known=all_known))
    answered = [i for i, call in enumerate(calls) if call.role == "attempt" and call.end not in ("failed", "lost")]
    owner = Owner(f"key-{draw(st.integers(0, 2))}")
    return MadeRequest(decision_id, calls, answered[-1] if answered else None, owner, pinned=draw(st.booleans()))


@st.composite
def traffic(draw: st.DrawFn, *, all_known: bool = False) -> tuple[list[MadeRequest], list[Event]]:
    """Requests, and the events of all of them in any order."""
    made = draw(st.lists(requests(all_known=all_known), max_size=5, unique_by=lambda request: request.decision_id))
    return made, draw(st.permutations([event for request in made for event in request.events()]))


def one_request(*calls: MadeCall, served: int | None = 0, pinned: bool = False, decision_id: str = "d") -> MadeRequest:
    """A request with these calls."""
    return MadeRequest(decision_id, calls, served, pinned=pinned)


def one_call(tier: str = "cheap", end: End = "settled", *, role: CallRole = "attempt", call_id: str = "c") -> MadeCall:
    """A call of 1,000 prompt and 100 completion tokens at its tier's price."""
    usage = Usage(1_000, 100)
    price = PRICES[tier]
    assert price is not None
    is_attempt = role == "attempt"
    attempt = TIERS.index(tier) + 1 if is_attempt else 0
    return MadeCall(call_id, role, tier if is_attempt else "", attempt, usage, cost_at(price, usage), end)


def entered(*made: MadeRequest, ledger: Ledger | None = None) -> Ledger:
    """A ledger after these requests, each finished in the usual order."""
    ledger = ledger or Ledger()
    for request in made:
        request.start(ledger)
        for event in request.events():
            event(ledger)
    return ledger


def with_end(call: MadeCall, end: End) -> MadeCall:
    """The same call with another end."""
    return replace(call, end=end)
