"""Figures over time, for charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from litellm_router_plugin.ledger.totals import Totals, number
from litellm_router_plugin.store.check_figures import acceptance_by_check
from litellm_router_plugin.store.schema import HOUR_S
from litellm_router_plugin.store.sums import Group, PriceList, VerdictGroup, totals_of

BUCKETS: Mapping[str, int] = {"hour": 1, "day": 24}
"""Hours in a bucket."""

Summed = TypeVar("Summed", Group, VerdictGroup)


def series_of(
    bucket: str,
    groups: Sequence[Group],
    verdicts: Sequence[VerdictGroup],
    lists: Mapping[str, PriceList],
    *,
    baseline: str,
    fixed: str | None,
    tiers: Sequence[str],
) -> dict[str, object]:
    """One point for each bucket with a request; see `StoreReader.series`."""
    if bucket not in BUCKETS:
        raise ValueError(f"bucket: expected one of {', '.join(BUCKETS)}, found {bucket[:40]!r}")
    hours = BUCKETS[bucket]
    grouped, graded = _by_start(groups, hours), _by_start(verdicts, hours)
    points = []
    for start in sorted(grouped):
        answers = graded.get(start, [])
        totals = totals_of(grouped[start], answers, lists)
        points.append({**_figures(start, totals, tiers), **_savings(totals, baseline, fixed), **_acceptance(answers)})
    return {
        "bucket": bucket,
        "savings_baseline": baseline,
        "best_fixed_tier": fixed,
        "tiers": list(tiers),
        "points": points,
    }


def _by_start(groups: Iterable[Summed], hours: int) -> dict[int, list[Summed]]:
    found: dict[int, list[Summed]] = {}
    for group in groups:
        found.setdefault(group.hour // hours * hours, []).append(group)
    return found


def _figures(hour: int, totals: Totals, tiers: Sequence[str]) -> dict[str, object]:
    return {
        "start": datetime.fromtimestamp(hour * HOUR_S, UTC).isoformat().replace("+00:00", "Z"),
        "requests": totals.requests,
        "requests_by_tier": {tier: totals.requests_by_tier[tier] for tier in tiers},
        "cost_usd": number(totals.total_cost),
        "overhead_usd": number(totals.overhead),
        "escalated_requests": totals.escalated,
        "failed_requests": totals.failed,
        "unpriced_requests": totals.unpriced,
    }


def _savings(totals: Totals, baseline: str, fixed: str | None) -> dict[str, object]:
    def against(name: str | None) -> float | None:
        always = totals.always(name) if name is not None else None
        return None if always is None else float(always - totals.total_cost)

    return {"savings_usd": against(baseline), "savings_against_best_fixed_tier_usd": against(fixed)}


def _acceptance(verdicts: Sequence[VerdictGroup]) -> dict[str, object]:
    return {"acceptance_by_check": acceptance_by_check(verdicts)}
