"""Headers for a request that failed: its error carries none, so they are looked up by its call id and its note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litellm_router_plugin.host.call_keys import entered_call
from litellm_router_plugin.host.headers import Told
from litellm_router_plugin.host.identity import bucket_name
from litellm_router_plugin.host.routing import TierRouting


def headers_of_call(routings: Iterable[TierRouting], data: Mapping[str, Any]) -> dict[str, str] | None:
    """The headers of the request that the proxy's data are about; None where it was never decided on."""
    call_id, metadata = str(data.get("litellm_call_id")), data.get(bucket_name(data))
    for routing in routings:
        found = entered_call(routing.ledger, call_id, metadata)
        record = routing.ledger.decision(found[1]) if found else None
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
