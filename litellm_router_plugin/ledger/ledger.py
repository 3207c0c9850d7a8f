"""The books: every call that was made for a request, and what all of them cost together.

Money enters by one door: `Ledger.settle`, fed from the logging event that makes LiteLLM's own row. Which call belongs
to which request is known from a map that only this process writes, never from anything a client sent.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from litellm_router_plugin.core.money import ZERO
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, SettledCall
from litellm_router_plugin.ledger.savings import Contribution, contribution
from litellm_router_plugin.ledger.totals import Totals, merged

MAX_DECISIONS = 20_000
"""Decisions kept in memory, the latest; older ones are in the store, where there is one."""
MAX_OWNERS = 5_000
"""Keys with totals of their own; those of further keys are kept together."""
SETTLE_WITHIN_S = 50.0
"""A call that has not reported this long after its request was answered counts as unknown (60 s are promised)."""
OTHER_KEYS = "(other keys)"

Listener = Callable[[DecisionRecord], None]


class Ledger:
    """Decisions, their calls, and totals. Safe to use from several threads; memory is bounded.

    Args:
        clock: Seconds; wall time, since records carry it.
        on_final: Called with each decision once its cost is final or unknown, and again should a call report late.
        on_dropped: Called with the number of decisions that left memory before they were final.
        on_fault: Called with a name and the error when a listener fails.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        on_final: Sequence[Listener] = (),
        on_dropped: Callable[[int], None] | None = None,
        on_fault: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self._clock = clock
        self._listeners = list(on_final)
        self._on_dropped = on_dropped
        self._on_fault = on_fault
        self._lock = threading.RLock()
        self._decisions: OrderedDict[str, DecisionRecord] = OrderedDict()
        self._decision_of_call: dict[str, str] = {}
        self._counted: dict[str, Contribution] = {}
        self._verdicts_counted: set[tuple[str, str]] = set()
        self._totals: dict[tuple[str, str], Totals] = {}
        self._pending: OrderedDict[str, None] = OrderedDict()

    def add_listener(self, listener: Listener) -> None:
        """Have a function called with each decision that becomes final."""
        self._listeners.append(listener)

    def open(self, record: DecisionRecord) -> None:
        """Start the books of a request."""
        with self._lock:
            record.created_at = self._clock()
            self._decisions[record.decision_id] = record
            self._pending[record.decision_id] = None
            while len(self._decisions) > MAX_DECISIONS:
                self._forget(next(iter(self._decisions)))

    def describe(self, decision_id: str, **facts: object) -> None:
        """Enter what was decided; ``facts`` are fields of `DecisionRecord`."""
        with self._lock:
            record = self._decisions.get(decision_id)
            if record is not None:
                for name, value in facts.items():
                    setattr(record, name, value)

    def start_call(self, decision_id: str, call: CallRecord) -> None:
        """A call is about to be made for a request."""
        with self._lock:
            record = self._decisions.get(decision_id)
            if record is not None:
                record.calls.append(call)
                self._decision_of_call[call.call_id] = decision_id

    def settle(self, call_id: str, settled: SettledCall) -> bool:
        """Enter what LiteLLM's row says of a call.

        Returns:
            Whether the call is one of ours; others are none of this ledger's business.
        """
        with self._lock:
            record = self._record_of(call_id)
            if record is None:
                return False
            call = record.call(call_id)
            if call is None or call.status == "settled":  # a second row under one id, as after a mid-stream fallback
                call = self._further_row(record, call_id, call)
            call.model, call.usage, call.cache_hit = settled.model, settled.usage, settled.cache_hit
            call.cost = ZERO if settled.cache_hit else settled.cost
            call.status = "settled"
            self._refresh(record)
            return True

    def note_tier(self, call_id: str, tier: str) -> None:
        """The tier that answered a call, where another had to give way to it after the call was begun."""
        with self._lock:
            record = self._record_of(call_id)
            call = record.call(call_id) if record else None
            if call is not None:
                call.tier = tier

    def fail_call(self, call_id: str) -> None:
        """A call failed and made no row that costs anything."""
        self._end_call(call_id, "failed", ZERO)

    def lose_call(self, call_id: str) -> None:
        """A call's cost will never be known (its client left and no row was made)."""
        self._end_call(call_id, "unknown", None)

    def note_verdict(self, call_id: str, verdict: Verdict) -> None:
        """Enter what was said of an attempt's answer."""
        with self._lock:
            record = self._record_of(call_id)
            call = record.call(call_id) if record else None
            if record is None or call is None:
                return
            call.verdict, call.verdict_by = str(verdict.outcome), verdict.by
            call.failed_checks, call.quality = verdict.failed_checks, verdict.quality
            key = (record.decision_id, call_id)
            if verdict.by != "nobody" and key not in self._verdicts_counted:
                self._verdicts_counted.add(key)
                totals = self._totals_of(record)
                totals.checked_by_tier[call.tier] += 1
                totals.accepted_by_tier[call.tier] += verdict.outcome is not Outcome.REJECT

    def close(self, decision_id: str, *, served_call: str | None, tier: str, cause: str, escalated: bool) -> None:
        """The answer, or the error, was handed to the host; calls may still have to report."""
        with self._lock:
            record = self._decisions.get(decision_id)
            if record is None or record.closed_at is not None:
                return
            record.served_call, record.tier, record.cause = served_call, tier, cause
            record.escalated, record.closed_at = escalated, self._clock()
            self._refresh(record)

    def hold(self, decision_id: str) -> None:
        """Calls will be made for a request after its answer is served: it is not final before `release`."""
        self.describe(decision_id, held=True)

    def release(self, decision_id: str, shadow: Mapping[str, object]) -> None:
        """No more calls will be made for a request that was held; ``shadow`` says what became of them."""
        with self._lock:
            record = self._decisions.get(decision_id)
            if record is not None:
                record.held, record.shadow = False, shadow
                self._refresh(record)

    def discard(self, decision_id: str) -> None:
        """Take a request out of the books that was refused before any call: it is the client's mistake, no traffic.

        One for which a classifier was asked already stays, as a failed request that cost something.
        """
        with self._lock:
            record = self._decisions.get(decision_id)
            if record is not None and not record.calls:
                del self._decisions[decision_id]
                self._pending.pop(decision_id, None)

    def sweep(self, within_s: float = SETTLE_WITHIN_S) -> None:
        """Give up on calls that have not reported so many seconds after their request was answered."""
        horizon = self._clock() - within_s
        with self._lock:
            for decision_id in list(self._pending):
                record = self._decisions[decision_id]
                if record.closed_at is None or record.closed_at > horizon:
                    continue
                record.held = False
                for call in record.calls:
                    if call.status == "pending":
                        call.status, call.cost = "unknown", None
                self._refresh(record)

    def decision(self, decision_id: str) -> DecisionRecord | None:
        """A copy of what is known of a decision; None when it is unknown or has left memory."""
        with self._lock:
            record = self._decisions.get(decision_id)
            return None if record is None else replace(record, calls=[replace(call) for call in record.calls])

    def spent_beside(self, decision_id: str, served: str, seen: Mapping[str, Decimal | None]) -> Decimal | None:
        """USD of every call of a request but the served one; None when one is unfinished or has no price.

        Args:
            decision_id: The request.
            served: The call whose answer is served.
            seen: Call id -> what its answer said that it cost; for calls that have not been settled yet.
        """
        with self._lock:
            record = self._decisions.get(decision_id)
            if record is None or record.held:
                return None
            spent = ZERO
            for call in record.calls:
                if call.call_id == served:
                    continue
                cost = call.cost if call.status in ("settled", "failed") else seen.get(call.call_id)
                if cost is None:
                    return None
                spent += cost
            return spent

    def decision_of_call(self, call_id: str) -> str | None:
        """The decision that a call was made for."""
        with self._lock:
            return self._decision_of_call.get(call_id)

    def totals(self, router: str | None = None, owner_key: str | None = None) -> Totals:
        """Totals of one router, or of all, for one key, or for all."""
        with self._lock:
            return merged(
                totals
                for (name, key), totals in self._totals.items()
                if router in (None, name) and owner_key in (None, key)
            )

    def pending(self, router: str | None = None, owner_key: str | None = None) -> int:
        """How many requests still wait for a call to report."""
        with self._lock:
            records = (self._decisions[decision_id] for decision_id in self._pending)
            return sum(router in (None, r.router) and owner_key in (None, r.owner.key) for r in records)

    def open_calls(self) -> int:
        """How many closed requests still wait for a call to report."""
        with self._lock:
            return sum(self._decisions[decision_id].closed_at is not None for decision_id in self._pending)

    def _record_of(self, call_id: str) -> DecisionRecord | None:
        return self._decisions.get(self._decision_of_call.get(call_id, ""))

    def _further_row(self, record: DecisionRecord, call_id: str, call: CallRecord | None) -> CallRecord:
        if call is None:
            further = CallRecord(call_id, "attempt")
        else:
            further = CallRecord(f"{call_id}#{len(record.calls)}", call.role, call.tier, call.attempt)
        record.calls.append(further)
        return further

    def _end_call(self, call_id: str, status: str, cost: Decimal | None) -> None:
        with self._lock:
            record = self._record_of(call_id)
            call = record.call(call_id) if record else None
            if record is None or call is None or call.status != "pending":
                return
            call.status, call.cost = ("failed" if status == "failed" else "unknown"), cost
            self._refresh(record)

    def _totals_of(self, record: DecisionRecord) -> Totals:
        key = (record.router, record.owner.key)
        if key not in self._totals and len(self._totals) >= MAX_OWNERS:
            key = (record.router, OTHER_KEYS)
        found = self._totals.get(key)
        if found is None:
            found = self._totals[key] = Totals()
        return found

    def _refresh(self, record: DecisionRecord) -> None:
        """Bring the totals up to date with a record that changed."""
        if record.cost_state == "pending":
            return
        totals = self._totals_of(record)
        before = self._counted.pop(record.decision_id, None)
        if before is not None:
            totals.add(before, sign=-1)
        part = contribution(record)
        totals.add(part)
        self._counted[record.decision_id] = part
        self._pending.pop(record.decision_id, None)
        for listener in self._listeners:
            try:
                listener(record)
            except Exception as fault:  # noqa: BLE001  whoever listens must not cost the request its books
                if self._on_fault is not None:
                    self._on_fault("listener", fault)

    def _forget(self, decision_id: str) -> None:
        record = self._decisions.pop(decision_id)
        self._counted.pop(decision_id, None)
        for call in record.calls:
            self._decision_of_call.pop(call.call_id, None)
            self._verdicts_counted.discard((decision_id, call.call_id))
        if decision_id in self._pending:
            del self._pending[decision_id]
            if self._on_dropped is not None:
                self._on_dropped(1)
