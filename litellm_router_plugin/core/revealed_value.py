"""What a good answer must be worth for a choice of tier to be right: read off the choice itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

from litellm_router_plugin.core.expected_cost import TierOutlook

BEYOND = 2.0
"""How far past its only bound a value is taken to lie, where the other side has none."""


def revealed_value(tiers: Sequence[TierOutlook], chosen: int) -> float | None:
    """USD that a good answer is worth to whoever chose this rung, given what each rung is expected to do.

    Choosing a rung says that its extra success over each cheaper one is worth its extra cost, and that the extra
    success of each dearer one is not. The value lies between these bounds: their geometric mean is taken, or a value
    beyond the one bound there is.

    Returns:
        None where the choice reveals nothing: it is no rational one under these outlooks, or there is no bound.
    """
    mine = tiers[chosen]
    low, high = 0.0, math.inf
    for rung, other in enumerate(tiers):
        gain, extra = mine.p_success - other.p_success, mine.cost_usd - other.cost_usd
        if rung == chosen or gain == 0:
            continue
        if gain > 0:
            low = max(low, extra / gain)
        else:
            high = min(high, extra / gain)
    if low > high or high <= 0 or (low == 0 and high == math.inf):
        return None
    if high == math.inf:
        return low * BEYOND
    return math.sqrt(low * high) if low > 0 else high / BEYOND
