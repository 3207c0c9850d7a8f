"""Ratings in memory, the latest ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from litellm_router_plugin.ledger.ratings import Rating, RatingGroup
from litellm_router_plugin.ledger.records import DecisionRecord, Owner

MAX_RATINGS = 20_000
"""Ratings kept; figures are of the latest ones."""


@dataclass(frozen=True, slots=True)
class RatedDecision:
    """What a rating needs to know of the decision it is about. ``decided_at`` is wall time in seconds."""

    decision_id: str
    router: str
    tier: str
    route: str
    owner: Owner
    decided_at: float

    @classmethod
    def of(cls, record: DecisionRecord) -> RatedDecision:
        """Taken from a decision."""
        return cls(record.decision_id, record.router, record.tier, record.route, record.owner, record.created_at)


@dataclass(frozen=True, slots=True)
class RatingEntry:
    """A rating, who gave it, of what, and when (wall time in seconds)."""

    decision: RatedDecision
    rater: str
    rating: Rating
    given_at: float


class RatingBook:
    """Ratings by decision and rater; a rater's later one replaces the earlier. Bounded, safe in several threads."""

    def __init__(self, size: int = MAX_RATINGS) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], RatingEntry] = OrderedDict()

    def put(self, entry: RatingEntry) -> bool:
        """Enter a rating; returns whether it replaced one."""
        key = (entry.decision.decision_id, entry.rater)
        with self._lock:
            replaced = self._entries.pop(key, None) is not None
            self._entries[key] = entry
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return replaced

    def entries(self) -> list[RatingEntry]:
        """All ratings, the earliest given first."""
        with self._lock:
            return list(self._entries.values())

    def groups(self, router: str | None = None, owner_key: str | None = None) -> list[RatingGroup]:
        """Ratings by tier and route, of one router and one key or of all."""
        sums: dict[tuple[str, str], tuple[int, float]] = {}
        for entry in self.entries():
            decision = entry.decision
            if router in (None, decision.router) and owner_key in (None, decision.owner.key):
                key = (decision.tier, decision.route)
                count, total = sums.get(key, (0, 0.0))
                sums[key] = (count + 1, total + entry.rating.score)
        return [RatingGroup(*key, *values) for key, values in sums.items()]
