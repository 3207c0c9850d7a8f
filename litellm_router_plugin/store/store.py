"""`Store`: one database of decisions, its writer and its reader."""

from __future__ import annotations

import atexit
import logging
import weakref
from collections.abc import Callable, Mapping

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.ledger.rating_book import RatedDecision, RatingEntry
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.location import (
    DEFAULT_RETENTION_DAYS,
    configured_retention,
    configured_url,
)
from litellm_router_plugin.store.reading import StoreReader
from litellm_router_plugin.store.rows import Row, clean
from litellm_router_plugin.store.snapshot import snapshot
from litellm_router_plugin.store.states import States
from litellm_router_plugin.store.writer import INTERVAL_S, QUEUE_SIZE, Drops, Writer, WriterCounts

logger = logging.getLogger("litellm_router_plugin")

FLUSH_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 5.0
"""Longest wait for what is queued when the process ends."""


class Store:
    """Decisions, calls and ratings in a database.

    Nothing is opened before the first decision, and nothing is ever written by the thread that adds one. A store that
    cannot be used (corrupt, read-only, made by a newer version) says so in the log and in ``refusal``, and drops what
    it is given; one that is down is tried again, and what does not fit in the queue meanwhile is dropped and counted.

    Args:
        url: ``sqlite:///PATH``, the path of an SQLite file, or ``postgresql://…``.
        retention_days: Days after which decisions, calls, prompts and ratings are deleted.
        queue_size: Decisions that wait at most.
        interval_s: How long one waits at most before it is written.
        on_dropped: Called with a number of lost items and why: ``full``, ``refused`` or ``invalid``.

    Raises:
        StoreError: The URL cannot be used.

    Attributes:
        reader: Reads what was written.
        states: Keeps what outlasts a process.
    """

    def __init__(
        self,
        url: str,
        *,
        retention_days: float = DEFAULT_RETENTION_DAYS,
        queue_size: int = QUEUE_SIZE,
        interval_s: float = INTERVAL_S,
        on_dropped: Drops | None = None,
    ) -> None:
        self._database = Database(url)
        self.retention_days = retention_days
        self._listeners = [on_dropped] if on_dropped else []
        self._writer = Writer(
            self._database,
            queue_size=queue_size,
            interval_s=interval_s,
            retention_days=retention_days,
            on_dropped=self._dropped,
        )
        self.reader = StoreReader(self._database)
        self.states = States(self._database)
        atexit.register(_close_at_exit, weakref.ref(self))

    @property
    def name(self) -> str:
        """Where it is, without a password."""
        return self._database.name

    @property
    def refusal(self) -> StoreError | None:
        """Why nothing is stored; None while all is well or a retry may help."""
        return self._writer.refusal

    def prepare(self) -> None:
        """Open the database now, and bring its tables up to date.

        Raises:
            StoreError: It cannot be used.
            sqlalchemy.exc.SQLAlchemyError: It cannot be reached at this moment.
        """
        self._database.writing()

    def add_decision(self, record: DecisionRecord) -> bool:
        """Have a finished decision written soon; a copy is taken at once. False when it was dropped."""
        return self._writer.add(snapshot(record))

    def add_rating(self, entry: RatingEntry) -> bool:
        """Have a rating written soon. False when it was dropped."""
        return self._writer.add(_rating_row(entry))

    def rated_decision(self, decision_id: str) -> RatedDecision | None:
        """What a rating needs to know of a stored decision; None when it is not stored.

        Raises:
            StoreError: The database cannot be read now.
        """
        record = self.reader.record(decision_id)
        return None if record is None else RatedDecision.of(record)

    def decision_of_call(self, call_id: str) -> str | None:
        """The stored decision that a LiteLLM call was made for. Raises as `rated_decision` does."""
        return self.reader.decision_of_call(call_id)

    def on_dropped(self, listener: Drops) -> None:
        """Have a function called with a number of lost items and why; once, however often it is given."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    def on_queue(self, listener: Callable[[int], None]) -> None:
        """Have a function told several times a second, by the writing thread, how many items wait."""
        self._writer.on_queue = listener

    def counts(self) -> WriterCounts:
        """What is queued, written, dropped."""
        return self._writer.counts()

    def flush(self, timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        """Wait until everything that was added is in the database.

        Raises:
            StoreError: The store cannot be used, and what was added is lost.
            TimeoutError: It took longer.
        """
        self._writer.flush(timeout_s)
        if self.refusal is not None:
            raise self.refusal

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Write what is queued, and close. May be called twice."""
        self._writer.close(timeout_s)
        self._database.close()

    def _dropped(self, count: int, reason: str) -> None:
        for listener in self._listeners:
            listener(count, reason)


def store_from_environment(
    environment: Mapping[str, str] | None = None, make: Callable[..., Store] = Store
) -> Store | None:
    """The store that the environment names, by default the SQLite file of this user; None where it is switched off.

    A setting that cannot be used is logged: requests are routed without a store then.
    """
    import os  # noqa: PLC0415  read when asked, so that a test can set it

    settings = os.environ if environment is None else environment
    try:
        url = configured_url(settings)
        return None if url is None else make(url, retention_days=configured_retention(settings))
    except StoreError as error:
        logger.error("tier router: nothing is stored; figures are kept in memory only. %s", error)  # noqa: TRY400
        return None


def _rating_row(entry: RatingEntry) -> Row:
    decision, rating = entry.decision, entry.rating
    return {
        "decision_id": clean(decision.decision_id),
        "rater": clean(entry.rater),
        "score": rating.score,
        "kind": rating.kind,
        "value": rating.value,
        "comment": clean(rating.comment, len(rating.comment)),
        "router": clean(decision.router),
        "tier": clean(decision.tier),
        "route": clean(decision.route),
        "owner_key": clean(decision.owner.key),
        "owner_team": clean(decision.owner.team),
        "decided_at": decision.decided_at,
        "created_at": entry.given_at,
        "updated_at": entry.given_at,
    }


def _close_at_exit(reference: weakref.ref[Store]) -> None:
    store = reference()
    if store is not None:
        store.close()
