"""Whether a conversation keeps its tier: sticky escalation, and what a change of model costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.tiers import Ladder

SMALLEST_GAIN = 0.03
"""Gain in P(success) for which a warm conversation moves up. Not tuned: about the error of the forecasts themselves."""
TYPICAL_ANSWER_TOKENS = 300
"""Completion tokens assumed where two tiers' costs are compared; a guess, both sides get the same."""


def kept_rung(
    ladder: Ladder,
    proposed: int,
    last: str | None,
    *,
    sticky: bool,
    forecast: Forecast,
    prices: Mapping[str, Price | None],
    prompt_tokens: int,
) -> int:
    """The rung that a conversation goes on with.

    Sticky: never below the highest tier it used. Otherwise it moves down only if the cheaper tier is cheaper even
    though it must read the whole conversation anew, while the present one reads it from its provider's cache. Up it
    moves only for a gain in P(success) worth having, where the forecast tells.
    """
    if last is None or last not in ladder.names:
        return proposed
    rung = ladder.rung(last)
    if proposed > rung:
        return proposed if _is_worth_it(forecast, ladder[proposed].name, last) else rung
    if proposed == rung or sticky:
        return rung
    stay = _cost(prices.get(last), prompt_tokens, cached=True)
    move = _cost(prices.get(ladder[proposed].name), prompt_tokens, cached=False)
    return proposed if stay is None or move is None or move < stay else rung


def _is_worth_it(forecast: Forecast, higher: str, lower: str) -> bool:
    known = forecast.p_success
    if higher not in known or lower not in known:
        return True
    return known[higher] - known[lower] >= SMALLEST_GAIN


def _cost(price: Price | None, prompt_tokens: int, *, cached: bool) -> Decimal | None:
    if price is None:
        return None
    return cost_at(price, Usage(prompt_tokens, TYPICAL_ANSWER_TOKENS, prompt_tokens if cached else 0))
