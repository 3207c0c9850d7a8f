"""Counts finished decisions in Prometheus metrics, where prometheus_client is installed.

Counters only go up, and savings may be negative: what requests saved and what they lost are two counters, whose
difference is the net saving.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from litellm_router_plugin.core.frozen import EMPTY
from litellm_router_plugin.core.money import ZERO
from litellm_router_plugin.ledger.metrics_labels import MAX_CHECKS, MAX_KINDS, MAX_ROUTERS, MAX_TIERS, BoundedLabel
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord
from litellm_router_plugin.ledger.savings import savings_of

if TYPE_CHECKING:
    from prometheus_client import Counter

    from litellm_router_plugin.ledger.metrics_families import Families
    from litellm_router_plugin.ledger.rating_book import RatingEntry

MAX_REMEMBERED = 20_000
"""Decisions of which is remembered what was counted, for calls that report late; as many as the ledger keeps."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted of a decision so far."""

    calls: int
    costs: tuple[tuple[str, Decimal], ...]
    savings: Decimal
    is_unpriced: bool


class Metrics:
    """Feeds the families. Every method may be called from any thread, and costs microseconds.

    Args:
        families: Where to count.
    """

    def __init__(self, families: Families) -> None:
        self._families = families
        self._routers, self._tiers = BoundedLabel(MAX_ROUTERS), BoundedLabel(MAX_TIERS)
        self._checks, self._kinds = BoundedLabel(MAX_CHECKS), BoundedLabel(MAX_KINDS)
        self._lock = threading.Lock()
        self._children: dict[tuple[int, tuple[str, ...]], Counter] = {}
        self._counted: OrderedDict[str, _Counted] = OrderedDict()

    def note_decision(self, record: DecisionRecord) -> None:
        """Count a finished decision; the second time, after a call that reported late, what has changed since.

        A listener of `Ledger`.
        """
        router = self._routers(record.router)
        now = _count_of(record)
        with self._lock:
            before = self._counted.pop(record.decision_id, None)
            self._counted[record.decision_id] = now
            if len(self._counted) > MAX_REMEMBERED:
                self._counted.popitem(last=False)
        if before is None:
            self._count_request(record, router)
        for call in record.calls[before.calls if before else 0 :]:
            self._count_call(call, router)
        self._count_money(router, before, now)

    def _count_request(self, record: DecisionRecord, router: str) -> None:
        families, tier = self._families, self._tiers(record.tier)
        self._child(families.decisions, router, tier, record.cause).inc()
        if state := record.shadow.get("state"):
            self._child(families.shadow, router, str(state)).inc()
        if record.escalated:
            self._child(families.escalations, router).inc()
        if record.served is None:
            self._child(families.failed, router).inc()

    def _count_call(self, call: CallRecord, router: str) -> None:
        families = self._families
        if call.role == "attempt":
            self._child(families.attempts, router, self._tiers(call.tier)).inc()
        if call.decider:
            self._child(families.verdicts, router, self._checks(call.decider), call.verdict).inc()
        for check in call.failed_checks:
            self._child(families.verdicts, router, self._checks(check), "reject").inc()

    def _count_money(self, router: str, before: _Counted | None, now: _Counted) -> None:
        families = self._families
        known = dict(before.costs) if before else EMPTY
        for role, cost in now.costs:
            if (more := cost - known.get(role, ZERO)) > 0:
                self._child(families.cost, router, role).inc(float(more))
        saved = now.savings - before.savings if before else now.savings
        if saved > 0:
            self._child(families.saved, router).inc(float(saved))
        elif saved < 0:
            self._child(families.lost, router).inc(float(-saved))
        if now.is_unpriced and not (before and before.is_unpriced):
            self._child(families.unpriced, router).inc()

    def _child(self, family: Counter, *labels: str) -> Counter:
        """A family's counter for some labels; the client's own look-up is several times slower."""
        key = (id(family), labels)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = family.labels(*labels)
        return found

    def note_rating(self, entry: RatingEntry) -> None:
        """Count a rating; one that replaces another is counted as well."""
        labels = (self._routers(entry.decision.router), self._tiers(entry.decision.tier))
        self._child(self._families.ratings, *labels).inc()
        self._child(self._families.rating_scores, *labels).inc(entry.rating.score)

    def note_error(self, kind: str) -> None:
        """Count a fault of the plugin's own."""
        self._child(self._families.errors, self._kinds(kind)).inc()

    def note_alarm(self, router: str, stream: str) -> None:
        """Count a drift alarm."""
        self._child(self._families.drift_alarms, self._routers(router), stream).inc()

    def note_dropped(self, count: int, reason: str) -> None:
        """Count decisions and ratings that were not stored."""
        self._child(self._families.dropped, reason).inc(count)

    def set_queue(self, waiting: int) -> None:
        """Say how many decisions wait to be written."""
        self._families.queue.set(waiting)

    def observe_deciding(self, seconds: float) -> None:
        """Enter the time that choosing a tier took."""
        self._families.deciding.observe(seconds)

    def observe_checking(self, seconds: float) -> None:
        """Enter the time that the local checks of one answer took."""
        self._families.checking.observe(seconds)

    def observe_judging(self, seconds: float) -> None:
        """Enter the time that a judge took for one answer."""
        self._families.judging.observe(seconds)


def _count_of(record: DecisionRecord) -> _Counted:
    costs: dict[str, Decimal] = {}
    is_unpriced = False
    for call in record.calls:
        if call.cost is None:
            is_unpriced = True
        else:
            costs[call.role] = costs.get(call.role, ZERO) + call.cost
    return _Counted(len(record.calls), tuple(costs.items()), savings_of(record) or ZERO, is_unpriced)


@cache
def metrics() -> Metrics | None:
    """The metrics of this process, in prometheus_client's default registry; None where that is not installed."""
    if find_spec("prometheus_client") is None:
        return None
    from litellm_router_plugin.ledger.metrics_families import make_families  # noqa: PLC0415  optional

    return Metrics(make_families())


def observe_deciding(seconds: float) -> None:
    """Enter the time that choosing a tier took; nothing happens where there are no metrics."""
    if (found := metrics()) is not None:
        found.observe_deciding(seconds)


def observe_checking(seconds: float) -> None:
    """Enter the time that the local checks of one answer took."""
    if (found := metrics()) is not None:
        found.observe_checking(seconds)


def observe_judging(seconds: float) -> None:
    """Enter the time that a judge took for one answer."""
    if (found := metrics()) is not None:
        found.observe_judging(seconds)


def count_alarm(router: str, stream: str) -> None:
    """Count a drift alarm."""
    if (found := metrics()) is not None:
        found.note_alarm(router, stream)


def count_error(kind: str) -> None:
    """Count a fault of the plugin's own."""
    if (found := metrics()) is not None:
        found.note_error(kind)
