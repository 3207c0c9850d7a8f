"""The simplest alternative to routing: every request on one tier. The best of these is the one to beat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from litellm_router_plugin.ledger.ratings import RatingGroup
from litellm_router_plugin.ledger.totals import Totals, number, percentage

MIN_RATINGS = 20
"""Ratings from which a tier's mean score counts; with fewer, one opinion more would change the order."""


def best_fixed_tier(totals: Totals, tiers: Iterable[str], ratings: Iterable[RatingGroup]) -> tuple[str, Decimal] | None:
    """The tier whose answers are rated best, and what everything would have cost on it, in USD; of equals the cheaper.

    None until two tiers have enough ratings to be compared: which tier is best is a matter of quality, and nothing
    else tells it on live traffic.
    """
    scores = mean_scores(ratings)
    known = [(name, cost) for name in tiers if name in scores and (cost := totals.always(name)) is not None]
    if len(known) < 2:  # noqa: PLR2004  one tier cannot be the best of several
        return None
    return max(known, key=lambda one: (scores[one[0]], -one[1]))


def mean_scores(ratings: Iterable[RatingGroup]) -> Mapping[str, float]:
    """Tier -> mean score (0..1), of tiers with enough ratings."""
    sums: dict[str, tuple[int, float]] = {}
    for group in ratings:
        count, total = sums.get(group.tier, (0, 0.0))
        sums[group.tier] = (count + group.count, total + group.score_sum)
    return {tier: total / count for tier, (count, total) in sums.items() if count >= MIN_RATINGS}


def fixed_tier_figures(totals: Totals, tiers: Iterable[str], ratings: Iterable[RatingGroup]) -> dict[str, object]:
    """Savings against the best fixed tier in the form users see; negative where routing cost more."""
    best = best_fixed_tier(totals, tiers, ratings)
    savings = None if best is None else best[1] - totals.total_cost
    return {
        "best_fixed_tier": best[0] if best else None,
        "cost_of_best_fixed_tier": number(best[1]) if best else None,
        "savings_against_best_fixed_tier": number(savings),
        "savings_percentage_against_best_fixed_tier": percentage(savings, best[1]) if best else None,
    }
