"""Prices and amounts. Amounts are `Decimal`, made from the shortest text of a float, so that sums stay exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


def usd(amount: float | str | Decimal) -> Decimal:
    """An amount in USD without binary noise: ``usd(0.1) == Decimal("0.1")``."""
    if isinstance(amount, float):
        return Decimal(float.__repr__(amount))
    return Decimal(amount)


@dataclass(frozen=True, slots=True)
class Price:
    """USD per token. ``cached_input`` is the price of prompt tokens read from a provider's cache."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. ``cached_tokens`` are those of the prompt that a provider's cache served."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens


def cost_at(price: Price, usage: Usage) -> Decimal:
    """What this usage costs at this price, in USD; cached tokens at the cached price where there is one."""
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    cached_price = price.input if price.cached_input is None else price.cached_input
    fresh = usage.prompt_tokens - cached
    return fresh * price.input + cached * cached_price + usage.completion_tokens * price.output
