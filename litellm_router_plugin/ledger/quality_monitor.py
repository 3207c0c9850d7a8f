"""Watches the quality of live traffic: one drift monitor for each (router, route, tier, stream), a bounded number.

Streams are ``acceptance`` (an answer was not rejected: 1, else 0), ``quality`` (the graders' estimate) and ``forecast``
(what the classifier forecast of the tier it chose). They are fed with finished decisions in the order in which these
became final; no clock is read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from litellm_router_plugin.core.drift import DriftMonitor, rate_for_each
from litellm_router_plugin.core.state_fields import JsonState
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.shadow import shadow_of

Stream = Literal["acceptance", "quality", "forecast"]
STREAMS: tuple[str, ...] = get_args(Stream)
MAX_WAITING = 20_000
"""Decisions that wait to be taken in; further ones push the oldest out."""
MAX_COUNTED = 20_000
"""Decisions of which is remembered that they were counted; as many as the ledger keeps."""
LAST_MEAN_FOR = 50
"""Values from which a stream's recent mean is shown."""


@dataclass(frozen=True, slots=True)
class MonitorKey:
    """What one monitor watches."""

    router: str
    route: str
    tier: str
    stream: str

    @property
    def name(self) -> str:
        """In one line."""
        return f"{self.router}/{self.route}/{self.tier}/{self.stream}"


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a router is watched; see `config.monitoring`."""

    false_alarm_rate: float = 0.05
    monitors: int = 100

    @property
    def rate(self) -> float:
        """The rate of one monitor."""
        return rate_for_each(self.false_alarm_rate, self.monitors)


OnAlarm = Callable[[MonitorKey, str], None]
"""Told once of each alarm: what changed, and in which words."""
SettingsOf = Callable[[str], WatchSettings]
"""The settings of a router."""


def values_of(record: DecisionRecord) -> Iterator[tuple[MonitorKey, float]]:
    """What a finished decision adds to the streams."""
    for call in record.calls:
        if call.role == "attempt" and call.decider:
            yield from _graded(record, call.tier, call.verdict, call.quality)
    run = shadow_of(record)
    for step in () if run is None else run.steps:
        if step.verdict and not step.served:
            yield from _graded(record, step.tier, step.verdict, step.quality)
    chosen = record.observed_tier or record.start_tier
    if chosen in record.p_success:
        yield MonitorKey(record.router, record.route, chosen, "forecast"), float(record.p_success[chosen])


def _graded(
    record: DecisionRecord, tier: str, verdict: str, quality: float | None
) -> Iterator[tuple[MonitorKey, float]]:
    if verdict in ("accept", "reject"):
        yield MonitorKey(record.router, record.route, tier, "acceptance"), float(verdict == "accept")
    if quality is not None:
        yield MonitorKey(record.router, record.route, tier, "quality"), quality


class QualityMonitor:
    """The drift monitors of one process. Safe to use from several threads.

    `note` only queues, so that it costs a request next to nothing; `take_in` does the counting.

    Args:
        settings_of: The settings of a router.
        on_alarm: Told once of each alarm.
    """

    def __init__(self, settings_of: SettingsOf, on_alarm: OnAlarm | None = None) -> None:
        self._settings_of = settings_of
        self._on_alarm = on_alarm
        self._lock = threading.RLock()
        self._waiting: deque[DecisionRecord] = deque(maxlen=MAX_WAITING)
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._monitors: dict[MonitorKey, DriftMonitor] = {}
        self._generations: dict[MonitorKey, int] = {}
        self._alarmed: set[MonitorKey] = set()
        self._unwatched: set[MonitorKey] = set()
        self.changes = 0
        """Values taken in so far, in this process."""

    def note(self, record: DecisionRecord) -> None:
        """Queue a finished decision. A listener of `Ledger`."""
        self._waiting.append(record)

    @property
    def waits(self) -> bool:
        """Whether decisions wait to be taken in."""
        return bool(self._waiting)

    def take_in(self) -> None:
        """Count what waits; a decision that became final again, after a late call, is not counted twice."""
        with self._lock:
            while self._waiting:
                record = self._waiting.popleft()
                if record.decision_id in self._counted:
                    continue
                self._counted[record.decision_id] = None
                if len(self._counted) > MAX_COUNTED:
                    self._counted.popitem(last=False)
                for key, value in values_of(record):
                    self._add(key, value)

    def _add(self, key: MonitorKey, value: float) -> None:
        settings = self._settings_of(key.router)
        monitor = self._monitors.get(key)
        if monitor is None:
            if sum(one.router == key.router for one in self._monitors) >= settings.monitors:
                if len(self._unwatched) < MAX_COUNTED:
                    self._unwatched.add(key)
                return
            monitor = DriftMonitor(self._seed(key))
        monitor = self._monitors[key] = monitor.with_value(value)
        self.changes += 1
        if key not in self._alarmed and (alarm := monitor.alarm(settings.rate)) is not None:
            self._alarmed.add(key)
            if self._on_alarm is not None:
                self._on_alarm(key, str(alarm))

    def _seed(self, key: MonitorKey) -> str:
        return f"{key.name}#{self._generations.get(key, 0)}"

    def reset(self, key: MonitorKey) -> bool:
        """Start a monitor afresh, once an alarm has been dealt with; returns whether there was one."""
        with self._lock:
            known = self._monitors.pop(key, None) is not None
            self._alarmed.discard(key)
            if known:
                self._generations[key] = self._generations.get(key, 0) + 1
                self.changes += 1
        return known

    def report(self, router: str | None = None) -> dict[str, object]:
        """The monitors in the form users see, alarms first."""
        self.take_in()
        with self._lock:
            chosen = [(key, one) for key, one in self._monitors.items() if router in (None, key.router)]
            unwatched = sum(router in (None, key.router) for key in self._unwatched)
            views = [self._view(key, monitor) for key, monitor in chosen]
        views.sort(key=lambda view: (view["alarm"] is None, -float(str(view["evidence"]))))
        return {"monitors": views, "alarms": sum(view["alarm"] is not None for view in views), "unwatched": unwatched}

    def _view(self, key: MonitorKey, monitor: DriftMonitor) -> dict[str, object]:
        alarm = monitor.alarm(self._settings_of(key.router).rate)
        seen = monitor.seen
        return {
            "router": key.router,
            "route": key.route,
            "tier": key.tier,
            "stream": key.stream,
            "seen": seen,
            "mean": monitor.total / seen if seen else None,
            "recent": monitor.recent if seen >= LAST_MEAN_FOR else None,
            "evidence": monitor.peak,
            "alarm": None if alarm is None else str(alarm),
        }

    def to_json(self) -> JsonState:
        """Every monitor as plain values."""
        self.take_in()
        with self._lock:
            return {
                "monitors": [
                    {
                        "key": [key.router, key.route, key.tier, key.stream],
                        "generation": self._generations.get(key, 0),
                        "state": monitor.to_json(),
                        "view": self._view(key, monitor),
                    }
                    for key, monitor in self._monitors.items()
                ]
            }

    def adopt(self, state: Mapping[str, object]) -> None:
        """Go on from what an earlier process wrote; what waits comes after it, what was counted already is kept.

        Raises:
            DataError: It is damaged; nothing is adopted then.
        """
        written = state.get("monitors")
        if not isinstance(written, list):
            raise DataError("stored state", 0, "field 'monitors' must be a list")
        read = [_monitor_of(one) for one in written]
        with self._lock:
            for key, generation, monitor in read:
                if key not in self._monitors:
                    self._monitors[key], self._generations[key] = monitor, generation
                    if monitor.alarm(self._settings_of(key.router).rate) is not None:
                        self._alarmed.add(key)


def _monitor_of(written: object) -> tuple[MonitorKey, int, DriftMonitor]:
    try:
        parts, generation, state = written["key"], written["generation"], written["state"]  # type: ignore[index]  # checked by the line itself
        return MonitorKey(*map(str, parts)), int(generation), DriftMonitor.from_json(state)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise DataError("stored state", 0, f"a monitor cannot be read ({type(error).__name__})") from error
