"""Which tier to take, given what each is expected to achieve and to cost.

A trade-off is the price of quality: how much P(success) one unit of cost must buy. With it the choice for a request is
the tier with the largest P(success) - trade_off * cost, which over many requests is the cheapest way to any quality
that can be reached at all (the Lagrangian of "least cost for a given quality"). `trade_off_for_target` finds the
trade-off for a wanted share of the best tier's quality from forecasts of a sample of prompts.

Costs are in any one unit, such as USD; where prices are not known, `rung_costs` stands in for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

Row = Sequence[float]

RUNG_COST_RATIO: Final = 8.0
"""How much dearer the next tier is taken to be where prices are unknown; typical ladders lie between 3 and 20."""
JUST_BELOW: Final = 1.0 - 1e-9
"""A trade-off at which two rungs tie takes the cheaper; the dearer is wanted."""
LARGEST_TRADE_OFF: Final = 1e6
"""P(success) for the dearest tier's mean cost; stands for any price at all where a better tier costs no more."""


def rung_costs(rungs: int) -> tuple[float, ...]:
    """Stand-in costs by place on the ladder, the dearest 1."""
    return tuple(RUNG_COST_RATIO ** (rung - rungs + 1) for rung in range(rungs))


def best_value(p_success: Row, cost: Row, trade_off: float, rungs: Sequence[int] | None = None) -> int:
    """The rung with the largest P(success) - trade_off * cost; the cheaper, then the lower, of equals.

    Args:
        p_success: By rung, 0..1.
        cost: By rung, 0 or more.
        trade_off: P(success) that one unit of cost must buy; ``inf``: the cheapest rung.
        rungs: The rungs to choose from; default all.

    Raises:
        ValueError: There is nothing to choose from.
    """
    allowed = range(len(p_success)) if rungs is None else rungs
    if trade_off == math.inf:
        return min(allowed, key=lambda rung: (cost[rung], rung))
    return min([(trade_off * cost[rung] - p_success[rung], cost[rung], rung) for rung in allowed])[2]


def cheapest_meeting(p_success: Row, cost: Row, target: float, rungs: Sequence[int] | None = None) -> int:
    """The cheapest rung expected to reach ``target`` (0..1) of the best rung's P(success) on this very request."""
    allowed = range(len(p_success)) if rungs is None else rungs
    needed = target * max(p_success[rung] for rung in allowed)
    return min((rung for rung in allowed if p_success[rung] >= needed), key=lambda rung: (cost[rung], rung))


def dominated_rungs(p_success: Sequence[Row], cost: Sequence[Row], weights: Row | None = None) -> dict[int, int]:
    """Rungs that cost at least as much as another and are expected to do no better, and that other.

    Args:
        p_success: For each prompt of a sample, by rung.
        cost: For each prompt, by rung.
        weights: How much each prompt counts; default 1.
    """
    quality, price = _means(p_success, weights), _means(cost, weights)
    found: dict[int, int] = {}
    for rung in range(len(quality)):
        better = [
            other
            for other in range(len(quality))
            if other != rung
            and price[other] <= price[rung]
            and quality[other] >= quality[rung]
            and (price[other] < price[rung] or quality[other] > quality[rung] or other < rung)
        ]
        if better:
            found[rung] = max(better, key=lambda other: (quality[other], -price[other]))
    return found


def trade_off_for_target(
    p_success: Sequence[Row],
    cost: Sequence[Row],
    target: float,
    *,
    rungs: Sequence[int] | None = None,
    weights: Row | None = None,
) -> float:
    """The largest trade-off whose choices keep ``target`` (0..1) of the best fixed rung's expected quality.

    Args:
        p_success: For each prompt of a sample, by rung.
        cost: For each prompt, by rung.
        target: Share of the quality that the best fixed rung is expected to reach.
        rungs: The rungs to choose from; default all.
        weights: How much each prompt counts; default 1.

    Returns:
        0 where only the best quality will do, ``inf`` where the cheapest rung alone is good enough.
    """
    allowed = list(range(len(p_success[0]))) if rungs is None else list(rungs)
    counted = [1.0] * len(p_success) if weights is None else list(weights)
    needed = target * max(_means(p_success, weights)[rung] for rung in allowed) * sum(counted)
    served, steps = 0.0, []
    for row, price, weight in zip(p_success, cost, counted, strict=True):
        cheapest = best_value(row, price, math.inf, allowed)
        served += weight * row[cheapest]
        steps += [(slope, weight * gain) for slope, gain in _steps_up(row, price, cheapest, allowed)]
    if served >= needed:
        return math.inf
    for slope, gain in sorted(steps, reverse=True):
        served += gain
        if served >= needed:
            return slope * JUST_BELOW if slope < math.inf else LARGEST_TRADE_OFF / (max(_means(cost, weights)) or 1.0)
    return 0.0


def _steps_up(row: Row, price: Row, cheapest: int, allowed: Sequence[int]) -> Iterator[tuple[float, float]]:
    """The rungs of one prompt that some trade-off chooses, each as (trade-off below which it is chosen, gain)."""
    rung = cheapest
    while dearer := [other for other in allowed if row[other] > row[rung] and price[other] >= price[rung]]:
        slope, following = max((_slope(row, price, rung, other), other) for other in dearer)
        yield slope, row[following] - row[rung]
        rung = following


def _slope(row: Row, price: Row, rung: int, dearer: int) -> float:
    """P(success) that one unit of cost buys on the way from a rung to a dearer one."""
    extra = price[dearer] - price[rung]
    return (row[dearer] - row[rung]) / extra if extra > 0 else math.inf


def trade_off_for_slider(cost_quality: float, cost: Sequence[Row], weights: Row | None = None) -> float:
    """The trade-off of a slider: 0 takes the cheapest tier, 1 the best whatever it costs.

    In the middle, 0.5, the whole gap between the cheapest and the dearest tier's mean cost is worth a gain of 1 in
    P(success); the trade-off falls as (1 - s) / s.
    """
    if cost_quality <= 0:
        return math.inf
    means = _means(cost, weights)
    gap = max(means) - min(means)
    return 0.0 if gap <= 0 else (1.0 - min(cost_quality, 1.0)) / cost_quality / gap


def _means(rows: Sequence[Row], weights: Row | None) -> list[float]:
    counted = [1.0] * len(rows) if weights is None else weights
    total = sum(counted)
    return [
        sum(row[rung] * weight for row, weight in zip(rows, counted, strict=True)) / total
        for rung in range(len(rows[0]))
    ]
