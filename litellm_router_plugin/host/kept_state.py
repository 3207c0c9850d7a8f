"""Monitors and steps in the store: taken over from a process that has ended, and shared with those that run."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from litellm_router_plugin.host.tuning import Step, StepRefused, steps_from_json, steps_to_json
from litellm_router_plugin.ledger.quality_monitor import QualityMonitor

if TYPE_CHECKING:
    from litellm_router_plugin.store.states import State, States

MONITORS: Final = "monitors/"
STEPS: Final = "steps/"
GONE_AFTER_S: Final = 600.0
"""Seconds without a write after which a process of another machine is taken to have ended."""
TRIES: Final = 5


class KeptMonitors:
    """The monitors of this process in the store.

    Each process has monitors of its own: streams of several could not be put in one order. When it ends, the next one
    to start goes on from what it left.

    Args:
        states: Where.
        clock: Wall time in seconds.
    """

    def __init__(self, states: States, clock: Callable[[], float]) -> None:
        self._states = states
        self._clock = clock
        self._name = f"{MONITORS}{secrets.token_hex(8)}"
        self._adopted = False
        self._kept = 0

    def keep(self, monitor: QualityMonitor) -> None:
        """Write what has changed; the first time, go on from what an ended process left."""
        if not self._adopted:
            self._adopt(monitor)
            self._adopted = True
        if monitor.changes != self._kept:
            self._kept = monitor.changes
            self._states.put(self._name, self._written(monitor, left=False))

    def leave(self, monitor: QualityMonitor) -> None:
        """Write for the last time; another process may go on from it."""
        if monitor.changes or monitor.waits:
            self._states.put(self._name, self._written(monitor, left=True))

    def _written(self, monitor: QualityMonitor, *, left: bool) -> dict[str, object]:
        return monitor.to_json() | {"host": socket.gethostname(), "pid": os.getpid(), "left": left}

    def _adopt(self, monitor: QualityMonitor) -> None:
        for state in self._states.all(MONITORS):
            if self._is_free(state) and self._states.take(state):
                monitor.adopt(state.value)
                monitor.changes += 1  # it stands in the store under no name now
                return

    def _is_free(self, state: State) -> bool:
        value: Mapping[str, Any] = state.value
        if value.get("left") is True or self._clock() - state.updated_at > GONE_AFTER_S:
            return True
        return value.get("host") == socket.gethostname() and not _runs(value.get("pid"))


def _runs(pid: object) -> bool:
    """Whether a process of this machine runs; this very one has just begun, so an earlier one had its number."""
    if not isinstance(pid, int) or pid <= 0 or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def load_steps(states: States, router: str) -> tuple[Step, ...] | None:
    """The steps in the store; None where there are none. Raises `DataError` where they are damaged."""
    state = states.get(STEPS + router)
    return None if state is None else steps_from_json(state.value)


def store_steps(states: States, router: str, make: Callable[[Sequence[Step]], tuple[Step, ...]]) -> tuple[Step, ...]:
    """Change the steps in the store, after whatever other processes did.

    Raises:
        StepRefused: Others kept changing them.
    """
    for _ in range(TRIES):
        state = states.get(STEPS + router)
        steps = make(() if state is None else steps_from_json(state.value))
        if states.put(STEPS + router, steps_to_json(steps), after=0 if state is None else state.version):
            return steps
    raise StepRefused("other processes are changing the steps at this moment. Try again")
