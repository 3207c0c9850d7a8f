"""Steps that were applied to the settings of routes while the proxy runs: logged, kept, bounded, reversible.

A step lays a value over the written config; the tier router is then built anew from both. Where there is a store, steps
are kept in it: they hold after a restart and in every process that shares it, until they are reverted, or until the
written value is changed by hand, which ends every step on it.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from litellm_router_plugin.config.routes import CalibratedRange, RouteSettings
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.errors import DataError, TierRouterError
from litellm_router_plugin.ledger.proposals import Change, RouteValues, Value

logger = logging.getLogger("litellm_router_plugin")

KEPT_STEPS = 500
"""Steps kept, the latest; older ones that were reverted go first."""


class StepRefused(TierRouterError, ValueError):
    """A step was not applied or not reverted."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change that was applied.

    Attributes:
        written: The value in the config when it was applied; None where it had none.
        before: The value in force before.
        at: Wall time.
        by: ``monitoring``, or who asked.
        reverted_at: Wall time at which it was taken back; None while it holds.
    """

    id: str
    router: str
    route: str
    setting: str
    tier: str
    written: Value | None
    before: Value | None
    after: Value
    at: float
    by: str
    reason: str
    reverted_at: float | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        """Which setting of which route."""
        return self.route, self.setting, self.tier

    def view(self) -> dict[str, object]:
        """The step in the form users see."""
        return asdict(self) | {"tier": self.tier or None}


class Tuning:
    """The steps in force on the tier routers of one process.

    Args:
        on_change: Called with a router's name when what holds there has changed.
        clock: Wall time in seconds.
    """

    def __init__(self, on_change: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        self._on_change = on_change
        self._clock = clock
        self._lock = threading.RLock()
        self._steps: dict[str, tuple[Step, ...]] = {}

    def steps(self, router: str) -> tuple[Step, ...]:
        """Every step known, the earliest first."""
        with self._lock:
            return self._steps.get(router, ())

    def replace(self, router: str, steps: Sequence[Step]) -> None:
        """Take over what another process, or an earlier one, has applied."""
        with self._lock:
            if self._steps.get(router, ()) == tuple(steps):
                return
            self._steps[router] = tuple(steps)
        self._on_change(router)

    def overlaid(self, router: str, config: TierRouterConfig) -> TierRouterConfig:
        """A config with the steps laid over it; one whose written value was changed by hand no longer holds."""
        routes = dict(config.routes)
        for route, values in values_on_routes(self.steps(router), config).items():
            if values.is_empty:
                routes.pop(route, None)
            else:
                routes[route] = settings_of(values)
        return config if routes == dict(config.routes) else config.model_copy(update={"routes": routes})


def applied(steps: Sequence[Step], change: Change, written: Value | None, *, by: str, now: float) -> tuple[Step, ...]:
    """The steps after one more."""
    lesson = change.lesson
    step = Step(
        id=secrets.token_hex(6),
        router=change.router,
        route=lesson.route,
        setting=lesson.setting,
        tier=lesson.tier,
        written=written,
        before=change.before,
        after=change.after,
        at=now,
        by=by,
        reason=f"{change.evidence.reason} ({lesson.source})",
    )
    logger.warning(
        "%s: %s on route %r set from %s to %s by %s: %s. Revert it with step id %s",
        *(step.router, _path(step), step.route, step.before, step.after, by, step.reason, step.id),
    )
    return _kept([*steps, step])


def reverted(steps: Sequence[Step], step_id: str, *, by: str, now: float) -> tuple[Step, ...]:
    """The steps after one was taken back.

    Raises:
        StepRefused: There is no such step, it was reverted before, or a later one on the same setting still holds.
    """
    found = next((step for step in steps if step.id == step_id), None)
    if found is None:
        raise StepRefused(f"there is no step {step_id[:40]!r}")
    if found.reverted_at is not None:
        raise StepRefused(f"step {step_id} was reverted before")
    later = [step for step in steps if step.place == found.place and step.reverted_at is None]
    if later[-1].id != step_id:
        raise StepRefused(f"a later step on the same setting still holds: revert {later[-1].id} first")
    logger.warning(
        "%s: %s on route %r set back from %s to %s by %s",
        *(found.router, _path(found), found.route, found.after, found.before, by),
    )
    return tuple(replace(step, reverted_at=now) if step.id == step_id else step for step in steps)


def values_on_routes(steps: Iterable[Step], config: TierRouterConfig) -> dict[str, RouteValues]:
    """Route -> what holds there, of the routes that a step is in force on."""
    found: dict[str, RouteValues] = {}
    for step in steps:
        own = written_values(config).get(step.route, RouteValues())
        if step.reverted_at is None and own.value(step.setting, step.tier) == step.written:
            found[step.route] = found.get(step.route, own).with_value(step.setting, step.tier, step.after)
    return found


def written_values(config: TierRouterConfig) -> dict[str, RouteValues]:
    """The written settings of routes."""
    return {
        route: RouteValues(
            dict(settings.intercepts),
            None if settings.learned_check is None else settings.learned_check.unsure,
            settings.judge_threshold,
        )
        for route, settings in config.routes.items()
    }


def settings_of(values: RouteValues) -> RouteSettings:
    """Values as settings."""
    check = None if values.learned_check is None else CalibratedRange(unsure=values.learned_check)
    return RouteSettings(
        intercepts=dict(values.intercepts), learned_check=check, judge_threshold=values.judge_threshold
    )


def steps_to_json(steps: Iterable[Step]) -> dict[str, object]:
    """Steps as plain values."""
    return {"steps": [asdict(step) for step in steps]}


def steps_from_json(state: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps that `steps_to_json` wrote.

    Raises:
        DataError: They are damaged, or of another version.
    """
    try:
        return tuple(Step(**{name: _value(given) for name, given in step.items()}) for step in state["steps"])
    except (TypeError, KeyError, AttributeError) as error:
        raise DataError("stored state", 0, f"applied steps cannot be read ({type(error).__name__})") from error


def _value(given: object) -> Any:  # noqa: ANN401  a field of a step
    return tuple(given) if isinstance(given, list) else given


def _path(step: Step) -> str:
    return f"{step.setting}.{step.tier}" if step.tier else step.setting


def _kept(steps: Sequence[Step]) -> tuple[Step, ...]:
    excess = len(steps) - KEPT_STEPS
    gone = {step.id for step in [one for one in steps if one.reverted_at is not None][: max(0, excess)]}
    return tuple(step for step in steps if step.id not in gone)
