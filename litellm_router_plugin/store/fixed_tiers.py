"""The simplest alternative to routing: every request on one tier. The best of these is the one to beat."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from litellm_router_plugin.ledger.totals import Totals, number, percentage


def best_fixed_tier(totals: Totals, tiers: Iterable[str]) -> tuple[str, Decimal] | None:
    """The tier on which the same answers would have cost least, and that cost in USD; None where none is known.

    It says nothing of quality: on most ladders it is the cheapest tier, and what routing costs beyond it is the price
    of the better answers.
    """
    known = [(name, cost) for name in tiers if (cost := totals.always(name)) is not None]
    return min(known, key=lambda one: one[1], default=None)


def fixed_tier_figures(totals: Totals, tiers: Iterable[str]) -> dict[str, object]:
    """Savings against the best fixed tier in the form users see; negative where routing cost more."""
    best = best_fixed_tier(totals, tiers)
    savings = None if best is None else best[1] - totals.total_cost
    return {
        "best_fixed_tier": best[0] if best else None,
        "cost_of_best_fixed_tier": number(best[1]) if best else None,
        "savings_against_best_fixed_tier": number(savings),
        "savings_percentage_against_best_fixed_tier": percentage(savings, best[1]) if best else None,
    }
