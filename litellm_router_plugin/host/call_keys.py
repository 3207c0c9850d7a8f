"""Under which name a provider call stands in the books.

It is LiteLLM's call id, but a client chooses that of its own calls (``x-litellm-call-id``) and may send one twice.
Which request a call was made for is known from the ledger and from the note that the plugin writes into each of its
calls; only where both agree is a call entered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm_router_plugin.host.identity import METADATA_KEY
from litellm_router_plugin.ledger.ledger import Ledger

NOTES = "spend_logs_metadata"


def key_in_books(ledger: Ledger, call_id: str, decision_id: str) -> str:
    """The name of a call about to be made: its call id, unless another request has used that already."""
    return call_id if ledger.decision_of_call(call_id) in (None, decision_id) else _own_key(call_id, decision_id)


def entered_call(ledger: Ledger, call_id: str, metadata: object) -> tuple[str, str] | None:
    """The name of a call, and its decision; None for a call that is not of this ledger's.

    Args:
        ledger: The books.
        call_id: LiteLLM's call id.
        metadata: LiteLLM's metadata of the call, with the plugin's note.
    """
    decision_id = noted_decision(metadata)
    if decision_id is None:
        return None
    if ledger.decision_of_call(call_id) == decision_id:
        return call_id, decision_id
    own = _own_key(call_id, decision_id)  # where another request had used its call id before
    return (own, decision_id) if ledger.decision_of_call(own) == decision_id else None


def noted_decision(metadata: object) -> str | None:
    """The decision that a call's metadata names. A client can write there: the ledger must know the call as well."""
    notes = metadata.get(NOTES) if isinstance(metadata, dict) else None
    note = notes.get(METADATA_KEY) if isinstance(notes, dict) else None
    found = note.get("decision_id") if isinstance(note, dict) else None
    return found if isinstance(found, str) else None


def metadata_of_event(details: Mapping[str, Any]) -> object:
    """LiteLLM's metadata of the call that a logging event is about."""
    payload = details.get("standard_logging_object")
    logged = payload.get("metadata") if isinstance(payload, Mapping) else None
    if noted_decision(logged) is not None:
        return logged
    params = details.get("litellm_params")
    buckets = [params.get(name) for name in ("litellm_metadata", "metadata")] if isinstance(params, Mapping) else []
    return next((bucket for bucket in buckets if noted_decision(bucket) is not None), None)


def _own_key(call_id: str, decision_id: str) -> str:
    return f"{call_id}@{decision_id}"
