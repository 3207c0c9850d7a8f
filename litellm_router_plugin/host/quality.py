"""Quality monitoring of one attached router: drift monitors, proposals from outcomes, and steps that are applied.

A thread of its own does everything that takes time or blocks: it takes values in, keeps monitors and steps in the
store, and applies proposals where the settings say so. A request only appends to a queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from weakref import ref

from litellm_router_plugin.errors import TierRouterError
from litellm_router_plugin.host.kept_state import KeptMonitors, load_steps, store_steps
from litellm_router_plugin.host.tuning import Step, StepRefused, Tuning, applied, reverted, written_values
from litellm_router_plugin.ledger.metrics import count_alarm
from litellm_router_plugin.ledger.outcome_pairs import Rated, collect
from litellm_router_plugin.ledger.proposals import (
    Change,
    Proposals,
    RouterValues,
    RouteValues,
    proposals,
    within_bounds,
)
from litellm_router_plugin.ledger.quality_monitor import MonitorKey, QualityMonitor, WatchSettings
from litellm_router_plugin.ledger.records import DecisionRecord

if TYPE_CHECKING:
    from litellm_router_plugin.config.tier_router import TierRouterConfig
    from litellm_router_plugin.host.routing import TierRouting
    from litellm_router_plugin.host.tier_router import TierRouter
    from litellm_router_plugin.store.store import Store

logger = logging.getLogger("litellm_router_plugin")

TICK_S: Final = 1.0
KEEP_EVERY_S: Final = 10.0
"""How often monitors are kept and steps of other processes looked for; a killed process loses no more than that."""
APPLY_EVERY_S: Final = 60.0
MONITORING: Final = "monitoring"
"""Who applied a step that nobody asked for."""
HOUR_S: Final = 3_600


class Quality:
    """What is known of the quality of a router's traffic, and what was changed for it.

    Args:
        routing: The attached router.
        clock: Wall time in seconds.
    """

    def __init__(self, routing: TierRouting, clock: Callable[[], float] = time.time) -> None:
        self._routing = ref(routing)
        self._clock = clock
        self._store: Store | None = None
        self._kept: KeptMonitors | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._next_keep = self._next_apply = 0.0
        self._settings: dict[str, WatchSettings] = {}
        self.monitor = QualityMonitor(self._watch_settings, self._alarmed)
        self.tuning = Tuning(routing.markers.rebuild, clock)

    # From the ledger and the store.

    def note(self, record: DecisionRecord) -> None:
        """Queue a finished decision. A listener of `Ledger`."""
        self.monitor.note(record)
        if self._thread is None:
            self._start()

    def connect(self, store: Store) -> None:
        """Keep monitors and steps in a store; what it holds is taken over by the thread."""
        self._store = store
        self._kept = KeptMonitors(store.states, self._clock)
        self._start()

    def close(self) -> None:
        """Stop the thread, and leave the monitors for the process that comes next."""
        self._stopping.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * TICK_S)
        if self._kept is not None:
            self._guarded("monitor_state", self._leave)

    def _leave(self) -> None:
        if self._kept is not None:
            self._kept.leave(self.monitor)

    # For operators.

    def report(self, router: str | None = None) -> dict[str, object]:
        """Monitors, proposals and applied steps, of one tier router or of all; reads the store."""
        told: list[dict[str, object]] = []
        for one in self._chosen(router):
            found = self.proposals(one)
            steps = [step.view() for step in self.tuning.steps(one.name)]
            apply = one.policy.config.monitoring.apply
            told.append({"router": one.name, "apply": apply, **found.view(), "steps": steps})
        return {**self.monitor.report(router), "routers": told}

    def proposals(self, one: TierRouter) -> Proposals:
        """What the outcomes seen propose for a tier router; raises `StoreError` where the store cannot be read."""
        rated, judged = self._outcomes(one)
        tunings = {route: one.tuning_of(route) for route in one.policy.config.routes}
        return proposals(router_values(one.name, one.policy.config), collect(rated, judged, tunings))

    def apply(self, router: str, change_id: str, by: str) -> dict[str, object]:
        """Apply a proposal now; raises `StepRefused` where it is not proposed any more."""
        one = self._named(router)
        change = next((found for found in self.proposals(one).changes if found.identity == change_id), None)
        if change is None:
            raise StepRefused(f"there is no such proposal for {router!r} any more. Look at the proposals again")
        return self._apply(one, change, by)[-1].view()

    def revert(self, router: str, step_id: str, by: str) -> dict[str, object]:
        """Take a step back; raises `StepRefused` where that cannot be."""
        self._named(router)
        steps = self._change(router, lambda known: reverted(known, step_id, by=by, now=self._clock()))
        return next(step for step in steps if step.id == step_id).view()

    def reset(self, key: MonitorKey) -> bool:
        """Start a monitor afresh; returns whether there was one."""
        return self.monitor.reset(key)

    # The thread's work.

    def tick(self) -> None:
        """What the thread does each second; faults are counted, and the next tick tries again."""
        now = time.monotonic()
        if now >= self._next_keep:  # first what an earlier process left, then what is new
            self._next_keep = now + KEEP_EVERY_S
            self._settings.clear()
            self._guarded("monitor_state", self._keep)
        self._guarded("monitor", self.monitor.take_in)
        if now >= self._next_apply:
            self._next_apply = now + APPLY_EVERY_S
            self._guarded("monitor_apply", self.apply_due)

    def apply_due(self) -> list[Step]:
        """Apply what is proposed where the settings allow it; returns the steps made."""
        made = []
        for one in self._chosen(None):
            if one.policy.config.monitoring.apply != "within_bounds":
                continue
            made += [self._apply(one, change, MONITORING)[-1] for change in self.due(one)]
        return made

    def due(self, one: TierRouter) -> list[Change]:
        """The proposals that may be applied without being asked.

        They stay within the bounds, the last step on the setting is old enough, and nobody has taken that one back.
        """
        bounds, written = one.policy.config.monitoring, written_values(one.written)
        found = []
        for change in self.proposals(one).changes:
            lesson = change.lesson
            place = (lesson.route, lesson.setting, lesson.tier)
            value = written.get(lesson.route, RouteValues()).value(lesson.setting, lesson.tier)
            if lesson.setting == "judge_threshold" and value is None:
                value = router_values(one.name, one.written).judge_threshold
            near = within_bounds(change, value, intercept=bounds.max_intercept, threshold=bounds.max_threshold)
            if near and self._is_rested(one.name, place, bounds.every_h * HOUR_S):
                found.append(change)
        return found

    def _is_rested(self, router: str, place: tuple[str, str, str], rest_s: float) -> bool:
        last = next((step for step in reversed(self.tuning.steps(router)) if step.place == place), None)
        return last is None or (last.reverted_at is None and self._clock() - last.at >= rest_s)

    def _keep(self) -> None:
        routing = self._routing()
        if self._kept is None or self._store is None or routing is None or self._store.refusal is not None:
            return
        self._kept.keep(self.monitor)
        for one in routing.markers.all():
            steps = load_steps(self._store.states, one.name)
            if steps is not None:
                self.tuning.replace(one.name, steps)

    def _apply(self, one: TierRouter, change: Change, by: str) -> tuple[Step, ...]:
        lesson = change.lesson
        written = written_values(one.written).get(lesson.route, RouteValues()).value(lesson.setting, lesson.tier)
        return self._change(one.name, lambda known: applied(known, change, written, by=by, now=self._clock()))

    def _change(self, router: str, make: Callable[[Sequence[Step]], tuple[Step, ...]]) -> tuple[Step, ...]:
        if self._store is None or self._store.refusal is not None:
            steps = make(self.tuning.steps(router))
        else:
            steps = store_steps(self._store.states, router, make)
        self.tuning.replace(router, steps)
        return steps

    def _outcomes(self, one: TierRouter) -> tuple[list[Rated], list[DecisionRecord]]:
        routing = self._routing()
        if routing is None:
            return [], []
        if self._store is not None and self._store.refusal is None:
            rated, judged = self._store.reader.outcomes(one.name)
        else:
            from litellm_router_plugin.web.memory_outcomes import outcomes_in_memory  # noqa: PLC0415  only without one

            rated, judged = outcomes_in_memory(routing.ledger, routing.desk.book, one.name)
        return rated, judged if judge_is_fair(one.policy.config) else []

    def _chosen(self, router: str | None) -> list[TierRouter]:
        routing = self._routing()
        return [] if routing is None else [one for one in routing.markers.all() if router in (None, one.name)]

    def _named(self, router: str) -> TierRouter:
        found = self._chosen(router)
        if not found:
            raise StepRefused(f"there is no tier router {router[:80]!r}")
        return found[0]

    def _watch_settings(self, router: str) -> WatchSettings:
        if router not in self._settings:
            found = self._chosen(router)
            if not found:
                return WatchSettings()
            settings = found[0].policy.config.monitoring
            self._settings[router] = WatchSettings(settings.false_alarm_rate, settings.monitors)
        return self._settings[router]

    def _alarmed(self, key: MonitorKey, words: str) -> None:
        logger.warning("%s: %s of tier %s on route %r has %s", key.router, key.stream, key.tier, key.route, words)
        count_alarm(key.router, key.stream)

    def _guarded(self, kind: str, work: Callable[[], object]) -> None:
        try:
            work()
        except (Exception, TierRouterError) as fault:  # noqa: BLE001  monitoring must cost no request; it is counted
            routing = self._routing()
            if routing is not None:
                routing.faults.note(kind, fault)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = threading.Thread(
                target=_run, args=(ref(self), self._stopping), name="tier-router-quality", daemon=True
            )
            self._thread.start()


def _run(quality: ref[Quality], stopping: threading.Event) -> None:
    """Tick until told to stop, or until the router is gone."""
    while True:
        found = quality()
        if found is None:
            return
        found.tick()
        del found
        if stopping.wait(TICK_S):
            return


def judge_is_fair(config: TierRouterConfig) -> bool:
    """Whether the judge reads every answer that the checks do not reject, rather than the doubtful ones alone."""
    return config.cascade is not None and config.cascade.judge is not None and config.cascade.judge.ask == "always"


def router_values(name: str, config: TierRouterConfig) -> RouterValues:
    """The settings of a config that proposals are about."""
    judge = config.cascade.judge if config.cascade is not None else None
    return RouterValues(
        name,
        written_values(config),
        None if judge is None else judge.threshold,
        config.monitoring.target,
        config.monitoring.max_intercept_step,
        config.monitoring.max_threshold_step,
    )
