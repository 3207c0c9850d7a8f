"""The thread that writes. A request only appends to a bounded queue; a database that is down costs it nothing."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.retention import delete_expired, first_kept_hour
from litellm_router_plugin.store.rows import Row
from litellm_router_plugin.store.troubles import as_store_error, is_invalid
from litellm_router_plugin.store.writing import Known, build_batch, write_batch

logger = logging.getLogger("litellm_router_plugin")

Item = DecisionRecord | Row
Drops = Callable[[int, str], None]

QUEUE_SIZE = 20_000
"""Decisions that wait at most, about 60 MB; further ones are dropped and counted."""
MAX_PROMPT_CHARS = 32_000_000
"""Characters of prompts that wait at most; the decisions of further ones are kept without their prompts."""
BATCH_SIZE = 250
"""Decisions in one transaction."""
INTERVAL_S = 0.25
"""How long a decision waits at most before it is written; a killed process loses no more than that."""
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
"""Waits between tries on a database that is down: doubled each time between these two."""
RETENTION_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class WriterCounts:
    """What became of the items so far.

    Attributes:
        queued: Still to be written.
        written: In the database.
        dropped: Lost because the queue was full, the store refused, or the database took no such row.
        retries: Times that a batch could not be written and was kept.
    """

    queued: int = 0
    written: int = 0
    dropped: int = 0
    retries: int = 0


class Writer:
    """Writes decisions and ratings from a queue, in a thread that starts with the first of them.

    Args:
        database: Where to.
        queue_size: Items that may wait.
        interval_s: Longest wait before a batch is written.
        retention_days: Days after which decisions are deleted.
        on_dropped: Called with a number of lost items and why: ``full``, ``refused`` or ``invalid``.
        clock: Wall time in seconds.
    """

    def __init__(
        self,
        database: Database,
        *,
        queue_size: int = QUEUE_SIZE,
        interval_s: float = INTERVAL_S,
        retention_days: float,
        on_dropped: Drops | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._size = queue_size
        self._interval_s = interval_s
        self._retention_days = retention_days
        self._on_dropped = on_dropped
        self._clock = clock
        self.on_queue: Callable[[int], None] | None = None
        """Told after each step how many items wait."""
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._queue: deque[Item] = deque()
        self._batch: list[Item] = []
        self._known = Known()
        self._taken = self._written = self._dropped = self._retries = self._prompt_chars = 0
        self._closing = False
        self._retry_s = 0.0
        self._next_retention = 0.0
        self.refusal: StoreError | None = None
        """Why nothing is written any more; None while all is well or a retry may help."""

    def add(self, item: Item) -> bool:
        """Have an item written soon; returns at once. False when it was dropped (the queue is full)."""
        if self._process != os.getpid():  # a forked worker: the thread and what is queued are the parent's
            self._start_afresh()
        with self._changed:
            reason = self._why_not()
            if reason:
                self._dropped += 1
            else:
                self._append(item)
        if reason:
            self._tell_dropped(1, reason)
        return not reason

    def _why_not(self) -> str:
        if self.refusal is not None or self._closing:
            return "refused"
        return "full" if len(self._queue) + len(self._batch) >= self._size else ""

    def _append(self, item: Item) -> None:
        if isinstance(item, DecisionRecord) and item.prompt:
            if self._prompt_chars + len(item.prompt) > MAX_PROMPT_CHARS:
                item.prompt = ""
            self._prompt_chars += len(item.prompt)
        self._queue.append(item)
        self._taken += 1
        if self._thread is None:
            self._start()
        if len(self._queue) == BATCH_SIZE:
            self._wake.set()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="tier-router-store", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread to be had at this moment: the next item tries again
            return
        self._thread = thread

    def counts(self) -> WriterCounts:
        """What became of the items so far."""
        with self._changed:
            return WriterCounts(len(self._queue) + len(self._batch), self._written, self._dropped, self._retries)

    def flush(self, timeout_s: float) -> None:
        """Wait until everything that was added before is in the database, or lost for good.

        Raises:
            TimeoutError: It took longer.
        """
        if self._process != os.getpid():
            return
        with self._changed:
            target = self._taken
            self._wake.set()
            if not self._changed.wait_for(lambda: self._finished() >= target, timeout_s):
                raise TimeoutError(f"{target - self._finished()} items are still to be written after {timeout_s} s")

    def close(self, timeout_s: float) -> None:
        """Write what is queued, and stop. What cannot be written in time is lost and counted."""
        if self._process != os.getpid():
            return
        with self._changed:
            thread, self._closing = self._thread, True
            self._wake.set()
        if thread is not None:
            thread.join(timeout_s)
        with self._changed:
            left = len(self._queue) + len(self._batch)
            self._queue.clear()
            self._dropped += left
        if left:
            self._tell_dropped(left, "refused")
            logger.error("tier router: %d decisions were not stored before the end", left)

    def _finished(self) -> int:
        return self._taken - len(self._queue) - len(self._batch)

    def _run(self) -> None:
        while True:
            self._wake.wait(self._retry_s or self._interval_s)
            self._wake.clear()
            is_last = self._closing
            self._step()
            if self.on_queue is not None:
                self.on_queue(self.counts().queued)
            if is_last:
                return

    def _step(self) -> None:
        """Write all that is there, and keep house; a failure leaves the batch for later, or for good."""
        try:
            while self._take():
                self._write_batch()
        except StoreError as error:
            self._refuse(error)
        except (SQLAlchemyError, OSError) as error:
            self._keep_for_later(error)
        else:
            self._keep_house()

    def _take(self) -> bool:
        """Fill the batch from the queue, unless one is still to be written; returns whether there is one."""
        with self._changed:
            if not self._batch:
                count = min(BATCH_SIZE, len(self._queue))
                self._batch = [self._queue.popleft() for _ in range(count)]
            return bool(self._batch)

    def _write_batch(self) -> None:
        try:
            self._write(self._batch)
        except Exception as error:
            if not is_invalid(error):
                raise
            self._write_singly(error)
        else:
            self._done(written=len(self._batch))

    def _write(self, items: Sequence[Item]) -> None:
        batch = build_batch(items)
        with as_store_error(self._database.name), self._database.writing().begin() as connection:
            write_batch(connection, batch, self._known)
        batch.note_written(self._known)

    def _write_singly(self, fault: Exception) -> None:
        """Some row of the batch is not taken: write the others, and count those that are lost."""
        logger.error("tier router: a row cannot be stored (%s); the others of its batch are", type(fault).__name__)
        lost = 0
        for item in self._batch:
            try:
                self._write([item])
            except Exception as error:
                if not is_invalid(error):
                    raise  # the batch is written again when the database is back; that replaces what is there
                lost += 1
        self._done(written=len(self._batch) - lost, lost=lost)

    def _done(self, *, written: int, lost: int = 0) -> None:
        with self._changed:
            self._prompt_chars -= sum(len(item.prompt) for item in self._batch if isinstance(item, DecisionRecord))
            self._batch = []
            self._written += written
            self._dropped += lost
            self._changed.notify_all()
        if lost:
            self._tell_dropped(lost, "invalid")
        if self._retry_s:
            self._retry_s = 0.0
            logger.warning("tier router: the store works again; %d decisions were lost meanwhile", self._dropped)

    def _keep_for_later(self, error: Exception) -> None:
        with self._changed:
            self._retries += 1
        if not self._retry_s:
            logger.error(
                "tier router: the store cannot be written to (%s: %s). Requests go on; up to %d decisions are kept and "
                "written when it is back",
                self._database.name,
                _first_line(error),
                self._size,
            )
        self._retry_s = min(LAST_RETRY_S, 2 * self._retry_s or FIRST_RETRY_S)

    def _refuse(self, error: StoreError) -> None:
        with self._changed:
            lost = len(self._queue) + len(self._batch)
            self.refusal = error
            self._queue.clear()
            self._batch = []
            self._dropped += lost
            self._changed.notify_all()
        logger.error("tier router: nothing is stored; figures are kept in memory only. %s", error)
        self._tell_dropped(lost, "refused")

    def _keep_house(self) -> None:
        now = self._clock()
        if now < self._next_retention or self.refusal is not None or not self._written or self._closing:
            return
        try:
            with self._database.writing().begin() as connection:
                more = delete_expired(connection, first_kept_hour(now, self._retention_days))
        except (StoreError, SQLAlchemyError) as error:
            logger.warning("tier router: old decisions could not be deleted (%s)", _first_line(error))
            more = False
        self._next_retention = now if more else now + RETENTION_EVERY_S

    def _tell_dropped(self, count: int, reason: str) -> None:
        if count and self._on_dropped is not None:
            self._on_dropped(count, reason)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
