"""Verdicts on texts seen a moment ago, so that the same question is not paid for twice."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from threading import Lock

MAX_VERDICTS = 4_096
"""Verdicts kept (about 0.5 MB); the ones not used for longest go first."""


class VerdictCache:
    """Text -> tier, for a while. Holds hashes, never the texts.

    Args:
        ttl_s: Seconds that a verdict stays valid; 0 keeps none.
        max_verdicts: Verdicts kept at most.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(
        self, ttl_s: float, max_verdicts: int = MAX_VERDICTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._max_verdicts = max_verdicts
        self._clock = clock
        self._lock = Lock()
        self._verdicts: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._verdicts)

    @staticmethod
    def key(text: str) -> bytes:
        """What stands for a text."""
        return sha256(text.encode("utf-8", "surrogatepass")).digest()

    def get(self, key: bytes) -> str | None:
        """The verdict under a key, if there is one that is still valid."""
        with self._lock:
            expires, tier = self._verdicts.get(key, (0.0, None))
            if tier is None:
                return None
            if self._clock() >= expires:
                del self._verdicts[key]
                return None
            self._verdicts.move_to_end(key)
            return tier

    def put(self, key: bytes, tier: str) -> None:
        """Keep a verdict."""
        if self._ttl_s <= 0:
            return
        with self._lock:
            self._verdicts[key] = (self._clock() + self._ttl_s, tier)
            self._verdicts.move_to_end(key)
            while len(self._verdicts) > self._max_verdicts:
                self._verdicts.popitem(last=False)
