"""Connects an attached router with a store and with metrics, and sees that what is queued is written at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from litellm_router_plugin.host.faults import Faults
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.metrics import Metrics, metrics
from litellm_router_plugin.ledger.records import DecisionRecord

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store

logger = logging.getLogger("litellm_router_plugin")

SHUTDOWN_PATIENCE_S = 5.0
"""Longest wait at the proxy's end for calls that have not reported, and again for what is queued."""


class Routing(Protocol):
    """What this module needs of `TierRouting`."""

    @property
    def ledger(self) -> Ledger:
        """Where decisions become final."""
        ...

    @property
    def faults(self) -> Faults:
        """Where faults of a listener are counted."""
        ...

    async def flush(self, timeout_s: float = ...) -> None:
        """Wait until every call has reported."""
        ...


class StoreHandle:
    """A store at a router. Made by `wire_store`.

    Attributes:
        store: The store; shared where several routers of one process write to it.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._is_open = True

    def note(self, record: DecisionRecord) -> None:
        """Have a decision stored. A listener of `Ledger`: it only appends to a queue."""
        if not self._is_open:
            return
        self.store.add_decision(record)
        record.prompt = ""  # the copy in the queue is the only one that is needed

    def flush(self, timeout_s: float = SHUTDOWN_PATIENCE_S) -> None:
        """Wait until everything is in the database. Raises as `Store.flush` does."""
        self.store.flush(timeout_s)

    def close(self) -> None:
        """Store no more of this router, and write what is queued. The store stays open for others."""
        self._is_open = False
        try:
            self.store.flush(SHUTDOWN_PATIENCE_S)
        except Exception as error:  # noqa: BLE001  an end must not fail by the store; what is lost is counted there
            logger.warning("tier router: not everything was stored: %s", error)


def wire_store(routing: Routing, store: Store) -> StoreHandle:
    """Have every decision of a router stored, and what is dropped counted in the metrics."""
    handle = StoreHandle(store)
    _listen(routing, "store", handle.note)
    return handle


def wire_metrics(routing: Routing) -> Metrics | None:
    """Have every decision of a router counted; None where prometheus_client is not installed."""
    found = metrics()
    if found is not None:
        _listen(routing, "metrics", found.note_decision)
    return found


def _listen(routing: Routing, kind: str, note: Callable[[DecisionRecord], object]) -> None:
    """Add a listener whose faults are counted, and go no further: the ledger calls it while a request is served."""

    def listener(record: DecisionRecord) -> None:
        try:
            note(record)
        except Exception as fault:  # noqa: BLE001  whatever it is, the request must not fail by it
            routing.faults.note(kind, fault)

    routing.ledger.add_listener(listener)


def watch_store(store: Store, counts: Metrics) -> None:
    """Show in the metrics what a store drops and how much waits. May be called again for the same store."""
    store.on_dropped(counts.note_dropped)
    store.on_queue(counts.set_queue)


def close_with_proxy(proxy: ModuleType, routings: Callable[[], Sequence[Routing]], store: Store) -> None:
    """Have a store closed when the proxy shuts down: uvicorn ends the process by a signal, past `atexit`.

    Wraps ``proxy_server.proxy_shutdown_event``, which LiteLLM calls last; if that part goes, a restart loses what
    came in the last quarter of a second.
    """
    original: Callable[..., Awaitable[None]] | None = getattr(proxy, "proxy_shutdown_event", None)
    if original is None:
        return

    async def shut_down(*arguments: object, **named: object) -> None:
        for routing in routings():
            try:
                await routing.flush(SHUTDOWN_PATIENCE_S)
            except TimeoutError:
                logger.warning("tier router: some calls had not reported at the end; their costs are unknown")
                routing.ledger.sweep(within_s=0.0)
        await asyncio.to_thread(store.close)
        await original(*arguments, **named)

    proxy.proxy_shutdown_event = shut_down  # type: ignore[attr-defined]  # a module's global
