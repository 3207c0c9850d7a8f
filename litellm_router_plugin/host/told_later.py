"""Headers for a request that failed: its error carries none, so they are looked up by its call id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litellm_router_plugin.host.headers import Told
from litellm_router_plugin.host.routing import TierRouting


def headers_of_call(routings: Iterable[TierRouting], data: Mapping[str, Any]) -> dict[str, str] | None:
    """The headers of the request that a proxy call id belongs to; None where it was never decided on."""
    call_id = data.get("litellm_call_id")
    for routing in routings:
        decision_id = routing.ledger.decision_of_call(call_id) if isinstance(call_id, str) else None
        record = routing.ledger.decision(decision_id) if decision_id else None
        if record is not None:
            attempts = [call for call in record.calls if call.role == "attempt"]
            facts = Told(
                decision_id=record.decision_id,
                tier=record.tier,
                cause=record.cause,
                attempts=len(attempts),
                escalated=record.escalated,
                experiment=record.experiment,
            )
            return facts.headers()
    return None
