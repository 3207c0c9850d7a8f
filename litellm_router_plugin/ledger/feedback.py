"""Takes ratings: finds the decision, checks whose it is, and keeps what was said."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from litellm_router_plugin.errors import (
    ExpiredDecision,
    FeedbackNotKept,
    ForeignDecision,
    InvalidRating,
    StoreError,
    UnknownDecision,
)
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.metrics import metrics
from litellm_router_plugin.ledger.rating_book import RatedDecision, RatingBook, RatingEntry
from litellm_router_plugin.ledger.ratings import parse_rater, parse_rating

MAX_AGE_DAYS = 90.0
"""Decisions older than this are not rated any more; the default retention of the store."""
DAY_S = 86_400.0
DEFAULT_RATER = "user"


class RatingStore(Protocol):
    """Where ratings last longer than this process, and decisions of other processes are found."""

    def rated_decision(self, decision_id: str) -> RatedDecision | None:
        """A stored decision. Raises `StoreError` when it cannot be read now."""
        ...

    def decision_of_call(self, call_id: str) -> str | None:
        """The stored decision that a call was made for. Raises `StoreError` as above."""
        ...

    def add_rating(self, entry: RatingEntry) -> bool:
        """Have a rating written soon; False when it cannot be taken now."""
        ...


class FeedbackDesk:
    """Takes ratings of answers.

    Args:
        ledger: Knows the latest decisions of this process.
        store: Knows the others; None where there is no store.
        max_age_days: Older decisions are not rated any more.
        clock: Wall time in seconds.

    Attributes:
        book: The latest ratings given in this process.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: RatingStore | None = None,
        *,
        max_age_days: float = MAX_AGE_DAYS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.book = RatingBook()
        self._ledger = ledger
        self._store = store
        self._max_age_s = max_age_days * DAY_S
        self._clock = clock

    def give(
        self,
        *,
        decision_id: object = None,
        call_id: object = None,
        rating: object = None,
        thumb: object = None,
        score: object = None,
        comment: object = None,
        rater: object = DEFAULT_RATER,
        owner_key: str | None = None,
    ) -> dict[str, object]:
        """Rate an answer, by the id of its decision or of a LiteLLM call made for it.

        May read the store, so call it in a thread where an event loop runs. A rater's second rating of an answer
        replaces the first.

        Args:
            decision_id: The decision.
            call_id: Instead of it: the LiteLLM call id.
            rating: 1 to 5.
            thumb: Instead of it: ``up`` or ``down``.
            score: Instead of both: 0 to 1.
            comment: In words.
            rater: Who rates.
            owner_key: The key that rates; it may rate its own answers only. None may rate all.

        Raises:
            InvalidRating: What was sent is not a rating.
            UnknownDecision: There is no such decision, or it has left memory and store.
            ForeignDecision: It is another key's.
            ExpiredDecision: It is too old.
            FeedbackNotKept: The store cannot take it now.
        """
        parsed, name = parse_rating(rating=rating, thumb=thumb, score=score, comment=comment), parse_rater(rater)
        decision = self._find(decision_id, call_id)
        if owner_key is not None and decision.owner.key != owner_key:
            raise ForeignDecision(f"feedback: decision {decision.decision_id} is another key's. Rate with that key")
        now = self._clock()
        if now - decision.decided_at > self._max_age_s:
            raise ExpiredDecision(
                f"feedback: decision {decision.decision_id} is older than {self._max_age_s / DAY_S:g} days. "
                "Rate newer ones"
            )
        entry = RatingEntry(decision, name, parsed, now)
        if self._store is not None and not self._store.add_rating(entry):
            raise FeedbackNotKept("feedback: the store cannot take it now. Send it again in a minute")
        self.book.put(entry)
        counts = metrics()
        if counts is not None:
            counts.note_rating(entry)
        return {"decision_id": decision.decision_id, "tier": decision.tier, "rater": name, "score": parsed.score}

    def _find(self, decision_id: object, call_id: object) -> RatedDecision:
        if (decision_id is None) == (call_id is None):
            raise InvalidRating("feedback: expected either decision_id or call_id. Send one of them")
        wanted = call_id if decision_id is None else decision_id
        if not isinstance(wanted, str) or not wanted:
            raise InvalidRating(f"feedback: an id is a text, found {type(wanted).__name__}")
        try:
            found = self._decision(wanted) if call_id is None else self._decision_of_call(wanted)
        except StoreError as error:
            raise FeedbackNotKept(
                f"feedback: the store cannot be read now. Send it again in a minute ({error})"
            ) from error
        if found is None:
            raise UnknownDecision(
                f"feedback: there is no decision for {wanted[:80]!r}, or it is too old, or not recorded yet. "
                "Check the id, or send it again in a minute"
            )
        return found

    def _decision(self, decision_id: str) -> RatedDecision | None:
        record = self._ledger.decision(decision_id)
        if record is not None:
            return RatedDecision.of(record)
        return None if self._store is None else self._store.rated_decision(decision_id)

    def _decision_of_call(self, call_id: str) -> RatedDecision | None:
        decision_id = self._ledger.decision_of_call(call_id)
        if decision_id is None and self._store is not None:
            decision_id = self._store.decision_of_call(call_id)
        return None if decision_id is None else self._decision(decision_id)
