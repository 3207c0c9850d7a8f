"""Figures over decisions in memory, in the form in which the store gives its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.savings import contribution
from litellm_router_plugin.ledger.totals import Totals, number

BUCKETS_S: Mapping[str, int] = {"hour": 3600, "day": 86_400}
"""Seconds in a bucket."""


def totals_of(records: Iterable[DecisionRecord]) -> Totals:
    """The sums over finished decisions."""
    totals = Totals()
    for record in records:
        totals.add(contribution(record))
        for call in record.calls:
            if call.decider:
                totals.checked_by_tier[call.tier] += 1
                totals.accepted_by_tier[call.tier] += call.verdict != "reject"
    return totals


def acceptance_by_check(records: Iterable[DecisionRecord]) -> dict[str, dict[str, object]]:
    """Check or judge -> how many answers it rejected, of how many, and the share that it let pass.

    Checks count over all graded answers, other deciders over those that they decided on.
    """
    graded, rejected, decided = 0, Counter[str](), Counter[str]()
    for call in (call for record in records for call in record.calls):
        if not call.decider:
            continue
        graded += 1
        rejected.update(call.failed_checks)
        if call.decider != "checks":
            decided[call.decider] += 1
            rejected[call.decider] += call.verdict == "reject"
    return {name: _passed(rejected[name], decided[name] or graded) for name in sorted(rejected)}


def _passed(rejected: int, of: int) -> dict[str, object]:
    return {"rejected": rejected, "of": of, "acceptance": 1 - rejected / of if of else None}


def series_of(
    bucket: str, records: Sequence[DecisionRecord], *, baseline: str, fixed: str | None, tiers: Sequence[str]
) -> dict[str, object]:
    """One point for each bucket with a request; raises `ValueError` for an unknown bucket."""
    if bucket not in BUCKETS_S:
        raise ValueError(f"bucket: expected one of {', '.join(BUCKETS_S)}, found {bucket[:40]!r}")
    grouped: dict[int, list[DecisionRecord]] = {}
    for record in records:
        start = int(record.created_at // BUCKETS_S[bucket]) * BUCKETS_S[bucket]
        grouped.setdefault(start, []).append(record)
    return {
        "bucket": bucket,
        "savings_baseline": baseline,
        "best_fixed_tier": fixed,
        "tiers": list(tiers),
        "points": [_point(start, grouped[start], baseline, fixed, tiers) for start in sorted(grouped)],
    }


def _point(
    start: int, records: Sequence[DecisionRecord], baseline: str, fixed: str | None, tiers: Sequence[str]
) -> dict[str, object]:
    totals = totals_of(records)

    def against(name: str | None) -> float | None:
        always = totals.always(name) if name is not None else None
        return None if always is None else float(always - totals.total_cost)

    return {
        "start": datetime.fromtimestamp(start, UTC).isoformat().replace("+00:00", "Z"),
        "requests": totals.requests,
        "requests_by_tier": {tier: totals.requests_by_tier[tier] for tier in tiers},
        "cost_usd": number(totals.total_cost),
        "overhead_usd": number(totals.overhead),
        "escalated_requests": totals.escalated,
        "failed_requests": totals.failed,
        "unpriced_requests": totals.unpriced,
        "savings_usd": against(baseline),
        "savings_against_best_fixed_tier_usd": against(fixed),
        "acceptance_by_check": acceptance_by_check(records),
    }
