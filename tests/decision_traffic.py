"""Made-up traffic through the real ledger: requests of many kinds, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner, SettledCall

TIERS = ("cheap", "standard", "premium")
PRICES = {
    "cheap": Price(Decimal("3.75e-08"), Decimal("1.5e-07"), Decimal("1.875e-08")),
    "standard": Price(Decimal("2.5e-06"), Decimal("1e-05"), Decimal("1.25e-06")),
    "premium": Price(Decimal("1.5e-05"), Decimal("7.5e-05")),
}
JUDGE_PRICE = Price(Decimal("1e-07"), Decimal("4.0000000000000003e-07"))
"""With the noise that prices from a float division have."""
OWNERS = tuple(Owner(f"key-{n}", f"user-{n}", f"team-{n % 2}", f"end-{n}") for n in range(4))
ROUTES = ("default", "extract", "a1b2c3d4")
VERDICTS = (
    Verdict(Outcome.ACCEPT, by="checks"),
    Verdict(Outcome.UNSURE, by="checks"),
    Verdict(Outcome.UNSURE),
    Verdict(Outcome.ACCEPT, by="judge", quality=0.9),
    Verdict(Outcome.REJECT, by="judge", quality=0.2),
    Verdict(Outcome.REJECT, by="checks", failed_checks=("empty",)),
    Verdict(Outcome.REJECT, by="checks", failed_checks=("refusal", "truncated")),
)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Traffic:
    """Feeds a ledger with requests.

    Attributes:
        clock: The ledger's clock.
        ids: The decisions made so far, oldest first.
    """

    seed: int = 1
    step_s: float = 97.0
    router: str = "smart"
    clock: Clock = field(default_factory=Clock)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - made-up traffic
        self.ledger = Ledger(self.clock)

    def into(self, take: Callable[[DecisionRecord], object]) -> None:
        """Hand every finished decision to a function as well."""

        def listener(record: DecisionRecord) -> None:
            take(record)

        self.ledger.add_listener(listener)

    def run(self, count: int, change: Callable[[DecisionRecord], None] | None = None) -> None:
        """Make and finish some requests."""
        for _ in range(count):
            self.clock.now += self.random.random() * 2 * self.step_s
            self.request(change)

    def request(self, change: Callable[[DecisionRecord], None] | None = None) -> str:
        """Make and finish one request; returns the decision's id."""
        chance = self.random.random()
        record = self._open(change)
        start = TIERS.index(record.tier)
        top = start if chance < 0.6 else min(2, start + 1)
        if chance > 0.95:
            self._call(record, TIERS[start], 1, failed=True)
            self.ledger.close(record.decision_id, served_call=None, tier=TIERS[start], cause="rule", escalated=False)
            return record.decision_id
        for attempt, rung in enumerate(range(start, top + 1), start=1):
            served = self._call(record, TIERS[rung], attempt)
        if top > start:
            self._judge(record)
        self.ledger.close(record.decision_id, served_call=served, tier=TIERS[top], cause="rule", escalated=top > start)
        return record.decision_id

    def _open(self, change: Callable[[DecisionRecord], None] | None) -> DecisionRecord:
        record = DecisionRecord(
            decision_id=f"{self.random.getrandbits(128):032x}",
            router=self.router,
            tier=self.random.choice(TIERS),
            cause="rule",
            owner=self.random.choice(OWNERS),
            signals=("keyword: proof",),
            route=self.random.choice(ROUTES),
            pinned=self.random.random() < 0.1,
            p_success={"cheap": 0.4, "premium": 0.9},
            confidence=0.7,
            prices=PRICES,
            baseline="premium",
            tiers=TIERS,
        )
        if change is not None:
            change(record)
        self.ledger.open(record)
        self.ids.append(record.decision_id)
        return record

    def _call(self, record: DecisionRecord, tier: str, attempt: int, *, failed: bool = False) -> str:
        call_id = f"call-{self.random.getrandbits(64):016x}"
        self.ledger.start_call(record.decision_id, CallRecord(call_id, "attempt", tier, attempt))
        if failed:
            self.ledger.fail_call(call_id)
            return call_id
        usage = Usage(self.random.randrange(1, 5000), self.random.randrange(1, 3000), self.random.randrange(0, 900))
        cost = None if self.random.random() < 0.03 else _float_cost(PRICES[tier], usage)
        self.ledger.settle(call_id, SettledCall(f"model-{tier}", usage, cost, cache_hit=self.random.random() < 0.05))
        verdict = self.random.choice(VERDICTS)
        self.ledger.note_verdict(call_id, verdict)
        call = record.call(call_id)
        assert call is not None
        call.verdict_by = verdict.by
        return call_id

    def _judge(self, record: DecisionRecord) -> None:
        call_id = f"judge-{self.random.getrandbits(64):016x}"
        usage = Usage(self.random.randrange(1, 5000), 7)
        self.ledger.start_call(record.decision_id, CallRecord(call_id, "judge"))
        self.ledger.settle(call_id, SettledCall("model-judge", usage, _float_cost(JUDGE_PRICE, usage)))


def _float_cost(price: Price, usage: Usage) -> Decimal:
    """A cost as LiteLLM works it out: in binary floats, and then written as its shortest text."""
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    cached_price = float(price.input if price.cached_input is None else price.cached_input)
    cost = (usage.prompt_tokens - cached) * float(price.input) + cached * cached_price
    cost += usage.completion_tokens * float(price.output)
    assert abs(cost - float(cost_at(price, usage))) < 1e-9
    return Decimal(repr(cost))
