"""Lets the threads that serve requests run while this one writes: there is one interpreter lock for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

Pause = Callable[[], None]
"""Called wherever a thread can stop for a moment."""

STRETCH_S: Final = 0.0001
"""Work between two pauses; about what a request may have to wait for."""


class Pauses:
    """Gives the interpreter lock away after each stretch of work.

    A pause may take long where other processes want the processor, so there are no more of them than it needs.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._since = clock()

    def __call__(self) -> None:
        """Pause, unless this thread has just begun."""
        if self._clock() - self._since >= STRETCH_S:
            time.sleep(0)
            self._since = self._clock()


def no_pause() -> None:
    """For a process in which nobody waits."""
