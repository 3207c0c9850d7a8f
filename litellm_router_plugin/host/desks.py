"""Which feedback desk and which store belong to an attached router."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.ledger.feedback import FeedbackDesk

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store

_desks: WeakKeyDictionary[TierRouting, FeedbackDesk] = WeakKeyDictionary()
_stores: WeakKeyDictionary[TierRouting, Store] = WeakKeyDictionary()
_lock = threading.Lock()


def connect_store(routing: TierRouting, store: Store) -> None:
    """Have the page, the API and ratings of a router use a store; call it where `wire_store` is called."""
    with _lock:
        _stores[routing] = store
        _desks[routing] = FeedbackDesk(routing.ledger, store, max_age_days=store.retention_days)


def store_of(routing: TierRouting) -> Store | None:
    """The store of a router; None where it has none, or where its store refuses to work."""
    store = _stores.get(routing)
    return None if store is None or store.refusal is not None else store


def desk_of(routing: TierRouting) -> FeedbackDesk:
    """Takes ratings of a router's answers; the same one every time."""
    with _lock:
        found = _desks.get(routing)
        if found is None:
            found = _desks[routing] = FeedbackDesk(routing.ledger)
        return found
