"""Remembers the tier of each conversation: in LiteLLM's Redis where there is one, else in this process.

Redis is read directly: LiteLLM's two-level cache may serve a local value that another proxy has changed since.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import litellm

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.ledger.records import Owner

MAX_CONVERSATIONS = 50_000
"""Conversations remembered in this process, the latest."""
REDIS_TIMEOUT_S = 0.25
"""Longest wait for Redis; after it the request goes on as if the conversation were new, and it is counted."""
RESET = "(reset)"
"""Stands for a conversation that was reset, so that no other proxy falls back to what it remembers of it."""
RESET_TTL_S = 86_400.0
KEY_PREFIX = "tier_router:conversation:"


def conversation_id(view: RequestView, named: str | None, request: Mapping[str, Any], bucket: Mapping[str, Any]) -> str:
    """Which conversation a request belongs to; empty when it cannot be told.

    Named by the client, else LiteLLM's session id, else, once a model has answered in it, known by the system prompt
    and the first user message.
    """
    if named:
        return f"named:{named}"
    session = request.get("litellm_session_id") or bucket.get("session_id")
    if isinstance(session, str) and session:
        return f"session:{session}"
    if not view.has_assistant_turn:
        return ""
    content = f"{view.system}\x00{view.first_user}".encode("utf-8", "replace")
    return f"hash:{hashlib.blake2b(content, digest_size=16).hexdigest()}"


def state_key(router: str, owner: Owner, conversation: str) -> str:
    """The key of a conversation's state; keys and end users do not share conversations."""
    parts = f"{router}\x00{owner.key}\x00{owner.end_user}\x00{conversation}"
    return KEY_PREFIX + hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=20).hexdigest()


class RedisCache(Protocol):
    """The part of LiteLLM's Redis cache that is used."""

    def get_cache(self, key: str) -> Any:  # noqa: ANN401, D102  LiteLLM's own contract
        ...

    def set_cache(self, key: str, value: object, *, ttl: float) -> Any:  # noqa: ANN401, D102  same
        ...

    async def async_get_cache(self, key: str) -> Any:  # noqa: ANN401, D102  same
        ...

    async def async_set_cache(self, key: str, value: object, *, ttl: float) -> Any:  # noqa: ANN401, D102  same
        ...


class Conversations:
    """The highest tier of each conversation.

    Args:
        router: The host's router, whose Redis is used where it has one.
        faults: Where a Redis that fails is counted.
        clock: Seconds; wall time, so that a restart of the process does not matter to Redis.
    """

    def __init__(self, router: litellm.Router, faults: Faults, clock: Callable[[], float] = time.time) -> None:
        self._router = router
        self._faults = faults
        self._clock = clock
        self._lock = threading.Lock()
        self._local: OrderedDict[str, tuple[str, float]] = OrderedDict()

    @property
    def _redis(self) -> RedisCache | None:
        found: RedisCache | None = getattr(self._router.cache, "redis_cache", None)
        return found

    async def tier(self, key: str, *, blocking: bool = False) -> str | None:
        """The highest tier used in a conversation; None for a new or forgotten one.

        ``blocking`` is for the synchronous path, where nothing may suspend.
        """
        redis = self._redis
        if redis is None:
            return self._local_tier(key)
        try:
            if blocking:
                found = redis.get_cache(key)
            else:
                async with asyncio.timeout(REDIS_TIMEOUT_S):
                    found = await redis.async_get_cache(key)
        except Exception as fault:  # noqa: BLE001  a Redis that is down costs stickiness, never a request
            self._faults.note("redis", fault)
            return self._local_tier(key)
        if not isinstance(found, str):  # unknown there, or LiteLLM could not reach it and said nothing
            return self._local_tier(key)
        return None if found == RESET else found

    async def raise_to(self, key: str, tier: str, ladder: Ladder, ttl_s: float, *, blocking: bool = False) -> None:
        """Remember that a conversation used a tier; the highest is kept, and its time begins anew."""
        known = await self.tier(key, blocking=blocking)
        highest = ladder.highest([name for name in (known, tier) if name is not None and name in ladder.names])
        if highest is not None:
            await self._set(key, highest, ttl_s, blocking=blocking)

    async def note(self, key: str, tier: str, ttl_s: float, *, blocking: bool = False) -> None:
        """Remember the last tier of a conversation that is not sticky."""
        await self._set(key, tier, ttl_s, blocking=blocking)

    async def forget(self, key: str) -> None:
        """Forget a conversation's tier."""
        with self._lock:
            self._local.pop(key, None)
        if self._redis is not None:
            await self._set(key, RESET, RESET_TTL_S, blocking=False)

    async def _set(self, key: str, tier: str, ttl_s: float, *, blocking: bool) -> None:
        redis = self._redis
        self._set_local(key, tier, ttl_s)
        if redis is None:
            return
        try:
            if blocking:
                redis.set_cache(key, tier, ttl=ttl_s)
            else:
                async with asyncio.timeout(REDIS_TIMEOUT_S):
                    await redis.async_set_cache(key, tier, ttl=ttl_s)
        except Exception as fault:  # noqa: BLE001  as in tier
            self._faults.note("redis", fault)

    def _local_tier(self, key: str) -> str | None:
        with self._lock:
            found = self._local.get(key)
            if found is None or found[1] <= self._clock():
                self._local.pop(key, None)
                return None
            return None if found[0] == RESET else found[0]

    def _set_local(self, key: str, tier: str, ttl_s: float) -> None:
        with self._lock:
            self._local[key] = (tier, self._clock() + ttl_s)
            self._local.move_to_end(key)
            while len(self._local) > MAX_CONVERSATIONS:
                self._local.popitem(last=False)
