"""What a router's decisions are read from: its store, or its memory where there is none that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_router_plugin.host.desks import desk_of, store_of
from litellm_router_plugin.web.memory_reading import MemoryReader

if TYPE_CHECKING:
    from litellm_router_plugin.host.routing import TierRouting
    from litellm_router_plugin.web.reading import DecisionReader


def reader_of(current: TierRouting) -> DecisionReader:
    """Reads the store of a router, or its memory where there is none that works."""
    memory, store = MemoryReader(current.ledger, desk_of(current).book), store_of(current)
    if store is None:
        return memory
    from litellm_router_plugin.web.store_reading import StoredReader  # noqa: PLC0415  needs SQLAlchemy

    def pending(router: str | None, owner_key: str | None) -> int:
        """Calls that have still to report, and what waits to be written, whosever it is."""
        return current.ledger.pending(router, owner_key) + store.counts().queued

    return StoredReader(store, memory, pending)
