"""A circuit breaker: a model that keeps failing is left alone for a while, not waited for by every request."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

FAILURES_IN_A_ROW = 5
"""Failures after which calls stop (a guess, not tuned)."""
COOLDOWN_S = 30.0
"""Seconds without calls before one trial is let through (a guess, not tuned)."""


class CircuitBreaker:
    """Counts failures in a row; closed, it lets calls through, open, it does not.

    Ask `allows` before each call and tell the outcome by `succeeded` or `failed`. After the cooldown one trial call
    is let through: its success closes the breaker, its failure opens it for another cooldown. A trial that never
    tells its outcome (its caller was cancelled) counts as failed, so the next trial follows one cooldown later.

    Args:
        failures: Failures in a row that open it; at least 1.
        cooldown_s: Seconds that it stays open before a trial.
        clock: Seconds on a clock that never goes back.

    Raises:
        ValueError: ``failures`` is below 1 or ``cooldown_s`` below 0.
    """

    def __init__(
        self,
        failures: int = FAILURES_IN_A_ROW,
        cooldown_s: float = COOLDOWN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if failures < 1 or cooldown_s < 0:
            raise ValueError(f"failures must be at least 1 and cooldown_s at least 0, not {failures} and {cooldown_s}")
        self._limit = failures
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._lock = Lock()
        self._in_a_row = 0
        self._next_trial: float | None = None

    def allows(self) -> bool:
        """Whether a call may be made now. True for one caller only once a cooldown is over."""
        with self._lock:
            if self._next_trial is None:
                return True
            now = self._clock()
            if now < self._next_trial:
                return False
            self._next_trial = now + self._cooldown_s
            return True

    def succeeded(self) -> None:
        """A call went well: calls are allowed again and the count starts anew."""
        with self._lock:
            self._in_a_row = 0
            self._next_trial = None

    def failed(self) -> None:
        """A call failed or ran out of time."""
        with self._lock:
            self._in_a_row = min(self._in_a_row + 1, self._limit)
            if self._in_a_row >= self._limit:
                self._next_trial = self._clock() + self._cooldown_s
