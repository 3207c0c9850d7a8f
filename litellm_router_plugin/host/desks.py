"""Which store an attached router writes to and reads from, and who takes ratings of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_router_plugin.host.routing import TierRouting
from litellm_router_plugin.ledger.feedback import FeedbackDesk

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store


def connect_store(routing: TierRouting, store: Store) -> None:
    """Have the page, the API and ratings of a router use a store; call it where `wire_store` is called."""
    routing.store = store
    routing.quality.connect(store)
    routing.shadow.cap.spent_before = store.reader.shadow_spend
    routing.desk = FeedbackDesk(routing.ledger, store, max_age_days=store.retention_days)


def store_of(routing: TierRouting) -> Store | None:
    """The store of a router; None where it has none, or where its store refuses to work."""
    store = routing.store
    return None if store is None or store.refusal is not None else store


def desk_of(routing: TierRouting) -> FeedbackDesk:
    """Takes ratings of a router's answers."""
    return routing.desk
