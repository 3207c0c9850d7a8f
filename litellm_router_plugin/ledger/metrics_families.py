"""The metric families ``tier_router_*``; this is the only place that imports prometheus_client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

QUICK_BUCKETS: Final = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
)  # fmt: skip
"""Seconds; for local work, from what a learned classifier takes to what an LLM classifier takes."""
JUDGING_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds; for calls to a model."""


@dataclass(frozen=True, slots=True)
class Families:
    """One attribute a family; counters sum over worker processes, so does the gauge over those that live."""

    decisions: Counter
    attempts: Counter
    verdicts: Counter
    escalations: Counter
    failed: Counter
    unpriced: Counter
    cost: Counter
    saved: Counter
    lost: Counter
    deciding: Histogram
    checking: Histogram
    judging: Histogram
    errors: Counter
    ratings: Counter
    rating_scores: Counter
    shadow: Counter
    drift_alarms: Counter
    queue: Gauge
    dropped: Counter


def make_families(registry: CollectorRegistry = REGISTRY) -> Families:
    """The families, registered. A registry takes them once only."""

    def counter(name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"tier_router_{name}", meaning, labels, registry=registry)

    def seconds(name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"tier_router_{name}_seconds", meaning, registry=registry, buckets=buckets)

    return Families(
        decisions=counter("decisions", "Finished requests.", "router", "tier", "cause"),
        attempts=counter("attempts", "Calls to a tier, served or not.", "router", "tier"),
        verdicts=counter("verdicts", "What checks and judges said of answers.", "router", "check", "outcome"),
        escalations=counter("escalations", "Requests that moved up at least once.", "router"),
        failed=counter("failed_requests", "Requests that no tier answered.", "router"),
        unpriced=counter("unpriced_requests", "Requests outside all cost figures.", "router"),
        cost=counter("cost_usd", "USD spent, by what the call was for.", "router", "role"),
        saved=counter("saved_usd", "USD that requests cost less than the baseline.", "router"),
        lost=counter("lost_usd", "USD that requests cost more than the baseline.", "router"),
        deciding=seconds("deciding", "Time to choose a tier.", QUICK_BUCKETS),
        checking=seconds("checking", "Time of the local checks of one answer.", QUICK_BUCKETS),
        judging=seconds("judging", "Time that a judge took for one answer.", JUDGING_BUCKETS),
        errors=counter("errors", "Faults of the plugin's own; no request fails by them.", "kind"),
        ratings=counter("ratings", "Ratings given.", "router", "tier"),
        rating_scores=counter("rating_scores", "Sum of the scores of ratings, 0 to 1 each.", "router", "tier"),
        shadow=counter("shadow_requests", "Sampled requests of observe mode.", "router", "state"),
        drift_alarms=counter("drift_alarms", "Alarms of drift monitors.", "router", "stream"),
        queue=Gauge(
            "tier_router_store_queue",
            "Decisions that wait to be written.",
            registry=registry,
            multiprocess_mode="livesum",
        ),
        dropped=counter("dropped_writes", "Decisions and ratings that were not stored.", "reason"),
    )
