"""Running statistics of answers, one set for each (team, router, route, model); bounded, the latest routes are kept.

Where processes share a Redis each adds what the others saw to what it saw itself (`host.exchange`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics

MAX_ROUTES = 1_000
"""Routes kept of each router, the latest used; each with its few models."""
MAX_TOPICS = 100
"""Sets exchanged at a time; the others take their turn at the next exchanges."""
KEY_PREFIX = "tier_router:route:"


class RouteKey(NamedTuple):
    """What one set of statistics belongs to; teams do not share them."""

    team: str
    router: str
    route: str
    model_group: str

    @property
    def topic(self) -> str:
        """The Redis key of the set: a hash, since route names are the clients' own."""
        parts = "\x00".join(self).encode("utf-8", "replace")
        return KEY_PREFIX + hashlib.blake2b(parts, digest_size=20).hexdigest()


@dataclass(slots=True)
class _Known:
    """What this process saw, what it has told the others of that, and what they saw."""

    own: RouteStatistics = NO_STATISTICS
    told: RouteStatistics | None = None
    others: RouteStatistics = NO_STATISTICS


class RouteBook:
    """What is known of the answers on each route."""

    fault = "route_exchange"

    def __init__(self) -> None:
        self._routers: dict[str, OrderedDict[tuple[str, str], dict[str, _Known]]] = {}
        self._waiting: OrderedDict[RouteKey, None] = OrderedDict()
        self._asked: dict[str, RouteKey] = {}
        self._lock = threading.Lock()

    def statistics(self, key: RouteKey) -> RouteStatistics:
        """What all processes know under a key; nothing of a new one."""
        with self._lock:
            known = self._find(key)
            return NO_STATISTICS if known is None else known.own.merged(known.others)

    def add(self, key: RouteKey, values: Mapping[str, float]) -> None:
        """Add one answer's numbers."""
        if not values:
            return
        with self._lock:
            routes = self._routers.setdefault(key.router, OrderedDict())
            known = routes.setdefault((key.team, key.route), {}).setdefault(key.model_group, _Known())
            known.own = known.own.with_values(values)
            routes.move_to_end((key.team, key.route))
            self._waiting.setdefault(key)
            while len(routes) > MAX_ROUTES:
                (team, route), models = routes.popitem(last=False)
                for group in models:
                    self._waiting.pop(RouteKey(team, key.router, route, group), None)

    # Exchanged with other processes.

    def topics(self) -> Sequence[str]:
        """The sets that grew here since they were last exchanged, those that wait longest first."""
        with self._lock:
            self._asked = {key.topic: key for key in islice(self._waiting, MAX_TOPICS)}
            return list(self._asked)

    def told(self, topic: str) -> dict[str, object]:
        """What this process saw itself."""
        with self._lock:
            known = self._find(self._asked.get(topic))
            if known is None:  # it has left meanwhile
                return NO_STATISTICS.to_json()
            known.told = known.own
            return known.own.to_json()

    def read(self, told: Mapping[str, object]) -> RouteStatistics:
        """What another process saw; raises `DataError` when it is damaged."""
        return RouteStatistics.from_json(told)

    def heard(self, topic: str, others: Sequence[RouteStatistics]) -> None:
        """What the others saw, in place of what they had told before."""
        seen = NO_STATISTICS
        for one in others:
            seen = seen.merged(one)
        with self._lock:
            key = self._asked.get(topic)
            known = self._find(key)
            if key is None or known is None:
                return
            known.others = seen
            self._waiting.pop(key, None)
            if known.told is not known.own:  # it grew meanwhile, and goes to the end of the queue
                self._waiting[key] = None

    def _find(self, key: RouteKey | None) -> _Known | None:
        if key is None:
            return None
        models = self._routers.get(key.router, OrderedDict()).get((key.team, key.route))
        return None if models is None else models.get(key.model_group)
