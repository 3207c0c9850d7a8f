"""A decision in the form users see."""

from __future__ import annotations

from collections.abc import Collection

from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord
from litellm_router_plugin.ledger.savings import savings_of
from litellm_router_plugin.ledger.shadow import shadow_of
from litellm_router_plugin.ledger.totals import number


def decision_view(record: DecisionRecord) -> dict[str, object]:
    """A decision as JSON: why this tier, every call, and what they cost (null while pending or where unknown)."""
    run = shadow_of(record)
    shadowed = () if run is None else run.calls
    return {
        "decision_id": record.decision_id,
        "router": record.router,
        "tier": record.tier,
        "cause": record.cause,
        "signals": list(record.signals),
        "escalated": record.escalated,
        "cost_usd": number(record.cost),
        "savings_usd": number(savings_of(record)),
        "cost_state": record.cost_state,
        "attempts": [_attempt(call) for call in record.calls if call.role == "attempt"],
        "other_calls": [_other(call, shadowed) for call in record.calls if call.role != "attempt"],
        "start_tier": record.start_tier,
        "observed_tier": record.observed_tier or None,
        "observed_cause": record.observed_cause or None,
        "shadow": None if run is None else run.to_json(),
        "cascade": record.cascade,
        "route": record.route,
        "experiment": record.experiment or None,
        "confidence": record.confidence,
        "difficulty": record.difficulty,
        "p_success": dict(record.p_success),
        "expected_cost": dict(record.expected_cost),
        "created_at": record.created_at,
    }


def _attempt(call: CallRecord) -> dict[str, object]:
    return {
        "tier": call.tier,
        "model": call.model or None,
        "cost_usd": number(call.cost),
        "verdict": call.verdict or None,
        "failed_checks": list(call.failed_checks),
        "quality": call.quality,
        "status": call.status,
        "cache_hit": call.cache_hit,
        "prompt_tokens": call.usage.prompt_tokens,
        "completion_tokens": call.usage.completion_tokens,
    }


def _other(call: CallRecord, shadowed: Collection[str]) -> dict[str, object]:
    view: dict[str, object] = {
        "role": call.role,
        "model": call.model or None,
        "cost_usd": number(call.cost),
        "status": call.status,
    }
    return view | {"tier": call.tier or None, "shadow": True} if call.call_id in shadowed else view
