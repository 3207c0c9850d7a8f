"""Bounded label values: what clients or configs could make many of is counted under ``other`` beyond a limit."""

from __future__ import annotations

import threading

OTHER = "other"
MAX_ROUTERS = 20
MAX_TIERS = 32
MAX_CHECKS = 40
MAX_KINDS = 40
_MAX_CHARS = 100


class BoundedLabel:
    """The values of one label: the first ``limit`` ones are kept, all others become ``other``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}

    def __call__(self, value: str) -> str:
        """The value to use."""
        found = self._known.get(value)
        if found is not None:
            return found
        with self._lock:
            if len(self._known) >= self._limit:
                return OTHER
            return self._known.setdefault(value, value[:_MAX_CHARS] or "none")
