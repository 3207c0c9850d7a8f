"""The static mix: what a coin flip between two fixed tiers reaches at a given cost."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from litellm_router_plugin.evaluation.models import Floats


def mix_quality(tier_quality: Floats, tier_cost: Floats, cost: Floats) -> Floats:
    """Mean quality of the best coin flip between two fixed tiers that costs no more than ``cost``.

    That is the upper hull of the tiers' (cost, quality), never falling. Below the cheapest tier's cost no mix exists;
    the cheapest tier's quality stands there, in the mix's favour.

    Args:
        tier_quality: draws x tiers, mean quality of each tier.
        tier_cost: draws x tiers, mean cost of each tier.
        cost: draws x policies, mean cost of what the mix is compared with.

    Returns:
        draws x policies.
    """
    draws = np.arange(len(tier_cost))
    best = np.repeat(tier_quality[draws, tier_cost.argmin(axis=1)][:, None], cost.shape[1], axis=1)
    tiers = range(tier_cost.shape[1])
    for tier in tiers:
        affordable = tier_cost[:, [tier]] <= cost
        best = np.where(affordable, np.maximum(best, tier_quality[:, [tier]]), best)
    for low, high in permutations(tiers, 2):
        best = np.maximum(best, _between(tier_quality, tier_cost, cost, low, high))
    return best


def _between(tier_quality: Floats, tier_cost: Floats, cost: Floats, low: int, high: int) -> Floats:
    """The coin flip of two tiers at each cost between theirs; minus infinity elsewhere."""
    start, end = tier_cost[:, [low]], tier_cost[:, [high]]
    span = end - start
    share = np.divide(cost - start, span, out=np.full(cost.shape, -1.0), where=span > 0)
    mixed = tier_quality[:, [low]] + share * (tier_quality[:, [high]] - tier_quality[:, [low]])
    return np.where((share >= 0) & (share <= 1), mixed, -np.inf)
