"""Where the plugin's own faults go: counted, logged once a kind, never with prompt text, never into a request."""

from __future__ import annotations

import logging
import threading
import traceback
from collections import Counter

from litellm_router_plugin.ledger.metrics import count_error

logger = logging.getLogger("litellm_router_plugin")


class Faults:
    """Counts faults by kind; the first of each kind is logged with where it happened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def note(self, kind: str, error: BaseException) -> None:
        """Enter a fault. ``kind`` says which part failed, such as ``classifier`` or ``check.language``."""
        with self._lock:
            self._counts[kind] += 1
            is_first = self._counts[kind] == 1
        count_error(kind)
        if is_first:
            frames = traceback.extract_tb(error.__traceback__)
            where = f"{frames[-1].name} at line {frames[-1].lineno}" if frames else "unknown place"
            logger.error(
                "tier router: %s failed with %s in %s; further ones of this kind are only counted",
                kind,
                type(error).__name__,  # its message may quote the prompt
                where,
            )

    def count(self, kind: str) -> None:
        """Enter a fault that was reported where it happened."""
        with self._lock:
            self._counts[kind] += 1
        count_error(kind)

    def counts(self) -> dict[str, int]:
        """How often each kind of fault happened."""
        with self._lock:
            return dict(self._counts)
