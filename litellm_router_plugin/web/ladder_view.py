"""Ladders in the form users see; prices in USD per million tokens."""

from __future__ import annotations

from decimal import Decimal

from litellm_router_plugin.web.ladder import RouterLadder, TierFacts, dominated_by

MILLION = 1_000_000


def ladder_view(ladder: RouterLadder) -> dict[str, object]:
    """A tier router with its tiers, cheapest first."""
    return {
        "router": ladder.router,
        "mode": ladder.mode,
        "default_tier": ladder.default_tier,
        "savings_baseline": ladder.baseline,
        "tiers": [
            {**_tier_view(tier), "dominated_by": dominated_by(ladder.tiers, rung)}
            for rung, tier in enumerate(ladder.tiers)
        ],
    }


def _tier_view(tier: TierFacts) -> dict[str, object]:
    price = tier.price
    return {
        "name": tier.name,
        "model_group": tier.model_group,
        "models": list(tier.models),
        "input_usd_per_million": _per_million(price.input) if price else None,
        "output_usd_per_million": _per_million(price.output) if price else None,
        "cached_input_usd_per_million": _per_million(price.cached_input) if price else None,
        "context_tokens": tier.context_tokens,
        "capabilities": dict(tier.capabilities),
    }


def _per_million(per_token: Decimal | None) -> float | None:
    return None if per_token is None else float(per_token * MILLION)
