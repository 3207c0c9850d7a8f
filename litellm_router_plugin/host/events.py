"""LiteLLM's logging events, read as what the ledger enters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from litellm_router_plugin.core.money import Usage, usd
from litellm_router_plugin.ledger.records import SettledCall


def call_id_of(details: Mapping[str, Any]) -> str:
    """The call that an event is about."""
    payload = details.get("standard_logging_object")
    found = details.get("litellm_call_id")
    if isinstance(found, str) and found:
        return found
    found = payload.get("id") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) else ""


def settled_call(details: Mapping[str, Any], *, is_priced: bool) -> SettledCall | None:
    """What an event says a call cost; None for an event without LiteLLM's standard payload.

    Args:
        details: The ``kwargs`` of the event.
        is_priced: Whether the deployment that answered has a known price; LiteLLM logs 0 for one that has not.
    """
    payload = details.get("standard_logging_object")
    if not isinstance(payload, Mapping):
        return None
    usage = usage_of(payload, details.get("complete_streaming_response"))
    return SettledCall(
        model=str(payload.get("model") or ""),
        usage=usage,
        cost=_known_cost(payload.get("response_cost"), usage, is_priced=is_priced),
        cache_hit=payload.get("cache_hit") is True,
    )


def tells_cost(details: Mapping[str, Any]) -> bool:
    """Whether an event says that its call cost something, so that nobody need ask whether it has a price."""
    payload = details.get("standard_logging_object")
    return isinstance(payload, Mapping) and bool(payload.get("response_cost"))


def _known_cost(cost: object, usage: Usage, *, is_priced: bool) -> Decimal | None:
    """The cost of a call, or None where 0 stands for not knowing: no price, or a stream that told no usage."""
    if not isinstance(cost, int | float) or isinstance(cost, bool) or not math.isfinite(cost):
        return None
    if cost == 0 and not (is_priced and usage.total_tokens):
        return None
    return usd(float(cost))


def model_id_of(details: Mapping[str, Any]) -> str | None:
    """The deployment that answered."""
    payload = details.get("standard_logging_object")
    found = payload.get("model_id") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) and found else None


def usage_of(payload: Mapping[str, Any], answer: object = None) -> Usage:
    """The tokens of a call, cached ones among them."""
    return Usage(
        prompt_tokens=_count(payload.get("prompt_tokens")),
        completion_tokens=_count(payload.get("completion_tokens")),
        cached_tokens=_cached(payload, answer),
    )


def _cached(payload: Mapping[str, Any], answer: object) -> int:
    for source in (payload.get("metadata"), payload.get("response"), answer):
        usage = _field(source, "usage_object") or _field(source, "usage")
        details = usage and (_field(usage, "prompt_tokens_details") or _field(usage, "input_tokens_details"))
        found = _count(_field(details, "cached_tokens")) if details else 0
        if found:
            return found
    return 0


def _field(source: object, name: str) -> object:
    return source.get(name) if isinstance(source, dict) else getattr(source, name, None)


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
