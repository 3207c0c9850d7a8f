"""Running statistics of answers, one set for each (team, router, route, model); bounded, the latest are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics

MAX_ENTRIES = 4_000
"""(route, model) pairs kept: 1,000 routes of four models."""


class RouteBook:
    """What is known of the answers on each route."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], RouteStatistics] = OrderedDict()
        self._lock = threading.Lock()

    def statistics(self, key: tuple[str, ...]) -> RouteStatistics:
        """What is known under a key; nothing of a new one."""
        with self._lock:
            return self._known.get(key, NO_STATISTICS)

    def add(self, key: tuple[str, ...], values: Mapping[str, float]) -> None:
        """Add one answer's numbers."""
        if not values:
            return
        with self._lock:
            self._known[key] = self._known.get(key, NO_STATISTICS).with_values(values)
            self._known.move_to_end(key)
            while len(self._known) > MAX_ENTRIES:
                self._known.popitem(last=False)
