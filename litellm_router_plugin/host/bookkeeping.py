"""Enters LiteLLM's logging events into the ledger of the router that made the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from litellm_router_plugin.host.attach import attached
from litellm_router_plugin.host.call_keys import entered_call, metadata_of_event
from litellm_router_plugin.host.deployments import is_priced
from litellm_router_plugin.host.events import call_id_of, model_id_of, settled_call, tells_cost
from litellm_router_plugin.host.routing import TierRouting


def enter_success(details: Mapping[str, Any], answer: object) -> None:
    """Enter a call that LiteLLM logged as a success; calls that are not ours are passed over."""
    for routing, call_id, decision_id in _owners(details):
        try:
            deployment = model_id_of(details)
            priced = tells_cost(details) or is_priced(routing.router, deployment)
            settled = settled_call(details, is_priced=priced)
            if settled is not None and routing.ledger.settle(call_id, settled):
                routing.remember_answer(decision_id, deployment, answer)
        except Exception as fault:  # noqa: BLE001  the books must not break the host's logging; it is counted
            routing.faults.note("bookkeeping", fault)


def enter_failure(details: Mapping[str, Any]) -> None:
    """Enter a call that LiteLLM logged as a failure, once its request is over: before that it may be tried again."""
    for routing, call_id, decision_id in _owners(details):
        record = routing.ledger.decision(decision_id)
        if record is not None and record.closed_at is not None:
            routing.ledger.fail_call(call_id)


def _owners(details: Mapping[str, Any]) -> Iterator[tuple[TierRouting, str, str]]:
    call_id, metadata = call_id_of(details), metadata_of_event(details)
    for routing in attached():
        found = entered_call(routing.ledger, call_id, metadata)
        if found is not None:
            yield routing, *found
