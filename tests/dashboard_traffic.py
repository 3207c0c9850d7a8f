"""Made-up traffic for the dashboard: a month of requests with the shape that real ones have, the same for a seed."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from litellm_router_plugin.core.experiments import NO_EXPERIMENTS, Experiment, assign
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.ledger.feedback import FeedbackDesk
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner, SettledCall
from litellm_router_plugin.store.store import Store

DAY_S = 86_400.0
TIERS = ("cheap", "standard", "premium")
MODELS = {"cheap": "gpt-4o-mini", "standard": "gpt-4o", "premium": "claude-opus-4-5"}
PRICES = {
    "cheap": Price(Decimal("1.5e-07"), Decimal("6e-07"), Decimal("7.5e-08")),
    "standard": Price(Decimal("2.5e-06"), Decimal("1e-05"), Decimal("1.25e-06")),
    "premium": Price(Decimal("5e-06"), Decimal("2.5e-05"), Decimal("5e-07")),
}
JUDGE = Price(Decimal("1e-07"), Decimal("4e-07"))
OWNERS = tuple(Owner(f"key-{n}", f"user-{n}", f"team-{n % 2}") for n in range(4))
ROUTES = ("support", "extract", "code", "default")
PASSES = {"cheap": 0.8, "standard": 0.93, "premium": 0.97}
"""How often an answer of each tier is good."""
CHECKS = ("refusal", "truncated", "structure", "tool_calls", "repetition")


@dataclass
class StoryClock:
    """A clock that moves when the story does."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Story:
    """Requests through the real ledger.

    Attributes:
        days: How far back the story begins.
        router: The tier router that serves it.
        ids: The decisions, oldest first.
        store: Where decisions and ratings are written as well.
        experiments: Those that run; a unit is one of some people, of whom a tenth of the requests tell nothing.
        people: How many people there are.
    """

    seed: int = 7
    days: float = 30.0
    router: str = "smart"
    end: float = field(default_factory=time.time)
    ids: list[str] = field(default_factory=list)
    store: Store | None = None
    experiments: tuple[Experiment, ...] = ()
    people: int = 900

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - made-up traffic
        self.visitors = random.Random(self.seed)  # noqa: S311 - same
        self.clock = StoryClock(self.end - self.days * DAY_S)
        self.ledger = Ledger(self.clock)
        self.desk = FeedbackDesk(self.ledger, self.store, clock=self.clock)
        if self.store is not None:
            self.into(self.store.add_decision)

    def into(self, take: Callable[[DecisionRecord], object]) -> None:
        """Hand every finished decision to a function as well."""

        def listener(record: DecisionRecord) -> None:
            take(record)

        self.ledger.add_listener(listener)

    def run(self, count: int, *, rated: float = 0.06) -> None:
        """Make some requests, more by day than by night, and rate a share of the answers."""
        for moment in self._moments(count):
            self.clock.now = moment
            decision_id, is_good = self._request()
            self.ids.append(decision_id)
            if self.random.random() < rated:
                stars = self.random.choice((4, 5, 5) if is_good else (1, 2, 3, 4))
                self.desk.give(decision_id=decision_id, rating=stars)
        self.clock.now = self.end

    def _moments(self, count: int) -> list[float]:
        found: list[float] = []
        while len(found) < count:
            moment = self.end - self.random.random() * self.days * DAY_S
            daytime = 0.5 - 0.45 * math.cos(2 * math.pi * (moment % DAY_S) / DAY_S)
            if self.random.random() < daytime:
                found.append(moment)
        return sorted(found)

    def _request(self) -> tuple[str, bool]:
        hard = self.random.random()
        record = self._open(hard)
        served, escalated, rung = self._climb(record, hard)
        tier = TIERS[rung]
        self.ledger.close(record.decision_id, served_call=served, tier=tier, cause=record.cause, escalated=escalated)
        return record.decision_id, served is not None and self.random.random() < PASSES[tier]

    def _open(self, hard: float) -> DecisionRecord:
        assignment = assign(self.experiments, {"user": self._person()}) if self.experiments else NO_EXPERIMENTS
        start = "cheap" if hard < 0.82 else "standard" if hard < 0.96 else "premium"
        start = str(assignment.overrides.get("tier", start))
        success = {tier: round(1 - hard * (1 - PASSES[tier]) * 1.9, 3) for tier in TIERS}
        pinned = self.random.random() < 0.03
        record = DecisionRecord(
            decision_id=f"{self.random.getrandbits(128):032x}",
            router=self.router,
            tier=start,
            start_tier=start,
            cause="pinned" if pinned else "learned" if hard > 0.1 else "default",
            owner=self.random.choice(OWNERS),
            signals=("learned: several steps",) if hard > 0.6 else (),
            route=self.random.choice(ROUTES),
            pinned=pinned,
            cascade="off: pinned tier" if pinned else "on",
            p_success=success,
            confidence=round(abs(hard - 0.5) + 0.4, 3),
            difficulty=round(hard, 3),
            expected_cost={tier: float(cost_at(PRICES[tier], Usage(900, 350))) for tier in TIERS},
            prices=PRICES,
            baseline="premium",
            tiers=TIERS,
            experiment=assignment.label,
            assignment=assignment,
        )
        self.ledger.open(record)
        return record

    def _person(self) -> str | None:
        number = int(self.people * self.visitors.random() ** 1.5)
        return None if self.visitors.random() < 0.1 else f"person-{number}"

    def _climb(self, record: DecisionRecord, hard: float) -> tuple[str | None, bool, int]:
        """Call tiers until an answer is accepted; the served call, whether it moved up, and where it ended."""
        start = rung = TIERS.index(record.tier)
        if self.random.random() < 0.004:
            self._call(record, rung, 1, None)
            return None, False, rung
        for attempt in (1, 2):
            verdict = self._verdict(record, rung, hard) if attempt == 1 and not record.pinned else None
            served = self._call(record, rung, attempt, verdict)
            if verdict is None or verdict.outcome is not Outcome.REJECT or rung == len(TIERS) - 1:
                break
            rung += 1
        return served, rung > start, rung

    def _verdict(self, record: DecisionRecord, rung: int, hard: float) -> Verdict:
        bad = self.random.random() > PASSES[TIERS[rung]] - 0.1 * hard
        if self.random.random() < 0.25:
            self._judge(record)
            return Verdict(Outcome.REJECT if bad else Outcome.ACCEPT, by="judge", quality=0.3 if bad else 0.9)
        if bad:
            failed = (self.random.choices(CHECKS, (5, 4, 3, 2, 1))[0],)
            return Verdict(Outcome.REJECT, by="checks", failed_checks=failed)
        return Verdict(Outcome.ACCEPT, by="checks")

    def _call(self, record: DecisionRecord, rung: int, attempt: int, verdict: Verdict | None) -> str:
        tier = TIERS[rung]
        call_id = f"call-{self.random.getrandbits(64):016x}"
        self.ledger.start_call(record.decision_id, CallRecord(call_id, "attempt", tier, attempt))
        usage = Usage(self.random.randrange(100, 2500), self.random.randrange(40, 900), self.random.randrange(0, 90))
        cost = None if self.random.random() < 0.003 else cost_at(PRICES[tier], usage)
        hit = self.random.random() < 0.04
        self.ledger.settle(call_id, SettledCall(MODELS[tier], usage, cost, cache_hit=hit))
        if verdict is not None:
            self.ledger.note_verdict(call_id, verdict)
        return call_id

    def _judge(self, record: DecisionRecord) -> None:
        call_id = f"judge-{self.random.getrandbits(64):016x}"
        usage = Usage(self.random.randrange(200, 3000), 7)
        self.ledger.start_call(record.decision_id, CallRecord(call_id, "judge"))
        self.ledger.settle(call_id, SettledCall("gpt-4.1-nano", usage, cost_at(JUDGE, usage)))
