"""Made-up traffic under experiments, through the real ledger, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from decision_traffic import Clock, Traffic

from litellm_router_plugin.core.experiments import Experiment, assign
from litellm_router_plugin.ledger.feedback import FeedbackDesk, RatingStore
from litellm_router_plugin.ledger.records import DecisionRecord

PREMIUM = Experiment("premium-10", "user", 0.5, {"tier": "premium"}, '{"tier":"premium"}')
CAP = Experiment("cap", "user", 0.3, {"max_tier": "standard"}, '{"max_tier":"standard"}', salt="s")


@dataclass
class ExperimentTraffic:
    """Requests of many users, some without a user, each placed in the experiments that run at that moment.

    Attributes:
        experiments: Those that run.
        users: How many users there are.
        rated: Share of the requests that are rated.
        store: Where ratings are written as well.
    """

    experiments: Sequence[Experiment] = (PREMIUM, CAP)
    users: int = 60
    rated: float = 0.4
    store: RatingStore | None = None
    seed: int = 3
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - made-up traffic
        self.traffic = Traffic(seed=self.seed, clock=self.clock)
        self.ledger = self.traffic.ledger
        self.desk = FeedbackDesk(self.ledger, self.store, clock=self.clock, max_age_days=36_500)

    def into(self, take: Callable[[DecisionRecord], object]) -> None:
        """Hand every finished decision to a function as well."""
        self.traffic.into(take)

    def run(self, count: int) -> None:
        """Make some requests, and rate a share of the answers."""
        for _ in range(count):
            self.clock.now += self.random.random() * 100
            decision_id = self.traffic.request(self._place)
            if self.random.random() < self.rated:
                self.desk.give(decision_id=decision_id, rating=self.random.randint(1, 5))

    def _place(self, record: DecisionRecord) -> None:
        user = f"user-{self.random.randrange(self.users)}" if self.random.random() < 0.9 else None
        record.assignment = assign(self.experiments, {"user": user})
        record.experiment = record.assignment.label
